package sqlitedb_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/artifactdump/artifactdump/artifacts/formats/sqlitedb"
	"github.com/artifactdump/artifactdump/corpus/sqlitefile"
)

func ExampleDB_Rows() {
	b := sqlitefile.DB{Tables: []sqlitefile.Table{{Name: "bird", SQL: "CREATE TABLE bird (id INTEGER PRIMARY KEY, name TEXT, seen INTEGER)",
		Rows: []sqlitefile.Row{{ID: 1, Values: []any{nil, "heron", 7}}, {ID: 2, Values: []any{nil, "kestrel", nil}}}}}}.Build()
	db, err := sqlitedb.Open(bytes.NewReader(b), nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	for row, err := range db.Rows("bird", "name", "seen") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d %s %q\n", row.RowID, row.Get("name").Text(), row.Get("seen").Text())
	}
	// Output:
	// 1 heron "7"
	// 2 kestrel ""
}
