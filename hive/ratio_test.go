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

// A contender is one way to do a job.
type contender struct {
	name string
	runs int // in each round
	run  func()
}

// compete runs contenders by turns and reports the time of a processor that each takes in the median of its runs, and how
// many times that of the last one is of it: what a busy machine does to the clock on the wall does not count. The garbage
// of the runs before is collected before each run, outside of its time, so that each pays for its own only. The first run
// of each round, when others have just driven the hive out of the caches, is reported by itself.
func compete(b *testing.B, list []contender) {
	first := make([][]time.Duration, len(list))
	all := make([][]time.Duration, len(list))
	for b.Loop() {
		for i, c := range list {
			for n := range c.runs {
				runtime.GC()
				start := cpuTime(b)
				c.run()
				d := cpuTime(b) - start
				if all[i] = append(all[i], d); n == 0 {
					first[i] = append(first[i], d)
				}
			}
		}
	}
	median := func(t []time.Duration) float64 { return float64(slices.Sorted(slices.Values(t))[len(t)/2]) }
	last := len(list) - 1
	for i, c := range list {
		b.ReportMetric(median(all[i])/1e6, c.name+"-ms")
		if i < last {
			b.ReportMetric(median(all[last])/median(all[i]), c.name+"-x")
			b.ReportMetric(median(all[last])/median(first[i]), c.name+"-first-x")
		}
	}
}

// opener returns a function that opens a real hive anew.
func opener(b *testing.B, name string) (data []byte, open func() *Hive) {
	data, err := os.ReadFile(filepath.Join(evidence(b), name))
	if err != nil {
		b.Fatal(err)
	}
	return data, func() *Hive {
		h, err := Open(data, nil)
		if err != nil {
			b.Fatal(err)
		}
		return h
	}
}

// BenchmarkRatio compares walks with that of regparser. A run of the peer takes as long as many of ours.
func BenchmarkRatio(b *testing.B) {
	for _, name := range []string{"regipy/SYSTEM_WIN_10_1709", "regipy/SYSTEM_2", "regipy/NTUSER_with_winscp.DAT"} {
		data, open := opener(b, name)
		b.Run("case="+filepath.Base(name), func(b *testing.B) {
			compete(b, []contender{
				{"walk", 8, func() { walkSum(open()) }},
				{"append", 8, func() { appendSum(open()) }},
				{"text", 8, func() { textSum(open()) }},
				{"regparser", 1, func() { peerSum(b, bytes.NewReader(data), len(data)) }},
			})
		})
	}
}

// BenchmarkDeletedRatio compares the search for deleted records with a raw walk, as parts of which it is reported.
func BenchmarkDeletedRatio(b *testing.B) {
	for _, name := range []string{
		"regipy/SYSTEM_WIN_10_1709", "regipy/SYSTEM_2", "regipy/NTUSER_with_winscp.DAT", "museum-win10-rathbunvm/Amcache.hve",
	} {
		_, open := opener(b, name)
		b.Run("case="+filepath.Base(name), func(b *testing.B) {
			compete(b, []contender{
				{"walk", 3, func() { walkSum(open()) }},
				{"unreachable", 3, func() {
					for range open().Unreachable() {
					}
				}},
				{"deleted", 3, func() {
					for range open().Deleted() {
					}
				}},
			})
		})
	}
}
