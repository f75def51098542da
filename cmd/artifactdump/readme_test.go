package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestReadme holds what the README shows to what its first command prints, and
// the commands it lists to those there are.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	stdout, _, code := runArgs(t, "timeline", theIncident)
	if code != exitOK {
		t.Errorf("exit %d", code)
	}
	// The sample is one piece of the output, without a gap.
	event := regexp.MustCompile(`^    (\d\d:\d\d:\d\d\.\d\d\d .*)$`)
	var sample strings.Builder
	shown := 0
	for line := range strings.Lines(string(readme)) {
		if m := event.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
			shown++
			sample.WriteString(m[1] + "\n")
		}
	}
	if shown < 3 || !strings.Contains(stdout, sample.String()) {
		t.Errorf("the README shows %d lines that are not a piece of what the command prints:\n%s", shown, sample.String())
	}
	for _, c := range newApp(nil, nil).Commands {
		if !c.Hidden && c.Name != "completion" && c.Name != "man" && !strings.Contains(string(readme), "artifactdump "+c.Name) {
			t.Errorf("the README does not name the command %s", c.Name)
		}
	}
}
