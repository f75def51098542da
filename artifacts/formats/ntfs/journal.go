package ntfs

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A Journal reads the stream $J of a change journal: as a whole, as collectors
// store it without its hole, or as a piece of it. The position of a record in
// the whole stream is its USN, so the difference between the two is one
// constant; a record that breaks it is believed only when another confirms it.
type Journal struct {
	r      io.ReaderAt // nil when only stream is there
	ranges []Range
	stream io.Reader
	whole  bool // offsets are USNs

	// What the last pass found.
	Stats JournalStats
}

// JournalStats counts what a pass over a journal met.
type JournalStats struct {
	Records int64
	Skipped int64 // bytes that are neither zero nor part of a record
	Cuts    int   // places where the distance between USN and offset changes
	Base    int64 // USN of offset 0, by the first record
}

// NewJournal reads a journal from a file. When r has a method DataRanges, as
// the files of a [Volume] have, holes are not read.
func NewJournal(r io.ReaderAt, size int64) *Journal {
	j := &Journal{r: r, ranges: []Range{{0, size}}}
	if s, ok := r.(interface{ DataRanges() []Range }); ok {
		j.ranges = s.DataRanges()
	}
	return j
}

// StreamJournal reads a journal once, from its beginning.
func StreamJournal(r io.Reader) *Journal { return &Journal{stream: r} }

const (
	journalBlock = 128 << 10
	journalAhead = 2*usnPage + 64 // a record and the beginning of the one after it
	unknownBase  = int64(-1) << 62
)

// Changes yields the records in the order of the stream. A nil record comes
// with the error of a source that failed.
func (j *Journal) Changes() iter.Seq2[*Change, error] {
	return func(yield func(*Change, error) bool) {
		s := changeScanner{base: unknownBase, yield: yield, first: true}
		if j.whole {
			s.base = 0
		}
		defer func() { j.Stats = s.stats }()
		if j.stream != nil {
			s.read(j.stream, 0)
			return
		}
		for _, g := range j.ranges {
			if !s.read(io.NewSectionReader(j.r, g.Offset, g.Length), g.Offset) {
				return
			}
		}
	}
}

// A changeScanner finds records in a stream.
type changeScanner struct {
	base  int64 // USN minus offset
	first bool  // no record yet
	carve bool
	stats JournalStats
	c     Change
	next  Change // the one that confirms
	yield func(*Change, error) bool
}

// read scans a piece of the stream that begins at an offset. It reports false
// when the consumer has had enough or the source has failed.
func (s *changeScanner) read(r io.Reader, at int64) bool {
	buf := make([]byte, 0, journalBlock)
	for eof := false; !eof; {
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			eof = true
		case err != nil:
			if _, ok := s.scan(buf, at, true); ok {
				s.yield(nil, &wire.FormatError{
					Format: "usn", Offset: at + int64(len(buf)), Struct: "change journal", Problem: "cannot be read", Err: err,
				})
			}
			return false
		}
		done, ok := s.scan(buf, at, eof)
		if !ok {
			return false
		}
		at += int64(done)
		buf = buf[:copy(buf, buf[done:])]
	}
	return true
}

var zeroPage [usnPage]byte

// scan yields the records of b, which begins at an offset of the stream, and
// returns how far it came. Near the end of b it stops unless last is set.
func (s *changeScanner) scan(b []byte, at int64, last bool) (int, bool) {
	off := int(-at & (usnAlign - 1))
	for {
		left := len(b) - off
		switch {
		case left < usn2Head && last:
			return len(b), true
		case left < journalAhead && !last:
			return off, true
		}
		if le.Uint64(b[off:]) == 0 {
			off = skipZeros(b, off)
			continue
		}
		n := s.c.parse(b[off:])
		if n == 0 || !s.accept(b[off:], at+int64(off), n) {
			s.stats.Skipped += usnAlign
			off += usnAlign
			continue
		}
		s.c.Offset, s.c.Carved = at+int64(off), s.carve
		s.stats.Records++
		if !s.yield(&s.c, nil) {
			return off, false
		}
		off += n
	}
}

// skipZeros returns the offset of the first word after off that is not zero, or
// where fewer than eight bytes are left.
func skipZeros(b []byte, off int) int {
	for len(b)-off >= usnPage && bytes.Equal(b[off:off+usnPage], zeroPage[:]) {
		off += usnPage
	}
	for len(b)-off >= 8 && le.Uint64(b[off:]) == 0 {
		off += 8
	}
	return off
}

