package browser

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/sqlitedb"
	"github.com/artifactdump/artifactdump/corpus/sqlitefile"
)

var march = time.Date(2025, 3, 11, 6, 40, 0, 0, time.UTC)

// one is a database with one table, whose columns take any value.
func one(t *testing.T, name, columns string, rows ...sqlitefile.Row) *sqlitedb.DB {
	t.Helper()
	return open(t, sqlitefile.DB{Tables: []sqlitefile.Table{{Name: name, SQL: "CREATE TABLE " + name + "(" + columns + ")",
		Rows: rows}}}.Build())
}

// TestOldDownloads reads the tables of versions before 26 of both browsers:
// Chrome had seconds since 1970 and the path itself, Firefox a table of its own.
func TestOldDownloads(t *testing.T) {
	db := one(t, "downloads", "id INTEGER PRIMARY KEY, full_path, url, start_time, received_bytes, total_bytes, state, end_time, opened",
		row(1, nil, `C:\d\old.exe`, "https://heron.example/old.exe", 1741675200, 5, 10, 1, 1741675260, 1),
		row(2, nil, `C:\d\b.exe`, "https://heron.example/b.exe", 0, 0, 10, 2, 0, 0))
	if family, err := Detect(db); family != Chromium || err != nil {
		t.Errorf("%s, %v", family, err)
	}
	d := downloads(t, db, Options{})
	if len(d) != 2 || d[0].Path != `C:\d\old.exe` || len(d[0].URLs) != 1 || d[0].URLs[0] != "https://heron.example/old.exe" ||
		!d[0].Start.Equal(march) || !d[0].End.Equal(march.Add(time.Minute)) || d[0].State != "complete" || !d[0].Opened || d[0].Temporary != "" {
		t.Errorf("%+v", d)
	}
	if len(d) == 2 && (!d[1].Start.IsZero() || !d[1].End.IsZero() || d[1].State != "cancelled" || d[1].Opened) {
		t.Errorf("%+v", d[1])
	}

	var rows []sqlitefile.Row
	for state := range 11 {
		rows = append(rows, row(state+1, nil, "x.zip", "https://heron.example/x.zip", "file:///C:/d/x.zip", `C:\t\x.part`,
			int64(int64(1741675200000000)), int64(int64(1741675205000000)), state, "https://heron.example/", 7, 9, "application/zip"))
	}
	db = one(t, "moz_downloads", "id INTEGER PRIMARY KEY, name, source, target, tempPath, startTime, endTime, state, referrer, currBytes, "+
		"maxBytes, mimeType", rows...)
	d = downloads(t, db, Options{})
	states := []string{"running", "complete", "failed", "cancelled", "paused", "queued", "blocked", "scanning",
		"blocked by an antivirus program", "blocked by policy", "10"}
	if len(d) != len(states) {
		t.Fatalf("%d downloads", len(d))
	}
	for i, x := range d {
		if x.State != states[i] || x.Family != Firefox || x.Path != "file:///C:/d/x.zip" || x.Temporary != `C:\t\x.part` || x.Received != 7 ||
			x.Total != 9 || x.MIME != "application/zip" || x.Referrer != "https://heron.example/" || !x.Start.Equal(march) ||
			!x.End.Equal(march.Add(5*time.Second)) || x.URLs[0] != "https://heron.example/x.zip" {
			t.Errorf("state %d: %+v", i, x)
		}
	}
}

// TestAnnotations reads downloads of Firefox 26 and later that are not whole.
func TestAnnotations(t *testing.T) {
	const micro = int64(int64(1741675200000000))
	annotations := func(rows ...sqlitefile.Row) []Download {
		return downloads(t, open(t, sqlitefile.DB{Tables: []sqlitefile.Table{
			{Name: "moz_historyvisits", SQL: "CREATE TABLE moz_historyvisits(id INTEGER PRIMARY KEY)"},
			{Name: "moz_places", SQL: "CREATE TABLE moz_places(id INTEGER PRIMARY KEY, url)", Rows: []sqlitefile.Row{row(1, nil, "https://a/"),
				row(2, nil, "https://b/")}},
			{Name: "moz_anno_attributes", SQL: "CREATE TABLE moz_anno_attributes(id INTEGER PRIMARY KEY, name)",
				Rows: []sqlitefile.Row{row(1, nil, annoTarget), row(2, nil, annoMeta), row(3, nil, "bookmarks/keyword")}},
			{Name: "moz_annos", SQL: "CREATE TABLE moz_annos(id INTEGER PRIMARY KEY, place_id, anno_attribute_id, content, dateAdded)", Rows: rows},
		}}.Build()), Options{})
	}
	for _, c := range []struct {
		name string
		rows []sqlitefile.Row
		want string
	}{
		{"only its path", []sqlitefile.Row{row(1, nil, 1, 1, "file:///a", micro)}, "https://a/ file:///a  06:40:00 0"},
		{"only what became of it", []sqlitefile.Row{row(1, nil, 2, 2, `{"state":4}`, micro)}, "https://b/  paused 06:40:00 0"},
		{"a broken note", []sqlitefile.Row{row(1, nil, 1, 1, "file:///a", micro), row(2, nil, 1, 2, "{", micro)},
			"https://a/ file:///a  06:40:00 0"},
		{"another annotation", []sqlitefile.Row{row(1, nil, 1, 3, "x", micro)}, ""},
		{"the earlier time counts", []sqlitefile.Row{row(1, nil, 1, 2, `{"state":1,"fileSize":3}`, micro+60e6), row(2, nil, 1, 1, "p", micro)},
			"https://a/ p complete 06:40:00 3"},
		{"a time that is not set", []sqlitefile.Row{row(1, nil, 1, 1, "p", micro), row(2, nil, 1, 2, `{"state":3}`, 0)},
			"https://a/ p cancelled 06:40:00 0"},
	} {
		var got strings.Builder
		for _, d := range annotations(c.rows...) {
			fmt.Fprintf(&got, "%s %s %s %s %d", d.URLs[0], d.Path, d.State, d.Start.Format(time.TimeOnly), d.Received)
		}
		if got.String() != c.want {
			t.Errorf("%s: %q, want %q", c.name, got.String(), c.want)
		}
	}
}

