package oracle

import (
	"bytes"
	"database/sql"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/formats/sqlitedb"
	"github.com/artifactdump/artifactdump/corpus/sqlitefile"
	"modernc.org/sqlite"
)

func init() {
	// The gather tables of the search index use a collation of their own.
	sqlite.MustRegisterCollationUtf8("UNICODE_en-US_LINGUISTIC_IGNORECASE", strings.Compare)
}

// evidence returns the folder of the shared evidence of this set.
func evidence(t testing.TB) string {
	root := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if root == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	return filepath.Join(root, "artifacts2")
}

// files returns the databases of the evidence.
func files(t testing.TB) []string {
	var out []string
	err := filepath.WalkDir(evidence(t), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		head := make([]byte, 16)
		if n, _ := f.Read(head); n == 16 && string(head) == sqlitedb.Magic {
			out = append(out, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		t.Fatal("no database in the evidence")
	}
	return out
}

// open opens a database with the log and journal beside it.
func open(t testing.TB, path string, log bool) *sqlitedb.DB {
	read := func(suffix string) sqlitedb.Reader {
		b, err := os.ReadFile(path + suffix)
		if err != nil {
			return nil
		}
		return bytes.NewReader(b)
	}
	var wal, journal sqlitedb.Reader
	if log {
		wal, journal = read("-wal"), read("-journal")
	}
	db, err := sqlitedb.Open(read(""), wal, journal)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return db
}

// TestSQLite compares every value of every row with SQLite itself.
func TestSQLite(t *testing.T) {
	rows := 0
	for _, path := range files(t) {
		dir := t.TempDir()
		for _, suffix := range []string{"", "-wal", "-journal"} {
			if b, err := os.ReadFile(path + suffix); err == nil {
				if err := os.WriteFile(filepath.Join(dir, "db"+suffix), b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		rows += compare(t, filepath.Base(path), filepath.Join(dir, "db"), open(t, path, true))
	}
	t.Logf("%d rows", rows)
	if rows < 10000 {
		t.Errorf("%d rows", rows)
	}
}

// compare compares a database with what SQLite reads at a path.
func compare(t *testing.T, name, path string, db *sqlitedb.DB) int {
	t.Helper()
	peer, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	total := 0
	for _, table := range db.Tables() {
		if table.Root == 0 || len(table.Columns) == 0 {
			continue
		}
		var cols []string
		for _, c := range table.Columns {
			// The plus keeps the driver from converting by the declared type.
			cols = append(cols, `+"`+strings.ReplaceAll(c.Name, `"`, `""`)+`"`)
		}
		rows, err := peer.Query("SELECT " + strings.Join(cols, ", ") + " FROM `" + table.Name + "` NOT INDEXED")
		if err != nil {
			t.Errorf("%s, %s: %v", name, table.Name, err)
			continue
		}
		want := make([]any, len(cols))
		into := make([]any, len(cols))
		for i := range want {
			into[i] = &want[i]
		}
		n := 0
		for row, err := range table.Rows() {
			if err != nil {
				t.Errorf("%s, %s: %v", name, table.Name, err)
				continue
			}
			if !rows.Next() {
				t.Errorf("%s, %s: more than %d rows", name, table.Name, n)
				break
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			for i, v := range row.Values {
				if g, w := fmt.Sprintf("%T %v", v.Any(), v.Any()), fmt.Sprintf("%T %v", want[i], want[i]); g != w && !(table.Columns[i].Virtual) {
					t.Errorf("%s, %s, row %d, %s: %.200s, SQLite has %.200s", name, table.Name, row.RowID, table.Columns[i].Name, g, w)
				}
			}
			n++
		}
		if rows.Next() {
			t.Errorf("%s, %s: only %d rows", name, table.Name, n)
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
		total += n
	}
	return total
}

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
		if name := row.Get("name").Text(); strings.HasPrefix(name, "after ") && row.State == sqlitedb.Log {
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
				run(t, db, fmt.Sprintf("INSERT OR REPLACE INTO visit VALUES (%d, 'https://site%d.example/%s', %d, %d)", n+i, n, strings.Repeat("p", n%90), 13000000000000000+int64(n), n%3),
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
				if row.Grade == sqlitedb.Doubtful {
					if !ever[s] {
						doubtful++
					}
					continue
				}
				if !ever[s] {
					t.Errorf("%s, seed %d: %s %s at %+v never was: %s", mode, seed, row.State, row.Grade, row.Place, text(row))
				}
				if live[s] && row.Grade < sqlitedb.Partial && row.Table.Name == "visit" {
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
func text(row sqlitedb.Row) string {
	vals := []any{row.Table.Name}
	for _, v := range row.Values {
		if v.Kind() == sqlitedb.Lost {
			vals = append(vals, "?")
			continue
		}
		vals = append(vals, v.Any())
	}
	return fmt.Sprint(vals...)
}

// alike reports whether a row with lost values can be another one.
func alike(row sqlitedb.Row, whole string) bool {
	s := text(row)
	i := strings.Index(s, "?")
	return strings.HasPrefix(whole, s[:i]) && strings.HasSuffix(whole, s[strings.LastIndex(s, "?")+1:])
}

// TestWritten lets SQLite read what the corpus writes.
func TestWritten(t *testing.T) {
	for _, pageSize := range []int{512, 1024, 4096} {
		for encoding := 1; encoding <= 3; encoding++ {
			main, wal := sqlitefile.Sample(pageSize, encoding)
			path := filepath.Join(t.TempDir(), "written.db")
			if err := os.WriteFile(path, main, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path+"-wal", wal, 0o600); err != nil {
				t.Fatal(err)
			}
			if n := compare(t, "written", path, open(t, path, true)); n != 100 {
				t.Errorf("%d bytes, encoding %d: %d rows", pageSize, encoding, n)
			}
		}
	}
}
