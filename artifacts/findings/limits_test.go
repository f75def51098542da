package findings_test

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestLimits floods an evaluation with records: its memory is bounded, what it did
// not keep is named and counted, and what comes from elsewhere is still found.
func TestLimits(t *testing.T) {
	testcost.Again(t)
	n := max(40_000, testcost.Rounds(60_000)) // more than any limit takes
	if strconv.IntSize == 32 {
		n = 60_000 // of records that weigh less
	}
	for _, c := range []struct {
		name  string
		flood func(i int) artifacts.Record
		says  string // begins a limit
		rule  string // that did not see everything
	}{
		{"one program", func(i int) artifacts.Record {
			return rec("prefetchlayout", execution.LayoutFile{Path: `C:\Windows\System32\cmd.exe`, Line: i})
		}, fmt.Sprintf("prefetchlayout: %d records counted and not quoted", n-1024), ""},
		{"programs", func(i int) artifacts.Record {
			return rec("prefetchlayout", execution.LayoutFile{Path: fmt.Sprintf(`C:\Program Files\Vendor\program %d.exe`, i)})
		}, "prefetchlayout: ", ""},
		{"autostarts of one program", func(i int) artifacts.Record {
			return runKey(`C:\Users\Public\a.exe`, fmt.Sprintf("value %d", i))
		}, fmt.Sprintf("P-01: %d hits", n-1024), "P-01"},
		{"autostarts in odd places", func(i int) artifacts.Record {
			return runKey(fmt.Sprintf(`C:\Users\Public\program %d.exe`, i), fmt.Sprintf("value %d", i))
		}, "P-01: ", "P-01"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			e := findings.NewEvaluator(findings.Facts{Host: "HOST"}, nil)
			for i := range n {
				r := c.flood(i)
				e.Add(&artifacts.Result{Artifact: r.Artifact, From: artifacts.Locator{Path: "file"}, Records: []artifacts.Record{r}, More: true})
			}
			for _, r := range (records{service("late", `C:\Windows\Temp\late.exe`, nil), shim(`C:\Windows\Temp\late.exe`, "yes")}) {
				e.Add(&artifacts.Result{Artifact: r.Artifact, From: artifacts.Locator{Path: "file"}, Records: []artifacts.Record{r}})
			}
			report := e.Report()
			runtime.GC()
			runtime.ReadMemStats(&after)
			const most = 200 << 20
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > most {
				t.Errorf("the heap grew by %d MiB, want at most %d", grown>>20, most>>20)
			} else {
				t.Logf("the heap grew by %d MiB; %q", grown>>20, report.Limits)
			}
			if !slices.ContainsFunc(report.Limits, func(s string) bool { return strings.HasPrefix(s, c.says) }) {
				t.Errorf("limits: %q", report.Limits)
			}
			if f := find(report, `\temp\late.exe`); f == nil || f.Count != 2 {
				t.Errorf("what came after the flood: %+v", f)
			}
			for _, r := range report.Coverage {
				if r.RuleID == c.rule && (r.Status != findings.Partly || r.Hits < n && c.rule == "P-01") {
					t.Errorf("coverage: %+v", r)
				}
			}
			if f := find(report, `\public\a.exe`); c.name == "autostarts of one program" && (f == nil || f.Count != n || len(f.Evidence)+f.Omitted != n) {
				t.Errorf("count: %+v", f)
			}
			runtime.KeepAlive(e)
		})
	}
}
