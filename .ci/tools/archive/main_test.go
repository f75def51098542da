package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSameBytes packs two copies of the same files that differ in times and rights.
func TestSameBytes(t *testing.T) {
	const stamp = "2026-03-08T01:02:04Z"
	for _, ext := range []string{".tar.gz", ".zip"} {
		var all [][]byte
		for i := range 2 {
			dir := t.TempDir()
			for name, text := range map[string]string{"program": "binary", "docs/b.md": "b", "docs/a/c.md": "c", "LICENSE": "l"} {
				p := filepath.Join(dir, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(p, []byte(text), []os.FileMode{0o600, 0o664}[i]); err != nil {
					t.Fatal(err)
				}
				old := time.Unix(int64(1e9+i*1e6), 0)
				if err := os.Chtimes(p, old, old); err != nil {
					t.Fatal(err)
				}
			}
			out := filepath.Join(dir, "a"+ext)
			args := []string{"artifactdump=" + filepath.Join(dir, "program"), filepath.Join(dir, "docs"), filepath.Join(dir, "LICENSE")}
			if i == 1 {
				slices.Reverse(args)
			}
			if err := run(out, "artifactdump-1", stamp, args); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, b)
		}
		if !bytes.Equal(all[0], all[1]) {
			t.Errorf("%s: two runs give different bytes", ext)
		}
		want := "artifactdump-1/LICENSE -rw-r--r-- l, artifactdump-1/artifactdump -rwxr-xr-x binary, " +
			"artifactdump-1/docs/a/c.md -rw-r--r-- c, artifactdump-1/docs/b.md -rw-r--r-- b"
		if got := listing(t, ext, all[0], stamp); got != want {
			t.Errorf("%s holds %s\nwant %s", ext, got, want)
		}
	}
}

// TestTwoOfOneName: one of the two would be lost when the archive is unpacked.
func TestTwoOfOneName(t *testing.T) {
	dir := t.TempDir()
	p := filepath.Join(dir, "a")
	if err := os.WriteFile(p, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := run(filepath.Join(dir, "o.zip"), "r", "2026-03-08T01:02:04Z", []string{p, "a=" + p}); err == nil {
		t.Error("two files of one name are packed")
	}
}

func listing(t *testing.T, ext string, b []byte, stamp string) string {
	t.Helper()
	var lines []string
	entry := func(name string, mode os.FileMode, when time.Time, r io.Reader) {
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if when.UTC().Format(time.RFC3339) != stamp {
			t.Errorf("%s has the time %v", name, when)
		}
		lines = append(lines, name+" "+mode.String()+" "+string(text))
	}
	if ext == ".zip" {
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			entry(f.Name, f.Mode(), f.Modified, r)
		}
		return strings.Join(lines, ", ")
	}
	g, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(g); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return strings.Join(lines, ", ")
		}
		if err != nil {
			t.Fatal(err)
		}
		entry(h.Name, h.FileInfo().Mode(), h.ModTime, r)
	}
}
