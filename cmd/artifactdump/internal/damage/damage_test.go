package damage

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
)

// TestDamageList names files, problems of one file, and what is too much.
func TestDamageList(t *testing.T) {
	problem := func(path, key string) error {
		return &artifacts.DecodeError{Artifact: "services", From: artifacts.Locator{Path: path, Key: key}, Err: errors.New("broken")}
	}
	var l List
	add := func(label string, err error) {
		if label != "" {
			err = fmt.Errorf("%s: %w", label, err)
		}
		lead, file := FileOf(err)
		l.Add(lead, file, err)
	}
	add("", problem(`C:\one`, "K"))
	add("PC-2", problem(`C:\one`, "K"))
	add("PC-2", problem(`C:\two`, "K"))
	add("PC-2", problem(`C:\two`, "L"))
	add("", errors.New("a folder cannot be listed"))
	add("", errors.New("a folder cannot be listed"))
	want := []string{
		`services: C:\one K: broken`,
		`PC-2: services: C:\one K: broken`,
		`PC-2: C:\two: 2 problems: services: K: broken; services: L: broken`,
		"a folder cannot be listed",
	}
	if got := l.Take(); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := l.Take(); got != nil {
		t.Errorf("again: %q", got)
	}
	for i := range MaxFiles + 7 {
		for range MaxProblems + 3 {
			add("", problem(fmt.Sprint(`C:\`, i), "K"))
		}
	}
	got := l.Take()
	if len(got) != MaxFiles+1 || strings.Count(got[0], "; ") != MaxProblems || !strings.HasSuffix(got[0], "; and 3 more (-v prints all)") {
		t.Errorf("%d entries, the first %q", len(got), got[0])
	}
	if want := fmt.Sprintf("%d problems in further files (-v prints all)", 7*(MaxProblems+3)); got[MaxFiles] != want {
		t.Errorf("%q, want %q", got[MaxFiles], want)
	}
}
