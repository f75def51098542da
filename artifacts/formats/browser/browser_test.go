package browser

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/sqlitedb"
	"github.com/artifactdump/artifactdump/corpus/sqlitefile"
)

func open(t testing.TB, b []byte) *sqlitedb.DB {
	t.Helper()
	db, err := sqlitedb.Open(bytes.NewReader(b), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func row(id int, values ...any) sqlitefile.Row {
	return sqlitefile.Row{ID: int64(id), Values: values}
}

const webkitTime int64 = 13386148800000000 // 2025-03-11T06:40:00Z

func chromium() []byte {
	return sqlitefile.DB{Tables: []sqlitefile.Table{
		{Name: "urls", SQL: "CREATE TABLE urls(id INTEGER PRIMARY KEY, url LONGVARCHAR, title LONGVARCHAR, visit_count INTEGER, typed_count INTEGER, last_visit_time INTEGER, hidden INTEGER)",
			Rows:    []sqlitefile.Row{row(1, nil, "https://heron.example/", "Heron", 3, 1, webkitTime, 0)},
			Dropped: []sqlitefile.Row{row(2, nil, "https://deleted.example/", "Deleted", 1, 0, webkitTime, 0)}},
		{Name: "visits", SQL: "CREATE TABLE visits(id INTEGER PRIMARY KEY, url INTEGER NOT NULL, visit_time INTEGER NOT NULL, from_visit INTEGER, transition INTEGER NOT NULL, visit_duration INTEGER, originator_cache_guid TEXT)",
			Rows:    []sqlitefile.Row{row(5, nil, 1, webkitTime, 4, 0x30000001, 2000000, ""), row(6, nil, 1, webkitTime+1000000, 0, 0x40000000, 0, "other machine")},
			Dropped: []sqlitefile.Row{row(7, nil, 2, webkitTime+2000000, 0, 8, 0, "")}},
		{Name: "visit_source", SQL: "CREATE TABLE visit_source(id INTEGER PRIMARY KEY, source INTEGER NOT NULL)"},
		{Name: "keyword_search_terms", SQL: "CREATE TABLE keyword_search_terms(keyword_id INTEGER, url_id INTEGER, term TEXT)", Rows: []sqlitefile.Row{row(1, 2, 1, "grey heron")}},
		{Name: "downloads", SQL: "CREATE TABLE downloads(id INTEGER PRIMARY KEY, current_path TEXT, target_path TEXT, start_time INTEGER, end_time INTEGER, received_bytes INTEGER, total_bytes INTEGER, state INTEGER, danger_type INTEGER, opened INTEGER, tab_url TEXT)",
			Rows: []sqlitefile.Row{row(1, nil, `C:\d\x.crdownload`, `C:\d\x.exe`, webkitTime, webkitTime+5000000, 10, 20, 1, 5, 1, "https://heron.example/tab")}},
		{Name: "downloads_url_chains", SQL: "CREATE TABLE downloads_url_chains(id INTEGER, chain_index INTEGER, url TEXT)",
			Rows: []sqlitefile.Row{row(1, 1, 1, "https://b.example/x.exe"), row(2, 1, 0, "https://a.example/")}},
	}}.Build()
}

func visits(t *testing.T, db *sqlitedb.DB, opts Options) []Visit {
	t.Helper()
	var out []Visit
	for v, err := range Visits(db, opts) {
		if err != nil {
			t.Error(err)
		}
		out = append(out, v)
	}
	return out
}

func downloads(t *testing.T, db *sqlitedb.DB, opts Options) []Download {
	t.Helper()
	var out []Download
	for d, err := range Downloads(db, opts) {
		if err != nil {
			t.Error(err)
		}
		out = append(out, d)
	}
	return out
}

func TestChromium(t *testing.T) {
	b := chromium()
	db := open(t, b)
	got := visits(t, db, Options{Recovered: true})
	if len(got) != 3 {
		t.Fatalf("%d visits", len(got))
	}
	at := time.Date(2025, 3, 11, 6, 40, 0, 0, time.UTC)
	want := Visit{Source: got[0].Source, Family: Chromium, ID: 5, URL: "https://heron.example/", Title: "Heron", Time: at, Transition: "typed", Code: 0x30000001,
		From: 4, Duration: 2 * time.Second, Visits: 3, Typed: 1, Search: "grey heron"}
	if !reflect.DeepEqual(got[0], want) {
		t.Errorf("%+v\nwant %+v", got[0], want)
	}
	if v := got[1]; !v.Synced || !v.Redirect || v.Transition != "link" {
		t.Errorf("%+v", v)
	}
	if v := got[2]; v.State != sqlitedb.Deleted || v.URL != "https://deleted.example/" || v.Transition != "reload" || v.ID != 7 {
		t.Errorf("%+v", v)
	}
	d := downloads(t, db, Options{})
	wantD := Download{Source: d[0].Source, Family: Chromium, ID: 1, Path: `C:\d\x.exe`, Temporary: `C:\d\x.crdownload`, URLs: []string{"https://a.example/", "https://b.example/x.exe"},
		Start: at, End: at.Add(5 * time.Second), Received: 10, Total: 20, State: "complete", Danger: 5, Opened: true, Tab: "https://heron.example/tab"}
	if len(d) != 1 || !reflect.DeepEqual(d[0], wantD) {
		t.Errorf("%+v\nwant %+v", d, wantD)
	}
	if off := d[0].Offset; !bytes.Contains(b[off:off+80], []byte("crdownload")) {
		t.Errorf("the download is not at %d", off)
	}
	if len(visits(t, db, Options{})) != 2 {
		t.Error("a deleted visit is live")
	}
	for _, err := range Visits(open(t, sqlitefile.DB{Tables: []sqlitefile.Table{{Name: "t", SQL: "CREATE TABLE t(a)"}}}.Build()), Options{}) {
		if err != ErrNotBrowser {
			t.Errorf("no browser: %v", err)
		}
	}
}

func TestFirefox(t *testing.T) {
	const micro int64 = 1741675200000000 // 2025-03-11T06:40:00Z
	at := time.Date(2025, 3, 11, 6, 40, 0, 0, time.UTC)
	db := open(t, sqlitefile.DB{Tables: []sqlitefile.Table{
		{Name: "moz_places", SQL: "CREATE TABLE moz_places(id INTEGER PRIMARY KEY, url TEXT, title TEXT, visit_count INTEGER, hidden INTEGER, typed INTEGER)",
			Rows: []sqlitefile.Row{row(1, nil, "https://heron.example/x.zip", "Heron", 2, 0, 1)}},
		{Name: "moz_historyvisits", SQL: "CREATE TABLE moz_historyvisits(id INTEGER PRIMARY KEY, from_visit INTEGER, place_id INTEGER, visit_date INTEGER, visit_type INTEGER)",
			Rows: []sqlitefile.Row{row(3, nil, 2, 1, micro, 7)}},
		{Name: "moz_anno_attributes", SQL: "CREATE TABLE moz_anno_attributes(id INTEGER PRIMARY KEY, name TEXT)", Rows: []sqlitefile.Row{row(1, nil, annoTarget), row(2, nil, annoMeta)}},
		{Name: "moz_annos", SQL: "CREATE TABLE moz_annos(id INTEGER PRIMARY KEY, place_id INTEGER, anno_attribute_id INTEGER, content TEXT, dateAdded INTEGER)",
			Rows: []sqlitefile.Row{row(1, nil, 1, 1, "file:///C:/d/x.zip", micro), row(2, nil, 1, 2, `{"state":1,"endTime":1741675205000,"fileSize":99}`, micro+1)}},
	}}.Build())
	v := visits(t, db, Options{})
	if len(v) != 1 || v[0].URL != "https://heron.example/x.zip" || v[0].Transition != "download" || !v[0].Time.Equal(at) || v[0].From != 2 || v[0].Typed != 1 {
		t.Errorf("%+v", v)
	}
	d := downloads(t, db, Options{})
	if len(d) != 1 || d[0].Path != "file:///C:/d/x.zip" || d[0].State != "complete" || !d[0].Start.Equal(at) || !d[0].End.Equal(at.Add(5*time.Second)) || d[0].Received != 99 || d[0].URLs[0] != "https://heron.example/x.zip" {
		t.Errorf("%+v", d)
	}
}

// TestEvidence compares with the shared truth table.
func TestEvidence(t *testing.T) {
	root := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if root == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	for name, want := range map[string]string{
		"chrome/History":               "chromium 69 visits 2 downloads 2011-05-23T08:37:27.061516Z",
		"chrome/History-57.0.2987.133": "chromium 1 visits 1 downloads 2018-01-21T14:09:53.885478Z",
		"chrome/History-58.0.3029.96":  "chromium 1 visits 1 downloads 2018-01-21T14:09:27.315765Z",
		"chrome/History-59.0.3071.86":  "chromium 1 visits 1 downloads 2018-01-21T14:08:52.037692Z",
		"firefox/places.sqlite":        "firefox 1 visits 0 downloads 2011-07-01T11:16:21.371935Z",
		"firefox/downloads.sqlite":     "firefox 0 visits 1 downloads 2013-07-18T18:59:59.312000Z",
	} {
		b, err := os.ReadFile(filepath.Join(root, "artifacts2", "browser", name))
		if err != nil {
			t.Fatal(err)
		}
		db := open(t, b)
		family, err := Detect(db)
		if err != nil {
			t.Fatal(err)
		}
		var last time.Time
		v := visits(t, db, Options{})
		for _, x := range v {
			if x.URL == "" || x.Time.IsZero() {
				t.Errorf("%s: %+v", name, x)
			}
			if x.Time.After(last) {
				last = x.Time
			}
		}
		d := downloads(t, db, Options{})
		for _, x := range d {
			if len(x.URLs) == 0 || !strings.Contains(x.URLs[0], "://") || x.Path == "" || x.Start.IsZero() || x.State != "complete" {
				t.Errorf("%s: %+v", name, x)
			}
			if len(v) == 0 {
				last = x.Start
			}
		}
		got := fmt.Sprintf("%s %d visits %d downloads %s", family, len(v), len(d), last.Format("2006-01-02T15:04:05.000000Z"))
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(chromium())
	f.Fuzz(func(t *testing.T, b []byte) {
		db, err := sqlitedb.Open(bytes.NewReader(b), nil, nil)
		if err != nil {
			return
		}
		n := 0
		for range Visits(db, Options{Recovered: true}) {
			n++
		}
		for range Downloads(db, Options{Recovered: true}) {
			n++
		}
		if n > len(b) {
			t.Fatalf("%d rows in %d bytes", n, len(b))
		}
	})
}
