package ntfs

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

// Limits of a search through the whole MFT, which only damage makes necessary.
const (
	maxChildren = 8 << 20 // records with a name that are kept, 16 bytes each
	mftBlock    = 1 << 20 // bytes read at a time
	maxNamed    = 10      // names in one message
)

// A child says that a file record names a directory as its parent.
type child struct{ parent, entry uint64 }

// parents is what the file records say of their directories. It is filled when the first damaged index asks for it.
type parents struct {
	once     sync.Once
	children []child // by parent, then entry
	lost     []string
	nLost    int // records in use whose directory is not there
	err      error
}

// childrenOf returns the records that name a directory as their parent.
func (v *Volume) childrenOf(dir uint64) ([]child, error) {
	p := &v.parents
	p.once.Do(func() { p.err = v.readParents() })
	from, _ := slices.BinarySearchFunc(p.children, dir, func(c child, n uint64) int { return cmp.Compare(c.parent, n) })
	to, _ := slices.BinarySearchFunc(p.children, dir+1, func(c child, n uint64) int { return cmp.Compare(c.parent, n) })
	return p.children[from:to], p.err
}

// readParents reads all file records once. No more are read than the volume has bytes for, whatever the MFT claims.
func (v *Volume) readParents() (err error) {
	p := &v.parents
	entries := min(v.entries, uint64(max(v.limit, 0)/v.record)+1)
	block := make([]byte, max(mftBlock/v.record, 1)*v.record)
	perBlock := uint64(int64(len(block)) / v.record)
	dirs := make([]uint64, entries/64+1) // records that are directories in use
	for first := uint64(0); first < entries; first += perBlock {
		n := min(perBlock, entries-first)
		b := block[:int64(n)*v.record]
		whole := readFull(v.mft, b, int64(first)*v.record) == nil
		for i := range n {
			rec := b[int64(i)*v.record:][:v.record]
			if !whole && readFull(v.mft, rec, int64(first+i)*v.record) != nil {
				continue
			}
			if len(p.children) >= maxChildren {
				err = fmt.Errorf("file records from %d on were not searched: more than %d names", first+i, maxChildren)
				first = entries
				break
			}
			v.takeParents(first+i, rec, dirs)
		}
	}
	slices.SortFunc(p.children, func(a, b child) int { return cmp.Or(cmp.Compare(a.parent, b.parent), cmp.Compare(a.entry, b.entry)) })
	p.children = slices.Compact(p.children)
	v.findLost(dirs)
	return err
}

// takeParents notes the parents that one record names. A $FILE_NAME in an extension record is its base record's.
func (v *Volume) takeParents(entry uint64, b []byte, dirs []uint64) {
	if string(b[:4]) != "FILE" {
		return
	}
	rec, _ := v.parseRecord(entry, int64(entry)*v.record, b)
	if rec == nil || rec.flags&flagInUse == 0 {
		return
	}
	owner := entry
	if rec.base != 0 {
		owner = rec.base.entry()
	} else if rec.flags&flagDir != 0 {
		dirs[entry/64] |= 1 << (entry % 64)
	}
	for i := range rec.attrs {
		a := &rec.attrs[i]
		if a.typ != typeFileName || !a.resident || len(a.value) < fnName || owner == RootEntry {
			continue
		}
		v.parents.children = append(v.parents.children, child{ref(le.Uint64(a.value[fnParent:])).entry(), owner})
	}
}

// findLost counts the records in use whose directory is none: no index can list them.
func (v *Volume) findLost(dirs []uint64) {
	p := &v.parents
	for _, c := range p.children {
		if i := c.parent / 64; i < uint64(len(dirs)) && dirs[i]>>(c.parent%64)&1 != 0 {
			continue
		}
		f, _ := v.inode(c.entry)
		if f == nil || f.base.flags&flagInUse == 0 {
			continue
		}
		if p.nLost++; len(p.lost) < maxNamed {
			if n, ok := f.stat().FileName(); ok {
				p.lost = append(p.lost, PathName(n.Name))
			}
		}
	}
}

// fromMFT adds the names that file records give to a directory and its index does not, and says in the damage which.
func (w *indexWalk) fromMFT() {
	children, err := w.v.childrenOf(w.f.base.entry)
	type key struct {
		entry uint64
		name  string
	}
	have := map[key]bool{}
	for _, e := range append(slices.Clip(w.d.ents), w.d.short...) {
		have[key{e.ref.entry(), e.name}] = true
	}
	var added []string
	n := 0
	for _, c := range children {
		f, _ := w.v.inode(c.entry)
		if f == nil || f.base.flags&flagInUse == 0 || f.base.base != 0 {
			continue
		}
		st := f.stat()
		for _, name := range st.Names {
			e := dirEnt{ref: ref(c.entry | uint64(f.base.seq)<<48), name: PathName(name.Name), dos: name.Namespace == namespaceDOS,
				mode: recordMode(f, st)}
			switch {
			case name.Parent != w.f.base.entry || e.name == "" || e.name == "." || e.name == ".." || have[key{c.entry, e.name}]:
				continue
			case len(w.d.ents)+len(w.d.short) >= w.v.opts.MaxDirEntries:
				w.limit = &LimitError{"MaxDirEntries", int64(w.v.opts.MaxDirEntries), int64(len(w.d.ents)) + 1}
				return
			case e.dos:
				w.d.short = append(w.d.short, e)
				continue
			}
			have[key{c.entry, e.name}] = true
			w.d.ents = append(w.d.ents, e)
			if n++; n <= maxNamed {
				added = append(added, e.name)
			}
		}
	}
	slices.Sort(added)
	w.d.damage = &IndexError{Directory: w.f.base.entry, FromMFT: n, Names: added, Lost: w.v.parents.nLost, LostNames: w.v.parents.lost,
		Err: errors.Join(w.d.damage, err)}
}

