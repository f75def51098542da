package rdpcache_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/rdpcache"
)

func ExampleTiles() {
	// A head, and one tile of two points: key, width, height, BGRA.
	const cache = rdpcache.Magic + "\x06\x00\x00\x00" + "\x01\x02\x03\x04\x05\x06\x07\x08" + "\x02\x00\x01\x00" + "\x00\x00\xff\x00\xff\x00\x00\x00"
	for tile, err := range rdpcache.Tiles(strings.NewReader(cache), int64(len(cache))) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(tile.Width, tile.Height)
	}
	// Output: 2 1
}
