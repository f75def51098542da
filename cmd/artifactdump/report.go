package main

import (
	"bytes"
	"io"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/report"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/judging"
)

func reportCommand() *cli.Command {
	return &cli.Command{
		Name:      "report",
		Usage:     "write one HTML page: machine, findings, activity, timeline",
		ArgsUsage: "EVIDENCE|CASE…",
		Description: "Writes a self-contained page that needs no network and no JavaScript, and can be\n" +
			"printed. It shows the machine, the findings with their evidence, charts of the\n" +
			"activity, programs by first appearance, autostarts, failures, and the timeline\n" +
			"around the findings.\n\n" +
			"Examples:\n" +
			"   artifactdump report -o report.html /mnt/image\n" +
			"   artifactdump report --lang ja -o report.html case/C",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "lang", Value: "en", Usage: "page `LANGUAGE`: en, ja"},
			&cli.StringFlag{Name: "title", Usage: "page `TITLE` (default: the name of the machine)"},
			&cli.IntFlag{Name: "rows", Value: 2000, Usage: "maximum number `N` of rows in the timeline around the findings"},
			judging.RulesFlag(),
			&cli.StringSliceFlag{Name: "marks", Usage: "print the marks of an analyst in `FILE` first (marks.jsonl; repeatable)"},
		}, judging.ListFlags(), outputFlags(), evidenceFlags()),
		Action: reportAction,
	}
}

func reportAction(c *cli.Context) error {
	opts := &report.Options{Lang: c.String("lang"), Rows: c.Int("rows")}
	if !slices.Contains(report.Languages(), opts.Lang) {
		return usagef("--lang %q: want en or ja", opts.Lang)
	}
	if opts.Rows <= 0 {
		return usagef("--rows must be at least 1")
	}
	limitMemory(judgingMemory)
	paths, names := c.Args().Slice(), c.StringSlice("artifact")
	s := newSession(c)
	if err := s.showEvents(); err != nil {
		return err
	}
	by, err := s.judging()
	if err != nil {
		return err
	}
	cases, err := s.cases(paths, "rules", "artifact")
	if err != nil {
		return err
	}
	o, err := openOutput(c, paths...)
	if err != nil {
		return err
	}
	in := report.Input{Title: c.String("title"), Tool: "artifactdump " + version(), Collected: report.NewCollector(opts)}
	if in.Marks, err = readMarks(c.StringSlice("marks")); err != nil {
		o.Abort()
		return err
	}
	var sorter output.Sorter
	defer sorter.Close()
	if cases != nil {
		err = s.kept(&in, cases, opts, by)
	} else {
		err = s.evaluated(&in, &sorter, paths, names, by, opts.Lang)
	}
	if err == nil {
		err = report.Write(o, in, opts)
	}
	if err != nil {
		o.Abort()
		return err
	}
	if err := o.Commit(); err != nil {
		return err
	}
	return s.end()
}

// readMarks reads the marks of analysts.
func readMarks(names []string) ([]report.Mark, error) {
	var all []io.Reader
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err == nil {
			_, err = report.ReadMarks(bytes.NewReader(b))
		}
		if err != nil {
			return nil, usagef("--marks %s: %v", name, err)
		}
		all = append(all, bytes.NewReader(b), strings.NewReader("\n"))
	}
	return report.ReadMarks(io.MultiReader(all...))
}

// evaluated fills in a report from evidence.
func (s *session) evaluated(in *report.Input, sorter *output.Sorter, paths, names []string, opts *findings.Options, lang string) error {
	b := logons.New(nil)
	reports, err := s.collect(in, sorter, b, paths, names, opts)
	if err != nil {
		return err
	}
	in.Logons = b.Analyse()
	scan.RankLogons(in.Logons, reports...)
	in.Evaluate(findings.Join(reports...), lang)
	return in.Stream(s.c.Context, sorter.Rows)
}

// kept fills in a report from cases.
func (s *session) kept(in *report.Input, cases []*casefile.Case, opts *report.Options, by *findings.Options) error {
	b := logons.New(nil)
	var reports []*findings.Report
	for _, c := range cases {
		if err := c.Report(s.c.Context, in, opts, s.damage); err != nil {
			return err
		}
		r, err := s.keptLogons(b, c, nil)
		if err != nil {
			return err
		}
		reports = append(reports, r)
	}
	in.Logons = b.Analyse()
	scan.RankLogons(in.Logons, reports...)
	rows, err := s.caseRows(cases, nil)
	if err != nil {
		return err
	}
	if by.Lists != nil {
		x, err := casefile.Compare(s.c.Context, cases, by.Lists, s.damage)
		if err != nil {
			return err
		}
		rows, in.Findings, in.Techniques, in.Rules = x.Rows(rows), nil, nil, nil
		in.Evaluate(findings.Join(x.Reports...), opts.Lang)
	}
	return in.Stream(s.c.Context, func() iter.Seq2[*output.Row, error] { return rows })
}

// collect reads the evidence once, for the report, the timeline and the
// evaluation.
func (s *session) collect(in *report.Input, sorter *output.Sorter, b *logons.Builder, paths, names []string,
	opts *findings.Options) ([]*findings.Report, error) {
	var reports []*findings.Report
	var at *evidence.Tree
	var evaluator *findings.Evaluator
	done := func() {
		if at != nil {
			m := report.MachineOf(at, s.kind)
			m.LocalTimes = s.zones[m.Name].String()
			in.Machines = append(in.Machines, m)
			reports = append(reports, evaluator.Report())
		}
	}
	err := s.each(paths, names, func(tree *evidence.Tree, res artifacts.Result) error {
		if at != tree {
			done()
			at, evaluator = tree, findings.NewEvaluator(findings.FactsOf(tree, s.kind, names), opts)
		}
		in.Collected.Result(tree.Machine().Name, &res)
		evaluator.Add(&res)
		scan.AddLogons(b, tree.Machine().Name, &res)
		return sorter.AddResult(&res)
	})
	if err != nil {
		return nil, err
	}
	done()
	return reports, nil
}
