package ntfs

import (
	"bytes"
	"strings"
)

// Fields of a file record that only the stream of records reads; the others
// are in record.go.
const (
	recLSN       = 8  // u64
	recLinks     = 18 // u16
	recAllocated = 28 // u32

	typeObjectID = 0x40

	siUSN      = 64 // u64, from NTFS 3.0 on
	siOwner    = 48 // u32
	siSecurity = 52 // u32
	siSize30   = 72

	fnAllocated = 40 // u64
	fnSize      = 48 // u64
)

// Damage is a set of defects of a file record that was read all the same.
type Damage uint8

// What a record can suffer.
const (
	Torn       Damage = 1 << iota // a sector does not end with the record's check value
	Baad                          // chkdsk marked the record as torn; nothing is read from it
	BadFixup                      // the update sequence lies outside the record
	BadHeader                     // the attributes begin outside the record
	BadLength                     // an attribute runs past the record; those after it are lost
	BadContent                    // a name or a value runs past its attribute
	Crowded                       // more names or streams than are kept for one file
)

// String names the defects. Those of a torn record follow from its being torn
// and are not named.
func (d Damage) String() string {
	if d&Torn != 0 {
		return "torn"
	}
	var out []string
	for i, s := range [...]string{
		"torn", "BAAD", "update sequence outside the record", "attributes outside the record",
		"attribute runs past the record", "value runs past its attribute", "too many names or streams",
	} {
		if d>>i&1 != 0 {
			out = append(out, s)
		}
	}
	return strings.Join(out, ", ")
}

// A Record is one file record of $MFT. The iterator that yields it reuses it:
// what a caller keeps must be copied with [Record.Clone].
type Record struct {
	Entry    uint64 // the position in $MFT; the number in the header is not used
	Sequence uint16 // of the header
	Offset   int64  // in $MFT
	Flags    uint16
	Links    uint16
	LSN      uint64    // of the last change, in $LogFile
	Base     Reference // of an extension record: the record that it extends
	Damage   Damage

	HasStandard bool
	Standard    Standard
	Names       []Name
	Streams     []DataStream
	ReparseTag  uint32 // 0 when the file is no reparse point
	ObjectID    []byte // 16 bytes and, from Windows, three more identifiers
	EA          []byte // extended attributes; see [Record.WSL]
	HasIndex    bool   // an index of names: the file is a directory
	IndexID     uint16 // of the attribute with the root of that index
	IndexSize   uint32 // of the root

	// Extensions counts the extension records whose names and streams were
	// joined. It is 0 without a [Table].
	Extensions int
	// Reused reports that this is an extension record whose base record has
	// been given to another file since. Its names are all that is left of the
	// file. It is known only with a [Table].
	Reused bool

	// What lies after the used part of the record: attributes of before.
	SlackNames   []Name
	SlackStreams []DataStream
}

// Standard is the $STANDARD_INFORMATION of a file.
type Standard struct {
	Times
	Attributes uint32
	Flags      uint32 // bit 0: a directory whose names are case-sensitive
	Owner      uint32
	Security   uint32
	USN        uint64 // position in the change journal of the last change
}

// A Name is one $FILE_NAME. Its times and sizes are those of the moment when
// the name was made.
type Name struct {
	Times
	Parent    Reference
	Allocated uint64
	Size      uint64
	Flags     uint32
	Reparse   uint32
	Namespace uint8  // 0 POSIX, 1 Win32, 2 DOS, 3 Win32 and DOS
	ID        uint16 // of the attribute, in its record

	Offset int32  // of the attribute in its record
	Record uint64 // entry of the record that holds it
	units  []byte // UTF-16LE
}

// Name returns the name. An unpaired surrogate becomes the three bytes that
// UTF-8 would need for it.
func (n *Name) Name() string { return stringUTF16(n.units) }

// AppendName appends the name to b.
func (n *Name) AppendName(b []byte) []byte { return appendUTF16(b, n.units) }

// Units returns the length of the name in UTF-16 units.
func (n *Name) Units() int { return len(n.units) / 2 }

