package sqlitedb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/sqlitefile"
)

// versions returns a database before and after a transaction that changed the
// rows, on pages of 512 bytes. They have the same layout.
func versions(t *testing.T) (before, after []byte) {
	t.Helper()
	build := func(word string) []byte {
		table := sqlitefile.Table{Name: "t", SQL: "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT)"}
		for i := range 40 {
			table.Rows = append(table.Rows, sqlitefile.Row{ID: int64(i + 1), Values: []any{nil, fmt.Sprintf("%s %02d", word, i)}})
		}
		return sqlitefile.DB{PageSize: 512, Tables: []sqlitefile.Table{table}}.Build()
	}
	before, after = build("before"), build("after!")
	if len(before) != len(after) || len(before) < 4*512 {
		t.Fatalf("%d and %d bytes", len(before), len(after))
	}
	return before, after
}

// rollback returns a journal with one segment for each list of pages, as
// "The Rollback Journal" describes it: sectors of 512 bytes.
func rollback(db []byte, segments ...[]uint32) []byte {
	var out []byte
	for _, pages := range segments {
		for len(out)%512 != 0 {
			out = append(out, 0)
		}
		const nonce = 0x1000
		head := make([]byte, 512)
		copy(head, "\xD9\xD5\x05\xF9\x20\xA1\x63\xD7")
		binary.BigEndian.PutUint32(head[8:], uint32(len(pages)))
		binary.BigEndian.PutUint32(head[12:], nonce)
		binary.BigEndian.PutUint32(head[16:], uint32(len(db)/512))
		binary.BigEndian.PutUint32(head[20:], 512)
		binary.BigEndian.PutUint32(head[24:], 512)
		out = append(out, head...)
		for _, n := range pages {
			p := db[(n-1)*512:][:512]
			out = binary.BigEndian.AppendUint32(out, n)
			out = append(out, p...)
			// The sample of a page of 512 bytes: its bytes 312 and 112.
			out = binary.BigEndian.AppendUint32(out, nonce+uint32(p[312])+uint32(p[112]))
		}
	}
	return out
}

// count counts the live rows whose name begins with each word.
func count(t *testing.T, db *DB) (before, after int) {
	t.Helper()
	for row, err := range db.Rows("t", "name") {
		if err != nil {
			t.Fatal(err)
		}
		switch name := row.Get("name").Text(); {
		case strings.HasPrefix(name, "before "):
			before++
		case strings.HasPrefix(name, "after! "):
			after++
		default:
			t.Errorf("a row %q", name)
		}
	}
	return before, after
}

// TestJournal reads journals of a transaction that was not finished: the live
// view is the one that SQLite would roll back to, as far as records are valid.
func TestJournal(t *testing.T) {
	before, after := versions(t)
	var all []uint32
	for n := range len(before) / 512 {
		all = append(all, uint32(n+1))
	}
	whole := rollback(before, all)
	half := len(all) / 2
	change := func(b []byte, at int, v ...byte) []byte {
		b = bytes.Clone(b)
		copy(b[at:], v)
		return b
	}
	for _, c := range []struct {
		name    string
		journal []byte
		records int
		hot     bool
		damage  string
	}{
		{"whole", whole, len(all), true, ""},
		{"as many as there are", change(whole, 8, 0xFF, 0xFF, 0xFF, 0xFF), len(all), true, ""},
		{"two segments", rollback(before, all[:half], all[half:]), len(all), true, ""},
		{"a page twice", rollback(before, all, all[:1]), len(all) + 1, true, ""},
		{"counts fewer", change(whole, 8, 0, 0, 0, 1), 1, true, ""},
		{"second record does not add up", change(whole, 512+2*520-1, 0xEE), 1, true, ""},
		{"second record has no page", change(whole, 512+520, 0, 0, 0, 0), 1, true, ""},
		{"cut in the second record", whole[:512+520+300], 1, true, ""},
		{"cut in the header", whole[:20], 0, false, ""},
		{"counts none", change(whole, 8, 0, 0, 0, 0), 0, false, ""},
		{"another page size", change(whole, 24, 0, 0, 4, 0), 0, false, "sector size 512, page size 1024"},
		{"sector too large", change(whole, 20, 0, 2, 0, 0), 0, false, "sector size 131072, page size 512"},
		{"not a journal", change(whole, 0, 'x'), 0, false, "no magic number"},
	} {
		db, err := Open(bytes.NewReader(after), nil, bytes.NewReader(c.journal))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if db.Journal != (JournalInfo{Records: c.records, Hot: c.hot}) {
			t.Errorf("%s: %+v, want %d, hot %v", c.name, db.Journal, c.records, c.hot)
		}
		var damage strings.Builder
		for _, d := range db.Damage {
			damage.WriteString(d.Problem)
		}
		if damage.String() != c.damage {
			t.Errorf("%s: damage %q, want %q", c.name, damage.String(), c.damage)
		}
		old, changed := count(t, db)
		if old+changed != 40 {
			t.Errorf("%s: %d rows", c.name, old+changed)
		}
		// Page 1 is the only one restored when there is one record: it holds no rows of t.
		if restored := c.records >= len(all); (old == 40) != restored || (changed == 40) == restored {
			t.Errorf("%s: %d rows from before, %d from after", c.name, old, changed)
		}
	}
}

