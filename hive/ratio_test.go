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
// the median round of ours takes: what a busy machine does to the clock on the wall does not count. A round of the peer
// takes as long as many of ours, so that ours runs eight times in each: the first time, when the peer has just driven
// the hive and us out of the caches, is also reported by itself.
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
			const peer = 3
			first := make([][]time.Duration, len(impls))
			mean := make([][]time.Duration, len(impls))
			for b.Loop() {
				for i, impl := range impls {
					runtime.GC() // each pays for its own garbage only
					start := cpuTime(b)
					impl.run()
					first[i] = append(first[i], cpuTime(b)-start)
					n := 1
					for ; i != peer && n < 8; n++ {
						impl.run()
					}
					mean[i] = append(mean[i], (cpuTime(b)-start)/time.Duration(n))
				}
			}
			median := func(t []time.Duration) float64 { return float64(slices.Sorted(slices.Values(t))[len(t)/2]) }
			for i, impl := range impls[:peer] {
				b.ReportMetric(median(mean[peer])/median(mean[i]), impl.name+"-x")
				b.ReportMetric(median(mean[peer])/median(first[i]), impl.name+"-first-x")
			}
		})
	}
}
