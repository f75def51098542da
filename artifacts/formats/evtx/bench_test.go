package evtx

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	velocidex "www.velocidex.com/golang/evtx"
)

// benchLogs returns the shared logs: at most limit bytes, the largest first.
func benchLogs(tb testing.TB, limit int) [][]byte {
	tb.Helper()
	names, _ := filepath.Glob(filepath.Join(evidence(tb), "evtx", "*", "*.evtx"))
	if len(names) == 0 {
		tb.Skip("no logs")
	}
	var files [][]byte
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		files = append(files, b)
	}
	slices.SortStableFunc(files, func(a, b []byte) int { return len(b) - len(a) })
	n := 0
	for i, b := range files {
		if n += len(b); n > limit {
			return files[:i]
		}
	}
	return files
}

func totalSize(files [][]byte) (n int64) {
	for _, b := range files {
		n += int64(len(b))
	}
	return n
}

func ourRaw(tb testing.TB, b []byte, d *Decoder) (n, sum int) {
	f, err := Open(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		tb.Fatal(err)
	}
	for i := range f.Chunks() {
		for rec := range f.Chunk(d, i) {
			n++
			for _, v := range rec.Data() {
				sum += len(v.Data)
			}
		}
	}
	return n, sum
}

func velocidexDicts(tb testing.TB, b []byte) (n int) {
	chunks, err := velocidex.GetChunks(bytes.NewReader(b))
	if err != nil {
		return 0
	}
	for _, c := range chunks {
		records, _ := c.Parse(0)
		for _, r := range records {
			if r.Event != nil {
				n++
			}
		}
	}
	return n
}

func BenchmarkRead(b *testing.B) {
	files := benchLogs(b, 45<<20)
	d := NewDecoder()
	b.Run("impl=ours-raw", func(b *testing.B) {
		b.SetBytes(totalSize(files))
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			n = 0
			for _, f := range files {
				k, _ := ourRaw(b, f, d)
				n += k
			}
		}
		b.ReportMetric(float64(n), "records")
	})
	b.Run("impl=velocidex-dicts", func(b *testing.B) {
		b.SetBytes(totalSize(files))
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			n = 0
			for _, f := range files {
				n += velocidexDicts(b, f)
			}
			runtime.GC()
		}
		b.ReportMetric(float64(n), "records")
	})
}
