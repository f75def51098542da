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
	shown := 0
	event := regexp.MustCompile(`^    (20\d\d-\d\d-\d\d .*)$`)
	for line := range strings.Lines(string(readme)) {
		if m := event.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
			shown++
			if !strings.Contains(stdout, m[1]+"\n") {
				t.Errorf("the README shows a line that the command does not print:\n%s", m[1])
			}
		}
	}
	if shown == 0 {
		t.Error("the README shows no event")
	}
	for _, c := range newApp(nil, nil).Commands {
		if !c.Hidden && c.Name != "completion" && c.Name != "man" && !strings.Contains(string(readme), "artifactdump "+c.Name) {
			t.Errorf("the README does not name the command %s", c.Name)
		}
	}
}
