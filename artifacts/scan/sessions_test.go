package scan_test

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/scan"
)

// TestRowSessions: rows name sessions that sessions.csv has, and lie within them,
// in each format with columns.
func TestRowSessions(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "case")
	var formats []output.Format
	for _, f := range output.Formats() {
		if f.Name == "timesketch-csv" {
			formats = append(formats, f)
		}
	}
	_, err := scan.Run(t.Context(), scan.Options{
		Evidence: []string{"../../corpus/files/incident"}, Dir: dir, Formats: formats,
	}, scan.Silent{})
	if err != nil && !slices.Contains([]error{scan.ErrDamaged}, err) {
		t.Fatal(err)
	}
	type span struct{ begin, end string }
	sessions := map[string]span{}
	table := func(name string) []map[string]string {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r := csv.NewReader(f)
		list, err := r.ReadAll()
		if err != nil {
			t.Fatal(name, err)
		}
		var out []map[string]string
		for _, row := range list[1:] {
			m := map[string]string{}
			for i, c := range list[0] {
				m[c] = row[i]
			}
			out = append(out, m)
		}
		return out
	}
	for _, m := range table("sessions.csv") {
		sessions[m["Session"]] = span{m["Begin"], m["End"]}
	}
	counts := map[string]int{}
	lines(t, filepath.Join(dir, "timeline.jsonl"), func(b []byte) {
		var r struct {
			Session  string
			Datetime string
			Parser   string
			Extra    map[string]string
		}
		if err := json.Unmarshal(b, &r); err != nil {
			t.Fatal(err)
		}
		if r.Session == "" {
			return
		}
		counts["jsonl"]++
		counts[r.Parser+" "+r.Extra["event_identifier"]]++
		s, ok := sessions[r.Session]
		at := r.Datetime[:10] + " " + r.Datetime[11:19]
		if !ok || at < s.begin[:19] || s.end != "" && at > s.end[:19] {
			t.Errorf("%s: %v lies in %v, %v", r.Session, at, s, ok)
		}
	})
	for _, name := range []string{"timeline.csv", "timeline.timesketch.csv"} {
		for _, m := range table(name) {
			if m["session"] != "" {
				counts[name]++
			}
		}
	}
	if counts["jsonl"] < 10 || counts["jsonl"] != counts["timeline.csv"] || counts["jsonl"] != counts["timeline.timesketch.csv"] ||
		counts["eventprocesses 4688"] == 0 || counts["eventlogons 4624"] == 0 || counts["eventrdp 21"] == 0 {
		t.Error(counts)
	}
}
