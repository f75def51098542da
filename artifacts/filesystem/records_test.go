package filesystem

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
)

var noon = time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC)

// TestWhatBecameOfAProgram: each fate in words, and which of them mean that the
// file is gone.
func TestWhatBecameOfAProgram(t *testing.T) {
	for _, c := range []struct {
		fate Fate
		says string
		gone bool
	}{
		{FateExists, `the file exists as C:\now.exe`, false},
		{FateDeleted, `the file is deleted, its record C:\now.exe is left`, true},
		{FateReused, `the file is deleted, its record is that of C:\other.txt now`, true},
		{FateUnknown, `$MFT has no such record`, false},
	} {
		e := Executed{Path: `\VOLUME{1}\A.EXE`, Prefetch: "A.EXE-01234567.pf", Reference: "100-1", Fate: c.fate.String(), Now: `C:\now.exe`, Successor: `C:\other.txt`}
		if s := e.Summary(); s != `A.EXE-01234567.pf names \VOLUME{1}\A.EXE [100-1]: `+c.says {
			t.Errorf("%s reads %s", c.fate, s)
		}
		if gone := slices.Equal(e.Tags(), []string{"deleted-file"}); gone != c.gone || !gone && len(e.Tags()) != 0 {
			t.Errorf("%s has the tags %q", c.fate, e.Tags())
		}
		if e.Program() != e.Path {
			t.Errorf("%s is about %q", c.fate, e.Program())
		}
	}
}

// TestWhatBecameOfANamedFile: the first source is named, others are counted; a
// folder or document is no program.
func TestWhatBecameOfANamedFile(t *testing.T) {
	r := Referenced{Path: `C:\d\a.exe`, Reference: "100-1", NamedBy: []string{`shortcuts C:\Users\u\Recent\a.lnk`}, Fate: FateExists.String()}
	if s := r.Summary(); s != `C:\d\a.exe [100-1], which shortcuts of a.lnk names: it exists` || len(r.Tags()) != 0 {
		t.Errorf("it reads %s, with the tags %q", s, r.Tags())
	}
	r.Change, r.Now = "renamed", `C:\d\b.exe`
	if s := r.Summary(); !strings.HasSuffix(s, `names: it was renamed and exists as C:\d\b.exe`) {
		t.Errorf("renamed it reads %s", s)
	}
	r.NamedBy = append(r.NamedBy, `shellbags C:\Users\u\UsrClass.dat`, `amcachefiles C:\Amcache.hve`)
	r.Fate, r.Successor = FateReused.String(), `C:\c.txt`
	if s := r.Summary(); s != `C:\d\a.exe [100-1], which shortcuts of a.lnk and 2 more name: it is deleted, its record is that of C:\c.txt now` {
		t.Errorf("named thrice and reused it reads %s", s)
	}
	r.Fate = FateDeleted.String()
	if s := r.Summary(); !strings.HasSuffix(s, `it is deleted, its record C:\d\b.exe is left`) || !slices.Equal(r.Tags(), []string{"deleted-file"}) {
		t.Errorf("deleted it reads %s, with the tags %q", s, r.Tags())
	}
	if r.Program() != r.Path {
		t.Errorf("it is about %q", r.Program())
	}
	r.Directory = true
	if r.Program() != "" || (Referenced{Path: `C:\d\a.txt`}).Program() != "" {
		t.Error("a folder or a document is a program")
	}
	// Two files of one path are told apart by their references.
	if a, b := (Referenced{Path: "x", Reference: "1-1"}), (Referenced{Path: "x", Reference: "1-2"}); a.Identity() == b.Identity() {
		t.Errorf("two files have the identity %q", a.Identity())
	}
}

// TestMarkInWords: where a file came from, and whether it is still there; long
// addresses are cut at a character.
func TestMarkInWords(t *testing.T) {
	m := Mark{Path: `C:\d\a.exe`, Exists: true, Zone: "Internet", HostURL: "http://a.example/a.exe", Referrer: "http://a.example/"}
	if s := m.Summary(); s != `C:\d\a.exe came from the zone Internet, from http://a.example/a.exe, by way of http://a.example/` || len(m.Tags()) != 0 {
		t.Errorf("it reads %s, with the tags %q", s, m.Tags())
	}
	m = Mark{Path: `C:\d\a.pdf`, HostURL: "http://a.example/" + strings.Repeat("é", 3000)}
	if s := m.Summary(); !strings.HasSuffix(s, "… (deleted)") || len(s) > 2200 || strings.ContainsRune(s, '\uFFFD') {
		t.Errorf("with a long address it has %d bytes and ends %q", len(s), s[len(s)-20:])
	}
	if m.Program() != "" || !slices.Equal(m.Tags(), []string{"deleted-file"}) {
		t.Errorf("a document is the program %q, with the tags %q", m.Program(), m.Tags())
	}
}

