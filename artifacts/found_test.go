package artifacts

import (
	"io/fs"
	"context"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"testing"
)

// found runs one artifact over evidence and returns its records.
func found(t testing.TB, fsys fs.FS, artifact string) ([]Record, []*DecodeError) {
	t.Helper()
	ev, err := evidence.OpenFS(fsys, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	return foundIn(t, ev.Trees[0], artifact)
}

// selected returns the artifacts with these names.
func selected(t testing.TB, names ...string) []*Artifact {
	t.Helper()
	list, err := Select(names)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func foundIn(t testing.TB, tree *evidence.Tree, artifact string) ([]Record, []*DecodeError) {
	t.Helper()
	results, err := Run(context.Background(), tree, selected(t, artifact), nil)
	if err != nil {
		t.Fatal(err)
	}
	var recs []Record
	var errs []*DecodeError
	for res := range results {
		if res.Artifact != nil {
			recs = append(recs, res.Records...)
			errs = append(errs, res.Errors...)
		}
	}
	return recs, errs
}

// realRecords opens one real hive or image and runs one artifact.
func realRecords(t testing.TB, path, artifact string) []Record {
	t.Helper()
	ev, err := evidence.Open(evidenceDir(t)+"/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	recs, errs := foundIn(t, ev.Trees[0], artifact)
	for _, err := range errs {
		t.Errorf("%s: %v", path, err)
	}
	return recs
}
