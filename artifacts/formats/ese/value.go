package ese

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

var be = binary.BigEndian

// A Value is the value of a column in a row. The zero Value is NULL.
type Value struct {
	Type Type

	codePage uint16
	narrow   bool // b has one byte for each character of UTF-16 text
	b        []byte
}

// IsNull reports whether the column has no value.
func (v Value) IsNull() bool { return v.b == nil }

// Value returns the value of a column, decompressed, or read from the long
// values. Of several values it is the first. What could be read of a broken
// long value is returned with the error.
func (r *Row) Value(c *Column) (Value, error) {
	b, flags := r.stored(c)
	if b == nil {
		return Value{}, nil
	}
	if flags&(valMulti|valTwo) != 0 {
		all, err := r.multi(c, b, flags)
		if len(all) == 0 {
			return Value{}, err
		}
		return all[0], err
	}
	return r.value(c, b, flags)
}

// Values returns all values of a column, which are several only in tagged
// columns.
func (r *Row) Values(c *Column) ([]Value, error) {
	b, flags := r.stored(c)
	if b == nil {
		return nil, nil
	}
	if flags&(valMulti|valTwo) != 0 {
		return r.multi(c, b, flags)
	}
	v, err := r.value(c, b, flags)
	return []Value{v}, err
}

// Each calls f for each column that is not NULL, in the order of the record.
// A column with several values is reported once for each. It stops when f
// returns false.
func (r *Row) Each(f func(*Column, Value, error) bool) {
	if r.table == nil {
		return // the zero Row
	}
	for _, c := range r.table.plain {
		b, _ := r.stored(c)
		if b != nil && !f(c, Value{Type: c.Type, codePage: c.CodePage, b: b}, nil) {
			return
		}
	}
	for i := range r.count {
		id, derived, b, flags := r.taggedAt(i)
		c := r.table.byID(id, derived && r.table.own > 0)
		if c == nil || b == nil {
			continue
		}
		if flags&(valMulti|valTwo) == 0 {
			v, err := r.value(c, b, flags)
			if !f(c, v, err) {
				return
			}
			continue
		}
		all, err := r.multi(c, b, flags)
		if err != nil && !f(c, Value{}, err) {
			return
		}
		for _, v := range all {
			if !f(c, v, nil) {
				return
			}
		}
	}
}

// Table returns the table of the row.
func (r *Row) Table() *Table { return r.table }

func (r *Row) value(c *Column, b []byte, flags byte) (v Value, err error) {
	v = Value{Type: c.Type, codePage: c.CodePage, b: b}
	switch {
	case flags&(valLong|valCompressed|valEncrypted) == 0:
	case flags&valEncrypted != 0:
		return Value{}, r.table.db.note(bad(r.Offset, "column "+c.Name, "is encrypted"))
	case flags&valLong != 0:
		if v.b, err = r.longValue(b); len(v.b) == 0 && err != nil {
			return Value{}, err
		}
	default:
		v.b, v.narrow, err = decompress(b)
		if err == nil && !r.work.take(len(v.b)) {
			err = errBudget
		}
		if err != nil {
			return Value{}, r.table.db.note(caused(r.Offset, "column "+c.Name, "does not decompress", err))
		}
	}
	return v, err
}

// multi splits the values of a column: either a table of u16 offsets, whose
// first says how many there are, or two values, the first with a u8 size.
func (r *Row) multi(c *Column, b []byte, flags byte) (all []Value, err error) {
	broken := func() ([]Value, error) {
		return all, r.table.db.note(bad(r.Offset, "column "+c.Name, "values run past its end"))
	}
	first := flags & valCompressed
	if flags&valTwo != 0 {
		if len(b) < 1 || 1+int(b[0]) > len(b) {
			return broken()
		}
		one, err := r.value(c, b[1:1+b[0]:1+b[0]], first)
		two, err2 := r.value(c, b[1+b[0]:], 0)
		if err == nil {
			err = err2
		}
		return []Value{one, two}, err
	}
	if len(b) < 2 {
		return broken()
	}
	n := int(le.Uint16(b)&0x7FFF) / 2
	if n == 0 || 2*n > len(b) {
		return broken()
	}
	for i := range n {
		v := le.Uint16(b[2*i:])
		start, end := int(v&0x7FFF), len(b)
		if i+1 < n {
			end = int(le.Uint16(b[2*i+2:]) & 0x7FFF)
		}
		if start < 2*n || start > end || end > len(b) {
			return broken()
		}
		one := first
		if v&0x8000 != 0 {
			one = valLong
		}
		value, e := r.value(c, b[start:end:end], one)
		if e != nil && err == nil {
			err = e
		}
		all = append(all, value)
		first = 0 // only the first of several is compressed
	}
	return all, err
}

