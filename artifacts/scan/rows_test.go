package scan_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/scan"
)

// TestRowsJoinFindings joins the rows of the incident with the findings by the
// ids of records: a row has the highest level and the ids of exactly the findings
// whose evidence it is.
func TestRowsJoinFindings(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "case")
	if _, err := scan.Run(t.Context(), scan.Options{Evidence: []string{"../../corpus/files/incident"}, Dir: dir}, scan.Silent{}); err != nil && !slices.Contains([]error{scan.ErrDamaged}, err) {
		t.Fatal(err)
	}
	type verdict struct {
		level int
		ids   []string
	}
	levels := []string{"", "informational", "low", "medium", "high", "critical"}
	want := map[string]verdict{}
	lines(t, filepath.Join(dir, "findings.jsonl"), func(b []byte) {
		var f struct {
			ID, Level string
			Evidence  []struct{ ID string }
		}
		if err := json.Unmarshal(b, &f); err != nil {
			t.Fatal(err)
		}
		for _, e := range f.Evidence {
			v := want[e.ID]
			v.level = max(v.level, slices.Index(levels, f.Level))
			v.ids = append(v.ids, f.ID)
			want[e.ID] = v
		}
	})
	rows, judged := 0, 0
	lines(t, filepath.Join(dir, "timeline.jsonl"), func(b []byte) {
		var r struct {
			RecordID   string   `json:"record_id"`
			Level      string   `json:"level"`
			FindingIDs []string `json:"finding_ids"`
			Rules      []string `json:"rules"`
		}
		if err := json.Unmarshal(b, &r); err != nil {
			t.Fatal(err)
		}
		rows++
		v := want[r.RecordID]
		slices.Sort(v.ids)
		slices.Sort(r.FindingIDs)
		if r.RecordID == "" || r.Level != levels[v.level] || !slices.Equal(slices.Compact(v.ids), r.FindingIDs) {
			t.Errorf("record %s: level %q, findings %v; want %q, %v", r.RecordID, r.Level, r.FindingIDs, levels[v.level], v.ids)
		}
		if v.level > 0 {
			judged++
		}
	})
	if rows < 1000 || judged < 100 {
		t.Errorf("%d rows, %d of them evidence", rows, judged)
	}
}

func lines(t *testing.T, name string, yield func([]byte)) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(bytes.NewReader(b))
	s.Buffer(nil, 1<<24)
	for s.Scan() {
		yield(s.Bytes())
	}
}
