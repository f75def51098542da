package scan_test

import (
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/scan"
)

// TestJudges evaluates the incident through Judges and asks for the rows that
// bear its findings.
func TestJudges(t *testing.T) {
	ev, err := evidence.Open("../../corpus/files/incident", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	judges := &scan.Judges{}
	sorter := &output.Sorter{Dir: t.TempDir()}
	defer sorter.Close()
	for _, tree := range ev.Trees {
		results, err := artifacts.Run(t.Context(), tree, catalogue.All(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for res := range results {
			judges.Add(tree, "folder", &res)
			if err := sorter.AddResult(&res); err != nil {
				t.Fatal(err)
			}
		}
	}
	reports := judges.Reports()
	if len(reports) != len(ev.Trees) {
		t.Fatalf("%d reports of %d machines", len(reports), len(ev.Trees))
	}
	quoted := map[string][]string{} // findings by record
	for i := range reports[0].Findings {
		f := &reports[0].Findings[i]
		if got := judges.WithPrefix(f.ID); len(got) != 1 || got[0].ID != f.ID {
			t.Errorf("%s is not found by its id: %v", f.ID, got)
		}
		for _, e := range f.Evidence {
			quoted[e.ID] = append(quoted[e.ID], f.ID)
		}
	}
	if len(quoted) == 0 {
		t.Fatal("no evidence at all")
	}
	if got := judges.WithPrefix(reports[0].Findings[0].ID[:8]); len(got) != 1 || got[0].ID != reports[0].Findings[0].ID {
		t.Errorf("%d findings by the beginning of an id", len(got))
	}
	if got := judges.WithPrefix("0000000000000000"); len(got) != 0 {
		t.Errorf("a finding of an id that none has: %v", got[0].ID)
	}
	judged := 0
	for r, err := range judges.Rows(sorter.Rows()) {
		if err != nil {
			t.Fatal(err)
		}
		if (len(quoted[r.RecordID]) > 0) != (r.Level != "") {
			t.Errorf("record %s: level %q, findings %v", r.RecordID, r.Level, quoted[r.RecordID])
		}
		if r.Level != "" {
			judged++
		}
	}
	if judged == 0 {
		t.Error("no row bears a finding")
	}
}
