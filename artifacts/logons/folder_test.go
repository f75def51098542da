package logons

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/output/files"
)

// TestFolders: the formats of several files write into a folder on a disk as the
// command does, not only into memory.
func TestFolders(t *testing.T) {
	a := intrusion().Analyse()
	for _, f := range Formats() {
		if f.Files == nil {
			continue
		}
		dir := filepath.Join(t.TempDir(), "graph")
		err := files.WriteFolder(dir, func(create func(string) (io.Writer, error)) error { return f.Files(create, a, nil) })
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		for _, name := range []string{"nodes.csv", "edges.csv"} {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Errorf("%s: %v", f.Name, err)
				continue
			}
			check(t, f.Name+" "+name, f.Name, b)
		}
	}
}
