//go:build unix

package viewer

import (
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// many yields n rows like those of the incident: their own ids, times, and two thirds
// with texts of their own.
func many(n int) iter.Seq2[*output.Row, error] {
	_, rows := incident()
	return func(yield func(*output.Row, error) bool) {
		at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
		for i := range n {
			r := *rows[i*7919%len(rows)]
			r.Time = at.Add(time.Duration(i) * 73 * time.Second)
			r.ID, r.RecordID = fmt.Sprintf("%016x", uint64(i)*0x9e3779b97f4a7c15), fmt.Sprintf("%016x", uint64(i/3)*0xd1b54a32d192ed03)
			if i%3 != 0 {
				r.Message += " in session " + strconv.Itoa(i)
			}
			if i%4 == 0 && r.Path != "" {
				r.Path = fmt.Sprintf(`\users\user%d%s`, i%977, r.Path)
			}
			r.Extra = append(r.Extra[:len(r.Extra):len(r.Extra)], artifacts.Field{Name: "usn", Value: strconv.Itoa(4096 + 88*i)},
				artifacts.Field{Name: "reference", Value: fmt.Sprintf("%d-%d", i%200000, i%31)})
			if !yield(&r, nil) {
				return
			}
		}
	}
}

// memory returns the kilobytes that the process of the page has for itself, the heap of its script
// after a collection, and the processor time of the process in seconds.
func (b *browser) memory() (process, heap int, cpu float64) {
	b.t.Helper()
	b.call("HeapProfiler.collectGarbage", nil, nil)
	var m struct {
		Metrics []struct {
			Name  string
			Value float64
		}
	}
	b.call("Performance.getMetrics", nil, &m)
	for _, x := range m.Metrics {
		if x.Name == "JSHeapUsedSize" {
			heap = int(x.Value / 1024)
		}
	}
	var info struct {
		ProcessInfo []struct {
			Type string
			ID   int
		}
	}
	session := b.session
	b.session = ""
	b.call("SystemInfo.getProcessInfo", nil, &info)
	b.session = session
	for _, p := range info.ProcessInfo {
		if p.Type != "renderer" {
			continue
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.ID))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(status)) {
			if f := strings.Fields(line); len(f) > 1 && f[0] == "RssAnon:" {
				n, _ := strconv.Atoi(f[1])
				process = max(process, n)
			}
		}
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.ID))
		if f := strings.Fields(string(stat)); len(f) > 15 { // ticks of user and system, 100 a second
			user, _ := strconv.Atoi(f[len(f)-52+13])
			system, _ := strconv.Atoi(f[len(f)-52+14])
			cpu = max(cpu, float64(user+system)/100)
		}
	}
	return process, heap, cpu
}

// TestLarge opens a page with as many rows as one page holds. VIEWER_ROWS measures other
// numbers: 100000,300000,500000.
func TestLarge(t *testing.T) {
	sizes := os.Getenv("VIEWER_ROWS")
	if sizes == "" {
		sizes = strconv.Itoa(MaxRows)
	}
	for size := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(size)
		if err != nil {
			t.Fatal(err)
		}
		b := startBrowser(t)
		in, _ := incident()
		long := *in
		long.Rows = many(n)
		begin := time.Now()
		name := page(t, &long)
		wrote := time.Since(begin)
		st, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		took := b.open(name, "")
		if got := b.number(rowcount); got != n {
			t.Fatalf("%d rows, want %d", got, n)
		}
		if got := b.number(`document.querySelectorAll("[data-id]").length`); got < 10 || got >= 500 {
			t.Errorf("%d rows are drawn", got)
		}
		process, heap, cpu := b.memory()
		t.Logf("%d rows: written in %.1f s, %.1f MB, ready in %.2f s (%.2f s of a processor), memory %d MB, heap %d MB", n, wrote.Seconds(),
			float64(st.Size())/1e6, took.Seconds(), cpu, process/1024, heap/1024)
		for _, line := range []string{"svchost", "nowhere", "session 49999", "-prefetch level:high+", "path:\\users\\public\\*", "/sess[a-z]+ 4\\d+9$/", "ad70946c", "after:2025-03-01"} {
			q, _ := json.Marshal(line)
			var again float64
			begin := time.Now()
			found := b.query(line)
			all := time.Since(begin)
			b.eval(fmt.Sprintf(`(() => { const at = performance.now(); artifactdump.time(%s); return performance.now() - at; })()`, q), &again)
			t.Logf("  %-28s %7d rows, search %4.0f ms, shown after %4.0f ms", line, found, again, float64(all.Milliseconds()))
		}
		process, heap, _ = b.memory()
		t.Logf("  after the searches: memory %d MB, heap %d MB", process/1024, heap/1024)
		// The clock says little on a machine that others use.
		if cpu > 10 {
			t.Errorf("%d rows: ready only after %.1f s of a processor", n, cpu)
		}
		if process > 300<<10 {
			t.Errorf("%d rows: the page uses %d MB", n, process/1024)
		}
		b.quiet()
	}
}
