package artifacts

import "unicode/utf8"

// looksWide tells whether text without a byte order mark is UTF-16LE: every
// line has separators and ends of the ASCII range, so among the first
// characters many have a high byte of zero, which 8-bit text never has.
func looksWide(b []byte) bool {
	head := b[:min(len(b), 512)&^1]
	if len(head) < 4 {
		return false
	}
	zero := 0
	for i := 1; i < len(head); i += 2 {
		if head[i] == 0 && head[i-1] != 0 {
			zero++
		}
	}
	return zero >= len(head)/8
}

// validUTF8 tells whether b is UTF-8 that plain ASCII is not enough for.
func validUTF8(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return utf8.Valid(b)
		}
	}
	return false
}