// TestChangesInWords: each kind of the journal's records, with what it dates and
// proves. Only the write of a Prefetch file shows a start, and that within seconds.
func TestChangesInWords(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  Change
		says    string
		kind    string // of its only event
		program string
	}{
		{"a start", Change{Kind: KindStart, Path: `C:\Windows\Prefetch\A.EXE-01234567.pf`, Executable: "A.EXE", First: noon},
			`C:\Windows\Prefetch\A.EXE-01234567.pf was written: A.EXE started at most 10.6 s earlier`, "Program Started (estimated)", "A.EXE"},
		{"a burst", Change{Kind: KindBurst, Path: `C:\d`, Files: 40, Action: "deleted", First: noon, Last: noon.Add(time.Minute)},
			`40 files below C:\d were deleted between 12:00:00 and 12:01:00`, "File Change Time", ""},
		{"files with a new extension", Change{Kind: KindMass, Files: 4000, Extensions: 12, Extension: "locked", First: noon, Last: noon.Add(time.Minute)},
			`4000 files of 12 extensions were renamed to *.locked between 12:00:00 and 12:01:00`, "File Change Time", ""},
		{"a file in many folders", Change{Kind: KindMass, Path: "README.txt", Folders: 40, First: noon, Last: noon.Add(time.Minute)},
			`README.txt appeared in 40 folders between 12:00:00 and 12:01:00`, "File Change Time", ""},
		{"a wiped file", Change{Kind: KindWiped, Path: `C:\d\a.exe`, Renames: 26, Deleted: noon}, `C:\d\a.exe was renamed 26 times and then deleted`, "File Deletion Time", `C:\d\a.exe`},
		{"the clock", Change{Kind: KindClock, ClockFrom: noon.Add(time.Hour), ClockTo: noon}, "", "Clock Set Back Time", ""},
		{"the journal", Change{Kind: KindJournal, Records: 9, First: noon, Last: noon.Add(time.Hour), JournalMade: noon}, "9 records from 2026-03-06 12:00:00 to 2026-03-06 13:00:00", "Journal Created Time", ""},
	} {
		if s := c.change.Summary(); c.says != "" && s != c.says {
			t.Errorf("%s reads %q, want %q", c.name, s, c.says)
		}
		e := c.change.Events()
		if len(e) != 1 || e[0].Kind != c.kind || !e[0].Time.Equal(noon) {
			t.Errorf("%s has the events %+v, want one of the kind %q at noon", c.name, e, c.kind)
		}
		start := c.change.Kind == KindStart
		if e[0].Estimate != start || (c.change.Proof() == artifacts.Executed) != start {
			t.Errorf("%s: estimated %v, proves %q", c.name, e[0].Estimate, c.change.Proof())
		}
		if p := c.change.Program(); p != c.program {
			t.Errorf("%s is about %q, want %q", c.name, p, c.program)
		}
	}
	if s := (Change{Kind: KindClock, ClockFrom: noon.Add(time.Hour), ClockTo: noon}).Summary(); !strings.Contains(s, "13:00:00") || !strings.Contains(s, "the clock was set") {
		t.Errorf("a clock that was set back reads %q", s)
	}
}

// TestRenamesInWords tells a move from another name.
func TestRenamesInWords(t *testing.T) {
	for _, c := range []struct{ old, now, says string }{
		{"", `C:\d\a.exe`, `C:\d\a.exe got its name, from an unknown one`},
		{`C:\x\A.EXE`, `C:\d\a.exe`, `C:\x\A.EXE was moved to C:\d\a.exe`},
		{`C:\d\a.jpg`, `C:\d\a.exe`, `C:\d\a.jpg became C:\d\a.exe`},
	} {
		if s := (Change{OldPath: c.old, Path: c.now}).renamed(); s != c.says {
			t.Errorf("from %q to %q reads %q, want %q", c.old, c.now, s, c.says)
		}
	}
	c := Change{Kind: KindSession, Path: `C:\d\a.exe`, OldPath: `C:\d\a.jpg`, Reference: "100-1", Reasons: "RENAME_NEW_NAME|CLOSE", MarkLost: true, Responder: true}
	if s := c.Summary(); s != `C:\d\a.exe [100-1] RENAME_NEW_NAME|CLOSE was C:\d\a.jpg` || !slices.Equal(c.Tags(), []string{"stream-removed", "responder"}) {
		t.Errorf("it reads %q, with the tags %q", s, c.Tags())
	}
	c.Directory = true
	if c.Program() != "" {
		t.Errorf("a folder is the program %q", c.Program())
	}
}
