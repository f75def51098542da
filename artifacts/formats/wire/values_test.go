package wire

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// TestSystemTime has a SYSTEMTIME of [MS-DTYP] 2.3.13 field by field.
func TestSystemTime(t *testing.T) {
	fields := func(list ...uint16) []byte {
		var b []byte
		for _, n := range list {
			b = binary.LittleEndian.AppendUint16(b, n)
		}
		return b
	}
	for _, c := range []struct {
		b    []byte
		want string
	}{
		{fields(2026, 3, 0, 1, 10, 20, 30, 123), "2026-03-01T10:20:30.123Z"},
		{fields(2024, 2, 4, 29, 23, 59, 59, 999), "2024-02-29T23:59:59.999Z"},
		{fields(1601, 1, 1, 1, 0, 0, 0, 0), "1601-01-01T00:00:00Z"},
		{fields(9999, 12, 9, 31, 0, 0, 0, 0), "9999-12-31T00:00:00Z"}, // the day of the week is not checked
		{fields(1600, 1, 0, 1, 0, 0, 0, 0), ""},
		{fields(10000, 1, 0, 1, 0, 0, 0, 0), ""},
		{fields(2026, 0, 0, 1, 0, 0, 0, 0), ""},
		{fields(2026, 13, 0, 1, 0, 0, 0, 0), ""},
		{fields(2026, 1, 0, 0, 0, 0, 0, 0), ""},
		{fields(2026, 1, 0, 32, 0, 0, 0, 0), ""},
		{fields(2026, 2, 0, 30, 0, 0, 0, 0), ""}, // no day of the calendar
		{fields(2025, 2, 0, 29, 0, 0, 0, 0), ""},
		{fields(2026, 4, 0, 31, 0, 0, 0, 0), ""},
		{fields(2026, 1, 0, 1, 24, 0, 0, 0), ""},
		{fields(2026, 1, 0, 1, 0, 60, 0, 0), ""},
		{fields(2026, 1, 0, 1, 0, 0, 60, 0), ""},
		{fields(2026, 1, 0, 1, 0, 0, 0, 1000), ""},
		{fields(0, 0, 0, 0, 0, 0, 0, 0), ""},
		{fields(2026, 3, 0, 1, 10, 20, 30), ""}, // 14 bytes
		{nil, ""},
	} {
		got := SystemTime(c.b)
		if c.want == "" && !got.IsZero() || c.want != "" && got.Format(time.RFC3339Nano) != c.want {
			t.Errorf("%v: %v, want %q", c.b, got, c.want)
		}
	}
}

// TestDOSTimes has the date and time of the FAT directory: 7, 4 and 5 bits, then 5,
// 6 and 5 bits in steps of two seconds.
func TestDOSTimes(t *testing.T) {
	pack := func(y, mo, d, h, mi, s int) []byte {
		b := binary.LittleEndian.AppendUint16(nil, uint16((y-1980)<<9|mo<<5|d))
		return binary.LittleEndian.AppendUint16(b, uint16(h<<11|mi<<5|s/2))
	}
	for _, want := range []time.Time{
		time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2107, 12, 31, 23, 59, 58, 0, time.UTC), time.Date(2024, 2, 29, 12, 30, 2, 0, time.UTC),
	} {
		b := pack(want.Year(), int(want.Month()), want.Day(), want.Hour(), want.Minute(), want.Second())
		if got := DOSTime(append(b, 0xFF)); !got.Equal(want) {
			t.Errorf("%v: %v", want, got)
		}
	}
	for _, bad := range [][]byte{nil, {0, 0, 0}, {0, 0, 0, 0}, pack(2025, 2, 29, 0, 0, 0), pack(2025, 13, 1, 0, 0, 0), pack(2025, 0, 1, 0, 0, 0),
		pack(2025, 1, 0, 0, 0, 0), pack(2025, 1, 1, 24, 0, 0), pack(2025, 1, 1, 0, 60, 0), pack(2025, 1, 1, 0, 0, 60)} {
		if got := DOSTime(bad); !got.IsZero() {
			t.Errorf("% x: %v", bad, got)
		}
	}
}

