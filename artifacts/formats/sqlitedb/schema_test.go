package sqlitedb

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/sqlitefile"
)

// TestStatement reads columns from statements. How a line is written: the name,
// its type, then P for the primary key, N for NOT NULL, V for a virtual one;
// behind the colon where the record has the column.
func TestStatement(t *testing.T) {
	for _, c := range []struct{ sql, want string }{
		{"CREATE TABLE t(a)", "a :0"},
		{"create table t (a INT, b TEXT NOT NULL)", "a INT :0, b TEXT N:1"},
		{"CREATE TABLE t(a INTEGER PRIMARY KEY, b)", "a INTEGER P:0, b :1, rowid a"},
		{"CREATE TABLE t(a INTEGER PRIMARY KEY DESC, b)", "a INTEGER P:0, b :1"},
		{"CREATE TABLE t(a INTEGER, b, PRIMARY KEY(a DESC))", "a INTEGER P:0, b :1, rowid a"},
		{"CREATE TABLE t(a INT PRIMARY KEY, b)", "a INT P:0, b :1"},
		{"CREATE TABLE t(a, b, c, PRIMARY KEY(c, a)) WITHOUT ROWID", "a P:1, b :2, c P:0"},
		{"CREATE TABLE t(a, b, c, PRIMARY KEY(c COLLATE x DESC, a, c)) STRICT, WITHOUT ROWID", "a P:1, b :2, c P:0"},
		{"CREATE TABLE t(a, v AS (a + 1), s AS (a) STORED, z)", "a :0, v V:-1, s :1, z :2"},
		{"CREATE TABLE t(a, stored INT AS (stored) VIRTUAL)", "a :0, stored INT V:-1"},
		{"CREATE TABLE t(a DECIMAL(10, 2), b)", "a DECIMAL(10, 2) :0, b :1"},
		{"CREATE TABLE t(a LONG VARCHAR(5), b UNSIGNED BIG INT)", "a LONG VARCHAR(5) :0, b UNSIGNED BIG INT :1"},
		{"CREATE TABLE t(a CHECK (a > 1 AND b NOT NULL), b)", "a :0, b :1"},
		{"CREATE TABLE t(a REFERENCES u(x, y) ON DELETE SET NULL NOT NULL, b)", "a N:0, b :1"},
		{"CREATE TABLE t(a, UNIQUE(a) PRIMARY KEY(a))", "a P:0"},
		{"CREATE TABLE t(a, FOREIGN KEY (a) REFERENCES u(b))", "a :0"},
		{"CREATE TABLE t(a, CONSTRAINT k PRIMARY KEY (a, missing))", "a P:0"},
		{"CREATE TABLE t(\"a,b\", [c(d], `e``f`, 'g''h')", "a,b :0, c(d :1, e`f :2, g'h :3"},
		{"CREATE TABLE t(a -- , b\n, c /* , d */)", "a :0, c :1"},
		{"CREATE TABLE t(a INT", "a INT :0"}, // cut short
		{"CREATE TABLE t(a, /* open", "a :0"},
		{"CREATE TABLE t(\"open", "open :0"},
		{"CREATE TABLE t", ""},
		{"", ""},
		{"CREATE VIRTUAL TABLE t USING fts5(a, b)", ""},
	} {
		table := Table{SQL: c.sql}
		table.parse()
		var got []string
		for i, col := range table.Columns {
			var s strings.Builder
			s.WriteString(col.Name + " ")
			if col.Type != "" {
				s.WriteString(col.Type + " ")
			}
			for flag, set := range map[string]bool{"P": col.Primary, "N": col.NotNull, "V": col.Virtual} {
				if set {
					s.WriteString(flag)
				}
			}
			got = append(got, fmt.Sprintf("%s:%d", s.String(), table.order[i]))
		}
		if table.alias >= 0 {
			got = append(got, "rowid "+table.Columns[table.alias].Name)
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.sql, s, c.want)
		}
	}
}

