package wmi

import (
	"cmp"
	"fmt"
	"slices"
)

// A mapping is a map from the logical pages of OBJECTS.DATA or INDEX.BTR to the
// physical ones.
type mapping struct {
	sequence uint32
	physical []uint32 // by logical page; noPage: none
	logical  map[uint32]uint32
}

const (
	mapMagic = 0x0000ABCD
	mapEnd   = 0x0000DCBA
	noPage   = 0xFFFFFFFF

	// Vista and later: magic, sequence, two counters, pages, count, then
	// entries of 24 bytes that begin with the physical page. XP: magic,
	// sequence, pages, count, then the pages alone.
	mapHeader, mapEntry     = 24, 24
	mapHeaderXP, mapEntryXP = 16, 4
)

// parseMap reads one map and returns what follows it: after the map of
// OBJECTS.DATA stands that of INDEX.BTR, in Vista and later.
func parseMap(b []byte, xp bool) (m *mapping, rest []byte) {
	header, entry := mapHeader, mapEntry
	if xp {
		header, entry = mapHeaderXP, mapEntryXP
	}
	if len(b) < header || le.Uint32(b) != mapMagic {
		return nil, nil
	}
	n := int64(le.Uint32(b[header-4:]))
	if n > maxPages || int64(header)+n*int64(entry)+4 > int64(len(b)) {
		return nil, nil
	}
	m = &mapping{sequence: le.Uint32(b[4:]), physical: make([]uint32, n), logical: make(map[uint32]uint32, n)}
	for i := range m.physical {
		p := le.Uint32(b[header+i*entry:])
		m.physical[i] = p
		if p != noPage {
			m.logical[p] = uint32(i)
		}
	}
	// A list of free pages, then the mark of a map that was written whole.
	rest = b[header+int(n)*entry:]
	free := int64(le.Uint32(rest))
	if 8+4*free > int64(len(rest)) || le.Uint32(rest[4+4*free:]) != mapEnd {
		return nil, nil
	}
	return m, rest[8+4*free:]
}

// setMaps takes the whole map with the highest sequence as the active one.
func (r *Repository) setMaps(files [][]byte) {
	for i, b := range files {
		m, rest := parseMap(b, false)
		if m == nil {
			if m, _ = parseMap(b, true); m != nil {
				r.XP = true
			}
		}
		switch {
		case m == nil:
			r.note(0, fmt.Sprintf("map %d", i+1), "is not a whole map")
		case r.active == nil || m.sequence > r.active.sequence:
			if r.active != nil {
				r.older = append(r.older, r.active)
			}
			r.active = m
			if r.indexMap, _ = parseMap(rest, false); r.indexMap == nil && len(rest) > mapHeader {
				r.note(0, fmt.Sprintf("map %d", i+1), "the part of the index is not whole")
			}
		default:
			r.older = append(r.older, m)
		}
	}
	if r.active != nil {
		r.Sequence = r.active.sequence
	}
}

// A record is one record of a page.
type record struct {
	page    uint32
	logical uint32
	id      uint32
	off     int // in the page
	size    int
	state   State
	b       []byte // what is in the page: all of it, or its beginning

	next []uint32 // physical pages on which the rest is
}

// Descriptors at the start of a page: u32 id, u32 offset, u32 size, u32 sum.
const descSize = 16

// eachRecord calls f for each record of each page, the pages of the active map
// first, and free for each stretch of a page that no record uses. It returns
// the number of records.
func (r *Repository) eachRecord(f, free func(*record)) (records int) {
	done := make([]bool, r.pages)
	rest := make([]bool, r.pages) // pages on which a record of another one continues
	buf := make([]byte, pageSize)
	visit := func(physical, logical uint32, m *mapping, state State) {
		if int64(physical) >= int64(r.pages) || done[physical] {
			return
		}
		done[physical] = true
		if n, err := r.objects.ReadAt(buf, int64(physical)*pageSize); n < pageSize {
			if free != nil { // the last pass
				r.note(int64(physical)*pageSize, "page", fmt.Sprintf("cannot be read: %v", err))
			}
			return
		}
		if rest[physical] && !orderly(buf) {
			return
		}
		p := record{page: physical, logical: logical, state: state}
		records += r.pageRecords(buf, &p, m, rest, f, free)
	}
	if r.active != nil {
		for logical, physical := range r.active.physical {
			visit(physical, uint32(logical), r.active, Live)
		}
	}
	for physical := range uint32(r.pages) {
		if r.active == nil {
			visit(physical, physical, nil, Unknown)
			continue
		}
		logical, m := uint32(noPage), (*mapping)(nil)
		for _, o := range r.older {
			if l, ok := o.logical[physical]; ok {
				logical, m = l, o
				break
			}
		}
		visit(physical, logical, m, Deleted)
	}
	return records
}