// Int returns the integer of a column of any integer type, of a boolean (0 or
// 1), or the bits of a date-time. It returns false for NULL.
func (r *Row) Int(c *Column) (int64, bool) {
	b, _ := r.stored(c)
	return integer(typeOf(c), b)
}

// Uint is [Row.Int] as an unsigned number.
func (r *Row) Uint(c *Column) (uint64, bool) {
	v, ok := r.Int(c)
	return uint64(v), ok
}

// Float returns the number of a floating-point or integer column.
func (r *Row) Float(c *Column) (float64, bool) {
	b, _ := r.stored(c)
	return Value{Type: typeOf(c), b: b}.Float()
}

// Time returns the time of a date-time column, or of a 64-bit integer that is
// a FILETIME. It returns false for NULL and for a time that is not set.
func (r *Row) Time(c *Column) (time.Time, bool) {
	b, _ := r.stored(c)
	return Value{Type: typeOf(c), b: b}.Time()
}

// Text returns the text of a column, or false for NULL. A value that cannot be
// read is NULL here and named in [DB.Damage].
func (r *Row) Text(c *Column) (string, bool) {
	v, _ := r.Value(c)
	return v.Text(), v.b != nil
}

// Bytes returns the bytes of a column, or false for NULL. The caller must not
// change them.
func (r *Row) Bytes(c *Column) ([]byte, bool) {
	v, _ := r.Value(c)
	return v.Bytes(), v.b != nil
}

func typeOf(c *Column) Type {
	if c == nil {
		return 0
	}
	return c.Type
}

func integer(t Type, b []byte) (int64, bool) {
	if len(b) < t.width() || len(b) == 0 {
		return 0, false
	}
	switch t {
	case Bool:
		if b[0] != 0 {
			return 1, true
		}
		return 0, true
	case Uint8:
		return int64(b[0]), true
	case Int16:
		return int64(int16(le.Uint16(b))), true
	case Uint16:
		return int64(le.Uint16(b)), true
	case Int32:
		return int64(int32(le.Uint32(b))), true
	case Uint32:
		return int64(le.Uint32(b)), true
	case Currency, Int64, DateTime:
		return int64(le.Uint64(b)), true
	}
	return 0, false
}

// Int is [Row.Int] of a value.
func (v Value) Int() (int64, bool) { return integer(v.Type, v.b) }

// Float is [Row.Float] of a value.
func (v Value) Float() (float64, bool) {
	switch {
	case len(v.b) < v.Type.width():
	case v.Type == Float32:
		return float64(math.Float32frombits(le.Uint32(v.b))), true
	case v.Type == Float64, v.Type == DateTime:
		return math.Float64frombits(le.Uint64(v.b)), true
	}
	n, ok := v.Int()
	return float64(n), ok
}

// Time is [Row.Time] of a value.
func (v Value) Time() (time.Time, bool) {
	if len(v.b) < 8 {
		return time.Time{}, false
	}
	var t time.Time
	switch v.Type {
	case DateTime:
		t = dateTime(le.Uint64(v.b))
	case Int64, Currency:
		t = wire.Time(le.Uint64(v.b))
	}
	return t, !t.IsZero()
}

// dateTime reads a date-time column: an OLE date (days since 1899-12-30, as
// SRUM stores) has an absolute value above 1 when read as a float; a FILETIME
// (as UAL stores) read so is below 1e-290. OLE dates are rounded to the
// millisecond.
func dateTime(bits uint64) time.Time {
	f := math.Float64frombits(bits)
	a := math.Abs(f)
	if a < 1e-290 {
		return wire.Time(bits)
	}
	if !(a > 1) || a > 2958466 { // the year 10000
		return time.Time{}
	}
	// The fraction counts forward in time even before 1899.
	days := math.Trunc(f)
	ms := math.Round(math.Abs(f-days) * 86400e3)
	sec := (int64(days)-25569)*86400 + int64(ms)/1000
	if sec < -11644473600 { // the year 1601
		return time.Time{}
	}
	return time.Unix(sec, int64(ms)%1000*1e6).UTC()
}

// Bytes returns the bytes of a value, nil for NULL. The caller must not change
// them.
func (v Value) Bytes() []byte {
	if v.narrow {
		return widen(v.b)
	}
	return v.b
}

