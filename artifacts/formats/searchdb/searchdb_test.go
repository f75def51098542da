package searchdb

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/searchitem"
	"github.com/artifactdump/artifactdump/artifacts/formats/sqlitedb"
	"github.com/artifactdump/artifactdump/corpus/sqlitefile"
)

var at = time.Date(2025, 3, 11, 6, 40, 0, 0, time.UTC)

func row(id int64, values ...any) sqlitefile.Row { return sqlitefile.Row{ID: id, Values: values} }

func sample() []byte {
	ft := binary.LittleEndian.AppendUint64(nil, 133861488000000000)
	return sqlitefile.DB{Tables: []sqlitefile.Table{
		{Name: "SystemIndex_1_PropertyStore_Metadata", SQL: "CREATE TABLE SystemIndex_1_PropertyStore_Metadata(Id INTEGER, UniqueKey TEXT, Name TEXT)",
			Rows: []sqlitefile.Row{row(1, 26, "4630F-System_Search_GatherTime", "x"), row(2, 33, "4447-System_ItemPathDisplay", "x"), row(3, 40, "4625-System_Search_AutoSummary", "x"), row(4, 50, "13F-System_Size", "x")}},
		{Name: "SystemIndex_1_PropertyStore", SQL: "CREATE TABLE SystemIndex_1_PropertyStore(WorkId INTEGER, ColumnId INTEGER, Value, PRIMARY KEY (WorkId, ColumnId)) WITHOUT ROWID", Without: true,
			Rows: []sqlitefile.Row{row(0, 1, 26, ft), row(0, 1, 33, `C:\gone.txt`), row(0, 1, 40, strings.Repeat("ä", 300)), row(0, 1, 50, []byte{9, 0, 0, 0, 0, 0, 0, 0}), row(0, 2, 33, `C:\b.txt`)}},
		{Name: "SystemIndex_GthrPth", SQL: "CREATE TABLE SystemIndex_GthrPth(Scope INTEGER, Parent INTEGER, Name TEXT COLLATE [UNICODE_en-US_LINGUISTIC_IGNORECASE], PRIMARY KEY (Scope)) WITHOUT ROWID", Without: true,
			Rows: []sqlitefile.Row{row(0, 2, 1, "file:"), row(0, 3, 2, "C:"), row(0, 4, 3, "/"), row(0, 5, 4, "[5c0e7bb7]/"), row(0, 6, 5, "Users/"), row(0, 7, 7, "loop/")}},
		{Name: "SystemIndex_Gthr", SQL: "CREATE TABLE SystemIndex_Gthr(ScopeID INTEGER, FileName TEXT, DocumentID INTEGER, LastModified BLOB, DeletedCount INTEGER, PRIMARY KEY (ScopeID, FileName)) WITHOUT ROWID", Without: true,
			Rows: []sqlitefile.Row{row(0, 6, "plan.txt", 3, ft, 1), row(0, 7, "x", 4, nil, 0), row(0, 99, "lost", 5, nil, 0)}},
	}}.Build()
}

func TestRead(t *testing.T) {
	db, err := sqlitedb.Open(bytes.NewReader(sample()), nil, nil)
	if err != nil || Detect(db) != nil {
		t.Fatal(err)
	}
	var items []Item
	for it, err := range Items(db) {
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, it)
	}
	want := []Item{
		{Place: items[0].Place, WorkID: 1,
			Properties: searchitem.Properties{Path: `C:\gone.txt`, Gathered: at, Summary: strings.Repeat("ä", 200), Size: 9}},
		{Place: items[1].Place, WorkID: 2, Properties: searchitem.Properties{Path: `C:\b.txt`}},
	}
	if !reflect.DeepEqual(items, want) {
		t.Errorf("%+v\nwant %+v", items, want)
	}
	var paths []Crawled
	for c, err := range Paths(db, false) {
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, c)
	}
	if len(paths) != 3 {
		t.Fatalf("%d paths", len(paths))
	}
	wantPath := Crawled{Place: paths[0].Place, DocumentID: 3, URL: "file:C:/Users/plan.txt", Name: "plan.txt", Volume: "5c0e7bb7", LastModified: at, Deleted: 1}
	if !reflect.DeepEqual(paths[0], wantPath) {
		t.Errorf("%+v\nwant %+v", paths[0], wantPath)
	}
	if !strings.HasSuffix(paths[1].URL, "loop/loop/x") || len(paths[1].URL) > 5*256+1 || paths[2].URL != "lost" {
		t.Errorf("%.40s, %s", paths[1].URL, paths[2].URL)
	}
}

// TestEvidence reads the index of a real Windows 11, with its logs.
func TestEvidence(t *testing.T) {
	root := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if root == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	open := func(name string) *sqlitedb.DB {
		read := func(suffix string) sqlitedb.Reader {
			b, err := os.ReadFile(filepath.Join(root, "artifacts2", "search", "win11-before", name+suffix))
			if err != nil {
				t.Fatal(err)
			}
			return bytes.NewReader(b)
		}
		db, err := sqlitedb.Open(read(""), read("-wal"), nil)
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	n, urls := 0, 0
	for it, err := range Items(open("Windows.db")) {
		if err != nil {
			t.Error(err)
		}
		if n++; it.URL != "" && !it.Gathered.IsZero() {
			urls++
		}
		if it.WorkID == 1 && (it.Path != `C:\ProgramData\Microsoft\Windows\Start Menu` || it.Gathered.Year() != 2023) {
			t.Errorf("%+v", it)
		}
	}
	paths, files := 0, 0
	for c, err := range Paths(open("Windows-gather.db"), false) {
		if err != nil {
			t.Error(err)
		}
		if paths++; strings.HasPrefix(c.URL, "file:C:/") && c.Volume != "" {
			files++
		}
	}
	t.Logf("%d items, %d with address and time; %d paths, %d of files", n, urls, paths, files)
	if n < 500 || urls < n*9/10 || paths != 629 || files < 500 {
		t.Errorf("%d items, %d with address and time; %d paths, %d of files", n, urls, paths, files)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample())
	f.Fuzz(func(t *testing.T, b []byte) {
		db, err := sqlitedb.Open(bytes.NewReader(b), nil, nil)
		if err != nil {
			return
		}
		for range Items(db) {
		}
		for range Paths(db, true) {
		}
	})
}
