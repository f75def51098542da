package main

import (
	"errors"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/search"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/formats"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/timelineview"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/timespan"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
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
		Flags: slices.Concat([]cli.Flag{formatFlag("text", formats.ForEvents), bodyfileFlag(),
			&cli.BoolFlag{Name: "keys", Usage: "add the last write of every registry key of the live hives"},
			&cli.StringFlag{Name: "search", Usage: "print the events that match `QUERY`: words, level:high+, path:\\tmp\\*, … (docs/search.md)"},
			&cli.StringFlag{Name: "around", Usage: "print the events around the event, record or finding `ID`"},
			&cli.StringFlag{Name: "span", Value: "5m", Usage: "with --around, `SPAN` before and after: 30s, 5m, 2h"},
			&cli.BoolFlag{Name: "all", Usage: "show the rows that text folds: equal rows, copied file times, devices in Amcache"}},
			outputFlags(), csvFlags(), timeFlags(), listFlags(), []cli.Flag{eventsFlag()}, evidenceFlags()),
		Action: timeline,
	}
}

func timeline(c *cli.Context) error {
	format, err := formats.Find("timeline", c.String("format"), formats.ForEvents)
	if err != nil {
		return err
	}
	if v := c.String("bodyfile-unset"); v != "-1" && v != "0" {
		return usage.Errorf("--bodyfile-unset %q: want -1 or 0", v)
	}
	span, err := timespan.Parse(c.String("from"), c.String("to"), c.String("last"))
	if err != nil {
		return usage.Of(err)
	}
	query, err := timelineQuery(c)
	if err != nil {
		return err
	}
	s := newSession(c)
	defer s.Close()
	if err := compare(c, s); err != nil {
		return err
	}
	if err := showEvents(c, s); err != nil {
		return err
	}
	if fileBody(c, format) {
		return dump(c)
	}
	if c.Bool("keys") {
		s.Extra = append(s.Extra, catalogue.RegistryKeys)
	}
	if format.Events == nil && (c.String("output") == "" || c.String("output") == "-") {
		return usage.Errorf("--format %s needs a file: use -o FILE", format.Name)
	}
	o, err := openOutput(c, c.Args().Slice()...)
	if err != nil {
		return err
	}
	if format.Events == nil && !o.Named() {
		o.Abort()
		return usage.Errorf("--format %s needs a regular file: %s is not one", format.Name, c.String("output"))
	}
	var sorter output.Sorter
	defer sorter.Close()
	rows, err := timelineview.Rows(c.Context, s, c.Args().Slice(), &sorter, span)
	if err == nil && query.NeedsTimes() {
		err = query.SeeAll(rows)
	}
	if err == nil {
		var w output.EventWriter
		opts := outputOptions(c)
		opts.SetMachines(s.Machines)
		opts.All, opts.Several, opts.Color = c.Bool("all"), len(s.Machines) > 1, colored(c, o)
		opts.EventRows = c.String("events") != "none" && timelineview.EventLogs(s.Names)
		if format.Events != nil {
			w = format.Events(o, opts)
		} else {
			w, err = format.File(o.Path(), opts)
		}
		if err == nil {
			err = timelineview.Write(c.Context, s.Log, w, query.Rows(rows))
		}
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

// fileBody reports whether the body file of everything in $MFT is asked for: that
// is written as fls -m does, a line for each file and not for each of its times.
func fileBody(c *cli.Context, f output.Format) bool {
	limited := c.IsSet("from") || c.IsSet("to") || c.IsSet("last")
	return f.Name == "bodyfile" && !limited && slices.Equal(c.StringSlice("artifact"), []string{"mft"})
}

// timelineQuery reads --search and --around.
func timelineQuery(c *cli.Context) (*search.Query, error) {
	line, id := c.String("search"), c.String("around")
	q, err := search.Parse(line)
	switch {
	case err != nil:
		return nil, usage.Of(err)
	case id == "" && c.IsSet("span"):
		return nil, usage.Errorf("--span needs --around ID")
	case id == "":
		return q, nil
	}
	near := "around:" + id + "±" + c.String("span")
	if _, err := search.Parse(near); err != nil {
		if e, ok := errors.AsType[*search.SyntaxError](err); ok {
			err = errors.New(e.Problem)
		}
		return nil, usage.Errorf("--around %q: %v", id, err)
	}
	// A quotation mark that is not closed reads to the end of the line.
	q, err = search.Parse(near + " " + line)
	return q, usage.Of(err)
}
