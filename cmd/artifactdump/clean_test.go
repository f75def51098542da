package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestLineBreaksInNames puts line breaks into every name that a hive has: no
// line of what is said begins with what stands behind them.
func TestLineBreaksInNames(t *testing.T) {
	testcost.Again(t)
	const forged = "a\nforged: "
	h := regf.New("ROOT", time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	h.FileName = forged + "file"
	sub := h.Root.Sub(forged+"key").Set(forged+"value", regf.String(forged+"data"))
	sub.Class = forged + "class"
	h.Root.Sub(`Select`).Set("Current", regf.DWord(1))
	h.Root.Sub(`ControlSet001\Control\ComputerName\ComputerName`).Set("ComputerName", regf.String(forged+"host"))
	h.Root.Sub(`ControlSet001\Services\`+forged+"service").Set("ImagePath", regf.String(forged+"image")).Set("Start", regf.DWord(2)).Set("Type", regf.DWord(16))
	root := t.TempDir()
	config := filepath.Join(root, "Windows", "System32", "config")
	file := filepath.Join(config, "SYSTEM")
	if err := os.MkdirAll(config, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, h.Build(), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"hive", "info", file}, {"hive", "ls", file}, {"hive", "ls", "-r", file}, {"hive", "find", file, "a"}, {"hive", "dump", file}, {"hive", "get", file, forged + "key", forged + "value"},
		{"hive", "deleted", file}, {"timeline", root}, {"dump", root}, {"dump", "--format", "lines", root}, {"findings", root}, {"verify", root},
		{"scan", root, "-o", filepath.Join(t.TempDir(), "one")}, {"scan", root, theIncident, "-v", "-o", filepath.Join(t.TempDir(), "two")},
	} {
		stdout, stderr, code := runArgs(t, args...)
		if code != exitOK && code != exitDamaged {
			t.Errorf("%s: exit %d: %s", args, code, stderr)
		}
		for line := range strings.Lines(stdout + stderr) {
			if strings.HasPrefix(line, "forged") {
				t.Errorf("%q: a line of its own: %q", args, line)
			}
		}
	}
}
