package sqlitedb

import (
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// made runs statements on a new database and returns its path. The database
// stays open until the test ends, so that its log is not written back.
func made(t *testing.T, statements ...string) (string, *sql.DB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "made.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	run(t, db, statements...)
	return path, db
}

func run(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// TestMade compares databases of all kinds with SQLite itself.
func TestMade(t *testing.T) {
	fill := `INSERT INTO t SELECT value, 'heron ' || value, value / 3.0, randomblob(value % 700), CASE value % 7 WHEN 0 THEN NULL ELSE value * 1000000007 * (value % 5 - 2) END FROM generate_series(1, 3000)`
	fill = strings.ReplaceAll(fill, "generate_series(1, 3000)", "(WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 3000) SELECT value FROM n)")
	table := "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT NOT NULL, part REAL, data BLOB, n INT)"
	long := "INSERT INTO t VALUES (9999, '" + strings.Repeat("kestrel ", 40000) + "', 5, zeroblob(100000), 9)"
	for name, statements := range map[string][]string{
		"plain":        {table, fill, long},
		"UTF-16le":     {"PRAGMA encoding = 'UTF-16le'", table, fill, long},
		"UTF-16be":     {"PRAGMA encoding = 'UTF-16be'", table, fill, long},
		"small pages":  {"PRAGMA page_size = 512", table, fill, long},
		"large pages":  {"PRAGMA page_size = 65536", table, fill, long},
		"log":          {"PRAGMA journal_mode = WAL", table, fill, "UPDATE t SET name = name || '!' WHERE id % 3 = 0", long},
		"auto-vacuum":  {"PRAGMA auto_vacuum = FULL", table, fill, "DELETE FROM t WHERE id % 2 = 0", long},
		"deleted":      {table, fill, "DELETE FROM t WHERE id BETWEEN 100 AND 2000", "CREATE INDEX i ON t(name)", long},
		"without rows": {"CREATE TABLE t(a TEXT, b INT, c REAL, d BLOB, PRIMARY KEY (c DESC, a COLLATE NOCASE)) WITHOUT ROWID", "INSERT INTO t VALUES ('x', 1, 2, x'00ff'), ('y', NULL, 2.5, 'text'), ('" + strings.Repeat("long ", 5000) + "', 2, 9e99, NULL)"},
		"many without": {"CREATE TABLE t(a, b PRIMARY KEY, c) WITHOUT ROWID", "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 4000) INSERT INTO t SELECT v, 'key ' || (v * 7919 % 4001), randomblob(90) FROM n"},
		"added":        {"CREATE TABLE t(a)", "INSERT INTO t VALUES (1), (2)", "ALTER TABLE t ADD COLUMN b INT DEFAULT 7", "ALTER TABLE t ADD COLUMN c TEXT DEFAULT -5", "ALTER TABLE t ADD COLUMN d DEFAULT 'it''s'", "ALTER TABLE t ADD COLUMN e DEFAULT (-1.5)", "ALTER TABLE t ADD COLUMN f DEFAULT X'0aFF'", "ALTER TABLE t ADD COLUMN g REAL DEFAULT 3", "ALTER TABLE t ADD COLUMN h INT DEFAULT '12'", "ALTER TABLE t ADD COLUMN i DEFAULT TRUE", "ALTER TABLE t ADD COLUMN j", "INSERT INTO t(a) VALUES (3)"},
		"odd names":    {"CREATE TABLE \"odd \"\" name\"([a b] INT, `c,d` TEXT, \"e)\" VARCHAR(10, 2) /* comment, */, 'f' REAL, -- x\n key DOUBLE PRECISION CHECK (key > 1 OR (key IS NULL)), CONSTRAINT q UNIQUE ([a b]))", `INSERT INTO "odd "" name" VALUES (1, 'x', '12', 4, 5)`},
		"aliases":      {"CREATE TABLE a(x INTEGER, y, PRIMARY KEY (x DESC))", "CREATE TABLE b(x INTEGER PRIMARY KEY DESC, y)", "CREATE TABLE c(x INT PRIMARY KEY, y)", "CREATE TABLE d(y, x INTEGER PRIMARY KEY AUTOINCREMENT)", "INSERT INTO a VALUES (5, 1), (-6, 2)", "INSERT INTO b VALUES (5, 1), (6, 2)", "INSERT INTO c VALUES (5, 1)", "INSERT INTO d VALUES (5, 9223372036854775807), (5.5, -9223372036854775807)"},
		"generated":    {"CREATE TABLE t(a INT, b INT GENERATED ALWAYS AS (a * 2) VIRTUAL, c INT AS (a + 1) STORED, d AS (a), e TEXT)", "INSERT INTO t(a, e) VALUES (1, 'x'), (2, 'y')"},
		"strict":       {"CREATE TABLE t(a INTEGER PRIMARY KEY, b ANY, c TEXT) STRICT", "INSERT INTO t VALUES (1, '1', 'x')", "CREATE VIEW v AS SELECT * FROM t", "CREATE TEMP TABLE u(a)"},
		"empty":        {"CREATE TABLE t(a)"},
	} {
		t.Run(name, func(t *testing.T) {
			path, _ := made(t, statements...)
			db := open(t, path, true)
			if len(db.Damage) > 0 {
				t.Error(db.Damage[0])
			}
			rows := compare(t, name, path, db)
			if rows == 0 && name != "empty" {
				t.Error("no rows")
			}
			if name == "added" {
				for row := range db.Rows("T", "J", "nowhere", "a") {
					if !row.Get("nowhere").IsNull() || row.Get("a").Text() != fmt.Sprint(row.RowID) {
						t.Errorf("values by name: %v", row.Values)
					}
				}
			}
		})
	}
}

// TestHotJournal reads a database in the middle of a transaction that spilled
// into the file: SQLite would undo it.
func TestHotJournal(t *testing.T) {
	insert := "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 3000) INSERT INTO t SELECT v, 'before ' || v FROM n"
	path, db := made(t, "PRAGMA cache_size = 5", "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT)", insert)
	run(t, db, "BEGIN", "UPDATE t SET name = 'after ' || id", "INSERT INTO t VALUES (5000, 'new')", "DELETE FROM t WHERE id < 100")
	copied := filepath.Join(t.TempDir(), "copy.db")
	for _, suffix := range []string{"", "-journal"} {
		b, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied+suffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ours := open(t, copied, true)
	if !ours.Journal.Hot || ours.Journal.Records == 0 {
		t.Fatalf("journal %+v", ours.Journal)
	}
	abandoned := 0
	for row := range ours.Recovered() {
		if name := row.Get("name").Text(); strings.HasPrefix(name, "after ") && row.State == Log {
			abandoned++
		} else if !strings.HasPrefix(name, "before ") && name != "new" {
			t.Errorf("recovered %q, %s", name, row.State)
		}
	}
	if abandoned < 1000 {
		t.Errorf("%d rows of the abandoned transaction", abandoned)
	}
	if n := compare(t, "hot", copied, ours); n != 3000 {
		t.Errorf("%d rows", n)
	}

	// Complete, the journal holds what was there before.
	path, _ = made(t, "PRAGMA journal_mode = PERSIST", "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT)", insert, "UPDATE t SET name = 'after ' || id")
	ours = open(t, path, true)
	before := 0
	for row := range ours.Recovered() {
		if strings.HasPrefix(row.Get("name").Text(), "before ") {
			before++
		}
	}
	if ours.Journal.Hot || before < 3000 {
		t.Errorf("%+v, %d rows from before", ours.Journal, before)
	}
	compare(t, "persist", path, ours)
}

// TestRecovered works on databases at random and remembers each row that ever
// was. All that is recovered must have been, and much of it must be recovered.
func TestRecovered(t *testing.T) {
	for _, mode := range []string{"DELETE", "WAL", "PERSIST"} {
		for seed := range uint64(3) {
			r := rand.New(rand.NewPCG(seed, 7))
			path, db := made(t, "PRAGMA synchronous = OFF", "PRAGMA secure_delete = OFF", "PRAGMA journal_mode = "+mode,
				"CREATE TABLE visit(id INTEGER PRIMARY KEY, url TEXT NOT NULL, at INT, hidden INT)",
				"CREATE TABLE note(title TEXT, body TEXT, score REAL)",
				"CREATE TABLE pair(k TEXT, v INT, w BLOB, PRIMARY KEY (k)) WITHOUT ROWID", "CREATE INDEX i ON visit(url)")
			ever := map[string]bool{}
			remember := func() {
				for _, q := range []string{"SELECT 'visit', id, url, at, hidden FROM visit", "SELECT 'note', title, body, score FROM note", "SELECT 'pair', k, v, w FROM pair"} {
					rows, err := db.Query(q)
					if err != nil {
						t.Fatal(err)
					}
					cols, _ := rows.Columns()
					vals, into := make([]any, len(cols)), make([]any, len(cols))
					for i := range vals {
						into[i] = &vals[i]
					}
					for rows.Next() {
						rows.Scan(into...)
						ever[fmt.Sprint(vals...)] = true
					}
					rows.Close()
				}
			}
			for i := range 120 {
				n := r.IntN(1000)
				run(t, db, fmt.Sprintf("INSERT OR REPLACE INTO visit VALUES (%d, 'https://site%d.example/%s', %d, %d)", n+i, n, strings.Repeat("p", n%90), 13000000000000000+n, n%3),
					fmt.Sprintf("INSERT INTO note VALUES ('title %d', '%s', %d)", i, strings.Repeat("words ", n%40), n),
					fmt.Sprintf("INSERT OR REPLACE INTO pair VALUES ('key%d', %d, x'%06x')", n, i, n))
				remember()
				if i%3 == 0 {
					run(t, db, fmt.Sprintf("DELETE FROM visit WHERE id %% 17 = %d", n%17), fmt.Sprintf("DELETE FROM note WHERE rowid %% 5 = %d", n%5),
						fmt.Sprintf("UPDATE note SET body = 'changed %d' WHERE rowid %% 11 = %d", i, n%11), fmt.Sprintf("DELETE FROM pair WHERE v %% 7 = %d", n%7))
					remember()
				}
			}
			ours := open(t, path, true)
			live := map[string]bool{}
			for _, table := range ours.Tables() {
				for row := range table.Rows() {
					live[text(row)] = true
				}
			}
			found, partial, doubtful := map[string]bool{}, 0, 0
			for row := range ours.Recovered() {
				s := text(row)
				if strings.Contains(s, "?") {
					partial++
					s = ""
					for e := range ever {
						if alike(row, e) {
							s = e
						}
					}
				}
				if row.Grade == Doubtful {
					if !ever[s] {
						doubtful++
					}
					continue
				}
				if !ever[s] {
					t.Errorf("%s, seed %d: %s %s at %+v never was: %s", mode, seed, row.State, row.Grade, row.Place, text(row))
				}
				if live[s] && row.Grade < Partial && row.Table.alias >= 0 {
					t.Errorf("%s, seed %d: live row %s", mode, seed, s)
				}
				found[s] = true
			}
			t.Logf("%s: %d rows ever, %d live, %d recovered, %d in part, %d doubtful never were", mode, len(ever), len(live), len(found), partial, doubtful)
			if len(found) < 10 {
				t.Errorf("%s, seed %d: %d rows recovered", mode, seed, len(found))
			}
			compare(t, mode, path, ours)
		}
	}
}

// text writes a row as fmt.Sprint writes the values of SQLite; "?" is lost.
func text(row Row) string {
	vals := []any{row.Table.Name}
	for _, v := range row.Values {
		if v.Kind() == Lost {
			vals = append(vals, "?")
			continue
		}
		vals = append(vals, v.Any())
	}
	return fmt.Sprint(vals...)
}

// alike reports whether a row with lost values can be another one.
func alike(row Row, whole string) bool {
	s := text(row)
	i := strings.Index(s, "?")
	return strings.HasPrefix(whole, s[:i]) && strings.HasSuffix(whole, s[strings.LastIndex(s, "?")+1:])
}

// TestDamaged changes bytes of a real database: nothing may fail badly, and
// the rows of other pages must stay.
func TestDamaged(t *testing.T) {
	path, _ := made(t, "PRAGMA page_size = 1024", "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT)",
		"WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 2000) INSERT INTO t SELECT v, 'row number ' || v FROM n")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	good := open(t, path, false)
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