// TestJournalPlaces checks which state and file a row has when a transaction
// was abandoned, and when it was finished.
func TestJournalPlaces(t *testing.T) {
	before, after := versions(t)
	var all []uint32
	for n := range len(before) / 512 {
		all = append(all, uint32(n+1))
	}
	journal := rollback(before, all)
	hot, err := Open(bytes.NewReader(after), nil, bytes.NewReader(journal))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for row := range hot.Rows("t", "name") {
		name := row.Get("name").Text()
		if row.Origin != Journal || row.Frame < 1 || !bytes.Contains(journal[row.Offset:row.Offset+20], []byte(name)) {
			t.Errorf("%q is not at %+v", name, row.Place)
		}
		n++
	}
	for row := range hot.Table("t").Recovered("name") {
		if row.State != Log || row.Origin != Main || !strings.HasPrefix(row.Get("name").Text(), "after! ") {
			t.Errorf("abandoned: %q, state %q, %v", row.Get("name").Text(), row.State, row.Origin)
		}
		n++
	}
	if n != 80 {
		t.Errorf("%d rows of an unfinished transaction", n)
	}

	// PERSIST zeroes the header and leaves the records.
	for _, sector := range []int{512, 4096} {
		finished := append(make([]byte, sector), journal[512:]...)
		cold, err := Open(bytes.NewReader(after), nil, bytes.NewReader(finished))
		if err != nil {
			t.Fatal(err)
		}
		if cold.Journal.Hot || cold.Journal.Records != len(all) {
			t.Errorf("sector of %d: %+v", sector, cold.Journal)
		}
		if _, changed := count(t, cold); changed != 40 {
			t.Errorf("sector of %d: %d live rows from after", sector, changed)
		}
		n = 0
		for row := range cold.Table("t").Recovered("name") {
			name := row.Get("name").Text()
			if row.State != Backup || row.Origin != Journal || !strings.HasPrefix(name, "before ") {
				t.Errorf("finished: %q, state %q, %v", name, row.State, row.Origin)
			}
			if !bytes.Contains(finished[row.Offset:row.Offset+20], []byte(name)) {
				t.Errorf("%q is not at %+v", name, row.Place)
			}
			n++
		}
		if n != 40 {
			t.Errorf("sector of %d: %d rows from before", sector, n)
		}
	}
}

// TestNewDatabase: a journal beside an empty file undoes the creation, and
// what there is of a file shorter than a header is no database.
func TestNewDatabase(t *testing.T) {
	before, _ := versions(t)
	if _, err := Open(bytes.NewReader(nil), nil, bytes.NewReader(rollback(before, []uint32{1}))); err != ErrNotSQLite {
		t.Errorf("journal alone: %v", err)
	}
	bad := bytes.Clone(before)
	bad[16], bad[17] = 0x02, 0x01
	if _, err := Open(bytes.NewReader(bad), nil, nil); err == nil || err.Error() != "sqlite: database header at offset 16: page size 513" {
		t.Errorf("page size 513: %v", err)
	}
	// The page of the log that is page 1 must have the magic number, too.
	second := bytes.Clone(before)
	second[0] = 'X'
	if _, err := Open(bytes.NewReader(before), bytes.NewReader(sqlitefile.Log(512, before, second)), nil); err != ErrNotSQLite {
		t.Errorf("page 1 of the log broken: %v", err)
	}
}

