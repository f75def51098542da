package main

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/arguments"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/diffview"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

func diffCommand() *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Usage:     "compare two cases: what is new, gone or changed",
		ArgsUsage: "CASE1 CASE2",
		Description: "Compares two scans of one machine, or two machines: programs, autostarts, services,\n" +
			"tasks, origins, accounts, devices and findings, by the key that each has on every\n" +
			"machine. Changed is what has another spelling, level or number of records. The kind\n" +
			"life compares the biographies of programs: replaced, moved or renamed files, more\n" +
			"starts, autostarts, accounts, traffic, and findings that rose or fell. Not seen is\n" +
			"what was there and whose source is missing in the second case. Of cases of several\n" +
			"machines those of one MachineGuid or name are compared.\n\n" +
			"Examples:\n" +
			"   artifactdump diff before after\n" +
			"   artifactdump diff --kind autostart,service,task --change new golden case/PC7\n" +
			"   artifactdump diff --kind life --change 'replaced,new autostart' before after",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "output `FORMAT`: " + strings.Join(diffview.Formats(), ", ")},
			&cli.StringFlag{Name: "kind", Usage: "compare only the kinds in `LIST`: " + strings.Join(diffKinds(), ", ")},
			&cli.StringFlag{Name: "change", Usage: "show only the changes in `LIST`: " + strings.Join(casefile.Changes(), ", ")},
			&cli.StringFlag{Name: "level", Usage: "show only what a finding of `LEVEL` or above names"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print no notes"},
		}, outputFlags(), csvFlags()),
		Action: diffAction,
	}
}

// diffKinds are the kinds that --kind knows.
func diffKinds() []string { return append(observations.Kinds(), casefile.Life) }

func diffAction(c *cli.Context) error {
	if c.NArg() != 2 {
		return usage.Errorf("usage: artifactdump diff CASE1 CASE2")
	}
	if !slices.Contains(diffview.Formats(), c.String("format")) {
		return usage.Errorf("unknown diff format %q; known: %s", c.String("format"), strings.Join(diffview.Formats(), ", "))
	}
	kinds, err := arguments.Words("kind", c.String("kind"), diffKinds())
	if err != nil {
		return err
	}
	changes, err := arguments.Words("change", c.String("change"), casefile.Changes())
	if err != nil {
		return err
	}
	level, err := arguments.Level("level", c.String("level"))
	if err != nil {
		return err
	}
	l := newLog(c)
	cases := make([]*casefile.Case, 2)
	for i := range cases {
		if cases[i], err = casefile.Open(c.Args().Get(i)); err != nil {
			return session.Missing(c.Args().Get(i), err)
		}
		for _, note := range cases[i].Notes {
			l.Note(note)
		}
	}
	pairs, alone, err := casefile.Pairs(cases[0], cases[1])
	if err != nil {
		return err
	}
	for _, m := range alone {
		l.Notef("%s: no machine of this name in the other case", m.Dir)
	}
	o, err := openOutput(c)
	if err != nil {
		return err
	}
	wanted := func(ch *casefile.Change) bool {
		return slices.Contains(kinds, ch.Kind) && slices.Contains(changes, ch.Change) && (level == 0 || ch.Level() >= level)
	}
	w := diffview.New(c.String("format"), o, outputOptions(c))
	for _, p := range pairs {
		w.Machine(p)
		compare := []func(context.Context, *casefile.Machine, *casefile.Machine) iter.Seq2[*casefile.Change, error]{casefile.Diff}
		if slices.Contains(kinds, casefile.Life) {
			compare = append(compare, casefile.DiffLives)
		}
		for _, diff := range compare {
			for ch, err := range diff(c.Context, p.Before, p.After) {
				if err == nil && wanted(ch) {
					err = w.Change(ch)
				}
				if err != nil {
					o.Abort()
					return err
				}
			}
		}
	}
	if err := w.Close(); err != nil {
		o.Abort()
		return err
	}
	if err := o.Commit(); err != nil {
		return err
	}
	return l.End()
}
