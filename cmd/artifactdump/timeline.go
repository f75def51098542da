package main

import (
	"iter"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/artifacts/search"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/judging"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/timespan"
)

func timelineCommand() *cli.Command {
	return &cli.Command{
		Name:      "timeline",
		Usage:     "print one timeline of all artifacts",
		ArgsUsage: "EVIDENCE|CASE…",
		Description: "EVIDENCE is the folder of a copied or mounted disk, a folder of drive roots, a\n" +
			"collection (folder or zip), a disk image, or a folder of loose .pf files, hives,\n" +
			"tasks, jobs and shortcuts. Events are sorted by time. Each states what its time\n" +
			"means, what it proves, and where it was read.\n\n" +
			"Examples:\n" +
			"   artifactdump timeline /mnt/image\n" +
			"   artifactdump timeline --from 2026-03-06 --format csv -o timeline.csv case/C\n" +
			"   artifactdump timeline --last 48h -a prefetch --format jsonl /mnt/image | jq .message",
		Flags: slices.Concat([]cli.Flag{formatFlag("text", forEvents), bodyfileFlag(),
			&cli.BoolFlag{Name: "keys", Usage: "add the last write of every registry key of the live hives"},
			&cli.StringFlag{Name: "search", Usage: "print the events that match `QUERY`: words, level:high+, path:\\tmp\\*, … (docs/search.md)"},
			&cli.StringFlag{Name: "around", Usage: "print the events around the event, record or finding `ID`"},
			&cli.StringFlag{Name: "span", Value: "5m", Usage: "with --around, `SPAN` before and after: 30s, 5m, 2h"},
			&cli.BoolFlag{Name: "all", Usage: "show the rows that text folds: equal rows, copied file times, devices in Amcache"}},
			outputFlags(), csvFlags(), timeFlags(), judging.ListFlags(), []cli.Flag{eventsFlag()}, evidenceFlags()),
		Action: timeline,
	}
}

func bodyfileFlag() cli.Flag {
	return &cli.StringFlag{Name: "bodyfile-unset", Value: "-1", Usage: "`VALUE` for unset times in a body file: -1 (mactime) or 0 (plaso)"}
}

func timeline(c *cli.Context) error {
	format, ok := format(c.String("format"), forEvents)
	if !ok {
		return unknownFormat("timeline", c.String("format"), forEvents)
	}
	if v := c.String("bodyfile-unset"); v != "-1" && v != "0" {
		return usagef("--bodyfile-unset %q: want -1 or 0", v)
	}
	span, err := parseSpan(c)
	if err != nil {
		return err
	}
	query, err := timelineQuery(c)
	if err != nil {
		return err
	}
	s := newSession(c)
	if err := s.showEvents(); err != nil {
		return err
	}
	if fileBody(c, format) {
		return dump(c)
	}
	if c.Bool("keys") {
		s.extra = append(s.extra, catalogue.RegistryKeys)
	}
	if format.Events == nil && (c.String("output") == "" || c.String("output") == "-") {
		return usagef("--format %s needs a file: use -o FILE", format.Name)
	}
	o, err := openOutput(c, c.Args().Slice()...)
	if err != nil {
		return err
	}
	if format.Events == nil && !o.Named() {
		o.Abort()
		return usagef("--format %s needs a regular file: %s is not one", format.Name, c.String("output"))
	}
	var sorter output.Sorter
	defer sorter.Close()
	rows, err := s.rows(&sorter, span)
	if err == nil && query.NeedsTimes() {
		err = see(query, rows)
	}
	if err == nil {
		var w output.EventWriter
		opts := outputOptions(c)
		opts.SetMachines(s.machines)
		opts.All, opts.Several, opts.Color = c.Bool("all"), len(s.machines) > 1, colored(c, o)
		if format.Events != nil {
			w = format.Events(o, opts)
		} else {
			w, err = format.File(o.Path(), opts)
		}
		if err == nil {
			err = writeTimeline(s, w, matching(query, rows))
		}
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

// fileBody reports whether the body file of everything in $MFT is asked for: that
// is written as fls -m does, a line for each file and not for each of its times.
func fileBody(c *cli.Context, f output.Format) bool {
	limited := c.IsSet("from") || c.IsSet("to") || c.IsSet("last")
	return f.Name == "bodyfile" && !limited && slices.Equal(c.StringSlice("artifact"), []string{"mft"})
}

// timelineQuery reads --search and --around.
func timelineQuery(c *cli.Context) (*search.Query, error) {
	line := c.String("search")
	if id := c.String("around"); id != "" {
		line += " around:" + id + "±" + c.String("span")
	} else if c.IsSet("span") {
		return nil, usagef("--span needs --around ID")
	}
	q, err := search.Parse(line)
	return q, usage(err)
}

// matching yields the rows that a query finds.
func matching(q *search.Query, rows iter.Seq2[*output.Row, error]) iter.Seq2[*output.Row, error] {
	if q.Empty() {
		return rows
	}
	return func(yield func(*output.Row, error) bool) {
		for r, err := range rows {
			if (err != nil || q.Match(r)) && !yield(r, err) {
				return
			}
		}
	}
}

// rows yields the events of the arguments that are inside a span, sorted and with
// what the findings say of them.
func (s *session) rows(sorter *output.Sorter, span timespan.Span) (iter.Seq2[*output.Row, error], error) {
	paths, names := s.c.Args().Slice(), s.c.StringSlice("artifact")
	by, err := s.judging()
	if err != nil {
		return nil, err
	}
	cases, err := s.cases(paths)
	if err != nil {
		return nil, err
	}
	if cases != nil {
		rows, err := s.caseRows(cases, names)
		if err == nil && by.Lists != nil {
			var x *casefile.Compared
			if x, err = casefile.Compare(s.c.Context, cases, by.Lists, s.damage); err == nil {
				rows = x.Rows(rows)
			}
		}
		return span.Rows(rows, newest(cases)), err
	}
	sorter.Zone = func(host string) *artifacts.Zone { return s.zones[host] }
	j := scan.Judges{Names: names, Options: by}
	b := logons.New(&logons.Options{SessionsOnly: true})
	err = s.each(paths, names, func(t *evidence.Tree, res artifacts.Result) error {
		if res.Artifact != catalogue.RegistryKeys { // no rule takes them
			j.Add(t, s.kind, &res)
		}
		scan.AddLogons(b, t.Machine().Name, &res)
		return sorter.AddResult(&res)
	})
	if err != nil {
		return nil, err
	}
	return scan.Sessions(b.Analyse(), j.Rows(span.Rows(sorter.Rows(), sorter.Newest()))), nil
}

// writeTimeline writes sorted rows and prints the notes of the writer.
func writeTimeline(s *session, w output.EventWriter, rows iter.Seq2[*output.Row, error]) error {
	n := 0
	for r, err := range rows {
		if err != nil {
			return err
		}
		if n++; n%1024 == 0 && s.c.Context.Err() != nil {
			return s.c.Context.Err()
		}
		if err := w.Event(r); err != nil {
			return err
		}
	}
	if n == 0 {
		s.note("no events")
	}
	if err := w.Close(); err != nil {
		return err
	}
	if x, ok := w.(output.Noter); ok {
		for _, note := range x.Notes() {
			s.note("%s", note)
		}
	}
	return nil
}
