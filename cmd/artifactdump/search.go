package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/search"
	"github.com/artifactdump/artifactdump/artifacts/search/recordsearch"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/searchview"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/timespan"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

func searchCommand() *cli.Command {
	return &cli.Command{
		Name:      "search",
		Usage:     "search all fields of all records",
		ArgsUsage: "EVIDENCE|CASE WORD…",
		Description: "Finds records in which all WORDs occur, in any field: also in those that no row of a\n" +
			"timeline shows, such as the files that a Prefetch file lists. Upper and lower case\n" +
			"are equal without --match-case. A WORD can be \"a text\", /an expression/, -not, or level:high+, path:\\tmp\\*,\n" +
			"artifact:prefetch and others: see docs/search.md. Each record is printed with the\n" +
			"fields that matched and the ids of its events.\n\n" +
			"Examples:\n" +
			"   artifactdump search case cache.dll\n" +
			"   artifactdump search --field files -a prefetch /mnt/image '\\users\\public\\'\n" +
			"   artifactdump search --regexp case 'svc[a-z]+\\.exe$'",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "output `FORMAT`: " + strings.Join(recordsearch.Formats(), ", ")},
			&cli.BoolFlag{Name: "regexp", Aliases: []string{"e"}, Usage: "read each WORD as a regular expression"},
			&cli.BoolFlag{Name: "match-case", Usage: "distinguish upper and lower case in words and expressions"},
			&cli.BoolFlag{Name: "ignore-case", Aliases: []string{"i"}, Usage: "ignore case: the default; overrides --match-case"},
			&cli.StringFlag{Name: "field", Usage: "compare words with the field `NAME` alone, such as files or key_path"},
			&cli.StringFlag{Name: "from", Usage: "find records with an event at or after `TIME`"},
			&cli.StringFlag{Name: "to", Usage: "find records with an event before `TIME`; a date alone includes that day"},
		}, outputFlags(), csvFlags(), evidenceFlags()),
		Action: searchAction,
	}
}

func searchAction(c *cli.Context) error {
	if !slices.Contains(recordsearch.Formats(), c.String("format")) {
		return usage.Errorf("unknown search format %q; known: %s", c.String("format"), strings.Join(recordsearch.Formats(), ", "))
	}
	if c.NArg() < 2 {
		return usage.Errorf("usage: artifactdump search EVIDENCE|CASE WORD…")
	}
	find := recordsearch.Search{Field: c.String("field")}
	words := c.Args().Slice()[1:]
	if c.Bool("regexp") {
		for i, w := range words {
			words[i] = search.Pattern(w)
		}
	}
	parse, err := search.Parse, error(nil)
	if c.Bool("match-case") && !c.Bool("ignore-case") {
		parse = search.ParseExact
	}
	if find.Query, err = parse(strings.Join(words, " ")); err != nil {
		return usage.Of(err)
	}
	if find.From, err = timespan.ParseTime("from", c.String("from"), false); err != nil {
		return usage.Of(err)
	}
	if find.To, err = timespan.ParseTime("to", c.String("to"), true); err != nil {
		return usage.Of(err)
	}
	path, s := c.Args().First(), newSession(c)
	defer s.Close()
	s.Full = true
	cases, err := s.OpenCases(path)
	if err != nil {
		return err
	}
	o, err := openOutput(c, path)
	if err != nil {
		return err
	}
	w := recordsearch.NewWriter(c.String("format"), o, outputOptions(c))
	x := searchview.Finder{Session: s, Find: &find, Again: func() *session.Session { return newSession(c) }, Hit: w.Hit}
	if cases != nil {
		err = x.InCase(c.Context, cases[0])
	} else {
		err = x.InEvidence(c.Context, path)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		o.Abort()
		return err
	}
	s.Notef("%d of %s", x.Found, terminal.Count(x.Read, "record", "records"))
	if err := o.Commit(); err != nil {
		return err
	}
	return s.End()
}
