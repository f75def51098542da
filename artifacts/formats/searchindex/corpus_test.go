package searchindex

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/ese"
	"github.com/artifactdump/artifactdump/artifacts/formats/searchitem"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/corpus/esedb"
)

func opened(t *testing.T, tables ...esedb.Table) *ese.DB {
	t.Helper()
	b := (&esedb.DB{PageSize: 32768, Revision: 110, State: esedb.Dirty, Tables: tables}).Bytes()
	db, err := ese.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func tables(at time.Time, order binary.AppendByteOrder) []esedb.Table {
	stamp := order.AppendUint64(nil, uint64(wire.FileTime(at)))
	text := func(name string) esedb.Column { return esedb.Column{Name: name, Type: esedb.LongText, CodePage: 1200} }
	return []esedb.Table{
		{Name: "SystemIndex_PropertyStore", Columns: []esedb.Column{
			{Name: "WorkID", Type: esedb.Uint32}, {Name: "13F-System_Size", Type: esedb.Binary, Size: 8},
			{Name: "9F-System_DateModified", Type: esedb.Binary, Size: 8}, {Name: "7F-System_Search_GatherTime", Type: esedb.Binary, Size: 8},
			text("33-System_ItemUrl"), text("4447-System_ItemPathDisplay"), text("4625-System_Search_AutoSummary"),
		}, Rows: []esedb.Row{
			{Values: []any{5, order.AppendUint64(nil, 1234), nil, stamp, esedb.Pack7("file:C:/Users/u/a.txt", true), `C:\Users\u\a.txt`, strings.Repeat("ü", 300)}},
		}},
		{Name: "SystemIndex_Gthr", Columns: []esedb.Column{
			{Name: "ScopeID", Type: esedb.Uint32}, {Name: "DocumentID", Type: esedb.Uint32}, {Name: "LastModified", Type: esedb.Binary, Size: 8},
			text("FileName"), {Name: "DeletedCount", Type: esedb.Int32, Tagged: true},
		}, Rows: []esedb.Row{{Values: []any{6, 5, stamp, "a.txt", 2}}, {Values: []any{99, 6, nil, "lost.txt"}}}},
		{Name: "SystemIndex_GthrPth", Columns: []esedb.Column{{Name: "Scope", Type: esedb.Uint32}, {Name: "Parent", Type: esedb.Uint32}, text("Name")},
			Rows: []esedb.Row{{Values: []any{2, 1, "file:"}}, {Values: []any{3, 2, "C:"}}, {Values: []any{4, 3, "/"}},
				{Values: []any{5, 4, "[e42a]/"}}, {Values: []any{6, 5, "Users/u/"}}}},
	}
}

func TestIndex(t *testing.T) {
	at := time.Date(2024, 5, 6, 7, 8, 9, 100, time.UTC)
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		x, err := Open(opened(t, tables(at, order)...))
		if err != nil {
			t.Fatal(err)
		}
		var items []Item
		for i, err := range x.Items() {
			if err != nil || i.Offset == 0 {
				t.Errorf("%+v, %v", i, err)
			}
			i.Place = Place{}
			items = append(items, i)
		}
		want := []Item{{WorkID: 5, Properties: searchitem.Properties{Path: `C:\Users\u\a.txt`, URL: "file:C:/Users/u/a.txt",
			Summary: strings.Repeat("ü", 200), Size: 1234, Gathered: at}}}
		if !reflect.DeepEqual(items, want) {
			t.Errorf("%+v\nwant\n%+v", items, want)
		}
		var crawled []Crawled
		for c, err := range x.Crawled() {
			if err != nil {
				t.Error(err)
			}
			c.Place = Place{}
			crawled = append(crawled, c)
		}
		all := []Crawled{{DocumentID: 5, URL: "file:C:/Users/u/a.txt", Name: "a.txt", Volume: "e42a", LastModified: at, Deleted: 2},
			{DocumentID: 6, URL: "lost.txt", Name: "lost.txt"}}
		if !reflect.DeepEqual(crawled, all) {
			t.Errorf("%+v\nwant\n%+v", crawled, all)
		}
	}
	if _, err := Open(opened(t, tables(at, binary.LittleEndian)[1:]...)); !errors.Is(err, ErrNotIndex) {
		t.Errorf("another database: %v", err)
	}
}
