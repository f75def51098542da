package vss_test

import (
	"bytes"
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence/image/vss"
	corpus "github.com/artifactdump/artifactdump/corpus/vss"
)

// sample is a volume of 20 blocks on which block 1 has changed.
func sample() []byte {
	now := slicesOf("new", 20)
	copy(now[10*block:], corpus.AreaFile(10))
	then := bytes.Clone(now)
	copy(then[block:], "old")
	spec := corpus.Spec{Now: now, Area: corpus.Area(now), Stores: []corpus.Store{{Volume: then, Created: time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC), ID: [16]byte{1}}}}
	img, _, err := spec.Build()
	if err != nil {
		panic(err)
	}
	return img
}

func slicesOf(text string, blocks int) []byte {
	b := make([]byte, blocks*block)
	for i := range blocks {
		copy(b[i*block:], text)
	}
	return b
}

func ExampleOpen() {
	volume := sample() // any io.ReaderAt that begins where the volume begins
	v, err := vss.Open(bytes.NewReader(volume), int64(len(volume)), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range v.Shadows {
		s := &v.Shadows[i]
		sn, err := s.Open() // an io.ReaderAt for a file system's reader
		if err != nil {
			fmt.Println(err)
			continue
		}
		b := make([]byte, 3)
		if _, err := sn.ReadAt(b, vss.BlockSize); err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%d %s: %s, now %s\n", s.Number, s.Created.Format(time.RFC3339), b, volume[vss.BlockSize:][:3])
	}
	// Output:
	// 1 2026-03-01T03:00:00Z: old, now new
}
