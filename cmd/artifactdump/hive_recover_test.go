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

// TestHiveRecoverBeside refuses to write into the folder of the hive, by whatever
// name.
func TestHiveRecoverBeside(t *testing.T) {
	b, err := os.ReadFile(theIncident + "/C/Windows/System32/config/SOFTWARE")
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	dir := filepath.Join(tmp, "config")
	if err := os.MkdirAll(filepath.Join(dir, "RegBack"), 0o777); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(tmp, "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Skip(err)
	}
	file := filepath.Join(dir, "SOFTWARE")
	if err := os.WriteFile(file, b, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		filepath.Join(dir, "clean"), filepath.Join(dir, "RegBack", "clean"), filepath.Join(link, "clean"), file,
	} {
		_, stderr, code := runArgs(t, "hive", "recover", "-q", "--force", file, "-o", name)
		if code != exitFailed || !strings.Contains(stderr, "never written to") {
			t.Errorf("%s: exit %d: %s", name, code, stderr)
		}
	}
	if got := listing(t, dir); len(got) != 1 || got["SOFTWARE"] != string(b) {
		t.Errorf("the folder of the hive has %d files", len(got))
	}
	stdout, stderr, code := runArgs(t, "hive", "recover", "-q", file, "-o", "-")
	if code != exitOK || !strings.HasPrefix(stdout, "regf") {
		t.Errorf("to standard output: exit %d: %s", code, stderr)
	}
}
