package findings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/findings/sigma"
)

// TestSigmaFindings holds the findings to the regression cases of SigmaHQ: each
// log gives a finding in which its rule speaks, with author and record.
func TestSigmaFindings(t *testing.T) {
	root := evidenceFolder(t)
	set, err := sigma.Load([]string{filepath.Join(root, "sigma", "rules")}, &sigma.Options{Statuses: []string{"all"}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(root, "sigma", "expected.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n")[1:] {
		c := strings.Split(line, "\t")
		n++
		e := NewEvaluator(Facts{Host: "test"}, &Options{Sigma: set})
		for _, ev := range readLog(t, filepath.Join(root, "sigma", filepath.FromSlash(c[2]))) {
			e.Add(&artifacts.Result{Artifact: logArtifact, Records: []artifacts.Record{{ID: "x", Artifact: logArtifact, Data: ev, From: artifacts.Locator{Path: c[2], State: artifacts.Live}}}})
		}
		found := false
		rep := e.Report()
		for _, f := range rep.Findings {
			for _, r := range f.Sigma {
				found = found || r.ID == c[0] && r.Title != "" && r.Link != "" && len(f.Evidence) > 0 && f.Evidence[0].Channel != ""
			}
		}
		if !found {
			t.Errorf("no finding of %s for %s", c[1], c[2])
		}
	}
	if n != 101 {
		t.Errorf("%d cases, want 101", n)
	}
}
