package hive

// Value; regf section 7.2. Offsets from the start of the cell's data.
const (
	vkNameLen = 2  // u16, bytes
	vkSize    = 4  // u32, bit 31: inline
	vkData    = 8  // u32 cell offset, or the inline bytes
	vkType    = 12 // u32
	vkFlags   = 16 // u16: 1 name stored with one byte per unit, 2 tombstone
	vkName    = 20

	vkInline    = 1 << 31
	vkNarrow    = 1
	vkTombstone = 2
)

// Big data; regf section 7.3.
const (
	dbCount   = 2 // u16
	dbList    = 4 // u32 cell offset
	dbLength  = 8
	dbSegment = 16344 // bytes of data in each segment but the last
)

// A Value is a value of a key: a hive and a place in it. The zero Value is no value; none of its methods may be
// called.
type Value struct {
	h     *Hive
	r     *valueRecord
	n     uint32 // position of the record in the image
	loose bool   // found outside of the tree: the cells it names may be others' now
}

// A valueRecord is the part of a value's record that has a fixed size, in place.
type valueRecord [vkName]byte

// valueAt makes a value of a record that lies whole in the image.
func (h *Hive) valueAt(n uint32) Value { return Value{h: h, r: (*valueRecord)(h.data[n:]), n: n} }

// looseValueAt is the same for a record outside of the tree.
func (h *Hive) looseValueAt(n uint32) Value { return Value{h, (*valueRecord)(h.data[n:]), n, true} }

// value checks the value in the cell at an offset.
func (h *Hive) value(off uint32) (Value, error) {
	if r := h.quickValue(off); r != nil {
		return Value{h: h, r: r, n: quickHead + off}, nil
	}
	return h.valueSlow(off)
}

func (h *Hive) valueSlow(off uint32) (Value, error) {
	pos, end, ok := h.cellAt(off)
	switch {
	case !ok:
		return Value{}, h.cellError(off, "value")
	case pos+2 > end || string(h.data[pos:pos+2]) != "vk":
		return Value{}, bad(pos-h.cellHead, "value", "no vk signature")
	case pos+vkName > end:
		return Value{}, bad(pos-h.cellHead, "value", "the cell has %d bytes, a value 20", end-pos)
	}
	return h.valueAt(uint32(pos)), nil
}

func (v Value) u16(field uint32) uint16 { return le.Uint16(v.r[field:]) }
func (v Value) u32(field uint32) uint32 { return le.Uint32(v.r[field:]) }

func (v Value) offset() uint32 { return v.n - uint32(v.h.cellHead) - baseSize }

func (v Value) end() int {
	if v.loose {
		return len(v.h.data)
	}
	_, end, _ := v.h.cellAt(v.offset())
	return end
}

func (v Value) name() name {
	start := int(v.n) + vkName
	end := start + int(v.u16(vkNameLen))
	if v.loose || !v.h.reaches(v.n, end) {
		end = min(end, v.end())
	}
	return name{v.h.data[start:max(start, end)], v.u16(vkFlags)&vkNarrow != 0}
}

// Name returns the value's name; it is empty for the default value.
func (v Value) Name() string { return v.h.string(v.name()) }

// AppendName appends the value's name in UTF-8 to dst.
func (v Value) AppendName(dst []byte) []byte { return v.name().append(dst) }

// NameUnits returns the name as the UTF-16 units that Windows sees.
func (v Value) NameUnits() []uint16 { return v.name().units() }

// RawName returns the bytes of the name as stored.
func (v Value) RawName() []byte { return v.name().raw }

// Type returns the value's type as stored: all 32 bits.
func (v Value) Type() Type { return Type(v.u32(vkType)) }

// Flags returns the flags as stored: 1 the name has one byte per unit, 2 tombstone.
func (v Value) Flags() uint16 { return v.u16(vkFlags) }

// Tombstone reports whether the value says, in a layered hive, that the value below is deleted.
func (v Value) Tombstone() bool { return v.h.layered && v.u16(vkFlags)&vkTombstone != 0 }

// Size returns the length that the value claims for its data.
func (v Value) Size() uint32 { return v.u32(vkSize) &^ vkInline }

// Inline reports whether the data is in the record itself.
func (v Value) Inline() bool { return v.u32(vkSize)&vkInline != 0 }

