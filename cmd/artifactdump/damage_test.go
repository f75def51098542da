package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/damage"
)

// manyBroken is evidence with so many Prefetch files that nobody can read.
func manyBroken(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{"Windows/System32", "Windows/Prefetch"} {
		if err := os.MkdirAll(filepath.Join(dir, "C", d), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		p := filepath.Join(dir, "C", "Windows", "Prefetch", fmt.Sprintf("A%06d.EXE-12345678.pf", i))
		if err := os.WriteFile(p, []byte("MAM\x04\xFF\xFF\x00\x00 this is no LZ77"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestManyDamaged reads more damaged files than a terminal should show: all of
// them are in the manifest, and -v names them.
func TestManyDamaged(t *testing.T) {
	const n = 300
	ev := manyBroken(t, n)
	_, stderr, code := runArgs(t, "timeline", ev)
	if lines := strings.Count(stderr, "damaged: "); code != exitDamaged || lines != damage.MaxFiles+1 {
		t.Errorf("timeline: exit %d, %d lines", code, lines)
	}
	if _, stderr, _ := runArgs(t, "timeline", "-v", ev); strings.Count(stderr, "damaged: ") < n {
		t.Errorf("-v: %d lines", strings.Count(stderr, "damaged: "))
	}
	dir := filepath.Join(t.TempDir(), "case")
	code, said := runs(t.Context(), ev, "-o", dir)
	if lines := strings.Count(said, "damaged: "); code != exitDamaged || lines != damage.MaxFiles+1 {
		t.Errorf("scan: exit %d, %d lines", code, lines)
	}
	m, err := scan.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, d := range m.Machines[0].Damaged {
		named[d.Path] = true
	}
	if len(named) != n {
		t.Errorf("the manifest names %d damaged files, want %d", len(named), n)
	}
}

// TestDamageBeyondManifest has more damage than a manifest lists: all of it is in
// a file beside it.
func TestDamageBeyondManifest(t *testing.T) {
	if testing.Short() {
		t.Skip("ten thousand files")
	}
	const n = 10_100
	ev := manyBroken(t, n)
	dir := filepath.Join(t.TempDir(), "case")
	if code, said := runs(t.Context(), ev, "-o", dir, "-q", "-a", "prefetch"); code != exitDamaged {
		t.Fatalf("exit %d: %s", code, said)
	}
	m, err := scan.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	h := m.Machines[0]
	b, err := os.ReadFile(filepath.Join(dir, "damaged.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for line := range strings.Lines(string(b)) {
		var d scan.Damage
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		named[d.Path] = true
	}
	if len(named) != n || strings.Count(string(b), "\n") != h.Counts.Damaged || len(h.Damaged)+h.More != h.Counts.Damaged {
		t.Errorf("%d files in %d lines; the manifest counts %d, lists %d and %d more",
			len(named), strings.Count(string(b), "\n"), h.Counts.Damaged, len(h.Damaged), h.More)
	}
	for _, o := range h.Outputs {
		if o.Name == "damaged.jsonl" && o.Rows == h.Counts.Damaged {
			return
		}
	}
	t.Error("the manifest does not name damaged.jsonl")
}
