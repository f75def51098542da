package session

import (
	"cmp"
	"context"
	"iter"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/arguments"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

// OpenCases opens the arguments of a command when they are case folders. It returns
// nil when they are evidence.
func (s *Session) OpenCases(paths ...string) ([]*casefile.Case, error) {
	n := 0
	for _, p := range paths {
		if casefile.Is(p) {
			n++
		}
	}
	switch {
	case n == 0:
		return nil, nil
	case n < len(paths):
		return nil, usage.Errorf("evidence and case folders cannot be read together: give one or the other")
	}
	if len(s.Ignored) > 0 {
		return nil, usage.Errorf("--%s has no effect on a case folder: give the evidence", s.Ignored[0])
	}
	var out []*casefile.Case
	for _, p := range paths {
		c, err := casefile.Open(p)
		if err != nil {
			return nil, err
		}
		for _, note := range c.Notes {
			s.Note(note)
		}
		for _, m := range c.Machines {
			s.Machines = append(s.Machines, m.OutputMachine())
		}
		out = append(out, c)
	}
	s.Cases = out
	return out, nil
}

// Rows yields the timelines of cases, of some artifacts where names are given. What
// cannot be read is damage, which is named when the rows are read first.
func (s *Session) Rows(ctx context.Context, cases []*casefile.Case, names ...string) (iter.Seq2[*output.Row, error], error) {
	list, err := arguments.Artifacts(names)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, a := range list {
		wanted[a.Name] = true
	}
	known := false
	return func(yield func(*output.Row, error) bool) {
		named := known
		known = true
		for r, err := range casefile.Rows(ctx, cases...) {
			if err != nil {
				if ctx.Err() != nil || s.Strict {
					yield(nil, cmp.Or(ctx.Err(), err))
					return
				}
				if !named {
					s.Damage(err)
				}
				continue
			}
			if (len(names) == 0 || wanted[r.Parser]) && !yield(r, nil) {
				return
			}
		}
	}, nil
}

// Newest is the time of the last event of cases.
func Newest(cases []*casefile.Case) time.Time {
	var last time.Time
	for _, c := range cases {
		for _, m := range c.Machines {
			if t, err := time.Parse(time.RFC3339Nano, m.Counts.Newest); err == nil && t.After(last) {
				last = t
			}
		}
	}
	return last
}