// TestTimeRoundTrip goes through the whole range of FILETIME.
func TestTimeRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		n := r.Uint64N(MaxFileTime) + 1
		got := Time(n)
		if back := FileTime(got); uint64(back) != n || got.Location() != time.UTC {
			t.Fatalf("FILETIME %d is %v and back %d", n, got, back)
		}
		b := binary.LittleEndian.AppendUint64([]byte{1, 2, 3}, n)
		if !TimeAt(b, 3).Equal(got) || !TimeAt(b, 4).IsZero() {
			t.Fatalf("FILETIME %d at an offset", n)
		}
	}
	if got := FileTime(time.Date(2026, 3, 1, 12, 0, 0, 199, time.FixedZone("", 9*3600))); got != FileTime(time.Date(2026, 3, 1, 3, 0, 0, 100, time.UTC)) {
		t.Errorf("a time in another zone is %d", got)
	}
	for sec, want := range map[uint32]string{0: "0001-01-01T00:00:00Z", 1: "1970-01-01T00:00:01Z", 1<<32 - 1: "2106-02-07T06:28:15Z"} {
		if got := UnixTime(sec).Format(time.RFC3339); got != want {
			t.Errorf("UnixTime(%d) = %s, want %s", sec, got, want)
		}
	}
}

// TestSIDs has identifiers of [MS-DTYP] 2.4.2.4, and what is none.
func TestSIDs(t *testing.T) {
	for _, c := range []struct {
		b    []byte
		want string
		n    int
	}{
		{[]byte{1, 0, 0, 0, 0, 0, 0, 5}, "S-1-5", 8},
		{[]byte{1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0}, "S-1-1-0", 12},
		{[]byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0, 99}, "S-1-5-32-544", 16},
		{[]byte{1, 1, 0, 0, 0, 0, 0, 16, 0, 0x30, 0, 0}, "S-1-16-12288", 12},
		{[]byte{1, 1, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, "S-1-4294967295-4294967295", 12},
		{[]byte{1, 1, 0, 1, 0, 0, 0, 0, 7, 0, 0, 0}, "S-1-0x000100000000-7", 12},
		{[]byte{1, 0, 0xAB, 0xCD, 0, 0, 0, 1}, "S-1-0xABCD00000001", 8},
		{[]byte{2, 0, 0, 0, 0, 0, 0, 5}, "", 0},
		{[]byte{1, 1, 0, 0, 0, 0, 0, 5, 1, 0, 0}, "", 0},
		{[]byte{1, 0, 0, 0, 0, 0, 0}, "", 0},
		{nil, "", 0},
	} {
		if got, n := SID(c.b); got != c.want || n != c.n {
			t.Errorf("% x: %q of %d bytes, want %q of %d", c.b, got, n, c.want, c.n)
		}
	}
	most := make([]byte, 8+4*255)
	most[0], most[1] = 1, 255
	if got, n := SID(most); n != len(most) || strings.Count(got, "-") != 2+255 {
		t.Errorf("the longest: %d bytes, %q", n, got)
	}
}

// TestTexts compares the ways to read text on the same bytes.
func TestTexts(t *testing.T) {
	wide := func(s string) []byte {
		var b []byte
		for _, u := range utf16.Encode([]rune(s)) {
			b = binary.LittleEndian.AppendUint16(b, u)
		}
		return b
	}
	for _, s := range []string{"", "a", "ä б 日本 \U0001F600", "\uFFFD", "\uFEFFx", "a\tb\r\n"} {
		b := wide(s)
		z := append(append([]byte{}, b...), 0, 0, 'x', 0)
		for name, got := range map[string]string{"UTF16": UTF16(b), "odd": UTF16(append(b[:len(b):len(b)], 7)), "UTF16Z": UTF16Z(z), "UTF16Trim": UTF16Trim(z[:len(b)+2]),
			"UTF16Escaped": UTF16Escaped(b), "UTF16Z without NUL": UTF16Z(b)} {
			if got != s {
				t.Errorf("%s of %q = %q", name, s, got)
			}
		}
		if n := UTF16Len(z); n != len(b)+2 {
			t.Errorf("UTF16Len of %q = %d", s, n)
		}
		if n := UTF16Len(append(b[:len(b):len(b)], 7)); n != len(b) {
			t.Errorf("UTF16Len of %q without a NUL = %d", s, n)
		}
	}
	// A byte of zero in the middle of two characters is not a NUL: U+0100 U+6100.
	if got := UTF16Z([]byte{0, 1, 0, 0x61, 0, 0}); got != "\u0100\u6100" {
		t.Errorf("UTF16Z across characters = %q", got)
	}
	// Two names that differ in half a pair only stay two.
	a, b := UTF16Escaped([]byte{'n', 0, 0x00, 0xD8}), UTF16Escaped([]byte{'n', 0, 0x01, 0xD8})
	if a != `n\u{D800}` || b != `n\u{D801}` {
		t.Errorf("escaped %q and %q", a, b)
	}
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for i, r := range []rune(Latin1(all)) {
		if r != rune(i) {
			t.Errorf("byte %#x is %U", i, r)
		}
	}
	if got := Latin1Z(all); got != "" {
		t.Errorf("Latin1Z of a NUL = %q", got)
	}
}

