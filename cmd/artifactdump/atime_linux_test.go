package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// accessed returns the access times of all files and folders below a folder.
func accessed(t *testing.T, dir string) map[string]time.Time {
	t.Helper()
	out := map[string]time.Time{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := os.Stat(p)
		if err == nil {
			sec, nsec := st.Sys().(*syscall.Stat_t).Atim.Unix()
			out[p] = time.Unix(sec, nsec)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// age makes everything below a folder last read long ago, so that a system that
// notes every first read does.
func age(t *testing.T, dir string) {
	t.Helper()
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(p, old, old.Add(time.Hour))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAccessTimes reads evidence by commands that name single files: it is not
// seen in the access times.
func TestAccessTimes(t *testing.T) {
	testcost.Again(t)
	ev := incident(t)
	pf := filepath.Join(ev, "C/Windows/Prefetch")
	software := filepath.Join(ev, "C/Windows/System32/config/SOFTWARE")
	age(t, ev)
	if _, err := os.ReadFile(software); err != nil {
		t.Fatal(err)
	}
	if accessed(t, ev)[software].Year() == 2020 {
		t.Skip("the file system notes no access times")
	}
	list, err := filepath.Glob(filepath.Join(pf, "*.pf"))
	if err != nil || len(list) == 0 {
		t.Fatalf("no Prefetch file (%v)", err)
	}
	for _, args := range [][]string{
		{"prefetch", pf},
		{"prefetch", list[0]},
		{"hive", "info", software},
		{"hive", "recover", software, "-o", filepath.Join(t.TempDir(), "clean")},
		{"timeline", list[0]},
		{"dump", "-a", "services", "--hive", software},
		{"inspect", "--as", "evtx", software},
		{"scan", ev, "-a", "prefetch", "-o", filepath.Join(t.TempDir(), "case")},
	} {
		age(t, ev)
		if _, stderr, code := runArgs(t, args...); code == exitUsage {
			t.Errorf("%v: exit %d: %s", args, code, stderr)
		}
		for p, at := range accessed(t, ev) {
			if st, err := os.Stat(p); err == nil && st.Mode().IsRegular() && at.Year() != 2020 {
				t.Errorf("%v: %s was read at %s", args, p, at)
			}
		}
	}
}
