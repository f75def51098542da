package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/report"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/artifacts/story"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/judging"
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
			&cli.StringFlag{Name: "lang", Value: "en", Usage: "language of the story: " + strings.Join(story.Languages(), ", ")},
			windowGapFlag(),
			&cli.BoolFlag{Name: "coverage", Usage: "list each rule that could not be evaluated, with the reason"},
			&cli.StringFlag{Name: "fail-level", Usage: "exit with 4 if a finding reaches `LEVEL`"},
			judging.RulesFlag(),
		}, judging.SigmaFlags(), judging.ListFlags(), outputFlags(), evidenceFlags()),
		Action: findingsAction,
	}
}

func findingsAction(c *cli.Context) error {
	format := c.String("format")
	if format != "text" && format != "jsonl" && format != "navigator" {
		return usagef("unknown findings format %q; known: text, jsonl, navigator", format)
	}
	show, err := levelFlag(c, "level")
	if err != nil {
		return err
	}
	if err := storyFlags(c); err != nil {
		return err
	}
	fail, err := levelFlag(c, "fail-level")
	if err != nil {
		return err
	}
	limitMemory(judgingMemory)
	paths, ids := splitIDs(c.Args().Slice())
	s := newSession(c)
	opts, err := s.judging()
	if err != nil {
		return err
	}
	all, err := s.evaluate(paths, opts)
	if err != nil {
		return err
	}
	o, err := openOutput(c, paths...)
	if err != nil {
		return err
	}
	shown := all.AtLeast(show)
	if len(ids) > 0 {
		if shown, err = withIDs(all, ids); err != nil {
			o.Abort()
			return err
		}
	}
	switch {
	case c.Bool("story"):
		err = s.writeStories(o, all)
	case format == "jsonl":
		err = shown.WriteJSON(o)
	case format == "navigator":
		err = shown.WriteNavigator(o)
	default:
		v := report.TextView{From: show, Hidden: len(all.Findings) - len(shown.Findings), Long: c.Bool("long"),
			Coverage: c.Bool("coverage"), Color: colored(c, o)}
		if len(ids) > 0 {
			v.Long, v.Chosen, v.Hidden = true, true, 0
		}
		err = report.WriteFindings(o, shown, v)
	}
	if err != nil {
		o.Abort()
		return err
	}
	if err := o.Commit(); err != nil {
		return err
	}
	if err := s.end(); fail == 0 || all.Worst() < fail {
		return err
	}
	return errFindings
}

// evaluate judges evidence, or returns what the cases hold.
func (s *session) evaluate(paths []string, opts *findings.Options) (*findings.Report, error) {
	cases, err := s.cases(paths, "rules", "sigma", "artifact", "window-gap")
	if err != nil {
		return nil, err
	}
	if cases == nil {
		j := scan.Judges{Options: opts, Names: s.c.StringSlice("artifact")}
		err := s.each(paths, s.c.StringSlice("artifact"), func(t *evidence.Tree, res artifacts.Result) error {
			j.Add(t, s.kind, &res)
			return nil
		})
		return findings.Join(j.Reports()...), err
	}
	var list []*findings.Report
	for _, c := range cases {
		if l := c.Manifest.Options.Level; l != findings.Informational.String() && l != "" {
			s.note("%s: the scan kept findings of level %s and above", c.Dir, l)
		}
		for _, m := range c.Machines {
			r, _, err := m.Compare(s.c.Context, opts.Lists, s.damage)
			if err != nil {
				return nil, err
			}
			list = append(list, r)
		}
	}
	return findings.Join(list...), nil
}

// findingID is an id of a finding, or a prefix of one.
var findingID = regexp.MustCompile(`^[0-9a-f]{1,16}$`)

// splitIDs takes the ids of findings from the end of the arguments. What is the
// name of a file or folder is evidence.
func splitIDs(args []string) (paths, ids []string) {
	n := len(args)
	for n > 1 && findingID.MatchString(args[n-1]) {
		if _, err := os.Lstat(args[n-1]); err == nil {
			break
		}
		n--
	}
	return args[:n], args[n:]
}

// withIDs returns the report with the findings of these ids.
func withIDs(r *findings.Report, ids []string) (*findings.Report, error) {
	out := &findings.Report{Coverage: r.Coverage, Silenced: r.Silenced, Limits: r.Limits, Known: r.Known, Models: r.Models}
	for _, id := range ids {
		var found []findings.Finding
		var names []string
		for i := range r.Findings {
			if strings.HasPrefix(r.Findings[i].ID, id) && !slices.Contains(names, r.Findings[i].ID) {
				found, names = append(found, r.Findings[i]), append(names, r.Findings[i].ID)
			}
		}
		switch {
		case len(found) == 0:
			return nil, fmt.Errorf("no finding has the id %s", id)
		case len(found) > 1:
			return nil, &casefile.AmbiguousError{Prefix: id, IDs: names[:min(len(names), maxIDs)]}
		}
		out.Findings = append(out.Findings, found...)
	}
	return out, nil
}

func levelFlag(c *cli.Context, name string) (findings.Level, error) {
	v := c.String(name)
	if v == "" {
		return 0, nil
	}
	l, ok := findings.ParseLevel(strings.ToLower(v))
	if !ok {
		return 0, usagef("--%s: unknown level %q; known: %s", name, v, strings.Join(findings.Levels(), ", "))
	}
	return l, nil
}

// judging reads the flags that say by what evidence is judged.
func (s *session) judging() (*findings.Options, error) {
	o, err := judging.Options(s.c, s.note)
	if judging.IsFlag(err) {
		return nil, usageError{err}
	}
	return o, err
}
