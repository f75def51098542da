package ntfs

import (
	"bytes"
	"iter"
)

// A Rewind gives the records of a change journal the paths that they had at
// their moment. A record holds a parent's reference and no path; $MFT knows the
// folders of the end only, under their last names. So the journal is read
// backwards first, which undoes each rename of a folder and finds the folders
// that are gone, and forwards then, with the names as they were (the technique
// is Khatri's, 2024).
//
// Folders are known by entry and sequence number: a reused record is another
// folder, and nothing needs to be forgotten when one is deleted.
type Rewind struct {
	table *Table
	dirs  map[Reference]pastDir
	arena [][]byte

	// known holds the paths of folders that are whole, as of the last record.
	// Most journals rename few folders, and then it is made anew.
	known map[Reference][]byte
	last  Reference // the folder of the last path
	path  []byte

	// Gaps counts the places where a folder had another name or parent than
	// the records before and after it say: a part of the journal is missing.
	Gaps int
	// Dropped counts folders beyond the limit.
	Dropped int
	// Mismatches counts folders that exist and whose last name in the journal
	// is not that of $MFT. It is known after the forward pass.
	Mismatches int
}

type pastDir struct {
	parent Reference
	name   []byte
}

// maxPastDirs bounds the folders that the journal may teach.
const maxPastDirs = 50_000_000

// NewRewind reads the journal backwards. table is that of the volume's $MFT, or
// nil: then only what the journal itself names has a path.
func NewRewind(table *Table, j *Journal) (*Rewind, error) {
	w := &Rewind{table: table, dirs: map[Reference]pastDir{}}
	for c, err := range j.Backward() {
		if err != nil {
			return w, err
		}
		w.back(c)
	}
	return w, nil
}

// back takes a record while time runs backwards: after it, the folder has the
// name of before the record.
func (w *Rewind) back(c *Change) {
	if !c.Directory() || c.Version == 4 {
		return
	}
	if c.Reason&(ReasonRenameNew|ReasonClose) == ReasonRenameNew && c.Reason&ReasonRenameOld == 0 {
		return // the record with the old name comes next
	}
	w.learn(c, c.Reason&ReasonRenameOld != 0)
}

// learn sets the name and the parent of a folder. expected is set for a change
// that the journal reports as a rename.
func (w *Rewind) learn(c *Change, expected bool) {
	d, known := w.dirs[c.File]
	if known && d.parent == c.Parent && w.same(d.name, c.units) {
		return
	}
	if !known {
		if parent, name, ok := w.fromTable(c.File); ok {
			if parent == c.Parent && w.same(name, c.units) {
				return
			}
			known = true
		}
		if len(w.dirs) >= maxPastDirs {
			w.Dropped++
			return
		}
	}
	if known {
		w.known = nil
		w.path = nil
		if !expected {
			w.Gaps++
		}
	}
	w.dirs[c.File] = pastDir{c.Parent, w.store(c.units)}
}

func (w *Rewind) fromTable(ref Reference) (Reference, []byte, bool) {
	if w.table == nil {
		return 0, nil, false
	}
	d, _, ok := w.table.find(ref)
	if !ok || d.rank == 0 {
		return 0, nil, false
	}
	return d.parent, w.table.nameOf(d), true
}

// same compares a name in UTF-8 with one in UTF-16.
func (w *Rewind) same(name, units []byte) bool {
	var buf [3 * 256]byte
	return bytes.Equal(name, appendUTF16(buf[:0], units))
}

func (w *Rewind) store(units []byte) []byte {
	last := len(w.arena) - 1
	if need := len(units)/2*3 + 4; last < 0 || cap(w.arena[last])-len(w.arena[last]) < need {
		w.arena = append(w.arena, make([]byte, 0, max(64<<10, need)))
		last++
	}
	at := len(w.arena[last])
	w.arena[last] = appendUTF16(w.arena[last], units)
	return w.arena[last][at:len(w.arena[last]):len(w.arena[last])]
}

// Changes reads the journal forwards, after the backward pass. While a record
// is yielded, [Rewind.AppendPath] answers as of its moment.
func (w *Rewind) Changes(j *Journal) iter.Seq2[*Change, error] {
	return func(yield func(*Change, error) bool) {
		w.Mismatches = 0
		for c, err := range j.Changes() {
			if err == nil && c.Directory() && c.Version != 4 {
				w.learn(c, c.Reason&ReasonRenameNew != 0)
			}
			if !yield(c, err) {
				return
			}
		}
		w.check()
	}
}

// check compares the end of the forward pass with $MFT: a folder that exists
// must have come to its name there.
func (w *Rewind) check() {
	if w.table == nil {
		return
	}
	for ref, d := range w.dirs {
		t, inUse, ok := w.table.find(ref)
		if ok && inUse && t.rank > 1 && (t.parent != d.parent || !bytes.Equal(w.table.nameOf(t), d.name)) {
			w.Mismatches++
		}
	}
}

// PathPartial is the state of a path of which the journal, without $MFT, knows
// only the end. It begins with "…".
const PathPartial PathState = PathOrphan + 1

// AppendPath appends the path of the file of a record, as of the record that
// [Rewind.Changes] has yielded last.
func (w *Rewind) AppendPath(dst []byte, c *Change) ([]byte, PathState) {
	if c.File.Entry() == RootEntry {
		return append(dst, '\\'), PathWhole
	}
	dst, state := w.AppendFolder(dst, c.Parent)
	if len(dst) == 0 || dst[len(dst)-1] != '\\' {
		dst = append(dst, '\\')
	}
	return c.AppendName(dst), state
}

// maxKnownPaths bounds the paths that are kept.
const maxKnownPaths = 1 << 16

// AppendFolder appends the path of a folder at that moment.
func (w *Rewind) AppendFolder(dst []byte, ref Reference) ([]byte, PathState) {
	if w.path != nil && ref == w.last {
		return append(dst, w.path...), PathWhole
	}
	path, ok := w.known[ref]
	if !ok {
		at := len(dst)
		var state PathState
		if dst, state = w.appendFolder(dst, ref); state != PathWhole {
			return dst, state
		}
		if w.known == nil || len(w.known) >= maxKnownPaths {
			w.known = map[Reference][]byte{}
		}
		path = bytes.Clone(dst[at:])
		w.known[ref] = path
		dst = dst[:at]
	}
	w.last, w.path = ref, path
	return append(dst, path...), PathWhole
}

func (w *Rewind) appendFolder(dst []byte, ref Reference) ([]byte, PathState) {
	var chain [maxDepth][]byte
	n, state := 0, PathWhole
	for !w.isRoot(ref) {
		parent, name, ok := w.lookup(ref)
		if !ok || n == maxDepth {
			if w.table == nil {
				state = PathPartial
				dst = append(dst, "…"...)
				break
			}
			state = PathOrphan
			dst = append(dst, `\$Orphan\(`...)
			dst = append(ref.Append(dst), ')')
			break
		}
		chain[n] = name
		n++
		ref = parent
	}
	if n == 0 && state == PathWhole {
		return append(dst, '\\'), state
	}
	for n--; n >= 0; n-- {
		dst = append(dst, '\\')
		dst = append(dst, chain[n]...)
	}
	return dst, state
}

func (w *Rewind) lookup(ref Reference) (Reference, []byte, bool) {
	if d, ok := w.dirs[ref]; ok {
		return d.parent, d.name, true
	}
	return w.fromTable(ref)
}

func (w *Rewind) isRoot(ref Reference) bool {
	if w.table != nil {
		return w.table.isRoot(ref)
	}
	return ref == NewReference(RootEntry, RootEntry)
}
