package wmirepo

import (
	"fmt"
	"strings"
)

// pages puts records on pages. Live pages lie in reverse order in the file, so
// that a reader needs the map; a page of an older state follows them.
func (r *Repository) pages(records []record) Files {
	var live [][]byte
	var keys []string
	var page, old layout
	id := uint32(1000)
	for _, rec := range records {
		id += 7
		rec.id = id
		if rec.old {
			old.add(rec)
			continue
		}
		if page.size()+descriptor+len(rec.data) > pageSize && len(page.records) > 0 {
			live = append(live, page.bytes()...)
			page = layout{}
		}
		if rec.key != "" && !rec.free {
			keys = append(keys, fmt.Sprintf("%s.%d.%d.%d", rec.key, len(live), rec.id, len(rec.data)))
		}
		page.add(rec)
	}
	live = append(live, page.bytes()...)
	var out Files
	physical := make([]uint32, len(live))
	for i := range live {
		physical[i] = uint32(len(live) - 1 - i)
		out.Objects = append(out.Objects, live[len(live)-1-i]...)
	}
	for _, p := range old.bytes() {
		out.Objects = append(out.Objects, p...)
	}
	out.Map = r.mapOf(physical, len(out.Objects)/pageSize)
	if !r.XP {
		out.Map = append(out.Map, r.mapOf([]uint32{0}, 1)...) // of the index
	}
	out.Index = index(keys)
	return out
}

const descriptor = 16

// A layout is a page that is being filled.
type layout struct {
	records []record
	left    []byte // of records that are gone
}

func (l *layout) add(r record) {
	if r.free {
		l.left = append(l.left, r.data...)
		return
	}
	l.records = append(l.records, r)
}

func (l *layout) size() int {
	n := descriptor + len(l.left)
	for _, r := range l.records {
		n += descriptor + len(r.data)
	}
	return n
}

// bytes writes the page: descriptors, a zero one, the records without gaps, and
// what is left of deleted ones. What has no room continues in pages without
// descriptors.
func (l *layout) bytes() (pages [][]byte) {
	if len(l.records) == 0 {
		return nil
	}
	at := descriptor * (len(l.records) + 1)
	var table, data []byte
	for _, r := range l.records {
		table = le.AppendUint32(table, r.id)
		table = le.AppendUint32(table, uint32(at+len(data)))
		table = le.AppendUint32(table, uint32(len(r.data)))
		table = le.AppendUint32(table, 0)
		data = append(data, r.data...)
	}
	all := append(append(table, make([]byte, descriptor)...), data...)
	all = append(all, l.left...)
	for len(all) > 0 {
		page := make([]byte, pageSize)
		n := copy(page, all)
		pages, all = append(pages, page), all[n:]
	}
	return pages
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
