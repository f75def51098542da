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
// the median run of ours takes: what a busy machine does to the clock on the wall does not count. The garbage of the
// runs before is collected before each run, outside of its time, so that each pays for its own only. A run of the peer
// takes as long as many of ours, so that ours runs eight times in each round. The first time, when the peer has just
// driven the hive and us out of the caches, is also reported by itself.
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
				runs int
				run  func()
			}{
				{"walk", 8, func() { walkSum(open()) }},
				{"append", 8, func() { appendSum(open()) }},
				{"text", 8, func() { textSum(open()) }},
				{"regparser", 1, func() { peerSum(b, bytes.NewReader(data), len(data)) }},
			}
			peer := len(impls) - 1
			first := make([][]time.Duration, len(impls))
			all := make([][]time.Duration, len(impls))
			for b.Loop() {
				for i, impl := range impls {
					for n := range impl.runs {
						runtime.GC()
						start := cpuTime(b)
						impl.run()
						d := cpuTime(b) - start
						if all[i] = append(all[i], d); n == 0 {
							first[i] = append(first[i], d)
						}
					}
				}
			}
			median := func(t []time.Duration) float64 { return float64(slices.Sorted(slices.Values(t))[len(t)/2]) }
			for i, impl := range impls[:peer] {
				b.ReportMetric(median(all[i])/1e6, impl.name+"-ms")
				b.ReportMetric(median(all[peer])/median(all[i]), impl.name+"-x")
				b.ReportMetric(median(all[peer])/median(first[i]), impl.name+"-first-x")
			}
		})
	}
}