// DOS reports whether the name is only a short one.
func (n *Name) DOS() bool { return n.Namespace == namespaceDOS }

// A DataStream is one $DATA attribute.
type DataStream struct {
	Size     uint64
	Resident bool
	Value    []byte // of a resident stream
	Flags    uint16 // 1 compressed, 0x4000 encrypted, 0x8000 sparse
	ID       uint16 // of the attribute, in its record

	Offset int32  // of the attribute in its record
	Record uint64 // entry of the record that holds it
	units  []byte
}

// Name returns the stream's name, "" for the main stream.
func (s *DataStream) Name() string { return stringUTF16(s.units) }

// Main reports whether it is the main stream.
func (s *DataStream) Main() bool { return len(s.units) == 0 }

// InUse reports whether the record belongs to a file that exists.
func (r *Record) InUse() bool { return r.Flags&flagInUse != 0 }

// Directory reports whether the record is that of a directory.
func (r *Record) Directory() bool { return r.Flags&flagDir != 0 || r.HasIndex }

// IsBase reports whether the record is a file's first one.
func (r *Record) IsBase() bool { return r.Base == 0 }

// Reference returns the reference that other structures hold to the file: with
// the header's sequence number, or the one before it when the record is free.
func (r *Record) Reference() Reference {
	return NewReference(r.Entry, effective(r.Sequence, r.Flags&flagInUse != 0))
}

// effective is the sequence number that references to a record have. Windows
// raises the number when it frees the record: of 8,720 deleted files in a freed
// directory all name the number before the one in its header.
func effective(seq uint16, inUse bool) uint16 {
	switch {
	case inUse || seq == 1:
		return seq
	case seq == 0:
		return 0xFFFF
	}
	return seq - 1
}

// BestName returns the first name that is not a short one, or else the first
// short one; nil without a name. Several long names are hard links, each of
// them a path of its own.
func (r *Record) BestName() *Name { return bestName(r.Names) }

// shortName returns the name that is only a short one, or nil.
func (r *Record) shortName() *Name {
	for i := range r.Names {
		if r.Names[i].DOS() {
			return &r.Names[i]
		}
	}
	return nil
}

func bestName(names []Name) *Name {
	for i := range names {
		if !names[i].DOS() {
			return &names[i]
		}
	}
	if len(names) > 0 {
		return &names[0]
	}
	return nil
}

// zoneName is the stream that holds the Mark of the Web.
const zoneName = "Zone.Identifier"

// ZoneIdentifier returns the stream that holds the Mark of the Web, or nil. Its
// Value is nil when the text is not in the record.
func (r *Record) ZoneIdentifier() *DataStream {
	for i := range r.Streams {
		if s := &r.Streams[i]; len(s.units) == 2*len(zoneName) && strings.EqualFold(s.Name(), zoneName) {
			return s
		}
	}
	return nil
}

// Clone returns a copy that stays valid.
func (r *Record) Clone() *Record {
	c := *r
	c.ObjectID, c.EA = bytes.Clone(r.ObjectID), bytes.Clone(r.EA)
	c.Names, c.SlackNames = cloneNames(r.Names), cloneNames(r.SlackNames)
	c.Streams, c.SlackStreams = cloneStreams(r.Streams), cloneStreams(r.SlackStreams)
	return &c
}

func cloneNames(in []Name) []Name {
	out := append([]Name(nil), in...)
	for i := range out {
		out[i].units = bytes.Clone(out[i].units)
	}
	return out
}

func cloneStreams(in []DataStream) []DataStream {
	out := append([]DataStream(nil), in...)
	for i := range out {
		out[i].units, out[i].Value = bytes.Clone(out[i].units), bytes.Clone(out[i].Value)
	}
	return out
}

