package wire

import (
	"strings"
	"unicode/utf16"
)

// UTF16 decodes all of b as UTF-16LE, NULs included. An unpaired surrogate
// becomes U+FFFD; an odd last byte is dropped.
func UTF16(b []byte) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = le.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}

// UTF16Trim is [UTF16] without the NULs at the end.
func UTF16Trim(b []byte) string { return strings.TrimRight(UTF16(b), "\x00") }

// UTF16Z decodes UTF-16LE up to the first NUL.
func UTF16Z(b []byte) string {
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return UTF16(b[:i])
		}
	}
	return UTF16(b)
}

// UTF16Len returns the number of bytes that the NUL-terminated UTF-16LE text at
// the start of b needs, its NUL included; without a NUL it is len(b), rounded
// down to an even number.
func UTF16Len(b []byte) int {
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return i + 2
		}
	}
	return len(b) &^ 1
}

// Latin1 decodes all of b as 8-bit text, each byte one character. The code page
// of such text is the machine's and is not stored with it.
func Latin1(b []byte) string {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}

// Latin1Z is [Latin1] up to the first NUL.
func Latin1Z(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return Latin1(b[:i])
		}
	}
	return Latin1(b)
}
