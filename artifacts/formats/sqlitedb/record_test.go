package sqlitedb

import (
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestVarint has the values of the format's description, 1.6, worked out by hand.
func TestVarint(t *testing.T) {
	for _, c := range []struct {
		hex  string
		want uint64
		n    int
	}{
		{"", 0, 0},
		{"00", 0, 1},
		{"7f", 127, 1},
		{"7f ff", 127, 1},
		{"81 00", 128, 2},
		{"82 80 00", 2 << 14, 3},
		{"80 01", 1, 2}, // longer than needed, but not wrong
		{"81", 0, 0},
		{"ff ff ff ff ff ff ff ff", 0, 0}, // the ninth byte is missing
		{"ff ff ff ff ff ff ff ff ff", math.MaxUint64, 9},
		{"80 80 80 80 80 80 80 80 ff", 255, 9}, // all eight bits of the ninth count
		{"bf ff ff ff ff ff ff ff ff ff", 1<<63 - 1, 9},
	} {
		if v, n := varint(unhex(t, c.hex)); v != c.want || n != c.n {
			t.Errorf("%s: %d in %d bytes, want %d in %d", c.hex, v, n, c.want, c.n)
		}
	}
}

// TestSerialTypes reads each serial type of 2.1 from bytes.
func TestSerialTypes(t *testing.T) {
	const data = "ff fe 01 02 03 04 05 06 07 08"
	for _, c := range []struct {
		serial uint64
		size   int64
		want   any
	}{
		{0, 0, nil},
		{1, 1, int64(-1)},
		{2, 2, int64(-2)},
		{3, 3, int64(-511)},                // fffe01
		{4, 4, int64(-130814)},             // fffe0102
		{5, 6, int64(-0x0001FEFDFCFC)},     // fffe01020304
		{6, 8, int64(-0x0001FEFDFCFBFAFA)}, // fffe010203040506
		{7, 8, math.Float64frombits(0xFFFE010203040506)},
		{8, 0, int64(0)},
		{9, 0, int64(1)},
		{12, 0, ""},
		{13, 0, ""},
		{18, 3, "fffe01"},
		{19, 3, "\xff\xfe\x01"},
	} {
		if n := typeSize(c.serial); n != c.size {
			t.Errorf("type %d has %d bytes, want %d", c.serial, n, c.size)
		}
		v := value(c.serial, unhex(t, data), UTF8)
		got := v.Any()
		if b, ok := got.([]byte); ok {
			got = hex.EncodeToString(b)
		}
		if g, w := fmt.Sprintf("%T %v", got, got), fmt.Sprintf("%T %v", c.want, c.want); g != w {
			t.Errorf("type %d: %s, want %s", c.serial, g, w)
		}
		if v.IsNull() != (c.serial == 0) {
			t.Errorf("type %d: IsNull %v", c.serial, v.IsNull())
		}
	}
	for _, reserved := range []uint64{10, 11} {
		if typeSize(reserved) != -1 || value(reserved, unhex(t, data), UTF8).Kind() != Lost {
			t.Errorf("type %d is reserved", reserved)
		}
	}
	// What is cut: a number is lost, of a text the bytes that there are stay.
	if v := value(6, []byte{1, 2, 3}, UTF8); v.Kind() != Lost || v.Any() != nil || v.Bytes() != nil {
		t.Errorf("cut number: %v", v)
	}
	if v := value(13+2*9, []byte("heron"), UTF8); v.Kind() != Lost || string(v.Bytes()) != "heron" || v.Text() != "" || v.Any() != nil {
		t.Errorf("cut text: %v", v)
	}
	if n := typeSize(math.MaxUint64); n != math.MaxInt32 {
		t.Errorf("the largest type has %d bytes", n)
	}
}

func TestValues(t *testing.T) {
	f := func(v float64) Value { return Value{kind: Float, num: math.Float64bits(v)} }
	n := int64(-5)
	i := Value{kind: Int, num: uint64(n)}
	for _, c := range []struct {
		name  string
		v     Value
		text  string
		i     int64
		isInt bool
		f     float64
		isNum bool
	}{
		{"null", Value{}, "", 0, false, 0, false},
		{"int", i, "-5", -5, true, -5, true},
		{"float", f(2.5), "2.5", 0, false, 2.5, true},
		{"large float", f(1e300), "1e+300", 0, false, 1e300, true},
		{"text", Value{kind: Text, enc: UTF8, data: []byte("12")}, "12", 0, false, 0, false},
		{"blob", Value{kind: Blob, data: []byte("héron")}, "héron", 0, false, 0, false},
		{"lost", Value{kind: Lost, data: []byte("her")}, "", 0, false, 0, false},
	} {
		if got := c.v.Text(); got != c.text {
			t.Errorf("%s: text %q", c.name, got)
		}
		if got, ok := c.v.Int(); ok != c.isInt || ok && got != c.i {
			t.Errorf("%s: int %d, %v", c.name, got, ok)
		}
		if got, ok := c.v.Float(); ok != c.isNum || got != c.f {
			t.Errorf("%s: float %v, %v", c.name, got, ok)
		}
	}
	if got := i.as(affReal).Any(); got != -5.0 {
		t.Errorf("an integer in a column of floating-point numbers: %v", got)
	}
	if got := i.as(affNumeric).Any(); got != n {
		t.Errorf("an integer in a column of numbers: %v", got)
	}
}

func TestDecodeText(t *testing.T) {
	for _, c := range []struct {
		hex  string
		enc  Encoding
		want string
	}{
		{"68c3a9", UTF8, "hé"},
		{"6800e900", UTF16LE, "hé"},
		{"006800e9", UTF16BE, "hé"},
		{"3dd80ade", UTF16LE, "\U0001F60A"},
		{"d83dde0a", UTF16BE, "\U0001F60A"},
		{"680041", UTF16LE, "h"},    // an odd last byte
		{"3dd86800", UTF16LE, "�h"}, // half a pair
		{"", UTF16BE, ""},
	} {
		if got := decodeText(unhex(t, c.hex), c.enc); got != c.want {
			t.Errorf("%s in %v: %q, want %q", c.hex, c.enc, got, c.want)
		}
	}
}

// TestRecord takes the header of a record apart: its size, the serial types,
// and where each value begins. (2.1)
func TestRecord(t *testing.T) {
	for _, c := range []struct {
		name, hex string
		need      int64
		types     string
		starts    string
		whole     bool
	}{
		{"three columns", "04 01 17 07 2a 6865726f6e 4004000000000000", 18, "[1 23 7]", "[0 1 6]", true},
		{"no columns", "01", 1, "[]", "[]", true},
		{"constants", "04 00 08 09", 4, "[0 8 9]", "[0 0 0]", true},
		{"body cut", "03 06 17 00000000", 3 + 8 + 5, "[6 23]", "[0 8]", false},
		{"a long type", "03 82 00 " + strings.Repeat("61", 122), 3 + 122, "[256]", "[0]", true},
	} {
		var r record
		if need := r.parse(unhex(t, c.hex)); need != c.need || r.whole != c.whole {
			t.Errorf("%s: needs %d, whole %v, want %d, %v", c.name, need, r.whole, c.need, c.whole)
		}
		if got := fmt.Sprint(r.types); got != c.types {
			t.Errorf("%s: types %s, want %s", c.name, got, c.types)
		}
		if got := fmt.Sprint(r.starts(nil)); got != c.starts {
			t.Errorf("%s: values begin at %s, want %s", c.name, got, c.starts)
		}
	}
	for _, c := range []struct{ name, hex string }{
		{"nothing", ""},
		{"size of zero", "00 01"},
		{"header longer than the record", "05 01 01"},
		{"a type that goes over the header's end", "02 81 00"},
		{"a reserved type", "02 0a"},
	} {
		var r record
		if need := r.parse(unhex(t, c.hex)); need != -1 {
			t.Errorf("%s: needs %d, want -1", c.name, need)
		}
	}
	// As many columns as SQLite can have, and one more than that.
	for extra, ok := range []bool{true, true, false} {
		b := append([]byte{0, 0, 0}, make([]byte, maxColumns+extra)...)
		size := len(b)
		b[0], b[1], b[2] = byte(size>>14)|0x80, byte(size>>7)|0x80, byte(size)&0x7F
		var r record
		if got := r.parse(b) > 0; got != ok {
			t.Errorf("%d columns: %v", maxColumns+extra, got)
		}
	}
}

// TestAffinity has the examples of datatype3.html, 3.1.1.
func TestAffinity(t *testing.T) {
	for want, types := range map[affinity][]string{
		affInteger: {"INT", "INTEGER", "TINYINT", "UNSIGNED BIG INT", "INT8", "CHARINT", "POINT", "floating point"},
		affText:    {"CHARACTER(20)", "VARCHAR(255)", "NCHAR(55)", "TEXT", "clob", "TEXTBLOB"},
		affBlob:    {"BLOB", "", "REALBLOB"},
		affReal:    {"REAL", "DOUBLE", "double precision", "FLOAT"},
		affNumeric: {"NUMERIC", "DECIMAL(10,5)", "BOOLEAN", "DATETIME", "STRING"},
	} {
		for _, declared := range types {
			if got := affinityOf(declared); got != want {
				t.Errorf("%q: affinity %d, want %d", declared, got, want)
			}
		}
	}
}

// TestChecksum adds the words of a log by hand, as 4.2 describes.
func TestChecksum(t *testing.T) {
	b := unhex(t, "00000001 00000002 00000003 00000004")
	// s0 = 1, s1 = 2+1 = 3; s0 = 1+3+3 = 7, s1 = 3+4+7 = 14.
	if got := checksum(be, [2]uint32{}, b); got != [2]uint32{7, 14} {
		t.Errorf("big-endian: %v", got)
	}
	if got := checksum(be, checksum(be, [2]uint32{}, b[:8]), b[8:]); got != [2]uint32{7, 14} {
		t.Errorf("in two steps: %v", got)
	}
	little := unhex(t, "01000000 02000000 03000000 04000000")
	if got := checksum(nil, [2]uint32{}, little); got != [2]uint32{7, 14} {
		t.Errorf("little-endian: %v", got)
	}
	if got := checksum(be, [2]uint32{math.MaxUint32, 1}, unhex(t, "00000001 00000000")); got != [2]uint32{1, 2} {
		t.Errorf("the sums wrap: %v", got)
	}
}

func TestPageSize(t *testing.T) {
	for v, want := range map[uint32]int{0: 0, 1: 65536, 2: 0, 256: 0, 511: 0, 512: 512, 1000: 0, 4096: 4096, 32768: 32768, 65536: 65536, 1 << 17: 0} {
		if got := pageSize(v); got != want {
			t.Errorf("%d: %d, want %d", v, got, want)
		}
	}
}

// TestLocalSize compares with the numbers of 1.6 for pages of 512 and 4,096 bytes.
func TestLocalSize(t *testing.T) {
	for _, c := range []struct {
		usable, payload int
		table           bool
		want            int
	}{
		{512, 477, true, 477},  // X = U-35
		{512, 478, true, 39},   // M = (500*32/255)-23 = 39; K = 39 + 439%508 = 478 > X
		{512, 600, true, 92},   // K = 39 + 561%508 = 92
		{512, 102, false, 102}, // X = (500*64/255)-23 = 102
		{512, 103, false, 39},
		{512, 547, false, 39}, // K = 39 + 508%508
		{512, 548, false, 40},
		{4096, 4061, true, 4061},
		{4096, 4062, true, 489}, // M = (4084*32/255)-23 = 489
		{4096, 9000, true, 489 + (9000-489)%4092},
	} {
		db := DB{usable: c.usable}
		if got := db.localSize(c.payload, c.table); got != c.want {
			t.Errorf("%d bytes on a page of %d, table %v: %d, want %d", c.payload, c.usable, c.table, got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	for got, want := range map[fmt.Stringer]string{
		UTF8: "UTF-8", UTF16LE: "UTF-16le", UTF16BE: "UTF-16be", Encoding(9): "UTF-8",
		Main: "main", WAL: "wal", Journal: "journal", Exact: "exact", Full: "full", Partial: "partial", Doubtful: "doubtful",
	} {
		if got.String() != want {
			t.Errorf("%T %v, want %s", got, got, want)
		}
	}
}
