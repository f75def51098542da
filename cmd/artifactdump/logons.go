package main

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/logonview"
)

func logonsCommand() *cli.Command {
	var names []string
	for _, f := range logons.Formats() {
		names = append(names, f.Name)
	}
	return &cli.Command{
		Name:      "logons",
		Usage:     "list logons: accounts, machines, sources and durations",
		ArgsUsage: "EVIDENCE|CASE…",
		Description: "Reads the event logs of one machine or several and joins their accounts, sources\n" +
			"and machines. Besides evidence as elsewhere, EVIDENCE can be a file of events that\n" +
			"another program exported: JSON of Winlogbeat, evtx_dump, EvtxECmd or Velociraptor,\n" +
			"or XML.\n\n" +
			"Views: " + strings.Join(logons.TableViews, ", ") + ". These restrict what a\n" +
			"view shows: " + strings.Join(logons.Views[1:], ", ") + ".\n\n" +
			"Examples:\n" +
			"   artifactdump logons /mnt/image\n" +
			"   artifactdump logons --view ranking dc1.zip pc1.E01\n" +
			"   artifactdump logons --view failures --external --format csv -o failures.csv case/C\n" +
			"   artifactdump logons --format neo4j -o graph dc1.zip\n" +
			"   artifactdump logons --path-from 10.0.0.5 --path-to DC1 dc1.zip pc1.zip",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "output `FORMAT`: " + strings.Join(names, ", ")},
			&cli.StringSliceFlag{Name: "view", Usage: "show `VIEW` (repeatable)"},
			&cli.StringSliceFlag{Name: "account",
				Usage: "show only the account `NAME`, DOMAIN\\NAME or SID; * and ? are wildcards (repeatable)"},
			&cli.StringSliceFlag{Name: "source", Usage: "show only logons from the address or name `SOURCE` (repeatable)"},
			&cli.StringSliceFlag{Name: "target", Usage: "show only logons to the machine `NAME` (repeatable)"},
			&cli.StringFlag{Name: "type", Usage: "show only logons of the types in `LIST`, such as 3,10"},
			&cli.StringSliceFlag{Name: "auth", Usage: "show only logons by the authentication `PACKAGE`: ntlm, kerberos (repeatable)"},
			&cli.BoolFlag{Name: "failures", Usage: "show only failed logons"},
			&cli.BoolFlag{Name: "privileged", Usage: "show only logons with administrator rights"},
			&cli.BoolFlag{Name: "external", Usage: "show only logons from public addresses"},
			&cli.IntFlag{Name: "min-count", Usage: "show only logons that occurred `N` times or more"},
			&cli.StringFlag{Name: "from", Usage: "show only logons at or after `TIME` (2026-03-06, 2026-03-06T18:00:00Z)"},
			&cli.StringFlag{Name: "to", Usage: "show only logons before `TIME`; a date alone includes that day"},
			&cli.BoolFlag{Name: "machines", Usage: "show machine accounts and services in graphs"},
			&cli.BoolFlag{Name: "local", Usage: "show local log-ons in graphs"},
			&cli.BoolFlag{Name: "no-join", Usage: "keep addresses and names of sources apart"},
			&cli.StringFlag{Name: "path-from", Usage: "print the ways from the machine or address `NAME` that time allows"},
			&cli.StringFlag{Name: "path-to", Usage: "end these ways at the machine `NAME`"},
			&cli.DurationFlag{Name: "window", Value: 24 * time.Hour, Usage: "let each step of a way begin within `SPAN` of the one before"},
			&cli.StringSliceFlag{Name: "diff", Usage: "compare two periods: give `DAY` or FROM..TO twice"},
		}, outputFlags(), evidenceFlags()),
		Action: logonsAction,
	}
}

