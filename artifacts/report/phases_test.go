package report

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/story"
)

// TestPhases: the first chapter lists the phases of each window by tactic, with a bar in
// the window, and each sentence has its tactic, in both languages.
func TestPhases(t *testing.T) {
	begin := time.Date(2026, 3, 6, 17, 0, 0, 0, time.UTC)
	w := &story.Window{ID: "1a2b3c4d", First: begin, Last: begin.Add(100 * time.Minute), Tactics: []string{"discovery", "impact"},
		Phases: []story.Phase{
			{Tactic: "discovery", First: begin.Add(10 * time.Minute), Last: begin.Add(60 * time.Minute), Level: findings.High, Acts: 2,
				Techniques: []string{"T1046"}},
			{Tactic: "impact", First: begin.Add(100 * time.Minute), Last: begin.Add(100 * time.Minute), Level: findings.Critical, Acts: 1,
				Techniques: []string{"T1490"}},
		},
		Sentences: []story.Sentence{{Kind: "run", Time: begin, Tactic: "discovery", Techniques: []string{"T1046"}, EN: "It ran.", JA: "実行"},
			{Kind: "arrive", Time: begin, EN: "It appeared.", JA: "出現"}},
	}
	for lang, names := range map[string][2]string{"en": {"Discovery", "Impact"}, "ja": {"探索", "影響"}} {
		in := Input{Stories: []*story.Story{{Host: "PC", Windows: []*story.Window{w}}}}
		var b bytes.Buffer
		if err := Write(&b, in, &Options{Lang: lang}); err != nil {
			t.Fatal(err)
		}
		page := b.String()
		_, table, _ := strings.Cut(page, `<table class="phases">`)
		table, rest, ok := strings.Cut(table, "</table>")
		if !ok {
			t.Fatal("no table of phases")
		}
		for _, want := range []string{names[0], names[1], "T1046 Network Service Discovery", "T1490 Inhibit System Recovery",
			"2026-03-06 17:10:00", "18:00:00", `class="high" x="100" y="1" width="500"`, `class="critical" x="994" y="1" width="6"`} {
			if !strings.Contains(table, want) {
				t.Errorf("%s: the phases do not hold %q", lang, want)
			}
		}
		items := regexp.MustCompile(`(?s)<li>.*?</li>`).FindAllString(rest, 2)
		if len(items) != 2 || !strings.Contains(items[0], names[0]) || strings.Contains(items[1], "tactic") {
			t.Errorf("%s: the sentences are %q", lang, items)
		}
	}
}