// widen makes UTF-16 of ASCII.
func widen(b []byte) []byte {
	out := make([]byte, 2*len(b))
	for i, c := range b {
		out[2*i] = c
	}
	return out
}

// Text returns the text of a text value without the NULs at its end, and of
// any other type what [Value.AppendText] appends.
func (v Value) Text() string {
	var buf [128]byte
	return string(v.AppendText(buf[:0]))
}

// AppendText appends a value as text: numbers in decimal, true or false, a
// date-time as RFC 3339 with 7 digits, a GUID in braces and upper case, binary data as
// hexadecimal digits, and nothing for NULL or a date-time that is not set.
func (v Value) AppendText(dst []byte) []byte {
	switch v.Type {
	case Text, LongText:
		return v.appendString(dst)
	case Float32, Float64:
		f, ok := v.Float()
		if !ok {
			return dst
		}
		if v.Type == Float32 {
			return strconv.AppendFloat(dst, f, 'g', -1, 32)
		}
		return strconv.AppendFloat(dst, f, 'g', -1, 64)
	case DateTime:
		t, ok := v.Time()
		if !ok {
			return dst
		}
		return appendTime(dst, t)
	case GUID:
		if len(v.b) < 16 {
			return dst
		}
		return appendGUID(dst, v.b)
	}
	if n, ok := v.Int(); ok {
		if v.Type == Bool {
			return strconv.AppendBool(dst, n != 0)
		}
		return strconv.AppendInt(dst, n, 10)
	}
	return hex.AppendEncode(dst, v.Bytes())
}

// appendTime appends a time of UTC. [time.Time.AppendFormat] needs twice as long,
// which shows in tables of times.
func appendTime(dst []byte, t time.Time) []byte {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	if year < 0 || year > 9999 {
		return t.AppendFormat(dst, "2006-01-02T15:04:05.0000000Z")
	}
	dst = append(dst, "0000-00-00T00:00:00.0000000Z"...)
	b := dst[len(dst)-28:]
	pair(b, year/100)
	pair(b[2:], year%100)
	pair(b[5:], int(month))
	pair(b[8:], day)
	pair(b[11:], hour)
	pair(b[14:], minute)
	pair(b[17:], second)
	for i, n := 26, t.Nanosecond()/100; n > 0; i, n = i-1, n/10 {
		b[i] = byte('0' + n%10)
	}
	return dst
}

// pair writes two decimal digits.
func pair(b []byte, n int) {
	b[0], b[1] = byte('0'+n/10), byte('0'+n%10)
}

const upperHex = "0123456789ABCDEF"

// guidOrder is the order in which the bytes of a GUID are written.
var guidOrder = [16]uint8{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}

func appendGUID(dst, b []byte) []byte {
	dst = append(dst, '{')
	for i, at := range guidOrder {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, upperHex[b[at]>>4], upperHex[b[at]&15])
	}
	return append(dst, '}')
}

// appendString appends text: UTF-16 (code page 1200) or Windows-1252.
func (v Value) appendString(dst []byte) []byte {
	b := v.b
	if v.codePage != 1200 || v.narrow {
		for len(b) > 0 && b[len(b)-1] == 0 {
			b = b[:len(b)-1]
		}
		for _, c := range b {
			switch {
			case c < 0x80:
				dst = append(dst, c)
			case c < 0xA0:
				dst = utf8.AppendRune(dst, cp1252[c-0x80])
			default:
				dst = utf8.AppendRune(dst, rune(c))
			}
		}
		return dst
	}
	for len(b) >= 2 && b[len(b)-2] == 0 && b[len(b)-1] == 0 && len(b)%2 == 0 {
		b = b[:len(b)-2]
	}
	for i := 0; i+1 < len(b); i += 2 {
		u := rune(le.Uint16(b[i:]))
		switch {
		case u < 0x80:
			dst = append(dst, byte(u))
		case utf16.IsSurrogate(u):
			var low rune
			if i+3 < len(b) {
				low = rune(le.Uint16(b[i+2:]))
			}
			if u = utf16.DecodeRune(u, low); u != utf8.RuneError {
				i += 2
			}
			dst = utf8.AppendRune(dst, u)
		default:
			dst = utf8.AppendRune(dst, u)
		}
	}
	return dst
}

// cp1252 has the characters 0x80 to 0x9F of code page 1252. The five that it
// leaves undefined are control characters.
var cp1252 = [32]rune{
	0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F,
	0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
}
