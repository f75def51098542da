package evtx

import (
	"math"
	"strconv"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A Type is the type of a value: docs/formats/evtx.md, section 6.
type Type uint8

// Types of values. Bit [Array] marks an array of the type.
const (
	Null       Type = 0x00
	String     Type = 0x01 // UTF-16LE
	ANSI       Type = 0x02 // 8-bit text of an unknown code page
	Int8       Type = 0x03
	Uint8      Type = 0x04
	Int16      Type = 0x05
	Uint16     Type = 0x06
	Int32      Type = 0x07
	Uint32     Type = 0x08
	Int64      Type = 0x09
	Uint64     Type = 0x0A
	Float32    Type = 0x0B
	Float64    Type = 0x0C
	Bool       Type = 0x0D
	Binary     Type = 0x0E
	GUID       Type = 0x0F
	Size       Type = 0x10 // 4 or 8 bytes
	FileTime   Type = 0x11
	SystemTime Type = 0x12
	SID        Type = 0x13
	Hex32      Type = 0x14
	Hex64      Type = 0x15
	Handle     Type = 0x20 // never seen
	Fragment   Type = 0x21 // binary XML
	XML        Type = 0x23 // never seen

	// UTF8 is the type of text that the reader assembled, of several parts of
	// an element. It does not occur in files.
	UTF8 Type = 0x7F

	Array Type = 0x80
)

// A Value is one value of a record, as it is stored.
type Value struct {
	Data []byte // a part of the decoder's buffer
	Type Type
}

// IsNull reports whether the value is absent.
func (v Value) IsNull() bool { return v.Type == Null }

// String returns the value as text: [Value.Append].
func (v Value) String() string { return string(v.Append(nil)) }

// Append appends the value as text. Numbers are decimal, GUIDs upper case in
// braces, binary data upper-case hex, FILETIMEs RFC 3339 with seven digits,
// booleans true and false. A SYSTEMTIME has three digits and no zone, because
// none is stored. Unpaired surrogates become U+FFFD. Arrays are joined by ", ".
// Data whose length does not fit the type is hex, after the type and a colon.
func (v Value) Append(dst []byte) []byte {
	d := v.Data
	switch v.Type {
	case Null:
		return dst
	case String:
		return appendUTF16(dst, trimNULs(d))
	case UTF8:
		return append(dst, d...)
	case ANSI:
		return appendANSI(dst, d)
	case Binary:
		return appendHex(dst, d)
	case SID:
		return appendSID(dst, d)
	case Size:
		switch len(d) {
		case 4:
			return appendHexNumber(dst, uint64(le.Uint32(d)))
		case 8:
			return appendHexNumber(dst, le.Uint64(d))
		}
		return appendMisfit(dst, v)
	}
	if v.Type&Array != 0 {
		return v.appendItems(dst)
	}
	if n := fixedSize(v.Type); n == 0 || n != len(d) {
		return appendMisfit(dst, v)
	}
	return v.appendFixed(dst)
}

// appendFixed appends a value of a type of fixed size, which was checked.
func (v Value) appendFixed(dst []byte) []byte {
	d := v.Data
	switch v.Type {
	case Int8:
		return strconv.AppendInt(dst, int64(int8(d[0])), 10)
	case Uint8:
		return strconv.AppendUint(dst, uint64(d[0]), 10)
	case Int16:
		return strconv.AppendInt(dst, int64(int16(le.Uint16(d))), 10)
	case Uint16:
		return strconv.AppendUint(dst, uint64(le.Uint16(d)), 10)
	case Int32:
		return strconv.AppendInt(dst, int64(int32(le.Uint32(d))), 10)
	case Uint32:
		return strconv.AppendUint(dst, uint64(le.Uint32(d)), 10)
	case Int64:
		return strconv.AppendInt(dst, int64(le.Uint64(d)), 10)
	case Uint64:
		return strconv.AppendUint(dst, le.Uint64(d), 10)
	case Float32:
		return appendFloat(dst, float64(math.Float32frombits(le.Uint32(d))), 32)
	case Float64:
		return appendFloat(dst, math.Float64frombits(le.Uint64(d)), 64)
	case Bool:
		if le.Uint32(d) == 0 {
			return append(dst, "false"...)
		}
		return append(dst, "true"...)
	case GUID:
		return appendGUID(dst, d)
	case FileTime:
		return appendFileTime(dst, le.Uint64(d))
	case SystemTime:
		return appendSystemTime(dst, v)
	case Hex32:
		return appendHexNumber(dst, uint64(le.Uint32(d)))
	case Hex64:
		return appendHexNumber(dst, le.Uint64(d))
	}
	return appendMisfit(dst, v)
}

// Uint returns the value of an unsigned or hexadecimal number, or of decimal or
// 0x text, as records without templates hold it.
func (v Value) Uint() (uint64, bool) {
	d := v.Data
	switch v.Type {
	case Uint8, Uint16, Uint32, Uint64, Hex32, Hex64, FileTime, Size:
		switch len(d) {
		case 1:
			return uint64(d[0]), true
		case 2:
			return uint64(le.Uint16(d)), true
		case 4:
			return uint64(le.Uint32(d)), true
		case 8:
			return le.Uint64(d), true
		}
	case String:
		return parseUint(trimNULs(d))
	case UTF8:
		n, err := strconv.ParseUint(string(d), 0, 64)
		return n, err == nil
	}
	return 0, false
}

// parseUint reads decimal or 0x-hexadecimal UTF-16 text.
func parseUint(d []byte) (uint64, bool) {
	base := uint64(10)
	if len(d) > 4 && d[0] == '0' && d[2]|0x20 == 'x' {
		base, d = 16, d[4:]
	}
	if len(d) < 2 || len(d) > 40 {
		return 0, false
	}
	n := uint64(0)
	for i := 0; i+1 < len(d); i += 2 {
		c := d[i]
		switch {
		case d[i+1] != 0:
			return 0, false
		case c >= '0' && c <= '9':
			c -= '0'
		case base == 16 && c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		if n > (math.MaxUint64-uint64(c))/base {
			return 0, false
		}
		n = n*base + uint64(c)
	}
	return n, true
}

// FileTime returns a FILETIME value, or the FILETIME of RFC 3339 text.
func (v Value) FileTime() (uint64, bool) {
	switch v.Type {
	case FileTime:
		return v.Uint()
	case String, UTF8:
		if len(v.Data) > 80 {
			return 0, false
		}
		t, err := time.Parse(time.RFC3339Nano, v.String())
		if err != nil || t.Year() < 1601 {
			return 0, false
		}
		return uint64(wire.FileTime(t)), true
	}
	return 0, false
}

// fixedSize is the number of bytes of one value of a type, or 0.
func fixedSize(t Type) int {
	if int(t) < len(sizes) {
		return int(sizes[t])
	}
	return 0
}

var sizes = [...]uint8{
	Int8: 1, Uint8: 1, Int16: 2, Uint16: 2, Int32: 4, Uint32: 4, Int64: 8, Uint64: 8,
	Float32: 4, Float64: 8, Bool: 4, GUID: 16, FileTime: 8, SystemTime: 16, Hex32: 4, Hex64: 8,
}

func appendMisfit(dst []byte, v Value) []byte {
	dst = append(dst, upper[v.Type>>4], upper[v.Type&15], ':')
	return appendHex(dst, v.Data)
}

func appendFloat(dst []byte, f float64, bits int) []byte {
	// As JSON does it: no exponent for the numbers people use.
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, bits)
}

const upper = "0123456789ABCDEF"

func appendHex(dst, d []byte) []byte {
	for _, c := range d {
		dst = append(dst, upper[c>>4], upper[c&15])
	}
	return dst
}

func appendHexNumber(dst []byte, n uint64) []byte {
	return strconv.AppendUint(append(dst, "0x"...), n, 16)
}

func appendGUID(dst, d []byte) []byte {
	var b [38]byte
	b[0], b[9], b[14], b[19], b[24], b[37] = '{', '-', '-', '-', '-', '}'
	for i, at := range guidOrder {
		c := d[i]
		b[at], b[at+1] = upper[c>>4], upper[c&15]
	}
	return append(dst, b[:]...)
}

// guidOrder is where the two digits of each byte of a GUID go.
var guidOrder = [16]uint8{7, 5, 3, 1, 12, 10, 17, 15, 20, 22, 25, 27, 29, 31, 33, 35}

func appendSID(dst, d []byte) []byte {
	if len(d) < 8 || len(d) != 8+4*int(d[1]) {
		return appendMisfit(dst, Value{d, SID})
	}
	dst = append(dst, "S-"...)
	dst = strconv.AppendUint(dst, uint64(d[0]), 10)
	authority := uint64(0)
	for _, c := range d[2:8] {
		authority = authority<<8 | uint64(c)
	}
	dst = strconv.AppendUint(append(dst, '-'), authority, 10)
	for i := 8; i < len(d); i += 4 {
		dst = strconv.AppendUint(append(dst, '-'), uint64(le.Uint32(d[i:])), 10)
	}
	return dst
}

func appendSystemTime(dst []byte, v Value) []byte {
	t := wire.SystemTime(v.Data)
	if t.IsZero() {
		return appendMisfit(dst, v)
	}
	return t.AppendFormat(dst, "2006-01-02T15:04:05.000")
}

// appendFileTime appends a FILETIME as RFC 3339 with seven digits. Counts after
// the year 9999 are decimal.
func appendFileTime(dst []byte, ft uint64) []byte {
	if ft > wire.MaxFileTime {
		return strconv.AppendUint(dst, ft, 10)
	}
	sec, ticks := ft/1e7, ft%1e7
	days, sec := sec/86400, sec%86400
	y, m, d := civil(days)
	var b [28]byte
	put2(b[0:], y/100)
	put2(b[2:], y%100)
	put2(b[5:], m)
	put2(b[8:], d)
	put2(b[11:], uint32(sec/3600))
	put2(b[14:], uint32(sec/60%60))
	put2(b[17:], uint32(sec%60))
	b[4], b[7], b[10], b[13], b[16], b[19], b[27] = '-', '-', 'T', ':', ':', '.', 'Z'
	for i := 26; i >= 20; i-- {
		b[i] = byte('0' + ticks%10)
		ticks /= 10
	}
	return append(dst, b[:]...)
}

func put2(b []byte, n uint32) { b[0], b[1] = byte('0'+n/10), byte('0'+n%10) }

// civil converts days since 1601-01-01 to a date. The calendar repeats every
// 400 years, and 1601 begins such an era; the year is counted from March so
// that the leap day is its last.
func civil(days uint64) (year, month, day uint32) {
	d := uint32(days) + 306 // since 1600-03-01
	era, d := d/146097, d%146097
	y := (d - d/1460 + d/36524 - d/146096) / 365
	d -= 365*y + y/4 - y/100
	m := (5*d + 2) / 153
	day = d - (153*m+2)/5 + 1
	month = m + 3
	year = 1600 + 400*era + y
	if month > 12 {
		month, year = month-12, year+1
	}
	return year, month, day
}

// items calls yield for each item of an array, at most max times.
func (v Value) items(yield func(Value) bool) {
	d, t := v.Data, v.Type&^Array
	for len(d) > 0 {
		n := itemSize(d, t, len(v.Data))
		if n <= 0 || n > len(d) {
			yield(Value{d, v.Type}) // the rest does not fit
			return
		}
		item := d[:n]
		switch d = d[n:]; t {
		case String:
			item = trimNULs(item)
		case ANSI:
			item = trimZeros(item)
		}
		if !yield(Value{item, t}) {
			return
		}
	}
}

// itemSize is the size of the first item of an array.
func itemSize(d []byte, t Type, whole int) int {
	switch t {
	case String:
		return max(wire.UTF16Len(d), min(len(d), 2))
	case ANSI:
		for i, c := range d {
			if c == 0 {
				return i + 1
			}
		}
		return len(d)
	case SID:
		if len(d) < 8 {
			return 0
		}
		return 8 + 4*int(d[1])
	case Size:
		if whole%8 != 0 {
			return 4
		}
		return 8
	}
	return fixedSize(t)
}

func (v Value) appendItems(dst []byte) []byte {
	first := true
	v.items(func(item Value) bool {
		if !first {
			dst = append(dst, ", "...)
		}
		first = false
		if item.Type&Array != 0 {
			dst = appendMisfit(dst, item)
		} else {
			dst = item.Append(dst)
		}
		return true
	})
	return dst
}
