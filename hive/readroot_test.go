package hive

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// A counter counts the bytes that are read.
type counter struct {
	*bytes.Reader
	n int
}

func (c *counter) ReadAt(b []byte, at int64) (int, error) {
	n, err := c.Reader.ReadAt(b, at)
	c.n += n
	return n, err
}

// compareRoot compares ReadRoot with Open.
func compareRoot(t *testing.T, b []byte) {
	t.Helper()
	r := &counter{Reader: bytes.NewReader(b)}
	got, err := ReadRoot(r, int64(len(b)))
	if r.n > 2*pageSize {
		t.Errorf("%d bytes were read", r.n)
	}
	h, oerr := Open(b, &Options{NoLogs: true})
	if oerr != nil {
		if err == nil {
			t.Errorf("ReadRoot: no error, Open: %v", oerr)
		}
		return
	}
	if h.Recovery().BaseBlockLost {
		if err == nil {
			t.Error("ReadRoot: no error for a lost base block")
		}
		return
	}
	if fmt.Sprint(got.Header) != fmt.Sprint(h.Header()) {
		t.Errorf("header %+v, want %+v", got.Header, h.Header())
	}
	k, rerr := h.Root()
	if rerr != nil || k.Offset() != baseSize+int64(h.Header().RootOffset) {
		if err == nil {
			t.Errorf("ReadRoot: no error, Root: %v", rerr)
		}
		return
	}
	want := Root{got.Header, k.Name(), k.Written(), k.Flags(), k.NumSubkeys(), k.Offset()}
	if err != nil || got != want {
		t.Errorf("root %+v, %v, want %s at %d", got, err, k.Name(), k.Offset())
	}
}

func TestReadRoot(t *testing.T) {
	compareRoot(t, regf.Sound().Build())
	for _, d := range regf.Damages() {
		t.Run(d.Name, func(t *testing.T) { compareRoot(t, d.Build().Primary) })
	}
	for version := uint32(2); version <= 6; version++ {
		compareRoot(t, variety(version).Build())
	}
	for _, b := range [][]byte{nil, []byte("reg"), []byte("regf"), make([]byte, 5000)} {
		compareRoot(t, b)
	}
	// A file that is shorter than it is said to be.
	b := regf.Sound().Build()
	if _, err := ReadRoot(bytes.NewReader(b[:4100]), int64(len(b))); err == nil {
		t.Error("no error for a file that ends early")
	}
}

func TestReadRootEvidence(t *testing.T) {
	for _, name := range evidenceHives(t, ".truth.tsv.gz") {
		compareRoot(t, openEvidence(t, name).Bytes())
	}
}

func FuzzReadRoot(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, base uint8, patch, raw []byte) {
		primary, _, _ := patched(base, patch, raw)
		compareRoot(t, primary)
	})
}

func TestPosition(t *testing.T) {
	var e interface{ Position() int64 }
	if !errors.As(error(bad(42, "cell", "broken")), &e) || e.Position() != 42 {
		t.Error("no position")
	}
}
