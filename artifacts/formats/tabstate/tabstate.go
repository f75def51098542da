// Package tabstate reads the files in which Notepad of Windows 11 keeps its
// tabs: TabState\{GUID}.bin. A file holds the text of one tab and the changes
// that were made since; the files .0.bin and .1.bin beside it hold only where
// the cursor was. The format is not documented; others measured it, see
// docs/formats/README.md.
//
//	"NP", sequence number, kind                                 numbers are LEB128
//	kind 1 only: length and path in UTF-16LE, length of the file, encoding,
//	  line ends, FILETIME, SHA-256 (32 bytes), 0
//	1, start and end of the selection, word wrap, right to left, show Unicode
//	number of options, options, length and text in UTF-16LE
//	unsaved (1 byte), CRC-32 of all from the kind on, big-endian
//	changes: position, units deleted, units inserted, these in UTF-16LE, CRC-32
package tabstate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// ErrNotTabState is returned for files of another kind.
var ErrNotTabState = errors.New("not a tab of Notepad: no signature NP")

// Limits of a file.
const (
	maxText    = 16 << 20 // units of UTF-16
	maxPath    = 32 << 10 // units
	maxChanges = 1 << 20
)

// MaxMoved bounds the units that are moved when changes are applied. The changes
// after that are counted and not applied.
const MaxMoved = 1 << 28

// A Kind says what a file holds.
type Kind uint8

// The kinds of files.
const (
	Untitled Kind = 0 // a tab that was never saved
	OfFile   Kind = 1 // a tab of a file on a disk
	View     Kind = 2 // .0.bin, .1.bin: selection and options of a tab, without text
)

// A Tab is one tab.
type Tab struct {
	Kind     Kind
	Sequence uint64

	Path     string    // of the file; empty for a tab that was never saved
	FileSize uint64    // of the file when it was read or saved last
	Encoding string    // ANSI, UTF-16LE, UTF-16BE, UTF-8 with BOM, UTF-8
	LineEnds string    // CRLF, CR, LF
	Written  time.Time // last write of the file, as Notepad saw it
	SHA256   []byte    // of the file

	SelectionStart, SelectionEnd uint64

	Stored  string // the text without the changes that follow it
	Text    string // with them
	Unsaved bool   // the stored text differs from the file
	BadSum  bool   // the checksum of the stored part, or of a change, does not fit

	Changes []Change
}

// A Change is one step since the text was stored.
type Change struct {
	Offset   int64 // in the file
	Position uint64
	Deleted  uint64
	Inserted string
}

// Names of the encodings and line ends by their numbers.
var (
	encodings = []string{1: "ANSI", 2: "UTF-16LE", 3: "UTF-16BE", 4: "UTF-8 with BOM", 5: "UTF-8"}
	lineEnds  = []string{1: "CRLF", 2: "CR", 3: "LF"}
)

func name(list []string, n uint8) string {
	if int(n) < len(list) && list[n] != "" {
		return list[n]
	}
	return fmt.Sprintf("%d", n)
}

// A reader reads a file from its beginning.
type reader struct {
	b   []byte
	off int
	bad error
}

func (r *reader) fail(problem string) {
	if r.bad == nil {
		r.bad = &wire.FormatError{Format: "tabstate", Offset: int64(r.off), Struct: "tab", Problem: problem}
	}
}

// take returns the next n bytes.
func (r *reader) take(n uint64, what string) []byte {
	if r.bad == nil && n > uint64(len(r.b)-r.off) {
		r.fail(what + " runs past the end of the file")
	}
	if r.bad != nil {
		return nil
	}
	b := r.b[r.off : r.off+int(n)]
	r.off += int(n)
	return b
}

func (r *reader) byte(what string) uint8 {
	if b := r.take(1, what); b != nil {
		return b[0]
	}
	return 0
}

// number reads an unsigned LEB128.
func (r *reader) number(what string) uint64 {
	if r.bad != nil {
		return 0
	}
	n, size := binary.Uvarint(r.b[r.off:])
	if size <= 0 {
		r.fail(what + " is not a number")
		return 0
	}
	r.off += size
	return n
}

