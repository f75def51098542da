package scan_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/scan"
)

// TestMFT: with all records of $MFT and of the change journal a case has the same rows
// and findings as without, and all records beside those that are shown.
func TestMFT(t *testing.T) {
	files := []string{"timeline.jsonl", "findings.jsonl", "programs.jsonl", "records/mft.jsonl", "records/usnjrnl.jsonl"}
	run := func(all bool) map[string][]byte {
		dir := filepath.Join(t.TempDir(), "case")
		o := scan.Options{Evidence: []string{"../../corpus/files/incident"}, Dir: dir, MFT: all}
		if _, err := scan.Run(t.Context(), o, scan.Silent{}); err != nil && !errors.Is(err, scan.ErrDamaged) {
			t.Fatal(err)
		}
		out := map[string][]byte{}
		for _, name := range files {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			out[name] = b
		}
		return out
	}
	some, all := run(false), run(true)
	for _, name := range files[:3] {
		if !bytes.Equal(some[name], all[name]) {
			t.Errorf("%s differs", name)
		}
	}
	for _, name := range files[3:] {
		shown := map[string]bool{}
		for l := range bytes.Lines(some[name]) {
			shown[string(l)] = true
		}
		n := 0
		for l := range bytes.Lines(all[name]) {
			n++
			delete(shown, string(l))
		}
		if n < 150 || n <= bytes.Count(some[name], []byte("\n")) || len(shown) > 0 {
			t.Errorf("%s: %d records, %d of those that are shown are missing", name, n, len(shown))
		}
	}
}
