package ntfs

// Attributes that were removed or shifted leave their bytes after the used part
// of the record. In one damaged volume six long names are found only there.

// slack reads what looks like an attribute in b from off on. An attribute lies
// at a multiple of eight bytes; most of the space is zeros.
func (r *Record) slack(b []byte, off int) {
	off = (off + 7) &^ 7
	for off+attrResHeader <= len(b) {
		typ := le.Uint32(b[off:])
		if typ != typeFileName && typ != typeData {
			off += 8
			continue
		}
		n := le.Uint32(b[off+attrLen:])
		if n < attrResHeader || n%8 != 0 || int64(n) > int64(len(b)-off) || !r.slackAttribute(b[off:off+int(n)], typ, int32(off)) {
			off += 8
			continue
		}
		off += int(n)
	}
}

func (r *Record) slackAttribute(a []byte, typ uint32, at int32) bool {
	if typ == typeData {
		var s DataStream
		if !s.parse(a) || s.Size == notFirst || a[attrNonRes] > 1 || !plausibleUnits(s.units) || !s.Resident && !plausibleRuns(a) {
			return false
		}
		s.Record, s.Offset = r.Entry, at
		r.SlackStreams = append(r.SlackStreams, s)
		return true
	}
	v, ok := residentValue(a)
	if !ok || a[attrNonRes] != 0 {
		return false
	}
	var n Name
	if !n.parse(v) || !n.plausible() {
		return false
	}
	n.Record, n.Offset = r.Entry, at
	r.SlackNames = append(r.SlackNames, n)
	return true
}

// plausibleRuns reports whether the header of an attribute outside the record
// agrees with itself: its runs follow it, and its size fits into what it has
// allocated, which is a whole number of sectors.
func plausibleRuns(a []byte) bool {
	const attrAllocated = 40 // u64
	runs, allocated, size := int(le.Uint16(a[attrRunsOff:])), le.Uint64(a[attrAllocated:]), le.Uint64(a[attrRealSize:])
	return runs >= attrNonResHead && runs < len(a) && allocated%512 == 0 && size <= allocated && allocated < 1<<62
}

// Years within which a time found in slack is believed.
const (
	plausibleFrom = 119600064000000000 // 1980-01-01
	plausibleTo   = 157469184000000000 // 2100-01-01
)

// plausible reports whether bytes without a structure around them can be a
// name: its times, its name space, its characters.
func (n *Name) plausible() bool {
	if n.Namespace > 3 || len(n.units) == 0 || n.Parent == 0 || !plausibleUnits(n.units) {
		return false
	}
	for _, t := range n.Times {
		if t != 0 && (t < plausibleFrom || t > plausibleTo) {
			return false
		}
	}
	return n.Times[0] != 0
}

// plausibleUnits reports whether UTF-16 holds no control character and no
// character that no name may have.
func plausibleUnits(b []byte) bool {
	for i := 0; i+1 < len(b); i += 2 {
		switch c := le.Uint16(b[i:]); {
		case c < 0x20 && c != 5, c == 0xFFFF, c == '/', c == '\\':
			return false
		}
	}
	return true
}
