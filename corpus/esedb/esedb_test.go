package esedb_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/esedb"
)

var le = binary.LittleEndian

// xor is the checksum of the engine before ECC: the words of the data, and a seed.
func xor(b []byte, seed uint32) uint32 {
	for ; len(b) > 0; b = b[4:] {
		seed ^= le.Uint32(b)
	}
	return seed
}

// A page is one of a database, read by the documentation of libesedb.
type page struct {
	flags, next, object uint32
	tags                [][]byte
	state               []byte // the flags of each tag
}

// A base is a database that is read.
type base struct {
	t    *testing.T
	b    []byte
	size int
}

func (d *base) page(n uint32) page {
	d.t.Helper()
	b := d.b[(int(n)+1)*d.size:][:d.size]
	p := page{flags: le.Uint32(b[36:]), next: le.Uint32(b[20:]), object: le.Uint32(b[24:])}
	head, large := 40, d.size >= 16384
	if large {
		head = 80
	}
	for i := range int(le.Uint16(b[34:])) {
		v := le.Uint32(b[d.size-4*(i+1):])
		size, at, flags := v&0x1FFF, v>>16&0x1FFF, byte(v>>29)
		if large {
			size, at = v&0x7FFF, v>>16&0x7FFF
		}
		data := bytes.Clone(b[head+int(at):][:size])
		if large {
			if flags = 0; i > 0 && len(data) > 1 {
				flags = data[1] >> 5
				data[1] &= 0x1F
			}
		}
		p.tags, p.state = append(p.tags, data), append(p.state, flags)
	}
	return p
}

// An item is an entry of a leaf.
type item struct {
	key, data []byte
	deleted   bool
}

// leaves returns the entries of a tree in the order of its leaves, which it finds
// once through the branches and once from leaf to leaf.
func (d *base) leaves(root uint32) (out []item) {
	d.t.Helper()
	p := d.page(root)
	if p.flags&1 == 0 {
		d.t.Fatalf("page %d is not a root: %#x", root, p.flags)
	}
	pages := []uint32{root}
	if p.flags&2 == 0 {
		pages = nil
		for _, tag := range p.tags[1:] {
			pages = append(pages, le.Uint32(tag[2+le.Uint16(tag):]))
		}
	}
	for i, n := range pages {
		leaf := d.page(n)
		if i+1 < len(pages) && leaf.next != pages[i+1] || i+1 == len(pages) && leaf.next != 0 {
			d.t.Errorf("page %d is followed by %d, the branch says %v", n, leaf.next, pages)
		}
		for k, tag := range leaf.tags[1:] {
			flags, key := leaf.state[k+1], []byte(nil)
			if flags&4 != 0 { // the key shares bytes with that of the page
				key = append(key, leaf.tags[0][:le.Uint16(tag)]...)
				tag = tag[2:]
			}
			n := le.Uint16(tag)
			out = append(out, item{append(key, tag[2:2+n]...), tag[2+n:], flags&2 != 0})
		}
	}
	for i := 1; i < len(out); i++ {
		if bytes.Compare(out[i-1].key, out[i].key) >= 0 {
			d.t.Errorf("the keys % x and % x of root %d are out of order", out[i-1].key, out[i].key, root)
		}
	}
	return out
}

// An object is an entry of the catalogue. Its name is the first variable column.
type object struct {
	table, kind, id, value uint32
	name                   string
	deleted                bool
}

func (d *base) catalogue(root uint32) (out []object) {
	for _, it := range d.leaves(root) {
		b := it.data
		variable := int(le.Uint16(b[2:]))
		ends := int(b[1]) - 127
		end := le.Uint16(b[variable:]) & 0x7FFF
		name := b[variable+2*ends:][:end]
		out = append(out, object{le.Uint32(b[4:]), uint32(le.Uint16(b[8:])), le.Uint32(b[10:]), le.Uint32(b[14:]), string(name), it.deleted})
	}
	return out
}

func sample(size int, revision uint32) *esedb.DB {
	birds := esedb.Table{Name: "birds", Columns: []esedb.Column{
		{Name: "id", Type: esedb.Int32}, {Name: "seen", Type: esedb.DateTime}, {Name: "name", Type: esedb.Text, CodePage: 1252},
		{Name: "ring", Type: esedb.Binary}, {Name: "note", Type: esedb.LongText, CodePage: 1200}, {Name: "photo", Type: esedb.LongBinary},
	}}
	for i := range 300 {
		birds.Rows = append(birds.Rows, esedb.Row{Values: []any{
			i, time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC), fmt.Sprintf("heron %d", i), []byte{byte(i)}, nil, nil,
		}})
	}
	birds.Rows[5].Values[4] = "a note"
	birds.Rows[6].Values[5] = esedb.Long{Value: bytes.Repeat([]byte("photo."), 2000)}
	birds.Rows[7].Deleted = true
	birds.Rows[8].Values[0] = nil
	gone := esedb.Table{Name: "gone", Columns: []esedb.Column{{Name: "x", Type: esedb.Int32}}, Deleted: true}
	return &esedb.DB{PageSize: size, Revision: revision, State: esedb.Clean, Tables: []esedb.Table{birds, gone}}
}

