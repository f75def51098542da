package ntfs_test

import (
	"bytes"
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

// written is a small volume: a program arrives, is renamed, and is deleted with
// its folder renamed since.
func written() *ntfsmeta.Volume {
	at := time.Date(2026, 3, 6, 17, 57, 39, 0, time.UTC)
	v := ntfsmeta.New(ntfsmeta.Spec{Made: at.AddDate(-1, 0, 0), FirstUSN: 1 << 20})
	dir := v.Mkdir(ntfsmeta.Root, "Public", at)
	file := v.Create(dir, "a.tmp", []byte("MZ"), at)
	v.Stream(file, "Zone.Identifier", []byte("[ZoneTransfer]\r\nZoneId=3\r\nHostUrl=https://example.com/a.exe\r\n"), at.Add(time.Second))
	v.Rename(file, dir, "a.exe", at.Add(2*time.Second))
	v.Rename(dir, ntfsmeta.Root, "Hidden", at.Add(time.Minute))
	v.Delete(file, at.Add(time.Hour))
	return v
}

func ExampleRecords() {
	mft := written().MFT() // any $MFT: a loose file, or Volume.MFT
	table, err := ntfs.ReadTable(bytes.NewReader(mft), nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for r, err := range ntfs.Records(bytes.NewReader(mft), &ntfs.RecordOptions{Table: table}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if z := r.ZoneIdentifier(); z != nil {
			path, state, _ := table.Path(r)
			fmt.Println(r.Reference(), path, state, "in use:", r.InUse(), ntfs.ParseZone(z.Value).HostURL)
		}
	}
	// Output:
	// 25-1 \Hidden\a.exe whole in use: false https://example.com/a.exe
}

func ExampleRewind() {
	v := written()
	data := v.J()
	table, err := ntfs.ReadTable(bytes.NewReader(v.MFT()), nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	j := ntfs.NewJournal(bytes.NewReader(data), int64(len(data)))
	w, err := ntfs.NewRewind(table, j)
	if err != nil {
		fmt.Println(err)
		return
	}
	for c, err := range w.Changes(j) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if c.Reason&(ntfs.ReasonRenameOld|ntfs.ReasonRenameNew|ntfs.ReasonDelete) != 0 && c.Reason&ntfs.ReasonClose == 0 || c.Reason&ntfs.ReasonDelete != 0 {
			path, state := w.AppendPath(nil, c)
			fmt.Println(c.Time().Format(time.TimeOnly), string(path), state, c.Reason)
		}
	}
	// Output:
	// 17:57:41 \Public\a.tmp whole RENAME_OLD_NAME
	// 17:57:41 \Public\a.exe whole RENAME_NEW_NAME
	// 17:58:39 \Public whole RENAME_OLD_NAME
	// 17:58:39 \Hidden whole RENAME_NEW_NAME
	// 18:57:39 \Hidden\a.exe whole FILE_DELETE|CLOSE
}
