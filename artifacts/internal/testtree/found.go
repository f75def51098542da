package testtree

import (
	"context"
	"io/fs"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// Named returns the artifact of a list with this name.
func Named(t testing.TB, list []*artifacts.Artifact, name string) *artifacts.Artifact {
	t.Helper()
	for _, a := range list {
		if a.Name == name {
			return a
		}
	}
	t.Fatalf("no artifact is named %q", name)
	return nil
}

// Found runs one artifact over evidence and returns its records.
func Found(t testing.TB, fsys fs.FS, a *artifacts.Artifact) ([]artifacts.Record, []*artifacts.DecodeError) {
	t.Helper()
	ev, err := evidence.OpenFS(fsys, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	return FoundIn(t, ev.Trees[0], a)
}

// FoundIn runs one artifact over a tree and returns its records.
func FoundIn(t testing.TB, tree *evidence.Tree, a *artifacts.Artifact) ([]artifacts.Record, []*artifacts.DecodeError) {
	t.Helper()
	results, err := artifacts.Run(context.Background(), tree, []*artifacts.Artifact{a}, nil)
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
func RealRecords(t testing.TB, path string, a *artifacts.Artifact) []artifacts.Record {
	t.Helper()
	ev, err := evidence.Open(EvidenceDir(t)+"/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	recs, errs := FoundIn(t, ev.Trees[0], a)
	for _, err := range errs {
		t.Errorf("%s: %v", path, err)
	}
	return recs
}
