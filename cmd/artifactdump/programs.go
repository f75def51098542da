package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/arguments"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/programview"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

func programsCommand() *cli.Command {
	return &cli.Command{
		Name:      "programs",
		Usage:     "join what all artifacts say about each program",
		ArgsUsage: "EVIDENCE… [NAME|PATH|HASH…]",
		Description: "Prints one line for each program that a finding speaks of, worst first: its level,\n" +
			"first and last start, the number of starts, its path, the accounts that started it,\n" +
			"how it arrived, and what deserves attention. --all shows the other programs too. A\n" +
			"NAME, a PATH or a HASH after the evidence shows everything about that program: each\n" +
			"start with its sources and its certainty, accounts, sessions, autostarts, and ends.\n\n" +
			"A start is proved where Windows wrote it as a by-product, recorded where a program\n" +
			"states it, and inferred where it follows from several records.\n\n" +
			"Examples:\n" +
			"   artifactdump programs /mnt/image\n" +
			"   artifactdump programs /mnt/image psexesvc.exe\n" +
			"   artifactdump programs --format csv --all -o programs.csv pc1.zip pc2.zip\n" +
			"   artifactdump programs --starts --format csv case/C 'C:\\TMP\\mim.exe'",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "output `FORMAT`: text, csv, jsonl"},
			&cli.BoolFlag{Name: "all", Usage: "show programs without findings too"},
			&cli.BoolFlag{Name: "starts", Usage: "write one row for each start (CSV)"},
			windowGapFlag(),
			&cli.StringSliceFlag{Name: "rules", Usage: "read your own rule tables and exceptions from `FILE` (repeatable)"},
		}, csvFlags(), sigmaFlags(), listFlags(), outputFlags(), evidenceFlags()),
		Action: programsAction,
	}
}

func programsAction(c *cli.Context) error {
	format := c.String("format")
	if !slices.Contains(programview.Formats(), format) {
		return usage.Errorf("unknown programs format %q; known: text, csv, jsonl", format)
	}
	if c.Bool("starts") && format != "csv" {
		return usage.Errorf("--starts is for --format csv")
	}
	tables, err := arguments.Tables(c.StringSlice("rules"))
	if err != nil {
		return err
	}
	set, err := sigmaRules(c)
	if err != nil {
		return err
	}
	paths, names := arguments.Programs(c.Args().Slice())
	s := newSession(c, "rules", "sigma", "artifact", "window-gap")
	defer s.Close()
	if err := compare(c, s); err != nil {
		return err
	}
	models, err := programview.Models(c.Context, s, paths, &findings.Options{Tables: tables, Sigma: set}, c.Duration("window-gap"))
	if err != nil {
		return err
	}
	o, err := openOutput(c, paths...)
	if err != nil {
		return err
	}
	opts := programview.Options{Format: format, Starts: c.Bool("starts"), BOM: c.Bool("bom"),
		View: programs.View{Names: names, All: c.Bool("all"), CSVSafe: c.Bool("csv-safe")}}
	if err = programview.Write(o, models, &opts); err == nil {
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