// TestDefault has the defaults that a reader without SQL can know, and those
// that it must not guess. The oracle package asks SQLite for more of them.
func TestDefault(t *testing.T) {
	for _, c := range []struct{ column, want string }{
		{"INT", "<nil> <nil>"},
		{"INT DEFAULT NULL", "<nil> <nil>"},
		{"DEFAULT 7", "int64 7"},
		{"DEFAULT - 7", "int64 -7"},
		{"DEFAULT (-(-7))", "int64 7"},
		{"DEFAULT 1.25", "float64 1.25"},
		{"INT DEFAULT 3.0", "int64 3"},
		{"REAL DEFAULT 3", "float64 3"},
		{"TEXT DEFAULT 3", "string 3"},
		{"TEXT DEFAULT 3.00", "string 3.00"},
		{"INT DEFAULT 'x'", "string x"},
		{"INT DEFAULT '0x10'", "string 0x10"},
		{"INT DEFAULT 0x10", "int64 16"},
		{"INT DEFAULT '-7'", "int64 -7"},
		{"TEXT DEFAULT TRUE", "string 1"},
		{"DEFAULT word", "string word"},
		{"DEFAULT x'6162'", "[]uint8 [97 98]"},
		{"DEFAULT x'616'", "<nil> <nil>"},
		{"DEFAULT CURRENT_TIMESTAMP", "<nil> <nil>"},
		{"DEFAULT (1 + 2)", "<nil> <nil>"},
		{"DEFAULT (2 * 3)", "<nil> <nil>"},
		{"DEFAULT ('a' || 'b')", "<nil> <nil>"},
		{"DEFAULT (random())", "<nil> <nil>"},
		{"DEFAULT 1 REFERENCES u ON UPDATE SET DEFAULT", "int64 1"},
		{"DEFAULT", "<nil> <nil>"},
	} {
		table := Table{SQL: "CREATE TABLE t(c " + c.column + ")"}
		table.parse()
		if len(table.Columns) != 1 {
			t.Errorf("%s: %+v", c.column, table.Columns)
			continue
		}
		if v := table.Columns[0].def.Any(); fmt.Sprintf("%T %v", v, v) != c.want {
			t.Errorf("%s: %T %v, want %s", c.column, v, v, c.want)
		}
	}
}

// TestTooManyColumns reads a statement with more columns than SQLite allows.
func TestTooManyColumns(t *testing.T) {
	table := Table{SQL: "CREATE TABLE t(c" + strings.Repeat(", c", maxColumns+10) + ")"}
	table.parse()
	if len(table.Columns) != maxColumns || len(table.order) != maxColumns {
		t.Errorf("%d columns, %d in order", len(table.Columns), len(table.order))
	}
}

// TestSchemaTable reads the schema as a table, under both of its names.
func TestSchemaTable(t *testing.T) {
	b := sqlitefile.DB{PageSize: 512, Tables: []sqlitefile.Table{
		{Name: "Bird", SQL: "CREATE TABLE Bird(a)", Rows: []sqlitefile.Row{{ID: 1, Values: []any{"x"}}}},
		{Name: "fish", SQL: "CREATE TABLE fish(b)"},
	}}.Build()
	db, err := Open(bytes.NewReader(b), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sqlite_schema", "SQLITE_MASTER"} {
		var got []string
		for row, err := range db.Rows(name, "type", "name", "sql", "rootpage") {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, row.Get("type").Text()+" "+row.Get("name").Text()+" "+row.Get("sql").Text())
			if n, ok := row.Get("rootpage").Int(); !ok || uint32(n) != db.Table(row.Get("name").Text()).Root {
				t.Errorf("root page %v", row.Get("rootpage"))
			}
		}
		if want := "[table Bird CREATE TABLE Bird(a) table fish CREATE TABLE fish(b)]"; fmt.Sprint(got) != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if db.Table("BIRD") == nil || db.Table("bird").Name != "Bird" || db.Table("bat") != nil {
		t.Error("names are compared without regard to case")
	}
	for range db.Rows("bat") {
		t.Error("a table that is not there has rows")
	}
	if db.Table("Bird").Column("A") != 0 || db.Table("Bird").Column("b") != -1 {
		t.Error("columns are compared without regard to case")
	}
}

// TestEach yields the tables in the order asked for, and with recovered set
// also the rows of the log, of these tables only.
func TestEach(t *testing.T) {
	main, wal := sqlitefile.Sample(512, 1)
	db, err := Open(bytes.NewReader(main), bytes.NewReader(wal), nil)
	if err != nil {
		t.Fatal(err)
	}
	count := func(recovered bool, tables ...string) (live, old int) {
		last := -1
		for row, err := range db.Each(recovered, tables...) {
			if err != nil {
				t.Error(err)
				continue
			}
			if row.State != Live {
				old++
				continue
			}
			if old > 0 {
				t.Error("a live row after the recovered ones")
			}
			at := -1
			for i, name := range tables {
				if strings.EqualFold(name, row.Table.Name) {
					at = i
				}
			}
			if at < last || at < 0 {
				t.Errorf("a row of %s after those of table %d", row.Table.Name, last)
			}
			last = at
			live++
		}
		return live, old
	}
	birds, err := db.Table("bird").Count()
	if err != nil {
		t.Fatal(err)
	}
	if live, old := count(false, "bird", "nothing"); live != birds || old != 0 {
		t.Errorf("%d live rows, %d others, want %d, 0", live, old, birds)
	}
	if live, old := count(true, "BIRD"); live != birds || old != 5 {
		t.Errorf("%d live rows, %d recovered, want %d, 5", live, old, birds)
	}
	all := 0
	var names []string
	for _, table := range db.Tables() {
		n, err := table.Count()
		if err != nil {
			t.Error(err)
		}
		all += n
		names = append([]string{table.Name}, names...)
	}
	if live, _ := count(false, names...); live != all || len(names) < 2 {
		t.Errorf("%d live rows of %v, want %d", live, names, all)
	}
	for range db.Each(true, "bird") {
		break // a reader may stop at any row
	}
}
