//go:build unix

package evtx

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

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
		{"stream-events", nil, aheadEvents}, {"stream-events-recover", &Options{Recover: true}, aheadEvents},
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
	for part := range Parallel(f, n, func(d *Decoder, chunk int) int {
		var out []byte
		written := 0
		for rec := range f.Chunk(d, chunk) {
			out = rec.AppendJSON(out[:0])
			written += len(out)
		}
		return written
	}) {
		sum += part
	}
	return sum
}

func aheadEvents(b *testing.B, l log, opts *Options, n int) (sum int) {
	s, err := NewStream(bytes.NewReader(l.data), opts)
	if err != nil {
		b.Fatal(err)
	}
	for e := range Ahead(s, n, nil, func(rec Record, _ error) Event { return rec.Event() }) {
		sum += e.Size
	}
	return sum
}
