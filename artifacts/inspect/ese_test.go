package inspect

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/esedb"
)

func eseFile() File {
	db := esedb.DB{PageSize: 4096, Revision: 110, State: esedb.Dirty, Tables: []esedb.Table{{Name: "T", Columns: []esedb.Column{
		{Name: "N", Type: esedb.Int32}, {Name: "On", Type: esedb.Bool}, {Name: "At", Type: esedb.DateTime}, {Name: "R", Type: esedb.Float64},
		{Name: "G", Type: esedb.GUID}, {Name: `Na"me`, Type: esedb.LongText, CodePage: 1200}, {Name: "B", Type: esedb.LongBinary},
		{Name: "Last", Type: esedb.LongText, CodePage: 1252},
	}, Rows: []esedb.Row{
		{Values: []any{-1, true, time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), 0.5, bytes.Repeat([]byte{0xAB}, 16),
			"a\"\u202e<", []byte{1, 0xFF}, "z"}},
		{Values: []any{2, nil, 0, nil, nil, esedb.Multi{"x", "y"}, nil, esedb.Multi{"p", "q"}}},
		{Values: []any{3}, Deleted: true},
	}}}}
	b := db.Bytes()
	return File{Path: "dir/SRUDB.dat", ReaderAt: bytes.NewReader(b), Size: int64(len(b))}
}

// lines returns the rows of a file as decoded JSON, without kind and path.
func eseLines(t *testing.T, f File, opts Options) (out []map[string]any) {
	t.Helper()
	err := Read(f, "", opts, func(r Row) bool {
		var m map[string]any
		if err := json.Unmarshal(r.AppendJSON(nil, f.Path), &m); err != nil {
			t.Errorf("%v in %s", err, r.AppendJSON(nil, f.Path))
		}
		delete(m, "path")
		out = append(out, m)
		return true
	})
	if err != nil {
		t.Error(err)
	}
	return out
}

func TestESE(t *testing.T) {
	f := eseFile()
	if kind, err := Detect(f); kind != "ese" || err != nil {
		t.Errorf("detected %q, %v", kind, err)
	}
	got := eseLines(t, f, Options{})
	if len(got) != 1 || got[0]["page_size"] != 4096.0 || got[0]["revision"] != 110.0 || got[0]["database_state"] != 2.0 {
		t.Fatalf("head: %v", got)
	}
	tables := got[0]["tables"].(map[string]any)
	if want := map[string]any{"columns": 8.0, "rows": 2.0, "deleted": 1.0}; !reflect.DeepEqual(tables["T"], want) || len(tables) != 3 {
		t.Errorf("tables: %v", tables)
	}
	got = eseLines(t, f, Options{Table: "T", Recovered: true})
	want := []map[string]any{
		{"N": -1.0, "On": true, "At": "2024-01-02T03:04:05.0000000Z", "R": 0.5, "G": "{ABABABAB-ABAB-ABAB-ABAB-ABABABABABAB}",
			`Na"me`: "a\"\u202e<", "B": "01ff", "Last": "z"},
		{"N": 2.0, "At": "", `Na"me`: []any{"x", "y"}, "Last": []any{"p", "q"}},
		{"N": 3.0},
	}
	if len(got) != 4 {
		t.Fatalf("%d rows", len(got))
	}
	for i, w := range want {
		row := got[i+1]
		if !reflect.DeepEqual(row["values"], w) || row["table"] != "T" || row["tag"] != float64(i+1) || row["offset"].(float64) < 4096 {
			t.Errorf("row %d: %v\nwant %v", i, row, w)
		}
	}
	if got[3]["state"] != "deleted" || got[2]["state"] != nil {
		t.Errorf("states %v, %v", got[2]["state"], got[3]["state"])
	}
	if live := eseLines(t, f, Options{Table: "T"}); len(live) != 3 {
		t.Errorf("%d live rows", len(live)-1)
	}
	if all := eseLines(t, f, Options{Table: "*"}); len(all) < 20 {
		t.Errorf("%d rows of all tables", len(all))
	}
	err := Read(f, "", Options{Table: "U"}, func(Row) bool { return true })
	if err == nil || err.Error() != `no table "U"` {
		t.Errorf("a table that is not there: %v", err)
	}
}

func TestESEDamage(t *testing.T) {
	f := eseFile()
	b := make([]byte, f.Size)
	if _, err := f.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	b[5*4096+200]++
	f.ReaderAt = bytes.NewReader(b)
	rows := 0
	err := Read(f, "", Options{Table: "T"}, func(Row) bool { rows++; return true })
	if err == nil || !strings.Contains(err.Error(), "checksum does not match") || rows != 3 {
		t.Errorf("%d rows, %v", rows, err)
	}
}