// units reads the length of a text and the text.
func (r *reader) units(limit uint64, what string) []uint16 {
	n := r.number("the length of " + what)
	if n > limit {
		r.fail(fmt.Sprintf("%s has %d characters, more than the limit of %d", what, n, limit))
	}
	if r.bad != nil {
		return nil
	}
	b := r.take(2*n, what)
	out := make([]uint16, len(b)/2)
	for i := range out {
		out[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return out
}

// sum reads a checksum and reports whether it is that of what was read from start on.
func (r *reader) sum(start int) bool {
	end := r.off
	b := r.take(4, "the checksum")
	return b == nil || binary.BigEndian.Uint32(b) == crc32.ChecksumIEEE(r.b[start:end])
}

// Parse reads a file. With an error it returns what was read before it, nil when
// the file is of another kind.
func Parse(b []byte) (*Tab, error) {
	if len(b) < 4 || b[0] != 'N' || b[1] != 'P' {
		return nil, ErrNotTabState
	}
	r := &reader{b: b, off: 2}
	t := &Tab{Sequence: r.number("the sequence number")}
	start := r.off
	switch kind := r.number("the kind"); {
	case r.bad != nil:
		return nil, ErrNotTabState
	case kind > 1:
		// The number is that of the bytes that follow, before the checksum.
		t.Kind = View
		return t, nil
	default:
		t.Kind = Kind(kind)
	}
	if t.Kind == OfFile {
		t.file(r)
	}
	r.byte("the delimiter")
	t.SelectionStart, t.SelectionEnd = r.number("the selection"), r.number("the selection")
	r.take(3, "the options")
	r.take(r.number("the number of options"), "the options")
	text := r.units(maxText, "the text")
	t.Stored = string(utf16.Decode(text))
	t.Text = t.Stored
	t.Unsaved = r.byte("the mark of unsaved text") != 0
	t.BadSum = !r.sum(start)
	if r.bad != nil {
		return t, r.bad
	}
	return t, t.changes(r, text)
}

// file reads what only tabs of a file have.
func (t *Tab) file(r *reader) {
	t.Path = string(utf16.Decode(r.units(maxPath, "the path")))
	t.FileSize = r.number("the size of the file")
	t.Encoding, t.LineEnds = name(encodings, r.byte("the encoding")), name(lineEnds, r.byte("the line ends"))
	t.Written = wire.Time(r.number("the time of the file"))
	t.SHA256 = r.take(32, "the hash of the file")
	r.byte("the delimiter")
}

// changes reads the changes after the text and applies them to it. A file may end
// with zeros after a shorter state than before; the first change whose checksum
// does not fit ends them.
func (t *Tab) changes(r *reader, text []uint16) error {
	moved, whole := 0, true
	for r.off < len(r.b) {
		start := r.off
		c := Change{Offset: int64(start), Position: r.number("a change"), Deleted: r.number("a change")}
		added := r.units(maxText, "a change")
		fits := r.sum(start)
		if r.bad != nil || !fits || len(t.Changes) == maxChanges {
			t.BadSum = t.BadSum || !zero(r.b[start:])
			break
		}
		c.Inserted = string(utf16.Decode(added))
		t.Changes = append(t.Changes, c)
		size := uint64(len(text))
		if whole = whole && moved < MaxMoved && c.Position <= size && c.Deleted <= size-c.Position && len(text)+len(added) <= maxText; !whole {
			continue
		}
		moved += len(text) - int(c.Position) + len(added)
		text = splice(text, int(c.Position), int(c.Deleted), added)
	}
	t.Text = string(utf16.Decode(text))
	if !whole {
		return &wire.FormatError{Format: "tabstate", Offset: int64(r.off), Struct: "tab",
			Problem: "a change lies outside the text; the text is that before it"}
	}
	return nil
}

// splice replaces n units at i.
func splice(text []uint16, i, n int, with []uint16) []uint16 {
	tail := len(text) - i - n
	if grow := len(with) - n; grow > 0 {
		text = append(text, make([]uint16, grow)...)
		copy(text[i+len(with):], text[i+n:i+n+tail])
	} else {
		copy(text[i+len(with):], text[i+n:])
		text = text[:len(text)+grow]
	}
	copy(text[i:], with)
	return text
}

func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