// reset makes the record empty, with its memory kept. It is called for each
// record of a volume: only what a record has set before is cleared.
func (r *Record) reset(entry uint64, at int64) {
	r.Entry, r.Offset = entry, at
	r.Sequence, r.Flags, r.Links, r.LSN, r.Base, r.Damage = 0, 0, 0, 0, 0, 0
	if r.HasStandard {
		r.HasStandard, r.Standard = false, Standard{}
	}
	r.Names, r.Streams = r.Names[:0], r.Streams[:0]
	r.SlackNames, r.SlackStreams = r.SlackNames[:0], r.SlackStreams[:0]
	r.ReparseTag, r.Extensions, r.Reused = 0, 0, false
	if r.ObjectID != nil {
		r.ObjectID = nil
	}
	if r.EA != nil {
		r.EA = nil
	}
	r.HasIndex, r.IndexID, r.IndexSize = false, 0, 0
}

// parse reads the record b, whose fixups it puts back. It reports false when
// there is no record: b is empty or has another signature.
func (r *Record) parse(b []byte, slack bool) bool {
	switch string(b[:4]) {
	case "FILE":
	case "BAAD":
		r.Damage = Baad
		return true
	default:
		return false
	}
	r.Damage |= putBack(b)
	r.LSN = le.Uint64(b[recLSN:])
	r.Sequence, r.Links, r.Flags = le.Uint16(b[recSequence:]), le.Uint16(b[recLinks:]), le.Uint16(b[recFlags:])
	r.Base = Reference(le.Uint64(b[recBase:]))
	used := min(int(min(le.Uint32(b[recUsed:]), 1<<20)), len(b))
	off := int(le.Uint16(b[recAttrs:]))
	if off < recHeader || off > used {
		r.Damage |= BadHeader
		return true
	}
	end := r.attributes(b[:used], off, r.Entry, 0)
	if slack {
		r.slack(b, end) // an attribute across the end of the used part is slack, too
	}
	return true
}

// putBack undoes the update sequence as far as it is good.
func putBack(b []byte) Damage {
	off, n := int(le.Uint16(b[recFixupOff:])), int(le.Uint16(b[recFixupCount:]))
	if n == 0 || n-1 > len(b)/512 || off+2*n > len(b) {
		return BadFixup
	}
	var d Damage
	check := le.Uint16(b[off:])
	for i := 1; i < n; i++ {
		if end := b[512*i-2 : 512*i]; le.Uint16(end) == check {
			le.PutUint16(end, le.Uint16(b[off+2*i:]))
		} else {
			d = Torn
		}
	}
	return d
}

// attributes reads the attributes of b from off on and returns where they end.
// entry is that of the record they lie in; at is what to add to their offsets.
func (r *Record) attributes(b []byte, off int, entry uint64, at int) int {
	for len(b)-off >= 8 {
		typ, n := le.Uint32(b[off:]), le.Uint32(b[off+attrLen:])
		if typ == typeEnd {
			return off + 8
		}
		if n < attrResHeader || int64(n) > int64(len(b)-off) {
			r.Damage |= BadLength
			return off
		}
		switch typ {
		case typeStandardInfo, typeFileName, typeObjectID, typeData, typeIndexRoot, typeReparse, typeEA:
			if !r.attribute(b[off:off+int(n)], typ, entry, int32(off+at)) {
				r.Damage |= BadContent
			}
		}
		off += int(n)
	}
	return off
}

// attribute reads one attribute. It reports false when a part runs past it.
func (r *Record) attribute(a []byte, typ uint32, entry uint64, at int32) bool {
	if typ == typeData {
		k := len(r.Streams)
		if k == cap(r.Streams) {
			r.Streams = append(r.Streams, DataStream{})
		}
		r.Streams = r.Streams[:k+1]
		s := &r.Streams[k]
		ok := s.parse(a)
		if !ok || s.units == nil && s.Size == notFirst {
			r.Streams = r.Streams[:k]
			return ok
		}
		s.Record, s.Offset = entry, at
		return true
	}
	if a[attrNonRes] != 0 {
		return true // none of these is kept outside the record, but a large reparse point
	}
	v, ok := residentValue(a)
	if !ok {
		return false
	}
	switch typ {
	case typeStandardInfo:
		return r.standard(v)
	case typeFileName:
		k := len(r.Names)
		if k == cap(r.Names) {
			r.Names = append(r.Names, Name{})
		}
		r.Names = r.Names[:k+1]
		n := &r.Names[k]
		if !n.parse(v) {
			r.Names = r.Names[:k]
			return false
		}
		n.Record, n.Offset, n.ID = entry, at, le.Uint16(a[attrID:])
	case typeObjectID:
		r.ObjectID = v
	case typeEA:
		r.EA = v
	case typeIndexRoot:
		if !r.HasIndex && isNameIndex(a) {
			r.HasIndex, r.IndexID, r.IndexSize = true, le.Uint16(a[attrID:]), uint32(len(v))
		}
	case typeReparse:
		if len(v) < 4 {
			return false
		}
		r.ReparseTag = le.Uint32(v)
	}
	return true
}

