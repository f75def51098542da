package rdpcache

import (
	"bytes"
	"compress/gzip"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func cache(sizes ...int) []byte {
	b := []byte(Magic + "\x06\x00\x00\x00")
	for i, n := range sizes {
		b = append(b, byte(i), 1, 2, 3, 4, 5, 6, 7, byte(n), 0, byte(n), 0)
		for range n * n {
			b = append(b, 10, 20, 30, 0)
		}
	}
	return b
}

func TestTiles(t *testing.T) {
	b := cache(64, 3)
	var tiles []Tile
	for tile, err := range Tiles(bytes.NewReader(b), int64(len(b))) {
		if err != nil {
			t.Fatal(err)
		}
		tiles = append(tiles, tile)
	}
	if len(tiles) != 2 || tiles[1].Width != 3 || tiles[1].Key != 0x0706050403020101 || b[tiles[1].Offset] != 1 {
		t.Fatalf("%+v", tiles)
	}
	m, err := Sheet(tiles, 5)
	if err != nil || m.Bounds().Dx() != 128 || m.Bounds().Dy() != 64 {
		t.Fatalf("%v, %v", m.Bounds(), err)
	}
	if c := m.NRGBAAt(66, 2); c != (color.NRGBA{30, 20, 10, 255}) {
		t.Errorf("pixel %v", c)
	}
	if c := m.NRGBAAt(67, 2); c.A != 0 {
		t.Errorf("pixel outside of the tile %v", c)
	}
	for _, c := range []struct {
		b    []byte
		want string
	}{
		{b[:len(b)-1], "bitmap cache: tile at offset 16408: 3 × 3 pixels, 47 bytes left"},
		{append(bytes.Clone(b), 1, 2), "ends inside of a header"},
		{cache(65), "65 × 65 pixels"},
		{[]byte("BM"), ErrNotCache.Error()},
	} {
		var last error
		for _, err := range Tiles(bytes.NewReader(c.b), int64(len(c.b))) {
			last = err
		}
		if last == nil || !strings.Contains(last.Error(), c.want) {
			t.Errorf("%v, want %s", last, c.want)
		}
	}
}

// TestEvidence: 1,190 tiles fill the real file to its last byte.
func TestEvidence(t *testing.T) {
	root := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if root == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	f, err := os.Open(filepath.Join(root, "artifacts2", "rdpcache", "Cache0000.bin.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	n, end := 0, int64(0)
	for tile, err := range Tiles(bytes.NewReader(b), int64(len(b))) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		end = tile.Offset + tileHeader + int64(4*tile.Width*tile.Height)
	}
	if n != 1190 || end != int64(len(b)) {
		t.Errorf("%d tiles, %d of %d bytes", n, end, len(b))
	}
}

func FuzzTiles(f *testing.F) {
	f.Add(cache(2, 3))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		for tile, err := range Tiles(bytes.NewReader(b), int64(len(b))) {
			if err == nil {
				if _, err := tile.Image(); err != nil {
					t.Fatal(err)
				}
			}
			n++
		}
		if n > len(b)/tileHeader+2 {
			t.Fatalf("%d tiles in %d bytes", n, len(b))
		}
	})
}