func logonsAction(c *cli.Context) error {
	i := slices.IndexFunc(logons.Formats(), func(f logons.Format) bool { return f.Name == c.String("format") })
	if i < 0 {
		return usagef("unknown format %q for log-ons", c.String("format"))
	}
	format := logons.Formats()[i]
	filter, view, err := logonFilter(c)
	if err != nil {
		return err
	}
	periods, err := diffPeriods(c)
	if err != nil {
		return err
	}
	if (c.String("path-from") == "") != (c.String("path-to") == "") {
		return usagef("--path-from and --path-to go together")
	}
	if format.Files != nil && c.String("output") == "" {
		return usagef("--format %s writes several files: name a folder with -o", format.Name)
	}
	s := newSession(c)
	a, err := s.logons()
	if err != nil {
		return err
	}
	for _, n := range logonview.Notes(a) {
		s.note("%s", n)
	}
	if format.Files != nil {
		if err := files.WriteFolder(c.String("output"),
			func(create func(string) (io.Writer, error)) error { return format.Files(create, a, filter) }); err != nil {
			return err
		}
		return s.end()
	}
	o, err := openOutput(c, c.Args().Slice()...)
	if err != nil {
		return err
	}
	switch {
	case periods != nil:
		err = logonview.Diff(o, a.Diff(periods[0], periods[1]), format.Name == "jsonl")
	case c.String("path-from") != "":
		err = logonview.Paths(o, a, c.String("path-from"), c.String("path-to"), c.Duration("window"))
	default:
		if view == "ranking" && len(a.Ranking()) == 0 {
			s.note("nothing to rank: no attempt is odd")
		}
		err = format.Write(o, a, view, filter)
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

// logonFilter reads the flags that choose.
func logonFilter(c *cli.Context) (f *logons.Filter, view string, err error) {
	f = &logons.Filter{
		Accounts: c.StringSlice("account"), Sources: c.StringSlice("source"), Targets: c.StringSlice("target"), Auth: c.StringSlice("auth"),
		Failures: c.Bool("failures"), Privileged: c.Bool("privileged"), External: c.Bool("external"), MinCount: c.Int("min-count"),
		Machines: c.Bool("machines"), Local: c.Bool("local"),
	}
	view = "logons"
	for _, v := range c.StringSlice("view") {
		switch {
		case slices.Contains(logons.TableViews, v):
			view = v
		case slices.Contains(logons.Views, v):
			f.Views = append(f.Views, v)
		default:
			return nil, "", usagef("unknown view %q; known: %s", v, strings.Join(slices.Concat(logons.TableViews, logons.Views), ", "))
		}
	}
	if v := c.String("type"); v != "" {
		for t := range strings.SplitSeq(v, ",") {
			n, err := strconv.Atoi(strings.TrimSpace(t))
			if err != nil || n < 0 || n > 20 {
				return nil, "", usagef("--type %q: want numbers such as 3,10", v)
			}
			f.Types = append(f.Types, n)
		}
	}
	if f.From, err = parseTime("from", c.String("from"), false); err != nil {
		return nil, "", err
	}
	if f.To, err = parseTime("to", c.String("to"), true); err != nil {
		return nil, "", err
	}
	if !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		return nil, "", usagef("--from is after --to")
	}
	return f, view, nil
}

// diffPeriods reads the two periods of --diff.
func diffPeriods(c *cli.Context) ([]logons.Period, error) {
	list := c.StringSlice("diff")
	if len(list) == 0 {
		return nil, nil
	}
	if len(list) != 2 {
		return nil, usagef("--diff: give it twice, once for each period")
	}
	var out []logons.Period
	for _, v := range list {
		from, to, ok := strings.Cut(v, "..")
		if !ok {
			to = from
		}
		var p logons.Period
		var err error
		if p.From, err = parseTime("diff", from, false); err != nil {
			return nil, err
		}
		if p.To, err = parseTime("diff", to, true); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// logons reads all evidence into one analysis, with what the rules say of it.
func (s *session) logons() (*logons.Analysis, error) {
	b := logons.New(&logons.Options{NoJoin: s.c.Bool("no-join")})
	names := s.c.StringSlice("artifact")
	if len(names) == 0 {
		names = scan.LogonArtifacts()
	}
	paths := s.c.Args().Slice()
	if len(paths) == 0 {
		return nil, usagef("missing EVIDENCE: a folder, archive, disk image, event log or export of events")
	}
	var reports []*findings.Report
	for _, p := range paths {
		if ok, err := scan.IsExport(p); err != nil {
			return nil, missing(p, err)
		} else if ok {
			r, err := scan.AddExport(s.c.Context, b, p, s.damage)
			if err != nil {
				return nil, err
			}
			reports = append(reports, r...)
			continue
		}
		if casefile.Is(p) {
			cases, err := s.cases([]string{p})
			if err != nil {
				return nil, err
			}
			r, err := s.keptLogons(b, cases[0], names)
			if err != nil {
				return nil, err
			}
			reports = append(reports, r)
			continue
		}
		judges := scan.Judges{Names: names}
		err := s.one(p, names, func(t *evidence.Tree, res artifacts.Result) error {
			judges.Add(t, s.kind, &res)
			scan.AddLogons(b, t.Machine().Name, &res)
			return nil
		})
		if err != nil {
			return nil, err
		}
		reports = append(reports, judges.Reports()...)
	}
	a := b.Analyse()
	scan.RankLogons(a, reports...)
	return a, nil
}

// keptLogons feeds an analysis with the records of event logs in a case.
func (s *session) keptLogons(b *logons.Builder, c *casefile.Case, names []string) (*findings.Report, error) {
	for _, m := range c.Machines {
		for rec, err := range m.Events(s.c.Context, names...) {
			if err != nil {
				s.damage(err)
				continue
			}
			scan.AddLogons(b, m.Name, &artifacts.Result{Artifact: rec.Artifact, Records: []artifacts.Record{*rec}})
		}
	}
	if err := s.c.Context.Err(); err != nil {
		return nil, err
	}
	return c.Findings(s.c.Context)
}
