package searchdb

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/searchitem"
	"github.com/artifactdump/artifactdump/artifacts/formats/sqlitedb"
	"github.com/artifactdump/artifactdump/corpus/sqlitefile"
)

func opened(t *testing.T, tables ...sqlitefile.Table) *sqlitedb.DB {
	t.Helper()
	b := sqlitefile.DB{Tables: tables}.Build()
	db, err := sqlitedb.Open(bytes.NewReader(b), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// TestProperties reads each property that an item can have, under numbers of
// another build and in tables without the number of the catalogue.
func TestProperties(t *testing.T) {
	ft := func(n int) []byte {
		return binary.LittleEndian.AppendUint64(nil, 133861488000000000+uint64(n)*600000000)
	}
	number := binary.LittleEndian.AppendUint64(nil, 1<<40)
	values := []struct {
		key   string
		value any
	}{
		{"1-System_ItemPathDisplay", `C:\a.lnk`}, {"2-System_ItemUrl", "file:C:/a.lnk"}, {"3-System_ItemTypeText", "Shortcut"},
		{"4-System_FileOwner", `PC\anna`}, {"5-System_Link_TargetUrl", `C:\b.txt`}, {"6-System_Search_AutoSummary", "what it says"},
		{"7-System_Size", number}, {"8-System_DateModified", ft(1)}, {"9-System_DateCreated", ft(2)}, {"10-System_DateAccessed", ft(3)},
		{"11-System_Search_GatherTime", ft(4)}, {"12-System_ActivityHistory_AppId", "Heron.Notes"},
		{"13-System_ActivityHistory_StartTime", ft(5)}, {"14-System_ActivityHistory_EndTime", ft(6)}, {"15-System_Kind", "link"},
		{"no number", "x"},
	}
	meta := sqlitefile.Table{Name: "SystemIndex_PropertyStore_Metadata",
		SQL: "CREATE TABLE SystemIndex_PropertyStore_Metadata(Id INTEGER, UniqueKey TEXT)"}
	store := sqlitefile.Table{Name: "SystemIndex_PropertyStore",
		SQL: "CREATE TABLE SystemIndex_PropertyStore(WorkId INTEGER, ColumnId INTEGER, Value)"}
	for i, v := range values {
		meta.Rows = append(meta.Rows, row(int64(i+1), 100+i, v.key))
		store.Rows = append(store.Rows, row(int64(i+1), 7, 100+i, v.value))
	}
	store.Rows = append(store.Rows, row(90, 7, 999, "a column that nothing describes"), row(91, nil, 100, "no item"),
		row(92, 8, 106, 55), row(93, 8, 107, "not a time"))
	db := opened(t, meta, store)
	if err := Detect(db); err != nil {
		t.Error(err)
	}
	var got []searchitem.Properties
	for it, err := range Items(db) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, it.Properties)
	}
	minute := func(n int) time.Time { return at.Add(time.Duration(n) * time.Minute) }
	want := []searchitem.Properties{
		{Path: `C:\a.lnk`, URL: "file:C:/a.lnk", Type: "Shortcut", Owner: `PC\anna`, Target: `C:\b.txt`, Summary: "what it says", Size: 1 << 40,
			Modified: minute(1), Created: minute(2), Accessed: minute(3), Gathered: minute(4), AppID: "Heron.Notes",
			ActivityStart: minute(5), ActivityEnd: minute(6)},
		{Size: 55}, // a size that is stored as a number
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	for range Items(db) {
		break // a reader may stop
	}
}

// TestAbsent: a database without the tables is another one; with some of them it has what they hold.
func TestAbsent(t *testing.T) {
	other := opened(t, sqlitefile.Table{Name: "t", SQL: "CREATE TABLE t(a)"})
	if err := Detect(other); err != ErrNotIndex {
		t.Errorf("another database: %v", err)
	}
	for range Items(other) {
		t.Error("another database has items")
	}
	for range Paths(other, true) {
		t.Error("another database has paths")
	}
	alone := opened(t, sqlitefile.Table{Name: "SystemIndex_Gthr",
		SQL:  "CREATE TABLE SystemIndex_Gthr(ScopeID INTEGER, FileName TEXT, DocumentID INTEGER)",
		Rows: []sqlitefile.Row{row(1, 5, "a.txt", 9)}, Dropped: []sqlitefile.Row{row(2, 6, "gone document.txt", 10)}})
	if err := Detect(alone); err != nil {
		t.Error(err)
	}
	for _, recovered := range []bool{false, true} {
		var got []string
		for c, err := range Paths(alone, recovered) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(c.State)+c.URL)
			if c.Volume != "" || !c.LastModified.IsZero() {
				t.Errorf("%+v", c)
			}
		}
		want := []string{"a.txt"} // without its folders
		if recovered {
			want = append(want, "deletedgone document.txt")
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("recovered %v: %q, want %q", recovered, got, want)
		}
	}
	if n := size(sqlitedb.Value{}); n != 0 {
		t.Errorf("the size of NULL is %d", n)
	}
}
