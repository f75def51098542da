package filesystem

import (
	"cmp"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// Limits of rules N-11 and N-15.
const (
	massFiles      = 100
	massExtensions = 5
	massFolders    = 10
	massWindow     = 10 * minute
	wipeRenames    = 5
	maxTracked     = 1 << 20 // extensions, names, files at a time
	maxEvents      = 4 * massFiles
)

// A MassChange is many files that were given one new extension, or one name
// that appeared in many folders, within ten minutes: what encryption for ransom
// looks like in the journal (rule N-15).
type MassChange struct {
	Extension   string // the new one; "" for a note
	Note        string // the name that appeared in many folders
	Files       int
	Extensions  int // different old ones
	Folders     int // of a note
	First, Last uint64
}

// A MassCheck finds mass changes among the sessions of a journal, which come in
// the order of time.
type MassCheck struct {
	ext   map[string]*massWindowState
	notes map[string]*massWindowState
	found []MassChange
}

type massEvent struct {
	at   uint64
	what string // old extension, or folder
}

type massWindowState struct {
	events []massEvent
	open   int // index into found plus one, while the change continues
}

// NewMassCheck returns an empty check.
func NewMassCheck() *MassCheck {
	return &MassCheck{ext: map[string]*massWindowState{}, notes: map[string]*massWindowState{}}
}

// Add takes a session.
func (m *MassCheck) Add(s *ntfs.Session) {
	if s.Attributes&0x10 != 0 {
		return
	}
	to := Extension(s.Name)
	if s.Renamed != 0 && s.OldName != "" && s.OldParent == s.Parent {
		if from := Extension(s.OldName); to != "" && from != to && !ServicingName(s.OldName) && !ServicingName(s.Name) {
			m.add(m.ext, to, massEvent{s.Renamed, from}, MassChange{Extension: to})
		}
	}
	if s.Created != 0 && s.Renamed == 0 && (to == "txt" || to == "html" || to == "htm" || to == "hta") {
		name := strings.ToLower(s.Name)
		m.add(m.notes, name, massEvent{s.Created, s.Parent.String()}, MassChange{Note: s.Name})
	}
}

func (m *MassCheck) add(all map[string]*massWindowState, key string, e massEvent, fresh MassChange) {
	w := all[key]
	if w == nil {
		if len(all) >= maxTracked {
			return
		}
		w = &massWindowState{}
		all[key] = w
	}
	if w.open != 0 {
		if f := &m.found[w.open-1]; e.at <= f.Last+massWindow {
			f.Files++
			f.Last = e.at
			return
		}
		w.open, w.events = 0, nil
	}
	cut := 0
	for cut < len(w.events) && w.events[cut].at+massWindow < e.at {
		cut++
	}
	cut = max(cut, len(w.events)-maxEvents)
	w.events = append(w.events[cut:], e)
	kinds := distinct(w.events)
	note := fresh.Note != ""
	if note && kinds < massFolders || !note && (len(w.events) <= massFiles || kinds < massExtensions) {
		return
	}
	fresh.Files, fresh.First, fresh.Last = len(w.events), w.events[0].at, e.at
	if note {
		fresh.Folders = kinds
	} else {
		fresh.Extensions = kinds
	}
	m.found = append(m.found, fresh)
	w.open, w.events = len(m.found), nil
}

func distinct(events []massEvent) int {
	seen := map[string]bool{}
	for _, e := range events {
		seen[e.what] = true
	}
	return len(seen)
}

// Found returns the mass changes by the time at which they began.
func (m *MassCheck) Found() []MassChange {
	return slices.SortedStableFunc(slices.Values(m.found), func(a, b MassChange) int { return cmp.Compare(a.First, b.First) })
}

// A Wiped is a file that was renamed again and again to names of one length,
// and then deleted: what tools that overwrite do last (rule N-11).
type Wiped struct {
	File    ntfs.Reference
	Name    string // the first one, of before the renames
	Parent  ntfs.Reference
	Renames int
	At      uint64 // FILETIME of the deletion
}

// A WipeCheck finds wiped files among the records of a journal. Sessions are
// too coarse for it: a tool can rename while the file is open.
type WipeCheck struct {
	open  map[ntfs.Reference]*Wiped
	found []Wiped
}

// NewWipeCheck returns an empty check.
func NewWipeCheck() *WipeCheck { return &WipeCheck{open: map[ntfs.Reference]*Wiped{}} }

// Add takes a record of the journal.
func (w *WipeCheck) Add(c *ntfs.Change) {
	switch {
	case c.Version == 4:
	case c.Reason&ntfs.ReasonRenameOld != 0:
		if w.open[c.File] == nil && len(w.open) < maxTracked {
			w.open[c.File] = &Wiped{File: c.File, Name: c.Name(), Parent: c.Parent}
		}
	case c.Reason&ntfs.ReasonRenameNew != 0 && c.Reason&(ntfs.ReasonClose|ntfs.ReasonDelete) == 0:
		f := w.open[c.File]
		switch {
		case f == nil:
		case f.Parent == c.Parent && wipeName(f.Name, c.Name()):
			f.Renames++
		default:
			delete(w.open, c.File)
		}
	case c.Reason&ntfs.ReasonDelete != 0:
		if f := w.open[c.File]; f != nil && f.Renames >= wipeRenames {
			f.At = c.FileTime
			w.found = append(w.found, *f)
		}
		delete(w.open, c.File)
	}
}

// wipeName reports whether a name is what a tool writes over another: of the
// same length, and of one character repeated, or without a letter in common in
// its place.
func wipeName(was, name string) bool {
	if len(was) != len(name) || was == "" {
		return false
	}
	letters := map[rune]bool{}
	same := 0
	for i, r := range name {
		if r != '.' {
			letters[r] = true
		}
		if r != '.' && i < len(was) && name[i] == was[i] {
			same++
		}
	}
	return len(letters) == 1 || same <= len(name)/4
}

// Found returns the wiped files in the order of their deletion.
func (w *WipeCheck) Found() []Wiped { return w.found }
