package vss_test

import (
	"bytes"
	"io"
	"testing"
)

// BenchmarkRead reads a volume in pieces of 64 KiB, as it is now and through its newest and its oldest shadow copy, of four.
func BenchmarkRead(b *testing.B) {
	img, _ := built(b, history(5, 1200, 1), true)
	v := openVolume(b, img)
	impls := []struct {
		name string
		r    io.ReaderAt
	}{{"now", bytes.NewReader(img)}, {"newest", nil}, {"oldest", nil}}
	for i, s := range []int{3, 0} {
		sn, err := v.Shadows[s].Open()
		if err != nil {
			b.Fatal(err)
		}
		impls[i+1].r = sn
	}
	p := make([]byte, 64<<10)
	for _, impl := range impls {
		b.Run("state="+impl.name, func(b *testing.B) {
			b.SetBytes(int64(len(img)))
			b.ReportAllocs()
			for b.Loop() {
				for off := 0; off < len(img); off += len(p) {
					if _, err := impl.r.ReadAt(p, int64(off)); err != nil && err != io.EOF {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkOpen reads catalog and lists.
func BenchmarkOpen(b *testing.B) {
	img, _ := built(b, history(5, 1200, 1), true)
	b.ReportAllocs()
	for b.Loop() {
		v := openVolume(b, img)
		if _, err := v.Shadows[0].Open(); err != nil {
			b.Fatal(err)
		}
	}
}
