package timelineview

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/sessiontest"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/timespan"
)

// read returns the lines of the timeline of a path, as JSON lines.
func read(t *testing.T, path string, names []string, from, to, last string) []string {
	t.Helper()
	span, err := timespan.Parse(from, to, last)
	if err != nil {
		t.Fatal(err)
	}
	var sorter output.Sorter
	defer sorter.Close()
	shown, err := events.ParseFilter("")
	if err != nil {
		t.Fatal(err)
	}
	s, said := sessiontest.New(session.Options{Names: names, Hides: shown.Quiet})
	s.Quiet = true
	rows, err := Rows(t.Context(), s, []string{path}, &sorter, span)
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	var b bytes.Buffer
	jsonl, _ := output.Lookup("jsonl")
	if err := Write(t.Context(), s.Log, jsonl.Events(&b, nil), rows); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

// TestRows gives the same rows of evidence and of its case, in every span.
func TestRows(t *testing.T) {
	dir := sessiontest.Case(t)
	all := 0
	for _, span := range [][3]string{{}, {"2026-03-06", "2026-03-06"}, {"", "", "2h"}} {
		evidence, kept := read(t, sessiontest.Incident, nil, span[0], span[1], span[2]), read(t, dir, nil, span[0], span[1], span[2])
		if len(evidence) != len(kept) {
			t.Fatalf("%v: %d rows of evidence, %d of the case", span, len(evidence), len(kept))
		}
		for i := range kept {
			if evidence[i] != kept[i] {
				t.Fatalf("%v: row %d\n%s\nbut of the case\n%s", span, i, evidence[i], kept[i])
			}
		}
		if span == [3]string{} {
			all = len(kept)
		} else if len(kept) == 0 || len(kept) >= all {
			t.Errorf("%v: %d rows of %d", span, len(kept), all)
		}
	}
	if n := len(read(t, dir, []string{"prefetch"}, "", "", "")); n == 0 || n >= all {
		t.Errorf("%d rows of prefetch", n)
	}
}

// A noter takes no row, and has something to note.
type noter struct{ rows int }

func (n *noter) Event(*output.Row) error { n.rows++; return nil }
func (n *noter) Close() error            { return nil }
func (n *noter) Notes() []string         { return []string{"100%d"} }

func TestWrite(t *testing.T) {
	bad := errors.New("bad row")
	of := func(n int, last error) iter.Seq2[*output.Row, error] {
		return func(yield func(*output.Row, error) bool) {
			for range n {
				if !yield(&output.Row{}, nil) {
					return
				}
			}
			if last != nil {
				yield(nil, last)
			}
		}
	}
	s, said := sessiontest.New(session.Options{})
	w := &noter{}
	if err := Write(t.Context(), s.Log, w, of(3, nil)); err != nil || w.rows != 3 || said.String() != "note: 100%d\n" {
		t.Errorf("%v, %d rows, %q", err, w.rows, said)
	}
	said.Reset()
	if err := Write(t.Context(), s.Log, w, of(0, nil)); err != nil || !strings.HasPrefix(said.String(), "note: no events\n") {
		t.Errorf("%v, %q", err, said)
	}
	if err := Write(t.Context(), s.Log, w, of(1, bad)); !errors.Is(err, bad) {
		t.Errorf("%v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Write(gone, s.Log, w, of(2000, nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
