package sqlite_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/sqlite"
)

// at has all 100 nanoseconds.
var at = time.Date(2026, 3, 6, 23, 59, 59, 999999900, time.UTC)

// row is a row with a value in each of its fields, each its own.
func row(i int) *output.Row {
	n := fmt.Sprint(i)
	return &output.Row{
		Time: at.Add(time.Duration(i) * time.Second), ID: "id" + n, Kind: "kind" + n, Message: "message" + n, DataType: "type" + n, Parser: "parser" + n,
		Host: "PC-1", User: "user" + n, SID: "sid" + n, Source: `C:\source` + n, SHA256: "sum" + n, Snapshot: "snap" + n, Path: "path" + n,
		Executable: "exe" + n, Key: "key" + n, Value: "value" + n, Proof: artifacts.Executed, State: artifacts.Live, Offset: int64(i) << 40,
		Tags: []string{"tag" + n}, Extra: []artifacts.Field{{Name: "extra", Value: n}}, RecordID: "record" + n, TimeKind: "zone" + n,
		Level: "high", Rules: []string{"X-" + n}, FindingIDs: []string{"finding" + n}, Session: "session" + n,
		ProgramID: "program" + n, StartID: "start" + n, Window: "window" + n,
	}
}

// write writes rows into a new database and opens it.
func write(t *testing.T, opts *sqlite.Options, rows ...*output.Row) *sql.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a b#c?d%.sqlite") // a path that is no URL
	w, err := sqlite.Create(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.Event(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "x.sqlite")
	if err := os.Rename(path, copied); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", copied)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func one(t *testing.T, db *sql.DB, query string, args ...any) string {
	t.Helper()
	var v sql.NullString
	if err := db.QueryRow(query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if !v.Valid {
		return "NULL"
	}
	return v.String
}

// TestColumns has each field in its column: a row whose fields are all different
// shows it when two columns were swapped.
func TestColumns(t *testing.T) {
	for _, n := range []int{1, 5, 6, 7, 13} { // about the size of one statement
		var rows []*output.Row
		for i := range n {
			rows = append(rows, row(i))
		}
		db := write(t, nil, rows...)
		if got := one(t, db, "SELECT count(*) FROM timeline"); got != fmt.Sprint(n) {
			t.Errorf("%d rows of %d", n, n)
		}
		last := n - 1
		for column, want := range map[string]string{
			"timestamp_desc": "kind", "data_type": "type", "parser": "parser", "message": "message", "path": "path", "executable": "exe",
			"username": "user", "user_sid": "sid", "key_path": "key", "value_name": "value", "event_id": "id", "record_id": "record",
			"time_kind": "zone", "session": "session", "program_id": "program", "start_id": "start", "window": "window",
		} {
			if got := one(t, db, "SELECT "+column+" FROM timeline WHERE id = ?", n); got != want+fmt.Sprint(last) {
				t.Errorf("%d rows: %s is %q", n, column, got)
			}
		}
		for query, want := range map[string]string{
			"SELECT confidence FROM timeline":                        string(artifacts.Executed),
			"SELECT state FROM timeline":                             string(artifacts.Live),
			"SELECT max(offset) FROM timeline":                       fmt.Sprint(int64(last) << 40),
			"SELECT datetime FROM timeline":                          "2026-03-06T23:59:59.9999999Z",
			"SELECT timestamp FROM timeline":                         fmt.Sprint(at.UnixMicro()),
			"SELECT filetime FROM timeline":                          fmt.Sprint(at.UnixNano()/100 + 116444736000000000),
			"SELECT level FROM timeline":                             "high",
			"SELECT json_extract(tags, '$[0]') FROM timeline":        "tag0",
			"SELECT json_extract(rules, '$[0]') FROM timeline":       "X-0",
			"SELECT json_extract(finding_ids, '$[0]') FROM timeline": "finding0",
			"SELECT json_extract(extra, '$.extra') FROM timeline":    "0",
			"SELECT count(DISTINCT host_id) FROM timeline":           "1",
			"SELECT s.path || s.snapshot || s.sha256 FROM timeline t JOIN source_file s ON s.id = t.source_id WHERE t.id = 1": `C:\source0snap0sum0`,
			"SELECT h.name FROM timeline t JOIN host h ON h.id = t.host_id WHERE t.id = 1":                                    "PC-1",
		} {
			if got := one(t, db, query); got != want {
				t.Errorf("%d rows: %s: %s, want %s", n, query, got, want)
			}
		}
	}
}

// TestLayout is what docs/outputs.md promises of the file.
func TestLayout(t *testing.T) {
	db := write(t, nil, row(1))
	for query, want := range map[string]string{
		"PRAGMA user_version":    "1",
		"PRAGMA application_id":  fmt.Sprint(0x41444d50),
		"PRAGMA integrity_check": "ok",
		"SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite%' ORDER BY 1)": "finding,host,source_file,timeline",
		"SELECT count(*) FROM sqlite_schema WHERE type='index' AND tbl_name='timeline'":                                             "3",
		"SELECT count(*) FROM pragma_foreign_key_check":                                                                             "0",
	} {
		if got := one(t, db, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	if got := one(t, db, "SELECT group_concat(detail) FROM pragma_table_info('timeline') LEFT JOIN (SELECT 1 AS detail) ON name = 'id'"); got != "1" {
		t.Errorf("columns: %s", got)
	}
}

// TestHostile keeps a text that would end a statement, a text of SQLite or the
// encoding: nothing of it is executed, lost or shortened.
func TestHostile(t *testing.T) {
	const evil = "'); DROP TABLE host; --\"\x00after\xffend\u202egnp.exe\x1b[31m"
	want := "'); DROP TABLE host; --\"\\x00after\uFFFDend\u202egnp.exe\x1b[31m"
	r := row(1)
	for _, p := range []*string{&r.Message, &r.Path, &r.Executable, &r.User, &r.SID, &r.Key, &r.Value, &r.Session, &r.Host, &r.Source, &r.Snapshot, &r.SHA256} {
		*p = evil
	}
	r.Tags, r.Rules, r.FindingIDs = []string{evil}, []string{evil}, []string{evil}
	r.Extra = []artifacts.Field{{Name: evil, Value: evil}}
	opts := &sqlite.Options{FullText: true}
	opts.Case = func() *output.Case {
		return &output.Case{
			Machines: []output.Machine{{Name: evil, OS: evil, Input: evil}},
			Files:    []output.File{{Host: evil, Path: evil, Snapshot: evil, SHA256: evil, Error: evil, Status: "failed", Size: 7}},
			Findings: []output.Finding{{ID: "f", Host: evil, RuleID: "X-01", Level: "high", Title: evil, Subject: evil, Why: evil, Evidence: []string{evil}}},
		}
	}
	db := write(t, opts, r)
	for _, c := range []string{"message", "path", "executable", "username", "user_sid", "key_path", "value_name", "session"} {
		if got := one(t, db, "SELECT "+c+" FROM timeline"); got != want {
			t.Errorf("%s: %q, want %q", c, got, want)
		}
		if got := one(t, db, "SELECT length("+c+") FROM timeline"); got != fmt.Sprint(utf8.RuneCountInString(want)) {
			t.Errorf("SQLite sees %s characters of %s", got, c)
		}
	}
	for query, want := range map[string]string{
		"SELECT name FROM host": want, "SELECT os FROM host": want, "SELECT input FROM host": want, "SELECT count(*) FROM host": "1",
		"SELECT path FROM source_file": want, "SELECT snapshot FROM source_file": want, "SELECT error FROM source_file": want,
		"SELECT status || size FROM source_file": "failed7", "SELECT count(*) FROM source_file": "1",
		"SELECT title FROM finding": want, "SELECT subject FROM finding": want, "SELECT why FROM finding": want,
		"SELECT count(*) FROM timeline_text WHERE timeline_text MATCH 'after'": "0",
		"SELECT count(*) FROM timeline_text WHERE timeline_text MATCH 'gnp'":   "1",
		"SELECT count(*) FROM timeline_text WHERE timeline_text MATCH 'DROP'":  "1",
		"PRAGMA integrity_check": "ok",
	} {
		if got := one(t, db, query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	for _, c := range []string{"tags", "rules", "finding_ids"} {
		var list []string
		if err := json.Unmarshal([]byte(one(t, db, "SELECT "+c+" FROM timeline")), &list); err != nil || len(list) != 1 || !strings.Contains(list[0], "DROP TABLE") {
			t.Errorf("%s: %q, %v", c, list, err)
		}
	}
}

// TestCase joins what the case knows with what events came from, and adds what
// gave none.
func TestCase(t *testing.T) {
	modified := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	opts := &sqlite.Options{}
	opts.Case = func() *output.Case {
		return &output.Case{
			Machines: []output.Machine{{Name: "PC-1", OS: "Windows 11", Build: "22631", TimeZone: "UTC", MachineGUID: "guid", Input: "in"}, {Name: "PC-1", OS: "another of that name"}},
			Files: []output.File{
				{Host: "PC-1", Path: `C:\source1`, Snapshot: "snap1", Size: 99, SHA256: "sum1", Modified: modified, Status: "ok"},
				{Host: "PC-2", Path: `C:\empty`, Status: "skipped"},
			},
			Findings: []output.Finding{
				{ID: "a", Host: "PC-3", RuleID: "P-01", Level: "low", Title: "t", Techniques: []string{"T1", "T2"}, First: modified, Evidence: []string{"id1"}},
			},
		}
	}
	db := write(t, opts, row(1))
	for query, want := range map[string]string{
		"SELECT count(*) FROM host": "3",
		"SELECT os || build || timezone || machine_guid FROM host WHERE id = 1":                                                        "Windows 1122631UTCguid",
		"SELECT count(*) FROM host WHERE os IS NULL AND build IS NULL AND timezone IS NULL AND machine_guid IS NULL AND input IS NULL": "2",
		"SELECT count(*) FROM source_file":                                                                                 "2",
		"SELECT size || mtime || status FROM source_file WHERE id = 1":                                                     "992025-01-01T00:00:00.0000000Zok",
		"SELECT count(*) FROM source_file WHERE status = 'skipped' AND mtime IS NULL AND error IS NULL AND sha256 IS NULL": "1",
		"SELECT techniques FROM (SELECT technique AS techniques FROM finding)":                                             "T1,T2",
		"SELECT first_seen FROM finding":                                                                                   "2025-01-01T00:00:00.0000000Z",
		"SELECT last_seen FROM finding":                                                                                    "NULL",
		"SELECT h.name FROM finding f JOIN host h ON h.id = f.host_id":                                                     "PC-3",
		"SELECT t.message FROM finding f, json_each(f.evidence) e JOIN timeline t ON t.event_id = e.value":                 "message1",
	} {
		if got := one(t, db, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

// TestExtremes has the ends of the calendar, and lists that are empty.
func TestExtremes(t *testing.T) {
	first, last, bare := row(1), row(2), &output.Row{Time: time.Unix(0, 0).UTC(), Local: true}
	first.Time, last.Time = time.Date(1601, 1, 1, 0, 0, 0, 100, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999900, time.UTC)
	db := write(t, nil, first, last, bare)
	for query, want := range map[string]string{
		"SELECT filetime FROM timeline WHERE id = 1":         "1",
		"SELECT datetime FROM timeline WHERE id = 1":         "1601-01-01T00:00:00.0000001Z",
		"SELECT datetime FROM timeline WHERE id = 2":         "9999-12-31T23:59:59.9999999Z",
		"SELECT datetime FROM timeline WHERE id = 3":         "1970-01-01T00:00:00.0000000",
		"SELECT rules FROM timeline WHERE id = 3":            "NULL",
		"SELECT id FROM timeline ORDER BY timestamp LIMIT 1": "1",
	} {
		if got := one(t, db, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

// TestNoEvents is a whole database without rows.
func TestNoEvents(t *testing.T) {
	db := write(t, nil)
	if got := one(t, db, "SELECT (SELECT count(*) FROM timeline) + (SELECT count(*) FROM host) + (SELECT count(*) FROM source_file)"); got != "0" {
		t.Errorf("%s rows", got)
	}
}

// TestCreateRefuses does not write over a database, and reports a folder that is
// not there.
func TestCreateRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.sqlite")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := sqlite.Create(path, nil)
	if err != nil {
		t.Fatalf("an empty file: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	was, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if w, err := sqlite.Create(path, nil); err == nil {
		w.Abort()
		t.Error("a second database at the same path")
	}
	if is, _ := os.ReadFile(path); !slices.Equal(is, was) {
		t.Error("the first database was changed")
	}
	if w, err := sqlite.Create(filepath.Join(dir, "no", "x.sqlite"), nil); err == nil {
		w.Abort()
		t.Error("a database in a folder that is not there")
	}
	if err := os.WriteFile(path, []byte("this is not a database, but a text of some length"), 0o600); err != nil {
		t.Fatal(err)
	}
	if w, err := sqlite.Create(path, nil); err == nil {
		w.Abort()
		t.Error("a database over a text")
	}
}

// TestAbort leaves no open file: the folder can be removed, and rows that were not
// finished are not there.
func TestAbort(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.sqlite")
	w, err := sqlite.Create(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Event(row(1)); err != nil {
		t.Fatal(err)
	}
	if err := w.Abort(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func ExampleCreate() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "timeline.sqlite")
	w, err := sqlite.Create(path, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Event(&output.Row{Time: at, Host: "PC-1", Message: "a program ran"}); err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
		return
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	var message string
	fmt.Println(db.QueryRow("SELECT message FROM timeline").Scan(&message), message)
	// Output: <nil> a program ran
}
