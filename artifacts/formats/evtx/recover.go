package evtx

import (
	"bytes"
	"hash/crc32"
)

// Recovery finds records that no list names any more: docs/formats/evtx.md,
// section 8. Such a record points to templates and names by chunk offset, and
// those places may hold newer data by now. So each template's identifier and
// each name's hash is checked, and what does not fit is not used.

// leftovers collects what recovery needs to know of a whole file.
type leftovers struct {
	allocated keySet
	exported  bool   // a record's header has another identifier than its event
	delivered keySet // recovered records that were delivered
	waiting   []waiting
	keep      bool // the chunks' bytes, because they cannot be read again
	templates *Templates
}

// waiting is a chunk with records that may be delivered at the end.
type waiting struct {
	index  int
	off    int64
	bytes  []byte // if they are kept
	places []place
}

// A place is a record that is not allocated.
type place struct{ pos, size int }

func newLeftovers(opts *Options) *leftovers {
	l := &leftovers{templates: opts.Templates}
	if l.templates == nil {
		l.templates = NewTemplates()
	}
	return l
}

// maxKeys bounds the memory for the keys of allocated records. A log with more
// records, some 5 GB, may show copies of them as recovered ones.
const maxKeys = 8 << 20

// add notes an allocated record. An exported one has a new identifier in its
// header, and often the time of writing of many others: there two different
// events can have the same key, so that all bytes are compared.
func (l *leftovers) add(b []byte, pos, size int, exported bool) {
	if l.allocated.n >= maxKeys {
		return
	}
	l.allocated.add(keyAt(b, pos))
	if exported {
		l.exported = true
		l.allocated.add(exactKey(b, pos, size))
	}
}

// copied reports whether a record is allocated elsewhere.
func (l *leftovers) copied(b []byte, p place) bool {
	return l.allocated.has(keyAt(b, p.pos)) && (!l.exported || l.allocated.has(exactKey(b, p.pos, p.size)))
}

// settle notes what the chunk that was read holds: its records and templates, and
// itself if it may have more.
func (l *leftovers) settle(d *Decoder) {
	for _, n := range d.noted {
		l.add(d.base, n.pos, n.size, n.exported)
	}
	l.templates.add(d)
	l.wait(d, d.places)
}

// wait keeps a chunk whose places hold records, unless all are known to be
// copies.
func (l *leftovers) wait(d *Decoder, places []place) {
	b := d.base[:d.n]
	some := false
	for _, p := range places {
		some = some || !l.copied(b, p)
	}
	if !some {
		return
	}
	w := waiting{index: d.index, off: d.offset, places: append([]place(nil), places...)}
	if l.keep {
		w.bytes = bytes.Clone(b)
	}
	l.waiting = append(l.waiting, w)
}

// keyAt is the key of the record at pos: its identifier and when it was written
// (section 8.2).
func keyAt(b []byte, pos int) uint64 {
	return hashKey(le.Uint64(b[pos+recordID:]), le.Uint64(b[pos+recordWritten:]))
}

// exactKey is the key of a record with all its bytes.
func exactKey(b []byte, pos, size int) uint64 {
	return keyAt(b, pos) ^ uint64(crc32.ChecksumIEEE(b[pos:pos+size]))*0x9E3779B97F4A7C15 | 1
}

// survey notes the records and templates of the loaded chunk.
func (l *leftovers) survey(d *Decoder) {
	end := 0
	if d.n >= chunkRecords && bytes.HasPrefix(d.base, chunkMagic) {
		end = d.walk(func(pos, size int) bool {
			rec, _ := d.record(pos, size)
			l.add(d.base, pos, size, rec.RecordID() != rec.ID)
			d.scanRest(pos, size)
			for _, p := range d.places {
				l.add(d.base, p.pos, p.size, false)
			}
			return true
		})
		l.templates.add(d)
	}
	d.scan(end, d.n, 0)
	l.wait(d, d.places)
}

