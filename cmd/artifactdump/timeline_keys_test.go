package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestTimelineKeys adds every key to a timeline, and only when it is asked to.
func TestTimelineKeys(t *testing.T) {
	testcost.Again(t)
	const incident = "../../corpus/files/incident"
	plain, _, code := runArgs(t, "timeline", "--format", "jsonl", incident)
	if code != exitOK {
		t.Fatalf("exit %d", code)
	}
	keys, _, _ := runArgs(t, "timeline", "--keys", "--format", "jsonl", incident)
	const kind = `"windows:registry:key_value"`
	if n := strings.Count(plain, kind); n != 0 {
		t.Errorf("%d keys without --keys", n)
	}
	if n := strings.Count(keys, kind); n < 500 || strings.Count(keys, "\n")-n != strings.Count(plain, "\n") {
		t.Errorf("%d keys; %d other rows, want %d", n, strings.Count(keys, "\n")-n, strings.Count(plain, "\n"))
	}
	for line := range strings.Lines(keys) {
		if !strings.Contains(line, kind) {
			continue
		}
		var row struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil || row.ID == "" {
			t.Fatalf("%v: %s", err, line)
		}
		if out, stderr, code := runArgs(t, "explain", incident, row.ID); code != exitOK || !strings.Contains(out, "registrykeys") {
			t.Errorf("explain %s: exit %d, %q %q", row.ID, code, out, stderr)
		}
		break
	}
}

// TestDumpAnyFile reads a file under any name as the artifact that -a names; a name
// of a chapter does not do.
func TestDumpAnyFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "no name")
	if err := os.WriteFile(file, []byte("203.0.113.9 update.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, code := runArgs(t, "dump", "-a", "hosts", "--format", "lines", file)
	if code != exitOK || !strings.Contains(out, "update.example") {
		t.Errorf("exit %d: %q", code, out)
	}
	for _, args := range [][]string{{"dump", file}, {"dump", "-a", "communication", file}, {"timeline", "-a", "hosts", file}} {
		if out, stderr, code := runArgs(t, args...); code == exitOK || !strings.Contains(stderr, "nothing recognised") {
			t.Errorf("%v: exit %d, %q %q", args, code, out, stderr)
		}
	}
}
