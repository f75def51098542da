package textfile

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A Line is one line of a text file with its place.
type Line struct {
	Text   string
	Offset int
}

// Split splits a text file that Windows wrote, or a copy of it in another
// encoding, into lines: UTF-16LE with or without a byte order mark, UTF-8, or
// 8-bit text.
func Split(b []byte) (lines []Line, encoding string) {
	start := 0
	wide := false
	encoding = "8-bit"
	switch {
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		wide, start = true, 2
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		encoding, start = "UTF-8", 3
	default:
		wide = looksWide(b)
		if !wide && validUTF8(b) {
			encoding = "UTF-8"
		}
	}
	if wide {
		encoding = "UTF-16"
		for off := start; off+1 < len(b); {
			end := off
			for end+1 < len(b) && (b[end] != '\n' || b[end+1] != 0) {
				end += 2
			}
			end = min(end, len(b)&^1)
			lines = append(lines, Line{strings.TrimSuffix(wire.UTF16Z(b[off:end]), "\r"), off})
			off = end + 2
		}
		return lines, encoding
	}
	for off := start; off < len(b); {
		end := bytes.IndexByte(b[off:], '\n')
		if end < 0 {
			end = len(b) - off
		}
		line := bytes.TrimSuffix(b[off:off+end], []byte{'\r'})
		text := string(line)
		if encoding == "8-bit" {
			text = wire.Latin1Z(line)
		}
		lines = append(lines, Line{text, off})
		off += end + 1
	}
	return lines, encoding
}

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
	return zero > 0 && zero >= len(head)/8
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
