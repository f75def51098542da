package persistence

import (
	"io/fs"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

// found runs one artifact of the chapter over evidence.
func found(t testing.TB, fsys fs.FS, name string) ([]artifacts.Record, []*artifacts.DecodeError) {
	t.Helper()
	return testtree.Found(t, fsys, testtree.Named(t, Artifacts(), name))
}

// realRecords runs one artifact of the chapter over real evidence.
func realRecords(t testing.TB, path, name string) []artifacts.Record {
	t.Helper()
	return testtree.RealRecords(t, path, testtree.Named(t, Artifacts(), name))
}
