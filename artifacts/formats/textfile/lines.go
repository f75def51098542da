// Package textfile reads text files that Windows and its programs write, in
// whatever encoding, line by line and with the offset of each line.
package textfile

import (
	"bufio"
	"bytes"
	"io"
	"iter"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// MaxLine is where [Lines] cuts a line: bytes of 8-bit text, units of UTF-16.
const MaxLine = 1 << 16

// Lines yields the lines of a text file with the offset of each. The text is
// UTF-16 with a byte order mark, UTF-8, or 8-bit text of which each byte is one
// character. The rest of a line after [MaxLine] is skipped. An error of the
// reader ends the text.
func Lines(r io.Reader) iter.Seq2[int64, string] {
	return func(yield func(int64, string) bool) {
		l := &lines{r: bufio.NewReaderSize(r, 64<<10)}
		head, _ := l.r.Peek(3)
		switch {
		case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
			l.wide(yield, false)
		case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
			l.wide(yield, true)
		case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
			l.narrow(yield, 3)
		default:
			l.narrow(yield, 0)
		}
	}
}

type lines struct{ r *bufio.Reader }

// end makes a line of what was decoded.
func end(text string) string { return strings.TrimRight(text, "\r\x00") }

func (l *lines) narrow(yield func(int64, string) bool, start int64) {
	l.r.Discard(int(start))
	pos := start
	var long []byte
	for {
		from := pos
		long = long[:0]
		part, err := l.r.ReadSlice('\n')
		pos += int64(len(part))
		line := part
		for err == bufio.ErrBufferFull {
			long = append(long, part[:min(len(part), MaxLine-len(long))]...)
			part, err = l.r.ReadSlice('\n')
			pos += int64(len(part))
			line = nil
		}
		if line == nil {
			long = append(long, part[:min(len(part), MaxLine-len(long))]...)
			line = long
		}
		if pos == from {
			return
		}
		line = bytes.TrimSuffix(line, []byte{'\n'})
		line = line[:min(len(line), MaxLine)]
		text := ""
		if utf8.Valid(line) {
			text = string(line)
		} else {
			text = wire.Latin1(line)
		}
		if !yield(from, end(text)) || err != nil {
			return
		}
	}
}

func (l *lines) wide(yield func(int64, string) bool, big bool) {
	l.r.Discard(2)
	pos := int64(2)
	var units []uint16
	for {
		from := pos
		units = units[:0]
		done := false
		for {
			b, err := l.r.Peek(2)
			if len(b) < 2 {
				pos += int64(len(b)) // half a unit
				done = err != nil
				break
			}
			c := uint16(b[0]) | uint16(b[1])<<8
			if big {
				c = c>>8 | c<<8
			}
			l.r.Discard(2)
			pos += 2
			if c == '\n' {
				break
			}
			if len(units) < MaxLine {
				units = append(units, c)
			}
		}
		if pos == from {
			return
		}
		if !yield(from, end(string(utf16.Decode(units)))) || done {
			return
		}
	}
}
