package regf

import (
	"slices"
	"time"
)

// A Value is one value of a key. Up to four bytes of data are stored inline, unless Cell is set.
type Value struct {
	Name    string
	Name16  []uint16 // these very units instead of Name
	Wide    bool     // UTF-16 although Latin-1 would do
	Type    uint32
	Data    []byte
	Cell    bool      // keep small data in a cell of its own, and no data at all at NIL
	Flags   uint16    // added to the one that follows from the name: 2 tombstone
	Spare   uint16    // bytes 18 and 19, rubbish in many real values
	Slack   []byte    // follows the data in its cell, as after a longer value was overwritten
	Deleted time.Time // not zero: written, then deleted at this time
}

// Value types, [MS-RRP] 3.1.1.5 and winnt.h.
const (
	TypeNone = iota
	TypeString
	TypeExpand
	TypeBinary
	TypeDWord
	TypeDWordBig
	TypeLink
	TypeMulti
	TypeResourceList
	TypeFullResource
	TypeResourceRequirements
	TypeQWord
)

// String is a REG_SZ with its NUL.
func String(s string) Value { return Raw(TypeString, append(UTF16(s), 0, 0)) }

// Expand is a REG_EXPAND_SZ with its NUL.
func Expand(s string) Value { return Raw(TypeExpand, append(UTF16(s), 0, 0)) }

// Multi is a REG_MULTI_SZ. Empty strings inside it are written like all others.
func Multi(list ...string) Value {
	var b []byte
	for _, s := range list {
		b = append(append(b, UTF16(s)...), 0, 0)
	}
	return Raw(TypeMulti, append(b, 0, 0))
}

// DWord is a REG_DWORD.
func DWord(n uint32) Value { return Raw(TypeDWord, le.AppendUint32(nil, n)) }

// QWord is a REG_QWORD.
func QWord(n uint64) Value { return Raw(TypeQWord, le.AppendUint64(nil, n)) }

// Binary is a REG_BINARY.
func Binary(b []byte) Value { return Raw(TypeBinary, b) }

// FileTime is a REG_BINARY that holds a FILETIME.
func FileTime(t time.Time) Value { return Raw(TypeBinary, le.AppendUint64(nil, FILETIME(t))) }

// None is a REG_NONE without data.
func None() Value { return Value{} }

// Tombstone says that the value of a lower layer is deleted (layered hives).
func Tombstone() Value { return Value{Flags: valueTombstone, Cell: true} }

// Raw is any type with any data.
func Raw(typ uint32, data []byte) Value { return Value{Type: typ, Data: data} }

// Over returns the value as it lies in its cell after it has overwritten longer data: the rest of old is slack.
func (v Value) Over(old []byte) Value {
	v.Slack = old[min(len(old), len(v.Data)):]
	return v
}

func (v Value) clone() Value {
	v.Name16 = slices.Clone(v.Name16)
	v.Data = slices.Clone(v.Data)
	v.Slack = slices.Clone(v.Slack)
	return v
}

// FILETIME counts 100 ns since 1601. The zero Time is 0.
func FILETIME(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	const epoch = 11644473600 // seconds from 1601 to 1970
	return uint64(t.Unix()+epoch)*1e7 + uint64(t.Nanosecond()/100)
}
