package artifacts_test

import (
	"slices"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

const explorer = `Software\Microsoft\Windows\CurrentVersion\Explorer\`

func TestRunMRU(t *testing.T) {
	recs := userCase(t, "runmru", "users", "runmru")
	userDiff(t, userOf[artifacts.RunMRU](recs, "daniel"), []artifacts.RunMRU{
		{Command: "cmd", Position: 1, Written: userTime(2026, 3, 6, 17, 45, 48, 1180452)},
		{Command: "winver", Position: 2},
		{Command: "mstsc /v:FALCON-SRV", Position: 3},
	})
	if got := userOf[artifacts.RunMRU](recs, "daniel")[2].Program(); got != "mstsc" {
		t.Errorf("Program() = %q, want mstsc", got)
	}
}

// TestRunMRUOrder has an order that names values that are not there, one twice,
// and leaves one out.
func TestRunMRUOrder(t *testing.T) {
	m := corpus.NewMachine()
	m.Hive(danielNT).Sub("Environment")
	m.Hive(danielNT).Sub(explorer+"RunMRU").
		Set("a", regf.String(`one\1`)).Set("b", regf.String(`two\1`)).Set("c", regf.String(`three\1`)).Set("MRUList", regf.String("czcB"))
	var got []string
	for _, r := range userOf[artifacts.RunMRU](userFS(t, m.FS(), "runmru"), "") {
		got = append(got, r.Summary())
	}
	if want := []string{"[three] position 1", "[two] position 4", "[one] not in the order"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRunMRUEmpty(t *testing.T) {
	m := corpus.NewMachine()
	m.Hive(danielNT).Sub("Environment")
	m.Hive(danielNT).Sub(explorer + "RunMRU").At(corpus.CleanupTime)
	userDiff(t, userOf[artifacts.RunMRU](userFS(t, m.FS(), "runmru"), ""), []artifacts.RunMRU{{Empty: true, Written: corpus.CleanupTime}})
}

func TestTypedURLs(t *testing.T) {
	recs := userCase(t, "typedurls", "users", "typedurls")
	at := userTime(2026, 3, 6, 17, 55, 20, 3391570)
	const seed = "http://go.microsoft.com/fwlink/p/?LinkId=255141"
	userDiff(t, userOf[artifacts.TypedURL](recs, "daniel"), []artifacts.TypedURL{
		{URL: "http://198.51.100.20/update/svchost.exe", Position: 1, Visits: 1, Visited: at, Written: at},
		{URL: seed, Position: 2},
	})
	for _, r := range recs {
		if seeded := slices.Contains(r.Tags(), "seeded"); seeded != (r.Data.(artifacts.TypedURL).URL == seed) {
			t.Errorf("%s: seeded is %v", r.Summary(), seeded)
		}
	}
}

func TestTypedURLsShortTime(t *testing.T) {
	m := corpus.NewMachine()
	m.Hive(danielNT).Sub("Environment")
	ie := m.Hive(danielNT).Sub(`Software\Microsoft\Internet Explorer`)
	ie.Sub("TypedURLs").Set("url1", regf.String("http://a.example/"))
	ie.Sub("TypedURLsTime").Set("url1", regf.Binary([]byte{1, 2, 3}))
	if got := userDamaged(t, m, "typedurls", "has 3 bytes, want 8"); len(got) != 1 {
		t.Errorf("%d records, want the address without its time", len(got))
	}
}

func TestTypedPaths(t *testing.T) {
	recs := userCase(t, "typedpaths", "users", "typedpaths")
	userDiff(t, userOf[artifacts.TypedPath](recs, "daniel"), []artifacts.TypedPath{
		{Path: `C:\Users\Public`, Position: 1, Written: userTime(2026, 3, 6, 17, 52, 50, 7743096)},
		{Path: "Control Panel", Position: 2},
	})
}

func TestSearches(t *testing.T) {
	recs := userCase(t, "wordwheelquery", "users", "wordwheelquery")
	userDiff(t, userOf[artifacts.Search](recs, "daniel"), []artifacts.Search{
		{Text: "*.kdbx", Position: 1, Written: userTime(2026, 3, 6, 17, 52, 5, 7743096)},
		{Text: "password", Position: 2},
		{Text: "invoice", Position: 3},
	})
}

// TestSearchesCutOrder has an order without its end mark.
func TestSearchesCutOrder(t *testing.T) {
	m := corpus.NewMachine()
	m.Hive(danielNT).Sub("Environment")
	m.Hive(danielNT).Sub(explorer+"WordWheelQuery").Set("0", regf.Binary(regf.UTF16("x\x00"))).Set("MRUListEx", regf.Binary([]byte{0, 0, 0, 0, 1}))
	userDamaged(t, m, "wordwheelquery", "no end mark")
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
			recs := userReal(t, c.artifact, c.file)
			if len(recs) != c.want {
				t.Errorf("%d records, want %d", len(recs), c.want)
			}
		})
	}
}

// TestEmptyLists: a list that is there and holds nothing was emptied, or never
// filled; it is one record, with the time of its key.
func TestEmptyLists(t *testing.T) {
	at := userTime(2026, 3, 6, 18, 34, 0, 0)
	m := corpus.NewMachine()
	m.Hive(danielNT).Sub("Environment")
	m.Hive(danielNT).Sub(explorer + "TypedPaths").At(at)
	m.Hive(danielNT).Sub(`Software\Microsoft\Internet Explorer\TypedURLs`).At(at)
	m.Hive(danielNT).Sub(explorer+"RecentDocs").At(at).Set("MRUListEx", regf.Binary([]byte{0xFF, 0xFF, 0xFF, 0xFF}))
	m.Hive(danielNT).Sub(explorer + `RecentDocs\.txt`).At(at) // one kind that is empty says nothing
	files := tree(t, m.Files())
	same(t, []artifacts.TypedPath{{Empty: true, Written: at}}, run[artifacts.TypedPath](t, files, "typedpaths").Data)
	same(t, []artifacts.TypedURL{{Empty: true, Written: at}}, run[artifacts.TypedURL](t, files, "typedurls").Data)
	same(t, []artifacts.RecentDoc{{Empty: true, Written: at}}, run[artifacts.RecentDoc](t, files, "recentdocs").Data)
	for _, s := range []string{artifacts.TypedPath{Empty: true}.Summary(), artifacts.TypedURL{Empty: true}.Summary(), artifacts.RecentDoc{Empty: true}.Summary()} {
		if s != "the list is there and empty" {
			t.Errorf("summary %q", s)
		}
	}
}
