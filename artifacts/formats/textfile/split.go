package textfile

import (
	"bufio"
	"bytes"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A Line is one line of a text file with its place.
type Line struct {
	Text   string
	Offset int64
}

// Split splits a text file that Windows wrote, or a copy of it in another
// encoding, into lines: UTF-16LE with or without a byte order mark, UTF-8, or
// 8-bit text. It reads the text twice, first to learn the encoding, and holds one
// line of it. The rest of a line after [MaxLine] is skipped. An error of r ends
// the text; it is returned when it occurs before the first line.
func Split(r io.ReaderAt, size int64) (lines iter.Seq[Line], encoding string, err error) {
	head := make([]byte, min(max(size, 0), 512))
	n, err := r.ReadAt(head, 0)
	if n < len(head) && err != nil && err != io.EOF {
		return func(func(Line) bool) {}, "8-bit", err
	}
	head = head[:n]
	start := int64(0)
	encoding = "8-bit"
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		encoding, start = "UTF-16", 2
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		encoding, start = "UTF-8", 3
	case looksWide(head):
		encoding = "UTF-16"
	case validUTF8(io.NewSectionReader(r, 0, size)):
		encoding = "UTF-8"
	}
	return func(yield func(Line) bool) {
		s := &splitter{bufio.NewReaderSize(io.NewSectionReader(r, start, size-start), 64<<10), start}
		if encoding == "UTF-16" {
			s.wide(yield)
			return
		}
		s.narrow(yield, encoding == "8-bit")
	}, encoding, nil
}

// A splitter reads lines; pos is the offset of what comes next.
type splitter struct {
	r   *bufio.Reader
	pos int64
}

func (s *splitter) narrow(yield func(Line) bool, latin bool) {
	var line []byte
	for {
		from := s.pos
		line = line[:0]
		part, err := s.r.ReadSlice('\n')
		for {
			s.pos += int64(len(part))
			line = append(line, part[:min(len(part), MaxLine-len(line))]...)
			if err != bufio.ErrBufferFull {
				break
			}
			part, err = s.r.ReadSlice('\n')
		}
		if s.pos == from {
			return
		}
		b := bytes.TrimSuffix(bytes.TrimSuffix(line, []byte{'\n'}), []byte{'\r'})
		text := ""
		if latin {
			text = wire.Latin1Z(b)
		} else {
			text = string(b)
		}
		if !yield(Line{text, from}) || err != nil {
			return
		}
	}
}

// wide reads UTF-16LE. An odd byte at the end is dropped.
func (s *splitter) wide(yield func(Line) bool) {
	var line []byte
	for {
		from := s.pos
		line = line[:0]
		end := false
		for {
			b, err := s.r.Peek(2)
			if len(b) < 2 {
				end = err != nil
				break
			}
			s.r.Discard(2)
			s.pos += 2
			if b[0] == '\n' && b[1] == 0 {
				break
			}
			if len(line) < 2*MaxLine {
				line = append(line, b[0], b[1])
			}
		}
		if s.pos == from || !yield(Line{strings.TrimSuffix(wire.UTF16Z(line), "\r"), from}) || end {
			return
		}
	}
}

// looksWide reports whether text without a byte order mark is UTF-16LE: every
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

// validUTF8 tells whether a text is UTF-8 that plain ASCII is not enough for.
func validUTF8(r io.Reader) bool {
	buf := make([]byte, 64<<10)
	kept, plain := 0, true
	for {
		n, err := r.Read(buf[kept:])
		b := buf[:kept+n]
		for len(b) > 0 {
			if b[0] < utf8.RuneSelf {
				b = b[1:]
				continue
			}
			plain = false
			if err == nil && !utf8.FullRune(b) {
				break // the rest of the character comes with the next bytes
			}
			c, size := utf8.DecodeRune(b)
			if c == utf8.RuneError && size == 1 {
				return false
			}
			b = b[size:]
		}
		if err != nil {
			return !plain
		}
		kept = copy(buf, b)
	}
}