// pageRecords walks the descriptors of one page.
func (r *Repository) pageRecords(b []byte, p *record, m *mapping, rest []bool, f, free func(*record)) (records int) {
	used := make([]span, 0, 64)
	table := 0
	for at := 0; at+descSize <= len(b); at += descSize {
		rec := *p
		rec.id = le.Uint32(b[at:])
		off, size := le.Uint32(b[at+4:]), le.Uint32(b[at+8:])
		if rec.id == 0 && off == 0 && size == 0 {
			table = at + descSize
			break
		}
		if off < uint32(at+descSize) || off >= pageSize || size == 0 || size > maxRecord {
			break // not a page of records, or one that continues another
		}
		rec.off, rec.size = int(off), int(size)
		rec.b = b[off:min(len(b), rec.off+rec.size)]
		used = append(used, span{rec.off, rec.off + len(rec.b)})
		if rec.size > len(rec.b) {
			rec.next = r.following(&rec, m)
			for _, n := range rec.next {
				rest[n] = true
			}
		}
		records++
		f(&rec)
	}
	if free == nil || records == 0 {
		return records
	}
	slices.SortFunc(used, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	end := table
	for _, u := range append(used, span{len(b), len(b)}) {
		if u.start > end {
			gap := *p
			gap.off, gap.size, gap.b = end, u.start-end, b[end:u.start]
			free(&gap)
		}
		end = max(end, u.end)
	}
	return records
}

// A span is a part of a page.
type span struct{ start, end int }

// orderly reports whether a page begins with descriptors of records that lie
// one after the other. A damaged size can then not hide the page.
func orderly(b []byte) bool {
	end := uint32(0)
	for at := 0; at+descSize <= len(b); at += descSize {
		id, off, size := le.Uint32(b[at:]), le.Uint32(b[at+4:]), le.Uint32(b[at+8:])
		if id == 0 && off == 0 && size == 0 {
			return end > 0
		}
		if end > 0 && off != end || off < uint32(at+descSize) || off >= pageSize || size == 0 || size > maxRecord {
			return false
		}
		end = off + size
	}
	return false
}

// following returns the physical pages on which a record continues: those of
// the next logical pages. They are unknown without a map.
func (r *Repository) following(rec *record, m *mapping) (next []uint32) {
	if m == nil {
		return nil
	}
	left := rec.size - len(rec.b)
	for i := int64(rec.logical) + 1; left > 0 && i < int64(len(m.physical)); i++ {
		physical := m.physical[i]
		if int64(physical) >= int64(r.pages) {
			return next
		}
		next = append(next, physical)
		left -= pageSize
	}
	return next
}

// whole returns all bytes of a record, or as many as there are.
func (r *Repository) whole(rec *record) []byte {
	b := make([]byte, 0, min(rec.size, len(rec.b)+len(rec.next)*pageSize))
	b = append(b, rec.b...)
	page := make([]byte, pageSize)
	for _, n := range rec.next {
		got, _ := r.objects.ReadAt(page, int64(n)*pageSize)
		b = append(b, page[:min(got, rec.size-len(b))]...)
	}
	return b
}

// Detect reports whether a file that begins with head, 4 KiB or more of it, is
// an OBJECTS.DATA: the first page has descriptors, and its first record follows
// them at once.
func Detect(head []byte) bool {
	for at := 0; at+descSize <= len(head); at += descSize {
		if le.Uint32(head[at:]) == 0 && le.Uint32(head[at+4:]) == 0 && le.Uint32(head[at+8:]) == 0 {
			return at > 0 && le.Uint32(head[4:]) == uint32(at+descSize) && orderly(head)
		}
	}
	return false
}
