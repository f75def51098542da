package activity

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

// TestTimelineReal holds the activities of the shared databases: with the log, in
// the log alone, and with free pages.
func TestTimelineReal(t *testing.T) {
	for _, c := range []struct {
		folder string
		types  map[int64]int
	}{
		{"win10-rathbunvm", map[int64]int{5: 5, 6: 4, 11: 1, 16: 4}},
		{"win11-rathbunvm-wal-only", map[int64]int{5: 6, 6: 9, 11: 4, 16: 11}},
		{"win10-belkasoft-anit.ghosh", map[int64]int{5: 13, 6: 29}},
	} {
		dir := testtree.EvidenceDir(t) + "/artifacts2/timeline/" + c.folder + "/"
		m := fstest.MapFS{"Windows/System32/ntdll.dll": {}}
		for _, name := range []string{"ActivitiesCache.db", "ActivitiesCache.db-wal"} {
			m["Users/anna/AppData/Local/ConnectedDevicesPlatform/L.anna/"+name] = &fstest.MapFile{Data: testtree.ReadFile(t, dir+name)}
		}
		recs, errs := testtree.Found(t, m, timeline)
		testtree.NoErrors(t, errs)
		got := map[int64]int{}
		for _, r := range recs {
			if r.From.State == artifacts.Live {
				got[r.Data.(Activity).Code]++
			}
		}
		for code, n := range c.types {
			if got[code] != n {
				t.Errorf("%s: %v, want %v", c.folder, got, c.types)
				break
			}
		}
	}
}

// TestLooseLog reads a loose database with the log beside it: of the Windows 11 one
// the whole content is in the log, whose name the records bear.
func TestLooseLog(t *testing.T) {
	recs := testtree.RealRecords(t, "artifacts2/timeline/win11-rathbunvm-wal-only/ActivitiesCache.db", timeline)
	live := 0
	for _, r := range recs {
		if r.From.State == artifacts.Live {
			live++
			if !bytes.HasSuffix([]byte(r.From.Path), []byte("-wal")) || r.From.SHA256 == "" {
				t.Fatalf("a row of the log is said to be in %s", r.From.Path)
			}
		}
	}
	if live != 30 {
		t.Errorf("%d activities, want 30", live)
	}
}

func TestNotificationsReal(t *testing.T) {
	recs := testtree.RealRecords(t, "artifacts2/notifications/win10/wpndatabase.db", notices)
	live := 0
	for _, r := range recs {
		if n := r.Data.(Notification); r.From.State == artifacts.Live {
			if live++; n.App == "" || n.Arrival.IsZero() {
				t.Errorf("%+v", n)
			}
		}
	}
	if live != 8 {
		t.Errorf("%d notifications, want 8", live)
	}
}

// TestSearchIndexReal reads both forms of the index.
func TestSearchIndexReal(t *testing.T) {
	dir := testtree.EvidenceDir(t) + "/artifacts2/"
	z, err := gzip.NewReader(bytes.NewReader(testtree.ReadFile(t, dir+"ese/winsearch-win10-clean/Windows.edb.gz")))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	const folder = "ProgramData/Microsoft/Search/Data/Applications/Windows/"
	m := fstest.MapFS{"Windows/System32/ntdll.dll": {}, folder + "Windows.edb": {Data: b}}
	recs, errs := testtree.Found(t, m, indexedItems)
	testtree.NoErrors(t, errs)
	if n := kinds(recs); n["item"] != 918 || n["crawled"] != 1256 {
		t.Errorf("Windows.edb: %v", n)
	}
	m = fstest.MapFS{"Windows/System32/ntdll.dll": {}}
	for _, name := range []string{"Windows.db", "Windows.db-wal", "Windows-gather.db", "Windows-gather.db-wal"} {
		m[folder+name] = &fstest.MapFile{Data: testtree.ReadFile(t, dir+"search/win11-before/"+name)}
	}
	recs, errs = testtree.Found(t, m, indexedItems)
	testtree.NoErrors(t, errs)
	if n := kinds(recs); n["item"] == 0 || n["crawled"] != 629 {
		t.Errorf("Windows.db: %v", n)
	}
}

func kinds(recs []artifacts.Record) map[string]int {
	n := map[string]int{}
	for _, r := range recs {
		if r.From.State == artifacts.Live {
			n[r.Data.(IndexedItem).Kind]++
		}
	}
	return n
}

func FuzzDatabases(f *testing.F) {
	f.Add([]byte("SQLite format 3\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, a := range []*artifacts.Artifact{timeline, notices, indexedItems} {
			testtree.CheckDecoded(t, artifacts.Input{Artifact: a, Data: b}, int64(len(b)))
		}
	})
}
