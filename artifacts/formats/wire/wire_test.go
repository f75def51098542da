package wire

import (
	"encoding/hex"
	"errors"
	"io"
	"testing"
	"time"
)

func TestTime(t *testing.T) {
	for _, c := range []struct {
		ft   uint64
		want string
	}{
		{1, "1601-01-01T00:00:00.0000001Z"},
		{116444735999999999, "1969-12-31T23:59:59.9999999Z"},
		{116444736000000000, "1970-01-01T00:00:00Z"},
		{MaxFileTime, "9999-12-31T23:59:59.9999999Z"},
	} {
		got := Time(c.ft)
		if s := got.Format(time.RFC3339Nano); s != c.want {
			t.Errorf("Time(%d) = %s, want %s", c.ft, s, c.want)
		}
		if back := FileTime(got); uint64(back) != c.ft {
			t.Errorf("FileTime(Time(%d)) = %d", c.ft, back)
		}
	}
	for _, never := range []uint64{0, MaxFileTime + 1, 1<<63 - 1, 1<<64 - 1} {
		if got := Time(never); !got.IsZero() {
			t.Errorf("Time(%#x) = %v, want the zero time", never, got)
		}
	}
	if !TimeAt(make([]byte, 8), 1).IsZero() || !TimeAt([]byte{1, 2, 3, 4, 5, 6, 7, 1}, -1).IsZero() {
		t.Error("TimeAt reads outside of the buffer")
	}
}

func TestDOSTime(t *testing.T) {
	// 2021-03-04 05:06:08: date 41<<9|3<<5|4, time 5<<11|6<<5|4.
	if got, want := DOSTime([]byte{0x64, 0x52, 0xC4, 0x28}), time.Date(2021, 3, 4, 5, 6, 8, 0, time.UTC); !got.Equal(want) {
		t.Errorf("DOSTime = %v, want %v", got, want)
	}
	if got := DOSTime([]byte{0x5E, 0x52, 0, 0}); !got.IsZero() {
		t.Errorf("30 February = %v", got)
	}
}

func TestIDs(t *testing.T) {
	b, _ := hex.DecodeString("04030201060508070910111213141516")
	if got := ClassID(b); got != "{01020304-0506-0708-0910-111213141516}" {
		t.Errorf("ClassID = %s", got)
	}
	if got := GUID(b[:15]); got != "" {
		t.Errorf("GUID of 15 bytes = %q", got)
	}
	sid, _ := hex.DecodeString("010500000000000515000000010000000200000003000000e9030000ff")
	if got, n := SID(sid); got != "S-1-5-21-1-2-3-1001" || n != 28 {
		t.Errorf("SID = %q, %d", got, n)
	}
	if got, n := SID(sid[:27]); got != "" || n != 0 {
		t.Errorf("SID cut short = %q, %d", got, n)
	}
}

func TestText(t *testing.T) {
	b := []byte{'a', 0, 0x3D, 0xD8, 0, 0, 'b', 0, 'x'}
	if got := UTF16Z(b); got != "a\uFFFD" {
		t.Errorf("UTF16Z = %q", got)
	}
	if got := UTF16Len(b); got != 6 {
		t.Errorf("UTF16Len = %d", got)
	}
	if got := UTF16(b); got != "a\uFFFD\x00b" {
		t.Errorf("UTF16 = %q", got)
	}
	if got := UTF16Trim([]byte{'a', 0, 0, 0, 0, 0}); got != "a" {
		t.Errorf("UTF16Trim = %q", got)
	}
	if got, want := UTF16Escaped([]byte{'a', 0, 0x3D, 0xD8, 0x3D, 0xD8, 0, 0xDE, 0, 0xDE, 0xFD, 0xFF}), "a\\u{D83D}\U0001F600\\u{DE00}\uFFFD"; got != want {
		t.Errorf("UTF16Escaped = %q, want %q", got, want)
	}
	if got := Latin1Z([]byte{'a', 0xE4, 0, 'b'}); got != "aä" {
		t.Errorf("Latin1Z = %q", got)
	}
}

func TestReader(t *testing.T) {
	r := NewReader([]byte{1, 2, 0, 3, 0, 0, 0, 9}, 0)
	if a, b, c := r.Uint8(), r.Uint16(), r.Uint32(); a != 1 || b != 2 || c != 3 || r.Left() != 1 {
		t.Errorf("read %d %d %d, %d left", a, b, c, r.Left())
	}
	if r.Uint64() != 0 || !r.Failed() || r.Uint8() != 0 {
		t.Error("a read past the end does not fail")
	}
	if !NewReader(nil, 1).Failed() {
		t.Error("a reader that starts past the end does not fail")
	}
}

func TestErrors(t *testing.T) {
	var err error = &FormatError{"lnk", 12, "LinkInfo", "runs past the end", io.ErrUnexpectedEOF}
	if got, want := err.Error(), "lnk: LinkInfo at offset 12: runs past the end: unexpected EOF"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if p, ok := errors.AsType[interface {
		error
		Position() int64
	}](err); !ok || p.Position() != 12 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the error has no position or cause")
	}
}
