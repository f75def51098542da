package corpus

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"slices"
	"testing"
)

// What lies in the repository is what the source writes, byte for byte, and nothing else lies there.
func TestFiles(t *testing.T) {
	want := Generated()
	err := fs.WalkDir(os.DirFS("files"), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile("files/" + name)
		if err != nil {
			return err
		}
		switch w, ok := want[name]; {
		case !ok:
			t.Errorf("files/%s is not written by this package", name)
		case !bytes.Equal(data, w):
			t.Errorf("files/%s differs from what this package writes; go generate ./corpus", name)
		}
		delete(want, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		t.Errorf("files/%s is missing; go generate ./corpus", name)
	}
}
