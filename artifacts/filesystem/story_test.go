package filesystem

import (
	"bytes"
	"slices"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/corpus"
)

// TestStory reads the volume of the corpus as a rule would: the program that
// came from the Internet was started 41 seconds after it was renamed, the DLL
// of the intruder is the only program with forged times, and a tool was deleted
// with its prefetch file.
func TestStory(t *testing.T) {
	v := corpus.Metadata()
	mft, data := v.MFT(), v.J()
	forged := checkTimes(t, mft, false)
	strong := slices.DeleteFunc(forged, func(f judgedFile) bool { return !f.Tests.Strong() })
	if len(strong) != 1 || strong[0].Path != `\Users\Public\Libraries\cache.dll` || !strong[0].Tests.Has(AllWhole|Cloned) {
		t.Errorf("forged: %+v", strong)
	}

	table, err := ntfs.ReadTable(bytes.NewReader(mft), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var prefetch ntfs.Reference
	for r := range ntfs.Records(bytes.NewReader(mft), &ntfs.RecordOptions{Table: table}) {
		path, _, _ := table.Path(r)
		if path == `\Windows\Prefetch` {
			prefetch = r.Reference()
		}
		if z := r.ZoneIdentifier(); z != nil && (path != `\Users\Public\svchost.exe` || ntfs.ParseZone(z.Value).HostURL != "http://"+corpus.Server+"/update/svchost.exe") {
			t.Errorf("%s has a mark of the web", path)
		}
	}
	j := ntfs.NewJournal(bytes.NewReader(data), int64(len(data)))
	started, deleted, renamed := 0, []string{}, ""
	for s, err := range ntfs.Sessions(j.Changes()) {
		if err != nil {
			t.Fatal(err)
		}
		if x, ok := PrefetchStart(s, prefetch); ok && x.Program == "SVCHOST.EXE" {
			if run := wire.FileTime(corpus.ImplantStart); uint64(run) >= x.NotBefore && uint64(run) <= x.NotAfter {
				started++
			}
		}
		if s.Deleted != 0 {
			deleted = append(deleted, s.Name)
		}
		if s.Renamed != 0 && BecameProgram(s.OldName, s.Name) {
			renamed = s.OldName + " " + s.Name
		}
	}
	if started != 1 || renamed != "beacon.exe.crdownload svchost.exe" {
		t.Errorf("started %d times, renamed %q", started, renamed)
	}
	if want := []string{"fsync.exe", "pd64.exe", "PD64.EXE-24C8FEAD.pf", "out.rar"}; !slices.Equal(deleted, want) {
		t.Errorf("deleted %q, want %q", deleted, want)
	}
}
