package image

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// FuzzSegments changes and cuts the segments of an E01. Whatever they hold, the image opens or not, each chunk is read twice alike, and
// one that is read is one of those that were written: chunks have checksums.
func FuzzSegments(f *testing.F) {
	chunks, whole := noisy(6)
	good := [3][]byte{
		ewfFile(ewfPart{number: 1, chunks: chunks[:2]}, 6),
		ewfFile(ewfPart{number: 2, chunks: chunks[2:4], plain: true}, 6),
		ewfFile(ewfPart{number: 3, chunks: chunks[4:], last: true}, 6),
	}
	f.Add(uint8(0), uint32(14), []byte("sectors"), uint32(0))
	f.Add(uint8(1), uint32(90), []byte{1, 2, 3}, uint32(5000))
	f.Add(uint8(2), uint32(30), []byte{0xFF, 0xFF, 0xFF, 0x7F}, uint32(0))
	f.Add(uint8(1), uint32(len(good[1])-200), make([]byte, 150), uint32(300))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, which uint8, at uint32, patch []byte, cut uint32) {
		path := func(n int) string { return filepath.Join(dir, fmt.Sprintf("a-%d.E0%d", os.Getpid(), n)) }
		for i, b := range good {
			if b = bytes.Clone(b); i == int(which)%3 {
				copy(b[int(at)%len(b):], patch)
				b = b[:len(b)-int(cut)%len(b)]
			}
			if err := os.WriteFile(path(i+1), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		d, err := Open(path(1), &Options{CacheBytes: 1 << 20})
		if err != nil {
			return
		}
		defer d.Close()
		one, two := make([]byte, testChunk), make([]byte, testChunk)
		for off := int64(0); off < min(d.Size, 1<<20) && d.ewf.chunk == testChunk; off += testChunk {
			n, err1 := d.ReadAt(one, off)
			m, err2 := d.ReadAt(two, off)
			if n != m || !bytes.Equal(one[:n], two[:m]) || fmt.Sprint(err1) != fmt.Sprint(err2) {
				t.Fatalf("at %d: %d bytes, %v, then %d bytes, %v", off, n, err1, m, err2)
			}
			if err1 == nil && n == testChunk && !bytes.Contains(whole, one) && len(patch) < 100 {
				t.Fatalf("at %d: bytes that nobody wrote", off)
			}
		}
	})
}

// FuzzVHDXLog replays logs of any bytes. The disk opens or not, and reads the same twice.
func FuzzVHDXLog(f *testing.F) {
	sector := bytes.Repeat([]byte{'a'}, logSector)
	f.Add(logEntryOf(5, 0, logWrite{4 * mib, sector, 0}), uint32(0))
	f.Add(logEntryOf(5, 0, logWrite{4*mib + logSector, nil, 2 * logSector}), uint32(0))
	f.Add(append(logEntryOf(5, 0, logWrite{4 * mib, sector, 0}), logEntryOf(6, 0, logWrite{4 * mib, sector, 0})...), uint32(2))
	f.Add(logEntryOf(9, mib-logSector, logWrite{4 * mib, sector, 0}), uint32(0))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, log []byte, reseal uint32) {
		b := vhdxFile(bytes.Repeat(bootSector(), 8))
		dirty(b)
		if n := int(reseal%4) * logSector; n > 0 && n <= len(log) { // a changed entry gets past its checksum
			log = bytes.Clone(log)
			seal(log[:n])
		}
		copy(b[mib:2*mib], log)
		p := filepath.Join(dir, fmt.Sprintf("a-%d.vhdx", os.Getpid()))
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := Open(p, &Options{CacheBytes: 1 << 20})
		if err != nil {
			return
		}
		defer d.Close()
		one, two := make([]byte, 64<<10), make([]byte, 64<<10)
		for off := int64(0); off < min(d.Size, 1<<20); off += 50_000 {
			n, err1 := d.ReadAt(one, off)
			m, err2 := d.ReadAt(two, off)
			if n != m || !bytes.Equal(one[:n], two[:m]) || fmt.Sprint(err1) != fmt.Sprint(err2) {
				t.Fatalf("at %d: %d bytes, %v, then %d bytes, %v", off, n, err1, m, err2)
			}
		}
	})
}
