package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// largeInputs are fuzz targets whose smallest useful input is larger than a kept one may be.
var largeInputs = map[string]bool{
	"artifacts/formats/wmi FuzzOpen":      true, // three files of pages
	"artifacts/formats/searchdb FuzzRead": true,
	"artifacts/formats/browser FuzzRead":  true,
	"artifacts/formats/ntfs FuzzJournal":  true,
}

// TestFuzzCorpora wants inputs in the repository for each fuzz target: at most sixteen, none
// of more than 64 KiB. go test runs them, and .ci/fuzz begins with them.
func TestFuzzCorpora(t *testing.T) {
	const root = "../.."
	target := regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)
	targets := 0
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range target.FindAllSubmatch(b, -1) {
			dir := filepath.Join(filepath.Dir(path), "testdata", "fuzz", string(m[1]))
			rel, _ := filepath.Rel(root, filepath.Dir(path))
			name := filepath.ToSlash(rel) + " " + string(m[1])
			targets++
			list, err := os.ReadDir(dir)
			if err != nil && !largeInputs[name] || err == nil && (len(list) == 0 || len(list) > 16) {
				t.Errorf("%s: %d inputs (%v); want 1 to 16", name, len(list), err)
			}
			for _, f := range list {
				if st, err := f.Info(); err != nil || st.Size() > 64<<10 {
					t.Errorf("%s: %s is too large to keep (%v)", name, f.Name(), err)
				}
			}
		}
		return nil
	})
	if err != nil || targets < 100 {
		t.Errorf("%d targets: %v", targets, err)
	}
}
