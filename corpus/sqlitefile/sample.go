package sqlitefile

import (
	"fmt"
	"strings"
)

// Sample returns a database and its log: two tables, rows on
// two levels, overflow, deleted and dropped rows, two transactions.
func Sample(pageSize, encoding int) (main, wal []byte) {
	bird := Table{Name: "bird", SQL: "CREATE TABLE bird(id INTEGER PRIMARY KEY, name TEXT, n INT, w REAL)"}
	for i := range 60 {
		bird.Rows = append(bird.Rows, Row{ID: int64(i + 1), Values: []any{nil, fmt.Sprintf("heron %d", i), i * 1000, float64(i) / 2}})
	}
	bird.Rows[7].Values[1] = strings.Repeat("long ", 1000)
	bird.Deleted = []Row{
		{ID: 901, Values: []any{nil, "deleted kestrel", 77, 1.5}},
		{ID: 5, Values: []any{nil, "deleted owl", 78, nil}},
	}
	bird.Dropped = []Row{{ID: 7001, Values: []any{nil, "dropped wren", 79, 2.5}}}
	key := Table{Name: "key", SQL: "CREATE TABLE key(v, k TEXT PRIMARY KEY) WITHOUT ROWID", Without: true}
	for i := range 40 {
		key.Rows = append(key.Rows, Row{Values: []any{fmt.Sprintf("key %03d", i), i * i}})
	}
	db := DB{PageSize: pageSize, Encoding: encoding, Tables: []Table{bird, key}, LogMode: true}
	main = db.Build()
	second := db
	second.Tables = []Table{bird, key}
	second.Tables[0].Rows = append([]Row{}, bird.Rows...)
	second.Tables[0].Rows[3] = Row{ID: 4, Values: []any{nil, "changed once", 1, 2.0}}
	third := second
	third.Tables = append([]Table{}, second.Tables...)
	third.Tables[0].Rows = append([]Row{}, second.Tables[0].Rows...)
	third.Tables[0].Rows[3] = Row{ID: 4, Values: []any{nil, "changed again", 1, 2.0}}
	return main, Log(pageSize, main, second.Build(), third.Build())
}
