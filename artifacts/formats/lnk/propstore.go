package lnk

import (
	"bytes"
	"fmt"
	"math"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A Property is one entry of a property store.
type Property struct {
	Format string // GUID of the set it belongs to
	ID     uint32 // in the set; 0 when it has a name
	Name   string
	Type   uint16 // VARTYPE, [MS-OLEPS] 2.2
	Value  any    // string, bool, int64, uint64, float64, time.Time, or []byte as stored
	Offset int64  // of the entry, in the link
}

const (
	appModelSet = "9F4C2855-9F79-4B39-A8D0-E1D42DE1D5F3" // System.AppUserModel
	appModelID  = 5
	namedSet    = "D5CDD505-2E9C-101B-9397-08002B2CF9AE"
)

const ( // serialized property storage, [MS-PROPSTORE] 2.2
	spsVersion = 4 // u32, "1SPS"
	spsFormat  = 8 // GUID
	spsHeader  = 24
	spsMagic   = 0x53505331
)

// store reads the property store of a link: storages in a row, each with the
// properties of one set, ended by a size of zero. ([MS-PROPSTORE] 2.1)
func (l *Link) store(k Block) {
	b, off := k.Data, k.Offset+8
	for len(b) >= 4 {
		n := le.Uint32(b)
		if n == 0 {
			return
		}
		if int64(n) > int64(len(b)) || n < spsHeader || le.Uint32(b[spsVersion:]) != spsMagic {
			l.bad(off, "PropertyStorage", fmt.Sprintf("storage of %d bytes, or of another version, where %d are left", n, len(b)))
			return
		}
		l.storage(b[:n], off)
		b, off = b[n:], off+int64(n)
	}
}

// storage reads the properties of one set. ([MS-PROPSTORE] 2.3)
func (l *Link) storage(b []byte, off int64) {
	set := wire.GUID(b[spsFormat:])
	for at := spsHeader; at+4 <= len(b); {
		n := int64(le.Uint32(b[at:]))
		if n == 0 {
			return
		}
		if n < 9 || n > int64(len(b)-at) {
			l.bad(off+int64(at), "PropertyStorage", fmt.Sprintf("property of %d bytes where %d are left", n, len(b)-at))
			return
		}
		v := b[at : at+int(n)]
		p := Property{Format: set, Offset: off + int64(at)}
		id, v := le.Uint32(v[4:]), v[9:]
		if set == namedSet {
			if int64(id) > int64(len(v)) {
				l.bad(p.Offset, "PropertyStorage", "the name runs past the property")
				return
			}
			p.Name, v = utf16z(v[:id]), v[id:]
		} else {
			p.ID = id
		}
		p.Type, p.Value = typedValue(v)
		if s, ok := p.Value.(string); ok && set == appModelSet && p.ID == appModelID {
			l.AppID = s
		}
		l.Properties = append(l.Properties, p)
		at += int(n)
	}
}

// itemAppID looks for the AppUserModelID of a packaged program, which has no
// path: the item of its target has property storages of its own.
func (l *Link) itemAppID() {
	for b := l.IDList; l.AppID == ""; {
		i := bytes.Index(b, []byte("1SPS"))
		if i < 0 {
			return
		}
		if i >= 4 {
			if n := int64(le.Uint32(b[i-4:])); n >= spsHeader && n <= int64(len(b)-i+4) {
				var other Link
				other.storage(b[i-4:i-4+int(n)], 0)
				l.AppID = other.AppID
			}
		}
		b = b[i+4:]
	}
}

// typedValue reads a TypedPropertyValue: u16 type, u16, the value. Types that
// are not read give the bytes. ([MS-OLEPS] 2.15)
func typedValue(b []byte) (kind uint16, v any) {
	if len(b) < 4 {
		return 0, b
	}
	kind, b = le.Uint16(b), b[4:]
	size := map[uint16]int{2: 2, 3: 4, 11: 2, 17: 1, 18: 2, 19: 4, 20: 8, 21: 8, 22: 4, 23: 4, 5: 8, 64: 8, 72: 16, 31: 4, 30: 4,
		8: 4}[kind]
	if size == 0 || len(b) < size {
		return kind, b
	}
	switch kind {
	case 2: // VT_I2
		return kind, int64(int16(le.Uint16(b)))
	case 3, 22: // VT_I4, VT_INT
		return kind, int64(int32(le.Uint32(b)))
	case 5: // VT_R8
		return kind, math.Float64frombits(le.Uint64(b))
	case 11: // VT_BOOL
		return kind, le.Uint16(b) != 0
	case 17: // VT_UI1
		return kind, uint64(b[0])
	case 18: // VT_UI2
		return kind, uint64(le.Uint16(b))
	case 19, 23: // VT_UI4, VT_UINT
		return kind, uint64(le.Uint32(b))
	case 20: // VT_I8
		return kind, int64(le.Uint64(b))
	case 21: // VT_UI8
		return kind, le.Uint64(b)
	case 64: // VT_FILETIME
		return kind, wire.TimeAt(b, 0)
	case 72: // VT_CLSID
		return kind, wire.ClassID(b)
	}
	// Counted text: characters of VT_LPWSTR, bytes of VT_LPSTR and VT_BSTR.
	n := int64(le.Uint32(b))
	if kind == 31 {
		n *= 2
	}
	text := b[4:]
	text = text[:min(n, int64(len(text)))]
	if kind == 30 {
		return kind, latin1z(text)
	}
	return kind, utf16z(text)
}
