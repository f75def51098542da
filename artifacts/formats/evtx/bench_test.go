//go:build linux

package evtx

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// threadTime is [cpuTime] for the calling thread: RUSAGE_THREAD of Linux.
const threadTime = 1

// BenchmarkShares says how many times faster two threads read a log than one, by
// processor time: it needs no quiet machine, and no second processor. Two threads
// need what both need together by halves, or what only the caller of [Ahead] can
// do, whichever is more. That part is measured with another thread that decodes
// all chunks, and contains the hand-over.
func BenchmarkShares(b *testing.B) {
	logs := benchLogs(b, 45<<20)
	chunks, done := make(chan func() bool), make(chan bool)
	go func() {
		runtime.LockOSThread()
		for f := range chunks {
			for f() {
			}
			done <- true
		}
	}()
	defer close(chunks)
	other := func(f func() bool) bool {
		chunks <- f
		return <-done
	}
	for _, c := range []struct {
		name string
		opts *Options
	}{{"events", nil}, {"events-recover", &Options{Recover: true}}} {
		b.Run(c.name, func(b *testing.B) {
			run := func(n int, start func(func() bool) bool) func() {
				return func() {
					for _, l := range logs {
						aheadEvents(b, l, c.opts, n, start)
					}
				}
			}
			var times [3][]float64
			for b.Loop() {
				for i, m := range []struct {
					who int
					run func()
				}{{syscall.RUSAGE_SELF, run(1, nil)}, {syscall.RUSAGE_SELF, run(2, nil)}, {threadTime, run(2, other)}} {
					if m.who == threadTime {
						runtime.LockOSThread()
					}
					runtime.GC()
					t := cpuTime(b, m.who)
					m.run()
					times[i] = append(times[i], (cpuTime(b, m.who) - t).Seconds())
					if m.who == threadTime {
						runtime.UnlockOSThread()
					}
				}
			}
			var median [3]float64
			for i := range times {
				median[i] = slices.Sorted(slices.Values(times[i]))[len(times[i])/2]
			}
			b.ReportMetric(100*median[2]/median[0], "%-caller")
			b.ReportMetric(median[1]/median[0], "cpu-x")
			b.ReportMetric(median[0]/max(median[1]/2, median[2]), "two-x")
		})
	}
	b.Run("file-json", func(b *testing.B) { // where the caller does nothing alone
		var times [2][]float64
		for b.Loop() {
			for i := range times {
				runtime.GC()
				t := cpuTime(b, syscall.RUSAGE_SELF)
				for _, l := range logs {
					parallelJSON(b, l, nil, i+1)
				}
				times[i] = append(times[i], (cpuTime(b, syscall.RUSAGE_SELF) - t).Seconds())
			}
		}
		one, two := slices.Sorted(slices.Values(times[0]))[len(times[0])/2], slices.Sorted(slices.Values(times[1]))[len(times[1])/2]
		b.ReportMetric(two/one, "cpu-x")
		b.ReportMetric(2*one/two, "two-x")
	})
}

// BenchmarkParallel decodes the largest shared logs chunk by chunk on one and on
// two goroutines in turn, to JSON and to values that may be kept, and reports how
// many times faster two are, by the best time of each log. On a machine that does
// other work give it many rounds: -benchtime 50x.
func BenchmarkParallel(b *testing.B) {
	logs := benchLogs(b, 45<<20)
	for _, c := range []struct {
		name string
		opts *Options
		run  func(*testing.B, log, *Options, int) int
	}{
		{"file-json", nil, parallelJSON},
		{"stream-events", nil, streamEvents}, {"stream-events-recover", &Options{Recover: true}, streamEvents},
	} {
		b.Run(c.name, func(b *testing.B) {
			best := map[string][2]time.Duration{}
			counts := [2]int{}
			for b.Loop() {
				for i := range 2 {
					for _, l := range logs {
						start := time.Now()
						counts[i] += c.run(b, l, c.opts, i+1)
						d, t := time.Since(start), best[l.path]
						if t[i] == 0 || d < t[i] {
							t[i] = d
						}
						best[l.path] = t
					}
				}
			}
			if counts[0] != counts[1] || counts[0] == 0 {
				b.Errorf("one goroutine gives %d, two give %d", counts[0], counts[1])
			}
			var sum [2]time.Duration
			size := 0
			for _, l := range logs {
				size += len(l.data)
				for i := range 2 {
					sum[i] += best[l.path][i]
				}
			}
			for i, d := range sum {
				b.ReportMetric(float64(size)/1e6/d.Seconds(), fmt.Sprintf("MB/s-on-%d", i+1))
			}
			b.ReportMetric(sum[0].Seconds()/sum[1].Seconds(), "two-x")
		})
	}
}

func parallelJSON(b *testing.B, l log, opts *Options, n int) (sum int) {
	f, err := Open(bytes.NewReader(l.data), int64(len(l.data)), opts)
	if err != nil {
		b.Fatal(err)
	}
	free := make(chan []byte, 4*n) // buffers that were written out
	for text := range Parallel(f, n, func(d *Decoder, chunk int) (text []byte) {
		select {
		case text = <-free:
		default:
		}
		text = text[:0]
		for rec := range f.Chunk(d, chunk) {
			text = append(rec.AppendJSON(text), '\n')
		}
		return text
	}) {
		sum += len(text)
		free <- text
	}
	return sum
}

func aheadEvents(b *testing.B, l log, opts *Options, n int, start func(func() bool) bool) (sum int) {
	s, err := NewStream(bytes.NewReader(l.data), opts)
	if err != nil {
		b.Fatal(err)
	}
	for e := range Ahead(s, n, start, func(rec Record, _ error) Event { return rec.Event() }) {
		sum += e.Size
	}
	return sum
}

func streamEvents(b *testing.B, l log, opts *Options, n int) (sum int) {
	return aheadEvents(b, l, opts, n, nil)
}
