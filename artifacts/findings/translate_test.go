package findings_test

import (
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/artifactdump/artifactdump/artifacts/findings"
)

// TestJapanese wants each rule whole in Japanese, and no rule that is not there.
func TestJapanese(t *testing.T) {
	kana := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Han) })
	}
	ids := map[string]bool{}
	titles := map[string]string{}
	for _, r := range findings.Rules() {
		ids[r.ID] = true
		ja := r.In("ja")
		for what, s := range map[string]string{"title": ja.Title, "why": ja.Why, "benign": ja.Benign, "next": ja.Next} {
			if !kana(s) {
				t.Errorf("%s: %s is not in Japanese: %q", r.ID, what, s)
			}
		}
		if other := titles[ja.Title]; other != "" {
			t.Errorf("%s and %s have one title", r.ID, other)
		}
		titles[ja.Title] = r.ID
		if en := r.In("en"); en != (findings.Texts{Title: r.Title, Why: r.Why, Benign: r.Benign, Next: r.Next}) || r.In("xx") != en {
			t.Errorf("%s in English: %+v", r.ID, en)
		}
	}
	b, err := os.ReadFile("data/ja.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		id, rest, _ := strings.Cut(line, "\t")
		if !ids[id] || seen[id] || strings.Count(rest, "\t") != 3 {
			t.Errorf("data/ja.txt: %q is no rule, stands twice, or has not four texts", id)
		}
		seen[id] = true
	}
}