func open(t *testing.T, db *esedb.DB) *base {
	return &base{t, db.Bytes(), db.PageSize}
}

// table returns the root of a table and of its long values.
func (d *base) table(name string) (root, long uint32) {
	d.t.Helper()
	id := uint32(0)
	for _, o := range d.catalogue(4) {
		if o.kind == 1 && o.name == name {
			root, id = o.value, o.id
		}
		if o.kind == 4 && o.table == id && id != 0 {
			long = o.value
		}
	}
	if root == 0 {
		d.t.Fatalf("no table %s", name)
	}
	return root, long
}

var shapes = []struct {
	size     int
	revision uint32
}{{4096, 20}, {8192, 20}, {16384, 20}, {32768, 230}}

// TestChecksums computes those of the header, its copy, and each page.
func TestChecksums(t *testing.T) {
	for _, s := range shapes {
		d := open(t, sample(s.size, s.revision))
		for i := range 2 {
			h := d.b[i*s.size:][:s.size]
			if got, want := le.Uint32(h), xor(h[4:], 0x89ABCDEF); got != want || le.Uint32(h[4:]) != 0x89ABCDEF || le.Uint32(h[236:]) != uint32(s.size) {
				t.Errorf("%d: header %d: checksum %#x, want %#x", s.size, i, got, want)
			}
		}
		for n := 0; (n+2)*s.size <= len(d.b); n++ {
			p := d.b[(n+1)*s.size:][:s.size]
			if n == 0 || le.Uint32(p[36:]) == 0 {
				continue // the copy of the header, or a page that is not used
			}
			if s.size < 16384 {
				if got, want := le.Uint32(p), xor(p[8:], uint32(n)); got != want {
					t.Errorf("%d: page %d: %#x, want %#x", s.size, n, got, want)
				}
				continue
			}
			for q := 1; q < 4; q++ { // the last three quarters first: their sums lie in the first
				if got, want := le.Uint32(p[32+8*q:]), xor(p[q*s.size/4:(q+1)*s.size/4], uint32(n)); got != want {
					t.Errorf("%d: page %d, quarter %d: %#x, want %#x", s.size, n, q, got, want)
				}
			}
			if got, want := le.Uint32(p), xor(p[8:s.size/4], uint32(n)); got != want || le.Uint32(p[64:]) != uint32(n) {
				t.Errorf("%d: page %d: %#x, want %#x", s.size, n, got, want)
			}
		}
	}
}

// TestCatalogue reads the catalogue and its shadow.
func TestCatalogue(t *testing.T) {
	for _, s := range shapes {
		d := open(t, sample(s.size, s.revision))
		one, two := d.catalogue(4), d.catalogue(24)
		if fmt.Sprint(one) != fmt.Sprint(two) {
			t.Errorf("%d: the shadow differs", s.size)
		}
		columns := map[string]uint32{}
		for _, o := range one {
			if o.name == "gone" != o.deleted && o.name != "x" {
				t.Errorf("%d: %s, deleted %t", s.size, o.name, o.deleted)
			}
			if o.table == 10 && o.kind == 2 {
				columns[o.name] = o.id
			}
		}
		want := map[string]uint32{"id": 1, "seen": 2, "name": 128, "ring": 129, "note": 256, "photo": 257}
		if fmt.Sprint(columns) != fmt.Sprint(want) {
			t.Errorf("%d: columns %v, want %v", s.size, columns, want)
		}
	}
}

// TestRows reads each row by the layout of a record.
func TestRows(t *testing.T) {
	for _, s := range shapes {
		d := open(t, sample(s.size, s.revision))
		root, _ := d.table("birds")
		rows := d.leaves(root)
		if len(rows) != 300 {
			t.Fatalf("%d: %d rows", s.size, len(rows))
		}
		for i, r := range rows {
			b := r.data
			if b[0] != 2 || b[1] != 129 || r.deleted != (i == 7) {
				t.Fatalf("%d, row %d: % x, deleted %t", s.size, i, b[:4], r.deleted)
			}
			variable := int(le.Uint16(b[2:]))
			null := b[16]
			if (null&1 != 0) != (i == 8) || null&2 != 0 || i != 8 && int(le.Uint32(b[4:])) != i {
				t.Errorf("%d, row %d: null bits %b, id %d", s.size, i, null, le.Uint32(b[4:]))
			}
			days := math.Float64frombits(le.Uint64(b[8:]))
			if days != 46087.5 { // 2026-03-06 12:00 as a spreadsheet counts it
				t.Errorf("%d, row %d: seen %v", s.size, i, days)
			}
			end, end2 := int(le.Uint16(b[variable:])), int(le.Uint16(b[variable+2:]))
			data := b[variable+4:]
			if got := string(data[:end]); got != fmt.Sprintf("heron %d", i) {
				t.Errorf("%d, row %d: name %q", s.size, i, got)
			}
			if got := data[end:end2]; len(got) != 1 || got[0] != byte(i) {
				t.Errorf("%d, row %d: ring % x", s.size, i, got)
			}
			if tagged := data[end2:]; (len(tagged) > 0) != (i == 5 || i == 6) {
				t.Errorf("%d, row %d: tagged % x", s.size, i, tagged)
			}
		}
	}
}

