package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/formats/eventjson"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/scan"
)

func logonsCommand() *cli.Command {
	var names []string
	for _, f := range logons.Formats() {
		names = append(names, f.Name)
	}
	return &cli.Command{
		Name:      "logons",
		Usage:     "list logons: accounts, machines, sources and durations",
		ArgsUsage: "EVIDENCE…",
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
			&cli.StringSliceFlag{Name: "account", Usage: "show only the account `NAME`, DOMAIN\\NAME or SID; * and ? are wildcards (repeatable)"},
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
	for _, n := range logonNotes(a) {
		s.note("%s", n)
	}
	if format.Files != nil {
		if err := writeFolder(c.String("output"), func(create func(string) (io.Writer, error)) error { return format.Files(create, a, filter) }); err != nil {
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
		err = writeDiff(o, a.Diff(periods[0], periods[1]), format.Name == "jsonl")
	case c.String("path-from") != "":
		err = writePaths(o, a, c)
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

// logonArtifacts are the artifacts that are made of event logs.
func logonArtifacts() []string {
	var out []string
	for _, a := range catalogue.All() {
		if _, ok := a.Record().(events.Event); ok {
			out = append(out, a.Name)
		}
	}
	return out
}

// logons reads all evidence into one analysis, with what the rules say of it.
func (s *session) logons() (*logons.Analysis, error) {
	b := logons.New(&logons.Options{NoJoin: s.c.Bool("no-join")})
	names := s.c.StringSlice("artifact")
	if len(names) == 0 {
		names = logonArtifacts()
	}
	paths := s.c.Args().Slice()
	if len(paths) == 0 {
		return nil, usagef("missing EVIDENCE: a folder, archive, disk image, event log or export of events")
	}
	var reports []*findings.Report
	for _, p := range paths {
		if ok, err := isExport(p); err != nil {
			return nil, missing(p, err)
		} else if ok {
			r, err := s.export(p, b)
			if err != nil {
				return nil, err
			}
			reports = append(reports, r...)
			continue
		}
		var at *machineFindings
		err := s.one(p, names, func(t *evidence.Tree, res artifacts.Result) error {
			if at == nil || at.tree != t {
				if at != nil {
					reports = append(reports, at.Report())
				}
				at = &machineFindings{t, findings.NewEvaluator(findings.FactsOf(t, s.kind, names), nil)}
			}
			at.Add(&res)
			scan.AddLogons(b, t.Machine().Name, &res)
			return nil
		})
		if err != nil {
			return nil, err
		}
		if at != nil {
			reports = append(reports, at.Report())
		}
	}
	a := b.Analyse()
	scan.RankLogons(a, reports...)
	return a, nil
}

// isExport reports whether a path is a file of events that another program
// exported.
func isExport(path string) (bool, error) {
	st, err := os.Stat(path)
	if err != nil || !st.Mode().IsRegular() {
		return false, err
	}
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, 64<<10)
	n, err := io.ReadFull(f, head)
	if err != nil && n == 0 {
		return false, nil
	}
	return eventjson.Sniff(head[:n]), nil
}

// export reads exported events. One file can have those of many machines; each is
// judged for itself.
func (s *session) export(path string, b *logons.Builder) ([]*findings.Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := catalogue.Select([]string{"eventlogons"})
	if err != nil {
		return nil, err
	}
	a := list[0]
	judges := map[string]*findings.Evaluator{}
	var order []string
	n := 0
	for e, err := range eventjson.Read(f) {
		if n++; n%4096 == 0 && s.c.Context.Err() != nil {
			return nil, s.c.Context.Err()
		}
		if err != nil {
			s.damage(fmt.Errorf("%s: %w", path, err))
			continue
		}
		r := events.FromExport(e)
		host, _, _ := strings.Cut(strings.ToUpper(r.Computer), ".")
		rec := artifacts.Record{
			ID: fmt.Sprintf("%s#%d", filepath.Base(path), e.Offset), Artifact: a, Host: host, Data: events.Event{Record: r},
			From: artifacts.Locator{Path: path, Offset: e.Offset, State: artifacts.Live},
		}
		j := judges[host]
		if j == nil {
			j = findings.NewEvaluator(findings.Facts{Host: host, Prefetcher: -1}, nil)
			judges[host] = j
			order = append(order, host)
		}
		j.Add(&artifacts.Result{Artifact: a, From: rec.From, Records: []artifacts.Record{rec}})
		b.Add(host, &r, rec.ID)
	}
	var out []*findings.Report
	for _, h := range order {
		out = append(out, judges[h].Report())
	}
	return out, nil
}

// logonNotes say how far the logs reach and what is missing in them.
func logonNotes(a *logons.Analysis) []string {
	var out []string
	for _, sp := range a.Spans {
		if sp.Channel == "Security" {
			out = append(out, fmt.Sprintf("%s: Security reaches from %s to %s", sp.Host, stamp(sp.First), stamp(sp.Last)))
		}
	}
	if len(a.Attempts) == 0 {
		out = append(out, "no log-ons: the logs hold none, or the audit setting Logon was off")
	}
	if a.Dropped > 0 {
		out = append(out, fmt.Sprintf("%d records beyond the limits were dropped", a.Dropped))
	}
	if a.Folded > 0 {
		out = append(out, fmt.Sprintf("%d attempts were counted without an edge of their own", a.Folded))
	}
	return out
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// writeFolder writes several files into a new folder.
func writeFolder(dir string, write func(create func(string) (io.Writer, error)) error) error {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	var open []*os.File
	err := write(func(name string) (io.Writer, error) {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		if err == nil {
			open = append(open, f)
		}
		return f, err
	})
	for _, f := range open {
		if e := f.Close(); err == nil {
			err = e
		}
	}
	return err
}

func writeDiff(w io.Writer, list []logons.Difference, asJSON bool) error {
	enc := json.NewEncoder(w)
	for _, d := range list {
		what := "changed"
		switch {
		case d.A == 0:
			what = "only in the second"
		case d.B == 0:
			what = "only in the first"
		}
		e := d.Edge
		if asJSON {
			row := struct {
				Change  string `json:"change"`
				Account string `json:"account"`
				Source  string `json:"source"`
				Target  string `json:"target"`
				Kind    string `json:"kind"`
				Type    int    `json:"logon_type"`
				A       int    `json:"count_a"`
				B       int    `json:"count_b"`
			}{what, accountLabel(e.Account), hostLabel(e.Source), hostLabel(e.Target), e.Kind, e.Type, d.A, d.B}
			if err := enc.Encode(row); err != nil {
				return err
			}
			continue
		}
		if _, err := fmt.Fprintf(w, "%-18s  %6d  %6d  %s\n", what, d.A, d.B, clean(e.String())); err != nil {
			return err
		}
	}
	return nil
}

func accountLabel(a *logons.Account) string {
	if a == nil {
		return ""
	}
	return a.Name
}

func hostLabel(h *logons.Host) string {
	if h == nil {
		return ""
	}
	return h.Label
}

// writePaths prints the ways between two machines.
func writePaths(w io.Writer, a *logons.Analysis, c *cli.Context) error {
	named := func(name string) func(*logons.Host) bool {
		return func(h *logons.Host) bool {
			return slices.ContainsFunc(append([]string{h.Label}, h.Names...), func(s string) bool { return strings.EqualFold(logons.HostKey(s), logons.HostKey(name)) })
		}
	}
	for _, p := range a.Paths(named(c.String("path-from")), named(c.String("path-to")), c.Duration("window")) {
		for i, h := range p {
			sep := "  "
			if i == 0 {
				sep = ""
			}
			if _, err := fmt.Fprintf(w, "%s%s %s", sep, stamp(h.At), clean(h.Edge.String())); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
	}
	return nil
}
