package artifacts

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// A Hashing hashes a file while a decoder reads it from its beginning to its end, so
// that the run does not read it once more for that. The decoder may stop anywhere: the
// run hashes what is left. A nil Hashing hashes nothing.
type Hashing struct {
	sum hash.Hash
	at  int64 // all before is hashed
	buf []byte

	mu     *sync.Mutex // guards closed
	closed bool
}

// Hashing begins to hash a file of the evidence, which need not be that of the Input.
// It returns nil when no job of the run needs the hash, or when it was begun before.
// The decoder must close it.
func (in Input) Hashing(f *evidence.File) *Hashing {
	if in.shared == nil {
		return nil
	}
	in.shared.mu.Lock()
	defer in.shared.mu.Unlock()
	if begun, wanted := in.shared.sums[keyOf(f)]; begun != nil || !wanted {
		return nil
	}
	h := in.shared.newHashing()
	in.shared.sums[keyOf(f)] = h
	return h
}

func (s *shared) newHashing() *Hashing { return &Hashing{sum: sha256.New(), mu: &s.mu} }

// begun returns the hash of a file as far as a decoder has come, and an empty one when
// none has begun or one still reads.
func (s *shared) begun(f *evidence.File) *Hashing {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.sums[keyOf(f)]
	if h == nil || !h.closed {
		h = s.newHashing()
		if s.sums[keyOf(f)] == nil {
			s.sums[keyOf(f)] = h
		}
	}
	return h
}

// Close ends the pass of the decoder.
func (h *Hashing) Close() {
	if h != nil {
		h.mu.Lock()
		h.closed = true
		h.mu.Unlock()
	}
}

// Reader returns a reader of the file from its beginning, which hashes what r gives.
func (h *Hashing) Reader(r io.Reader) io.Reader {
	if h == nil {
		return r
	}
	return hashingReader{r, h}
}

type hashingReader struct {
	r io.Reader
	h *Hashing
}

func (x hashingReader) Read(p []byte) (int, error) {
	n, err := x.r.Read(p)
	x.h.add(p[:n])
	return n, err
}

// add hashes the next bytes of the file.
func (h *Hashing) add(p []byte) {
	h.sum.Write(p)
	h.at += int64(len(p))
}

// ReaderAt returns a reader of the file, of some size, which hashes what r gives. It is
// for one goroutine at a time, and for reads in order that leave out holes only.
func (h *Hashing) ReaderAt(r io.ReaderAt, size int64) io.ReaderAt {
	if h == nil || holes(r, size) > maxHoles {
		return r
	}
	x := hashingAt{r, h}
	if s, ok := r.(holed); ok {
		return struct {
			hashingAt
			holed
		}{x, s}
	}
	return x
}

// A hashingAt hashes what is read, and what was left out before.
type hashingAt struct {
	r io.ReaderAt
	h *Hashing
}

func (x hashingAt) ReadAt(p []byte, off int64) (int, error) {
	if x.h.at < off {
		_ = x.h.upTo(x.r, off) // where it fails, the run tries again
	}
	n, err := x.r.ReadAt(p, off)
	if done := x.h.at - off; 0 <= done && done < int64(n) {
		x.h.add(p[done:n])
	}
	return n, err
}

// hashBuffer is how much is read at a time to be hashed: it stays in the processor's cache.
const hashBuffer = 256 << 10

// upTo hashes what is left before an offset of a file, or before the end of the file.
func (h *Hashing) upTo(r io.ReaderAt, end int64) error {
	if need := min(hashBuffer, end-h.at); int64(len(h.buf)) < need {
		h.buf = make([]byte, need)
	}
	for h.at < end {
		n, err := r.ReadAt(h.buf[:min(int64(len(h.buf)), end-h.at)], h.at)
		h.add(h.buf[:n])
		switch {
		case err != nil && err != io.EOF:
			return err
		case n == 0:
			return nil
		}
	}
	return nil
}

// A fileSum is the hash of a file that several artifacts read at any place.
type fileSum struct {
	hex string
	err error
}

// rest hashes what is left of a file of some size.
func (h *Hashing) rest(r io.ReaderAt, size int64) fileSum {
	if h.at > size { // it was larger when it was hashed
		h.sum, h.at = sha256.New(), 0
	}
	err := h.upTo(r, size)
	if err == nil && h.at < size {
		err = fmt.Errorf("%d bytes of %d: %w", h.at, size, io.ErrUnexpectedEOF)
	}
	h.buf = nil
	return fileSum{hex.EncodeToString(h.sum.Sum(nil)), err}
}

// A holed file shows where its data is.
type holed interface{ DataRanges() []ntfs.Range }

// maxHoles is how many bytes of holes are hashed with a file. The change journal
// of an image is a hole of many gigabytes before some megabytes of records; such
// a file has no hash.
const maxHoles = 1 << 30

// holes returns how many bytes of a file no cluster holds.
func holes(at io.ReaderAt, size int64) int64 {
	s, ok := at.(holed)
	if !ok {
		return 0
	}
	for _, r := range s.DataRanges() {
		size -= r.Length
	}
	return size
}
