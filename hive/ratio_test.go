//go:build unix

package hive

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// cpuTime returns the time of all processors that the process has used.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRatio runs the same bytes through both readers by turns and reports how many times less time of a processor
// the median round of ours takes: what a busy machine does to the clock on the wall does not count.
func BenchmarkRatio(b *testing.B) {
	dir := evidence(b)
	for _, name := range []string{"regipy/SYSTEM_WIN_10_1709", "regipy/SYSTEM_2", "regipy/NTUSER_with_winscp.DAT"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			b.Fatal(err)
		}
		open := func() *Hive {
			h, err := Open(data, nil)
			if err != nil {
				b.Fatal(err)
			}
			return h
		}
		b.Run("case="+filepath.Base(name), func(b *testing.B) {
			impls := []struct {
				name string
				run  func()
			}{
				{"walk", func() { walkSum(open()) }},
				{"append", func() { appendSum(open()) }},
				{"text", func() { textSum(open()) }},
				{"regparser", func() { peerSum(b, bytes.NewReader(data), len(data)) }},
			}
			times := make([][]time.Duration, len(impls))
			for b.Loop() {
				for i, impl := range impls {
					runtime.GC() // each pays for its own garbage only
					start := cpuTime(b)
					impl.run()
					times[i] = append(times[i], cpuTime(b)-start)
				}
			}
			median := func(i int) float64 { return float64(slices.Sorted(slices.Values(times[i]))[len(times[i])/2]) }
			for i, impl := range impls[:3] {
				b.ReportMetric(median(3)/median(i), impl.name+"-x")
			}
		})
	}
}
