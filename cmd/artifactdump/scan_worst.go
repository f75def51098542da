package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
)

// maxWorst is how many findings a scan ends with.
const maxWorst = 3

// A worstFinding is what the last lines of a scan say of a finding.
type worstFinding struct {
	ID      string `json:"id"`
	Level   string `json:"level"`
	Score   int    `json:"score"`
	Title   string `json:"title"`
	Subject string `json:"subject"`
	host    string
}

// worst names the worst findings of a case, and what to open. It reads them from
// the case: a resumed scan did not judge the machines that were complete.
func (s *session) worst(dir string, m *scan.Manifest) {
	var list []worstFinding
	for _, h := range m.Machines {
		if h != nil {
			list = append(list, worstOf(filepath.Join(dir, h.Folder, "findings.jsonl"), h.Name)...)
		}
	}
	slices.SortStableFunc(list, func(a, b worstFinding) int {
		x, _ := findings.ParseLevel(a.Level)
		y, _ := findings.ParseLevel(b.Level)
		return cmp.Or(cmp.Compare(y, x), cmp.Compare(b.Score, a.Score))
	})
	list = list[:min(len(list), maxWorst)]
	if len(list) > 0 {
		fmt.Fprintln(s.stderr, "worst findings:")
	}
	for _, f := range list {
		host := ""
		if len(m.Machines) > 1 {
			host = f.host + "  "
		}
		fmt.Fprintf(s.stderr, "  %-13s %s%s  %s  %s\n", f.Level, terminal.Clean(host), terminal.Clean(f.Subject), terminal.Clean(f.Title), f.ID)
	}
	fmt.Fprintf(s.stderr, "case folder: %s\n", terminal.Clean(dir))
	if len(m.Machines) == 1 && m.Machines[0] != nil {
		fmt.Fprintf(s.stderr, "open %s\n", terminal.Clean(filepath.Join(dir, m.Machines[0].Folder, "report.html")))
	} else if len(m.Machines) > 1 {
		fmt.Fprintln(s.stderr, "open report.html in the folder of a machine")
	}
}

// worstOf reads the first findings of a machine, which are the worst. A case
// whose findings cannot be read was reported by the scan itself.
func worstOf(name, host string) []worstFinding {
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	var out []worstFinding
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for len(out) < maxWorst && lines.Scan() {
		w := worstFinding{host: host}
		if json.Unmarshal(lines.Bytes(), &w) != nil || w.ID == "" {
			break
		}
		if l, _ := findings.ParseLevel(w.Level); l >= findings.Medium {
			out = append(out, w)
		}
	}
	return out
}
