package main

import (
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
)

// What several tests read and none changes is made once, in a folder that TestMain
// removes.
var shared struct {
	sync.Mutex
	dir  string
	made map[string]bool
}

// sharedFolder returns the shared folder of a name, which the first test that asks for
// it makes.
func sharedFolder(t *testing.T, name string, write func(dir string)) string {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.dir == "" {
		dir, err := os.MkdirTemp("", "artifactdump-shared")
		must(t, err)
		shared.dir, shared.made = dir, map[string]bool{}
	}
	dir := filepath.Join(shared.dir, name)
	if !shared.made[name] {
		must(t, os.RemoveAll(dir)) // of a test that failed while it wrote
		write(dir)
		shared.made[name] = true
	}
	return dir
}

// sameIncidents are n folders with the corpus's machine, for tests that leave evidence
// as it is.
func sameIncidents(t *testing.T, n int) (evidence []string) {
	t.Helper()
	for i := range n {
		evidence = append(evidence, sharedFolder(t, "machine"+strconv.Itoa(i+1), func(dir string) {
			writeIncident(t, dir)
		}))
	}
	return evidence
}

// undisturbed returns n machines and their case as it is when nothing goes wrong.
func undisturbed(t *testing.T, n int) (evidence []string, want string) {
	t.Helper()
	evidence = sameIncidents(t, n)
	return evidence, sharedFolder(t, "case of "+strconv.Itoa(n), func(dir string) {
		if code, said := runs(t.Context(), append(evidence, "-o", dir, "-q")...); code != exitOK {
			t.Fatalf("exit %d: %s", code, said)
		}
	})
}

// scannedIncident is a case folder of the incident, for tests that leave it as it is.
func scannedIncident(t *testing.T) string {
	t.Helper()
	return sharedFolder(t, "case", func(dir string) {
		if _, stderr, code := runArgs(t, "scan", "-q", "-o", dir, theIncident); code != exitOK {
			t.Fatal(code, stderr)
		}
	})
}
