package main

import (
	"iter"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/report"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/artifacts/search"
	"github.com/artifactdump/artifactdump/artifacts/search/recordsearch"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
)

func searchCommand() *cli.Command {
	return &cli.Command{
		Name:      "search",
		Usage:     "search all fields of all records",
		ArgsUsage: "EVIDENCE|CASE WORD…",
		Description: "Finds records in which all WORDs occur, in any field: also in those that no row of a\n" +
			"timeline shows, such as the files that a Prefetch file lists. Upper and lower case\n" +
			"are equal. A WORD can be \"a text\", /an expression/, -not, or level:high+, path:\\tmp\\*,\n" +
			"artifact:prefetch and others: see docs/search.md. Each record is printed with the\n" +
			"fields that matched and the ids of its events.\n\n" +
			"Examples:\n" +
			"   artifactdump search case cache.dll\n" +
			"   artifactdump search --field files -a prefetch /mnt/image '\\users\\public\\'\n" +
			"   artifactdump search --regexp case 'svc[a-z]+\\.exe$'",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "output `FORMAT`: " + strings.Join(recordsearch.Formats(), ", ")},
			&cli.BoolFlag{Name: "regexp", Aliases: []string{"e"}, Usage: "read each WORD as a regular expression"},
			&cli.BoolFlag{Name: "ignore-case", Aliases: []string{"i"}, Usage: "ignore case (always on)"},
			&cli.StringFlag{Name: "field", Usage: "compare words with the field `NAME` alone, such as files or key_path"},
			&cli.StringFlag{Name: "from", Usage: "find records with an event at or after `TIME`"},
			&cli.StringFlag{Name: "to", Usage: "find records with an event before `TIME`; a date alone includes that day"},
		}, outputFlags(), csvFlags(), evidenceFlags()),
		Action: searchAction,
	}
}

func searchAction(c *cli.Context) error {
	if !slices.Contains(recordsearch.Formats(), c.String("format")) {
		return usagef("unknown search format %q; known: %s", c.String("format"), strings.Join(recordsearch.Formats(), ", "))
	}
	if c.NArg() < 2 {
		return usagef("usage: artifactdump search EVIDENCE|CASE WORD…")
	}
	find := recordsearch.Search{Field: c.String("field")}
	words := c.Args().Slice()[1:]
	if c.Bool("regexp") {
		for i, w := range words {
			words[i] = search.Pattern(w)
		}
	}
	var err error
	if find.Query, err = search.Parse(strings.Join(words, " ")); err != nil {
		return usageError{err}
	}
	if find.From, err = parseTime("from", c.String("from"), false); err != nil {
		return err
	}
	if find.To, err = parseTime("to", c.String("to"), true); err != nil {
		return err
	}
	s := newSession(c)
	s.full = true
	x := finder{session: s, find: &find, path: c.Args().First(), names: c.StringSlice("artifact")}
	cases, err := s.cases([]string{x.path})
	if err != nil {
		return err
	}
	o, err := openOutput(c, x.path)
	if err != nil {
		return err
	}
	x.w = recordsearch.NewWriter(c.String("format"), o, outputOptions(c))
	if cases != nil {
		err = x.inCase(cases[0])
	} else {
		err = x.inEvidence()
	}
	if err == nil {
		err = x.w.Close()
	}
	if err != nil {
		o.Abort()
		return err
	}
	s.note("%d of %s", x.found, terminal.Count(x.read, "record", "records"))
	if err := o.Commit(); err != nil {
		return err
	}
	return s.end()
}

// A finder is a run of the search command.
type finder struct {
	*session
	find        *recordsearch.Search
	path        string
	names       []string
	w           recordsearch.Writer
	read, found int
}

// look looks at one record.
func (x *finder) look(rec *artifacts.Record) error {
	x.read++
	hit, err := x.find.Look(rec)
	if err != nil || hit == nil {
		return err
	}
	x.found++
	return x.w.Hit(hit)
}

// verdicts has the search know what findings say of records.
func (x *finder) verdicts(m map[string]map[string]output.Verdict) {
	x.find.Verdicts = func(rec *artifacts.Record) output.Verdict { return m[rec.Host][rec.ID] }
}

func (x *finder) inCase(c *casefile.Case) error {
	if _, err := selectArtifacts(x.names); err != nil {
		return err
	}
	verdicts := map[string]map[string]output.Verdict{}
	for _, m := range c.Machines {
		r, err := m.Findings(x.c.Context)
		if err != nil {
			return err
		}
		verdicts[m.Name] = report.Verdicts(r)
	}
	x.verdicts(verdicts)
	if x.find.Query.NeedsTimes() {
		rows, err := x.caseRows([]*casefile.Case{c}, nil)
		if err == nil {
			err = see(x.find.Query, rows)
		}
		if err != nil {
			return err
		}
	}
	for _, m := range c.Machines {
		for rec, err := range m.Records(x.c.Context, x.names...) {
			if err != nil {
				x.damage(err)
				continue
			}
			if err := x.look(rec); err != nil {
				return err
			}
		}
	}
	return x.c.Context.Err()
}

func (x *finder) inEvidence() error {
	if x.find.Query.NeedsFindings() {
		first := newSession(x.c)
		first.quiet = true
		j := scan.Judges{Names: x.names}
		var sorter output.Sorter
		defer sorter.Close()
		err := first.each([]string{x.path}, x.names, func(t *evidence.Tree, res artifacts.Result) error {
			j.Add(t, first.kind, &res)
			return sorter.AddResult(&res)
		})
		if err != nil {
			return err
		}
		if x.find.Query.NeedsTimes() {
			if err := see(x.find.Query, j.Rows(sorter.Rows())); err != nil {
				return err
			}
		}
		x.verdicts(j.Verdicts())
	}
	return x.each([]string{x.path}, x.names, func(_ *evidence.Tree, res artifacts.Result) error {
		for i := range res.Records {
			if err := x.look(&res.Records[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// see lets a query take the times of the rows that it names.
func see(q *search.Query, rows iter.Seq2[*output.Row, error]) error {
	for r, err := range rows {
		if err != nil {
			return err
		}
		q.See(r)
	}
	return q.Located()
}
