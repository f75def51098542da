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

// overTrees runs a benchmark over the incident and over a real machine.
func overTrees(b *testing.B, run func(b *testing.B, open func() *evidence.Tree)) {
	b.Run("case=incident", func(b *testing.B) { run(b, func() *evidence.Tree { return incident(b) }) })
	b.Run("case=win10-composed", func(b *testing.B) {
		run(b, func() *evidence.Tree { return real(b, "images/win10-composed").Trees[0] })
	})
}

// judgeAll evaluates all results of a tree.
func judgeAll(tree *evidence.Tree, all []artifacts.Result) {
	e := findings.NewEvaluator(findings.FactsOf(tree, "folder", nil), nil)
	for i := range all {
		e.Add(&all[i])
	}
	e.Report()
}

// BenchmarkEvaluate measures what the evaluation adds to a timeline, both in
// turns in one loop; the metric is the share of it.
func BenchmarkEvaluate(b *testing.B) {
	overTrees(b, func(b *testing.B, open func() *evidence.Tree) {
		var line, rules time.Duration
		for b.Loop() {
			tree := open()
			start := time.Now()
			_, all := timelineOf(b, tree)
			line += time.Since(start)
			start = time.Now()
			judgeAll(tree, all)
			rules += time.Since(start)
		}
		b.ReportMetric(float64(rules)/float64(line), "evaluation/timeline")
	})
}

// BenchmarkJoin measures what the model of programs adds to a scan, both in turns in
// one loop: the timeline and the rules, which a scan needs in any case, and the model
// alone. The metric is the share of the model, whose aim is a tenth.
func BenchmarkJoin(b *testing.B) {
	overTrees(b, func(b *testing.B, open func() *evidence.Tree) {
		var scan, join time.Duration
		for b.Loop() {
			tree := open()
			start := time.Now()
			_, all := timelineOf(b, tree)
			judgeAll(tree, all)
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
