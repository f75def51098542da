//go:build unix

package ntfs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"www.velocidex.com/golang/go-ntfs/parser"

	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

// cpuTime returns the time of all processors that the process has used.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// parseAll reads every record and decodes every name.
func parseAll(b *testing.B, f io.ReaderAt, size int64) (n int) {
	var buf []byte
	for r, err := range Records(io.NewSectionReader(f, 0, size), nil) {
		if err != nil {
			b.Fatal(err)
		}
		for i := range r.Names {
			buf = r.Names[i].AppendName(buf[:0])
		}
		n++
	}
	return n
}

// pathsAll does the same in two passes, with extension records joined and the
// full path of every name but short ones.
func pathsAll(b *testing.B, f io.ReaderAt, size int64) (n int) {
	table, err := ReadTable(io.NewSectionReader(f, 0, size), nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	for r, err := range Records(io.NewSectionReader(f, 0, size), &RecordOptions{Table: table}) {
		if err != nil {
			b.Fatal(err)
		}
		for i := range r.Names {
			if !r.Names[i].DOS() {
				buf, _ = table.AppendPath(buf[:0], &r.Names[i])
			}
		}
		n++
	}
	return n
}

func peerAll(f io.ReaderAt, size int64, paths bool) (n int) {
	for row := range parser.ParseMFTFile(context.Background(), f, size, 0x1000, 0x400) {
		if paths {
			_ = row.FullPath()
		} else {
			_ = row.FileName()
		}
		n++
	}
	return n
}

// BenchmarkRatio runs the $MFT of a whole volume, 52,320 records, through this
// package and go-ntfs by turns and reports how many times less time of a
// processor the median round of ours needs.
//
// From a file a part of both is the system's copying; from memory there is none.
func BenchmarkRatio(b *testing.B) {
	data := evidence(b, "mft/tdungan.mft.gz")
	f, size := onDisk(b, data)
	b.Run("file", func(b *testing.B) { ratio(b, f, size) })
	b.Run("memory", func(b *testing.B) { ratio(b, bytes.NewReader(data), size) })
}

func ratio(b *testing.B, f io.ReaderAt, size int64) {
	impls := []func(){
		func() { parseAll(b, f, size) }, func() { peerAll(f, size, false) },
		func() { pathsAll(b, f, size) }, func() { peerAll(f, size, true) },
	}
	times := make([][]time.Duration, len(impls))
	for range 5 {
		for i, run := range impls {
			runtime.GC()
			repeat := 1
			if i%2 == 0 {
				repeat = 8
			}
			start := cpuTime(b)
			for range repeat {
				run()
			}
			times[i] = append(times[i], (cpuTime(b)-start)/time.Duration(repeat))
		}
	}
	median := func(i int) float64 {
		slices.Sort(times[i])
		return float64(times[i][len(times[i])/2]) / 1e6
	}
	for b.Loop() {
	}
	b.ReportMetric(median(0), "ms-parse")
	b.ReportMetric(median(1)/median(0), "x-parse")
	b.ReportMetric(median(2), "ms-paths")
	b.ReportMetric(median(3)/median(2), "x-paths")
}

// onDisk writes data to a file: readers of evidence read files.
func onDisk(b *testing.B, data []byte) (*os.File, int64) {
	name := filepath.Join(b.TempDir(), "MFT")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		b.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	return f, int64(len(data))
}

// BenchmarkMFT is ours alone.
func BenchmarkMFT(b *testing.B) {
	data := evidence(b, "mft/tdungan.mft.gz")
	b.Run("parse", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			parseAll(b, bytes.NewReader(data), int64(len(data)))
		}
	})
	b.Run("paths", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			pathsAll(b, bytes.NewReader(data), int64(len(data)))
		}
	})
}

// BenchmarkLarge reads generated $MFTs of a million and of 4.2 million records (4.3
// GB) as a stream, three of ten records folders: the table, then all paths. It
// reports the time of the processor with that of the generator, and the most that
// lives on the heap.
func BenchmarkLarge(b *testing.B) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: corpusDay})
	dir := v.Mkdir(ntfsmeta.Root, "a folder of some length", corpusDay)
	file := v.Create(dir, "file of some length.txt", []byte("x"), corpusDay)
	mft := v.MFT()
	rec := func(r ntfsmeta.Ref) []byte { return mft[entryOf(r)*1024:][:1024] }
	for _, n := range []int{1e6, 4.2e6} {
		b.Run(fmt.Sprintf("records=%d", n), func(b *testing.B) {
			source := func() io.Reader { return &manyRecords{folder: rec(dir), file: rec(file), left: n} }
			var cpu time.Duration
			most := uint64(0)
			heap := func() {
				var m runtime.MemStats
				start := cpuTime(b)
				runtime.GC()
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
				cpu -= cpuTime(b) - start
			}
			heap()
			before := most
			cpu = 0
			for b.Loop() {
				start := cpuTime(b)
				table, err := ReadTable(source(), nil, nil)
				if err != nil {
					b.Fatal(err)
				}
				heap()
				var buf []byte
				got := 0
				for r, err := range Records(source(), &RecordOptions{Table: table}) {
					if err != nil {
						b.Fatal(err)
					}
					for i := range r.Names {
						buf, _ = table.AppendPath(buf[:0], &r.Names[i])
					}
					got++
				}
				heap()
				runtime.KeepAlive(table)
				if got != n {
					b.Fatalf("%d records, want %d", got, n)
				}
				cpu += cpuTime(b) - start
			}
			b.ReportMetric(cpu.Seconds()/float64(b.N), "cpu-s")
			b.ReportMetric(float64(most-before)/1e6, "MB")
		})
	}
}
