package main

import (
	"cmp"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// Flags that say how evidence is read: a case folder was read already.
var readingFlags = []string{"full", "host", "evidence-timezone", "no-deleted", "no-logs", "no-shadows", "password", "identity", "verify", "events"}

// cases opens the arguments of a command when they are case folders. It returns
// nil when they are evidence.
func (s *session) cases(paths []string, flags ...string) ([]*casefile.Case, error) {
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
		return nil, usagef("evidence and case folders cannot be read together: give one or the other")
	}
	for _, f := range slices.Concat(readingFlags, flags) {
		if s.c.IsSet(f) {
			return nil, usagef("--%s has no effect on a case folder: give the evidence", f)
		}
	}
	var out []*casefile.Case
	for _, p := range paths {
		c, err := casefile.Open(p)
		if err != nil {
			return nil, err
		}
		for _, note := range c.Notes {
			s.note("%s", note)
		}
		for _, m := range c.Machines {
			s.machines = append(s.machines, m.OutputMachine())
		}
		out = append(out, c)
	}
	s.opened = out
	return out, nil
}

// caseRows yields the timelines of cases, of some artifacts where names are given.
// What cannot be read is damage.
func (s *session) caseRows(cases []*casefile.Case, names []string) (iter.Seq2[*output.Row, error], error) {
	list, err := selectArtifacts(names)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, a := range list {
		wanted[a.Name] = true
	}
	return func(yield func(*output.Row, error) bool) {
		for r, err := range casefile.Rows(s.c.Context, cases...) {
			if err != nil {
				if s.c.Context.Err() != nil || s.strict {
					yield(nil, cmp.Or(s.c.Context.Err(), err))
					return
				}
				s.damage(err)
				continue
			}
			if (len(names) == 0 || wanted[r.Parser]) && !yield(r, nil) {
				return
			}
		}
	}, nil
}

// newest is the time of the last event of cases.
func newest(cases []*casefile.Case) time.Time {
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

// bytesCommand is the command that shows the bytes behind an id of a machine in a
// case, and a word on where the evidence is.
func bytesCommand(c *casefile.Case, m *casefile.Machine, id string) string {
	path := m.Evidence
	s := "artifactdump explain " + path + " " + id
	_, err := os.Stat(path)
	switch {
	case err == nil:
		return s
	case errors.Is(err, os.ErrNotExist) && !filepath.IsAbs(path):
		return s + "  (in the folder where the scan was run)"
	}
	return s + "  (the evidence is not at hand here)"
}
