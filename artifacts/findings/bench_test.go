package findings_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// timelineOf does what the command timeline does, without writing it.
func timelineOf(t testing.TB, tree *evidence.Tree) ([]artifacts.Event, []artifacts.Result) {
	t.Helper()
	results, err := artifacts.Run(context.Background(), tree, catalogue.All(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var events []artifacts.Event
	var all []artifacts.Result
	for res := range results {
		for i := range res.Records {
			events = append(events, res.Records[i].Events()...)
		}
		all = append(all, res)
	}
	slices.SortFunc(events, func(a, b artifacts.Event) int { return a.Compare(&b) })
	return events, all
}

// BenchmarkEvaluate measures what the evaluation adds to a timeline, both in
// turns in one loop; the metric is the share of it.
func BenchmarkEvaluate(b *testing.B) {
	for _, c := range []struct {
		name string
		open func() *evidence.Tree
	}{
		{"case=incident", func() *evidence.Tree { return incident(b) }},
		{"case=win10-composed", func() *evidence.Tree { return real(b, "images/win10-composed").Trees[0] }},
	} {
		b.Run(c.name, func(b *testing.B) {
			var line, judge time.Duration
			for b.Loop() {
				tree := c.open()
				start := time.Now()
				_, all := timelineOf(b, tree)
				line += time.Since(start)
				start = time.Now()
				e := findings.NewEvaluator(findings.FactsOf(tree, "folder", nil), nil)
				for i := range all {
					e.Add(&all[i])
				}
				e.Report()
				judge += time.Since(start)
			}
			b.ReportMetric(float64(judge)/float64(line), "evaluation/timeline")
		})
	}
}

// BenchmarkJoin measures what the model of programs adds to a scan, both in turns in
// one loop: the timeline and the rules, which a scan needs in any case, and the model
// alone. The metric is the share of the model, whose aim is a tenth.
func BenchmarkJoin(b *testing.B) {
	for _, c := range []struct {
		name string
		open func() *evidence.Tree
	}{
		{"case=incident", func() *evidence.Tree { return incident(b) }},
		{"case=win10-composed", func() *evidence.Tree { return real(b, "images/win10-composed").Trees[0] }},
	} {
		b.Run(c.name, func(b *testing.B) {
			var scan, join time.Duration
			for b.Loop() {
				tree := c.open()
				start := time.Now()
				_, all := timelineOf(b, tree)
				e := findings.NewEvaluator(findings.FactsOf(tree, "folder", nil), nil)
				for i := range all {
					e.Add(&all[i])
				}
				e.Report()
				scan += time.Since(start)
				start = time.Now()
				m := programs.New(programs.Facts{Machine: tree.Machine()})
				for i := range all {
					m.Add(&all[i])
				}
				m.Model()
				join += time.Since(start)
			}
			b.ReportMetric(float64(join)/float64(scan), "join/scan")
		})
	}
}
