package image

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// noisy is a disk of n chunks that hardly compress, every third of zeros.
func noisy(n int) (chunks [][]byte, whole []byte) {
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range n {
		c := make([]byte, testChunk)
		if i%3 != 2 {
			for k := range 4000 {
				c[k] = byte(rng.Uint32())
			}
		}
		if i == 0 {
			copy(c, bootSector())
		}
		chunks = append(chunks, c)
		whole = append(whole, c...)
	}
	return chunks, whole
}

// delivered counts the chunks of a disk that are read and right. wrong is set when one is read and is not.
func delivered(d *Disk, whole []byte) (n int, wrong bool) {
	b := make([]byte, testChunk)
	for i := 0; i < len(whole)/testChunk; i++ {
		if d.ewf.readChunk(b, int64(i)) == nil {
			if !bytes.Equal(b, whole[i*testChunk:][:testChunk]) {
				wrong = true
				continue
			}
			n++
		}
	}
	return n, wrong
}

// An image that is cut off anywhere gives the chunks that stand before the cut, and says that it is cut off.
func TestEWFCut(t *testing.T) {
	testcost.Again(t)
	for _, plain := range []bool{false, true} {
		chunks, whole := noisy(9)
		img := ewfFile(ewfPart{number: 1, chunks: chunks, last: true, plain: plain}, len(chunks))
		start := bytes.Index(img, []byte("sectors\x00")) + ewfSection
		table := bytes.Index(img, []byte("table\x00"))
		if start < ewfSection || table < start {
			t.Fatal("no sectors")
		}
		per := (table - start) / len(chunks)
		path := filepath.Join(t.TempDir(), "a.E01")
		for cut := start; cut < len(img); cut += 1511 {
			if err := os.WriteFile(path, img[:cut], 0o600); err != nil {
				t.Fatal(err)
			}
			d, err := Open(path, nil)
			if cut < start+per && err != nil {
				continue // not even the boot sector
			}
			if err != nil {
				t.Fatalf("cut at %d: %v", cut, err)
			}
			n, wrong := delivered(d, whole)
			least := min((cut-start)/(testChunk+4), len(chunks))
			if !plain {
				least = 0
				for at := start; least < len(chunks); least++ {
					if at += len(deflated(chunks[least])); at > cut {
						break
					}
				}
			}
			if n != least || wrong || len(d.Damage) == 0 {
				t.Errorf("cut at %d of %d: %d chunks, %d stand before the cut; %v", cut, len(img), n, least, d.Damage)
			}
			d.Close()
		}
	}
}

func deflated(c []byte) []byte {
	b := ewfFile(ewfPart{number: 2, chunks: [][]byte{c}, last: true}, 1)
	return b[bytes.Index(b, []byte("sectors\x00"))+ewfSection : bytes.Index(b, []byte("table\x00"))]
}

// One wrong bit in a descriptor, a table or the volume section costs nothing; one in a chunk costs that chunk, and an error names it.
func TestEWFBits(t *testing.T) {
	testcost.Again(t)
	chunks, whole := noisy(9)
	img := ewfFile(ewfPart{number: 1, chunks: chunks, last: true}, len(chunks))
	start := bytes.Index(img, []byte("sectors\x00")) + ewfSection
	table := bytes.Index(img, []byte("table\x00"))
	var at []int
	for i := ewfHeader; i < len(img); i++ {
		if i < start || i >= table || i%397 == 0 {
			at = append(at, i)
		}
	}
	rng := rand.New(rand.NewPCG(5, 6))
	path := filepath.Join(t.TempDir(), "a.E01")
	lost := 0
	at = testcost.Sample(at, 9)
	for _, i := range at {
		b := bytes.Clone(img)
		b[i] ^= 1 << rng.IntN(8)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := Open(path, nil)
		if err != nil {
			t.Errorf("byte %d: %v", i, err)
			continue
		}
		n, wrong := delivered(d, whole)
		want := len(chunks)
		if i >= start && i < table {
			want--
		}
		if n < want || wrong {
			lost++
			t.Errorf("byte %d: %d chunks of %d (wrong bytes: %v): %v", i, n, len(chunks), wrong, d.Damage)
		}
		d.Close()
	}
	t.Logf("%d mutations, %d cost more than their place", len(at), lost)
}

