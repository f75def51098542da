package ntfs

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A record of the change journal: USN_RECORD_V2, _V3 and _V4 as winioctl.h
// documents them. Version 3 and 4 have references of 128 bits.
const (
	usnLength = 0 // u32
	usnMajor  = 4 // u16
	usnMinor  = 6 // u16

	usn2Head = 60
	usn3Head = 76
	usn4Head = 64

	usnAlign = 8
	usnPage  = 4096 // a record never crosses one
)

// A usnLayout holds the offsets of the fields of one version. An offset of 0 is a
// field that the version lacks.
type usnLayout struct {
	head, parent, usn, time, reason, source, security, attributes, nameLen, nameOff int
}

var usnLayouts = [...]usnLayout{
	2: {usn2Head, 16, 24, 32, 40, 44, 48, 52, 56, 58},
	3: {usn3Head, 24, 40, 48, 56, 60, 64, 68, 72, 74},
	4: {usn4Head, 24, 40, 0, 48, 52, 0, 0, 0, 0},
}

const usnFile = 8 // of every version

// Version 4 only.
const (
	usn4Remaining = 56 // u32
	usn4Count     = 60 // u16
	usn4Size      = 62 // u16
	usn4Extents   = 64 // pairs of u64 offset, u64 length
	usn4Extent    = 16
)

// A Change is one record of the change journal. The iterator that yields it
// reuses it; [Change.Clone] keeps it.
type Change struct {
	Offset  int64 // of the record, in what was read
	USN     uint64
	Version uint16 // 2, 3 or 4
	File    Reference
	Parent  Reference
	// FileHigh and ParentHigh are the upper halves of references of 128 bits.
	// They are 0 on NTFS.
	FileHigh, ParentHigh uint64
	FileTime             uint64 // 0 in version 4
	Reason               Reason
	Source               uint32 // 1 data management, 2 auxiliary data, 4 and 8 replication
	Security             uint32
	Attributes           uint32

	// Extents are the ranges that a record of version 4 reports; Remaining
	// counts those in later records of the same change.
	Extents   []Range
	Remaining uint32

	// Carved reports that the record was found outside the journal.
	Carved bool

	units []byte
}

// A Range is a piece of a stream, in bytes.
type Range struct{ Offset, Length int64 }

// Name returns the file's name at that moment, "" in version 4.
func (c *Change) Name() string { return stringUTF16(c.units) }

// AppendName appends the name to b.
func (c *Change) AppendName(b []byte) []byte { return appendUTF16(b, c.units) }

// Time returns the time of the change.
func (c *Change) Time() time.Time { return wire.Time(c.FileTime) }

// Directory reports whether the change is one of a folder.
func (c *Change) Directory() bool { return c.Attributes&0x10 != 0 }

// Clone returns a copy that stays valid.
func (c *Change) Clone() *Change {
	d := *c
	d.units, d.Extents = slices.Clone(c.units), slices.Clone(c.Extents)
	return &d
}

// A Reason is the set of changes since a file was opened. Each new kind of
// change writes a record with the sum so far; the last one has [ReasonClose].
type Reason uint32

// The reasons that decide what happened to a file.
const (
	ReasonOverwrite  Reason = 0x1
	ReasonExtend     Reason = 0x2
	ReasonTruncate   Reason = 0x4
	ReasonCreate     Reason = 0x100
	ReasonDelete     Reason = 0x200
	ReasonSecurity   Reason = 0x800
	ReasonRenameOld  Reason = 0x1000
	ReasonRenameNew  Reason = 0x2000
	ReasonBasicInfo  Reason = 0x8000
	ReasonHardLink   Reason = 0x10000
	ReasonStream     Reason = 0x200000
	ReasonClose      Reason = 0x80000000
	reasonKnownNames        = 0x81FFFF77
)

