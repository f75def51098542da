package artifacts

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// A countedAt counts the bytes that are read, and fails where it is told to.
type countedAt struct {
	*bytes.Reader
	n   int64
	bad int64 // the first byte that cannot be read; 0 for none
}

var errBad = errors.New("bad sector")

func (c *countedAt) ReadAt(p []byte, off int64) (int, error) {
	if c.bad > 0 && off+int64(len(p)) > c.bad {
		n, _ := c.Reader.ReadAt(p[:max(0, c.bad-off)], off)
		return n, errBad
	}
	n, err := c.Reader.ReadAt(p, off)
	c.n += int64(n)
	return n, err
}

// A holedAt has data in the second half only.
type holedAt struct{ *countedAt }

func (h holedAt) DataRanges() []ntfs.Range {
	half := h.Size() / 2
	return []ntfs.Range{{Offset: half, Length: h.Size() - half}}
}

// TestHashing: however far a decoder reads a file, the hash is that of the whole, and
// nothing is read twice for it.
func TestHashing(t *testing.T) {
	data := make([]byte, 1<<20+777)
	rand.NewChaCha8([32]byte{2}).Read(data)
	clear(data[:len(data)/2])
	size := int64(len(data))
	file := &evidence.File{Path: `C:\$MFT`}
	hexOf := func(b []byte) string {
		sum := sha256.Sum256(b)
		return hex.EncodeToString(sum[:])
	}
	stream := func(n int64) func(*Hashing, io.ReaderAt) {
		return func(h *Hashing, r io.ReaderAt) {
			_, _ = io.CopyN(io.Discard, h.Reader(io.NewSectionReader(r, 0, size)), n)
		}
	}
	section := func(off, n int64) func(*Hashing, io.ReaderAt) {
		return func(h *Hashing, r io.ReaderAt) {
			_, _ = io.Copy(io.Discard, io.NewSectionReader(h.ReaderAt(r, size), off, n))
		}
	}
	for name, c := range map[string]struct {
		pass func(*Hashing, io.ReaderAt)
		size int64 // as the run sees it; 0 for the whole
		bad  int64
		want string
		err  error
	}{
		"no pass":         {pass: func(*Hashing, io.ReaderAt) {}},
		"whole":           {pass: stream(size)},
		"ends early":      {pass: stream(300_001)},
		"parts, whole":    {pass: section(0, size)},
		"parts, to early": {pass: section(0, 131_073)},
		"parts, a hole":   {pass: section(size/2, size/2+1)},
		"parts, again": {pass: func(h *Hashing, r io.ReaderAt) {
			for _, off := range []int64{0, 5000, 100, 400_000, 0} {
				section(off, 70_000)(h, r)
			}
		}},
		"grew":         {pass: stream(size), size: size - 5, want: hexOf(data[:size-5])},
		"shrank":       {pass: stream(size), size: size + 5, err: io.ErrUnexpectedEOF},
		"shrank early": {pass: stream(1000), size: size + 5, err: io.ErrUnexpectedEOF},
		"bad":          {pass: stream(size), bad: 600_000, err: errBad},
		"bad, parts":   {pass: section(0, size), bad: 600_000, err: errBad},
		"bad hole":     {pass: section(size/2, 1000), bad: 1, err: errBad},
	} {
		for _, holes := range []bool{false, true} {
			s := newShared([]job{{file: file, sources: []Source{RandomFiles(`C:\$MFT`)}}})
			at := &countedAt{Reader: bytes.NewReader(data), bad: c.bad}
			var r io.ReaderAt = at
			if holes {
				r = holedAt{at}
			}
			in := Input{shared: s}
			h := in.Hashing(&evidence.File{Path: file.Path})
			if h == nil {
				t.Fatal("the run wants the hash")
			}
			if in.Hashing(file) != nil || in.Hashing(&evidence.File{Path: file.Path, Snapshot: "vss1"}) != nil {
				t.Error("a file is hashed twice, or one that nobody asks for")
			}
			if _, kept := h.ReaderAt(r, size).(holed); kept != holes {
				t.Errorf("%s: the holes are shown: %t, want %t", name, kept, holes)
			}
			c.pass(h, r)
			h.Close()
			n := c.size
			if n == 0 {
				n = size
			}
			sum := s.begun(file).rest(r, n)
			want := c.want
			if want == "" {
				want = hexOf(data)
			}
			if !errors.Is(sum.err, c.err) || sum.err == nil && sum.hex != want {
				t.Errorf("%s: %s, %v, want %s, %v", name, sum.hex, sum.err, want, c.err)
			}
			if c.err == nil && c.size == 0 && name != "parts, again" && at.n != size {
				t.Errorf("%s: %d bytes of %d were read", name, at.n, size)
			}
		}
	}
}

// TestHashingOpen: a decoder that still reads does not disturb the run, which reads the
// file itself then.
func TestHashingOpen(t *testing.T) {
	data := bytes.Repeat([]byte("record"), 1000)
	file := &evidence.File{Path: `C:\$MFT`}
	s := newShared([]job{{file: file, sources: []Source{RandomFiles(`C:\$MFT`)}}})
	in := Input{shared: s}
	h := in.Hashing(file)
	r := h.Reader(bytes.NewReader(data))
	_, _ = io.CopyN(io.Discard, r, 100)
	sum := sha256.Sum256(data)
	if got := s.begun(file).rest(bytes.NewReader(data), int64(len(data))); got.err != nil || got.hex != hex.EncodeToString(sum[:]) {
		t.Errorf("%+v", got)
	}
	_, _ = io.Copy(io.Discard, r)
	h.Close()
	none := Input{}.Hashing(file)
	none.Close()
	if none != nil || none.Reader(r) != r || none.ReaderAt(bytes.NewReader(data), 6000) == nil {
		t.Error("without a run nothing is hashed")
	}
}
