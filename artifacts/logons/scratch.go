package logons

import (
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"sync"
)

// pageMemory is how many bytes the lists of one analysis keep in memory. What is more
// goes to a temporary file; a machine with fifty thousand log-ons needs none.
const pageMemory = 16 << 20

// A scratch is what the lists of one analysis share: the memory for their pages, and
// the temporary file for the pages that it cannot hold.
type scratch struct {
	dir    string // of the file, "" for that of the system
	budget int    // bytes of pages in memory
	held   int    // of them in use
	ring   []holder
	hand   int // index of the next page that may have to go

	file *os.File
	end  int64           // of the file
	free map[int][]int64 // places of pages that are not needed any more, by size
	buf  []byte
	seed maphash.Seed

	mu  sync.Mutex // held by readers of an analysis
	err error      // the first
}

// A holder is a page in memory.
type holder struct {
	of   pager
	page int
}

type pager interface {
	// evict takes a page from memory, but for one that was used since it was asked last.
	evict(page int) bool
}

// A spillError is what lists panic with when the temporary file fails; guard recovers it.
type spillError struct{ error }

func (e spillError) Unwrap() error { return e.error }

var errSpill = errors.New("the temporary file of the log-on analysis was changed")

func newScratch(dir string, budget int) *scratch {
	if budget <= 0 {
		budget = pageMemory
	}
	return &scratch{dir: dir, budget: budget, seed: maphash.MakeSeed()}
}

// guard calls a function that uses lists. It reports whether they could be read and
// written; after an error it does nothing.
func (s *scratch) guard(f func()) (ok bool) {
	if s.err != nil {
		return false
	}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case spillError:
			s.err, ok = e, false
		default:
			panic(e)
		}
	}()
	f()
	return true
}

// read is guard for readers of an analysis, one at a time.
func (s *scratch) read(f func()) bool {
	if s == nil {
		f()
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.guard(f)
}

// failed returns the first error.
func (s *scratch) failed() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *scratch) fail(doing string, err error) {
	panic(spillError{fmt.Errorf("%s a temporary file of the log-on analysis: %w", doing, err)})
}

// spilled reports whether any page has left memory.
func (s *scratch) spilled() bool { return s.file != nil }

// room makes room for some bytes. Each page is asked twice at most.
func (s *scratch) room(n int) {
	for s.held+n > s.budget && len(s.ring) > 0 {
		if s.hand >= len(s.ring) {
			s.hand = 0
		}
		h := s.ring[s.hand]
		if !h.of.evict(h.page) {
			s.hand++
			continue
		}
		last := len(s.ring) - 1
		s.ring[s.hand], s.ring[last] = s.ring[last], holder{}
		s.ring = s.ring[:last]
	}
}

// write puts a page into the file: at its place, which is 0 for a new one, else the
// offset in the file and 1. All pages of a size have places of one size.
func (s *scratch) write(place int64, size int, b []byte) int64 {
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "artifactdump-logons-*")
		if err != nil {
			s.fail("writing", err)
		}
		// Where the system allows it, the file has no name from here on, and goes
		// away with the process whatever happens to it.
		os.Remove(f.Name())
		s.file = f
	}
	if place == 0 {
		if list := s.free[size]; len(list) > 0 {
			place, s.free[size] = list[len(list)-1], list[:len(list)-1]
		} else {
			place = s.end + 1
			s.end += int64(size)
		}
	}
	if _, err := s.file.WriteAt(b, place-1); err != nil {
		s.fail("writing", err)
	}
	return place
}

// fetch reads a page back, and compares it with what was written.
func (s *scratch) fetch(place int64, n int, sum uint64) []byte {
	b := s.buffer(n)
	if _, err := s.file.ReadAt(b, place-1); err != nil {
		s.fail("reading", errors.Join(errSpill, err))
	}
	if s.sum(b) != sum {
		s.fail("reading", errSpill)
	}
	return b
}

func (s *scratch) sum(b []byte) uint64 { return maphash.Bytes(s.seed, b) }

// buffer returns bytes that are valid until the next call.
func (s *scratch) buffer(n int) []byte {
	if cap(s.buf) < n {
		s.buf = make([]byte, n)
	}
	return s.buf[:n]
}

// release gives the place of a page back.
func (s *scratch) release(place int64, size int) {
	if place == 0 {
		return
	}
	if s.free == nil {
		s.free = map[int][]int64{}
	}
	s.free[size] = append(s.free[size], place)
}

// close removes the file. Lists with pages in it cannot be read any more.
func (s *scratch) close() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.file
	if f == nil || s.err == os.ErrClosed {
		return s.err
	}
	err := s.err
	s.err = os.ErrClosed
	s.ring, s.buf = nil, nil
	err = errors.Join(err, f.Close())
	if rerr := os.Remove(f.Name()); rerr != nil && !errors.Is(rerr, os.ErrNotExist) {
		err = errors.Join(err, rerr)
	}
	return err
}
