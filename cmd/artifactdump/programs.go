package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/artifacts/story"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/judging"
)

func programsCommand() *cli.Command {
	return &cli.Command{
		Name:      "programs",
		Usage:     "join what all artifacts say about each program",
		ArgsUsage: "EVIDENCE… [NAME|PATH|HASH…]",
		Description: "Prints one line for each program that a finding speaks of, worst first: its level,\n" +
			"first and last start, the number of starts, its path, the accounts that started it,\n" +
			"how it arrived, and what deserves attention. --all shows the other programs too. A\n" +
			"NAME, a PATH or a HASH after the evidence shows everything about that program: each\n" +
			"start with its sources and its certainty, accounts, sessions, autostarts, and ends.\n\n" +
			"A start is proved where Windows wrote it as a by-product, recorded where a program\n" +
			"states it, and inferred where it follows from several records.\n\n" +
			"Examples:\n" +
			"   artifactdump programs /mnt/image\n" +
			"   artifactdump programs /mnt/image psexesvc.exe\n" +
			"   artifactdump programs --format csv --all -o programs.csv pc1.zip pc2.zip\n" +
			"   artifactdump programs --starts --format csv case/C 'C:\\TMP\\mim.exe'",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "output `FORMAT`: text, csv, jsonl"},
			&cli.BoolFlag{Name: "all", Usage: "show programs without findings too"},
			&cli.BoolFlag{Name: "starts", Usage: "write one row for each start (CSV)"},
			windowGapFlag(),
			judging.RulesFlag(),
		}, csvFlags(), judging.SigmaFlags(), judging.ListFlags(), outputFlags(), evidenceFlags()),
		Action: programsAction,
	}
}

// windowGapFlag is for commands that cut time into windows.
func windowGapFlag() cli.Flag {
	return &cli.DurationFlag{Name: "window-gap", Value: story.DefaultGap, Usage: "end an incident window when nothing happens for `SPAN`"}
}

// storyFlags checks the flags of a story.
func storyFlags(c *cli.Context) error {
	if lang := c.String("lang"); !slices.Contains(story.Languages(), lang) {
		return usagef("--lang: unknown language %q; known: %s", lang, strings.Join(story.Languages(), ", "))
	}
	if c.Duration("window-gap") <= 0 {
		return usagef("--window-gap: want a time such as 30m")
	}
	if c.Bool("story") && c.String("format") == "navigator" {
		return usagef("--story and --format navigator are mutually exclusive")
	}
	return nil
}

// stories tells the story of each machine, or returns those that cases hold.
func (s *session) stories(all *findings.Report) ([]*story.Story, error) {
	var list []*story.Story
	for _, m := range all.Models {
		list = append(list, story.Tell(m, all, &story.Options{Gap: s.c.Duration("window-gap")}))
	}
	for _, c := range s.opened {
		for _, m := range c.Machines {
			told, err := m.Story(s.c.Context, s.damage)
			if err != nil {
				return nil, err
			}
			if told == nil {
				s.note("%s: the case holds no story", m.Name)
				continue
			}
			list = append(list, told)
		}
	}
	return list, nil
}

// writeStories writes the story of each machine.
func (s *session) writeStories(o io.Writer, all *findings.Report) error {
	list, err := s.stories(all)
	if err != nil {
		return err
	}
	for i, told := range list {
		if s.c.String("format") == "jsonl" {
			err = told.WriteJSON(o)
		} else {
			if i > 0 {
				if _, err := io.WriteString(o, "\n"); err != nil {
					return err
				}
			}
			err = told.WriteText(o, s.c.String("lang"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func programsAction(c *cli.Context) error {
	format := c.String("format")
	if !slices.Contains([]string{"text", "csv", "jsonl"}, format) {
		return usagef("unknown programs format %q; known: text, csv, jsonl", format)
	}
	if c.Bool("starts") && format != "csv" {
		return usagef("--starts is for --format csv")
	}
	paths, names := splitNames(c.Args().Slice())
	s := newSession(c)
	opts, err := s.judging()
	if err != nil {
		return err
	}
	models, err := s.keptPrograms(paths, opts)
	if err != nil {
		return err
	}
	j := scan.Judges{Options: opts, Names: c.StringSlice("artifact")}
	if models == nil {
		err = s.each(paths, c.StringSlice("artifact"), func(t *evidence.Tree, res artifacts.Result) error {
			j.Add(t, s.kind, &res)
			return nil
		})
		if err != nil {
			return err
		}
		for _, r := range j.Reports() {
			for _, m := range r.Models {
				story.Tell(m, r, &story.Options{Gap: c.Duration("window-gap")}) // notes the windows
				models = append(models, m)
			}
		}
	}
	o, err := openOutput(c, paths...)
	if err != nil {
		return err
	}
	view := programs.View{Names: names, All: c.Bool("all"), CSVSafe: c.Bool("csv-safe")}
	if err := writePrograms(o, models, format, c, &view); err != nil {
		o.Abort()
		return err
	}
	if err := o.Commit(); err != nil {
		return err
	}
	return s.end()
}

// splitNames takes names of programs from the end of the arguments. What is the
// name of a file or folder is evidence, and so is the first argument.
func splitNames(args []string) (paths, names []string) {
	for i, a := range args {
		if _, err := os.Lstat(a); i == 0 || !errors.Is(err, fs.ErrNotExist) {
			paths = append(paths, a)
		} else {
			names = append(names, a)
		}
	}
	return paths, names
}

func writePrograms(o io.Writer, models []*programs.Model, format string, c *cli.Context, view *programs.View) error {
	var table *programs.Table
	if format == "csv" {
		if c.Bool("bom") {
			if _, err := io.WriteString(o, "\ufeff"); err != nil {
				return err
			}
		}
		var err error
		if table, err = programs.NewTable(o, c.Bool("starts"), view.CSVSafe); err != nil {
			return err
		}
	}
	for _, m := range models {
		var err error
		switch format {
		case "csv":
			err = table.Add(m, view)
		case "jsonl":
			err = m.WriteJSON(o, view)
		default:
			err = m.WriteText(o, view)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keptPrograms returns the programs of case folders, and nil for evidence.
func (s *session) keptPrograms(paths []string, opts *findings.Options) ([]*programs.Model, error) {
	cases, err := s.cases(paths, "rules", "sigma", "artifact", "window-gap")
	if err != nil {
		return nil, err
	}
	var models []*programs.Model
	for _, c := range cases {
		for _, m := range c.Machines {
			_, model, err := m.Compare(s.c.Context, opts.Lists, s.damage)
			if err != nil {
				return nil, err
			}
			models = append(models, model)
		}
	}
	return models, nil
}