// TestHeader breaks fields of the header that do not keep the rows from being read.
func TestHeader(t *testing.T) {
	before, _ := versions(t)
	for _, c := range []struct {
		name   string
		at     int
		value  []byte
		damage string
		check  func(*DB) bool
	}{
		{"user version", 60, []byte{0, 0, 1, 2}, "", func(db *DB) bool { return db.UserVer == 258 }},
		{"application", 68, []byte{0x0F, 0x05, 0x51, 0x12}, "", func(db *DB) bool { return db.AppID == 0x0F055112 }},
		{"encoding 4", 56, []byte{0, 0, 0, 4}, "text encoding 4", func(db *DB) bool { return db.Encoding == UTF8 }},
		{"encoding not set", 56, []byte{0, 0, 0, 0}, "", func(db *DB) bool { return db.Encoding == UTF8 }},
		{"too many reserved bytes", 20, []byte{33}, "33 reserved bytes a page", func(db *DB) bool { return db.usable == 512 }},
		{"more pages than there are", 28, []byte{0, 0, 1, 0}, fmt.Sprintf("256 pages, the file has %d", len(before)/512),
			func(db *DB) bool { return db.Pages == 256 }},
		{"a number of pages that is not valid", 24, []byte{0, 0, 0, 99, 0, 0, 1, 0}, "",
			func(db *DB) bool { return db.Pages == uint32(len(before)/512) }},
	} {
		b := bytes.Clone(before)
		copy(b[c.at:], c.value)
		db, err := Open(bytes.NewReader(b), nil, nil)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var damage strings.Builder
		for _, d := range db.Damage {
			damage.WriteString(d.Problem)
			if d.Offset != int64(c.at) {
				t.Errorf("%s: damage at %d", c.name, d.Offset)
			}
		}
		if damage.String() != c.damage || !c.check(db) {
			t.Errorf("%s: damage %q, %+v", c.name, damage.String(), db)
		}
		if old, _ := count(t, db); old != 40 {
			t.Errorf("%s: %d rows", c.name, old)
		}
	}
}

// A badDisk fails to read one block.
type badDisk struct {
	*bytes.Reader
	from, to int64
}

var errSector = errors.New("sector not read")

func (d badDisk) ReadAt(p []byte, off int64) (int, error) {
	if off < d.to && off+int64(len(p)) > d.from {
		return 0, errSector
	}
	return d.Reader.ReadAt(p, off)
}

// TestReadError reads a file of which one block cannot be read: that is the
// error of its pages, and the rows of the others come.
func TestReadError(t *testing.T) {
	table := sqlitefile.Table{Name: "t", SQL: "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT)"}
	for i := range 3000 {
		table.Rows = append(table.Rows, sqlitefile.Row{ID: int64(i), Values: []any{nil, strings.Repeat("x", 80)}})
	}
	b := sqlitefile.DB{PageSize: 4096, Tables: []sqlitefile.Table{table}}.Build()
	if len(b) < 3*blockSize {
		t.Fatalf("only %d bytes", len(b))
	}
	db, err := Open(badDisk{bytes.NewReader(b), blockSize, blockSize + 1}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, failed := 0, []int64{}
	for _, err := range db.Rows("t") {
		if err == nil {
			rows++
			continue
		}
		if !errors.Is(err, errSector) || !strings.Contains(err.Error(), "not read") {
			t.Errorf("%v", err)
		}
		var at interface{ Position() int64 }
		if errors.As(err, &at) {
			failed = append(failed, at.Position())
		}
	}
	if rows < 1000 || len(failed) != blockSize/4096 || slices.Min(failed) != blockSize || slices.Max(failed) != 2*blockSize-4096 {
		t.Errorf("%d rows, failed %v", rows, failed)
	}
	if _, err := db.Table("t").Count(); !errors.Is(err, errSector) {
		t.Errorf("Count: %v", err)
	}
	// The first block is that of the header: nothing can be read.
	if _, err := Open(badDisk{bytes.NewReader(b), 0, 1}, nil, nil); !errors.Is(err, errSector) {
		t.Errorf("first block: %v", err)
	}
	// A reader that ends before its size says so.
	short := struct {
		io.ReaderAt
		sizer
	}{bytes.NewReader(b[:blockSize]), sizer(len(b))}
	if db, err = Open(short, nil, nil); err != nil {
		t.Fatal(err)
	}
	for _, err := range db.Rows("t") {
		if err != nil && !strings.HasSuffix(err.Error(), "after the end of the file") {
			t.Errorf("%v", err)
			break
		}
	}
}

type sizer int64

func (s sizer) Size() int64 { return int64(s) }
