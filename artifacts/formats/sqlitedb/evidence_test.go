package sqlitedb

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// evidence returns the folder of the shared evidence of this set.
func evidence(t testing.TB) string {
	root := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if root == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	return filepath.Join(root, "artifacts2")
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
