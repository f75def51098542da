package persistence

import (
	"context"
	"io/fs"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

// Found runs one artifact over evidence and returns its records.
func Found(t testing.TB, fsys fs.FS, artifact string) ([]artifacts.Record, []*artifacts.DecodeError) {
	t.Helper()
	ev, err := evidence.OpenFS(fsys, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	return foundIn(t, ev.Trees[0], artifact)
}

// selected returns the artifacts with these names.
func selected(t testing.TB, names ...string) []*artifacts.Artifact {
	t.Helper()
	list, err := catalogue.Select(names)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func foundIn(t testing.TB, tree *evidence.Tree, artifact string) ([]artifacts.Record, []*artifacts.DecodeError) {
	t.Helper()
	results, err := artifacts.Run(context.Background(), tree, selected(t, artifact), nil)
	if err != nil {
		t.Fatal(err)
	}
	var recs []artifacts.Record
	var errs []*artifacts.DecodeError
	for res := range results {
		if res.Artifact != nil {
			recs = append(recs, res.Records...)
			errs = append(errs, res.Errors...)
		}
	}
	return recs, errs
}

// RealRecords opens one real hive or image and runs one artifact.
func RealRecords(t testing.TB, path, artifact string) []artifacts.Record {
	t.Helper()
	ev, err := evidence.Open(testtree.EvidenceDir(t)+"/"+path, nil)
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
