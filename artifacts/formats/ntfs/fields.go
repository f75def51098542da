package ntfs

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A Field is one named field of a record, for readers who check it by hand.
type Field struct {
	Offset int64 // from the start of the record
	Size   int
	Name   string
	Value  string
}

// maxFields bounds what is named of one record.
const maxFields = 512

// RecordFields names the fields of a file record as it is stored: the last two
// bytes of each sector hold the check value.
func RecordFields(b []byte) []Field {
	var x fields
	x.b = b
	x.text(0, 4, "signature")
	x.uint(recFixupOff, 2, "update sequence offset")
	x.uint(recFixupCount, 2, "update sequence count")
	x.uint(recLSN, 8, "log sequence number")
	x.uint(recSequence, 2, "sequence number")
	x.uint(recLinks, 2, "hard links")
	x.uint(recAttrs, 2, "first attribute")
	x.uint(recFlags, 2, "flags: 1 in use, 2 folder")
	x.uint(recUsed, 4, "bytes used")
	x.uint(recAllocated, 4, "bytes allocated")
	x.ref(recBase, "base record")
	if len(b) < recHeader {
		return x.list
	}
	whole := append([]byte(nil), b...)
	unfix(whole) // a torn record is named as it is
	x.b = whole
	used := min(int64(le.Uint32(whole[recUsed:])), int64(len(whole)))
	for at := int64(le.Uint16(whole[recAttrs:])); at+attrResHeader <= used && len(x.list) < maxFields; {
		typ, size := le.Uint32(whole[at:]), int64(le.Uint32(whole[at+attrLen:]))
		if typ == typeEnd || size < attrResHeader || at+size > used {
			break
		}
		x.attribute(at, size, typ)
		at += size
	}
	return x.list
}

// unfix puts the ends of the sectors back.
func unfix(b []byte) {
	off, n := int(le.Uint16(b[recFixupOff:])), int(le.Uint16(b[recFixupCount:]))
	for i := 1; i < n; i++ {
		end := 512*i - 2
		if off+2*i+2 > len(b) || end+2 > len(b) {
			return
		}
		copy(b[end:end+2], b[off+2*i:off+2*i+2])
	}
}

type fields struct {
	b    []byte
	list []Field
}

func (x *fields) add(off int64, size int, name, value string) {
	if off >= 0 && off+int64(size) <= int64(len(x.b)) {
		x.list = append(x.list, Field{off, size, name, value})
	}
}

func (x *fields) value(off int64, size int) uint64 {
	var v uint64
	if off < 0 || off+int64(size) > int64(len(x.b)) {
		return 0
	}
	for i := size - 1; i >= 0; i-- {
		v = v<<8 | uint64(x.b[off+int64(i)])
	}
	return v
}

func (x *fields) uint(off int64, size int, name string) {
	v := x.value(off, size)
	x.add(off, size, name, fmt.Sprintf("%d (%#x)", v, v))
}

func (x *fields) ref(off int64, name string) {
	x.add(off, 8, name, Reference(x.value(off, 8)).String())
}

func (x *fields) time(off int64, name string) {
	v := x.value(off, 8)
	x.add(off, 8, name, wire.Time(v).UTC().Format(time.RFC3339Nano))
}

func (x *fields) text(off int64, size int, name string) {
	if off+int64(size) <= int64(len(x.b)) {
		x.add(off, size, name, fmt.Sprintf("%q", x.b[off:off+int64(size)]))
	}
}

// typeNames are those of the document.
var typeNames = map[uint32]string{
	typeStandardInfo: "$STANDARD_INFORMATION", typeAttributeList: "$ATTRIBUTE_LIST", typeFileName: "$FILE_NAME", typeObjectID: "$OBJECT_ID",
	typeVolumeName: "$VOLUME_NAME", typeVolumeInfo: "$VOLUME_INFORMATION", typeData: "$DATA", typeIndexRoot: "$INDEX_ROOT",
	typeIndexAlloc: "$INDEX_ALLOCATION", typeBitmap: "$BITMAP", typeReparse: "$REPARSE_POINT", typeEA: "$EA",
}

func (x *fields) attribute(at, size int64, typ uint32) {
	x.add(at+attrType, 4, "attribute", fmt.Sprintf("%#x %s, %d bytes", typ, typeNames[typ], size))
	if n := 2 * int64(x.b[at+attrNameLen]); n > 0 {
		off := at + int64(le.Uint16(x.b[at+attrNameOff:]))
		if off+n <= at+size {
			x.add(off, int(n), "attribute name", wire.UTF16(x.b[off:off+n]))
		}
	}
	if x.b[at+attrNonRes] != 0 {
		x.uint(at+attrRealSize, 8, "size in clusters")
		return
	}
	n, off := int64(le.Uint32(x.b[at+attrValueLen:])), at+int64(le.Uint16(x.b[at+attrValueOff:]))
	if off+n > at+size {
		return
	}
	switch typ {
	case typeStandardInfo:
		for i, name := range [...]string{"created", "content modified", "record changed", "accessed"} {
			x.time(off+8*int64(i), name)
		}
		if n >= siSize30 {
			x.uint(off+siUSN, 8, "update sequence number in the journal")
		}
	case typeFileName:
		x.ref(off, "parent folder")
		for i, name := range [...]string{"name: created", "name: content modified", "name: record changed", "name: accessed"} {
			x.time(off+8+8*int64(i), name)
		}
		const nameLength, nameText = 64, 66
		if n > nameText {
			if units := 2 * int64(x.b[off+nameLength]); nameText+units <= n {
				x.add(off+nameText, int(units), "name", wire.UTF16(x.b[off+nameText:off+nameText+units]))
			}
		}
	case typeEA:
		x.add(off, int(n), "value", fmt.Sprintf("%d bytes", n))
		eachEA(x.b[off:off+n], func(name string, at int, value []byte) {
			if len(x.list) < maxFields {
				x.add(off+int64(at), len(value), strings.ToValidUTF8(name, "\uFFFD"), fmt.Sprintf("%x", value))
			}
		})
	default:
		x.add(off, int(n), "value", fmt.Sprintf("%d bytes", n))
	}
}

// ChangeFields names the fields of a record of the change journal.
func ChangeFields(b []byte) []Field {
	x := fields{b: b}
	var c Change
	n := c.parse(b)
	if n == 0 {
		return nil
	}
	x.b = b[:n]
	l := &usnLayouts[c.Version]
	x.uint(usnLength, 4, "record length")
	x.uint(usnMajor, 2, "major version")
	x.uint(usnMinor, 2, "minor version")
	x.ref(usnFile, "file")
	x.ref(int64(l.parent), "parent folder")
	x.uint(int64(l.usn), 8, "update sequence number")
	if c.Version != 4 {
		x.time(int64(l.time), "time")
	}
	x.add(int64(l.reason), 4, "reason", c.Reason.String())
	x.uint(int64(l.source), 4, "source")
	if c.Version != 4 {
		x.uint(int64(l.security), 4, "security id")
		x.uint(int64(l.attributes), 4, "attributes")
		off := int64(le.Uint16(b[l.nameOff:]))
		x.add(off, int(le.Uint16(b[l.nameLen:])), "name", c.Name())
	}
	return x.list
}
