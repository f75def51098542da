package scan

import (
	"bufio"
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/findings"
)

// maxWorst is how many findings a scan ends with.
const maxWorst = 3

// A Headline is what the last lines of a scan say of a finding.
type Headline struct {
	ID      string `json:"id"`
	Level   string `json:"level"`
	Score   int    `json:"score"`
	Title   string `json:"title"`
	Subject string `json:"subject"`
	Host    string `json:"-"` // its machine
}

// worstOf reads the first findings of a machine, which are the worst. A case
// whose findings cannot be read was reported by the scan itself.
func worstOf(name, host string) []Headline {
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	var out []Headline
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for len(out) < maxWorst && lines.Scan() {
		w := Headline{Host: host}
		if json.Unmarshal(lines.Bytes(), &w) != nil || w.ID == "" {
			break
		}
		if l, _ := findings.ParseLevel(w.Level); l >= findings.Medium {
			out = append(out, w)
		}
	}
	return out
}

// Worst returns the worst findings of a case, at most three. It reads them from
// the folder: a resumed scan did not judge the machines that were complete.
func Worst(dir string, m *Manifest) []Headline {
	var list []Headline
	for _, h := range m.Machines {
		if h != nil {
			list = append(list, worstOf(filepath.Join(dir, h.Folder, "findings.jsonl"), h.Name)...)
		}
	}
	slices.SortStableFunc(list, func(a, b Headline) int {
		x, _ := findings.ParseLevel(a.Level)
		y, _ := findings.ParseLevel(b.Level)
		return cmp.Or(cmp.Compare(y, x), cmp.Compare(b.Score, a.Score))
	})
	return list[:min(len(list), maxWorst)]
}
