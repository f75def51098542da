package sqlitedb

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/sqlitefile"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestStress appends pages of a leaf's type that are full of what looks like
// rows and freeblocks. Work must grow with the size of the file, not faster.
func TestStress(t *testing.T) {
	main, _ := sqlitefile.Sample(4096, 1)
	r := rand.New(rand.NewPCG(3, 4))
	per := map[int]time.Duration{}
	for _, pages := range []int{50, 200} {
		b := bytes.Clone(main)
		for i := range pages {
			p := make([]byte, 4096)
			p[0] = []byte{tableLeaf, indexLeaf, tableInterior}[i%3]
			p[2], p[5], p[6] = 100, 15, 255
			for at := 100; at+40 < len(p); {
				// Freeblocks of plausible cells: size, then a record header.
				size := 12 + r.IntN(28)
				copy(p[at:], []byte{byte((at + size) >> 8), byte(at + size), byte(size >> 8), byte(size), 5, 0, 23, 1, 7, 'a', 'b', 'c'})
				at += size
			}
			for range 400 {
				p[12+r.IntN(4080)] = byte(r.IntN(40))
			}
			b = append(b, p...)
		}
		db, err := Open(bytes.NewReader(b), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		start, n := testcost.CPU(), 0
		for range db.Recovered() {
			n++
		}
		per[pages] = (testcost.CPU() - start) / time.Duration(pages)
		t.Logf("%d pages, %d rows, %v a page", pages, n, per[pages])
	}
	if per[200] > 10*per[50] && per[200] > 20*time.Millisecond {
		t.Errorf("%v a page of 200, %v of 50", per[200], per[50])
	}
}
