package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus"
)

// TestCollect writes a collection to a file and to standard output, never into the evidence, and scans it.
func TestCollect(t *testing.T) {
	tmp := t.TempDir()
	dir := filepath.Join(tmp, "machine")
	must(t, corpus.Incident().Write(dir))
	before := listing(t, dir)
	zip := filepath.Join(tmp, "host.zip")

	_, stderr, code := runArgs(t, "collect", dir, "-o", zip)
	if code != exitOK || !strings.Contains(stderr, "SHA-256 of the manifest: ") || !strings.Contains(stderr, " 0 in part") {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	stdout, _, code := runArgs(t, "collect", "-q", dir, "-o", "-")
	if code != exitOK || !strings.HasPrefix(stdout, "PK\x03\x04") {
		t.Errorf("to standard output: exit %d, %d bytes", code, len(stdout))
	}
	want, _, _ := runArgs(t, "timeline", "-q", "--format", "jsonl", dir)
	got, _, code := runArgs(t, "timeline", "-q", "--format", "jsonl", zip)
	if code != exitOK || got != want || len(want) < 10_000 {
		t.Errorf("timeline of the collection: exit %d, %d bytes, want %d", code, len(got), len(want))
	}

	for _, c := range []struct {
		args []string
		says string
		code int
	}{
		{[]string{"collect", dir}, "missing -o HOST.zip", exitUsage},
		{[]string{"collect", dir, "-o", zip}, "use --force", exitFailed},
		{[]string{"collect", dir, "-o", filepath.Join(dir, "x.zip")}, "inside the evidence", exitFailed},
		{[]string{"collect", dir, "-o", zip, "--force", "--max-file", "2X"}, "give a number of bytes", exitUsage},
		{[]string{"collect", dir, "-o", zip, "--force", "--max-file", "4K"}, "cut: 4096 of ", exitDamaged},
	} {
		_, stderr, code := runArgs(t, c.args...)
		if code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%v: exit %d, want %d with %q: %s", c.args[1:], code, c.code, c.says, stderr)
		}
	}
	stdout, _, code = runArgs(t, "collect", "--dry-run", "-a", "prefetch", dir)
	if code != exitOK || !strings.Contains(stdout, `C:\Windows\Prefetch\`) {
		t.Errorf("dry run: exit %d: %s", code, stdout)
	}
	if !maps.Equal(listing(t, dir), before) {
		t.Error("the evidence changed")
	}
	if _, err := os.Stat(zip); err != nil {
		t.Error(err)
	}
}
