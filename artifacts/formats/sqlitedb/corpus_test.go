package sqlitedb

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/sqlitefile"
)

// TestWritten reads what another hand wrote. The oracle package lets SQLite read it, too.
func TestWritten(t *testing.T) {
	for _, pageSize := range []int{512, 1024, 4096} {
		for encoding := 1; encoding <= 3; encoding++ {
			name := fmt.Sprintf("%d bytes, encoding %d", pageSize, encoding)
			main, wal := sqlitefile.Sample(pageSize, encoding)
			db, err := Open(bytes.NewReader(main), bytes.NewReader(wal), nil)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, table := range db.Tables() {
				for _, err := range table.Rows() {
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
					n++
				}
			}
			if n != 100 {
				t.Errorf("%s: %d rows", name, n)
			}
			if db.WAL.Committed == 0 || db.WAL.Committed != db.WAL.Frames {
				t.Errorf("%s: %+v", name, db.WAL)
			}
			got := map[string]string{}
			for row := range db.Table("bird").Recovered("name", "id") {
				got[row.Get("name").Text()] = fmt.Sprintf("%s %s %s %d", row.State, row.Grade, row.Origin, row.RowID)
			}
			for bird, want := range map[string]string{
				"heron 3": "deleted exact main 4", "changed once": "log exact wal 4",
				"deleted kestrel": "deleted partial", "deleted owl": "deleted partial", "dropped wren": "deleted exact main 7001",
			} {
				if !strings.HasPrefix(got[bird], want) {
					t.Errorf("%s: %s: %q, want %q", name, bird, got[bird], want)
				}
			}
			if len(got) != 5 {
				t.Errorf("%s: recovered %v", name, got)
			}
		}
	}
}

// TestPlace checks that a row leads to its own bytes.
func TestPlace(t *testing.T) {
	main, wal := sqlitefile.Sample(512, 1)
	db, err := Open(bytes.NewReader(main), bytes.NewReader(wal), nil)
	if err != nil {
		t.Fatal(err)
	}
	var fromLog int
	check := func(row Row) {
		file := main
		if row.Origin == WAL {
			file = wal
			fromLog++
		}
		name := row.Get("name").Bytes()
		if name = name[:min(len(name), 20)]; !bytes.Contains(file[row.Offset:row.Offset+60], name) {
			t.Errorf("row %q is not at %+v", name, row.Place)
		}
	}
	for row := range db.Rows("bird", "name") {
		check(row)
	}
	if fromLog == 0 {
		t.Error("no row of the log")
	}
	for row := range db.Table("bird").Recovered("name") {
		check(row)
	}
}

// TestLog cuts and breaks a log: what is not committed does not count.
func TestLog(t *testing.T) {
	main, wal := sqlitefile.Sample(512, 1)
	value := func(wal []byte) string {
		db, err := Open(bytes.NewReader(main), bytes.NewReader(wal), nil)
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range db.Rows("bird", "name") {
			if err != nil {
				t.Error(err)
			}
			if row.RowID == 4 {
				return row.Get("name").Text()
			}
		}
		return ""
	}
	broken := bytes.Clone(wal)
	broken[len(broken)-1] ^= 1
	salted := bytes.Clone(wal)
	salted[16] ^= 1
	for _, c := range []struct {
		name, want string
		wal        []byte
	}{
		{"whole", "changed again", wal},
		{"cut", "changed once", wal[:len(wal)-100]},
		{"last frame broken", "changed once", broken},
		{"header broken", "heron 3", salted},
		{"header cut", "heron 3", wal[:20]},
		{"none", "heron 3", nil},
	} {
		if got := value(c.wal); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	// A database that is only in its log.
	db, err := Open(bytes.NewReader(nil), bytes.NewReader(sqlitefile.Log(512, nil, main)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := db.Table("bird").Count(); n != 60 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
}

func FuzzOpen(f *testing.F) {
	for _, c := range [][2]int{{512, 1}, {1024, 2}} {
		main, wal := sqlitefile.Sample(c[0], c[1])
		f.Add(main, wal, []byte(nil))
		f.Add(main, []byte(nil), append(make([]byte, 512), wal[52:]...))
	}
	f.Fuzz(func(t *testing.T, main, wal, journal []byte) {
		db, err := Open(bytes.NewReader(main), bytes.NewReader(wal), bytes.NewReader(journal))
		if err != nil {
			return
		}
		size := int64(len(main) + len(wal) + len(journal))
		n := 0
		look := func(row Row) {
			if row.Offset < 0 || row.Offset > size {
				t.Fatalf("row outside of the files: %+v", row.Place)
			}
			for _, v := range row.Values {
				if int64(len(v.Bytes())) > size {
					t.Fatal("a value larger than the files")
				}
				v.Text()
			}
			if n++; int64(n) > size {
				t.Fatal("more rows than bytes")
			}
		}
		for _, table := range db.Tables() {
			n = 0
			for row, err := range table.Rows() {
				if err == nil {
					look(row)
				}
			}
			table.Count()
		}
		n = 0
		for row := range db.Recovered() {
			look(row)
		}
	})
}

func ExampleOpen() {
	main, wal := sqlitefile.Sample(1024, 1)
	db, err := Open(bytes.NewReader(main), bytes.NewReader(wal), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for row, err := range db.Rows("bird", "name", "n") {
		if err != nil {
			fmt.Println(err)
			continue
		}
		if row.Origin == WAL && row.RowID < 6 {
			fmt.Println(row.RowID, row.Get("name").Text(), "frame", row.Frame)
		}
	}
	// Output:
	// 1 heron 0 frame 2
	// 2 heron 1 frame 2
	// 3 heron 2 frame 2
	// 4 changed again frame 2
	// 5 heron 4 frame 2
}
