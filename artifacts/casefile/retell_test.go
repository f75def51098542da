package casefile

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/lists"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/story"
)

// TestRetell demands that the records of a case tell the story that the scan told, and
// that a list adds to it what the list says.
func TestRetell(t *testing.T) {
	_, m := open(t, scanned(t))
	damage := func(err error) { t.Error(err) }
	r, err := m.Findings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	told, err := m.Story(t.Context(), damage)
	if err != nil || told == nil {
		t.Fatal(told, err)
	}
	model, err := m.Programs(t.Context(), damage)
	if err != nil {
		t.Fatal(err)
	}
	again, err := m.Retell(t.Context(), r, model, story.DefaultGap, damage)
	if err != nil {
		t.Fatal(err)
	}
	var want, got bytes.Buffer
	if err = told.WriteJSON(&want); err == nil {
		err = again.WriteJSON(&got)
	}
	if err != nil || want.String() != got.String() {
		t.Errorf("the story of the scan (%v):\n%s\nfrom its records:\n%s", err, &want, &got)
	}
	file := filepath.Join(t.TempDir(), "names.txt")
	if err := os.WriteFile(file, []byte("mspaint.exe\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	set := new(lists.Set)
	if err := set.Add(file, lists.Indicators, nil); err != nil {
		t.Fatal(err)
	}
	set.Prepare()
	if r, model, err = m.Compare(t.Context(), set, damage); err != nil {
		t.Fatal(err)
	}
	with, err := m.Retell(t.Context(), r, model, story.DefaultGap, damage)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := with.WriteText(&text, "en"); err != nil || !strings.Contains(text.String(), "mspaint.exe") {
		t.Errorf("the story with the list (%v):\n%s", err, &text)
	}
}

// TestKnownRows compares a case with a list of known files: rows of these files get a
// tag, but neither settings nor what a finding quotes.
func TestKnownRows(t *testing.T) {
	c, m := open(t, scanned(t))
	damage := func(err error) { t.Error(err) }
	model, err := m.Programs(t.Context(), damage)
	if err != nil {
		t.Fatal(err)
	}
	file, list := filepath.Join(t.TempDir(), "good.csv"), "sha1,filename\n"
	for _, p := range model.Programs {
		for i := range p.Files {
			if s := p.Files[i].SHA1; s != "" {
				list += s + "," + p.Base() + "\n"
			}
		}
	}
	if err := os.WriteFile(file, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	set := new(lists.Set)
	if err := set.Add(file, lists.Good, nil); err != nil {
		t.Fatal(err)
	}
	set.Prepare()
	x, err := Compare(t.Context(), []*Case{c}, set, damage)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]int{}
	for r, err := range x.Rows(m.Rows(t.Context())) {
		if err != nil {
			t.Fatal(err)
		}
		if output.Folded(r) == "" || !strings.Contains(strings.Join(r.Tags, ","), output.KnownGood) {
			continue
		}
		known[r.Parser]++
		if r.Level != "" || r.Proof == "configured" || r.DataType == "windows:evtx:record" {
			t.Errorf("folded: %+v", r)
		}
	}
	if known["prefetch"] == 0 || known["amcachefiles"] == 0 {
		t.Errorf("rows of known files: %v", known)
	}
}
