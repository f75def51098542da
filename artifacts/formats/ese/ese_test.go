package ese_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/ese"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/corpus/esedb"
	"github.com/artifactdump/artifactdump/corpus/testcost"
	"github.com/artifactdump/artifactdump/prefetch/xpress"
)

var (
	when = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	long = strings.Repeat("a long value, ", 1000)
	guid = []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
)

// pack compresses a chunk as the engine does: u8 scheme, u16 size, plain LZ77.
func pack(b []byte) []byte {
	return xpress.AppendEncodePlain([]byte{3 << 3, byte(len(b)), byte(len(b) >> 8)}, b)
}

// sample is a database with each way to store a value.
func sample(pageSize int) *esedb.DB {
	db := &esedb.DB{PageSize: pageSize, Revision: 110, State: esedb.Dirty}
	if pageSize == 8192 {
		db.Revision = 20 // ids of long values have 4 bytes
	}
	kinds := esedb.Table{Name: "Kinds", Columns: []esedb.Column{
		{Name: "Number", Type: esedb.Int32}, {Name: "Flag", Type: esedb.Bool}, {Name: "Small", Type: esedb.Int16},
		{Name: "OLE", Type: esedb.DateTime}, {Name: "FileTime", Type: esedb.DateTime}, {Name: "Real", Type: esedb.Float64},
		{Name: "ID", Type: esedb.GUID}, {Name: "Eight", Type: esedb.Binary, Size: 8}, {Name: "Late", Type: esedb.Uint16, Default: []byte{7, 0}},
		{Name: "Short", Type: esedb.Text, CodePage: 1252}, {Name: "Blob", Type: esedb.Binary},
		{Name: "Wide", Type: esedb.LongText, CodePage: 1200}, {Name: "Data", Type: esedb.LongBinary},
		{Name: "Many", Type: esedb.LongText, CodePage: 1200},
		{Name: "Tagged", Type: esedb.Uint32, Tagged: true},
	}}
	kinds.Rows = []esedb.Row{
		{Values: []any{-5, true, -2, when, wire.FileTime(when), 1.5, guid, []byte("12345678"), 9, "K\x80", []byte{0xAB},
			"grün 😀", []byte{1, 2}, esedb.Multi{"one", "two"}, 77}},
		{Values: []any{nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil}},
		{Values: []any{1, false, 2, 0, 0}}, // written before the later columns came
		{Values: []any{3, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, esedb.Pack7("seven bits", true), esedb.Long{Value: []byte(long)}}},
		{Values: []any{4, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil,
			esedb.Long{Value: long, Packed: pack}, esedb.Packed(pack([]byte(long[:300])))}},
		{Values: []any{5}, Deleted: true},
		{Values: []any{6, nil, nil, nil, nil, nil, nil, nil, nil, "end", nil, nil, nil, esedb.Multi{"x", esedb.Long{Value: "far"}}}},
	}
	big := esedb.Table{Name: "Big", Columns: []esedb.Column{
		{Name: "Number", Type: esedb.Int32}, {Name: "Text", Type: esedb.Text, CodePage: 1200},
	}}
	for i := range 1000 {
		big.Rows = append(big.Rows, esedb.Row{Values: []any{i, fmt.Sprint("row ", i)}})
	}
	db.Tables = []esedb.Table{kinds, big, {Name: "Dropped", Columns: []esedb.Column{{Name: "X", Type: esedb.Int32}}, Deleted: true}}
	return db
}

// dump writes the values of the live rows of a table.
func dump(t *testing.T, table *ese.Table) (rows []string) {
	t.Helper()
	for row, err := range table.Rows() {
		if err != nil {
			t.Error(err)
			continue
		}
		var s []string
		for _, c := range table.Columns() {
			all, err := row.Values(c)
			if err != nil {
				t.Errorf("%s: %v", c.Name, err)
			}
			for _, v := range all {
				text := v.Text()
				if len(text) > 40 {
					text = fmt.Sprintf("%s… %d", text[:16], len(text))
				}
				s = append(s, c.Name+"="+text)
			}
		}
		rows = append(rows, strings.Join(s, " "))
	}
	return rows
}

