package catalogue_test

import (
	"slices"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/corpus"
)

// TestBeside reads filereferences alone: the artifacts whose records it follows are
// read beside it, and nothing of them is shown.
func TestBeside(t *testing.T) {
	ev, err := evidence.OpenFS(corpus.Incident().FS(), "incident", nil)
	if err != nil {
		t.Fatal(err)
	}
	ids := func(list []*artifacts.Artifact, opts *artifacts.Options) (out []string) {
		t.Helper()
		results, err := artifacts.Run(t.Context(), ev.Trees[0], list, opts)
		if err != nil {
			t.Fatal(err)
		}
		for res := range results {
			for _, rec := range res.Records {
				if rec.Artifact.Name == "filereferences" {
					out = append(out, rec.ID)
				} else if len(list) == 1 {
					t.Fatalf("a record of %s", rec.Artifact.Name)
				}
			}
		}
		return out
	}
	alone, err := catalogue.Select([]string{"filereferences"})
	if err != nil {
		t.Fatal(err)
	}
	want := ids(catalogue.All(), nil)
	if len(want) < 4 {
		t.Fatalf("the incident has %d references", len(want))
	}
	if got := ids(alone, &artifacts.Options{Beside: catalogue.Beside(alone)}); !slices.Equal(got, want) {
		t.Errorf("alone: %q, among all: %q", got, want)
	}
	if got := ids(alone, nil); len(got) != 0 {
		t.Errorf("without what it joins: %q", got)
	}
	if got := catalogue.Beside(catalogue.All()); len(got) != 0 {
		t.Errorf("beside all artifacts are %d", len(got))
	}
}