var reasonNames = [32]string{
	0: "DATA_OVERWRITE", 1: "DATA_EXTEND", 2: "DATA_TRUNCATION",
	4: "NAMED_DATA_OVERWRITE", 5: "NAMED_DATA_EXTEND", 6: "NAMED_DATA_TRUNCATION",
	8: "FILE_CREATE", 9: "FILE_DELETE", 10: "EA_CHANGE", 11: "SECURITY_CHANGE",
	12: "RENAME_OLD_NAME", 13: "RENAME_NEW_NAME", 14: "INDEXABLE_CHANGE", 15: "BASIC_INFO_CHANGE",
	16: "HARD_LINK_CHANGE", 17: "COMPRESSION_CHANGE", 18: "ENCRYPTION_CHANGE", 19: "OBJECT_ID_CHANGE",
	20: "REPARSE_POINT_CHANGE", 21: "STREAM_CHANGE", 22: "TRANSACTED_CHANGE", 23: "INTEGRITY_CHANGE",
	24: "DESIRED_STORAGE_CLASS_CHANGE", 31: "CLOSE",
}

// String returns the documented names, without USN_REASON_, and the bits that
// have none as a number.
func (r Reason) String() string {
	var out []string
	for i, name := range reasonNames {
		if name != "" && r>>i&1 != 0 {
			out = append(out, name)
		}
	}
	if rest := r &^ reasonKnownNames; rest != 0 {
		out = append(out, "0x"+strconv.FormatUint(uint64(rest), 16))
	}
	return strings.Join(out, "|")
}

// parse reads the record at the start of b. It returns its length, or 0 when b
// does not begin with a plausible record.
func (c *Change) parse(b []byte) int {
	if len(b) < usn2Head {
		return 0
	}
	n, major := le.Uint32(b), le.Uint16(b[usnMajor:])
	if n < usn2Head || n > usnPage || n%usnAlign != 0 || int64(n) > int64(len(b)) || major < 2 || major > 4 ||
		le.Uint16(b[usnMinor:]) != 0 {
		return 0
	}
	l := &usnLayouts[major]
	if int(n) < l.head {
		return 0
	}
	b = b[:n]
	usn := le.Uint64(b[l.usn:])
	if usn%usnAlign != 0 || usn > 1<<62 || usn%usnPage+uint64(n) > usnPage {
		return 0
	}
	c.USN, c.Version = usn, major
	c.File, c.Parent = Reference(le.Uint64(b[usnFile:])), Reference(le.Uint64(b[l.parent:]))
	c.Reason, c.Source = Reason(le.Uint32(b[l.reason:])), le.Uint32(b[l.source:])
	c.Extents = c.Extents[:0]
	if major == 4 {
		return c.parseExtents(b)
	}
	nameLen, nameOff := int(le.Uint16(b[l.nameLen:])), int(le.Uint16(b[l.nameOff:]))
	if nameOff < l.head || nameLen%2 != 0 || nameOff+nameLen > int(n) {
		return 0
	}
	c.units = b[nameOff : nameOff+nameLen]
	c.FileHigh, c.ParentHigh = 0, 0
	if major == 3 {
		c.FileHigh, c.ParentHigh = le.Uint64(b[16:]), le.Uint64(b[32:])
	}
	c.FileTime = le.Uint64(b[l.time:])
	c.Security, c.Attributes, c.Remaining = le.Uint32(b[l.security:]), le.Uint32(b[l.attributes:]), 0
	return int(n)
}

func (c *Change) parseExtents(b []byte) int {
	c.FileHigh, c.ParentHigh = le.Uint64(b[16:]), le.Uint64(b[32:])
	c.FileTime, c.Security, c.Attributes, c.units = 0, 0, 0, nil
	c.Remaining = le.Uint32(b[usn4Remaining:])
	count, size := int(le.Uint16(b[usn4Count:])), int(le.Uint16(b[usn4Size:]))
	if count > 0 && size < usn4Extent || usn4Extents+count*size > len(b) {
		return 0
	}
	for i := range count {
		at := usn4Extents + i*size
		c.Extents = append(c.Extents, Range{int64(le.Uint64(b[at:])), int64(le.Uint64(b[at+8:]))})
	}
	return len(b)
}
