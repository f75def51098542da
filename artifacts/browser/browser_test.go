package browser

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

// TestReal holds the counts of the shared databases, which are loose files with
// names of their own, by the truth table.
func TestReal(t *testing.T) {
	for _, c := range []struct {
		file              string
		visits, downloads int
	}{
		{"chrome/History", 69, 2},
		{"chrome/History-57.0.2987.133", 1, 1},
		{"chrome/History-58.0.3029.96", 1, 1},
		{"chrome/History-59.0.3071.86", 1, 1},
		{"firefox/places.sqlite", 1, 0},
		{"firefox/downloads.sqlite", 0, 1},
		{"edge/load_statistics.db", 0, 0}, // another kind of database
	} {
		path := "artifacts2/browser/" + c.file
		m := fstest.MapFS{"found/" + strings.NewReplacer("/", "-", ".", "-").Replace(c.file): {Data: testtree.ReadFile(t, testtree.EvidenceDir(t)+"/"+path)}}
		live := func(name string) int {
			n := 0
			recs, errs := testtree.Found(t, m, testtree.Named(t, Artifacts(), name))
			testtree.NoErrors(t, errs)
			for _, r := range recs {
				if r.From.State == artifacts.Live {
					n++
				}
			}
			return n
		}
		if v, d := live("browserhistory"), live("browserdownloads"); v != c.visits || d != c.downloads {
			t.Errorf("%s: %d visits and %d downloads, want %d and %d", path, v, d, c.visits, c.downloads)
		}
	}
}

// TestLayout finds the databases of several browsers by their folders, and names
// the browser and the profile.
func TestLayout(t *testing.T) {
	b := testtree.ReadFile(t, testtree.EvidenceDir(t)+"/artifacts2/browser/chrome/History-59.0.3071.86")
	m := fstest.MapFS{"Windows/System32/ntdll.dll": {}}
	for _, dir := range []string{
		"AppData/Local/Google/Chrome/User Data/Default", "AppData/Local/Microsoft/Edge/User Data/Profile 1", "AppData/Roaming/Opera Software/Opera Stable",
		"AppData/Local/Packages/MSTeams_8wekyb3d8bbwe/LocalCache/Microsoft/MSTeams/EBWebView/Default",
	} {
		m["Users/anna/"+dir+"/History"] = &fstest.MapFile{Data: b}
	}
	recs, errs := testtree.Found(t, m, history)
	testtree.NoErrors(t, errs)
	got := map[string]int{}
	for _, r := range recs {
		v := r.Data.(Visit)
		got[v.Browser+"/"+v.Profile]++
	}
	for _, want := range []string{"Chrome/Default", "Edge/Profile 1", "Opera/Opera Stable", "WebView2 of MSTeams/Default"} {
		if got[want] == 0 {
			t.Errorf("no visit of %s: %v", want, got)
		}
	}
}

func FuzzHistory(f *testing.F) {
	f.Add([]byte("SQLite format 3\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		testtree.CheckDecoded(t, artifacts.Input{Artifact: history, Data: b}, int64(len(b)))
		testtree.CheckDecoded(t, artifacts.Input{Artifact: downloads, Data: b}, int64(len(b)))
		testtree.CheckDecoded(t, artifacts.Input{Artifact: webCache, Data: b}, int64(len(b)))
	})
}
