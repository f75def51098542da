package filesystem

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

func TestNames(t *testing.T) {
	system := func(name string) bool { return name == "svchost.exe" }
	for name, want := range map[string]Deceit{
		"setup.exe":       NoDeceit,
		"report.pdf":      NoDeceit,
		"invoice.pdf.exe": DoubleExtension,
		"photo.JPG.scr":   DoubleExtension,
		"jquery.min.js":   NoDeceit,
		"a\u202efdp.exe":  Override,
		"evil.exe ":       TrailingBlank,
		"evil.exe.":       TrailingBlank,
		"notes.":          NoDeceit,
		"report" + strings.Repeat(" ", 24) + ".exe": Blanks,
		"report   .exe":             NoDeceit,
		"svсhost.exe":               Homoglyph, // with a Cyrillic letter
		"svchost.exe":               NoDeceit,
		"программа.exe":             NoDeceit,
		`C:\Temp\invoice.doc.lnk`:   DoubleExtension,
		`C:\invoice.doc\readme.txt`: NoDeceit,
	} {
		if got := Deceptive(name, system); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	const update = "0123456789abcdef0123456789ABCDEF"
	for name, want := range map[string]bool{
		update: true, update + ".exe": true, update + "_x.dll": true, update + "a.exe": false, update[:31] + ".exe": false, "zz" + update: false,
	} {
		if ServicingName(name) != want {
			t.Errorf("%q: servicing is not %v", name, want)
		}
	}
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"a.txt", "a.exe", true},
		{"a.exe", "b.exe", false},
		{update + ".tmp", "svchost.exe", false},
		{"a.tmp", update + ".dll", false},
		{"", "a.exe", false}, // from an unknown name
	} {
		if BecameProgram(c.from, c.to) != c.want {
			t.Errorf("%q to %q: not %v", c.from, c.to, c.want)
		}
	}
	if !FinishedDownload("setup.exe.crdownload", "setup.exe") || FinishedDownload("a.jpg", "a.exe") {
		t.Error("downloads")
	}
	if !HiddenStream("x", []byte("MZ")) || !HiddenStream("a.vbs", nil) || HiddenStream("Zone.Identifier", []byte("[Zone")) {
		t.Error("streams")
	}
}

// sessionsOf reads the journal of a written volume.
func sessionsOf(t *testing.T, v *ntfsmeta.Volume) (*ntfs.Journal, []*ntfs.Session) {
	t.Helper()
	data := v.J()
	j := ntfs.NewJournal(bytes.NewReader(data), int64(len(data)))
	var out []*ntfs.Session
	for s, err := range ntfs.Sessions(j.Changes()) {
		if err != nil {
			t.Fatal(err)
		}
		kept := *s
		out = append(out, &kept)
	}
	return j, out
}

var ruleDay = time.Date(2026, 3, 6, 17, 0, 0, 0, time.UTC)

// TestSessions follows one program: it arrives, is renamed, started, dated
// back, loses its mark, and is deleted.
func TestSessions(t *testing.T) {
	at := func(s int) time.Time { return ruleDay.Add(time.Duration(s) * time.Second) }
	ft := func(s int) uint64 { return uint64(at(s).Unix()+11644473600) * second }
	v := ntfsmeta.New(ntfsmeta.Spec{Made: ruleDay.AddDate(0, -3, 0), FirstUSN: 4096})
	pf := v.Mkdir(ntfsmeta.Root, "Prefetch", at(0))
	copies := v.Mkdir(ntfsmeta.Root, "collected", at(0))
	file := v.Create(ntfsmeta.Root, "invoice.tmp", []byte("MZ"), at(1))
	v.Rename(file, ntfsmeta.Root, "invoice.exe", at(2))
	v.Create(pf, "INVOICE.EXE-1A2B3C4D.pf", []byte("x"), at(13))
	v.Create(copies, "INVOICE.EXE-1A2B3C4D.pf", []byte("x"), at(14))
	v.Create(pf, "NTOSBOOT-B00DFAAD.pf", []byte("x"), at(14))
	v.SetTimes(file, at(-1e6), at(-1e6), time.Time{}, time.Time{}, at(20))
	v.Delete(file, at(30))

	_, all := sessionsOf(t, v)
	var starts []Start
	var set []uint64
	born := 0
	var renamed, deleted *ntfs.Session
	for _, s := range all {
		if x, ok := PrefetchStart(s, ntfs.Reference(pf)); ok {
			starts = append(starts, x)
		}
		if x, ok := TimesSet(s); ok {
			set = append(set, x)
		}
		if BornBefore(ft(-1e6), s) && s.File == ntfs.Reference(file) {
			born++
		}
		if s.Renamed != 0 {
			renamed = s
		}
		if s.Deleted != 0 {
			deleted = s
		}
		if !s.Closed {
			t.Errorf("not closed: %+v", s)
		}
	}
	want := Start{"INVOICE.EXE", "1A2B3C4D", ft(13) - 106*second/10, ft(13)}
	if len(starts) != 1 || starts[0] != want {
		t.Errorf("starts %+v, want %+v", starts, want)
	}
	if len(set) != 1 || set[0] != ft(20) || born != 1 {
		t.Errorf("times set at %v; %d times born before", set, born)
	}
	if renamed == nil || renamed.OldName != "invoice.tmp" || renamed.Name != "invoice.exe" || renamed.Renamed != ft(2) ||
		!BecameProgram(renamed.OldName, renamed.Name) {
		t.Errorf("renamed: %+v", renamed)
	}
	if deleted == nil || deleted.Deleted != ft(30) || deleted.Name != "invoice.exe" {
		t.Errorf("deleted: %+v", deleted)
	}
	if len(all) != 9 {
		t.Errorf("%d sessions, want one for each step", len(all))
	}
}

