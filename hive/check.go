package hive

import (
	"errors"
	"iter"
)

// Check reads everything in the hive that can be reached and returns all that breaks the format: first what was
// found on opening, then bin by bin and key by key. Its work is bounded by the size of the hive.
func (h *Hive) Check() iter.Seq[*FormatError] {
	return func(yield func(*FormatError) bool) {
		c := checker{h: h, yield: yield, security: newBitmap(len(h.bins)), values: len(h.bins)/4 + 1, segments: len(h.bins)/4096 + 64}
		for _, e := range h.damage {
			if !yield(e) {
				return
			}
		}
		c.bins()
		if root, err := h.Root(); err == nil && root.Flags()&KeyRoot == 0 {
			c.report(warn(int(root.Offset()), "key node", "the root lacks the flag of a root"), root)
		}
		c.tree()
	}
}

// A checker walks the tree and records whether its caller has had enough.
type checker struct {
	h        *Hive
	yield    func(*FormatError) bool
	done     bool
	security bitmap // descriptors that were checked
	values   int    // values that may still come: hostile keys may share a list
	segments int    // segments of big data that may still come
}

func (c *checker) report(e *FormatError, k Key) {
	if c.done || e == nil {
		return
	}
	if k.h != nil {
		e.Path = k.Path()
	}
	c.done = !c.yield(e)
}

// spend counts an element of a list; the first that is too many is reported.
func (c *checker) spend(k Key) bool {
	if c.values--; c.values == -1 {
		c.report(bad(int(k.Offset()), "key node", "lists overlap: more elements than the hive has room for; the rest is not checked"), k)
	}
	return c.values >= 0
}

// fail reports an error that one of the accessors returned.
func (c *checker) fail(err error, k Key) {
	if e, ok := errors.AsType[*FormatError](err); ok {
		c.report(e, k)
	}
}

func (c *checker) bins() {
	c.h.eachCell(func(cell) bool { return !c.done }, func(off, end int) {
		c.report(bad(baseSize+off, "cell", "size %d; the rest of its bin, %d bytes, cannot be enumerated",
			int32(le.Uint32(c.h.bins[off:])), end-off), Key{})
	})
}

func (c *checker) tree() {
	if c.h.root == noOffset {
		return
	}
	w := c.h.walk(c.h.root)
	var path []Key // keys from the root to the last one
	for !c.done {
		k, depth, again, err, ok := w.next()
		if !ok {
			return
		}
		path = path[:min(len(path), depth)]
		var parent Key
		if depth > 0 && depth <= len(path) {
			parent = path[depth-1]
		}
		switch {
		case err != nil:
			c.fail(err, parent)
			continue
		case again:
			c.report(bad(int(k.Offset()), "key node", "listed more than once"), parent)
			continue
		}
		if parent.h != nil && k.parentOffset() != parent.offset() {
			c.report(warn(int(k.Offset()), "key node", "its parent field is 0x%X, it is listed by the key at 0x%X", k.parentOffset(),
				parent.offset()), parent)
		}
		path = append(path, k)
		c.key(k)
	}
}

func (c *checker) key(k Key) {
	at := int(k.Offset())
	if !c.h.allocated(k.offset()) {
		c.report(warn(at, "key node", "its cell is free"), k)
	}
	n := k.name()
	switch {
	case len(n.raw) < int(k.u16(nkNameLen)):
		c.report(bad(at, "key node", "name of %d bytes runs past the cell", k.u16(nkNameLen)), k)
	case len(n.raw) == 0:
		c.report(warn(at, "key node", "the name is empty"), k)
	case !n.narrow && len(n.raw)%2 != 0:
		c.report(warn(at, "key node", "the name has an odd length"), k)
	}
	for i := range n.len() {
		if n.unit(i) == '\\' {
			c.report(warn(at, "key node", "the name contains a backslash"), k)
			break
		}
	}
	if _, err := k.ClassName(); err != nil {
		c.fail(err, k)
	}
	c.descriptor(k)
	c.subkeys(k)
	c.valuesOf(k)
}

