package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

func timelineCommand() *cli.Command {
	return &cli.Command{
		Name:      "timeline",
		Usage:     "one timeline of everything the evidence remembers",
		ArgsUsage: "EVIDENCE…",
		Description: "EVIDENCE is the folder of a copied or mounted disk, a folder of drive roots,\n" +
			"or a heap of .pf files and hives. Events are sorted by time; each says what its\n" +
			"time means, what it proves, and where it was read.\n\n" +
			"Examples:\n" +
			"   artifactdump timeline /mnt/image\n" +
			"   artifactdump timeline --from 2026-03-06 --format csv -o timeline.csv case/C\n" +
			"   artifactdump timeline --last 48h -a prefetch --format jsonl /mnt/image | jq .message",
		Flags:  slices.Concat([]cli.Flag{formatFlag("text", false)}, outputFlags(), timeFlags(), evidenceFlags()),
		Action: timeline,
	}
}

func timeline(c *cli.Context) error {
	format, ok := output.Lookup(c.String("format"))
	if !ok || format.Events == nil {
		return usagef("no format for timelines is called %q", c.String("format"))
	}
	span, err := parseSpan(c)
	if err != nil {
		return err
	}
	s := newSession(c)
	o, err := openOutput(c, c.Args().Slice()...)
	if err != nil {
		return err
	}
	var events []artifacts.Event
	err = s.each(c.Args().Slice(), c.StringSlice("artifact"), func(_ *evidence.Tree, res artifacts.Result) error {
		for i := range res.Records {
			events = append(events, res.Records[i].Events()...)
		}
		return nil
	})
	if err != nil {
		o.abort()
		return err
	}
	slices.SortFunc(events, func(a, b artifacts.Event) int { return a.Compare(&b) })
	events = span.filter(artifacts.Merge(events))
	if len(events) == 0 {
		s.note("no events")
	}
	w := format.Events(o)
	for i := range events {
		if err := w.Event(&events[i]); err != nil {
			o.abort()
			return err
		}
	}
	if err := w.Close(); err != nil {
		o.abort()
		return err
	}
	if err := o.commit(); err != nil {
		return err
	}
	return s.end()
}
