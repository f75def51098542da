package corpus

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Generated returns all files of the folder corpus/files, by their slash-separated names below it. The volumes of
// the incident are folders named by their drive letters.
func Generated() map[string][]byte {
	all := make(map[string][]byte)
	for name, data := range Incident().Files() {
		all[path.Join("incident/C", name)] = data
	}
	all["SHA256SUMS"] = sums(all)
	return all
}

// sums is in the form of the program sha256sum, so that "sha256sum -c SHA256SUMS" checks the folder.
func sums(files map[string][]byte) []byte {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(files[name]), name)
	}
	return []byte(b.String())
}

// Write writes the volume into dir/C, as a collection of the files of drive C: would lie.
func (m *Machine) Write(dir string) error {
	for name, data := range m.Files() {
		if err := writeFile(filepath.Join(dir, "C"), name, data); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(dir, name string, data []byte) error {
	to := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}

// WriteFiles makes the incident below dir what the source says. It touches no file
// that is so already: tests that run meanwhile read them.
func WriteFiles(dir string) error {
	files := Generated()
	for name, data := range files {
		if old, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))); err == nil && bytes.Equal(old, data) {
			continue
		}
		if err := writeFile(dir, name, data); err != nil {
			return err
		}
	}
	return filepath.WalkDir(filepath.Join(dir, "incident"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if _, ok := files[filepath.ToSlash(name)]; err == nil && !ok {
			return os.Remove(path)
		}
		return err
	})
}
