package artifacts_test

import (
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
)

// A hive that is too damaged to show its kind is named all the same: it may be
// one that was asked for. Where no hive was asked for, it is of no concern.
func TestLooseHiveUnreadable(t *testing.T) {
	heap := fstest.MapFS{"SYSTEM": &fstest.MapFile{Data: append([]byte("regf"), make([]byte, 1996)...)}}
	ev, err := evidence.OpenFS(heap, "heap", nil)
	if err != nil {
		t.Fatal(err)
	}
	for artifact, want := range map[string]int{"services": 1, "prefetch": 0} {
		results, err := artifacts.Run(t.Context(), ev.Trees[0], casetest.Selected(t, artifact), nil)
		if err != nil {
			t.Fatal(err)
		}
		var errs []*artifacts.DecodeError
		for res := range results {
			errs = append(errs, res.Errors...)
		}
		if len(errs) != want {
			t.Errorf("-a %s: errors %v, want %d", artifact, errs, want)
		}
	}
}