// TestReaderBounds reads past the end with each method at each place: nothing is read
// twice, nothing is read after a failure.
func TestReaderBounds(t *testing.T) {
	b := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9}
	widths := map[string]struct {
		n    int
		read func(*Reader) uint64
	}{
		"Uint8":  {1, func(r *Reader) uint64 { return uint64(r.Uint8()) }},
		"Uint16": {2, func(r *Reader) uint64 { return uint64(r.Uint16()) }},
		"Uint32": {4, func(r *Reader) uint64 { return uint64(r.Uint32()) }},
		"Uint64": {8, func(r *Reader) uint64 { return r.Uint64() }},
	}
	for name, w := range widths {
		for off := -1; off <= len(b)+1; off++ {
			r := NewReader(b, off)
			got := w.read(r)
			want := uint64(0)
			fits := off >= 0 && off+w.n <= len(b)
			for i := w.n - 1; fits && i >= 0; i-- {
				want = want<<8 | uint64(b[off+i])
			}
			if got != want || r.Failed() == fits {
				t.Errorf("%s at %d: %#x, failed %t, want %#x", name, off, got, r.Failed(), want)
			}
			if fits && (r.Offset() != off+w.n || r.Left() != len(b)-off-w.n) {
				t.Errorf("%s at %d: now at %d, %d left", name, off, r.Offset(), r.Left())
			}
			if !fits && (r.Take(0) != nil || r.Uint8() != 0) {
				t.Errorf("%s at %d: reads on after the failure", name, off)
			}
		}
	}
	r := NewReader(b, 0)
	if s := r.Take(3); cap(s) != 3 {
		t.Errorf("a piece of 3 bytes can grow to %d", cap(s))
	}
	if r.Skip(-1); !r.Failed() {
		t.Error("a negative length does not fail")
	}
	if r := NewReader(b, len(b)); r.Failed() || r.Take(0) == nil && r.Failed() {
		t.Error("a reader at the end has failed before it read")
	}
}

func TestLimitError(t *testing.T) {
	err := &LimitError{Format: "ese", Option: "MaxSize", Limit: 10, Need: 11}
	if got, want := err.Error(), "ese: needs 11, more than Options.MaxSize = 10"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	plain := &FormatError{Format: "lnk", Offset: 12, Struct: "LinkInfo", Problem: "runs past the end"}
	if got, want := plain.Error(), "lnk: LinkInfo at offset 12: runs past the end"; got != want || plain.Unwrap() != nil {
		t.Errorf("%q, want %q", got, want)
	}
}

func ExampleTime() {
	fmt.Println(Time(0x01DA_7D1A_2B3C_4D5E).Format(time.RFC3339Nano))
	fmt.Println(Time(0x7FFF_FFFF_FFFF_FFFF).IsZero()) // never
	// Output:
	// 2024-03-23T12:03:50.8844894Z
	// true
}

func ExampleSID() {
	sid, n := SID([]byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0})
	fmt.Println(sid, n)
	// Output: S-1-5-32-544 16
}

func ExampleReader() {
	r := NewReader([]byte{2, 0, 'h', 0, 'i', 0}, 0)
	n := int(r.Uint16())
	text := UTF16(r.Take(2 * n))
	fmt.Println(text, r.Left(), r.Failed())
	// Output: hi 0 false
}
