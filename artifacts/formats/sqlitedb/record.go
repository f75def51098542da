package sqlitedb

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
)

// A Kind is the kind of a stored value.
type Kind uint8

// The kinds of values.
const (
	Null  Kind = iota
	Int        // a signed integer of up to 64 bits
	Float      // a 64-bit floating-point number
	Text       // text in the encoding of the database
	Blob       // bytes
	Lost       // was stored, and cannot be read any more
)

// A Value is one value of a row. Text and bytes alias memory of the page.
type Value struct {
	kind Kind
	enc  Encoding
	num  uint64
	data []byte
}

// Kind returns the kind of the value.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether the value is NULL.
func (v Value) IsNull() bool { return v.kind == Null }

// Int returns an integer; ok is false for any other kind.
func (v Value) Int() (n int64, ok bool) { return int64(v.num), v.kind == Int }

// Float returns a number; ok is false when the value is neither a
// floating-point number nor an integer.
func (v Value) Float() (f float64, ok bool) {
	switch v.kind {
	case Float:
		return math.Float64frombits(v.num), true
	case Int:
		return float64(int64(v.num)), true
	}
	return 0, false
}

// Bytes returns a blob, or text as it is stored; nil for other kinds.
func (v Value) Bytes() []byte { return v.data }

// Text returns text as UTF-8. A number is written in decimal, a blob is taken
// for UTF-8, and NULL is "".
func (v Value) Text() string {
	switch v.kind {
	case Text:
		return decodeText(v.data, v.enc)
	case Blob:
		return string(v.data)
	case Int:
		return strconv.FormatInt(int64(v.num), 10)
	case Float:
		return strconv.FormatFloat(math.Float64frombits(v.num), 'g', -1, 64)
	}
	return ""
}

// Any returns nil, an int64, float64, string or []byte.
func (v Value) Any() any {
	switch v.kind {
	case Int:
		return int64(v.num)
	case Float:
		return math.Float64frombits(v.num)
	case Text:
		return v.Text()
	case Blob:
		return v.data
	}
	return nil
}

// decodeText decodes text of a database. An odd last byte is dropped; an
// unpaired surrogate becomes U+FFFD.
func decodeText(b []byte, e Encoding) string {
	if e != UTF16LE && e != UTF16BE {
		return string(b)
	}
	u := make([]uint16, len(b)/2)
	hi, lo := 1, 0
	if e == UTF16BE {
		hi, lo = 0, 1
	}
	for i := range u {
		u[i] = uint16(b[2*i+hi])<<8 | uint16(b[2*i+lo])
	}
	return string(utf16.Decode(u))
}

// varint reads an integer of one to nine bytes; n is 0 when it is cut short.
// (1.6, "varint")
func varint(b []byte) (v uint64, n int) {
	for i, c := range b[:min(len(b), 9)] {
		if i == 8 {
			return v<<8 | uint64(c), 9
		}
		v = v<<7 | uint64(c&0x7F)
		if c < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}

// typeSize returns the size of a value by its serial type, or -1 for the two
// types that are reserved. (2.1)
func typeSize(t uint64) int64 {
	switch {
	case t < 12:
		return [...]int64{0, 1, 2, 3, 4, 6, 8, 8, 0, 0, -1, -1}[t]
	case t > math.MaxInt32*2:
		return math.MaxInt32
	}
	return int64(t-12) / 2
}

// A record is a row as it is stored: serial types, then the values.
type record struct {
	types []uint64
	body  []byte
	whole bool // the body has room for all types
}

// parseRecord reads the header of a record. It returns how much of p the
// record needs, or -1 when its header is not one.
func (r *record) parse(p []byte) int64 { return r.parseUpTo(p, math.MaxInt64) }

// parseUpTo is parse for a record of at most so many bytes; it returns -1 for another
// as soon as that is known.
func (r *record) parseUpTo(p []byte, most int64) int64 {
	r.types, r.body, r.whole = r.types[:0], nil, false
	size, n := varint(p)
	if n == 0 || size < uint64(n) || size > uint64(len(p)) {
		return -1
	}
	need := int64(size)
	for at := n; at < int(size); {
		t, k := varint(p[at:size])
		if k == 0 || len(r.types) == maxColumns+1 {
			return -1
		}
		w := typeSize(t)
		if w < 0 {
			return -1
		}
		if need += w; need > most {
			return -1
		}
		r.types = append(r.types, t)
		at += k
	}
	r.body = p[size:]
	r.whole = need <= int64(len(p))
	return need
}

// value reads the value of a serial type at the start of b.
func value(t uint64, b []byte, enc Encoding) Value {
	n := typeSize(t)
	if n < 0 || n > int64(len(b)) {
		if t >= 12 && len(b) > 0 {
			// What there is of a text or blob, but marked.
			return Value{kind: Lost, enc: enc, data: b}
		}
		return Value{kind: Lost}
	}
	b = b[:n:n]
	switch {
	case t == 0:
		return Value{}
	case t <= 6:
		v := uint64(int64(int8(b[0])))
		for _, c := range b[1:] {
			v = v<<8 | uint64(c)
		}
		return Value{kind: Int, num: v}
	case t == 7:
		return Value{kind: Float, num: be.Uint64(b)}
	case t < 10:
		return Value{kind: Int, num: t - 8}
	case t%2 == 0:
		return Value{kind: Blob, data: b}
	}
	return Value{kind: Text, enc: enc, data: b}
}

// An affinity is what a column does to values that are stored in it. (datatype3.html, 3.1)
type affinity uint8

const (
	affBlob affinity = iota
	affText
	affNumeric
	affInteger
	affReal
)

// affinityOf returns the affinity of a declared type.
func affinityOf(declared string) affinity {
	u := strings.ToUpper(declared)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(u, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("INT"):
		return affInteger
	case has("CHAR", "CLOB", "TEXT"):
		return affText
	case has("BLOB") || u == "":
		return affBlob
	case has("REAL", "FLOA", "DOUB"):
		return affReal
	}
	return affNumeric
}
