package main

import (
	"cmp"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/viewer"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/arguments"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/pageview"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

func viewCommand() *cli.Command {
	return &cli.Command{
		Name:      "view",
		Usage:     "write one HTML page to search, filter and mark the timeline in",
		ArgsUsage: "EVIDENCE|CASE…",
		Description: "Writes viewer.html, or the file of -o. It is opened by a double click and needs no\n" +
			"server and no network: search line, histogram, facets, details with the way back to\n" +
			"the bytes, programs, sessions, log-ons, marks with export and import.\n\n" +
			"CASE is a folder that scan wrote, with timeline.jsonl. A page holds up to 500,000\n" +
			"rows. A longer timeline becomes several pages: by machine, then by time.\n\n" +
			"Examples:\n" +
			"   artifactdump view case\n" +
			"   artifactdump view -o host.html /mnt/image",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "lang", Usage: "page `LANGUAGE`: en, ja", DefaultText: "that of the browser"},
			&cli.StringFlag{Name: "title", Usage: "page `TITLE` (default: the names of the machines)"},
			&cli.StringSliceFlag{Name: "rules", Usage: "read your own rule tables and exceptions from `FILE` (repeatable)"},
		}, listFlags(), outputFlags(), []cli.Flag{eventsFlag()}, evidenceFlags()),
		Action: view,
	}
}

func view(c *cli.Context) error {
	lang, paths := c.String("lang"), c.Args().Slice()
	if lang != "" && !slices.Contains(viewer.Languages(), lang) {
		return usage.Errorf("--lang %q: want en or ja", lang)
	}
	if len(paths) == 0 {
		return session.NoEvidence
	}
	s := newSession(c, "rules", "artifact")
	defer s.Close()
	if err := compare(c, s); err != nil {
		return err
	}
	if err := showEvents(c, s); err != nil {
		return err
	}
	name := cmp.Or(c.String("output"), "viewer.html")
	if err := pageview.Writable(name, c.Bool("force"), paths); err != nil {
		return err
	}
	tables, err := arguments.Tables(c.StringSlice("rules"))
	if err != nil {
		return err
	}
	var sorter output.Sorter
	defer sorter.Close()
	in, atMost, err := pageview.Read(c.Context, s, paths, &sorter, tables)
	if err != nil {
		return err
	}
	in.Title, in.Lang, in.Tool = c.String("title"), lang, "artifactdump "+version()
	w := pageview.Writer{Log: s.Log, Force: c.Bool("force"), Stdout: c.App.Writer, Evidence: paths}
	if err := w.Write(in, name, atMost); err != nil {
		return err
	}
	return s.End()
}
