package artifacts

import (
	"encoding/binary"
	"time"
	"unicode/utf16"
)

var le = binary.LittleEndian

// epochDiff is the number of 100 ns ticks between 1601-01-01 and 1970-01-01.
const epochDiff = 116444736000000000

// fromFileTime converts a count of 100 ns since 1601 to a time. Zero and the
// two "never" values (all ones, and all ones but the sign) mean no time.
func fromFileTime(ft uint64) time.Time {
	if ft == 0 || ft == 1<<63-1 || ft == 1<<64-1 || ft > maxFileTime {
		return time.Time{}
	}
	t := int64(ft) - epochDiff
	sec, ns := t/1e7, t%1e7
	if ns < 0 {
		sec, ns = sec-1, ns+1e7
	}
	return time.Unix(sec, ns*100).UTC()
}

// maxFileTime is 9999-12-31T23:59:59.9999999Z, the last time that RFC 3339
// can write.
const maxFileTime = 2650467743999999999

// FileTime is the inverse: the FILETIME of t, in 100 ns since 1601-01-01.
func FileTime(t time.Time) int64 {
	return t.Unix()*1e7 + int64(t.Nanosecond()/100) + epochDiff
}

// fileTimeAt reads a FILETIME at off, or no time when b is too short.
func fileTimeAt(b []byte, off int) time.Time {
	if off < 0 || off+8 > len(b) {
		return time.Time{}
	}
	return fromFileTime(le.Uint64(b[off:]))
}

// unixTime converts seconds since 1970; zero means no time.
func unixTime(sec uint32) time.Time {
	if sec == 0 {
		return time.Time{}
	}
	return time.Unix(int64(sec), 0).UTC()
}

// systemTime reads a SYSTEMTIME (eight u16: year, month, weekday, day, hour,
// minute, second, millisecond). The digits are taken as they stand; whether
// they are UTC or local the source decides.
func systemTime(b []byte) time.Time {
	if len(b) < 16 {
		return time.Time{}
	}
	f := func(i int) int { return int(le.Uint16(b[2*i:])) }
	y, mo, d := f(0), f(1), f(3)
	if y < 1601 || y > 9999 || mo < 1 || mo > 12 || d < 1 || d > 31 || f(4) > 23 || f(5) > 59 || f(6) > 59 || f(7) > 999 {
		return time.Time{}
	}
	return time.Date(y, time.Month(mo), d, f(4), f(5), f(6), f(7)*1e6, time.UTC)
}

// utf16String decodes UTF-16LE up to the first NUL. An unpaired surrogate
// becomes U+FFFD, a last odd byte is dropped.
func utf16String(b []byte) string {
	u := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		c := le.Uint16(b[i:])
		if c == 0 {
			break
		}
		u = append(u, c)
	}
	return string(utf16.Decode(u))
}

// utf16Len returns how many bytes the NUL-terminated UTF-16LE text at the
// start of b takes with its NUL; len(b) rounded down when there is none.
func utf16Len(b []byte) int {
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return i + 2
		}
	}
	return len(b) &^ 1
}

// latin1String decodes 8-bit text up to the first NUL, each byte one
// character.
func latin1String(b []byte) string {
	r := make([]rune, 0, len(b))
	for _, c := range b {
		if c == 0 {
			break
		}
		r = append(r, rune(c))
	}
	return string(r)
}

// A cursor reads fields one after the other and remembers the first read past
// the end, so that a decoder checks once.
type cursor struct {
	b   []byte
	off int
	bad bool
}

func (c *cursor) take(n int) []byte {
	if c.bad || n < 0 || n > len(c.b)-c.off {
		c.bad = true
		return nil
	}
	s := c.b[c.off : c.off+n]
	c.off += n
	return s
}

func (c *cursor) skip(n int) { c.take(n) }

func (c *cursor) u16() uint16 {
	if s := c.take(2); s != nil {
		return le.Uint16(s)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if s := c.take(4); s != nil {
		return le.Uint32(s)
	}
	return 0
}

func (c *cursor) left() int { return len(c.b) - c.off }