// An IndexError says that a directory's index is damaged, and what the file records gave in its place.
type IndexError struct {
	Directory uint64
	FromMFT   int      // names that the index did not list and file records did
	Names     []string // the first of them
	Lost      int      // records in use, on the whole volume, whose directory is not there
	LostNames []string // the first of them
	Err       error    // the damage
}

func (e *IndexError) Error() string {
	s := e.Err.Error()
	if e.FromMFT > 0 {
		s += fmt.Sprintf("; %d names come from the MFT: %s", e.FromMFT, listed(e.Names, e.FromMFT))
	}
	if e.Lost > 0 {
		s += fmt.Sprintf("; %d file records in use belong to no directory of the volume: %s", e.Lost, listed(e.LostNames, e.Lost))
	}
	return s
}

func (e *IndexError) Unwrap() error { return e.Err }

func listed(names []string, n int) string {
	s := strings.Join(names, ", ")
	if n > len(names) {
		s += ", …"
	}
	return s
}

// recordMode is what a file record says that it is.
func recordMode(f *inode, st *Stat) fs.FileMode {
	switch {
	case st.ReparseTag == tagMountPoint || st.ReparseTag == tagSymlink:
		return fs.ModeSymlink | 0o777
	case f.base.flags&flagDir != 0:
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// check compares each entry of the listing with the record that it names. An index has no checksum: a wrong letter in a name, or a wrong
// bit that makes a directory a file, would hide it in silence. What is stale (a record freed or used again) is met when it is opened.
func (w *indexWalk) check() {
	w.promote()
	buf := make([]byte, w.v.record)
	for i := range w.d.ents {
		e := &w.d.ents[i]
		entry := e.ref.entry()
		if entry >= w.v.entries || readFull(w.v.mft, buf, int64(entry)*w.v.record) != nil {
			continue
		}
		rec, err := w.v.parseRecord(entry, int64(entry)*w.v.record, buf)
		if err != nil || rec.flags&flagInUse == 0 || rec.seq != e.ref.sequence() || rec.base != 0 {
			continue
		}
		if isDir := rec.flags&flagDir != 0; e.mode.Type()&fs.ModeSymlink == 0 && isDir != e.mode.IsDir() {
			w.damaged(rec.at, "index entry", fmt.Sprintf("%q: the index and its file record disagree whether it is a directory", e.name),
				nil)
			e.mode = 0o444
			if isDir {
				e.mode = fs.ModeDir | 0o555
			}
		}
		if !w.names(rec, e.name) {
			w.damaged(rec.at, "index entry", fmt.Sprintf("%q is not a name of file record %d", e.name, entry), nil)
		}
	}
}

// promote lists the short names that have no long one beside them: a file always has a name of another kind.
func (w *indexWalk) promote() {
	if len(w.d.short) == 0 {
		return
	}
	long := make(map[ref]bool, len(w.d.ents))
	for _, e := range w.d.ents {
		long[e.ref] = true
	}
	for _, e := range w.d.short {
		if !long[e.ref] {
			w.damaged(w.f.base.at, "index entry", fmt.Sprintf("%q is a short name without a long one", e.name), nil)
			e.dos = false
			w.d.ents = append(w.d.ents, e)
		}
	}
}

// names reports whether a file has a name in this directory.
func (w *indexWalk) names(rec *record, name string) bool {
	has := func(attrs []attr) bool {
		return slices.ContainsFunc(attrs, func(a attr) bool {
			if a.typ != typeFileName || !a.resident {
				return false
			}
			n, ok := parseFileName(a.value)
			return ok && n.Parent == w.f.base.entry && PathName(n.Name) == name
		})
	}
	if has(rec.attrs) {
		return true
	}
	if !slices.ContainsFunc(rec.attrs, func(a attr) bool { return a.typ == typeAttributeList }) {
		return false
	}
	f, _ := w.v.inode(rec.entry)
	return f != nil && (f.damage != nil || has(f.attrs))
}

// lostDirectory makes a directory of a record that cannot be read: its index is gone, and the MFT knows its files.
func (v *Volume) lostDirectory(r ref, err error) *inode {
	at := int64(r.entry()) * v.record
	return &inode{v: v, base: &record{entry: r.entry(), at: at, seq: r.sequence(), flags: flagInUse | flagDir}, damage: err}
}
