package activity

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

const tabFolder = "AppData/Local/Packages/Microsoft.WindowsNotepad_8wekyb3d8bbwe/LocalState/TabState/"

// TestNotepad reads the tabs of the incident: with the changes that were made since the text was stored.
func TestNotepad(t *testing.T) {
	recs, errs := testtree.Found(t, testtree.Incident(t, "prefetch", "notepad"), notepad)
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs, `[C:\Users\daniel\Desktop\passwords.txt] router: kestrel1 mail: plover2`, "[never saved] buy new labels, call Hana")
	file, note := recs[0].Data.(NotepadTab), recs[1].Data.(NotepadTab)
	if file.Unsaved || file.FileSize != 31 || file.Encoding != "UTF-8" || !strings.HasPrefix(file.FileSHA256, "404142") || file.FileWritten.Year() != 2026 ||
		file.BadChecksum || file.Stored != "" {
		t.Errorf("%+v", file)
	}
	if !note.Unsaved || note.Changes != 1 || note.Stored != "buy new labels" || note.Length != 25 || note.BadChecksum {
		t.Errorf("%+v", note)
	}
}

// TestNotepadOdd leaves out empty files, and names what is none of Notepad's.
func TestNotepadOdd(t *testing.T) {
	m := fstest.MapFS{"Windows/System32/ntdll.dll": {}, "Users/anna/" + tabFolder + "a.bin": {Data: []byte{}},
		"Users/anna/" + tabFolder + "b.bin": {Data: []byte("MZ..")}, "Users/anna/" + tabFolder + "c.bin": {Data: []byte("NP\x00\x00\x01\x00\x00\x01\x00\x00\x00\x09a\x00")}}
	recs, errs := testtree.Found(t, m, notepad)
	testtree.WantErrors(t, errs, "no signature NP", "runs past the end")
	testtree.WantSummaries(t, recs, "[never saved] ")
}

func FuzzNotepad(f *testing.F) {
	f.Add([]byte("NP\x00\x00\x01\x00\x00\x01\x00\x00\x00\x01a\x00\x01\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		testtree.CheckDecoded(t, artifacts.Input{Artifact: notepad, Data: b}, int64(len(b)))
	})
}
