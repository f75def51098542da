package fleet_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/fleet"
	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/parquet"
	"github.com/artifactdump/artifactdump/artifacts/scan"
)

// TestDuckDB runs the queries of docs/fleet.md with DuckDB over the tables of ten
// cases and their comparison, and wants what the lines of JSON say.
func TestDuckDB(t *testing.T) {
	duckdb := os.Getenv("ARTIFACTDUMP_DUCKDB")
	if duckdb == "" {
		t.Skip("ARTIFACTDUMP_DUCKDB names no program (.ci/tools/duckdb)")
	}
	_, cases := scanned(t, 10, 1, scan.Options{Formats: []output.Format{parquet.Format()}})
	base := filepath.Dir(filepath.Dir(cases[0]))
	_, out := compare(t, fleet.Options{Cases: cases, Dir: filepath.Join(base, "fleet")})

	doc, err := os.ReadFile("../../docs/fleet.md")
	if err != nil {
		t.Fatal(err)
	}
	wants := []func() []string{
		func() []string { return rareServices(t, out) },
		func() []string { return rowsOfMachines(t, cases) },
		func() []string { return machinesOfRules(t, cases) },
		func() []string { return ratedRows(t, out, cases) },
	}
	queries := regexp.MustCompile(`duckdb -c "([^"]+)"`).FindAllSubmatch(doc, -1)
	if len(queries) != len(wants) {
		t.Fatalf("%d queries in the document, want %d", len(queries), len(wants))
	}
	for i, q := range queries {
		cmd := exec.Command(duckdb, string(q[1]))
		cmd.Dir = base
		b, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", q[1], err, b)
		}
		got, want := strings.Split(strings.TrimSpace(string(b)), "\n"), wants[i]()
		if i == 3 { // times of one instant are written in two ways
			got = []string{fmt.Sprint(len(got))}
		}
		if !slices.Equal(got, want) || len(want) == 0 {
			t.Errorf("%s:\n%q\nwant\n%q", q[1], got, want)
		}
	}
}

func rareServices(t *testing.T, out map[string][]byte) []string {
	var rows []string
	for _, r := range lines[fleet.Row](t, out["stack.jsonl"]) {
		if r.Kind == observations.Service && r.Hosts <= 3 {
			rows = append(rows, fmt.Sprintf("%s|%d|%d|%s", r.Key, r.Hosts, r.OfHosts, r.FirstHost))
		}
	}
	return rows
}

func caseFile(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func rowsOfMachines(t *testing.T, cases []string) []string {
	var rows []string
	for _, c := range cases {
		rows = append(rows, fmt.Sprintf("%s|%d", filepath.Base(c), bytes.Count(caseFile(t, c, "timeline.jsonl"), []byte("\n"))))
	}
	return rows
}

func machinesOfRules(t *testing.T, cases []string) []string {
	count := map[string]int{}
	for _, c := range cases {
		seen := map[string]bool{}
		for _, f := range lines[struct {
			Rule string `json:"rule_id"`
		}](t, caseFile(t, c, "findings.jsonl")) {
			seen[f.Rule] = true
		}
		for rule := range seen {
			count[rule]++
		}
	}
	rules := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		if count[a] != count[b] {
			return count[a] - count[b]
		}
		return strings.Compare(a, b)
	})
	var rows []string
	for _, rule := range rules {
		rows = append(rows, fmt.Sprintf("%s|%d", rule, count[rule]))
	}
	return rows
}

func ratedRows(t *testing.T, out map[string][]byte, cases []string) []string {
	n := 0
	for _, h := range lines[fleet.Ranked](t, out["hosts.jsonl"]) {
		i := slices.IndexFunc(cases, func(c string) bool { return filepath.Base(c) == h.Name })
		if h.Rank > 4 || i < 0 {
			continue
		}
		for _, row := range lines[struct{ Level string }](t, caseFile(t, cases[i], "timeline.jsonl")) {
			if row.Level == "high" || row.Level == "critical" {
				n++
			}
		}
	}
	return []string{fmt.Sprint(n)}
}
