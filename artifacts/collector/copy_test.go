package collector

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// A fake file has data in some ranges, and bytes that cannot be read.
type fake struct {
	size   int64
	ranges []ntfs.Range
	bad    int64 // a read that covers this byte fails; -1 for none
}

var errBad = errors.New("bad sector")

func (f *fake) Stat() (fs.FileInfo, error) { return nil, nil }
func (f *fake) Read([]byte) (int, error)   { return 0, errBad }
func (f *fake) Close() error               { return nil }
func (f *fake) DataRanges() []ntfs.Range   { return f.ranges }
func (f *fake) ReadAt(p []byte, off int64) (int, error) {
	if f.bad >= off && f.bad < off+int64(len(p)) {
		return 0, errBad
	}
	for i := range p {
		p[i] = byte(off + int64(i))
	}
	if off+int64(len(p)) > f.size {
		return 0, io.EOF
	}
	return len(p), nil
}

func TestCopyStoresNoHoles(t *testing.T) {
	const size = 20 << 30
	f := &fake{size: size, bad: -1, ranges: []ntfs.Range{{Offset: size - 3<<20, Length: 1 << 20}, {Offset: size - 1<<20, Length: 1 << 20}}}
	var b bytes.Buffer
	c, err := copyFile(t.Context(), &b, f, size, 1<<40, make([]byte, blockSize), whatever, false)
	if err != nil {
		t.Fatal(err)
	}
	if b.Len() != 2<<20 || c.state != whole || c.sum != "" {
		t.Errorf("%d bytes stored, state %s, hash %q", b.Len(), c.state, c.sum)
	}
	want := []span{{0, 0, 0, size - 3<<20}, {0, size - 3<<20, 1 << 20, 1 << 20}, {1 << 20, size - 2<<20, 0, 1 << 20},
		{1 << 20, size - 1<<20, 1 << 20, 1 << 20}}
	if len(c.spans) != len(want) {
		t.Fatalf("spans %v, want %v", c.spans, want)
	}
	for i := range want {
		if c.spans[i] != want[i] {
			t.Errorf("span %d: %v, want %v", i, c.spans[i], want[i])
		}
	}
}

func TestCopyNamesWhatCannotBeRead(t *testing.T) {
	const size = 3 << 20
	f := &fake{size: size, bad: 5000, ranges: []ntfs.Range{{Length: size}}}
	var b bytes.Buffer
	c, err := copyFile(t.Context(), &b, f, size, 1<<40, make([]byte, blockSize), whatever, false)
	if err != nil {
		t.Fatal(err)
	}
	if b.Len() != size-smallest || c.state != failed || c.sum != "" || !strings.Contains(c.err.Error(), "4096: bad sector") {
		t.Errorf("%d bytes stored, state %s, %v", b.Len(), c.state, c.err)
	}
	if len(c.spans) != 3 || c.spans[1] != (span{4096, 4096, 0, 4096}) {
		t.Errorf("spans %v", c.spans)
	}
}

func TestCopyCuts(t *testing.T) {
	f := &fake{size: 3 << 20, bad: -1, ranges: []ntfs.Range{{Length: 3 << 20}}}
	var b bytes.Buffer
	c, err := copyFile(t.Context(), &b, f, 3<<20, 1<<20+7, make([]byte, blockSize), whatever, false)
	if err != nil || b.Len() != 1<<20+7 || c.state != cut || c.sum != "" || c.err == nil {
		t.Errorf("%d bytes stored, state %s, %v, %v", b.Len(), c.state, c.err, err)
	}
}
