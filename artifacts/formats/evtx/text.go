package evtx

import (
	"unicode/utf16"
	"unicode/utf8"
)

// trimNULs cuts the NULs at the end of UTF-16 text, and an odd last byte.
func trimNULs(d []byte) []byte {
	n := len(d) &^ 1
	for n >= 2 && d[n-1]|d[n-2] == 0 {
		n -= 2
	}
	return d[:n]
}

func trimZeros(d []byte) []byte {
	n := len(d)
	for n > 0 && d[n-1] == 0 {
		n--
	}
	return d[:n]
}

// asciiMask has the bits that are clear in four ASCII units of UTF-16.
const asciiMask = 0xFF80FF80FF80FF80

// appendUTF16 appends UTF-16LE text as UTF-8. Unpaired surrogates become
// U+FFFD.
func appendUTF16(dst, d []byte) []byte {
	for {
		for len(d) >= 8 {
			x := le.Uint64(d)
			if x&asciiMask != 0 {
				break
			}
			dst = append(dst, byte(x), byte(x>>16), byte(x>>32), byte(x>>48))
			d = d[8:]
		}
		for range 4 {
			if len(d) < 2 {
				return dst
			}
			u := rune(le.Uint16(d))
			if u < utf8.RuneSelf {
				dst = append(dst, byte(u))
				d = d[2:]
				continue
			}
			r, n := decodeUnit(d, u)
			dst = utf8.AppendRune(dst, r)
			d = d[n:]
		}
	}
}

// decodeUnit decodes the character at the start of d, whose first unit is u.
// An unpaired surrogate gives U+FFFD.
func decodeUnit(d []byte, u rune) (rune, int) {
	if !utf16.IsSurrogate(u) {
		return u, 2
	}
	if len(d) >= 4 {
		if r := utf16.DecodeRune(u, rune(le.Uint16(d[2:]))); r != utf8.RuneError {
			return r, 4
		}
	}
	return utf8.RuneError, 2
}

// appendANSI appends 8-bit text. The code page is not stored; bytes that are
// not ASCII are read as Windows-1252.
func appendANSI(dst, d []byte) []byte {
	for _, c := range trimZeros(d) {
		if c < utf8.RuneSelf {
			dst = append(dst, c)
			continue
		}
		dst = utf8.AppendRune(dst, ansiRune(c))
	}
	return dst
}

func ansiRune(c byte) rune {
	if c >= 0x80 && c < 0xA0 {
		return rune(windows1252[c-0x80])
	}
	return rune(c)
}

// windows1252 holds the characters 80 to 9F of the code page. Five are not
// assigned and keep their number, as Windows does it.
var windows1252 = [32]uint16{
	0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
	0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178,
}
