package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/report"
	"github.com/artifactdump/artifactdump/artifacts/story"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/arguments"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/findingview"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

// exitFindings ends a run with --fail-level that met a finding of that level
// or above. Damaged evidence does not hide it.
const exitFindings = 4

// errFindings is the command's error then.
var errFindings = errors.New("a finding reaches --fail-level")

func findingsCommand() *cli.Command {
	return &cli.Command{
		Name:      "findings",
		Usage:     "rank what deserves review, with reasons and coverage",
		ArgsUsage: "EVIDENCE|CASE… [ID…]",
		Description: "Prints one line for each finding, worst first. --long, or the ID of a finding,\n" +
			"shows its reasons, its records, the usual benign explanations and one next\n" +
			"step; --coverage lists the rules that could not be evaluated, and why. --story\n" +
			"shows what happened: windows of time, and sentences with their proof. A finding\n" +
			"is not a verdict. A machine without findings is not proven clean.\n\n" +
			"With --fail-level the exit code is 4 when there is a finding of that level or above.\n\n" +
			"Examples:\n" +
			"   artifactdump findings /mnt/image\n" +
			"   artifactdump findings /mnt/image f08a28ca96ac7c25\n" +
			"   artifactdump findings --story /mnt/image\n" +
			"   artifactdump findings --level high --rules ours.txt --format jsonl case/C\n" +
			"   artifactdump findings --sigma sigma_all_rules.zip --sigma-status all /mnt/image\n" +
			"   artifactdump findings --format navigator -o layer.json /mnt/image",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "output `FORMAT`: text, jsonl, navigator"},
			&cli.StringFlag{Name: "level", Value: "low", Usage: "show findings of `LEVEL` and above: " +
				strings.Join(findings.Levels(), ", ")},
			&cli.BoolFlag{Name: "long", Usage: "show all details of each finding"},
			&cli.BoolFlag{Name: "story", Usage: "show what happened in sentences, each with its proof and its records"},
			&cli.StringFlag{Name: "lang", Value: "en", Usage: "language of text and story: " + strings.Join(story.Languages(), ", ")},
			windowGapFlag(),
			&cli.BoolFlag{Name: "coverage", Usage: "list each rule that could not be evaluated, with the reason"},
			&cli.StringFlag{Name: "fail-level", Usage: "exit with 4 if a finding reaches `LEVEL`"},
			&cli.StringSliceFlag{Name: "rules", Usage: "read your own rule tables and exceptions from `FILE` (repeatable)"},
		}, sigmaFlags(), listFlags(), outputFlags(), evidenceFlags()),
		Action: findingsAction,
	}
}

func findingsAction(c *cli.Context) error {
	format := c.String("format")
	if format != "text" && format != "jsonl" && format != "navigator" {
		return usage.Errorf("unknown findings format %q; known: text, jsonl, navigator", format)
	}
	show, err := arguments.Level("level", c.String("level"))
	if err != nil {
		return err
	}
	if err := storyFlags(c); err != nil {
		return err
	}
	fail, err := arguments.Level("fail-level", c.String("fail-level"))
	if err != nil {
		return err
	}
	tables, err := arguments.Tables(c.StringSlice("rules"))
	if err != nil {
		return err
	}
	limitMemory(judgingMemory)
	paths, ids := arguments.IDs(c.Args().Slice())
	s := newSession(c, "rules", "sigma", "artifact")
	defer s.Close()
	if err := compare(c, s); err != nil {
		return err
	}
	set, err := sigmaRules(c)
	if err != nil {
		return err
	}
	all, err := findingview.Evaluate(c.Context, s, paths, &findings.Options{Tables: tables, Sigma: set})
	if err != nil {
		return err
	}
	o, err := openOutput(c, paths...)
	if err != nil {
		return err
	}
	shown := all.AtLeast(show)
	if len(ids) > 0 {
		if shown, err = findingview.WithIDs(all, ids); err != nil {
			o.Abort()
			return err
		}
	}
	switch {
	case c.Bool("story"):
		var list []*story.Story
		if list, err = findingview.Stories(c.Context, s, all, c.Duration("window-gap")); err == nil {
			err = findingview.WriteStories(o, list, format == "jsonl", c.String("lang"))
		}
	case format == "jsonl":
		err = shown.WriteJSON(o)
	case format == "navigator":
		err = shown.WriteNavigator(o)
	default:
		v := report.TextView{From: show, Hidden: len(all.Findings) - len(shown.Findings), Long: c.Bool("long"),
			Coverage: c.Bool("coverage"), Color: colored(c, o), Lang: c.String("lang")}
		if len(ids) > 0 {
			v.Long, v.Chosen, v.Hidden = true, true, 0
		}
		err = report.WriteFindings(o, shown, v)
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
	if err := s.End(); fail == 0 || all.Worst() < fail {
		return err
	}
	return errFindings
}

// storyFlags checks the flags of a story.
func storyFlags(c *cli.Context) error {
	if lang := c.String("lang"); !slices.Contains(story.Languages(), lang) {
		return usage.Errorf("--lang: unknown language %q; known: %s", lang, strings.Join(story.Languages(), ", "))
	}
	if c.Duration("window-gap") <= 0 {
		return usage.Errorf("--window-gap: want a time such as 30m")
	}
	if c.Bool("story") && c.String("format") == "navigator" {
		return usage.Errorf("--story and --format navigator are mutually exclusive")
	}
	return nil
}
