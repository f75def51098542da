package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/report"
)

func reportCommand() *cli.Command {
	return &cli.Command{
		Name:      "report",
		Usage:     "write one HTML page: machine, findings, activity, timeline",
		ArgsUsage: "EVIDENCE…",
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
			&cli.StringSliceFlag{Name: "rules", Usage: "read your own rule tables and exceptions from `FILE` (repeatable)"},
		}, outputFlags(), evidenceFlags()),
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
	tables, err := ruleFiles(c.StringSlice("rules"))
	if err != nil {
		return err
	}
	limitMemory(judgingMemory)
	paths, names := c.Args().Slice(), c.StringSlice("artifact")
	s := newSession(c)
	if err := s.showEvents(); err != nil {
		return err
	}
	o, err := openOutput(c, paths...)
	if err != nil {
		return err
	}
	in := report.Input{Title: c.String("title"), Tool: "artifactdump " + version(), Collected: report.NewCollector(opts)}
	var sorter output.Sorter
	defer sorter.Close()
	reports, err := s.collect(&in, &sorter, paths, names, &findings.Options{Tables: tables})
	if err == nil {
		in.Evaluate(findings.Join(reports...), opts.Lang)
		err = in.Stream(s.c.Context, &sorter)
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

// collect reads the evidence once, for the report, the timeline and the
// evaluation.
func (s *session) collect(in *report.Input, sorter *output.Sorter, paths, names []string, opts *findings.Options) ([]*findings.Report,
	error) {
	var reports []*findings.Report
	var at *evidence.Tree
	var evaluator *findings.Evaluator
	done := func() {
		if at != nil {
			in.Machines = append(in.Machines, report.MachineOf(at, s.kind))
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
		return sorter.AddResult(&res)
	})
	if err != nil {
		return nil, err
	}
	done()
	return reports, nil
}
