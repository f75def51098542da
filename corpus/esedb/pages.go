package esedb

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
)

// A writer builds the pages.
type writer struct {
	db    *DB
	pages map[int][]byte
	next  int
}

func (w *writer) page() int {
	w.next++
	return w.next - 1
}

func (w *writer) header() int {
	if w.db.PageSize >= 16<<10 {
		return 80
	}
	return 40
}

// tree writes entries, which are in the order of their keys, as a tree below a
// root page: one page, or leaves below a branch page.
func (w *writer) tree(root, object int, flags uint32, entries []entry) {
	if leaf := w.fill(entries); leaf == len(entries) {
		w.write(root, object, flags|0x1|0x2, 0, nil, entries)
		return
	}
	var branch []entry
	var numbers []int
	var leaves [][]entry
	for len(entries) > 0 {
		n := w.fill(entries)
		leaves, numbers = append(leaves, entries[:n]), append(numbers, w.page())
		entries = entries[n:]
	}
	for i, leaf := range leaves {
		next := 0
		if i+1 < len(leaves) {
			next = numbers[i+1]
		}
		w.write(numbers[i], object, flags|0x2, next, prefix(leaf), leaf)
		e := entry{data: le.AppendUint32(nil, uint32(numbers[i]))}
		if next != 0 {
			e.key = leaves[i+1][0].key // the child's keys are below it
		}
		branch = append(branch, e)
	}
	if w.fill(branch) < len(branch) {
		panic("esedb: a tree of three levels")
	}
	w.write(root, object, flags|0x1|0x4, 0, nil, branch)
}

// prefix returns what the keys of a page have in common.
func prefix(entries []entry) []byte {
	p := entries[0].key
	for _, e := range entries {
		n := 0
		for n < min(len(p), len(e.key)) && p[n] == e.key[n] {
			n++
		}
		p = p[:n]
	}
	return p
}

// fill returns how many entries one page holds.
func (w *writer) fill(entries []entry) int {
	left := w.db.PageSize - w.header() - 64
	for i, e := range entries {
		if left -= len(e.key) + len(e.data) + 8; left < 0 {
			if i == 0 {
				panic(fmt.Sprintf("esedb: an entry of %d bytes", len(e.data)))
			}
			return i
		}
	}
	return len(entries)
}

// write writes one page: header, entries, and the tags from its end.
func (w *writer) write(n, object int, flags uint32, next int, common []byte, entries []entry) {
	size, head := w.db.PageSize, w.header()
	large := head == 80
	b := make([]byte, size)
	at := head
	put := func(i int, data []byte, flags byte) {
		copy(b[at:], data)
		v := uint32(len(data)) | uint32(at-head)<<16
		if large && len(data) > 1 && i > 0 {
			b[at+1] |= flags << 5
		} else {
			v |= uint32(flags) << 29
		}
		le.PutUint32(b[size-4*(i+1):], v)
		at += len(data)
	}
	first := common
	if flags&1 != 0 {
		first = make([]byte, 16) // the root's own
	}
	put(0, first, 0)
	for i, e := range entries {
		var data []byte
		if len(common) > 0 {
			data = le.AppendUint16(data, uint16(len(common)))
			e.flags |= 4
		}
		key := bytes.TrimPrefix(e.key, common)
		data = append(le.AppendUint16(data, uint16(len(key))), key...)
		put(i+1, append(data, e.data...), e.flags)
	}
	le.PutUint32(b[20:], uint32(next))
	le.PutUint32(b[24:], uint32(object))
	le.PutUint16(b[34:], uint16(len(entries)+1))
	le.PutUint32(b[36:], flags|0x2000)
	if large {
		le.PutUint32(b[64:], uint32(n))
	}
	w.pages[n] = b
}

// Seal computes the checksums of page n (counted from 1) of a database that a
// test has changed.
func Seal(b []byte, pageSize, n int) {
	p := b[(n+1)*pageSize : (n+2)*pageSize]
	if pageSize < 16<<10 {
		le.PutUint32(p, fold(p[8:], uint32(n)))
		return
	}
	q := pageSize / 4
	for i := 1; i < 4; i++ {
		le.PutUint32(p[40+8*(i-1):], fold(p[i*q:(i+1)*q], uint32(n)))
	}
	le.PutUint32(p, fold(p[8:q], uint32(n)))
}

func fold(b []byte, x uint32) uint32 {
	for i := 0; i < len(b); i += 4 {
		x ^= le.Uint32(b[i:])
	}
	return x
}

// bytes joins the header, its copy and the pages.
func (w *writer) bytes() []byte {
	size := w.db.PageSize
	last := slices.Max(slices.Collect(maps.Keys(w.pages)))
	out := make([]byte, (last+2)*size)
	for n, p := range w.pages {
		copy(out[(n+1)*size:], p)
		Seal(out, size, n)
	}
	h := out[:size]
	le.PutUint32(h[4:], 0x89ABCDEF)
	le.PutUint32(h[8:], 0x620)
	copy(h[24:], []byte{1, 2, 3, 4, 30, 45, 12, 24, 12, 123}) // signature: 2023-12-24 12:45:30
	le.PutUint32(h[52:], w.db.State)
	le.PutUint32(h[232:], w.db.Revision)
	le.PutUint32(h[236:], uint32(size))
	le.PutUint32(h, fold(h[4:], 0x89ABCDEF))
	copy(out[size:], h)
	if w.db.BreakHeader {
		out[600]++
	}
	return out
}
