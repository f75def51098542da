package ese

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestValueKinds reads a value of each type from its bytes, as the reference of
// the storage engine has them (JET_COLTYP).
func TestValueKinds(t *testing.T) {
	const none = math.MinInt64
	for _, c := range []struct {
		name string
		typ  Type
		page uint16
		hex  string
		text string
		n    int64   // none: no integer
		f    float64 // NaN: no number
	}{
		{"true", Bool, 0, "ff", "true", 1, 1},
		{"false", Bool, 0, "00", "false", 0, 0},
		{"byte", Uint8, 0, "fe", "254", 254, 254},
		{"short", Int16, 0, "feff", "-2", -2, -2},
		{"unsigned short", Uint16, 0, "feff", "65534", 65534, 65534},
		{"long", Int32, 0, "feffffff", "-2", -2, -2},
		{"unsigned long", Uint32, 0, "feffffff", "4294967294", 4294967294, 4294967294},
		{"currency", Currency, 0, "feffffffffffffff", "-2", -2, -2},
		{"long long", Int64, 0, "0000000001000000", "4294967296", 1 << 32, 1 << 32},
		{"single", Float32, 0, "0000c03f", "1.5", none, 1.5},
		{"single that is no fraction of two", Float32, 0, "cdcccc3d", "0.1", none, float64(float32(0.1))},
		{"double", Float64, 0, "000000000000f8bf", "-1.5", none, -1.5},
		{"GUID", GUID, 0, "33221100554477668899aabbccddeeff", "{00112233-4455-6677-8899-AABBCCDDEEFF}", none, math.NaN()},
		{"binary", Binary, 0, "00ff10", "00ff10", none, math.NaN()},
		{"long binary", LongBinary, 0, "", "", none, math.NaN()},
		{"text", Text, 1252, "68e97f80", "hé\x7f€", none, math.NaN()},
		{"text with NULs at its end", Text, 1252, "68690000", "hi", none, math.NaN()},
		{"an undefined character", Text, 1252, "81", "\u0081", none, math.NaN()},
		{"UTF-16", LongText, 1200, "6800e900", "hé", none, math.NaN()},
		{"UTF-16 with NULs", LongText, 1200, "680000000000", "h", none, math.NaN()},
		{"UTF-16 of two units", LongText, 1200, "3dd80ade6100", "\U0001F60Aa", none, math.NaN()},
		{"half a pair", LongText, 1200, "3dd86100", "\uFFFDa", none, math.NaN()},
		{"half a pair at the end", LongText, 1200, "61003dd8", "a\uFFFD", none, math.NaN()},
		{"an odd byte", LongText, 1200, "610062", "a", none, math.NaN()},
		{"a short long", Int32, 0, "feff", "feff", none, math.NaN()}, // what is cut is shown as it is
		{"a short GUID", GUID, 0, "0011", "", none, math.NaN()},
		{"a short double", Float64, 0, "0011", "", none, math.NaN()},
	} {
		v := Value{Type: c.typ, codePage: c.page, b: unhex(t, c.hex)}
		if got := v.Text(); got != c.text {
			t.Errorf("%s: text %q, want %q", c.name, got, c.text)
		}
		if got := string(v.AppendText([]byte("before "))); got != "before "+c.text {
			t.Errorf("%s: appended %q", c.name, got)
		}
		if n, ok := v.Int(); ok != (c.n != none) || ok && n != c.n {
			t.Errorf("%s: integer %d, %v", c.name, n, ok)
		}
		if f, ok := v.Float(); ok == math.IsNaN(c.f) || ok && f != c.f {
			t.Errorf("%s: number %v, %v", c.name, f, ok)
		}
		if !bytes.Equal(v.Bytes(), unhex(t, c.hex)) || v.IsNull() {
			t.Errorf("%s: bytes %x", c.name, v.Bytes())
		}
	}
	var null Value
	if !null.IsNull() || null.Text() != "" || null.Bytes() != nil {
		t.Error("NULL has a value")
	}
	for _, typ := range []Type{Bool, Int32, Int64, DateTime, GUID, Text, Float64} {
		v := Value{Type: typ}
		if _, ok := v.Int(); ok || v.Text() != "" {
			t.Errorf("NULL of %v: %q", typ, v.Text())
		}
		if _, ok := v.Time(); ok {
			t.Errorf("NULL of %v has a time", typ)
		}
	}
}

