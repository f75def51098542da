// Package searchview searches the records of evidence or of a case.
package searchview

import (
	"context"
	"io"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/report"
	"github.com/artifactdump/artifactdump/artifacts/search/recordsearch"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/arguments"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
)

// A Finder is one search.
type Finder struct {
	*session.Session
	Find *recordsearch.Search
	// Again returns a session that reads the same evidence a second time.
	Again func() *session.Session
	// Hit takes what was found.
	Hit func(*recordsearch.Hit) error

	Read, Found int // numbers of records
}

// look looks at one record.
func (x *Finder) look(rec *artifacts.Record) error {
	x.Read++
	hit, err := x.Find.Look(rec)
	if err != nil || hit == nil {
		return err
	}
	x.Found++
	return x.Hit(hit)
}

// verdicts has the search know what findings say of records.
func (x *Finder) verdicts(m map[string]map[string]output.Verdict) {
	x.Find.Verdicts = func(rec *artifacts.Record) output.Verdict { return m[rec.Host][rec.ID] }
}

// InCase searches a case.
func (x *Finder) InCase(ctx context.Context, c *casefile.Case) error {
	if _, err := arguments.Artifacts(x.Names); err != nil {
		return err
	}
	verdicts := map[string]map[string]output.Verdict{}
	for _, m := range c.Machines {
		r, err := m.Findings(ctx)
		if err != nil {
			return err
		}
		verdicts[m.Name] = report.Verdicts(r)
	}
	x.verdicts(verdicts)
	if x.Find.Query.NeedsTimes() {
		rows, err := x.Rows(ctx, []*casefile.Case{c})
		if err == nil {
			err = x.Find.Query.SeeAll(rows)
		}
		if err != nil {
			return err
		}
	}
	for _, m := range c.Machines {
		for rec, err := range m.Records(ctx, x.Names...) {
			if err != nil {
				x.Damage(err)
				continue
			}
			if err := x.look(rec); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// InEvidence searches evidence. It reads it twice where the query asks for what only
// the findings and the timeline know.
func (x *Finder) InEvidence(ctx context.Context, path string) error {
	if x.Find.Query.NeedsFindings() {
		first := x.Again()
		defer first.Close()
		first.Log = messages.New(io.Discard) // the second reading meets the same damage, and names it
		var sorter output.Sorter
		defer sorter.Close()
		j, err := first.Judge(ctx, []string{path}, nil, func(_ *evidence.Tree, res artifacts.Result) error { return sorter.AddResult(&res) })
		if err != nil {
			return err
		}
		if x.Find.Query.NeedsTimes() {
			if err := x.Find.Query.SeeAll(j.Rows(sorter.Rows())); err != nil {
				return err
			}
		}
		x.verdicts(j.Verdicts())
		if err := first.Err(); err != nil {
			return err
		}
	}
	return x.Each(ctx, []string{path}, func(_ *evidence.Tree, res artifacts.Result) error {
		for i := range res.Records {
			if err := x.look(&res.Records[i]); err != nil {
				return err
			}
		}
		return nil
	})
}
