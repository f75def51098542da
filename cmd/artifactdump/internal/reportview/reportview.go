// Package reportview fills in the report of evidence or cases.
package reportview

import (
	"context"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/report"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/artifacts/story"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/findingview"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/logonview"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
)

// OfEvidence fills in a report from evidence. The report needs the sorter until it has
// been written.
func OfEvidence(ctx context.Context, s *session.Session, in *report.Input, sorter *output.Sorter, paths []string, tables *findings.Tables,
	lang string) error {
	b := logons.New(nil)
	defer b.Close()
	reports, err := collect(ctx, s, in, sorter, b, paths, &findings.Options{Tables: tables})
	if err != nil {
		return err
	}
	in.Logons = b.Analyse()
	s.Hold(in.Logons)
	scan.RankLogons(in.Logons, reports...)
	in.Evaluate(findings.Join(reports...), lang)
	return in.Stream(ctx, sorter.Rows())
}

// OfCases fills in a report from cases.
func OfCases(ctx context.Context, s *session.Session, in *report.Input, cases []*casefile.Case, opts *report.Options) error {
	b := logons.New(nil)
	defer b.Close()
	var reports []*findings.Report
	for _, c := range cases {
		if err := c.Report(ctx, in, opts, s.Damage); err != nil {
			return err
		}
		r, err := logonview.Case(ctx, s.Log, b, c)
		if err != nil {
			return err
		}
		reports = append(reports, r)
	}
	in.Logons = b.Analyse()
	s.Hold(in.Logons)
	scan.RankLogons(in.Logons, reports...)
	rows, err := s.Rows(ctx, cases)
	if err != nil {
		return err
	}
	if x, err := s.Compared(ctx, cases); err != nil {
		return err
	} else if x != nil {
		r := findings.Join(x.Reports...)
		if in.Stories, err = findingview.Stories(ctx, s, r, story.DefaultGap); err != nil {
			return err
		}
		in.Findings, in.Techniques, in.Rules = nil, nil, nil
		in.Evaluate(r, opts.Lang)
	}
	return in.Stream(ctx, rows)
}

// collect reads the evidence once, for the report, the timeline and the evaluation.
func collect(ctx context.Context, s *session.Session, in *report.Input, sorter *output.Sorter, b *logons.Builder, paths []string,
	opts *findings.Options) ([]*findings.Report, error) {
	var at *evidence.Tree
	var kind string
	done := func() {
		if at != nil {
			m := report.MachineOf(at, kind)
			m.LocalTimes = s.Zone(m.Name).String()
			in.Machines = append(in.Machines, m)
		}
	}
	j, err := s.Judge(ctx, paths, opts, func(tree *evidence.Tree, res artifacts.Result) error {
		if at != tree {
			done()
			at, kind = tree, s.Kind
		}
		in.Collected.Result(tree.Machine().Name, &res)
		scan.AddLogons(b, tree.Machine().Name, &res)
		return sorter.AddResult(&res)
	})
	if err != nil {
		return nil, err
	}
	done()
	return j.Reports(), nil
}
