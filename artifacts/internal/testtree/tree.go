package testtree

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// tree opens the files that a corpus machine wrote.
func Tree(t testing.TB, files map[string][]byte) *evidence.Tree {
	t.Helper()
	m := fstest.MapFS{}
	for name, b := range files {
		m[name] = &fstest.MapFile{Data: b}
	}
	return OpenFS(t, m)
}

func OpenFS(t testing.TB, fsys fs.FS) *evidence.Tree {
	t.Helper()
	ev, err := evidence.OpenFS(fsys, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	return ev.Trees[0]
}
