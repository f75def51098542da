package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestTopLevel holds the names at the top of the repository to those that
// docs/design.md allows. A generator that runs in the wrong folder leaves its files there.
func TestTopLevel(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git is not installed")
	}
	out, err := exec.Command(git, "-C", "../..", "ls-tree", "--name-only", "HEAD").Output()
	if err != nil {
		t.Skipf("not in a repository: %v", err)
	}
	allowed := []string{".ci", ".github", ".gitignore", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md", "artifacts", "cmd", "corpus",
		"docs", "go.mod", "go.sum", "hive", "prefetch"}
	for name := range strings.FieldsSeq(string(out)) {
		if !slices.Contains(allowed, name) {
			t.Errorf("%s is at the top level", name)
		}
	}
}
