package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/report"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/arguments"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/reportview"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
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
			&cli.StringSliceFlag{Name: "rules", Usage: "read your own rule tables and exceptions from `FILE` (repeatable)"},
			&cli.StringSliceFlag{Name: "marks", Usage: "print the marks of an analyst in `FILE` first (marks.jsonl; repeatable)"},
		}, listFlags(), outputFlags(), evidenceFlags()),
		Action: reportAction,
	}
}

func reportAction(c *cli.Context) error {
	opts := &report.Options{Lang: c.String("lang"), Rows: c.Int("rows")}
	if !slices.Contains(report.Languages(), opts.Lang) {
		return usage.Errorf("--lang %q: want en or ja", opts.Lang)
	}
	if opts.Rows <= 0 {
		return usage.Errorf("--rows must be at least 1")
	}
	tables, err := arguments.Tables(c.StringSlice("rules"))
	if err != nil {
		return err
	}
	limitMemory(judgingMemory)
	paths := c.Args().Slice()
	s := newSession(c, "rules", "artifact")
	defer s.Close()
	if err := compare(c, s); err != nil {
		return err
	}
	if err := showEvents(c, s); err != nil {
		return err
	}
	cases, err := s.OpenCases(paths...)
	if err != nil {
		return err
	}
	o, err := openOutput(c, paths...)
	if err != nil {
		return err
	}
	in := report.Input{Title: c.String("title"), Tool: "artifactdump " + version(), Collected: report.NewCollector(opts)}
	if in.Marks, err = arguments.Marks(c.StringSlice("marks")); err != nil {
		o.Abort()
		return err
	}
	var sorter output.Sorter
	defer sorter.Close()
	if cases != nil {
		err = reportview.OfCases(c.Context, s, &in, cases, opts)
	} else {
		err = reportview.OfEvidence(c.Context, s, &in, &sorter, paths, tables, opts.Lang)
	}
	if err == nil {
		err = report.Write(o, in, opts)
	}
	if err == nil {
		err = s.Err()
	}
	if err != nil {
		o.Abort()
		return err
	}
	if err := o.Commit(); err != nil {
		return err
	}
	return s.End()
}
