package sqlitedb

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/sqlitefile"
)

// TestDamaged changes bytes of a real database: nothing may fail badly, and
// the rows of other pages must stay.
func TestDamaged(t *testing.T) {
	bird := sqlitefile.Table{Name: "t", SQL: "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT)"}
	for i := range 2000 {
		bird.Rows = append(bird.Rows, sqlitefile.Row{ID: int64(i), Values: []any{nil, fmt.Sprintf("row number %d", i)}})
	}
	b := sqlitefile.DB{PageSize: 1024, Tables: []sqlitefile.Table{bird}}.Build()
	good, err := Open(bytes.NewReader(b), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	root := good.Table("t").Root
	// A leaf whose type byte is wrong: one error, and all but its own rows.
	leaf := 0
	for n := int(root); n < len(b)/1024; n++ {
		if b[n*1024] == tableLeaf {
			leaf = n
		}
	}
	bad := bytes.Clone(b)
	bad[leaf*1024] = 77
	db, err := Open(bytes.NewReader(bad), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, flaws := 0, 0
	for _, err := range db.Rows("t") {
		if err != nil {
			flaws++
			if want := fmt.Sprintf("sqlite: page %d at offset %d: type 77 is not of this tree", leaf+1, leaf*1024); err.Error() != want {
				t.Errorf("%v, want %s", err, want)
			}
			continue
		}
		rows++
	}
	if flaws != 1 || rows < 1900 || rows >= 2000 {
		t.Errorf("%d rows, %d errors", rows, flaws)
	}
	// Cut off in the middle.
	db, err = Open(bytes.NewReader(b[:len(b)/2]), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(db.Damage) != 1 || !strings.Contains(db.Damage[0].Problem, "pages, the file has") {
		t.Errorf("damage: %v", db.Damage)
	}
	if n, err := db.Table("t").Count(); n < 500 || err == nil {
		t.Errorf("%d rows, %v", n, err)
	}
	for _, short := range [][]byte{nil, b[:50], []byte("not a database, but longer than a hundred bytes; not a database, but longer than a hundred bytes, really")} {
		if _, err := Open(bytes.NewReader(short), nil, nil); err != ErrNotSQLite {
			t.Errorf("%d bytes: %v", len(short), err)
		}
	}
}