// Times within which a carved record is believed.
const (
	carveFrom = 122756256000000000 // 1990-01-01
	carveTo   = plausibleTo
)

// carvable reports whether a record is believed without a stream around it.
func (c *Change) carvable() bool {
	return c.Version != 4 && c.FileTime >= carveFrom && c.FileTime <= carveTo && c.Reason != 0 && len(c.units) > 0
}

// accept decides whether the record s.c at an offset belongs to the stream.
func (s *changeScanner) accept(b []byte, at int64, n int) bool {
	if s.carve {
		return s.c.carvable()
	}
	base := int64(s.c.USN) - at
	if base == s.base {
		s.first = false
		return true
	}
	// Another distance: the stream begins here, or it has been cut. The next
	// record must agree, or there must be none.
	if rest := b[n:]; len(rest) >= usn2Head {
		if le.Uint64(rest) == 0 {
			// The rest of a page is zero. The USN gives the end of the page.
			end := int(usnPage - (s.c.USN+uint64(n))%usnPage)
			if !bytes.Equal(rest[:min(end, len(rest))], zeroPage[:min(end, len(rest))]) {
				return false
			}
		} else if s.next.parse(rest) == 0 || int64(s.next.USN)-at-int64(n) != base {
			return false
		}
	}
	switch {
	case s.first:
		s.stats.Base = base
	default:
		s.stats.Cuts++
	}
	s.base, s.first = base, false
	return true
}

// Backward yields the records from the last to the first. It needs a journal
// that was opened by [NewJournal] or from a volume.
func (j *Journal) Backward() iter.Seq2[*Change, error] {
	return func(yield func(*Change, error) bool) {
		if j.r == nil {
			yield(nil, errors.New("usn: a stream cannot be read backwards"))
			return
		}
		base := unknownBase
		if j.whole {
			base = 0
		} else {
			for c, err := range j.Changes() {
				if err == nil {
					base = int64(c.USN) - c.Offset
				}
				break
			}
		}
		w := changeWindow{j: j, base: base, buf: make([]byte, windowSize+usnPage)}
		for _, g := range slices.Backward(j.ranges) {
			if !w.run(g, yield) {
				return
			}
		}
	}
}

const windowSize = 1 << 20

// A changeWindow reads a journal from its end, a piece at a time.
type changeWindow struct {
	j    *Journal
	base int64
	buf  []byte
	list []Change
}

func (w *changeWindow) run(g Range, yield func(*Change, error) bool) bool {
	for end := g.Offset + g.Length; end > g.Offset; {
		// A window begins at a page of the whole stream, where a record begins.
		start := max(g.Offset, end-windowSize)
		if start > g.Offset && w.base != unknownBase {
			if up := (start + w.base + usnPage - 1) &^ (usnPage - 1); up-w.base < end {
				start = max(g.Offset, up-w.base)
			}
		}
		b := w.buf[:min(end+usnPage, g.Offset+g.Length)-start]
		if err := readFull(w.j.r, b, start); err != nil {
			yield(nil, &wire.FormatError{Format: "usn", Offset: start, Struct: "change journal", Problem: "cannot be read", Err: err})
			return false
		}
		w.list = w.list[:0]
		s := changeScanner{base: w.base, yield: func(c *Change, _ error) bool {
			if c.Offset >= end {
				return false
			}
			k := *c
			if len(k.Extents) > 0 {
				k.Extents = slices.Clone(k.Extents)
			}
			w.list = append(w.list, k)
			return true
		}}
		s.scan(b, start, true)
		if len(w.list) > 0 {
			w.base = int64(w.list[0].USN) - w.list[0].Offset
		}
		for i := len(w.list) - 1; i >= 0; i-- {
			if !yield(&w.list[i], nil) {
				return false
			}
		}
		end = start
	}
	return true
}

// IsJournal reports whether b, the beginning of a file, is that of a change
// journal: zeros, then records that follow one another.
func IsJournal(b []byte) bool {
	off := skipZeros(b, 0)
	if len(b)-off < usn2Head {
		return false
	}
	var c Change
	n := c.parse(b[off:])
	if n == 0 || c.Version != 4 && len(c.units) == 0 {
		return false
	}
	rest := b[off+n:]
	if len(rest) < usn2Head || le.Uint64(rest) == 0 {
		return true
	}
	usn := c.USN
	return c.parse(rest) > 0 && c.USN == usn+uint64(n)
}