// Without both tables all chunks are found, and with one damaged chunk all but that.
func TestEWFNoTables(t *testing.T) {
	for _, plain := range []bool{false, true} {
		chunks, whole := noisy(12)
		img := ewfFile(ewfPart{number: 1, chunks: chunks, last: true, plain: plain}, len(chunks))
		table := bytes.Index(img, []byte("table\x00"))
		done := bytes.Index(img, []byte("done\x00"))
		start := bytes.Index(img, []byte("sectors\x00")) + ewfSection
		clear(img[table:done])
		for _, hurt := range []bool{false, true} {
			want := len(chunks)
			if hurt {
				img[start+(table-start)/2] ^= 0x55
				want--
			}
			d, err := Open(write(t, "a.E01", img), nil)
			if err != nil {
				t.Fatal(err)
			}
			n, wrong := delivered(d, whole)
			if n != want || wrong || len(d.Damage) == 0 {
				t.Errorf("plain %v, hurt %v: %d chunks of %d: %v", plain, hurt, n, want, d.Damage)
			}
			d.Close()
		}
	}
}

// A first table that is gone, with or without its descriptor, costs nothing where the second is whole.
func TestEWFSecondTable(t *testing.T) {
	chunks, whole := noisy(9)
	img := ewfFile(ewfPart{number: 1, chunks: chunks, last: true}, len(chunks))
	table, second := bytes.Index(img, []byte("table\x00")), bytes.Index(img, []byte("table2\x00"))
	if table < 0 || second < table {
		t.Fatal("no tables")
	}
	for _, from := range []int{table, table + ewfSection} {
		b := bytes.Clone(img)
		clear(b[from:second])
		d, err := Open(write(t, "a.E01", b), nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, wrong := delivered(d, whole); n != len(chunks) || wrong || len(d.Damage) == 0 {
			t.Errorf("zeroed from %d on: %d chunks of %d (wrong bytes: %v): %v", from-table, n, len(chunks), wrong, d.Damage)
		}
		d.Close()
	}
}

// A segment that lost its end does not shift the chunks of those after it.
func TestEWFGap(t *testing.T) {
	chunks, whole := noisy(12)
	e01 := ewfFile(ewfPart{number: 1, chunks: chunks[:4]}, 12)
	e02 := ewfFile(ewfPart{number: 2, chunks: chunks[4:8]}, 12)
	e03 := ewfFile(ewfPart{number: 3, chunks: chunks[8:], last: true}, 12)
	cut := bytes.Index(e02, []byte("sectors\x00")) + ewfSection + len(deflated(chunks[4])) + len(deflated(chunks[5])) + 10
	dir := ewfDir(t, map[string][]byte{"a.E01": e01, "a.E02": e02[:cut], "a.E03": e03})
	d, err := Open(filepath.Join(dir, "a.E01"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	n, wrong := delivered(d, whole)
	if n != 10 || wrong {
		t.Errorf("%d chunks of 12, 10 are there (wrong bytes: %v): %v", n, wrong, d.Damage)
	}
	if s := fmt.Sprint(d.Damage); !strings.Contains(s, "2 are missing from chunk 6 on") {
		t.Error(s)
	}
}

// streamVMDK is a stream-optimized disk of one grain of 64 KiB, whose header is at its beginning.
func streamVMDK(grain []byte) []byte {
	img := make([]byte, 6*512)
	copy(img, "KDMV")
	le.PutUint32(img[4:], 3)
	le.PutUint32(img[vmdkFlags:], vmdkCompressed|1<<17|1)
	le.PutUint64(img[vmdkCapacity:], uint64(len(grain)/512))
	le.PutUint64(img[vmdkGrain:], 128)
	le.PutUint32(img[vmdkPerTable:], 512)
	le.PutUint64(img[vmdkDirectory:], 1)
	le.PutUint16(img[vmdkCompression:], 1)
	le.PutUint32(img[512:], 2)  // the table
	le.PutUint32(img[1024:], 6) // the grain
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(grain)
	w.Close()
	marker := make([]byte, vmdkMarker)
	le.PutUint32(marker[8:], uint32(z.Len()))
	return append(append(img, marker...), z.Bytes()...)
}

// A grain whose checksum is wrong is not read, and neither is one that is longer than it may be.
func TestVMDKChecksum(t *testing.T) {
	grain := bytes.Repeat(bootSector(), 128)
	img := streamVMDK(grain)
	read := func(img []byte) error {
		d, err := Open(write(t, "a.vmdk", img), nil)
		if err != nil {
			return err
		}
		defer d.Close()
		b := make([]byte, len(grain))
		err = readFull(d, b, 0)
		if err == nil && !bytes.Equal(b, grain) {
			t.Error("wrong bytes without an error")
		}
		return errors.Join(append(d.Damage, err)...)
	}
	if err := read(img); err != nil {
		t.Fatal(err)
	}
	img[len(img)-1] ^= 1 // of the Adler-32
	if err := read(img); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("a wrong Adler-32: %v", err)
	}
	long := streamVMDK(append(grain, 1))
	le.PutUint64(long[vmdkCapacity:], 128)
	if err := read(long); err == nil || !strings.Contains(err.Error(), "more than a grain") {
		t.Errorf("a grain that is too long: %v", err)
	}
}
