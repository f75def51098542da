package ntfs

import (
	"cmp"
	"unicode/utf16"
)

// search goes down the index for one name: what a look into a directory costs that is too large to keep. sure is false when damage stood
// in the way, so that only the listing can tell. The index is in the order of the upper-case UTF-16 units of its names.
func (v *Volume) search(f *inode, name string) (found dirEnt, ok, sure bool) {
	w := &indexWalk{v: v, f: f, d: &directory{entry: f.base.entry}}
	if w.open() != nil {
		return dirEnt{}, false, false
	}
	want := utf16.Encode([]rune(name))
	node, at, base := w.root[rootNode:], f.base.at, int64(0)
	for {
		s, good := v.step(node, want)
		switch {
		case !good:
			return dirEnt{}, false, false
		case s.entry != nil:
			w.add(s.entry, at+base+s.off)
			if list := append(w.d.ents, w.d.short...); len(list) == 1 {
				return list[0], true, true
			}
			return dirEnt{}, false, false
		case s.child < 0:
			return dirEnt{}, false, true
		}
		b, blockAt, good := w.read(s.child)
		if !good {
			return dirEnt{}, false, false
		}
		node, at, base = b[blockNode:], blockAt, blockNode
	}
}

// A step is where one node of an index sends a search: to the entry with the name,
// to a node below, or nowhere.
type step struct {
	entry []byte
	off   int64 // of the entry in the node
	child int64 // -1: none
}

// step looks for a name in one node. ok is false for a damaged node.
func (v *Volume) step(node []byte, want []uint16) (s step, ok bool) {
	off, end := int64(le.Uint32(node[nodeEntries:])), min(int64(le.Uint32(node[nodeEnd:])), int64(len(node)))
	for off >= nodeHeader && off+entryKey <= end {
		e := node[off:end]
		n := int64(le.Uint16(e[entryLen:]))
		if n < entryKey || n > int64(len(e)) {
			return s, false
		}
		e = e[:n]
		flags := le.Uint16(e[entryFlags:])
		s.child = -1
		if flags&entryHasChild != 0 && n >= entryKey+8 {
			s.child = int64(le.Uint64(e[n-8:]))
		}
		if flags&entryIsLast != 0 {
			return s, true
		}
		if n < entryKey+fnName || fnName+2*int64(e[entryKey+fnNameLen]) > n-entryKey {
			return s, false
		}
		switch c := v.compareUnits(want, e[entryKey+fnName:][:2*int(e[entryKey+fnNameLen])]); {
		case c == 0:
			s.entry, s.off = e, off
			return s, true
		case c < 0:
			return s, true
		}
		off += n
	}
	return s, false
}

func (v *Volume) compareUnits(a []uint16, b []byte) int {
	for i := range min(len(a), len(b)/2) {
		if c := cmp.Compare(v.upcase[a[i]], v.upcase[le.Uint16(b[2*i:])]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b)/2)
}
