package corpus

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
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

// A machine of some cases has their files and no others, and serves them.
// TestWriteFiles writes again what is wrong and what is missing, takes away what does
// not belong there, and leaves the rest alone.
func TestWriteFiles(t *testing.T) {
	dir := t.TempDir()
	if err := WriteFiles(dir); err != nil {
		t.Fatal(err)
	}
	want := Generated()
	names := slices.Sorted(maps.Keys(want))
	kept, wrong, missing := filepath.Join(dir, names[0]), filepath.Join(dir, names[1]), filepath.Join(dir, names[2])
	extra := filepath.Join(filepath.Dir(missing), "extra")
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	if err := errors.Join(os.Chtimes(kept, old, old), os.WriteFile(wrong, []byte("x"), 0o600), os.Remove(missing), os.WriteFile(extra, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := WriteFiles(dir); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n++
		name, _ := filepath.Rel(dir, path)
		if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, want[filepath.ToSlash(name)]) {
			t.Errorf("%s is not as it is generated", name)
		}
		return nil
	})
	if err != nil || n != len(want) {
		t.Errorf("%d files, want %d (%v)", n, len(want), err)
	}
	if st, err := os.Stat(kept); err != nil || !st.ModTime().Equal(old) {
		t.Errorf("%s was written again", kept)
	}
}

func TestWith(t *testing.T) {
	m := NewMachine().With("hosts", "users")
	data, err := fs.ReadFile(m.FS(), "Windows/System32/drivers/etc/hosts")
	if err != nil || !bytes.Equal(data, m.Files()["Windows/System32/drivers/etc/hosts"]) {
		t.Errorf("hosts: %d bytes, %v", len(data), err)
	}
	for _, path := range m.Paths() {
		if path == systemHive || path == softwareHive {
			t.Errorf("%s is there", path)
		}
	}
	dir := t.TempDir()
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir + "/C/Users/daniel/NTUSER.DAT.LOG1"); err != nil {
		t.Error(err)
	}
}

func TestCases(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range Cases {
		if c.Artifact == "" || seen[c.Artifact] || c.Write == nil || len(c.About) < 10 || c.About[len(c.About)-1] != '.' {
			t.Errorf("case %q: a unique name and a sentence are wanted", c.Artifact)
		}
		seen[c.Artifact] = true
	}
}
