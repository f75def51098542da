package report

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// TestFindingsInJapanese: under ja, each finding of the incident has its title, why, usual
// explanation and next step in Japanese, and each reason begins with the title of its
// rule. What a rule says about one subject is made of what the evidence says.
func TestFindingsInJapanese(t *testing.T) {
	ev, err := evidence.Open("../../corpus/files/incident", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	results, err := artifacts.Run(context.Background(), ev.Trees[0], catalogue.All(), nil)
	if err != nil {
		t.Fatal(err)
	}
	e := findings.NewEvaluator(findings.FactsOf(ev.Trees[0], ev.Kind, nil), nil)
	for res := range results {
		e.Add(&res)
	}
	r := e.Report()
	rules := map[string]*findings.Rule{}
	for _, rule := range findings.Rules() {
		rules[rule.ID] = rule
	}
	text := func(v TextView) string {
		var b bytes.Buffer
		if err := WriteFindings(&b, r, v); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	long := text(TextView{From: findings.Informational, Long: true, Lang: "ja"})
	blocks := strings.Split(long, "\n  検出事項")
	if len(blocks) != len(r.Findings)+1 || len(r.Findings) < 90 {
		t.Fatalf("%d findings of %d", len(blocks)-1, len(r.Findings))
	}
	for i, f := range r.Findings {
		w := rules[f.RuleID].In("ja")
		for _, s := range []string{w.Title, w.Why, w.Benign, w.Next} {
			if s == "" || !strings.Contains(blocks[i+1], s) {
				t.Errorf("%s: %q is not shown", f.ID, s)
			}
		}
		for _, re := range f.Reasons {
			title := rules[re.RuleID].In("ja").Title
			if title == rules[re.RuleID].Title || !strings.Contains(blocks[i+1], title+"：") {
				t.Errorf("%s: the reason of %s is not in Japanese", f.ID, re.RuleID)
			}
		}
	}
	for _, english := range []string{"\n  because ", "\n  why ", "often benign", "CRITICAL", "(critical)", "Coverage of"} {
		if strings.Contains(long, english) {
			t.Errorf("%q is shown under ja", english)
		}
	}
	for line := range strings.Lines(text(TextView{From: findings.Informational, Lang: "ja"})) {
		if n := output.Columns(strings.TrimSuffix(line, "\n")); strings.Contains(line, "2026-") && n > 125 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	english := text(TextView{From: findings.Informational, Long: true})
	if !strings.Contains(english, "\n  because       ") || strings.ContainsAny(english, "重高：") {
		t.Error("the English text holds Japanese, or no reasons")
	}
}

// TestFit cuts texts by the columns that they take.
func TestFit(t *testing.T) {
	for _, c := range []struct {
		s    string
		n    int
		path bool
		want string
	}{
		{"abc", 5, false, "abc  "}, {"abcdef", 5, false, "abcd…"}, {"abcdef", 5, true, "…cdef"},
		{"日本", 5, false, "日本 "}, {"日本語", 5, false, "日本…"}, {"日本語", 6, false, "日本語"}, {"日本語", 4, false, "日… "},
		{"日本語", 4, true, "…語 "}, {"", 2, false, "  "},
	} {
		if got := fit(c.s, c.n, c.path); got != c.want {
			t.Errorf("fit(%q, %d, %t) is %q, want %q", c.s, c.n, c.path, got, c.want)
		}
	}
}
