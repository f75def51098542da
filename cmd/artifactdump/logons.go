package main

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
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
			"Views: " + strings.Join(logons.TableViews[:8], ", ") + ",\n" +
			strings.Join(logons.TableViews[8:], ", ") + ".\n" +
			"These restrict what a view shows: " + strings.Join(logons.Views[1:5], ", ") + ",\n" +
			strings.Join(logons.Views[5:], ", ") + ".\n\n" +
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
			&cli.StringFlag{Name: "status", Usage: "show only failures with a status in `LIST`, such as 0xC000006A"},
			&cli.BoolFlag{Name: "failures", Usage: "show only failed logons"},
			&cli.BoolFlag{Name: "privileged", Usage: "show only logons with administrator rights"},
			&cli.BoolFlag{Name: "external", Usage: "show only logons from public addresses"},
			&cli.IntFlag{Name: "min-count", Usage: "show only logons that occurred `N` times or more"},
			&cli.StringFlag{Name: "from", Usage: "show only logons at or after `TIME` (2026-03-06, 2026-03-06T18:00:00Z)"},
			&cli.StringFlag{Name: "to", Usage: "show only logons before `TIME`; a date alone includes that day"},
			&cli.StringFlag{Name: "timezone",
				Usage: "write and read times in `ZONE`: Europe/Berlin, +05:30 (default: UTC)"},
			&cli.BoolFlag{Name: "machines", Usage: "show machine accounts and services in graphs"},
			&cli.BoolFlag{Name: "local", Usage: "show local log-ons in graphs"},
			&cli.BoolFlag{Name: "no-join", Usage: "keep addresses and names of sources apart"},
			&cli.StringFlag{Name: "path-from", Usage: "print the ways from the machine or address `NAME` that time allows"},
			&cli.StringFlag{Name: "path-to", Usage: "end these ways at the machine or account `NAME`"},
			&cli.DurationFlag{Name: "window", Value: 24 * time.Hour, Usage: "let each step of a way begin within `SPAN` of the one before"},
			&cli.StringSliceFlag{Name: "diff", Usage: "compare two periods: give `DAY` or FROM..TO twice"},
		}, outputFlags(), evidenceFlags()),
		Action: logonsAction,
	}
}

func logonsAction(c *cli.Context) error {
	r := logonview.Request{From: c.String("path-from"), To: c.String("path-to"),
		ToPrivileged: c.Bool("privileged"), Window: c.Duration("window")}
	zone, err := logonview.Zone(c.String("timezone"))
	if err != nil {
		return err
	}
	if r.Format, err = logonview.FormatOf(c.String("format")); err != nil {
		return err
	}
	if r.Filter, r.View, err = logonFilter(c, zone); err != nil {
		return err
	}
	if r.Periods, err = logonview.Periods(c.StringSlice("diff"), zone); err != nil {
		return err
	}
	if err := r.Check(c.String("output")); err != nil {
		return err
	}
	s := newSession(c)
	defer s.Close()
	a, err := logonview.Read(c.Context, s, c.Args().Slice(), &logons.Options{NoJoin: c.Bool("no-join"), Zone: zone})
	if err != nil {
		return err
	}
	for _, n := range logonview.Notes(a) {
		s.Note(n)
	}
	if r.Format.Files != nil {
		if err := files.WriteFolder(c.String("output"),
			func(create func(string) (io.Writer, error)) error {
				if err := r.Format.Files(create, a, r.Filter); err != nil {
					return err
				}
				return s.Err()
			}); err != nil {
			return err
		}
		return s.End()
	}
	o, err := openOutput(c, c.Args().Slice()...)
	if err != nil {
		return err
	}
	if err = r.Write(o, a, s.Note); err == nil {
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

// logonFilter reads the flags that choose.
func logonFilter(c *cli.Context, zone *time.Location) (f *logons.Filter, view string, err error) {
	f = &logons.Filter{
		Accounts: c.StringSlice("account"), Sources: c.StringSlice("source"), Targets: c.StringSlice("target"), Auth: c.StringSlice("auth"),
		Failures: c.Bool("failures"), Privileged: c.Bool("privileged"), External: c.Bool("external"), MinCount: c.Int("min-count"),
		Machines: c.Bool("machines"), Local: c.Bool("local"),
	}
	if view, f.Views, err = logonview.Views(c.StringSlice("view")); err != nil {
		return nil, "", err
	}
	if f.Types, err = logonview.Types(c.String("type")); err != nil {
		return nil, "", err
	}
	if f.Status, err = logonview.Statuses(c.String("status")); err != nil {
		return nil, "", err
	}
	p, err := logonview.Period(c.String("from"), c.String("to"), zone)
	f.From, f.To = p.From, p.To
	return f, view, err
}
