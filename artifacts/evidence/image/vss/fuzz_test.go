package vss_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence/image/vss"
	corpus "github.com/artifactdump/artifactdump/corpus/vss"
)

// counted counts what is read from a volume.
type counted struct {
	r io.ReaderAt
	n int64
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.n += int64(n)
	return n, err
}

// Whatever stands in catalog and stores, Open ends, a shadow copy reads the same twice and whatever the cut of its reads, and no more of the metadata
// is read than the volume holds. The input is a series of patches to a good volume: a block of its metadata, a place in it, and eight bytes.
func FuzzOpen(f *testing.F) {
	states := history(4, 60, 2)
	now := states[3]
	spec := corpus.Spec{Now: now, Area: corpus.Area(now)}
	for i, v := range states[:3] {
		spec.Stores = append(spec.Stores, corpus.Store{Volume: v, Created: time.Unix(int64(1e9+i), 0), ID: [16]byte{byte(i + 1)}, Machine: "PC", Forward: true, Overlay: i == 1, Previous: true})
	}
	whole, lay, err := spec.Build()
	if err != nil {
		f.Fatal(err)
	}
	meta := append([]int64{0x1E00}, lay.Catalog...)
	for _, s := range lay.Stores {
		meta = slices.Concat(meta, s.Header, s.List, s.Bitmap, s.Previous)
	}
	patch := func(block, at int, v uint64) []byte {
		b := binary.LittleEndian.AppendUint16([]byte{byte(block)}, uint16(at))
		return binary.LittleEndian.AppendUint64(b, v)
	}
	const size = 11
	f.Add([]byte{})
	f.Add(patch(0, 48, uint64(lay.Stores[0].List[0])))
	f.Add(patch(1, 40, uint64(lay.Catalog[0])))
	f.Add(patch(1, 128+8, 1<<40))
	f.Add(patch(1, 128+128+8, uint64(lay.Stores[0].List[0])))
	f.Add(slices.Concat(patch(4, 128, 0), patch(4, 128+16, 1<<63), patch(4, 128+24, 1)))
	f.Add(slices.Concat(patch(4, 128+24, 2|0xFFFF<<32), patch(4, 128+8, 1)))
	for i := range meta {
		f.Add(patch(i, 40, uint64(meta[(i+3)%len(meta)])))
	}
	f.Fuzz(func(t *testing.T, patches []byte) {
		b := bytes.Clone(whole)
		for p := range slices.Chunk(patches[:min(len(patches), 64*size)], size) {
			if len(p) == size {
				copy(b[meta[int(p[0])%len(meta)]+int64(binary.LittleEndian.Uint16(p[1:])%(block-8)):], p[3:])
			}
		}
		c := &counted{r: bytes.NewReader(b)}
		open := func() *vss.Volume {
			v, err := vss.Open(c, int64(len(b)), &vss.Options{MaxBlocks: 10_000})
			if err != nil && !errors.Is(err, vss.ErrNotFound) {
				t.Fatal(err)
			}
			return v
		}
		v, again := open(), open()
		if v == nil {
			return
		}
		tried, triedAgain := tries(v), tries(again)
		if !slices.Equal(tried, triedAgain) || !slices.Equal(texts(v.Damage()), texts(again.Damage())) {
			t.Fatalf("not the same twice: %q %q", tried, triedAgain)
		}
		if c.n > 2*int64(len(b)) {
			t.Fatalf("%d bytes of metadata read twice from a volume of %d", c.n, len(b))
		}
		for _, err := range v.Damage() {
			if fe, ok := errors.AsType[*vss.FormatError](err); !ok || fe.Struct == "" || fe.Problem == "" {
				t.Fatalf("damage without a place: %v", err)
			}
		}
		for i := range v.Shadows {
			s := &v.Shadows[i]
			if s.Number != i+1 || s.Size <= 0 || s.Size > int64(len(b)) {
				t.Fatalf("%+v", s)
			}
			sn, err := s.Open()
			if err != nil {
				continue
			}
			other, err := again.Shadows[i].Open()
			if err != nil {
				t.Fatal(err)
			}
			one, two := make([]byte, 3*block), make([]byte, 3*block)
			for off := int64(0); off < sn.Size(); off += 2*block + 777 {
				n, err1 := sn.ReadAt(one, off)
				m := 0
				var err2 error
				for m < len(two) && err2 == nil { // the same in small pieces
					var k int
					k, err2 = other.ReadAt(two[m:min(len(two), m+5000)], off+int64(m))
					m += k
				}
				if n != m || !bytes.Equal(one[:n], two[:m]) || fmt.Sprint(err1) != fmt.Sprint(err2) {
					t.Fatalf("copy %d at %d: %d bytes, %v; in pieces %d bytes, %v", i+1, off, n, err1, m, err2)
				}
			}
		}
	})
}
