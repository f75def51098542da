package findings_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
)

// TestRealUsers judges machines whose users have real hives: the records of one
// user, which are read once, come again for each. Two hundred users reach no limit.
func TestRealUsers(t *testing.T) {
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" || testing.Short() {
		t.Skip("takes seconds: runs with the real evidence")
	}
	m := fstest.MapFS{}
	for name, file := range map[string]string{
		"Windows/System32/config/SYSTEM":                          "regipy/SYSTEM_2",
		"Users/user/NTUSER.DAT":                                   "regipy/NTUSER_with_winscp.DAT",
		"Users/user/AppData/Local/Microsoft/Windows/UsrClass.dat": "velo/UsrClass.dat",
	} {
		b, err := os.ReadFile(filepath.Join(dir, "hives", filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		m[name] = &fstest.MapFile{Data: b}
	}
	ev, err := evidence.OpenFS(m, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	results, err := artifacts.Run(t.Context(), ev.Trees[0], catalogue.All(), nil)
	if err != nil {
		t.Fatal(err)
	}
	e := findings.NewEvaluator(findings.FactsOf(ev.Trees[0], "folder", nil), nil)
	var mine []artifacts.Result // of the user
	docs := 0
	for res := range results {
		if !strings.Contains(res.From.Path, `\Users\`) {
			e.Add(&res)
			continue
		}
		mine = append(mine, res)
		if res.Artifact != nil && res.Artifact.Name == "recentdocs" {
			docs += len(res.Records)
		}
	}
	if docs < 200 {
		t.Fatalf("%d records of recentdocs", docs)
	}
	for i := range 200 {
		name := fmt.Sprintf("user%03d", i)
		for _, res := range mine {
			res.From.Path = strings.Replace(res.From.Path, `\user\`, `\`+name+`\`, 1)
			records := make([]artifacts.Record, len(res.Records))
			for j, r := range res.Records {
				r.User.Name, r.From.Path = name, res.From.Path
				r.ID += name
				records[j] = r
			}
			res.Records = records
			e.Add(&res)
		}
	}
	if report := e.Report(); len(report.Limits) > 0 {
		t.Errorf("200 users reach limits: %q", report.Limits)
	}
}