// TestTimes converts the times of both browsers, which may be anything in a damaged database.
func TestTimes(t *testing.T) {
	for v, want := range map[int64]string{
		0: "", -1: "", webkitTime: "2025-03-11T06:40:00Z", 1: "1601-01-01T00:00:00.000001Z", 11644473600000000: "1970-01-01T00:00:00Z",
		1 << 62: "",
	} {
		if got := webkit(v); got.IsZero() != (want == "") || !got.IsZero() && got.Format(time.RFC3339Nano) != want {
			t.Errorf("webkit(%d) = %v, want %s", v, got, want)
		}
	}
	for v, want := range map[int64]string{
		0: "", -1: "", 1: "1970-01-01T00:00:00.000001Z", 253402300799999999: "9999-12-31T23:59:59.999999Z", 253402300800000000: "", 1 << 62: "",
	} {
		if got := unixMicro(v); got.IsZero() != (want == "") || !got.IsZero() && got.Format(time.RFC3339Nano) != want {
			t.Errorf("unixMicro(%d) = %v, want %s", v, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 1: "one", 2: "2", -1: "-1"} {
		if got := name(n, "", "one"); got != want {
			t.Errorf("name(%d) = %s, want %s", n, got, want)
		}
	}
}

// TestTransitions names how a page was reached; the upper bits are qualifiers.
func TestTransitions(t *testing.T) {
	chromium := []string{"link", "typed", "bookmark", "automatic sub-frame", "sub-frame", "generated", "start page", "form", "reload",
		"keyword",
		"keyword generated", "11"}
	firefox := []string{"0", "link", "typed", "bookmark", "embedded", "permanent redirect", "temporary redirect", "download", "framed link",
		"reload", "10"}
	var visited, placed []sqlitefile.Row
	for i := range chromium {
		visited = append(visited, row(i+1, nil, 1, webkitTime, 0, 0x08000000|i))
	}
	for i := range firefox {
		placed = append(placed, row(i+1, nil, 1, int64(1741675200000000), i))
	}
	url := []sqlitefile.Row{row(1, nil, "https://heron.example/")}
	c := visits(t, open(t, sqlitefile.DB{Tables: []sqlitefile.Table{
		{Name: "urls", SQL: "CREATE TABLE urls(id INTEGER PRIMARY KEY, url)", Rows: url},
		{Name: "visits", SQL: "CREATE TABLE visits(id INTEGER PRIMARY KEY, url, visit_time, from_visit, transition)", Rows: visited},
		{Name: "visit_source", SQL: "CREATE TABLE visit_source(id INTEGER PRIMARY KEY, source)", Rows: []sqlitefile.Row{row(1, nil, 0), row(2,
			nil, 1)}},
	}}.Build()), Options{})
	f := visits(t, open(t, sqlitefile.DB{Tables: []sqlitefile.Table{
		{Name: "moz_places", SQL: "CREATE TABLE moz_places(id INTEGER PRIMARY KEY, url)", Rows: url},
		{Name: "moz_historyvisits", SQL: "CREATE TABLE moz_historyvisits(id INTEGER PRIMARY KEY, place_id, visit_date, visit_type)",
			Rows: placed},
	}}.Build()), Options{})
	if len(c) != len(chromium) || len(f) != len(firefox) {
		t.Fatalf("%d and %d visits", len(c), len(f))
	}
	for i, v := range c {
		if v.Transition != chromium[i] || v.Redirect || v.Code != int64(0x08000000|i) || v.Synced != (i == 0) ||
			v.URL != "https://heron.example/" {
			t.Errorf("Chromium %d: %+v", i, v)
		}
	}
	for i, v := range f {
		if v.Transition != firefox[i] || v.Redirect != (i == 5 || i == 6) || v.URL != "https://heron.example/" || !v.Time.Equal(march) {
			t.Errorf("Firefox %d: %+v", i, v)
		}
	}
}
