package findings_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
)

var update = flag.Bool("update", false, "rewrite docs/findings.md; needs ARTIFACTDUMP_EVIDENCE")

// evidenceSets are what the table of docs/findings.md counts over.
var evidenceSets = []struct{ name, about string }{
	{"prefetch/art-win10", "clean"},
	{"prefetch/art-win11", "clean"},
	{"images/win10-composed", "clean"},
	{"images/win7-composed", "attacked"},
	{"images/server2022-attacked", "attacked"},
}

// TestDocs holds docs/findings.md to the rules, and its table to the evidence
// where that is there.
func TestDocs(t *testing.T) {
	path := filepath.FromSlash("../../docs/findings.md")
	old, err := os.ReadFile(path)
	if err != nil && !*update {
		t.Fatal(err)
	}
	text := string(old)
	for _, r := range findings.Rules() {
		if !strings.Contains(text, "| "+r.ID+" |") && !*update {
			t.Errorf("docs/findings.md does not list %s: go test ./artifacts/findings -run TestDocs -update", r.ID)
		}
	}
	root := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if root == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	counts := map[string][]string{}
	for _, set := range evidenceSets {
		ev, err := evidence.Open(filepath.Join(root, filepath.FromSlash(set.name)), nil)
		if err != nil {
			t.Fatal(err)
		}
		count(counts, evaluate(t, ev.Trees[0], ev.Kind, 0, nil))
		ev.Close()
	}
	count(counts, evaluate(t, incident(t), "folder", 0, nil))
	table := table(counts)
	const begin, end = "<!-- table: begin -->\n", "<!-- table: end -->\n"
	head, rest, ok1 := strings.Cut(text, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatal("docs/findings.md has no marks for the table")
	}
	want := head + begin + table + end + tail
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != text {
		t.Error("the table of docs/findings.md is stale: go test ./artifacts/findings -run TestDocs -update")
	}
}

// count adds one column: hits of each rule by level.
func count(cells map[string][]string, r *findings.Report) {
	n := map[string]map[findings.Level]int{}
	status := map[string]string{}
	for _, c := range r.Coverage {
		status[c.RuleID] = c.Status
	}
	for _, f := range r.Findings {
		for _, re := range f.Reasons {
			if n[re.RuleID] == nil {
				n[re.RuleID] = map[findings.Level]int{}
			}
			n[re.RuleID][re.Level]++
		}
	}
	for _, rule := range findings.Rules() {
		var parts []string
		for l := findings.Critical; l >= findings.Informational; l-- {
			if k := n[rule.ID][l]; k > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", k, l.String()[:1]))
			}
		}
		cell := strings.Join(parts, " ")
		switch {
		case cell != "":
		case status[rule.ID] == findings.NotEvaluated:
			cell = "–"
		default:
			cell = "0"
		}
		cells[rule.ID] = append(cells[rule.ID], cell)
	}
}

func table(cells map[string][]string) string {
	var b strings.Builder
	b.WriteString("| rule | title | level |")
	for _, s := range evidenceSets {
		fmt.Fprintf(&b, " %s (%s) |", filepath.Base(s.name), s.about)
	}
	b.WriteString(" corpus incident |\n|---|---|---|" + strings.Repeat("---|", len(evidenceSets)+1) + "\n")
	for _, r := range findings.Rules() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.ID, r.Title, r.Level, strings.Join(cells[r.ID], " | "))
	}
	return b.String()
}