// TestTagged reads a long text in the row, and follows the id of a long value.
func TestTagged(t *testing.T) {
	for _, s := range shapes {
		d := open(t, sample(s.size, s.revision))
		root, long := d.table("birds")
		rows := d.leaves(root)
		tagged := func(i int) []byte {
			b := rows[i].data
			v := int(le.Uint16(b[2:]))
			return b[v+4+int(le.Uint16(b[v+2:])):]
		}
		note := tagged(5)
		if at := int(le.Uint16(note[2:]) & 0x3FFF); le.Uint16(note) != 256 || note[at] != 1 || string(note[at+1:]) != "a\x00 \x00n\x00o\x00t\x00e\x00" {
			t.Errorf("%d: note % x", s.size, note)
		}
		photo := tagged(6)
		id := photo[le.Uint16(photo[2:])&0x3FFF:]
		width := 4
		if s.revision >= 110 {
			width = 8
		}
		if id[0] != 1|4 || len(id) != 1+width {
			t.Errorf("%d: photo % x", s.size, photo)
			continue
		}
		var want, got []byte
		for i := width; i > 0; i-- {
			want = append(want, id[i])
		}
		items := d.leaves(long)
		if !bytes.Equal(items[0].key, want) || le.Uint32(items[0].data[4:]) != 12000 {
			t.Fatalf("%d: long value % x: % x", s.size, items[0].key, items[0].data)
		}
		for _, it := range items[1:] {
			if at := binary.BigEndian.Uint32(it.key[width:]); int(at) != len(got) {
				t.Errorf("%d: a chunk at %d, want %d", s.size, at, len(got))
			}
			got = append(got, it.data...)
		}
		if string(got) != strings.Repeat("photo.", 2000) {
			t.Errorf("%d: %d bytes of the photo", s.size, len(got))
		}
	}
}

// TestSeal makes a changed page sound, and no other.
func TestSeal(t *testing.T) {
	for _, s := range shapes {
		d := open(t, sample(s.size, s.revision))
		was := bytes.Clone(d.b)
		root, _ := d.table("birds")
		at := (int(root) + 2) * s.size
		d.b[at-s.size/2] ^= 0x55
		esedb.Seal(d.b, s.size, int(root))
		p := d.b[at-s.size : at]
		end := s.size
		if s.size >= 16384 {
			end = s.size / 4
		}
		if got, want := le.Uint32(p), xor(p[8:end], root); got != want {
			t.Errorf("%d: %#x, want %#x", s.size, got, want)
		}
		if !bytes.Equal(d.b[:at-s.size], was[:at-s.size]) || !bytes.Equal(d.b[at:], was[at:]) || bytes.Equal(d.b, was) {
			t.Errorf("%d: another page was changed, or none", s.size)
		}
	}
}

// TestBreakHeader leaves the copy sound.
func TestBreakHeader(t *testing.T) {
	db := sample(4096, 20)
	db.BreakHeader = true
	b := db.Bytes()
	if xor(b[4:4096], 0x89ABCDEF) == le.Uint32(b) || xor(b[4100:8192], 0x89ABCDEF) != le.Uint32(b[4096:]) {
		t.Error("the header is sound, or its copy is not")
	}
}

// TestPack7 unpacks the text bit by bit.
func TestPack7(t *testing.T) {
	for n := range 20 {
		text := strings.Repeat("heron ~", 3)[:n]
		for _, wide := range []bool{false, true} {
			b := esedb.Pack7(text, wide)
			kind := b[0] >> 3
			bits := 8*(len(b)-2) + int(b[0]&7) + 1
			if n == 0 {
				bits = 0
			}
			var got []byte
			for i := 0; i+7 <= bits; i += 7 {
				c := byte(0)
				for k := range 7 {
					c |= b[1+(i+k)/8] >> ((i + k) % 8) & 1 << k
				}
				got = append(got, c)
			}
			if string(got) != text || kind == 2 != wide {
				t.Errorf("%d characters, kind %d: %q, want %q", n, kind, got, text)
			}
		}
	}
}

func ExampleDB_Bytes() {
	db := esedb.DB{PageSize: 4096, Revision: 20, State: esedb.Clean}
	b := db.Bytes()
	fmt.Printf("%x, %d bytes a page\n", b[4:8], binary.LittleEndian.Uint32(b[236:]))
	// Output: efcdab89, 4096 bytes a page
}
