package ntfs

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf16"
)

// A file record ("FILE record", Linux-NTFS documentation).
const (
	recFixupOff   = 4  // u16
	recFixupCount = 6  // u16, with the check value itself
	recSequence   = 16 // u16
	recAttrs      = 20 // u16, offset of the first attribute
	recFlags      = 22 // u16: 1 in use, 2 directory
	recUsed       = 24 // u32
	recBase       = 32 // u64, reference of the base record, 0 in a base record
	recHeader     = 42

	flagInUse = 1
	flagDir   = 2
)

// Attribute types.
const (
	typeStandardInfo  = 0x10
	typeAttributeList = 0x20
	typeFileName      = 0x30
	typeVolumeName    = 0x60
	typeVolumeInfo    = 0x70
	typeData          = 0x80
	typeIndexRoot     = 0x90
	typeIndexAlloc    = 0xA0
	typeBitmap        = 0xB0
	typeReparse       = 0xC0
	typeEnd           = 0xFFFFFFFF
)

// An attribute ("Attributes", same document), resident and not.
const (
	attrType       = 0  // u32
	attrLen        = 4  // u32
	attrNonRes     = 8  // u8
	attrNameLen    = 9  // u8, UTF-16 units
	attrNameOff    = 10 // u16
	attrFlags      = 12 // u16
	attrID         = 14 // u16
	attrValueLen   = 16 // u32, resident
	attrValueOff   = 20 // u16, resident
	attrResHeader  = 24
	attrFirstVCN   = 16 // u64
	attrRunsOff    = 32 // u16
	attrUnit       = 34 // u8, log2 of the clusters in a compression unit
	attrRealSize   = 48 // u64
	attrInitSize   = 56 // u64
	attrNonResHead = 64

	attrCompressed = 0x0001
	attrEncrypted  = 0x4000
)

// A ref names a file record: the entry in the lower 48 bits, its sequence number above.
type ref uint64

func (r ref) entry() uint64    { return uint64(r) & (1<<48 - 1) }
func (r ref) sequence() uint16 { return uint16(r >> 48) }

type record struct {
	entry uint64
	at    int64 // offset in the volume, or in the MFT when that is all that is known
	seq   uint16
	flags uint16
	base  ref
	attrs []attr
}

// An attr is one attribute of a record; the slices point into the record's own copy.
type attr struct {
	typ      uint32
	name     string
	flags    uint16
	id       uint16
	resident bool
	value    []byte // resident
	firstVCN uint64
	runs     []byte // mapping pairs, not decoded
	unit     uint8
	size     int64 // of the whole stream, in the piece with firstVCN 0
	init     int64
	record   uint64
}

// readRecord reads a file record by its entry number.
func (v *Volume) readRecord(entry uint64) (*record, error) {
	if entry >= v.entries {
		return nil, &FormatError{Struct: "MFT", Problem: fmt.Sprintf("has no entry %d, only %d", entry, v.entries)}
	}
	at := int64(entry) * v.record
	buf := make([]byte, v.record)
	if err := readFull(v.mft, buf, at); err != nil {
		return nil, &FormatError{Offset: at, Struct: "MFT", Problem: fmt.Sprintf("entry %d cannot be read", entry), Err: err}
	}
	return v.parseRecord(entry, at, buf)
}

func (v *Volume) parseRecord(entry uint64, at int64, b []byte) (*record, error) {
	bad := func(problem string) error {
		return &FormatError{Offset: at, Struct: fmt.Sprintf("file record %d", entry), Problem: problem}
	}
	if string(b[:4]) != "FILE" {
		return nil, bad(fmt.Sprintf("signature %q", b[:4]))
	}
	if problem := fixup(b); problem != "" {
		return nil, bad(problem)
	}
	rec := &record{entry: entry, at: at, seq: le.Uint16(b[recSequence:]), flags: le.Uint16(b[recFlags:]), base: ref(le.Uint64(b[recBase:]))}
	used := int(min(int64(le.Uint32(b[recUsed:])), int64(len(b))))
	off := int(le.Uint16(b[recAttrs:]))
	if off < recHeader || off > used {
		return nil, bad("attributes begin outside the record")
	}
	for off+8 <= used {
		typ, n := le.Uint32(b[off+attrType:]), le.Uint32(b[off+attrLen:])
		if typ == typeEnd {
			break
		}
		if n < attrResHeader || int64(n) > int64(used-off) {
			return rec, bad("an attribute runs past the record") // what stands before it is good
		}
		a, problem := parseAttr(b[off : off+int(n)])
		if problem != "" {
			return rec, bad(fmt.Sprintf("attribute %#x: %s", typ, problem))
		}
		a.record = entry
		rec.attrs = append(rec.attrs, a)
		off += int(n)
	}
	return rec, nil
}

