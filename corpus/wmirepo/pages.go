package wmirepo

import (
	"fmt"
	"strings"
)

// pages puts records on pages. Live pages lie in reverse order in the file, so
// that a reader needs the map; pages of older states follow them.
func (r *Repository) pages(records []record) Files {
	var live, old [][]byte
	var keys []string
	page, used := newPage()
	oldPage, oldUsed := newPage()
	id := uint32(1000)
	for _, rec := range records {
		id += 7
		rec.id = id
		if rec.old {
			oldUsed = put(oldPage, oldUsed, rec)
			continue
		}
		if used+16+len(rec.data) > pageSize && used > pageSize/2 {
			live = append(live, page)
			page, used = newPage()
		}
		if rec.key != "" {
			keys = append(keys, fmt.Sprintf("%s.%d.%d.%d", rec.key, len(live), rec.id, len(rec.data)))
		}
		used = put(page, used, rec)
		for rest := rec.data[min(len(rec.data), pageSize-used+len(rec.data)):]; used > pageSize; {
			// The record goes on in pages without descriptors.
			live = append(live, page)
			page = make([]byte, pageSize)
			n := copy(page, rest)
			rest = rest[n:]
			if len(rest) == 0 {
				live = append(live, page)
				page, used = newPage()
			}
		}
	}
	live = append(live, page)
	var out Files
	physical := make([]uint32, len(live))
	for i := range live {
		physical[i] = uint32(len(live) - 1 - i)
	}
	for i := len(live) - 1; i >= 0; i-- {
		out.Objects = append(out.Objects, live[i]...)
	}
	if oldUsed > recordsAt {
		old = append(old, oldPage)
	}
	for _, p := range old {
		out.Objects = append(out.Objects, p...)
	}
	out.Map = r.mapOf(physical, len(live)+len(old))
	if !r.XP {
		out.Map = append(out.Map, r.mapOf([]uint32{0}, 1)...) // of the index
	}
	out.Index = index(keys)
	return out
}

// recordsAt is where the records of a page begin: after room for 30
// descriptors and the one that ends them.
const recordsAt = 31 * 16

func newPage() ([]byte, int) { return make([]byte, pageSize), recordsAt }

// put adds a record to a page and returns how much of it is used then, which is
// more than there is when the record goes on.
func put(page []byte, used int, rec record) int {
	copy(page[used:], rec.data)
	if rec.free {
		return used + len(rec.data)
	}
	for at := 0; at < recordsAt-16; at += 16 {
		if le.Uint32(page[at:]) == 0 {
			le.PutUint32(page[at:], rec.id)
			le.PutUint32(page[at+4:], uint32(used))
			le.PutUint32(page[at+8:], uint32(len(rec.data)))
			return used + len(rec.data)
		}
	}
	panic("wmirepo: a page of more than 30 records")
}

// mapOf writes one map: the physical page of each logical page, no free pages,
// and the mark at its end.
func (r *Repository) mapOf(physical []uint32, pages int) []byte {
	b := le.AppendUint32(nil, 0xABCD)
	b = le.AppendUint32(b, 77) // sequence
	if !r.XP {
		b = le.AppendUint32(le.AppendUint32(b, 3), 2)
	}
	b = le.AppendUint32(b, uint32(pages))
	b = le.AppendUint32(b, uint32(len(physical)))
	for _, p := range physical {
		b = le.AppendUint32(b, p)
		if !r.XP {
			b = append(b, make([]byte, 20)...)
		}
	}
	return le.AppendUint32(le.AppendUint32(b, 0), 0xDCBA)
}

// index writes one page of keys, each made of its pieces.
func index(keys []string) []byte {
	b := make([]byte, 20, pageSize)
	le.PutUint32(b, 0xACCC)
	le.PutUint32(b[16:], uint32(len(keys)))
	b = append(b, make([]byte, 4*len(keys))...)
	for range len(keys) + 1 {
		b = le.AppendUint32(b, 0xFFFFFFFF) // no child
	}
	var offsets, parts, texts []byte
	var places []uint16
	for _, k := range keys {
		offsets = le.AppendUint16(offsets, uint16(len(parts)/2))
		pieces := strings.Split(k, "|")
		parts = le.AppendUint16(parts, uint16(len(pieces)))
		for _, p := range pieces {
			parts = le.AppendUint16(parts, uint16(len(places)))
			places = append(places, uint16(len(texts)))
			texts = append(append(texts, p...), 0)
		}
	}
	b = append(b, offsets...)
	b = append(le.AppendUint16(b, uint16(len(parts)/2)), parts...)
	b = le.AppendUint16(b, uint16(len(places)))
	for _, p := range append(places, uint16(len(texts))) {
		b = le.AppendUint16(b, p)
	}
	b = append(b, texts...)
	if len(b) > pageSize {
		panic("wmirepo: an index of two pages")
	}
	return append(b, make([]byte, pageSize-len(b))...)
}
