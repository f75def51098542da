package collect

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"
	"sync"
)

// A sparse file is stored without its holes, and beside it stands FILE.idx with the ranges of the original. The map is kept, the holes
// are filled with zeros as they are read; nothing is ever expanded.

// A span is one range of a sparse index. Absent numbers are 0; a stored length of 0 is a hole.
type span struct {
	Stored    int64 `json:"file_offset"`     // in the stored file
	Start     int64 `json:"original_offset"` // in the original
	StoredLen int64 `json:"file_length"`
	Len       int64 `json:"length"`
}

type sparseMap struct {
	size  int64
	spans []span // with data, by Start, not overlapping
}

// maxSpans bounds an index: the change journal, the most sparse of files that are collected, has a few hundred.
const maxSpans = 1_000_000

// readSparseMap reads an index: {"ranges":[…]}, or in older versions one range per line.
func readSparseMap(fsys fs.FS, name string, stored int64) (*sparseMap, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var spans []span
	for dec := json.NewDecoder(io.LimitReader(f, 256<<20)); ; {
		var rec struct {
			Ranges []span `json:"ranges"`
			span
		}
		if err := dec.Decode(&rec); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if rec.Ranges == nil {
			rec.Ranges = []span{rec.span}
		}
		if spans = append(spans, rec.Ranges...); len(spans) > maxSpans {
			return nil, fmt.Errorf("more than %d ranges", maxSpans)
		}
	}
	return newSparseMap(spans, stored)
}

func newSparseMap(spans []span, stored int64) (*sparseMap, error) {
	m := &sparseMap{}
	for i, s := range spans {
		switch {
		case s.Stored < 0 || s.Start < 0 || s.StoredLen < 0 || s.Len < 0:
			return nil, fmt.Errorf("range %d has a negative number", i)
		case s.Start > math.MaxInt64-s.Len:
			return nil, fmt.Errorf("range %d runs past the largest file", i)
		case s.StoredLen > 0 && (s.Stored > stored || s.StoredLen > stored-s.Stored):
			return nil, fmt.Errorf("range %d runs past the stored file of %d bytes", i, stored)
		}
		m.size = max(m.size, s.Start+s.Len)
		if s.StoredLen = min(s.StoredLen, s.Len); s.StoredLen > 0 {
			m.spans = append(m.spans, s)
		}
	}
	slices.SortFunc(m.spans, func(a, b span) int { return cmp.Compare(a.Start, b.Start) })
	for i := 1; i < len(m.spans); i++ {
		if prev := m.spans[i-1]; prev.Start+prev.StoredLen > m.spans[i].Start {
			return nil, fmt.Errorf("ranges overlap at %d", m.spans[i].Start)
		}
	}
	return m, nil
}

// A sparseFile reads the original of a sparse file.
type sparseFile struct {
	mu   sync.Mutex
	open func() (fs.File, error)
	base fs.File
	at   io.ReaderAt // base, if it can
	pos  int64       // in base, when it can only be read forward
	off  int64       // of Read
	m    *sparseMap
	info fs.FileInfo // that Stat returns, when it is set
	kept *Spooled    // of a base that can only be read forward
}

// StoredRanges returns the pieces of the original that are stored, as offset and length, in order. What lies between
// them reads as zeros.
func (s *sparseFile) StoredRanges() [][2]int64 {
	out := make([][2]int64, 0, len(s.m.spans))
	for _, r := range s.m.spans {
		out = append(out, [2]int64{r.Start, r.StoredLen})
	}
	return out
}

// Spool makes the stored bytes ready for reads at any offset, where they can only be read forward. Close gives up
// what holds them.
func (s *sparseFile) Spool(most int64) error {
	if s.at != nil {
		return nil
	}
	kept, err := Spool(s.base, 0, most)
	if kept != nil {
		s.kept, s.at = kept, kept
	}
	return err
}

func openSparse(fsys fs.FS, name string, m *sparseMap) (*sparseFile, error) {
	s := &sparseFile{m: m, open: func() (fs.File, error) { return fsys.Open(name) }}
	base, err := s.open()
	if err != nil {
		return nil, err
	}
	s.base = base
	s.at, _ = base.(io.ReaderAt)
	return s, nil
}

// Stat returns the description of the original.
func (s *sparseFile) Stat() (fs.FileInfo, error) {
	if s.info != nil {
		return s.info, nil
	}
	return s.base.Stat()
}

// Close closes the stored file.
func (s *sparseFile) Close() error {
	if s.kept != nil {
		return s.kept.Close()
	}
	return s.base.Close()
}

func (s *sparseFile) Read(p []byte) (int, error) {
	n, err := s.ReadAt(p, s.off)
	s.off += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// ReadAt reads from the original; it may be called from several goroutines.
func (s *sparseFile) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fs.ErrInvalid
	}
	if off >= s.m.size {
		return 0, io.EOF
	}
	var eof error
	if rest := s.m.size - off; int64(len(p)) > rest {
		p, eof = p[:rest], io.EOF
	}
	clear(p)
	i, _ := slices.BinarySearchFunc(s.m.spans, off, func(r span, off int64) int {
		if r.Start+r.StoredLen <= off {
			return -1
		}
		return 1
	})
	end := off + int64(len(p))
	for ; i < len(s.m.spans) && s.m.spans[i].Start < end; i++ {
		r := s.m.spans[i]
		from, to := max(off, r.Start), min(end, r.Start+r.StoredLen)
		if err := s.readBase(p[from-off:to-off], r.Stored+from-r.Start); err != nil {
			return int(from - off), err
		}
	}
	return len(p), eof
}

// readBase reads stored bytes; a stream that is already past them is opened again.
func (s *sparseFile) readBase(p []byte, off int64) error {
	if s.at != nil {
		n, err := s.at.ReadAt(p, off)
		if n == len(p) {
			return nil
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if off < s.pos {
		again, err := s.open()
		if err != nil {
			return err
		}
		s.base.Close()
		s.base, s.pos = again, 0
	}
	n, err := io.CopyN(io.Discard, s.base, off-s.pos)
	s.pos += n
	if err == nil {
		var k int
		k, err = io.ReadFull(s.base, p)
		s.pos += int64(k)
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}