func parseAttr(b []byte) (attr, string) {
	a := attr{typ: le.Uint32(b[attrType:]), flags: le.Uint16(b[attrFlags:]), id: le.Uint16(b[attrID:]), resident: b[attrNonRes] == 0}
	if n := 2 * int(b[attrNameLen]); n > 0 {
		off := int(le.Uint16(b[attrNameOff:]))
		if off+n > len(b) {
			return a, "name runs past it"
		}
		a.name = utf16Name(b[off : off+n])
	}
	if a.resident {
		off, n := int64(le.Uint16(b[attrValueOff:])), int64(le.Uint32(b[attrValueLen:]))
		if off+n > int64(len(b)) {
			return a, "value runs past it"
		}
		a.value = b[off : off+n]
		a.size, a.init = n, n
		return a, ""
	}
	if len(b) < attrNonResHead {
		return a, "too short for its mapping"
	}
	off := int(le.Uint16(b[attrRunsOff:]))
	if off > len(b) {
		return a, "mapping begins past it"
	}
	a.firstVCN = le.Uint64(b[attrFirstVCN:])
	a.runs = b[off:]
	a.unit = b[attrUnit]
	size, init := le.Uint64(b[attrRealSize:]), le.Uint64(b[attrInitSize:])
	if a.firstVCN == 0 {
		if size > 1<<62 || init > 1<<62 {
			return a, "impossible size"
		}
		a.size, a.init = int64(size), int64(min(init, size))
	}
	return a, ""
}

// fixup puts back the last two bytes of each 512 bytes of a record or index block, which hold a check value on disk.
func fixup(b []byte) (problem string) {
	off, n := int(le.Uint16(b[recFixupOff:])), int(le.Uint16(b[recFixupCount:]))
	switch {
	case n == 0 || n-1 > len(b)/512:
		return fmt.Sprintf("%d fixups for %d bytes", n, len(b))
	case off+2*n > len(b):
		return "fixups run past it"
	}
	check := [2]byte(b[off:])
	for i := 1; i < n; i++ {
		end := b[512*i-2:]
		if [2]byte(end) != check {
			return fmt.Sprintf("torn write: sector %d does not end with the check value", i-1)
		}
		copy(end[:2], b[off+2*i:])
	}
	return ""
}

// An inode is a file: a base record and the attributes of all records that belong to it.
type inode struct {
	v      *Volume
	base   *record
	attrs  []attr
	damage error // the first thing that is wrong with it and was survived
}

// The attribute list: entries of this form, one for each attribute of the file.
const (
	listType   = 0  // u32
	listLen    = 4  // u16
	listRef    = 16 // u64
	listID     = 24 // u16
	listHeader = 26

	maxAttributeList = 256 << 10 // the most that Windows writes
)

// inode reads a file with all its records. The records that an attribute list names are read once each, and their own lists not at all,
// so a list that leads in a circle ends.
func (v *Volume) inode(entry uint64) (*inode, error) {
	base, err := v.readRecord(entry)
	if base == nil {
		return nil, err
	}
	f := &inode{v: v, base: base, attrs: base.attrs, damage: err}
	i := slices.IndexFunc(base.attrs, func(a attr) bool { return a.typ == typeAttributeList })
	if i < 0 {
		return f, nil
	}
	list, err := f.listBytes(&base.attrs[i])
	if err != nil {
		f.damage = err
		return f, nil
	}
	f.attrs = slices.Clip(f.attrs)
	seen := map[uint64]bool{entry: true}
	for off := 0; off+listHeader <= len(list); {
		n := int(le.Uint16(list[off+listLen:]))
		if n < listHeader {
			break
		}
		r := ref(le.Uint64(list[off+listRef:]))
		off += n
		if seen[r.entry()] {
			continue
		}
		seen[r.entry()] = true
		ext, err := v.readRecord(r.entry())
		switch {
		case ext == nil:
			f.damage = err
		case ext.base.entry() != entry || ext.flags&flagInUse == 0:
			f.damage = &FormatError{Offset: ext.at, Struct: fmt.Sprintf("file record %d", ext.entry),
				Problem: fmt.Sprintf("does not belong to entry %d, whose attribute list names it", entry)}
		default:
			if err != nil {
				f.damage = err
			}
			f.attrs = append(f.attrs, ext.attrs...)
		}
	}
	return f, nil
}

func (f *inode) listBytes(a *attr) ([]byte, error) {
	if a.resident {
		return a.value, nil
	}
	if a.size > maxAttributeList {
		return nil, &FormatError{Offset: f.base.at, Struct: "attribute list",
			Problem: fmt.Sprintf("%d bytes, more than Windows writes", a.size)}
	}
	s, err := f.v.newStream(f, []*attr{a})
	if err != nil {
		return nil, err
	}
	b := make([]byte, s.size)
	return b, readFull(s, b, 0)
}

// filetime turns 100 ns since 1601 into a time; 0 is the zero time, and so is what lies behind the year 9999.
func filetime(b []byte) time.Time {
	ft := le.Uint64(b)
	const epoch = 11644473600        // seconds from 1601 to 1970
	const last = 2650467743999999999 // the end of the year 9999, the last time that RFC 3339 can write
	if ft == 0 || ft > last {
		return time.Time{}
	}
	return time.Unix(int64(ft/1e7)-epoch, int64(ft%1e7)*100).UTC()
}

// utf16Name decodes a name; a lone surrogate becomes U+FFFD.
func utf16Name(b []byte) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = le.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}