// Offset returns the position of the value's cell in the primary file.
func (v Value) Offset() int64 { return int64(v.n) - int64(v.h.cellHead) }

// DataOffset returns where the data begins in the primary file: of big data, the record that lists its segments.
// It is -1 for a value without data and where the offset leads nowhere.
func (v Value) DataOffset() int64 {
	switch {
	case v.Inline():
		return int64(v.n + vkData)
	case v.Size() == 0:
		return -1
	}
	pos, _, ok := v.h.cellAt(v.u32(vkData))
	if !ok {
		return -1
	}
	return int64(pos)
}

// Hive returns the hive that the value belongs to.
func (v Value) Hive() *Hive { return v.h }

// Bytes returns the value's data. It is a part of the hive's bytes and must not be changed, except for big data
// (more than 16,344 bytes), which is put together in new memory. With an error comes what could be read.
func (v Value) Bytes() ([]byte, error) {
	size := v.u32(vkSize)
	if size&vkInline != 0 && size <= vkInline+4 {
		n := size % 8 // at most 4
		return v.r[vkData : vkData+n : vkData+n], nil
	}
	if !v.loose && size != 0 {
		if b := v.h.holds(v.u32(vkData), size); b != nil {
			return b, nil
		}
	}
	return v.bytesSlow()
}

func (v Value) bytesSlow() ([]byte, error) {
	size := v.u32(vkSize)
	switch {
	case size == 0:
		return nil, nil
	case size&vkInline != 0:
		return v.r[vkData : vkData+4 : vkData+4], bad(int(v.n)+vkSize, "value", "%d bytes of inline data", size&^vkInline)
	case v.loose:
		return v.looseBytes()
	}
	off := v.u32(vkData)
	pos, end, ok := v.h.cellAt(off)
	if !ok {
		return nil, v.h.cellError(off, "value data")
	}
	if v.big() {
		return v.h.bigData(pos, end, int(min(size, maxImage)))
	}
	if int(size) > end-pos {
		return v.cutData(pos, end)
	}
	return v.h.data[pos : pos+int(size) : pos+int(size)], nil
}

// big reports whether the data is kept in segments: by version and size, never by the letters db, with which
// other data may begin.
func (v Value) big() bool { return !v.Inline() && v.Size() > dbSegment && v.h.minor >= 4 }

func (v Value) cutData(pos, end int) ([]byte, error) {
	end = max(pos, end)
	return v.h.data[pos:end:end], bad(pos-v.h.cellHead, "value data", "%d bytes long, its cell has %d", v.Size(), end-pos)
}

// bigData puts together the segments that the record between pos and end lists. Memory is taken for the bytes
// that are there, not for those that are claimed.
func (h *Hive) bigData(pos, end, size int) ([]byte, error) {
	at := pos - h.cellHead
	if pos+dbLength > end || string(h.data[pos:pos+2]) != "db" {
		return nil, bad(at, "big data", "no db signature")
	}
	count := int(le.Uint16(h.data[pos+dbCount:]))
	off := le.Uint32(h.data[pos+dbList:])
	lpos, lend, ok := h.cellAt(off)
	if !ok {
		return nil, h.cellError(off, "big data list")
	}
	// Segments beyond the size are of no use, so that a count that is too high loses nothing.
	count = min(count, max(0, lend-lpos)/4, (size+dbSegment-1)/dbSegment)
	avail := 0
	for i := range count {
		spos, send, ok := h.cellAt(le.Uint32(h.data[lpos+4*i:]))
		if !ok {
			break
		}
		avail += min(max(0, send-spos), dbSegment)
	}
	// Segments of a sound hive do not overlap, so that no value is longer than the bins.
	avail = min(avail, len(h.bins), size)
	data := make([]byte, 0, avail)
	for i := range count {
		off := le.Uint32(h.data[lpos+4*i:])
		spos, send, ok := h.cellAt(off)
		if !ok {
			return data, h.cellError(off, "big data segment")
		}
		want := min(dbSegment, size-len(data))
		got := min(want, max(0, send-spos), avail-len(data))
		data = append(data, h.data[spos:spos+got]...)
		if got < want {
			return data, bad(spos-h.cellHead, "big data segment", "%d bytes expected, %d there", want, got)
		}
	}
	if len(data) < size {
		return data, bad(at, "big data", "%d bytes in %d segments, %d expected", len(data), count, size)
	}
	return data, nil
}
