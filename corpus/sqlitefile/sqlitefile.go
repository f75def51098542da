// Package sqlitefile writes small SQLite databases, by sqlite.org, "Database
// File Format": tables of one or two levels, rows that were deleted, pages on
// the freelist, and write-ahead logs.
package sqlitefile

import (
	"encoding/binary"
	"math"
	"unicode/utf16"
)

var be = binary.BigEndian

// A DB is a database.
type DB struct {
	PageSize int // 0 means 4,096
	Encoding int // 1 UTF-8, which 0 means, 2 UTF-16LE, 3 UTF-16BE
	Tables   []Table
	LogMode  bool // the header says that a write-ahead log is used
}

// A Table is a table. Rows must be in the order of their keys.
type Table struct {
	Name    string
	SQL     string
	Without bool // it has no row ids; values are in the record's order
	Rows    []Row
	Deleted []Row // left in freeblocks of the first leaf
	Dropped []Row // left on a page of the freelist
}

// A Row is a row. A value is nil, an int, int64, float64, string or
// []byte.
type Row struct {
	ID     int64
	Values []any
}

// A builder holds the pages.
type builder struct {
	db    DB
	pages [][]byte
	free  []uint32
}

// Build returns the database.
func (db DB) Build() []byte {
	if db.PageSize == 0 {
		db.PageSize = 4096
	}
	if db.Encoding == 0 {
		db.Encoding = 1
	}
	b := &builder{db: db}
	b.add() // page 1
	schema := Table{}
	for i, t := range db.Tables {
		root := b.table(t)
		schema.Rows = append(schema.Rows, Row{int64(i + 1), []any{"table", t.Name, t.Name, int(root), t.SQL}})
	}
	var cells [][]byte
	for _, r := range schema.Rows {
		cells = append(cells, b.cell(r, true))
	}
	b.leaf(1, 13, cells, nil)
	trunk := uint32(0)
	if len(b.free) > 0 {
		n := b.add()
		trunk = n
		p := b.pages[n-1]
		be.PutUint32(p[4:], uint32(len(b.free)))
		for i, f := range b.free {
			be.PutUint32(p[8+4*i:], f)
		}
	}
	h := b.pages[0]
	copy(h, "SQLite format 3\x00")
	be.PutUint16(h[16:], uint16(db.PageSize))
	if db.PageSize == 1<<16 {
		be.PutUint16(h[16:], 1) // the size does not fit
	}
	h[18], h[19] = 1, 1
	if db.LogMode {
		h[18], h[19] = 2, 2
	}
	h[21], h[22], h[23] = 64, 32, 32
	be.PutUint32(h[24:], 1)
	be.PutUint32(h[28:], uint32(len(b.pages)))
	be.PutUint32(h[32:], trunk)
	if trunk != 0 {
		be.PutUint32(h[36:], uint32(len(b.free)+1))
	}
	be.PutUint32(h[40:], 1)
	be.PutUint32(h[44:], 4)
	be.PutUint32(h[56:], uint32(db.Encoding))
	be.PutUint32(h[92:], 1)
	be.PutUint32(h[96:], 3045000)
	out := make([]byte, 0, len(b.pages)*db.PageSize)
	for _, p := range b.pages {
		out = append(out, p...)
	}
	return out
}

// add appends a page and returns its number.
func (b *builder) add() uint32 {
	b.pages = append(b.pages, make([]byte, b.db.PageSize))
	return uint32(len(b.pages))
}

// table writes a table and returns its root page.
func (b *builder) table(t Table) uint32 {
	root := b.add()
	kind := byte(13)
	if t.Without {
		kind = 10
	}
	var dead [][]byte
	room := b.db.PageSize - 16
	for _, r := range t.Deleted {
		dead = append(dead, b.cell(r, !t.Without))
		room -= len(dead[len(dead)-1])
	}
	if len(t.Dropped) > 0 {
		var cells [][]byte
		for _, r := range t.Dropped {
			cells = append(cells, b.cell(r, !t.Without))
		}
		n := b.add()
		b.leaf(n, kind, cells, nil)
		b.free = append(b.free, n)
	}
	var group, between [][]byte // cells of a leaf, and of the root
	var children []uint32
	flush := func() {
		n := b.add()
		b.leaf(n, kind, group, dead)
		children = append(children, n)
		group, dead, room = nil, nil, b.db.PageSize-16
	}
	for i, r := range t.Rows {
		c := b.cell(r, !t.Without)
		if len(c)+2 > room {
			flush()
			if t.Without {
				// The cell itself goes into the root.
				between = append(between, c)
				continue
			}
			between = append(between, varint(nil, uint64(t.Rows[i-1].ID)))
		}
		group = append(group, c)
		room -= len(c) + 2
	}
	if len(children) == 0 {
		b.leaf(root, kind, group, dead)
		return root
	}
	flush()
	var cells [][]byte
	for i, c := range between {
		cells = append(cells, append(be.AppendUint32(nil, children[i]), c...))
	}
	b.leaf(root, kind-8, cells, nil)
	p := b.pages[root-1]
	be.PutUint32(p[8:], children[len(children)-1])
	return root
}

