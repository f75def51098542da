package image

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"sync"
	"testing"
	"unsafe"
)

// strict is a device that refuses every read that is not of whole sectors into an aligned buffer.
type strict struct {
	b      []byte
	sector int
	bad    int64 // a read of this byte fails; -1 for none
}

var errUnaligned, errMedium = errors.New("the parameter is incorrect"), errors.New("medium error")

func (d *strict) Size() int64     { return int64(len(d.b)) }
func (d *strict) SectorSize() int { return d.sector }
func (d *strict) ReadAt(p []byte, off int64) (int, error) {
	n := int64(d.sector)
	if off%n != 0 || int64(len(p))%n != 0 || uintptr(unsafe.Pointer(unsafe.SliceData(p)))%uintptr(n) != 0 {
		return 0, errUnaligned
	}
	if off <= d.bad && d.bad < off+int64(len(p)) {
		return int((d.bad - off) / n * n), errMedium
	}
	return bytes.NewReader(d.b).ReadAt(p, off)
}

// TestAligned reads a device at any offset and length: the bytes are right, and the device sees whole sectors only.
func TestAligned(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, sector := range []int{512, 4096, 128 << 10} {
		for _, sectors := range []int{1, 3, 700} {
			b := make([]byte, sector*min(sectors, 3<<20/sector+1))
			for i := range b {
				b[i] = byte(r.Uint32())
			}
			a, err := Aligned(&strict{b, sector, -1})
			if err != nil {
				t.Fatal(err)
			}
			var wait sync.WaitGroup
			for range 4 {
				seed := r.Uint64()
				wait.Go(func() {
					r := rand.New(rand.NewPCG(seed, 1))
					for range 50 {
						off := r.Int64N(int64(len(b)) + 10)
						p := make([]byte, r.IntN(300<<10))
						n, err := a.ReadAt(p, off)
						want := b[min(off, int64(len(b))):min(off+int64(len(p)), int64(len(b)))]
						atEnd := off >= int64(len(b)) || off+int64(len(p)) > int64(len(b))
						if !bytes.Equal(p[:n], want) || (err == io.EOF) != atEnd || err != nil && err != io.EOF {
							t.Errorf("sectors of %d: %d of %d bytes at %d, %v", sector, n, len(p), off, err)
							return
						}
					}
				})
			}
			wait.Wait()
			if _, err := a.ReadAt(make([]byte, 1), -1); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("before the device: %v", err)
			}
		}
	}
}

// TestAlignedError: what is before a sector that cannot be read is returned with the error, and what follows can be read.
func TestAlignedError(t *testing.T) {
	b := bytes.Repeat([]byte("0123456789abcdef"), 64<<10)
	const bad = 300_000
	a, err := Aligned(&strict{b, 512, bad})
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 400_000)
	n, err := a.ReadAt(p, 1000)
	if !errors.Is(err, errMedium) || n < bad-1000-512 || n > bad-1000 || !bytes.Equal(p[:n], b[1000:1000+n]) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if n, err := a.ReadAt(p[:5000], bad+70_000); n != 5000 || err != nil || !bytes.Equal(p[:n], b[bad+70_000:bad+75_000]) {
		t.Errorf("behind it: %d bytes, %v", n, err)
	}
	for _, sector := range []int{-512, 0, 3000, 4097, 2 << 20} {
		if _, err := Aligned(&strict{b, sector, -1}); err == nil {
			t.Errorf("sectors of %d bytes are accepted", sector)
		}
	}
}