// TestMassChange finds files that are encrypted for ransom, with a note in each
// folder, and not the many renames of one kind that other programs make.
func TestMassChange(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: ruleDay})
	at := ruleDay
	tick := func(d time.Duration) time.Time { at = at.Add(d); return at }
	var dirs []ntfsmeta.Ref
	for i := range 12 {
		dirs = append(dirs, v.Mkdir(ntfsmeta.Root, fmt.Sprint("d", i), tick(time.Second)))
	}
	exts := strings.Fields("docx xlsx pdf jpg txt png")
	for i := range 200 { // one kind only: no mass change
		f := v.Create(dirs[i%12], fmt.Sprintf("photo%d.jpg", i), nil, tick(time.Second/10))
		v.Rename(f, dirs[i%12], fmt.Sprintf("photo%d.bak", i), tick(time.Second/10))
	}
	for i := range 150 {
		f := v.Create(dirs[i%12], fmt.Sprintf("work%d.%s", i, exts[i%6]), nil, tick(time.Second/10))
		v.Rename(f, dirs[i%12], fmt.Sprintf("work%d.%s.locked", i, exts[i%6]), tick(time.Second/10))
	}
	for _, d := range dirs {
		v.Create(d, "README_TO_DECRYPT.html", []byte("x"), tick(time.Second))
	}
	m := NewMassCheck()
	_, all := sessionsOf(t, v)
	for _, s := range all {
		m.Add(s)
	}
	found := m.Found()
	if len(found) != 2 {
		t.Fatalf("%+v", found)
	}
	if f := found[0]; f.Extension != "locked" || f.Files != 150 || f.Extensions != 6 {
		t.Errorf("%+v", f)
	}
	if f := found[1]; f.Note != "README_TO_DECRYPT.html" || f.Files != 12 || f.Folders != 10 {
		t.Errorf("%+v", f)
	}
}

// TestWiped finds a file that was renamed 26 times and deleted, and not one
// that a person renamed.
func TestWiped(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: ruleDay})
	dir := v.Mkdir(ntfsmeta.Root, "d", ruleDay)
	wiped := v.Create(dir, "secret.txt", nil, ruleDay)
	for c := 'A'; c <= 'Z'; c++ {
		s := string(c)
		v.Rename(wiped, dir, strings.Repeat(s, 6)+"."+strings.Repeat(s, 3), ruleDay)
	}
	v.Delete(wiped, ruleDay.Add(time.Second))
	usual := v.Create(dir, "draft 1.txt", nil, ruleDay)
	for i := range 8 {
		v.Rename(usual, dir, fmt.Sprintf("draft %d.txt", i), ruleDay)
	}
	v.Delete(usual, ruleDay.Add(time.Second))
	w := NewWipeCheck()
	j, _ := sessionsOf(t, v)
	for c := range j.Changes() {
		w.Add(c)
	}
	found := w.Found()
	if len(found) != 1 || found[0].Name != "secret.txt" || found[0].Renames != 26 || found[0].File != ntfs.Reference(wiped) || found[0].At == 0 {
		t.Errorf("%+v", found)
	}
}

func TestJournalRecreated(t *testing.T) {
	if JournalRecreated(ntfs.JournalInfo{ID: 100 * day}, 99*day+1) || !JournalRecreated(ntfs.JournalInfo{ID: 102 * day}, 100*day) ||
		JournalRecreated(ntfs.JournalInfo{}, 1) {
		t.Error("the id of a journal")
	}
}

// TestMarkRemoved distinguishes a stream that was taken away from one that was
// written.
func TestMarkRemoved(t *testing.T) {
	removed := &ntfs.Session{Reasons: ntfs.ReasonStream | ntfs.ReasonClose, Stream: 1}
	written := &ntfs.Session{Reasons: ntfs.ReasonStream | 0x20 | ntfs.ReasonClose, Stream: 1}
	if !MarkRemoved(removed, false) || MarkRemoved(removed, true) || MarkRemoved(written, false) {
		t.Error("a mark of the web")
	}
}
