package fleet_test

import (
	"cmp"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/fleet"
	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
)

// manyCases writes n cases with 3,300 observations each: most keys are on most
// machines, some on few.
func manyCases(t testing.TB, dir string, n int) []string {
	t.Helper()
	kinds := observations.Kinds()
	var cases []string
	for i := range n {
		var list []observations.Observation
		for k := range 3300 {
			key := fmt.Sprintf(`\program files\vendor %d\component %d\program%05d.exe`, k%40, k%7, k)
			if k%150 == 0 { // as many keys as a thousand real machines have
				key = fmt.Sprintf(`\users\%%user%%\source\%d\unit%d.exe`, i%1000, k)
			}
			o := observations.Observation{Kind: kinds[k%len(kinds)], Key: key, Count: int64(1 + k%9), Where: `C:` + key,
				First: time.Date(2026, 1, 1, 0, k%60, i%60, 0, time.UTC).Format("2006-01-02T15:04:05.0000000Z"),
				Last:  time.Date(2026, 3, 1, 0, k%60, i%60, 0, time.UTC).Format("2006-01-02T15:04:05.0000000Z"),
				IDs:   []string{fmt.Sprintf("%016x", i*10000+k), fmt.Sprintf("%016x", i*10000+k+1)}}
			if o.Kind == observations.Finding {
				o.Key, o.Level = fmt.Sprintf("X-%02d ", k%90)+o.Key, []string{"low", "medium", "high"}[k%3]
			}
			list = append(list, o)
		}
		slices.SortFunc(list, func(a, b observations.Observation) int {
			return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
		})
		id := fmt.Sprintf("pc%04d-00000001", i)
		cases = append(cases, writeCase(t, filepath.Join(dir, id), made{id: id, run: id, shows: kinds, lines: list}))
	}
	return cases
}

// BenchmarkFleet compares 10, 100 and 1,000 machines. It reports the highest
// memory of the heap, sampled, and the bytes of the results.
func BenchmarkFleet(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dir := b.TempDir()
			cases := manyCases(b, filepath.Join(dir, "cases"), n)
			runtime.GC()
			var m *fleet.Manifest
			peak := peakOf(func() {
				for i := 0; b.Loop(); i++ {
					var err error
					m, err = fleet.Run(b.Context(), fleet.Options{Cases: cases, Dir: filepath.Join(dir, fmt.Sprint("out", i))})
					if err != nil {
						b.Fatal(err)
					}
				}
			})
			written := int64(0)
			for _, o := range m.Outputs {
				written += o.Bytes
			}
			b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
			b.ReportMetric(float64(m.Counts.Observations), "observations")
			b.ReportMetric(float64(m.Counts.Keys), "keys")
			b.ReportMetric(float64(written)/(1<<20), "written-MiB")
		})
	}
}

// peakOf is the highest memory in use while a function runs, beyond that before.
func peakOf(f func()) uint64 {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	before, peak := s.HeapInuse, uint64(0)
	done := make(chan struct{})
	end := make(chan uint64)
	go func() {
		for {
			select {
			case <-done:
				end <- peak
				return
			case <-time.After(25 * time.Millisecond):
				var s runtime.MemStats
				runtime.ReadMemStats(&s)
				peak = max(peak, s.HeapInuse+s.StackInuse)
			}
		}
	}()
	f()
	close(done)
	peak = <-end
	if peak < before {
		return 0
	}
	return peak - before
}
