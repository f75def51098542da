package wire

import (
	"fmt"
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

// UTF16Escaped is [UTF16] with unpaired surrogates written as \u{D83D}, so that
// two names that differ in nothing else stay two.
func UTF16Escaped(b []byte) string {
	s := UTF16(b)
	if !strings.Contains(s, "\uFFFD") {
		return s
	}
	var out strings.Builder
	for i := 0; i+1 < len(b); i += 2 {
		u := rune(le.Uint16(b[i:]))
		if !utf16.IsSurrogate(u) {
			out.WriteRune(u)
			continue
		}
		if i+3 < len(b) {
			if r := utf16.DecodeRune(u, rune(le.Uint16(b[i+2:]))); r != '\uFFFD' {
				out.WriteRune(r)
				i += 2
				continue
			}
		}
		fmt.Fprintf(&out, `\u{%04X}`, u)
	}
	return out.String()
}