// isNameIndex reports whether an index root has the name $I30.
func isNameIndex(a []byte) bool {
	off := int(le.Uint16(a[attrNameOff:]))
	return a[attrNameLen] == 4 && off+8 <= len(a) && string(a[off:off+8]) == "$\x00I\x003\x000\x00"
}

func residentValue(a []byte) ([]byte, bool) {
	off, n := int64(le.Uint16(a[attrValueOff:])), int64(le.Uint32(a[attrValueLen:]))
	if off+n > int64(len(a)) {
		return nil, false
	}
	return a[off : off+n], true
}

func (r *Record) standard(v []byte) bool {
	if len(v) < siSize {
		return false
	}
	r.HasStandard = true
	r.Standard.Times = timesAt(v)
	r.Standard.Attributes = le.Uint32(v[siAttributes:])
	if len(v) >= 44 {
		r.Standard.Flags = le.Uint32(v[40:])
	}
	if len(v) >= siSize30 {
		r.Standard.Owner, r.Standard.Security = le.Uint32(v[siOwner:]), le.Uint32(v[siSecurity:])
		r.Standard.USN = le.Uint64(v[siUSN:])
	}
	return true
}

// parse reads the value of a $FILE_NAME, also that in an index. It sets all that
// the value has; the other fields keep what they hold.
func (n *Name) parse(v []byte) bool {
	if len(v) < fnName {
		return false
	}
	h := (*[fnName]byte)(v)
	units := v[fnName:]
	if size := 2 * int(h[fnNameLen]); size <= len(units) {
		units = units[:size:size]
	} else {
		return false
	}
	n.Parent = Reference(le.Uint64(h[0:]))
	n.Times = timesAt(h[fnCreated:])
	n.Allocated, n.Size = le.Uint64(h[fnAllocated:]), le.Uint64(h[fnSize:])
	n.Flags, n.Reparse = le.Uint32(h[fnFlags:]), le.Uint32(h[fnReparse:])
	n.Namespace = h[fnNamespace]
	n.units = units
	return true
}

// notFirst is the size that [DataStream.parse] gives to a later piece of a stream,
// whose first piece is in another record.
const notFirst = 1<<64 - 1

// parse reads a $DATA attribute. It sets all fields but the place.
func (s *DataStream) parse(a []byte) bool {
	h := (*[attrResHeader]byte)(a)
	s.Flags, s.ID, s.Resident, s.Size = le.Uint16(h[attrFlags:]), le.Uint16(h[attrID:]), h[attrNonRes] == 0, 0
	s.units, s.Value = nil, nil
	if n := 2 * int(h[attrNameLen]); n > 0 {
		off := int(le.Uint16(h[attrNameOff:]))
		if off+n > len(a) {
			return false
		}
		s.units = a[off : off+n]
	}
	if s.Resident {
		v, ok := residentValue(a)
		s.Value, s.Size = v, uint64(len(v))
		return ok
	}
	if len(a) < attrNonResHead {
		return false
	}
	if le.Uint64(a[attrFirstVCN:]) != 0 {
		s.units, s.Size = nil, notFirst
		return true
	}
	s.Size = le.Uint64(a[attrRealSize:])
	return true
}