func TestKinds(t *testing.T) {
	want := []string{
		"Number=-5 Flag=true Small=-2 OLE=2024-05-06T07:08:09.0000000Z FileTime=2024-05-06T07:08:09.0000000Z Real=1.5 " +
			"ID={04030201-0605-0807-090A-0B0C0D0E0F10} Eight=3132333435363738 Late=9 Short=K€ " +
			"Blob=ab Wide=grün 😀 Data=0102 Many=one Many=two Tagged=77",
		"",
		"Number=1 Flag=false Small=2 OLE= FileTime= Late=7",
		"Number=3 Wide=seven bits Data=61206c6f6e672076… 28000",
		"Number=4 Wide=a long value, a … 14000 Data=61206c6f6e672076… 600",
		"Number=6 Short=end Many=x Many=far",
	}
	for _, size := range []int{4096, 8192, 16384, 32768} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			db := open(t, sample(size).Bytes())
			if db.PageSize != size || db.State != ese.Dirty || db.State.String() != "dirty" {
				t.Errorf("page size %d, %v", db.PageSize, db.State)
			}
			if got := db.Header.Created; !got.Equal(time.Date(2023, 12, 24, 12, 45, 30, 0, time.UTC)) {
				t.Errorf("created %v", got)
			}
			if db.Table("Dropped") != nil {
				t.Error("a dropped table came back")
			}
			if got := dump(t, db.Table("kinds")); !slices.Equal(got, want) {
				t.Errorf("rows:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			n := 0
			for row, err := range db.Table("Big").Rows() {
				v, ok := row.Int(row.Table().Column("Number"))
				if s, _ := row.Text(row.Table().Column("Text")); err != nil || !ok || int(v) != n || s != fmt.Sprint("row ", n) {
					t.Fatalf("row %d: %d %q %v", n, v, s, err)
				}
				n++
			}
			if n != 1000 {
				t.Errorf("%d rows", n)
			}
			if d := db.Damage(); len(d) != 0 {
				t.Errorf("damage: %v", d)
			}
		})
	}
}

// TestTemplate reads a table that inherits columns of each kind. The tagged
// columns of both tables have the same ids.
func TestTemplate(t *testing.T) {
	for _, size := range []int{4096, 16384} {
		db := &esedb.DB{PageSize: size, Revision: 20, State: esedb.Clean, Tables: []esedb.Table{
			{Name: "Base", Columns: []esedb.Column{
				{Name: "BaseNumber", Type: esedb.Int32}, {Name: "BaseShort", Type: esedb.Text, CodePage: 1252},
				{Name: "BaseLong", Type: esedb.LongText, CodePage: 1252},
			}, Rows: []esedb.Row{{Values: []any{1, "a", "b"}}}},
			{Name: "Derived", Template: "Base", Columns: []esedb.Column{
				{Name: "Number", Type: esedb.Uint16}, {Name: "Short", Type: esedb.Text, CodePage: 1252},
				{Name: "Long", Type: esedb.LongText, CodePage: 1252},
			}, Rows: []esedb.Row{
				{Values: []any{2, "c", "d", 3, "e", "f"}},
				{Values: []any{nil, nil, nil, 4, nil, "g"}},
				{Values: []any{5, nil, "h", nil, "i", nil}},
			}},
		}}
		file := open(t, db.Bytes())
		want := []string{"BaseNumber=2 BaseShort=c BaseLong=d Number=3 Short=e Long=f", "Number=4 Long=g", "BaseNumber=5 BaseLong=h Short=i"}
		if got := dump(t, file.Table("Derived")); !slices.Equal(got, want) {
			t.Errorf("rows: %q\nwant  %q", got, want)
		}
		var each []string
		for row := range file.Table("Derived").Rows() {
			row.Each(func(c *ese.Column, v ese.Value, _ error) bool {
				each = append(each, c.Name+"="+v.Text())
				return true
			})
		}
		all := "BaseNumber=2 BaseShort=c Number=3 Short=e BaseLong=d Long=f Number=4 Long=g BaseNumber=5 Short=i BaseLong=h"
		if got := strings.Join(each, " "); got != all {
			t.Errorf("each: %s", got)
		}
	}
}

func TestDeleted(t *testing.T) {
	db := open(t, sample(4096).Bytes())
	table := db.Table("Kinds")
	var deleted []int64
	for row := range table.Entries() {
		if row.Deleted {
			n, _ := row.Int(table.Column("Number"))
			deleted = append(deleted, n)
		}
	}
	if !slices.Equal(deleted, []int64{5}) {
		t.Errorf("deleted rows: %v", deleted)
	}
	dropped := 0
	for row := range db.Table("MSysObjects").Entries() {
		if name, _ := row.Text(row.Table().Column("Name")); row.Deleted && (name == "Dropped" || name == "X") {
			dropped++
		}
	}
	if dropped != 2 {
		t.Errorf("%d deleted entries of the catalogue", dropped)
	}
}