// next delivers the chunk that waits longest.
func (l *leftovers) next(d *Decoder, yield func(Record, error) bool) bool {
	w := l.waiting[0]
	l.waiting[0] = waiting{}
	l.waiting = l.waiting[1:]
	copy(d.base[:len(w.bytes)], w.bytes)
	d.load(len(w.bytes), w.index, w.off)
	return l.deliver(d, w.places, yield)
}

// rest delivers all chunks that wait.
func (l *leftovers) rest(d *Decoder, yield func(Record, error) bool) bool {
	for l != nil && len(l.waiting) > 0 {
		if !l.next(d, yield) {
			return false
		}
	}
	return true
}

// deliver decodes the records at the places of the loaded chunk, without those
// that are allocated elsewhere.
func (l *leftovers) deliver(d *Decoder, places []place, yield func(Record, error) bool) bool {
	d.library = l.templates
	defer func() { d.library = nil }()
	for _, p := range places {
		k := exactKey(d.base, p.pos, p.size)
		if l.copied(d.base, p) || l.delivered.has(k) {
			continue
		}
		rec := d.recovered(p)
		if d.unwanted || rec.State == Partial && l.allocated.has(keyAt(d.base, p.pos)) {
			continue // not wanted, or a worse copy of an allocated record
		}
		if l.delivered.n < maxKeys {
			l.delivered.add(k)
		}
		if !yield(rec, nil) {
			return false
		}
	}
	return true
}

// The limits of a plausible record (section 8.2).
const (
	minFound = 32
	maxFound = 65024
	year2000 = 125911584000000000
	year2100 = 157469184000000000
)

// scan looks for whole records between from and to and leaves their places in
// d.places. All whole records of real files lie at multiples of 8. In the rest
// of another record, outer is that record's size: its copy took the place of
// the last hidden record's own.
func (d *Decoder) scan(from, to, outer int) {
	d.places = d.places[:0]
	for pos := (from + 7) &^ 7; pos+minFound <= to; {
		b := d.base[pos:to]
		if le.Uint32(b) != recordMark {
			pos += 8
			continue
		}
		size := plausible(b, outer)
		if size == 0 {
			pos += 8
			continue
		}
		d.places = append(d.places, place{pos, size})
		pos = (pos + size + 7) &^ 7
	}
}

// recordMark is a record's signature as a number.
const recordMark = 0x00002A2A

// plausible returns the size of the record at the start of b, or 0 when there
// is none.
func plausible(b []byte, outer int) int {
	size := int64(le.Uint32(b[recordSize:]))
	written := le.Uint64(b[recordWritten:])
	if size < minFound || size > maxFound || size > int64(len(b)) || written < year2000 || written > year2100 ||
		le.Uint32(b[recordData:]) != fragmentMark {
		return 0
	}
	if end := int64(le.Uint32(b[size-4:])); end == size || size == int64(len(b)) && end == int64(outer) {
		return int(size)
	}
	return 0
}

// fragmentMark is the fragment header: token, version 1.1, no flags.
const fragmentMark = 0x0001010F

// recovered decodes a record of which templates or names may be lost.
func (d *Decoder) recovered(p place) Record {
	d.salvage, d.partial, d.borrowed = true, false, false
	rec, err := d.record(p.pos, p.size)
	d.salvage = false
	rec.State = Recovered
	if err != nil || d.partial || d.suspect {
		rec.State = Partial
	}
	rec.Borrowed = d.borrowed
	return rec
}

// scanRest looks for hidden records in the record that was decoded last: a rest
// after its binary XML that can hold one (section 3).
func (d *Decoder) scanRest(pos, size int) {
	d.places = d.places[:0]
	if pos+size-4-d.rest >= recordMin {
		d.scan(d.rest, pos+size, size)
	}
}

// hidden delivers the records that another one hides.
func (d *Decoder) hidden(l *leftovers, yield func(Record, error) bool) bool {
	for _, p := range append([]place(nil), d.places...) {
		if l != nil {
			d.library = l.templates
			l.add(d.base, p.pos, p.size, false)
		}
		rec := d.recovered(p)
		d.library = nil
		rec.State = Hidden
		if !d.unwanted && !yield(rec, nil) {
			return false
		}
	}
	return true
}
