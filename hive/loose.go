package hive

// Records that were found outside of the tree name cells that may have been given away since. These readers
// believe nothing but what the tree does not use. Offsets may lead into the tail, which was once a part of the bins.

// looseEnd is where the offsets of deleted records end.
func (h *Hive) looseEnd() uint64 { return uint64(len(h.data) - baseSize) }

// looseBins is how large the bins were when the record at an offset was written.
func (h *Hive) looseBins(off uint32) int {
	if int(off) >= len(h.bins) {
		return maxImage
	}
	return len(h.bins)
}

// looseValueList returns the offsets of a deleted key's values as far as the list was not used again.
func (k Key) looseValueList(count uint32) ([]byte, error) {
	off := k.u32(nkValueList)
	if off%8 != 0 || off < binHeader || count > maxValues || uint64(off)+4+4*uint64(count) > k.h.looseEnd() {
		return nil, bad(int(k.Offset()), "value list", "%d values at offset 0x%X cannot be", count, off)
	}
	pos := baseSize + int(off) + k.h.cellHead
	n := k.h.live().uncovered(off, 4*int(count)+k.h.cellHead) - k.h.cellHead
	n = max(0, min(n, len(k.h.data)-pos)) &^ 3
	if n < 4*int(count) {
		return k.h.data[pos : pos+n], bad(pos-k.h.cellHead, "value list", "its place was used again")
	}
	return k.h.data[pos : pos+n], nil
}

// looseValue returns the value at an offset, if it looks like one and is not part of the tree.
func (h *Hive) looseValue(off uint32) (Value, error) {
	v, problem := h.tryLooseValue(off)
	if problem != "" {
		return Value{}, bad(baseSize+int(min(off, maxImage)), "value", problem, off)
	}
	return v, nil
}

// tryLooseValue is looseValue with the format of a problem instead of an error: where lists are searched, most
// offsets are none.
func (h *Hive) tryLooseValue(off uint32) (v Value, problem string) {
	if off%8 != 0 || off < binHeader || uint64(off)+uint64(h.cellHead)+vkName > h.looseEnd() {
		return Value{}, "offset 0x%X can be no cell's"
	}
	pos := baseSize + int(off) + h.cellHead
	if h.live().covered(off, vkName+h.cellHead) {
		return Value{}, "the place at offset 0x%X was used again"
	}
	if !h.plausibleValue(pos, len(h.data), h.looseBins(off)) {
		return Value{}, "no value is left at offset 0x%X"
	}
	return h.looseValueAt(uint32(pos)), ""
}

// looseKey returns the key at an offset: one of the tree, or what looks like one and is not part of the tree.
func (h *Hive) looseKey(off uint32) (Key, error) {
	if off%8 != 0 || off < binHeader || uint64(off)+uint64(h.cellHead)+nkName > h.looseEnd() {
		return Key{}, bad(baseSize+int(min(off, maxImage)), "key node", "offset 0x%X can be no cell's", off)
	}
	live := h.live()
	if live.covered(off, nkName+h.cellHead) {
		return h.key(off)
	}
	pos := baseSize + int(off) + h.cellHead
	if !h.plausibleKey(pos, len(h.data), h.looseBins(off), live.newest) {
		return Key{}, bad(pos-h.cellHead, "key node", "no key is left there")
	}
	return h.looseKeyAt(uint32(pos)), nil
}

// looseChild returns the deleted key at an offset, if it names this one as its parent.
func (k Key) looseChild(off uint32) (Key, error) {
	s, err := k.h.looseKey(off)
	if err == nil && (!s.loose || s.parentOffset() != k.offset()) {
		return Key{}, bad(baseSize+int(off), "key node", "its place was used again")
	}
	return s, err
}

// A DataState describes what became of the cell that held a deleted value's data.
type DataState uint8

// The states, from the best.
const (
	DataIntact  DataState = iota // inline, empty, or in a cell that nothing has used since
	DataMerged                   // inside a larger free cell: the bytes are there, their cell is not
	DataReused                   // the cell is in use again: the data or a part of it is overwritten, or not to be told from that
	DataMissing                  // the offset leads nowhere
)

var dataStates = [...]string{"intact", "merged", "reused", "missing"}

func (s DataState) String() string { return dataStates[min(int(s), len(dataStates)-1)] }

func (v Value) looseBytes() ([]byte, error) {
	b, _, err := v.looseData(true)
	return b, err
}

// looseData reads the data of a deleted value with more than no bytes, not inline. The segments of big data are
// put together only on demand: for its state it is enough to look at them.
func (v Value) looseData(whole bool) ([]byte, DataState, error) {
	size, off := int(v.Size()), v.u32(vkData)
	h := v.h
	if off%8 != 0 || off < binHeader || uint64(off)+8 > h.looseEnd() {
		return nil, DataMissing, bad(int(v.Offset()), "value data", "offset 0x%X can be no cell's", off)
	}
	live := h.live()
	pos := baseSize + int(off) + h.cellHead
	if v.big() {
		return v.looseBig(off, whole)
	}
	n := live.uncovered(off, min(size, len(h.data))+h.cellHead) - h.cellHead
	n = max(0, min(n, len(h.data)-pos))
	if n < size {
		return h.data[pos : pos+n : pos+n], DataReused, bad(pos-h.cellHead, "value data",
			"%d bytes long, the place was used again after %d", size, n)
	}
	state := DataMerged
	if int(off) >= len(h.bins) || live.cells == nil || live.cells.has(off) {
		if c := int64(int32(le.Uint32(h.data[pos-h.cellHead:]))); max(c, -c) >= int64(size+h.cellHead) {
			state = DataIntact
		}
	}
	return h.data[pos : pos+size : pos+size], state, nil
}

