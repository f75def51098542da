// Package rdpcache reads the bitmap cache of the remote desktop client,
// Cache*.bin of Windows 7 and later: tiles of what the screens of remote
// machines showed. Nothing records which tile was where, or when it was seen.
package rdpcache

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"iter"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

var le = binary.LittleEndian

// Magic is what a cache begins with.
const Magic = "RDP8bmp\x00"

// ErrNotCache is returned for files without the signature.
var ErrNotCache = errors.New("not a bitmap cache: no signature")

const ( // file header, then tiles
	headerSize = 12
	tilKeys    = 0  // two u32
	tilWidth   = 8  // u16
	tilHeight  = 10 // u16
	tileHeader = 12
	maxSide    = 64 // pixels
)

// A Tile is one piece of a screen.
type Tile struct {
	Offset        int64
	Key           uint64 // of the server
	Width, Height int
	r             io.ReaderAt
}

// Image reads the tile. The stored pixels are blue, green, red and a fourth
// byte that is not used.
func (t *Tile) Image() (*image.NRGBA, error) {
	b := make([]byte, 4*t.Width*t.Height)
	if n, err := t.r.ReadAt(b, t.Offset+tileHeader); n < len(b) {
		return nil, err
	}
	for i := 0; i < len(b); i += 4 {
		b[i], b[i+2], b[i+3] = b[i+2], b[i], 0xFF
	}
	return &image.NRGBA{Pix: b, Stride: 4 * t.Width, Rect: image.Rect(0, 0, t.Width, t.Height)}, nil
}

// Tiles yields the tiles in stored order. A tile that does not fit ends them
// with an error.
func Tiles(r io.ReaderAt, size int64) iter.Seq2[Tile, error] {
	return func(yield func(Tile, error) bool) {
		h := make([]byte, headerSize)
		if n, err := r.ReadAt(h, 0); n < headerSize || string(h[:8]) != Magic {
			if err == nil || err == io.EOF {
				err = ErrNotCache
			}
			yield(Tile{}, err)
			return
		}
		for off := int64(headerSize); off < size; {
			n, err := r.ReadAt(h[:min(tileHeader, size-off)], off)
			if n < tileHeader {
				if err == nil || err == io.EOF {
					err = bad(off, "ends inside of a header")
				}
				yield(Tile{Offset: off}, err)
				return
			}
			t := Tile{Offset: off, Key: le.Uint64(h[tilKeys:]), Width: int(le.Uint16(h[tilWidth:])),
				Height: int(le.Uint16(h[tilHeight:])), r: r}
			next := off + tileHeader + 4*int64(t.Width)*int64(t.Height)
			if t.Width == 0 || t.Height == 0 || t.Width > maxSide || t.Height > maxSide || next > size {
				yield(t, bad(off, fmt.Sprintf("%d × %d pixels, %d bytes left", t.Width, t.Height, size-off)))
				return
			}
			if !yield(t, nil) {
				return
			}
			off = next
		}
	}
}

func bad(off int64, problem string) error {
	return &wire.FormatError{Format: "bitmap cache", Offset: off, Struct: "tile", Problem: problem}
}

// Sheet draws tiles side by side, columns in a row, as one picture.
func Sheet(tiles []Tile, columns int) (*image.NRGBA, error) {
	columns = max(1, min(columns, len(tiles)))
	rows := (len(tiles) + columns - 1) / columns
	out := image.NewNRGBA(image.Rect(0, 0, columns*maxSide, rows*maxSide))
	for i := range tiles {
		m, err := tiles[i].Image()
		if err != nil {
			return nil, err
		}
		x, y := i%columns*maxSide, i/columns*maxSide
		for line := range m.Rect.Dy() {
			copy(out.Pix[out.PixOffset(x, y+line):], m.Pix[line*m.Stride:(line+1)*m.Stride])
		}
	}
	return out, nil
}
