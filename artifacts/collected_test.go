package artifacts_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/collector"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/corpus"
)

// TestCollected scans evidence and a collection of it: the records, their places and the errors are the same.
func TestCollected(t *testing.T) {
	t.Run("folder", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "machine")
		if err := corpus.Incident().Write(dir); err != nil {
			t.Fatal(err)
		}
		sameCollected(t, dir)
	})
	t.Run("image with shadow copies", func(t *testing.T) {
		sameCollected(t, shadowImage(t, shadowStates()))
	})
}

// sameCollected collects twice: the source, and then the collection.
func sameCollected(t *testing.T, source string) {
	t.Helper()
	want := allRecords(t, source)
	if len(want) < 100 {
		t.Fatalf("%d records", len(want))
	}
	first := collectTo(t, source)
	sameLines(t, "collection", want, allRecords(t, first))
	sameLines(t, "collection of the collection", want, allRecords(t, collectTo(t, first)))
}

func sameLines(t *testing.T, what string, want, got []string) {
	t.Helper()
	count := map[string]int{}
	for _, l := range want {
		count[l]++
	}
	for _, l := range got {
		count[l]--
	}
	bad := 0
	for l, n := range count {
		if n == 0 {
			continue
		}
		if bad++; bad < 6 {
			t.Errorf("%s: %+d times: %.600s", what, -n, l)
		}
	}
	if bad > 0 {
		t.Errorf("%s: %d lines differ of %d", what, bad, len(want))
	}
}

// collectTo writes a collection of the source and returns its path.
func collectTo(t *testing.T, source string) string {
	t.Helper()
	var b bytes.Buffer
	s := collectInto(t, source, &b)
	if s.Partial > 0 {
		t.Errorf("%d files in part", s.Partial)
	}
	name := filepath.Join(t.TempDir(), "host.zip")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func collectInto(t testing.TB, source string, w io.Writer) *collector.Summary {
	t.Helper()
	ev, err := evidence.Open(source, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	when := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	s, err := collector.Collect(context.Background(), ev, w, &collector.Options{
		Artifacts: catalogue.All(), Now: func() time.Time { return when }, Damage: func(err error) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// allRecords returns everything that a run says: records with their ids, places and events, and errors.
func allRecords(t *testing.T, source string) []string {
	t.Helper()
	ev, err := evidence.Open(source, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	var out []string
	for _, tree := range ev.Trees {
		for _, err := range tree.Problems() {
			t.Errorf("%s: %v", source, err)
		}
		results, err := artifacts.Run(context.Background(), tree, catalogue.All(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for res := range results {
			for _, err := range res.Errors {
				out = append(out, "error: "+err.Error())
			}
			for _, n := range res.Notes {
				out = append(out, "note: "+n)
			}
			for i := range res.Records {
				out = append(out, recordLine(t, &res.Records[i]))
			}
		}
	}
	return out
}

func recordLine(t *testing.T, r *artifacts.Record) string {
	t.Helper()
	b, err := json.Marshal(struct {
		Artifact, ID, Host string
		User               evidence.User
		From               artifacts.Locator
		Data               any
	}{r.Artifact.Name, r.ID, r.Host, r.User, r.From, r.Data})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range r.Events() {
		b = e.Time.AppendFormat(append(b, ' '), time.RFC3339Nano)
	}
	return string(b)
}