// leaf writes a b-tree page: the pointers from its start, the cells from its
// end. Dead cells are written first, then made freeblocks.
func (b *builder) leaf(num uint32, kind byte, cells, dead [][]byte) {
	p, h := b.pages[num-1], 0
	if num == 1 {
		h = 100
	}
	head := 8
	if kind < 8 {
		head = 12
	}
	end, next := len(p), 0
	for i, c := range dead {
		end -= len(c)
		copy(p[end:], c)
		be.PutUint16(p[end:], uint16(next))
		be.PutUint16(p[end+2:], uint16(len(c)))
		next = end
		if i+1 < len(dead) {
			// Two freeblocks never touch.
			end -= 4
		}
	}
	if len(dead) > 0 && len(cells) == 0 {
		next = 0 // without a cell in front of them they are only a gap
		end = len(p)
	}
	for i, c := range cells {
		end -= len(c)
		copy(p[end:], c)
		be.PutUint16(p[h+head+2*i:], uint16(end))
	}
	p[h] = kind
	be.PutUint16(p[h+1:], uint16(next))
	be.PutUint16(p[h+3:], uint16(len(cells)))
	be.PutUint16(p[h+5:], uint16(end))
	if next != 0 {
		p[h+7] = byte(4 * (len(dead) - 1)) // the gaps between freeblocks
	}
}

// cell returns the cell of a row, and writes its overflow pages.
func (b *builder) cell(r Row, table bool) []byte {
	payload := Record(b.db.Encoding, r.Values...)
	c := varint(nil, uint64(len(payload)))
	u := b.db.PageSize
	most := (u-12)*64/255 - 23
	if table {
		c = varint(c, uint64(r.ID))
		most = u - 35
	}
	local := len(payload)
	if local > most {
		least := (u-12)*32/255 - 23
		if local = least + (len(payload)-least)%(u-4); local > most {
			local = least
		}
	}
	c = append(c, payload[:local]...)
	for rest := payload[local:]; len(rest) > 0; {
		n := b.add()
		if len(rest) == len(payload)-local {
			c = be.AppendUint32(c, n)
		} else {
			be.PutUint32(b.pages[n-2], n)
		}
		rest = rest[copy(b.pages[n-1][4:], rest):]
	}
	for len(c) < 4 {
		c = append(c, 0)
	}
	return c
}

// Record returns the values as a record in a text encoding.
func Record(encoding int, values ...any) []byte {
	var types, body []byte
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			types = varint(types, 0)
		case int:
			types, body = appendInt(types, body, int64(v))
		case int64:
			types, body = appendInt(types, body, v)
		case float64:
			types = varint(types, 7)
			body = be.AppendUint64(body, math.Float64bits(v))
		case string:
			s := encode(v, encoding)
			types = varint(types, uint64(13+2*len(s)))
			body = append(body, s...)
		case []byte:
			types = varint(types, uint64(12+2*len(v)))
			body = append(body, v...)
		}
	}
	n := len(types) + 1
	if n > 127 {
		n++
	}
	return append(append(varint(nil, uint64(n)), types...), body...)
}

func appendInt(types, body []byte, v int64) (t, b []byte) {
	kind, n := intType(v)
	for i := n - 1; i >= 0; i-- {
		body = append(body, byte(v>>(8*i)))
	}
	return varint(types, kind), body
}

// intType returns the smallest serial type and its size.
func intType(v int64) (t uint64, size int) {
	switch {
	case v == 0 || v == 1:
		return uint64(8 + v), 0
	}
	for i, n := range []int{1, 2, 3, 4, 6} {
		if v >= -1<<(8*n-1) && v < 1<<(8*n-1) {
			return uint64(i + 1), n
		}
	}
	return 6, 8
}

func encode(s string, encoding int) []byte {
	if encoding == 1 {
		return []byte(s)
	}
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		if encoding == 2 {
			out = binary.LittleEndian.AppendUint16(out, u)
		} else {
			out = be.AppendUint16(out, u)
		}
	}
	return out
}

// varint appends an integer of one to nine bytes.
func varint(b []byte, v uint64) []byte {
	if v > 1<<56-1 {
		for i := 57; i >= 8; i -= 7 {
			b = append(b, byte(v>>i)|0x80)
		}
		return append(b, byte(v))
	}
	n := 1
	for v>>(7*n) != 0 {
		n++
	}
	for i := n - 1; i > 0; i-- {
		b = append(b, byte(v>>(7*i))|0x80)
	}
	return append(b, byte(v)&0x7F)
}

// Log returns the write-ahead log that makes each version of a database out of
// the one before it, one transaction for each version after the first.
func Log(pageSize int, versions ...[]byte) []byte {
	const magic = 0x377F0683 // checksums are big-endian
	out := be.AppendUint32(nil, magic)
	for _, v := range []uint32{3007000, uint32(pageSize), 0, 0x1F2E3D4C, 0x5B6A7988} {
		out = be.AppendUint32(out, v)
	}
	s0, s1 := sum(0, 0, out)
	out = be.AppendUint32(be.AppendUint32(out, s0), s1)
	for i := 1; i < len(versions); i++ {
		was, is := versions[i-1], versions[i]
		var changed []int
		for at := 0; at < len(is); at += pageSize {
			if at >= len(was) || string(was[at:at+pageSize]) != string(is[at:at+pageSize]) {
				changed = append(changed, at)
			}
		}
		for j, at := range changed {
			commit := 0
			if j == len(changed)-1 {
				commit = len(is) / pageSize
			}
			head := be.AppendUint32(be.AppendUint32(nil, uint32(at/pageSize+1)), uint32(commit))
			page := is[at : at+pageSize]
			s0, s1 = sum(s0, s1, head)
			s0, s1 = sum(s0, s1, page)
			out = append(append(out, head...), out[16:24]...)
			out = append(be.AppendUint32(be.AppendUint32(out, s0), s1), page...)
		}
	}
	return out
}

func sum(s0, s1 uint32, b []byte) (uint32, uint32) {
	for ; len(b) >= 8; b = b[8:] {
		s0 += be.Uint32(b) + s1
		s1 += be.Uint32(b[4:]) + s0
	}
	return s0, s1
}