// TestValueTime reads the three ways in which times are stored: OLE dates,
// FILETIMEs in a date-time column, and FILETIMEs in a column of 64 bits.
func TestValueTime(t *testing.T) {
	ole := func(f float64) []byte {
		var b [8]byte
		le.PutUint64(b[:], math.Float64bits(f))
		return b[:]
	}
	const ft = "00 80 3e d5 de b1 9d 01" // 116444736000000000: 1970-01-01
	for _, c := range []struct {
		name string
		typ  Type
		b    []byte
		want string
	}{
		{"OLE", DateTime, ole(45000.5), "2023-03-15T12:00:00.0000000Z"},
		{"OLE, a second before midnight", DateTime, ole(45000 + 86399.0/86400), "2023-03-15T23:59:59.0000000Z"},
		{"OLE, almost the next day", DateTime, ole(math.Nextafter(45001, 0)), "2023-03-16T00:00:00.0000000Z"},
		{"OLE before 1899", DateTime, ole(-1.25), "1899-12-29T06:00:00.0000000Z"},
		{"OLE not set", DateTime, ole(0), ""},
		{"OLE after the year 9999", DateTime, ole(2958467), ""},
		{"not a number", DateTime, ole(math.NaN()), ""},
		{"infinite", DateTime, ole(math.Inf(1)), ""},
		{"FILETIME in a date-time", DateTime, unhex(t, ft), "1970-01-01T00:00:00.0000000Z"},
		{"FILETIME", Int64, unhex(t, ft), "1970-01-01T00:00:00.0000000Z"},
		{"FILETIME in a currency", Currency, unhex(t, "01 80 3e d5 de b1 9d 01"), "1970-01-01T00:00:00.0000001Z"},
		{"FILETIME not set", Int64, make([]byte, 8), ""},
		{"a number of 32 bits", Int32, unhex(t, "01020304 05060708"), ""},
		{"cut", Int64, unhex(t, "00803ed5"), ""},
	} {
		got, ok := Value{Type: c.typ, b: c.b}.Time()
		if ok != (c.want != "") || ok && got.Format("2006-01-02T15:04:05.0000000Z") != c.want || ok && got.Location() != time.UTC {
			t.Errorf("%s: %v, %v; want %s", c.name, got, ok, c.want)
		}
		if c.typ == DateTime {
			if text := (Value{Type: c.typ, b: c.b}).Text(); text != c.want {
				t.Errorf("%s: text %q, want %q", c.name, text, c.want)
			}
		}
	}
}

// pack7 packs characters of 7 bits, one bit after the other.
func pack7(scheme byte, s string) []byte {
	out := []byte{0}
	bit := 0
	for _, c := range []byte(s) {
		for i := range 7 {
			if bit%8 == 0 {
				out = append(out, 0)
			}
			out[len(out)-1] |= c >> i & 1 << (bit % 8)
			bit++
		}
	}
	out[0] = scheme<<3 | byte((bit+7)%8)
	return out
}

// TestDecompress unpacks each scheme, and names those that it does not know.
func TestDecompress(t *testing.T) {
	// "A" is 1000001: seven bits of one byte, so the low three bits are 6. "AB": 14 bits, 6 of the second byte.
	for text, want := range map[string]string{"A": "0e41", "AB": "0d4121", "": "0f"} {
		if got := hex.EncodeToString(pack7(scheme7Ascii, text)); got != want {
			t.Errorf("%q packs to %s, want %s", text, got, want)
		}
	}
	long := strings.Repeat("The quick brown fox. ", 40)
	for n := range 60 {
		text := long[:n]
		for _, scheme := range []byte{scheme7Ascii, scheme7UTF16} {
			got, narrow, err := decompress(pack7(scheme, text))
			if err != nil || string(got) != text || narrow != (scheme == scheme7UTF16) {
				t.Errorf("%q, scheme %d: %q, narrow %v, %v", text, scheme, got, narrow, err)
			}
		}
	}
	// Of narrow text each byte is one unit of UTF-16.
	b, narrow, err := decompress(pack7(scheme7UTF16, "hi"))
	v := Value{Type: LongText, codePage: 1200, narrow: narrow, b: b}
	if err != nil || v.Text() != "hi" || !bytes.Equal(v.Bytes(), []byte("h\x00i\x00")) {
		t.Errorf("%q, % x, %v", v.Text(), v.Bytes(), err)
	}
	// Plain LZ77 ([MS-XCA] 2.4): flags, then literals. 100 bytes are promised where 3 are.
	literal := append([]byte{schemeXpress << 3, 3, 0}, unhex(t, "ffffff1f 616263")...)
	if got, narrow, err := decompress(literal); err != nil || narrow || string(got) != "abc" {
		t.Errorf("XPRESS: %q, %v", got, err)
	}
	more := bytes.Clone(literal)
	more[1] = 100
	if got, _, err := decompress(more); err == nil {
		t.Errorf("XPRESS that ends early: %q", got)
	}
	for _, c := range []struct {
		b    []byte
		want error
	}{
		{nil, errShortIn}, {[]byte{schemeXpress << 3}, errShortIn}, {[]byte{schemeXpress << 3, 1}, errShortIn},
		{[]byte{schemeXpr9 << 3, 1}, errXpress9},
		{[]byte{schemeXpr10 << 3, 1}, errXpr10}, {[]byte{scheme8 << 3}, errScheme}, {[]byte{0, 1, 2}, errScheme}, {[]byte{0xFF}, errScheme},
	} {
		if out, _, err := decompress(c.b); !errors.Is(err, c.want) || out != nil {
			t.Errorf("% x: %q, %v; want %v", c.b, out, err, c.want)
		}
	}
}

