package evtx

// walk calls f for each allocated record of the loaded chunk, and returns where
// the list of records ends (section 3).
func (d *Decoder) walk(f func(pos, size int) bool) int {
	free := min(int64(le.Uint32(d.base[chunkFree:])), int64(d.n))
	pos := chunkRecords
	for int64(pos)+recordMin <= free {
		b := d.base[pos:d.n]
		size := int64(le.Uint32(b[recordSize:]))
		if le.Uint32(b) != recordMark || size < recordMin || size > int64(len(b)) || le.Uint32(b[size-4:]) != uint32(size) {
			break
		}
		if !f(pos, int(size)) {
			break
		}
		pos += int(size)
	}
	return pos
}

// OtherRecords is the problem of a chunk whose header says other numbers or
// identifiers of records than its list has: someone has taken records out, or put
// them in. No record is lost by it.
const OtherRecords = "header names other records"

// A listing is what the list of a chunk's records holds.
type listing struct{ n, first, last uint64 }

func (l *listing) add(id uint64) {
	if l.n++; l.n == 1 {
		l.first = id
	}
	l.last = id
}

// fits reports whether the header of the chunk says the same. Record numbers and
// identifiers differ in exported logs.
func (l *listing) fits(b []byte) bool {
	return l.n == 0 || le.Uint64(b[chunkLastNumber:])-le.Uint64(b[chunkFirstNumber:])+1 == l.n &&
		le.Uint64(b[chunkFirstID:]) == l.first && le.Uint64(b[chunkLastID:]) == l.last
}
