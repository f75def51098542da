package sqlitedb

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
		if n, _ := f.Read(head); n == 16 && string(head) == Magic {
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
func open(t testing.TB, path string, log bool) *DB {
	read := func(suffix string) Reader {
		b, err := os.ReadFile(path + suffix)
		if err != nil {
			return nil
		}
		return bytes.NewReader(b)
	}
	var wal, journal Reader
	if log {
		wal, journal = read("-wal"), read("-journal")
	}
	db, err := Open(read(""), wal, journal)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return db
}

// TestTruth compares the number of rows with the shared truth table.
func TestTruth(t *testing.T) {
	root := evidence(t)
	f, err := os.Open(filepath.Join(root, "truth", "artifacts2.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<24)
	n := 0
	for lines.Scan() {
		var want struct {
			File, Kind string
			With       map[string]int `json:"with_wal"`
			Without    map[string]int `json:"without_wal"`
		}
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		if want.Kind != "sqlite" {
			continue
		}
		n++
		for i, tables := range []map[string]int{want.With, want.Without} {
			db := open(t, filepath.Join(root, want.File), i == 0)
			if len(db.Damage) > 0 {
				t.Errorf("%s: %v", want.File, db.Damage[0])
			}
			got := map[string]int{}
			for _, table := range db.Tables() {
				rows := 0
				for _, err := range table.Rows() {
					if err != nil {
						t.Errorf("%s, %s: %v", want.File, table.Name, err)
					}
					rows++
				}
				count, err := table.Count()
				if count != rows || err != nil {
					t.Errorf("%s, %s: Count = %d, %v; %d rows", want.File, table.Name, count, err, rows)
				}
				got[table.Name] = rows
			}
			for name, rows := range tables {
				if got[name] != rows {
					t.Errorf("%s, with log %t: %s has %d rows, want %d", want.File, i == 0, name, got[name], rows)
				}
			}
			if len(got) != len(tables) {
				t.Errorf("%s, with log %t: %d tables, want %d", want.File, i == 0, len(got), len(tables))
			}
		}
	}
	if n < 12 {
		t.Errorf("%d databases in the truth table", n)
	}
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
func compare(t *testing.T, name, path string, db *DB) int {
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
