package searchview

import (
	"slices"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/search"
	"github.com/artifactdump/artifactdump/artifacts/search/recordsearch"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/sessiontest"
)

// find returns the ids of what a line finds in evidence or a case, and how often the
// evidence was read.
func find(t *testing.T, c *casefile.Case, line string, names ...string) (ids []string, reads int) {
	t.Helper()
	q, err := search.Parse(line)
	if err != nil {
		t.Fatal(err)
	}
	o := session.Options{Names: names, Full: true}
	s, said := sessiontest.New(o)
	x := Finder{Session: s, Find: &recordsearch.Search{Query: q}, Again: func() *session.Session {
		reads++
		again, _ := sessiontest.New(session.Options{Names: names})
		return again
	}}
	x.Hit = func(h *recordsearch.Hit) error { ids = append(ids, h.Line.ID); return nil }
	if c != nil {
		err = x.InCase(t.Context(), c)
	} else {
		err = x.InEvidence(t.Context(), sessiontest.Incident)
	}
	if err != nil || x.Found != len(ids) || x.Read < x.Found {
		t.Fatalf("%s: %v: %d of %d, %d hits; %s", line, err, x.Found, x.Read, len(ids), said)
	}
	slices.Sort(ids)
	return ids, reads
}

// TestFind finds the same records in evidence and in its case, and reads evidence twice
// only for what the findings and the timeline know.
func TestFind(t *testing.T) {
	c, err := casefile.Open(sessiontest.Case(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []struct {
		line  string
		names []string
		same  bool // a case holds all of them, and not only what is shown by default
		reads int
	}{
		{"psexesvc", nil, false, 0},
		{"psexesvc artifact:prefetch", nil, true, 0},
		{"psexesvc", []string{"prefetch"}, true, 0},
		{"level:high+ artifact:prefetch", nil, true, 1},
		{"around:2026-03-06T18:09:02±1m artifact:prefetch", nil, true, 1},
	} {
		evidence, reads := find(t, nil, q.line, q.names...)
		kept, _ := find(t, c, q.line, q.names...)
		if q.same && !slices.Equal(evidence, kept) || len(kept) == 0 || len(kept) > len(evidence) {
			t.Errorf("%s: %v of evidence, %v of the case", q.line, evidence, kept)
		}
		if reads != q.reads {
			t.Errorf("%s: read again %d times, want %d", q.line, reads, q.reads)
		}
	}
	if ids, _ := find(t, c, "no-such-word-anywhere"); len(ids) > 0 {
		t.Errorf("%v", ids)
	}
	s, _ := sessiontest.New(session.Options{Names: []string{"x"}})
	x := Finder{Session: s, Find: &recordsearch.Search{}}
	if err := x.InCase(t.Context(), c); err == nil {
		t.Error("an unknown artifact is searched in a case")
	}
}