// TestSums folds headers by hand: the XOR of the words.
func TestSums(t *testing.T) {
	words := unhex(t, "01000000 02000000 04000000 08000000 10000000 20000000 40000000 80000000 00010000 00020000")
	for n := 8; n <= len(words); n += 8 {
		want := uint32(0x5A5A5A5A)
		for i := 0; i < n; i += 4 {
			want ^= le.Uint32(words[i:])
		}
		if got := xor32(words[:n], 0x5A5A5A5A); got != want {
			t.Errorf("%d bytes: %#x, want %#x", n, got, want)
		}
	}
	for want, state := range map[string]State{"just created": JustCreated, "dirty": Dirty, "clean": Clean, "being converted": Converted,
		"force detached": ForceDetached, "state 9": 9} {
		if state.String() != want {
			t.Errorf("%d: %s", uint32(state), state)
		}
	}
}

// TestHeaderFields reads the header page: the time of the signature, the
// computer, and page sizes that no database has.
func TestHeaderFields(t *testing.T) {
	head := func(size uint32, created ...byte) []byte {
		b := make([]byte, 4096)
		le.PutUint32(b[hdrSignature:], magic)
		le.PutUint32(b[hdrVersion:], 0x620)
		le.PutUint32(b[hdrState:], uint32(Dirty))
		le.PutUint32(b[hdrRevision:], 230)
		le.PutUint32(b[hdrPageSize:], size)
		le.PutUint32(b[hdrFileType:], 1)
		copy(b[hdrDBSign+4:], created)
		copy(b[hdrDBSign+12:], "DESKTOP\x00trash")
		return b
	}
	for _, c := range []struct {
		name    string
		created []byte
		want    string
	}{
		{"a time", []byte{7, 6, 5, 4, 3, 126}, "2026-03-04T05:06:07Z"},
		{"not set", []byte{0, 0, 0, 0, 0, 0}, "0001-01-01T00:00:00Z"},
		{"no month", []byte{7, 6, 5, 4, 13, 126}, "0001-01-01T00:00:00Z"},
		{"no hour", []byte{7, 6, 24, 4, 3, 126}, "0001-01-01T00:00:00Z"},
	} {
		var db DB
		if err := db.setHeader(head(4096, c.created...)); err != nil || db.Header.Created.Format(time.RFC3339) != c.want {
			t.Errorf("%s: %v, %v", c.name, db.Header.Created, err)
		}
		if db.Header.Computer != "DESKTOP" || !db.Header.Streaming || db.Version != 0x620 || db.Revision != 230 ||
			db.State != Dirty || db.PageSize != 4096 {
			t.Errorf("%s: %+v", c.name, db.Header)
		}
	}
	for _, size := range []uint32{0, 2048, 4097, 65536, 1 << 31} {
		var db DB
		if err := db.setHeader(head(size)); err == nil || !strings.Contains(err.Error(), "page size is") {
			t.Errorf("pages of %d bytes: %v", size, err)
		}
		if headerSum(head(size)) {
			t.Errorf("pages of %d bytes: the sum of a page that is not there is right", size)
		}
	}
	right := head(4096)
	le.PutUint32(right[hdrChecksum:], xor32(right[8:], le.Uint32(right[4:])^magic))
	if !headerSum(right) {
		t.Error("a right sum is not")
	}
	right[4095] ^= 1 // the sum is of the whole page
	if headerSum(right) {
		t.Error("a change of the last byte is not seen")
	}
}
