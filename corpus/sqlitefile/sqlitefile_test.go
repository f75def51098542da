package sqlitefile_test

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/sqlitefile"
	_ "modernc.org/sqlite"
)

// open gives SQLite itself a file, and its log when there is one.
func open(t *testing.T, file, wal []byte) *sql.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if wal != nil {
		if err := os.WriteFile(path+"-wal", wal, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func one[T any](t *testing.T, db *sql.DB, query string, args ...any) (v T) {
	t.Helper()
	if err := db.QueryRow(query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

// TestSQLiteAccepts lets SQLite judge the file: sound, with the rows that were
// put in and none of those that were deleted.
func TestSQLiteAccepts(t *testing.T) {
	for _, size := range []int{512, 1024, 4096, 16384, 32768, 65536} {
		for encoding, name := range map[int]string{1: "UTF-8", 2: "UTF-16le", 3: "UTF-16be"} {
			t.Run(fmt.Sprint(size, name), func(t *testing.T) {
				file, _ := sqlitefile.Sample(size, encoding)
				db := open(t, file, nil)
				if got := one[string](t, db, "PRAGMA integrity_check"); got != "ok" {
					t.Errorf("integrity_check: %s", got)
				}
				if got := one[int](t, db, "PRAGMA page_size"); got != size {
					t.Errorf("page size %d", got)
				}
				if got := one[string](t, db, "PRAGMA encoding"); got != name {
					t.Errorf("encoding %s", got)
				}
				if got := one[int](t, db, "SELECT count(*) FROM bird"); got != 60 {
					t.Errorf("%d rows, want 60", got)
				}
				if got := one[int](t, db, "SELECT count(*) FROM bird WHERE name LIKE 'deleted%' OR name LIKE 'dropped%'"); got != 0 {
					t.Errorf("%d deleted rows are rows", got)
				}
				if got := one[string](t, db, "SELECT name FROM bird WHERE id = 8"); got != strings.Repeat("long ", 1000) {
					t.Errorf("the value on overflow pages has %d bytes", len(got))
				}
				if got := one[string](t, db, "SELECT name || n || w FROM bird WHERE id = 4"); got != "heron 330001.5" {
					t.Errorf("row 4 is %q", got)
				}
				if got := one[int](t, db, "SELECT v FROM key WHERE k = 'key 039'"); got != 1521 {
					t.Error("the table without row ids has not its last row")
				}
			})
		}
	}
}

// TestLog lets SQLite read through the write-ahead log, to its last transaction.
func TestLog(t *testing.T) {
	for _, size := range []int{1024, 4096, 65536} {
		file, wal := sqlitefile.Sample(size, 1)
		db := open(t, file, wal)
		if got := one[string](t, db, "SELECT name FROM bird WHERE id = 4"); got != "changed again" {
			t.Errorf("page size %d: row 4 is %q through the log", size, got)
		}
		if got := one[string](t, db, "PRAGMA integrity_check"); got != "ok" {
			t.Errorf("page size %d: integrity_check: %s", size, got)
		}
	}
}

// TestLogCut shows that each transaction stands alone: without the frames of the
// second one, SQLite sees the first.
func TestLogCut(t *testing.T) {
	const size = 4096
	file, wal := sqlitefile.Sample(size, 1)
	frames := (len(wal) - 32) / (24 + size)
	if frames*(24+size)+32 != len(wal) {
		t.Fatalf("a log of %d bytes is not made of whole frames", len(wal))
	}
	end := 0
	for i := range frames {
		head := wal[32+i*(24+size):]
		if commit := binary.BigEndian.Uint32(head[4:]); commit != 0 {
			if int(commit)*size != len(file) {
				t.Errorf("frame %d commits %d pages, the file has %d", i, commit, len(file)/size)
			}
			end = 32 + (i+1)*(24+size)
			break
		}
	}
	if end == 0 || end == len(wal) {
		t.Fatalf("the first transaction ends at %d of %d", end, len(wal))
	}
	db := open(t, file, wal[:end])
	if got := one[string](t, db, "SELECT name FROM bird WHERE id = 4"); got != "changed once" {
		t.Errorf("after the first transaction row 4 is %q", got)
	}
}

// TestDeletedBytesAreThere looks for the deleted rows where SQLite does not: in
// freeblocks and on the freelist.
func TestDeletedBytesAreThere(t *testing.T) {
	file, _ := sqlitefile.Sample(4096, 1)
	for _, want := range []string{"deleted kestrel", "deleted owl", "dropped wren"} {
		if bytes.Count(file, []byte(want)) != 1 {
			t.Errorf("%q is in the file %d times", want, bytes.Count(file, []byte(want)))
		}
	}
	db := open(t, file, nil)
	if got := one[int](t, db, "PRAGMA freelist_count"); got != 2 {
		t.Errorf("%d pages on the freelist, want the leaf and its trunk", got)
	}
}

// TestEveryValue stores a value of each kind and size, at the borders of the
// serial types, and reads them back with SQLite.
func TestEveryValue(t *testing.T) {
	values := []any{
		nil, int64(0), int64(1), int64(2), int64(-1), int64(127), int64(128), int64(-128), int64(-129), int64(32767), int64(32768),
		int64(1<<23 - 1), int64(1 << 23), int64(-1 << 23), int64(1<<31 - 1), int64(1 << 31), int64(1<<47 - 1), int64(1 << 47),
		int64(math.MaxInt64), int64(math.MinInt64), 1.5, -0.25, math.MaxFloat64, "", "text", "日本語 🐦", []byte{0, 1, 0xFF},
		strings.Repeat("x", 57), strings.Repeat("x", 58), bytes.Repeat([]byte{7}, 70000),
	}
	var rows []sqlitefile.Row
	for i, v := range values {
		rows = append(rows, sqlitefile.Row{ID: int64(i + 1), Values: []any{v}})
	}
	rows = append(rows, sqlitefile.Row{ID: math.MaxInt64, Values: []any{"the last row id"}})
	db := open(t, sqlitefile.DB{Tables: []sqlitefile.Table{{Name: "v", SQL: "CREATE TABLE v(x)", Rows: rows}}}.Build(), nil)
	for i, want := range values {
		if got := one[any](t, db, "SELECT x FROM v WHERE rowid = ?", i+1); !reflect.DeepEqual(got, want) {
			t.Errorf("row %d: %T %.40v, want %T %.40v", i+1, got, got, want, want)
		}
	}
	if got := one[string](t, db, "SELECT x FROM v WHERE rowid = ?", int64(math.MaxInt64)); got != "the last row id" {
		t.Errorf("the last row is %q", got)
	}
}

// TestManyColumns has a record header of more than 127 bytes, whose size needs
// two bytes itself.
func TestManyColumns(t *testing.T) {
	for _, n := range []int{125, 126, 127, 128, 300} {
		var names []string
		var values []any
		for i := range n {
			names, values = append(names, fmt.Sprintf("c%d", i)), append(values, i+2)
		}
		sql := "CREATE TABLE w(" + strings.Join(names, ",") + ")"
		db := open(t, sqlitefile.DB{Tables: []sqlitefile.Table{{Name: "w", SQL: sql, Rows: []sqlitefile.Row{{ID: 1, Values: values}}}}}.Build(), nil)
		if got := one[int](t, db, fmt.Sprintf("SELECT c%d FROM w", n-1)); got != n+1 {
			t.Errorf("%d columns: the last is %d", n, got)
		}
	}
}

func ExampleDB_Build() {
	db := sqlitefile.DB{Tables: []sqlitefile.Table{{Name: "t", SQL: "CREATE TABLE t(x)", Rows: []sqlitefile.Row{{ID: 1, Values: []any{"heron"}}}}}}
	file := db.Build()
	fmt.Printf("%q, %d pages\n", file[:15], len(file)/4096)
	// Output: "SQLite format 3", 2 pages
}
