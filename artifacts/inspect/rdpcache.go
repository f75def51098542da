package inspect

import (
	"fmt"
	"image/png"
	"io"

	"github.com/artifactdump/artifactdump/artifacts/formats/rdpcache"
)

var rdpcacheFormat = format{kind: "rdpcache", known: begins(rdpcache.Magic), read: readRDPCache}

func readRDPCache(f File, _ Options, yield func(Row) bool) error {
	for t, err := range rdpcache.Tiles(f, f.Size) {
		if err != nil {
			return err
		}
		row := Row{Kind: "rdpcache", Offset: t.Offset}
		row.Add("key", fmt.Sprintf("%016x", t.Key))
		row.Add("width", t.Width)
		row.Add("height", t.Height)
		if !yield(row) {
			return nil
		}
	}
	return nil
}

// Limits of a picture: a cache of Windows has at most some 6,400 pieces.
const (
	pictureTiles   = 8192
	pictureColumns = 32
)

// Picture writes the pieces of a bitmap cache of the Remote Desktop client, in
// their order, as one picture in the PNG format. The error also names what could
// not be read; the pieces before it are in the picture, when there are any.
func Picture(w io.Writer, f File) (pieces int, err error) {
	var tiles []rdpcache.Tile
	for t, bad := range rdpcache.Tiles(f, f.Size) {
		if bad != nil {
			err = bad
			break
		}
		if len(tiles) == pictureTiles {
			err = fmt.Errorf("more than %d pieces: the others are left out", pictureTiles)
			break
		}
		tiles = append(tiles, t)
	}
	if len(tiles) == 0 {
		return 0, err
	}
	m, failed := rdpcache.Sheet(tiles, pictureColumns)
	if failed != nil {
		return 0, failed
	}
	if failed := png.Encode(w, m); failed != nil {
		return 0, &WriteError{failed}
	}
	return len(tiles), err
}