// descriptor checks the key's security descriptor, and when it is met for the first time all of its access lists
// and its place in the ring of descriptors.
func (c *checker) descriptor(k Key) {
	s, err := k.Security()
	if err != nil {
		c.fail(err, k)
	}
	off := k.u32(nkSecurity)
	if s == nil || c.security.has(off) {
		return
	}
	c.security.set(off)
	if _, sddlErr := s.SDDL(); sddlErr != nil && err == nil {
		c.fail(sddlErr, k)
	}
	pos := int(s.Offset) + c.h.cellHead
	for _, f := range [...]struct {
		field, back int
		name        string
	}{{skNext, skPrev, "next"}, {skPrev, skNext, "previous"}} {
		other, end, ok := c.h.cellAt(le.Uint32(c.h.data[pos+f.field:]))
		if !ok || other+skData > end || string(c.h.data[other:other+2]) != "sk" || le.Uint32(c.h.data[other+f.back:]) != off {
			c.report(warn(int(s.Offset), "security descriptor", "the %s descriptor does not lead back", f.name), k)
		}
	}
}

// subkeys compares a list with the count of its key, its order and its hashes.
func (c *checker) subkeys(k Key) {
	want := k.NumSubkeys()
	if want == 0 {
		return
	}
	var count uint32
	var last name
	var unsorted, double, hashed bool
	var cur listCursor
	cur.subkeys(k)
	whole := true
	for {
		var kind byte
		var hash uint32
		if cur.leaf.kind == 'h' && cur.leaf.pos < cur.leaf.end {
			kind, hash = 'h', le.Uint32(c.h.data[cur.leaf.pos+4:])
		}
		off, err := cur.next()
		if err == errEnd {
			break
		}
		if err != nil {
			whole = false // reported by the walk
			continue
		}
		if !c.spend(k) {
			return
		}
		count++
		s, err := c.h.key(off)
		if err != nil {
			continue
		}
		n := s.name()
		if count > 1 {
			switch d := last.compare(n); {
			case d == 0 && !double:
				double = true
				c.report(warn(int(s.Offset()), "subkey list", "two subkeys have the same name"), s)
			case d > 0 && !unsorted:
				unsorted = true
				c.report(warn(int(s.Offset()), "subkey list", "the names are not in order"), s)
			}
		}
		last = n
		if kind == 'h' && hash != n.hash() && !hashed {
			hashed = true
			c.report(warn(int(s.Offset()), "subkey list", "the hash of a name is wrong"), s)
		}
	}
	if whole && count != want {
		c.report(warn(int(k.Offset()), "key node", "%d subkeys, its list has %d", want, count), k)
	}
}

// dataOf looks at the cell of a value's data.
func (c *checker) dataOf(k Key, v Value) {
	off := v.u32(vkData)
	if v.Inline() || v.Size() == 0 {
		return
	}
	pos, end, ok := c.h.cellAt(off)
	if !ok {
		return
	}
	if !c.h.allocated(off) {
		c.report(warn(pos-c.h.cellHead, "value data", "its cell is free"), k)
	}
	if n := (v.Size() + dbSegment - 1) / dbSegment; v.big() && pos+dbLength <= end && uint32(le.Uint16(c.h.data[pos+dbCount:])) != n {
		c.report(warn(pos-c.h.cellHead, "big data", "%d segments, want %d", le.Uint16(c.h.data[pos+dbCount:]), n), k)
	}
}

func (c *checker) valuesOf(k Key) {
	var names map[string]bool
	var folded []byte
	if k.NumValues() > 1 {
		names = make(map[string]bool)
	}
	for v, err := range k.Values() {
		if !c.spend(k) {
			return
		}
		if err != nil {
			c.fail(err, k)
			continue
		}
		at := int(v.Offset())
		if !c.h.allocated(v.offset()) {
			c.report(warn(at, "value", "its cell is free"), k)
		}
		n := v.name()
		if len(n.raw) < int(v.u16(vkNameLen)) {
			c.report(bad(at, "value", "name of %d bytes runs past the cell", v.u16(vkNameLen)), k)
		}
		if names != nil {
			folded = n.appendFold(folded[:0])
			if names[string(folded)] {
				c.report(warn(at, "value", "two values have the same name"), k)
			}
			names[string(folded)] = true
		}
		c.dataOf(k, v)
		if v.big() {
			if c.segments -= min(int(v.Size()), len(c.h.bins))/dbSegment + 1; c.segments < 0 {
				c.report(bad(at, "big data", "values share their data: more than the hive has room for; it is not checked"), k)
				continue
			}
		}
		if _, err := v.Bytes(); err != nil {
			c.fail(err, k)
		}
	}
}
