package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/lists"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/artifacts/viewer"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/judging"
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
			judging.RulesFlag(),
		}, judging.ListFlags(), outputFlags(), []cli.Flag{eventsFlag()}, evidenceFlags()),
		Action: view,
	}
}

func view(c *cli.Context) error {
	lang, paths := c.String("lang"), c.Args().Slice()
	if lang != "" && !slices.Contains(viewer.Languages(), lang) {
		return usagef("--lang %q: want en or ja", lang)
	}
	if len(paths) == 0 {
		return errNoEvidence
	}
	s := newSession(c)
	if err := s.showEvents(); err != nil {
		return err
	}
	name := cmp.Or(c.String("output"), "viewer.html")
	if err := writable(name, c.Bool("force"), paths); err != nil {
		return err
	}
	in, rows, done, err := s.viewed(paths)
	if err != nil {
		return err
	}
	defer done()
	in.Title, in.Lang, in.Tool = c.String("title"), lang, "artifactdump "+version()
	if err := s.writePages(in, name, rows); err != nil {
		return err
	}
	return s.end()
}

// writable looks at an output before the evidence is read, which can be long.
func writable(name string, force bool, evidence []string) error {
	if name == "-" {
		return nil
	}
	if err := files.Outside(name, evidence); err != nil {
		return err
	}
	if st, err := os.Stat(name); err == nil && st.Mode().IsRegular() && !force {
		return &files.ExistsError{Name: name}
	}
	return nil
}

// viewed reads cases or evidence. rows is a number of rows that there are not more of.
func (s *session) viewed(paths []string) (in *viewer.Input, rows int, done func(), err error) {
	by, err := s.judging()
	if err != nil {
		return nil, 0, nil, err
	}
	if viewer.IsCase(paths[0]) {
		var list []*viewer.Input
		for _, p := range paths {
			inputs, n, err := viewer.OpenCase(p)
			if err != nil {
				return nil, 0, nil, fmt.Errorf("%s: %w", p, err)
			}
			list, rows = append(list, inputs...), rows+n
		}
		in = viewer.Join(list)
		return in, rows, func() {}, s.compareView(in, paths, by.Lists)
	}
	names := s.c.StringSlice("artifact")
	j := scan.Judges{Names: names, Options: by}
	b := logons.New(nil)
	sorter := &output.Sorter{Zone: func(host string) *artifacts.Zone { return s.zones[host] }}
	err = s.each(paths, names, func(t *evidence.Tree, res artifacts.Result) error {
		j.Add(t, s.kind, &res)
		scan.AddLogons(b, t.Machine().Name, &res)
		return sorter.AddResult(&res)
	})
	in = &viewer.Input{Evidence: paths[0], Machines: s.machines, Rows: j.Rows(sorter.Rows())}
	if err == nil {
		in.Findings, err = viewer.FindingsOf(j.Reports()...)
	}
	if err == nil {
		a := b.Analyse()
		scan.RankLogons(a, j.Reports()...)
		err = in.SetLogons(a)
	}
	if err != nil {
		sorter.Close()
		return nil, 0, nil, err
	}
	return in, sorter.Len(), func() { sorter.Close() }, nil
}

// compareView shows in the page of cases what lists say of them.
func (s *session) compareView(in *viewer.Input, paths []string, set *lists.Set) error {
	if set == nil {
		return nil
	}
	cases, err := s.cases(paths, "rules", "artifact")
	if err != nil {
		return err
	}
	x, err := casefile.Compare(s.c.Context, cases, set, s.damage)
	if err == nil {
		in.Rows = x.Rows(in.Rows)
		in.Findings, err = viewer.FindingsOf(x.Reports...)
	}
	return err
}

// writePages writes one page, or several where one cannot hold the rows.
func (s *session) writePages(in *viewer.Input, name string, rows int) error {
	inputs := []*viewer.Input{in}
	if rows > viewer.MaxRows && len(in.Machines) > 1 {
		inputs = viewer.ByMachine(in)
		s.note("more than %d rows: one page for each machine", viewer.MaxRows)
	}
	for _, one := range inputs {
		first := name
		if len(inputs) > 1 {
			first = machinePage(name, one.Machines[0].Name)
		}
		pages, err := viewer.Plan(one, first, rows)
		if err != nil {
			return err
		}
		if len(pages) > 1 {
			s.note("%s: more than %d rows: %d pages", first, viewer.MaxRows, len(pages))
		}
		for _, p := range pages {
			if err := s.writePage(p); err != nil {
				return err
			}
		}
	}
	return nil
}

func machinePage(name, machine string) string {
	clean := strings.Map(func(r rune) rune {
		if r < 0x80 && strings.ContainsRune(`/\:*?"<>|`, r) || r < ' ' {
			return '_'
		}
		return r
	}, machine)
	ext := filepath.Ext(name)
	return strings.TrimSuffix(name, ext) + "-" + clean + ext
}

func (s *session) writePage(p viewer.Page) error {
	for _, kind := range slices.Sorted(maps.Keys(p.Folded)) {
		s.note("%s: %d rows left out to fit into one page: %s", p.Name, p.Folded[kind], kind)
	}
	o, err := files.OpenOut(p.Name, s.c.Bool("force"), s.c.App.Writer, s.c.Args().Slice())
	if err != nil {
		return err
	}
	if err := viewer.Write(io.Writer(o), p.Input); err != nil {
		o.Abort()
		return err
	}
	if err := o.Commit(); err != nil {
		return err
	}
	if o.Named() {
		s.note("open %s", p.Name)
	}
	return nil
}