// TestPlace holds the offset of a row to the bytes of the file.
func TestPlace(t *testing.T) {
	for _, size := range []int{4096, 16384} {
		b := sample(size).Bytes()
		db := open(t, b)
		for row, err := range db.Table("Big").Rows() {
			n, _ := row.Int(db.Table("Big").Column("Number"))
			at := row.Offset + 4
			if got := int64(b[at]) | int64(b[at+1])<<8; err != nil || got != n || row.Offset/int64(size)-1 != int64(row.Page) {
				t.Fatalf("page %d, tag %d, offset %d: %d there, want %d", row.Page, row.Tag, row.Offset, got, n)
			}
		}
	}
}

func TestNil(t *testing.T) {
	db := open(t, sample(4096).Bytes())
	for row := range db.Table("Kinds").Rows() {
		none := db.Table("Kinds").Column("NoSuchColumn")
		if _, ok := row.Int(none); ok || none != nil {
			t.Error("a missing column has an integer")
		}
		if _, ok := row.Text(none); ok {
			t.Error("a missing column has text")
		}
		if _, ok := row.Time(none); ok {
			t.Error("a missing column has a time")
		}
		if _, ok := row.Float(none); ok {
			t.Error("a missing column has a number")
		}
		if v, err := row.Value(none); err != nil || !v.IsNull() || v.Text() != "" {
			t.Error("a missing column has a value")
		}
	}
	if db.Table("nothing") != nil {
		t.Error("a table that is not there")
	}
}

func problems(db *ese.DB) (s []string) {
	for _, d := range db.Damage() {
		s = append(s, fmt.Sprintf("%s: %s", d.Struct, d.Problem))
	}
	return s
}

// count counts live rows and errors.
func count(table *ese.Table) (rows, stray, errs int) {
	for row, err := range table.Rows() {
		switch {
		case err != nil:
			errs++
		case row.Stray:
			stray++
		default:
			rows++
		}
	}
	return rows, stray, errs
}

func TestDamage(t *testing.T) {
	good := sample(4096)
	whole := good.Bytes()
	root := int(open(t, whole).Table("Big").Root)
	page := func(b []byte, n int) []byte { return b[(n+1)*4096 : (n+2)*4096] }

	t.Run("header", func(t *testing.T) {
		spoilt := *good
		spoilt.BreakHeader = true
		db := open(t, spoilt.Bytes())
		if !db.Header.Shadow || len(db.Damage()) != 1 {
			t.Errorf("copy used: %v, %v", db.Header.Shadow, problems(db))
		}
		if rows, _, _ := count(db.Table("Big")); rows != 1000 {
			t.Errorf("%d rows", rows)
		}
	})
	t.Run("header wiped", func(t *testing.T) {
		b := bytes.Clone(whole)
		clear(b[:4096])
		if db := open(t, b); !db.Header.Shadow || db.PageSize != 4096 {
			t.Errorf("copy used: %v", db.Header.Shadow)
		}
	})
	t.Run("checksum", func(t *testing.T) {
		b := bytes.Clone(whole)
		page(b, root)[60]++ // in the free first tag
		db := open(t, b)
		if rows, _, errs := count(db.Table("Big")); rows != 1000 || errs != 0 {
			t.Errorf("%d rows, %d errors", rows, errs)
		}
		if got := problems(db); !slices.Equal(got, []string{"page: checksum does not match"}) {
			t.Errorf("damage: %q", got)
		}
	})
	t.Run("root", func(t *testing.T) {
		b := bytes.Clone(whole)
		clear(page(b, root))
		db := open(t, b)
		if rows, stray, errs := count(db.Table("Big")); rows != 0 || stray != 1000 || errs != 1 {
			t.Errorf("%d rows, %d stray, %d errors", rows, stray, errs)
		}
	})
	t.Run("catalogue", func(t *testing.T) {
		b := bytes.Clone(whole)
		clear(page(b, 4))
		db := open(t, b)
		if rows, _, errs := count(db.Table("Big")); rows != 1000 || errs != 0 || db.DamageCount() == 0 {
			t.Errorf("%d rows, %d errors, %q", rows, errs, problems(db))
		}
	})
	t.Run("loop", func(t *testing.T) {
		b := bytes.Clone(whole)
		p := page(b, root)
		// The first child of the root becomes the root itself.
		tag := p[len(p)-8:]
		size, off := int(tag[0])|int(tag[1]&0x1F)<<8, int(tag[2])|int(tag[3]&0x1F)<<8
		end := 40 + off + size
		first := int(p[end-4]) | int(p[end-3])<<8
		p[end-4], p[end-3] = byte(root), byte(root>>8)
		esedb.Seal(b, 4096, root)
		db := open(t, b)
		rows, stray, errs := count(db.Table("Big"))
		if rows+stray != 1000 || stray == 0 || errs != 1 {
			t.Errorf("%d rows, %d stray (page %d), %d errors: %q", rows, stray, first, errs, problems(db))
		}
	})
	t.Run("short", func(t *testing.T) {
		db := open(t, whole[:len(whole)-5000])
		if got := problems(db); len(got) == 0 || got[0] != "page: file ends inside of it" {
			t.Errorf("damage: %q", got)
		}
	})
	t.Run("row", func(t *testing.T) {
		b := bytes.Clone(whole)
		var at int64
		var n int
		for row := range open(t, b).Table("Big").Rows() {
			if n++; n == 17 {
				at = row.Offset
			}
		}
		b[at+2], b[at+3] = 0xFF, 0xFF // offset of the variable part
		db := open(t, b)
		if rows, _, errs := count(db.Table("Big")); rows != 999 || errs != 1 {
			t.Errorf("%d rows, %d errors", rows, errs)
		}
	})
}

