package activity_test

import (
	"slices"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

const explorer = `Software\Microsoft\Windows\CurrentVersion\Explorer\`

func TestRunMRU(t *testing.T) {
	recs := casetest.UserCase(t, "runmru", "users", "runmru")
	casetest.UserDiff(t, casetest.UserOf[activity.RunMRU](recs, "daniel"), []activity.RunMRU{
		{Command: "cmd", Position: 1, Written: casetest.UserTime(2026, 3, 6, 17, 45, 48, 1180452)},
		{Command: "winver", Position: 2},
		{Command: "mstsc /v:FALCON-SRV", Position: 3},
	})
	if got := casetest.UserOf[activity.RunMRU](recs, "daniel")[2].Program(); got != "mstsc" {
		t.Errorf("Program() = %q, want mstsc", got)
	}
}

// TestRunMRUOrder has an order that names values that are not there, one twice,
// and leaves one out.
func TestRunMRUOrder(t *testing.T) {
	m := corpus.NewMachine()
	m.Hive(casetest.DanielNT).Sub("Environment")
	m.Hive(casetest.DanielNT).Sub(explorer+"RunMRU").
		Set("a", regf.String(`one\1`)).Set("b", regf.String(`two\1`)).Set("c", regf.String(`three\1`)).Set("MRUList", regf.String("czcB"))
	var got []string
	for _, r := range casetest.UserOf[activity.RunMRU](casetest.UserFS(t, m.FS(), "runmru"), "") {
		got = append(got, r.Summary())
	}
	if want := []string{"[three] position 1", "[two] position 4", "[one] not in the order"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRunMRUEmpty(t *testing.T) {
	m := corpus.NewMachine()
	m.Hive(casetest.DanielNT).Sub("Environment")
	m.Hive(casetest.DanielNT).Sub(explorer + "RunMRU").At(corpus.CleanupTime)
	casetest.UserDiff(t, casetest.UserOf[activity.RunMRU](casetest.UserFS(t, m.FS(), "runmru"), ""), []activity.RunMRU{{Empty: true, Written: corpus.CleanupTime}})
}

func TestTypedURLs(t *testing.T) {
	recs := casetest.UserCase(t, "typedurls", "users", "typedurls")
	at := casetest.UserTime(2026, 3, 6, 17, 55, 20, 3391570)
	const seed = "http://go.microsoft.com/fwlink/p/?LinkId=255141"
	casetest.UserDiff(t, casetest.UserOf[activity.TypedURL](recs, "daniel"), []activity.TypedURL{
		{URL: "http://198.51.100.20/update/svchost.exe", Position: 1, Visits: 1, Visited: at, Written: at},
		{URL: seed, Position: 2},
	})
	for _, r := range recs {
		if seeded := slices.Contains(r.Tags(), "seeded"); seeded != (r.Data.(activity.TypedURL).URL == seed) {
			t.Errorf("%s: seeded is %v", r.Summary(), seeded)
		}
	}
}

func TestTypedURLsShortTime(t *testing.T) {
	m := corpus.NewMachine()
	m.Hive(casetest.DanielNT).Sub("Environment")
	ie := m.Hive(casetest.DanielNT).Sub(`Software\Microsoft\Internet Explorer`)
	ie.Sub("TypedURLs").Set("url1", regf.String("http://a.example/"))
	ie.Sub("TypedURLsTime").Set("url1", regf.Binary([]byte{1, 2, 3}))
	if got := casetest.UserDamaged(t, m, "typedurls", "has 3 bytes, want 8"); len(got) != 1 {
		t.Errorf("%d records, want the address without its time", len(got))
	}
}

func TestTypedPaths(t *testing.T) {
	recs := casetest.UserCase(t, "typedpaths", "users", "typedpaths")
	casetest.UserDiff(t, casetest.UserOf[activity.TypedPath](recs, "daniel"), []activity.TypedPath{
		{Path: `C:\Users\Public`, Position: 1, Written: casetest.UserTime(2026, 3, 6, 17, 52, 50, 7743096)},
		{Path: "Control Panel", Position: 2},
	})
}

func TestSearches(t *testing.T) {
	recs := casetest.UserCase(t, "wordwheelquery", "users", "wordwheelquery")
	casetest.UserDiff(t, casetest.UserOf[activity.Search](recs, "daniel"), []activity.Search{
		{Text: "*.kdbx", Position: 1, Written: casetest.UserTime(2026, 3, 6, 17, 52, 5, 7743096)},
		{Text: "password", Position: 2},
		{Text: "invoice", Position: 3},
	})
}

// TestSearchesCutOrder has an order without its end mark.
func TestSearchesCutOrder(t *testing.T) {
	m := corpus.NewMachine()
	m.Hive(casetest.DanielNT).Sub("Environment")
	m.Hive(casetest.DanielNT).Sub(explorer+"WordWheelQuery").Set("0", regf.Binary(regf.UTF16("x\x00"))).Set("MRUListEx", regf.Binary([]byte{0, 0, 0, 0, 1}))
	casetest.UserDamaged(t, m, "wordwheelquery", "no end mark")
}

func TestTypedReal(t *testing.T) {
	for _, c := range []struct {
		artifact, file string
		want           int
	}{
		{"runmru", "hives/regipy/NTUSER_with_winscp.DAT", 18},
		{"runmru", "hives/regipy/NTUSER.DAT", 1},
		{"runmru", "hives/artemis/win10/NTUSER.DAT", 0},
		{"typedurls", "hives/regipy/NTUSER.DAT", 2},
		{"typedurls", "hives/velo/ntuser.dat", 2},
		{"typedpaths", "hives/regipy/NTUSER.DAT", 1}, // the key is there without a path
		{"wordwheelquery", "hives/regipy/NTUSER.DAT", 6},
	} {
		t.Run(c.artifact+" "+c.file, func(t *testing.T) {
			recs := casetest.UserReal(t, c.artifact, c.file)
			if len(recs) != c.want {
				t.Errorf("%d records, want %d", len(recs), c.want)
			}
		})
	}
}

// TestEmptyLists: a list that is there and holds nothing was emptied, or never
// filled; it is one record, with the time of its key.
func TestEmptyLists(t *testing.T) {
	at := casetest.UserTime(2026, 3, 6, 18, 34, 0, 0)
	m := corpus.NewMachine()
	m.Hive(casetest.DanielNT).Sub("Environment")
	m.Hive(casetest.DanielNT).Sub(explorer + "TypedPaths").At(at)
	m.Hive(casetest.DanielNT).Sub(`Software\Microsoft\Internet Explorer\TypedURLs`).At(at)
	m.Hive(casetest.DanielNT).Sub(explorer+"RecentDocs").At(at).Set("MRUListEx", regf.Binary([]byte{0xFF, 0xFF, 0xFF, 0xFF}))
	m.Hive(casetest.DanielNT).Sub(explorer + `RecentDocs\.txt`).At(at) // one kind that is empty says nothing
	files := testtree.Tree(t, m.Files())
	casetest.Same(t, []activity.TypedPath{{Empty: true, Written: at}}, casetest.Run[activity.TypedPath](t, files, "typedpaths").Data)
	casetest.Same(t, []activity.TypedURL{{Empty: true, Written: at}}, casetest.Run[activity.TypedURL](t, files, "typedurls").Data)
	casetest.Same(t, []activity.RecentDoc{{Empty: true, Written: at}}, casetest.Run[activity.RecentDoc](t, files, "recentdocs").Data)
	for _, s := range []string{activity.TypedPath{Empty: true}.Summary(), activity.TypedURL{Empty: true}.Summary(), activity.RecentDoc{Empty: true}.Summary()} {
		if s != "the list is there and empty" {
			t.Errorf("summary %q", s)
		}
	}
}
