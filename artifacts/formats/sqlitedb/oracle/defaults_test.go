package oracle

import (
	"fmt"
	"testing"
)

// TestDefaults adds a column to a table that has a row: the row is shorter
// than the table, and its value is the default of the column after the
// column's affinity was applied to it. SQLite is asked for each.
func TestDefaults(t *testing.T) {
	defaults := []string{
		"5", "-5", "+5", "- 5", "5.0", "-0.5", ".5", "5.", "1e3", "1.5e300", "0x1F", "-0x1F", "9223372036854775807", "-9223372036854775808",
		"9223372036854775808", "'12'", "'-12'", "'12.0'", "'12.5'", "' 12 '", "'12x'", "'1e2'", "'0x1F'", "'inf'", "''", "'it''s'", `"quoted"`,
		"bare", "NULL", "TRUE", "false", "x'41'", "X''", "'x' COLLATE NOCASE", "5 NOT NULL", "NOT NULL DEFAULT 6", "7 CHECK (a > 0)",
		"8 REFERENCES u(a) ON DELETE SET DEFAULT", "9 REFERENCES u(a) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED", "(7)", "(-7)", "('(')",
		"10 CONSTRAINT DEFAULT_OF_C UNIQUE",
	}
	asked := 0
	for _, declared := range []string{"", "INT", "TEXT", "REAL", "NUMERIC", "BLOB", "VARCHAR(10, 2)"} {
		path, db := made(t, "CREATE TABLE u(a)", "CREATE TABLE t(a)", "INSERT INTO t VALUES ('old')")
		for i, value := range defaults {
			// One that SQLite refuses is not one that a row can be short of.
			if _, err := db.Exec(fmt.Sprintf("ALTER TABLE t ADD COLUMN [c%d %s] %s DEFAULT %s", i, value, declared, value)); err == nil {
				asked++
			}
		}
		run(t, db, "INSERT INTO t(a) VALUES ('new')", "ALTER TABLE t ADD COLUMN d DEFAULT 'end'")
		if n := compare(t, declared, path, open(t, path, true)); n != 2 {
			t.Errorf("%q: %d rows", declared, n)
		}
		db.Close()
	}
	if asked < 200 {
		t.Errorf("SQLite took %d columns of %d", asked, 7*len(defaults))
	}
}

// TestDeclared reads tables whose statements are unusual, each with rows.
func TestDeclared(t *testing.T) {
	for i, c := range []struct{ create, insert string }{
		{"CREATE TABLE t([a\"b] TEXT, [ x ] INT, `y``z`)", "'one', 2, 3.5"},
		{"CREATE TABLE t(a/**/INTEGER/* , b */PRIMARY KEY--, c\n, b)", "5, 'b'"},
		{"CREATE TABLE t(\"primary\" INT, 'unique' TEXT, [check] REAL)", "1, 2, 3"},
		{"CREATE TABLE t(a UNSIGNED BIG INT, b NATIVE CHARACTER(70), c DOUBLE PRECISION, d FLOATING POINT)", "1, 2, 3, 4"},
		{"CREATE TABLE t(a, b, c, PRIMARY KEY (c, b, c), UNIQUE (a)) WITHOUT ROWID", "1, 2, 3"},
		{"CREATE TABLE t(a INTEGER PRIMARY KEY, b) WITHOUT ROWID", "1, 2"},
		{"CREATE TABLE t(b, a INTEGER, CONSTRAINT k PRIMARY KEY (a) ON CONFLICT REPLACE)", "1, 2"},
		{"CREATE TABLE t(a INTEGER CONSTRAINT k PRIMARY KEY ASC AUTOINCREMENT, b)", "7, 2"},
		{"CREATE TABLE t(a \"INTEGER\" PRIMARY KEY, b)", "7, 2"},
		{"CREATE TABLE t(größe INT, 鳥 TEXT, a$b, _c)", "1, 'x', 2, 3"},
		{"CREATE TABLE t(a INT CHECK (a IN (1, 2, 3) AND (a <> ')')), b TEXT DEFAULT (upper('x,y')))", "1, 'z'"},
		{"CREATE TABLE t(stored INT, v AS (stored + 1), b)", ""},
		{"CREATE TABLE t(a INT, b GENERATED ALWAYS AS (a) STORED, c)", ""},
		{"CREATE TABLE t AS SELECT 1 AS one, 'two' AS \"t w o\", 3.5 AS [three]", ""},
	} {
		name := fmt.Sprintf("%d: %s", i, c.create)
		path, db := made(t, c.create)
		if c.insert != "" {
			run(t, db, "INSERT INTO t VALUES ("+c.insert+")")
		} else if i < 13 {
			run(t, db, "INSERT INTO t VALUES (11, 'last')")
		}
		ours := open(t, path, true)
		if n := compare(t, name, path, ours); n != len(ours.Tables()) {
			t.Errorf("%s: %d rows", name, n)
		}
		rows, err := db.Query("SELECT name FROM pragma_table_xinfo('t')")
		if err != nil {
			t.Fatal(err)
		}
		var at int
		for ; rows.Next(); at++ {
			var want string
			if err := rows.Scan(&want); err != nil {
				t.Fatal(err)
			}
			if cols := ours.Table("t").Columns; at >= len(cols) || cols[at].Name != want {
				t.Errorf("%s: column %d is not %s: %+v", name, at, want, cols)
				break
			}
		}
		if at == 0 {
			t.Errorf("%s: no columns", name)
		}
		db.Close()
	}
}