func TestNotESE(t *testing.T) {
	for _, b := range [][]byte{nil, make([]byte, 100), make([]byte, 70000), []byte(strings.Repeat("regf", 3000))} {
		if _, err := ese.Open(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ese.ErrNotESE) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
}

// TestNoAllocations holds the path of fixed columns to none.
func TestNoAllocations(t *testing.T) {
	if testcost.Race {
		t.Skip("the race detector makes pools forget")
	}
	table := open(t, sample(4096).Bytes()).Table("Big")
	number := table.Column("Number")
	for range table.Rows() { // fill the cache
	}
	sum := int64(0)
	n := testing.AllocsPerRun(10, func() {
		for row := range table.Rows() {
			v, _ := row.Int(number)
			sum += v
		}
	})
	if n > 20 || sum == 0 {
		t.Errorf("%v allocations for 1,000 rows", n)
	}
}

// everything reads all that a database has.
func everything(db *ese.DB) (rows int) {
	for _, table := range db.Tables() {
		for row := range table.Entries() {
			rows++
			row.Each(func(c *ese.Column, v ese.Value, _ error) bool {
				v.Text()
				v.Time()
				v.Float()
				return true
			})
			if rows > 100_000 {
				return rows
			}
		}
	}
	return rows
}

func FuzzOpen(f *testing.F) {
	for _, size := range []int{4096, 16384} {
		db := sample(size)
		db.Tables[1].Rows = db.Tables[1].Rows[:3]
		f.Add(db.Bytes())
	}
	f.Add(make([]byte, 8192))
	f.Fuzz(func(t *testing.T, b []byte) {
		db, err := ese.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		everything(db)
	})
}

// FuzzPage changes bytes of a sound database and seals the page again, so that
// the change is not the checksum's.
func FuzzPage(f *testing.F) {
	whole := map[bool][]byte{false: sample(4096).Bytes(), true: sample(16384).Bytes()}
	f.Add(false, uint16(32), uint16(100), []byte{0xFF, 0xFF})
	f.Add(true, uint16(4), uint16(90), []byte{0x7F})
	f.Fuzz(func(t *testing.T, large bool, n, at uint16, change []byte) {
		b, size := bytes.Clone(whole[large]), 4096
		if large {
			size = 16384
		}
		page := int(n) % (len(b)/size - 1)
		copy(b[(page+1)*size+int(at)%size:], change)
		esedb.Seal(b, size, page)
		if db, err := ese.Open(bytes.NewReader(b), int64(len(b))); err == nil {
			everything(db)
		}
	})
}

// TestPackedBytes reads 7-bit text out of columns of bytes: units of UTF-16 have two
// bytes, and the text ends where the bits end, not with a NUL that was never stored.
func TestPackedBytes(t *testing.T) {
	rows := []esedb.Row{
		{Values: []any{esedb.Pack7("program", true)}}, {Values: []any{esedb.Pack7("program", false)}}, {Values: []any{esedb.Pack7("link\x00program", true)}},
	}
	db := &esedb.DB{PageSize: 32768, Revision: 110, State: esedb.Clean, Tables: []esedb.Table{
		{Name: "T", Columns: []esedb.Column{{Name: "Kind", Type: esedb.LongBinary}}, Rows: rows}}}
	want := []string{"p\x00r\x00o\x00g\x00r\x00a\x00m\x00", "program", "l\x00i\x00n\x00k\x00\x00\x00p\x00r\x00o\x00g\x00r\x00a\x00m\x00"}
	var got []string
	for row, err := range open(t, db.Bytes()).Table("T").Rows() {
		if err != nil {
			t.Fatal(err)
		}
		row.Each(func(_ *ese.Column, v ese.Value, err error) bool {
			got = append(got, string(v.Bytes()))
			return err == nil
		})
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}
