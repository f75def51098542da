package hive

import (
	"bytes"
	"fmt"
)

// A Field is one field of a record: where it stands in the image and what it says. It serves those who want to check
// a record with a hex editor.
type Field struct {
	Offset int64  // from the start of the image
	Size   int    // bytes
	Name   string // the format document's name for it; regf sections 5 and 7
	Value  string // decoded
}

type explainer struct {
	h      *Hive
	base   int // of the record
	fields []Field
}

func (x *explainer) add(off, size int, name, value string) {
	at := x.base + off
	if at < 0 || size <= 0 || at+size > len(x.h.data) {
		return
	}
	x.fields = append(x.fields, Field{int64(at), size, name, value})
}

func (x *explainer) u16(off int) uint16 { return le.Uint16(x.h.data[x.base+off:]) }
func (x *explainer) u32(off int) uint32 { return le.Uint32(x.h.data[x.base+off:]) }

// head adds the size of the cell in front of a record.
func (x *explainer) head(loose bool) {
	if loose || x.base < 4 {
		return
	}
	size := int32(le.Uint32(x.h.data[x.base-x.h.cellHead:]))
	what := fmt.Sprintf("%d bytes, free", size)
	if size < 0 {
		what = fmt.Sprintf("%d bytes, allocated", -int64(size))
	}
	x.add(-x.h.cellHead, 4, "cell size", what)
}

func showOffset(n uint32) string {
	if n == 1<<32-1 {
		return "none"
	}
	return fmt.Sprintf("%#x (at %#x of the file)", n, int64(n)+baseSize)
}

func showTime(ft uint64) string {
	t := filetime(ft)
	if t.IsZero() || t.Year() > 9999 {
		return fmt.Sprintf("%#x, no time", ft)
	}
	return t.Format("2006-01-02T15:04:05.0000000Z")
}

// Explain returns the fields of the key node, in the order of its bytes.
func (k Key) Explain() []Field {
	x := &explainer{h: k.h, base: int(k.n)}
	x.head(k.loose)
	x.add(0, 2, "signature", fmt.Sprintf("%q", k.h.data[k.n:k.n+2]))
	x.add(nkFlags, 2, "flags", fmt.Sprintf("%#06x", x.u16(nkFlags)))
	x.add(nkWritten, 8, "last written", showTime(k.WrittenRaw()))
	x.add(nkAccess, 1, "access bits", fmt.Sprintf("%#x", k.AccessBits()))
	x.add(nkParent, 4, "parent", showOffset(x.u32(nkParent)))
	x.add(nkSubkeys, 4, "number of subkeys", fmt.Sprint(x.u32(nkSubkeys)))
	x.add(nkSubkeyList, 4, "subkey list", showOffset(x.u32(nkSubkeyList)))
	x.add(nkValues, 4, "number of values", fmt.Sprint(x.u32(nkValues)))
	x.add(nkValueList, 4, "value list", showOffset(x.u32(nkValueList)))
	x.add(nkSecurity, 4, "security", showOffset(x.u32(nkSecurity)))
	x.add(nkNameLen, 2, "name length", fmt.Sprint(x.u16(nkNameLen)))
	x.add(nkClassLen, 2, "class name length", fmt.Sprint(x.u16(nkClassLen)))
	x.add(nkName, len(k.RawName()), "name", k.Name())
	return x.fields
}

// Explain returns the fields of the value record and, where one cell holds it, its data; in the order value record,
// data.
func (v Value) Explain() []Field {
	x := &explainer{h: v.h, base: int(v.n)}
	x.head(v.loose)
	x.add(0, 2, "signature", fmt.Sprintf("%q", v.h.data[v.n:v.n+2]))
	x.add(vkNameLen, 2, "name length", fmt.Sprint(x.u16(vkNameLen)))
	size := fmt.Sprint(v.Size())
	if v.Inline() {
		size += ", stored in the next field"
	}
	x.add(vkSize, 4, "data size", size)
	if v.Inline() {
		x.add(vkData, 4, "data", fmt.Sprintf("% x", v.h.data[v.n+vkData:v.n+vkData+4]))
	} else {
		x.add(vkData, 4, "data offset", showOffset(x.u32(vkData)))
	}
	x.add(vkType, 4, "type", fmt.Sprintf("%d %s", uint32(v.Type()), v.Type()))
	x.add(vkFlags, 2, "flags", fmt.Sprintf("%#06x", v.Flags()))
	x.add(vkName, len(v.RawName()), "name", v.Name())
	if b, err := v.Bytes(); err == nil && !v.Inline() && len(b) > 0 {
		// Big data lies in several cells: what stands at its offset is their list.
		if at := v.DataOffset(); at >= 0 && at+int64(len(b)) <= int64(len(v.h.data)) && bytes.Equal(v.h.data[at:at+int64(len(b))], b) {
			x.fields = append(x.fields, Field{at, len(b), "data", fmt.Sprintf("%d bytes", len(b))})
		}
	}
	return x.fields
}
