// Package findingview gets the findings and stories of evidence or cases, and writes
// the stories.
package findingview

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/story"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
)

// Evaluate judges evidence, or returns what the cases hold.
func Evaluate(ctx context.Context, s *session.Session, paths []string, opts *findings.Options) (*findings.Report, error) {
	cases, err := s.OpenCases(paths...)
	if err != nil {
		return nil, err
	}
	if cases == nil {
		j, err := s.Judge(ctx, paths, opts, nil)
		return findings.Join(j.Reports()...), err
	}
	var list []*findings.Report
	for _, c := range cases {
		if l := c.Manifest.Options.Level; l != findings.Informational.String() && l != "" {
			s.Notef("%s: the scan kept findings of level %s and above", c.Dir, l)
		}
		for _, m := range c.Machines {
			r, _, err := m.Compare(ctx, s.Lists, s.Damage)
			if err != nil {
				return nil, err
			}
			list = append(list, r)
		}
	}
	return findings.Join(list...), nil
}

// maxIDs bounds how many ids are named that begin alike.
const maxIDs = 10

// WithIDs returns the report with the findings of these ids, or of the only ones that
// begin so.
func WithIDs(r *findings.Report, ids []string) (*findings.Report, error) {
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

// Stories returns the story of each machine of a report, with windows that end after
// gap. Of a case it is the story that the scan told, unless there are lists or the
// windows are others.
func Stories(ctx context.Context, s *session.Session, r *findings.Report, gap time.Duration) ([]*story.Story, error) {
	var list []*story.Story
	if s.Cases == nil {
		for _, m := range r.Models {
			list = append(list, story.Tell(m, r, &story.Options{Gap: gap}))
		}
	}
	for _, c := range s.Cases {
		for _, m := range c.Machines {
			told, err := m.Story(ctx, s.Damage)
			if err == nil && (told == nil || s.Lists != nil || told.Gap != gap) {
				told, err = m.Retell(ctx, r, modelOf(r, m.Name), gap, s.Damage)
			}
			if err != nil {
				return nil, err
			}
			list = append(list, told)
		}
	}
	return list, nil
}

// modelOf returns the programs of one machine of a report.
func modelOf(r *findings.Report, host string) *programs.Model {
	for _, m := range r.Models {
		if m.Host == host {
			return m
		}
	}
	return &programs.Model{Host: host}
}

// WriteStories writes stories as JSON lines, or as text in a language.
func WriteStories(w io.Writer, list []*story.Story, asJSON bool, lang string) error {
	for i, told := range list {
		var err error
		switch {
		case asJSON:
			err = told.WriteJSON(w)
		case i > 0:
			if _, err = io.WriteString(w, "\n"); err == nil {
				err = told.WriteText(w, lang)
			}
		default:
			err = told.WriteText(w, lang)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
