//go:build unix

package evtx

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	velocidex "www.velocidex.com/golang/evtx"
)

// cpuTime returns the time of all processors that the process, or the programs
// it ran, have used.
func cpuTime(tb testing.TB, who int) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A log is one file of a benchmark.
type log struct {
	path string
	data []byte
}

// benchLogs returns the shared logs, the largest first, and at most limit bytes
// of them.
func benchLogs(tb testing.TB, limit int) []log {
	tb.Helper()
	names, _ := filepath.Glob(filepath.Join(evidence(tb), "evtx", "*", "*.evtx"))
	var logs []log
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		logs = append(logs, log{name, b})
	}
	slices.SortStableFunc(logs, func(a, b log) int { return len(b.data) - len(a.data) })
	n := 0
	for i, l := range logs {
		if n += len(l.data); n > limit {
			return logs[:i]
		}
	}
	return logs
}

// records runs a function over all records of the logs, and returns how many
// there are.
func records(tb testing.TB, logs []log, opts *Options, f func(Record)) (n int) {
	for _, l := range logs {
		file, err := Open(bytes.NewReader(l.data), int64(len(l.data)), opts)
		if err != nil {
			tb.Fatal(err)
		}
		for rec := range file.Records() {
			if rec.Size > 0 {
				f(rec)
				n++
			}
		}
	}
	return n
}

func touch(rec Record) (sum int) {
	for i := range rec.Len() {
		_, v := rec.At(i)
		sum += len(v.Data)
	}
	return sum + int(rec.EventID())
}

func velocidexRecords(logs []log, f func(*velocidex.EventRecord)) (n int) {
	for _, l := range logs {
		chunks, err := velocidex.GetChunks(bytes.NewReader(l.data))
		if err != nil {
			continue
		}
		for _, c := range chunks {
			records, _ := c.Parse(0)
			for _, r := range records {
				f(r)
				n++
			}
		}
	}
	return n
}

// BenchmarkRatio runs the same logs through the readers in turn, on one
// processor, and reports how many times less processor time ours needs: raw
// values and strings beside Velocidex's dictionaries, JSON beside its JSON and
// beside the XML that evtxexport of libevtx writes. Run it with -benchtime 3x.
func BenchmarkRatio(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	export, _ := exec.LookPath("evtxexport")
	sum, out, pairs := 0, []byte(nil), []Pair(nil)
	for _, c := range []struct {
		name  string
		limit int
	}{{"large", 45 << 20}, {"all", 1 << 30}} {
		logs := benchLogs(b, c.limit)
		impls := []struct {
			name   string
			rounds int
			run    func() int
		}{
			{"raw", 8, func() int { return records(b, logs, nil, func(r Record) { sum += touch(r) }) }},
			{"recover", 8, func() int { return records(b, logs, &Options{Recover: true}, func(r Record) { sum += touch(r) }) }},
			{"strings", 4, func() int {
				return records(b, logs, nil, func(r Record) { pairs = r.Pairs(pairs[:0]); sum += len(r.Provider()) })
			}},
			{"json", 4, func() int {
				return records(b, logs, nil, func(r Record) { out = r.AppendJSON(out[:0]); sum += len(out) })
			}},
			{"xml", 4, func() int {
				return records(b, logs, nil, func(r Record) { out, _ = r.AppendXML(out[:0]); sum += len(out) })
			}},
			{"velocidex", 1, func() int { return velocidexRecords(logs, func(r *velocidex.EventRecord) {}) }},
			{"velocidex-json", 1, func() int {
				return velocidexRecords(logs, func(r *velocidex.EventRecord) {
					text, _ := json.Marshal(r.Event)
					sum += len(text)
				})
			}},
			{"libevtx", 1, func() int {
				if export == "" {
					return 0
				}
				for _, l := range logs {
					_ = exec.Command(export, "-f", "xml", l.path).Run() // it fails on some, which we count for it
				}
				return 1
			}},
		}
		b.Run("case="+c.name, func(b *testing.B) {
			times := make([][]time.Duration, len(impls))
			for b.Loop() {
				for i, impl := range impls {
					who := syscall.RUSAGE_SELF
					if impl.name == "libevtx" {
						who = syscall.RUSAGE_CHILDREN
					}
					runtime.GC()
					start := cpuTime(b, who)
					for range impl.rounds {
						impl.run()
					}
					times[i] = append(times[i], (cpuTime(b, who)-start)/time.Duration(impl.rounds))
				}
			}
			median := func(i int) float64 { return slices.Sorted(slices.Values(times[i]))[len(times[i])/2].Seconds() }
			size := 0
			for _, l := range logs {
				size += len(l.data)
			}
			b.ReportMetric(float64(size)/1e6/median(0), "raw-MB/s")
			b.ReportMetric(float64(size)/1e6/median(2), "strings-MB/s")
			b.ReportMetric(float64(size)/1e6/median(3), "json-MB/s")
			b.ReportMetric(float64(size)/1e6/median(4), "xml-MB/s")
			b.ReportMetric(float64(size)/1e6/median(5), "velocidex-MB/s")
			b.ReportMetric(median(5)/median(0), "raw-x")
			b.ReportMetric(median(5)/median(2), "strings-x")
			b.ReportMetric(median(6)/median(3), "json-x")
			b.ReportMetric(median(6)/median(4), "xml-x")
			b.ReportMetric(median(1)/median(0), "recover-cost")
			if export != "" {
				b.ReportMetric(median(7)/median(3), "json-libevtx-x")
			}
		})
	}
	_ = sum
}
