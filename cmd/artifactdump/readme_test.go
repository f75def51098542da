package main

import (
	"os"
	"strings"
	"testing"
)

// TestReadme compares the samples of the README with what the commands print.
// A sample is a fenced block that begins with a command; the lines below it are
// a contiguous piece of its standard output, with "…" for what was cut at both ends.
func TestReadme(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(b)
	shown := 0
	for i, block := range strings.Split(readme, "\n```") {
		command, sample, ok := strings.Cut(strings.TrimPrefix(block, "\n"), "\n")
		if i%2 == 0 || !ok || !strings.HasPrefix(command, "$ artifactdump ") {
			continue
		}
		args := strings.Fields(strings.TrimPrefix(command, "$ artifactdump "))
		for i, a := range args {
			if a == "corpus/files/incident" {
				args[i] = theIncident
			}
		}
		stdout, _, code := runArgs(t, args...)
		if code != exitOK {
			t.Errorf("%s: exit %d", command, code)
		}
		sample = strings.TrimSuffix(strings.TrimPrefix(sample, "…\n"), "\n…")
		if !strings.Contains("\n"+stdout, "\n"+sample+"\n") {
			t.Errorf("%s does not print this piece of the README:\n%s", command, sample)
		}
		shown += strings.Count(sample, "\n") + 1
	}
	if shown < 10 {
		t.Errorf("the README shows %d lines of output, want some", shown)
	}
	for _, line := range []string{"    go run ./cmd/artifactdump timeline corpus/files/incident", "    go test ./..."} {
		if !strings.Contains(readme, "\n\n"+line+"\n\n") {
			t.Errorf("the README does not have the command %q", strings.TrimSpace(line))
		}
	}
	for _, c := range newApp(nil, nil).Commands {
		if !c.Hidden && !strings.Contains(readme, "artifactdump "+c.Name) && !strings.Contains(readme, "`"+c.Name+"` print") {
			t.Errorf("the README does not name the command %s", c.Name)
		}
	}
}
