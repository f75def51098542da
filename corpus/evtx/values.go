package evtx

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// Null is an absent value.
func Null() Value { return Value{} }

// Str is a string, with the NUL at its end that most have.
func Str(s string) Value { return Value{Type: 0x01, Data: append(wide(s), 0, 0)} }

// Wide is a string of UTF-16 units as they are.
func Wide(units ...uint16) Value {
	var b []byte
	for _, u := range units {
		b = le.AppendUint16(b, u)
	}
	return Value{Type: 0x01, Data: b}
}

// ANSI is an 8-bit string.
func ANSI(s string) Value { return Value{Type: 0x02, Data: append([]byte(s), 0)} }

// I8 to U64 are numbers.
func I8(n int8) Value     { return Value{Type: 0x03, Data: []byte{byte(n)}} }
func U8(n uint8) Value    { return Value{Type: 0x04, Data: []byte{n}} }
func I16(n int16) Value   { return Value{Type: 0x05, Data: le.AppendUint16(nil, uint16(n))} }
func U16(n uint16) Value  { return Value{Type: 0x06, Data: le.AppendUint16(nil, n)} }
func I32(n int32) Value   { return Value{Type: 0x07, Data: le.AppendUint32(nil, uint32(n))} }
func U32(n uint32) Value  { return Value{Type: 0x08, Data: le.AppendUint32(nil, n)} }
func I64(n int64) Value   { return Value{Type: 0x09, Data: le.AppendUint64(nil, uint64(n))} }
func U64(n uint64) Value  { return Value{Type: 0x0A, Data: le.AppendUint64(nil, n)} }
func F32(f float32) Value { return Value{Type: 0x0B, Data: le.AppendUint32(nil, math.Float32bits(f))} }
func F64(f float64) Value { return Value{Type: 0x0C, Data: le.AppendUint64(nil, math.Float64bits(f))} }

// Bool is four bytes; any number but 0 is true.
func Bool(n uint32) Value { return Value{Type: 0x0D, Data: le.AppendUint32(nil, n)} }

// Bin is binary data.
func Bin(b []byte) Value { return Value{Type: 0x0E, Data: b} }

// GUID reads a GUID in braces or without.
func GUID(s string) Value {
	b := parseGUID(s)
	return Value{Type: 0x0F, Data: b[:]}
}

// Size4 and Size8 are sizes of 32- and 64-bit processes.
func Size4(n uint32) Value { return Value{Type: 0x10, Data: le.AppendUint32(nil, n)} }
func Size8(n uint64) Value { return Value{Type: 0x10, Data: le.AppendUint64(nil, n)} }

// Time is a FILETIME.
func Time(t time.Time) Value { return Value{Type: 0x11, Data: le.AppendUint64(nil, fileTime(t))} }

// SystemTime is the time as eight numbers.
func SystemTime(t time.Time) Value {
	var b []byte
	for _, n := range []int{
		t.Year(), int(t.Month()), int(t.Weekday()), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond() / 1e6,
	} {
		b = le.AppendUint16(b, uint16(n))
	}
	return Value{Type: 0x12, Data: b}
}

// SID reads "S-1-5-…".
func SID(s string) Value {
	parts := strings.Split(s, "-")
	number := func(i int) uint64 {
		n, err := strconv.ParseUint(parts[i], 10, 48)
		if err != nil {
			panic("corpus: bad SID " + s)
		}
		return n
	}
	b := []byte{byte(number(1)), byte(len(parts) - 3)}
	authority := number(2)
	for i := 5; i >= 0; i-- {
		b = append(b, byte(authority>>(8*i)))
	}
	for i := 3; i < len(parts); i++ {
		b = le.AppendUint32(b, uint32(number(i)))
	}
	return Value{Type: 0x13, Data: b}
}

// Hex32 and Hex64 are numbers that are shown in hexadecimal.
func Hex32(n uint32) Value { return Value{Type: 0x14, Data: le.AppendUint32(nil, n)} }
func Hex64(n uint64) Value { return Value{Type: 0x15, Data: le.AppendUint64(nil, n)} }

// Array joins values of one type to an array.
func Array(values ...Value) Value {
	v := Value{Type: values[0].Type | 0x80}
	for _, item := range values {
		v.Data = append(v.Data, item.Data...)
	}
	return v
}

// Nested is a value that holds binary XML.
func Nested(nodes ...Node) Value { return Value{Type: 0x21, Fragment: nodes} }

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}

func fileTime(t time.Time) uint64 {
	return uint64(t.Unix()*1e7 + int64(t.Nanosecond()/100) + 116444736000000000)
}

func parseGUID(s string) (g [16]byte) {
	b, err := hex.DecodeString(strings.NewReplacer("{", "", "}", "", "-", "").Replace(s))
	if err != nil || len(b) != 16 {
		panic("corpus: bad GUID " + s)
	}
	copy(g[:], b)
	g[0], g[1], g[2], g[3] = b[3], b[2], b[1], b[0]
	g[4], g[5], g[6], g[7] = b[5], b[4], b[7], b[6]
	return g
}
