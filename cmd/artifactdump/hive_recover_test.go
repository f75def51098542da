package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHiveRecover writes the clean hive: it is not dirty any more, dumps to
// the same tree, and the evidence is as it was.
func TestHiveRecover(t *testing.T) {
	primary := theIncident + "/C/Windows/System32/config/SOFTWARE"
	before, err := os.ReadFile(primary)
	if err != nil {
		t.Fatal(err)
	}
	clean := filepath.Join(t.TempDir(), "SOFTWARE.clean")
	if _, stderr, code := runArgs(t, "hive", "recover", "-q", primary, "-o", clean); code != exitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	info, _, code := runArgs(t, "hive", "info", "-q", clean)
	if code != exitOK || !strings.Contains(info, "dirty              no") {
		t.Errorf("exit %d: the recovered hive is still dirty:\n%s", code, info)
	}
	want, _, _ := runArgs(t, "hive", "dump", "-q", primary)
	got, _, _ := runArgs(t, "hive", "dump", "-q", clean)
	if got != want || got == "" {
		t.Error("the recovered hive holds another tree")
	}
	if after, err := os.ReadFile(primary); err != nil || string(after) != string(before) {
		t.Errorf("the evidence changed: %v", err)
	}
}
