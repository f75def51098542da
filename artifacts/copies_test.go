package artifacts_test

import (
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestCopies reads a machine with a shadow copy of itself: every event of the
// copy joins the live one. Then a file that only the copy holds stays, marked.
func TestCopies(t *testing.T) {
	testcost.Again(t)
	live, both := map[string][]byte{}, map[string][]byte{}
	for name, b := range corpus.Incident().Files() {
		live["C/"+name] = b
		both["C/"+name] = b
		both["VSS1/"+name] = b
	}
	want, _ := rows(t, testtree.Tree(t, live))
	// Of $MFT an older copy gives only what differs.
	table := func(name string) bool { return name == "mft" || name == "zoneid" }
	rest := 0
	for _, r := range want {
		if !table(r.Parser) {
			rest++
		}
	}
	events, _ := timeline(t, testtree.Tree(t, both), nil)
	if len(events) != len(want)+rest || rest < len(want)*3/4 {
		t.Fatalf("%d events with the copy, want %d, and %d again", len(events), len(want), rest)
	}
	got, _ := rows(t, testtree.Tree(t, both))
	if len(got) != len(want) {
		t.Fatalf("%d events after merging, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i].ID != want[i].ID {
			t.Fatalf("event %d is %q, want %q", i, got[i].Message, want[i].Message)
		}
		if table(got[i].Parser) {
			continue
		}
		if len(got[i].Also) != 1 || !strings.HasPrefix(got[i].Also[0], "vss1 ") {
			t.Fatalf("event %d does not name the copy: %+v", i, got[i].Also)
		}
	}
	for name := range live {
		if strings.Contains(name, "WHOAMI") {
			delete(both, name)
		}
	}
	got, _ = rows(t, testtree.Tree(t, both))
	old := 0
	for _, e := range got {
		if e.State == artifacts.Backup {
			old++
			if e.Path != `\windows\system32\whoami.exe` {
				t.Errorf("only the copy holds %s?", e.Message)
			}
		}
	}
	if old == 0 {
		t.Error("what only the copy holds is gone")
	}
}
