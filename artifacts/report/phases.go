package report

import (
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/story"
)

// A bar is where a phase lies in its window, of 1,000.
type bar struct {
	X, Width    float64
	Level       string
	First, Last time.Time
}

// minBar is how wide a phase of one moment is drawn.
const minBar = 6

func phaseBar(w *story.Window, p story.Phase) bar {
	b := bar{Width: minBar, Level: p.Level.String(), First: p.First, Last: p.Last}
	if whole := w.Last.Sub(w.First).Seconds(); whole > 0 {
		b.X = round(1000 * p.First.Sub(w.First).Seconds() / whole)
		b.Width = max(minBar, round(1000*p.Last.Sub(p.First).Seconds()/whole))
	}
	b.X = max(0, min(b.X, 1000-b.Width))
	return b
}

// maxTechniques is how many techniques a phase or a sentence names.
const maxTechniques = 12

// techniqueList writes techniques with their names.
func techniqueList(ids []string) string {
	var out []string
	for i, id := range ids {
		if i == maxTechniques {
			out = append(out, "…")
			break
		}
		t, _ := findings.Technique(id)
		out = append(out, cleanTo(strings.TrimSpace(id+" "+t.Name), 60))
	}
	return strings.Join(out, ", ")
}