// looseBig reads big data whose record and segments nothing has used since.
func (v Value) looseBig(off uint32, whole bool) (data []byte, state DataState, err error) {
	h, live := v.h, v.h.live()
	pos := baseSize + int(off) + h.cellHead
	reused := func(what string, args ...any) ([]byte, DataState, error) {
		return data, DataReused, bad(pos-h.cellHead, "big data", what, args...)
	}
	if pos+dbLength > len(h.data) || live.covered(off, dbLength+h.cellHead) || string(h.data[pos:pos+2]) != "db" {
		return reused("its place was used again")
	}
	list := le.Uint32(h.data[pos+dbList:])
	count := min(int(le.Uint16(h.data[pos+dbCount:])), int((uint32(v.Size())+dbSegment-1)/dbSegment))
	if list%8 != 0 || uint64(list)+uint64(4*count+h.cellHead) > h.looseEnd() || live.covered(list, 4*count+h.cellHead) {
		return reused("the place of its list was used again")
	}
	have := 0
	for i := range count {
		seg := le.Uint32(h.data[baseSize+int(list)+h.cellHead+4*i:])
		n := min(dbSegment, int(v.Size())-have)
		if seg%8 != 0 || uint64(seg)+uint64(n+h.cellHead) > h.looseEnd() || live.covered(seg, n+h.cellHead) || have > len(h.data)-n {
			return reused("the place of segment %d was used again", i+1)
		}
		if whole {
			data = append(data, h.data[baseSize+int(seg)+h.cellHead:][:n]...)
		}
		have += n
	}
	if have < int(v.Size()) {
		return reused("%d bytes expected, %d there", v.Size(), have)
	}
	return data, DataMerged, nil
}

// maxSubkeys and maxValues bound what a deleted key may claim to be believed.
const (
	maxSubkeys = 100000
	maxValues  = 10000
)

// year1970 is the start of 1970 and yearLength a leap year, as FILETIME.
const (
	year1970   = 116444736000000000
	yearLength = 366 * 24 * 3600 * 1e7
)

// plausibleKey reports whether what lies at a position of the image, before end, looks like a key node of a hive
// with bins of that size.
func (h *Hive) plausibleKey(pos, end, bins int, newest uint64) bool {
	if pos+nkName+1 > end {
		return false
	}
	written := le.Uint64(h.data[pos+nkWritten:])
	return written >= year1970 && (newest == 0 || written <= newest+yearLength) && h.plausibleKeyAnyTime(pos, end, bins)
}

// plausibleKeyAnyTime is plausibleKey but for the time.
func (h *Hive) plausibleKeyAnyTime(pos, end, bins int) bool {
	if pos+nkName+1 > end || h.data[pos] != 'n' || h.data[pos+1] != 'k' {
		return false
	}
	b := h.data[pos:end]
	n := int(le.Uint16(b[nkNameLen:]))
	flags := le.Uint16(b[nkFlags:])
	parent := le.Uint32(b[nkParent:])
	narrow := flags&uint16(KeyNarrowName) != 0
	switch {
	case n == 0 || n > 510 || nkName+n > len(b) || !narrow && n%2 != 0:
		return false
	case flags&^0xF3FF != 0:
		return false
	case le.Uint32(b[nkSubkeys:]) > maxSubkeys:
		return false
	case flags&uint16(KeyPredefined) == 0 && le.Uint32(b[nkValues:]) > maxValues:
		return false
	}
	// One of the offsets may be broken.
	odd := 0
	for _, off := range [...]uint32{parent, h.offsetIf(b, nkSubkeys, nkSubkeyList), h.offsetIf(b, nkValues, nkValueList),
		le.Uint32(b[nkSecurity:])} {
		if off != noOffset && (off%8 != 0 || uint64(off) >= uint64(bins)) {
			odd++
		}
	}
	if odd > 1 {
		return false
	}
	return plausibleName(name{b[nkName : nkName+n], narrow}, true)
}

// offsetIf returns the offset of a list that counts something.
func (h *Hive) offsetIf(b []byte, count, list int) uint32 {
	if le.Uint32(b[count:]) == 0 {
		return noOffset
	}
	return le.Uint32(b[list:])
}

// plausibleValue is the same for a value.
func (h *Hive) plausibleValue(pos, end, bins int) bool {
	if pos+vkName > end || h.data[pos] != 'v' || h.data[pos+1] != 'k' {
		return false
	}
	b := h.data[pos:end]
	n := int(le.Uint16(b[vkNameLen:]))
	size, off := le.Uint32(b[vkSize:]), le.Uint32(b[vkData:])
	flags := le.Uint16(b[vkFlags:])
	switch {
	case vkName+n > len(b) || flags > 3:
		return false
	case flags&vkNarrow == 0 && n%2 != 0:
		return false
	case size&vkInline != 0 && size&^vkInline > 4:
		return false
	case size&vkInline == 0 && size > 0 && (off%8 != 0 || uint64(off) >= uint64(bins) || uint64(size) > uint64(bins)):
		return false
	}
	t := Type(le.Uint32(b[vkType:]))
	known := t < 0x10000 || t>>16 == 0xFFFF || t >= appData && t <= appDataLast || t&0xFFFF <= QWord
	return known && plausibleName(name{b[vkName : vkName+n], flags&vkNarrow != 0}, false)
}

// plausibleName refuses control characters but for a few NULs, and in a key's name the backslash.
func plausibleName(n name, key bool) bool {
	nuls := 0
	for i := range n.len() {
		switch u := n.unit(i); {
		case u == 0:
			nuls++
		case u < 0x20 && u != '\r' && u != '\n' && u != '\t', u == '\\' && key:
			return false
		}
	}
	return nuls <= n.len()/4
}
