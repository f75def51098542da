// Package esedb writes small databases of the Extensible Storage Engine, as
// evidence for tests: a header with its copy, the catalogue with its shadow,
// tables with fixed, variable and tagged columns, long values, compressed text,
// deleted rows, and any state.
package esedb

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"
	"unicode/utf16"
)

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

// States of a database.
const (
	Dirty = 2
	Clean = 3
)

// A DB is a database to write.
type DB struct {
	PageSize int    // 4096, 8192, 16384 or 32768
	Revision uint32 // of the format
	State    uint32
	Tables   []Table

	// BreakHeader spoils the checksum of page 0, so that only the copy is
	// sound.
	BreakHeader bool
}

// Types of columns.
const (
	Bool       = 1
	Uint8      = 2
	Int16      = 3
	Int32      = 4
	Currency   = 5
	Float64    = 7
	DateTime   = 8
	Binary     = 9
	Text       = 10
	LongBinary = 11
	LongText   = 12
	Uint32     = 14
	Int64      = 15
	GUID       = 16
	Uint16     = 17
)

// A Column is a column of a table. Its id follows from its type: the columns of
// fixed size have the ids from 1 on, Binary and Text those from 128 on, the long
// types, and those that are Tagged, those from 256 on.
type Column struct {
	Name     string
	Type     int
	CodePage int    // of text: 1200 or 1252
	Tagged   bool   // store as a tagged column
	Size     int    // of Binary: a fixed size
	Default  []byte // of rows that are older than the column

	id, width, offset int
	inherited         bool
}

// A Row is a row of a table: a value for each column, nil for NULL, and fewer
// than columns when the row is older than the last ones.
//
// A value is a bool, int, int64, string, []byte, a [Long], a [Multi], a [Packed], or a
// time.Time, which is written as an OLE date; a FILETIME is an int64.
type Row struct {
	Values  []any
	Deleted bool // flagged, still on the page
}

// Long stores a value outside of the row. Chunk is the most that one chunk
// holds, 0 for a quarter of a page; Packed chunks are compressed.
type Long struct {
	Value  any
	Chunk  int
	Packed func([]byte) []byte
}

// Multi stores several values in one tagged column.
type Multi []any

// Packed stores a value compressed, in the form that the engine puts on disk.
type Packed []byte

// A Table is a table of the database.
type Table struct {
	Name    string
	Columns []Column
	Rows    []Row
	Deleted bool // dropped: its entries of the catalogue are flagged

	// Template names an earlier table whose columns come first in each row.
	Template string

	base         []Column // of the template
	id, root     int
	longID, long int
	longs        []entry
	nextLong     uint64
}

// An entry is what goes into a tree.
type entry struct {
	key, data []byte
	flags     byte
}

// Bytes returns the database.
func (db *DB) Bytes() []byte {
	w := &writer{db: db, pages: map[int][]byte{}, next: 32}
	for i := range db.Tables {
		t := &db.Tables[i]
		t.id, t.root = 10+2*i, w.page()
		for _, base := range db.Tables[:i] {
			if base.Name == t.Template {
				t.base = slices.Clone(base.Columns)
			}
		}
		t.number()
		rows := make([]entry, len(t.Rows))
		for n, row := range t.Rows {
			// The key of a row: a mark and the number.
			rows[n] = entry{append([]byte{0x7F}, be.AppendUint32(nil, 0x80000000+uint32(n))...), w.record(t, row.Values), 0}
			if row.Deleted {
				rows[n].flags = 2
			}
		}
		w.tree(t.root, t.id, 0, rows)
		if len(t.longs) > 0 {
			t.longID, t.long = t.id+1, w.page()
			w.tree(t.long, t.longID, 0x80, t.longs)
		}
	}
	w.tree(1, 1, 0, nil)
	w.tree(4, 2, 0, db.catalogue())
	w.tree(24, 3, 0, db.catalogue())
	return w.bytes()
}

// widths are those of the types of fixed size.
var widths = map[int]int{
	Bool: 1, Uint8: 1, Int16: 2, Uint16: 2, Int32: 4, Uint32: 4,
	Currency: 8, Int64: 8, Float64: 8, DateTime: 8, GUID: 16,
}

// number gives the columns their ids and places.
func (t *Table) number() {
	fixed, variable, tagged, at := 0, 127, 255, 4
	for i := range t.base {
		c := &t.base[i]
		c.inherited = true
		switch {
		case c.id < 128:
			fixed, at = c.id, c.offset+c.width
		case c.id < 256:
			variable = c.id
		}
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		c.width = widths[c.Type]
		if c.Size > 0 {
			c.width = c.Size
		}
		switch {
		case c.Tagged || c.Type == LongBinary || c.Type == LongText:
			tagged++
			c.id = tagged
		case c.width == 0:
			variable++
			c.id = variable
		default:
			fixed++
			c.id, c.offset = fixed, at
			at += c.width
		}
	}
}

// catalogue returns the entries of MSysObjects.
func (db *DB) catalogue() []entry {
	sys := Table{Columns: []Column{
		{Name: "ObjidTable", Type: Int32}, {Name: "Type", Type: Int16}, {Name: "Id", Type: Int32},
		{Name: "ColtypOrPgnoFDP", Type: Int32},
		{Name: "SpaceUsage", Type: Int32}, {Name: "Flags", Type: Int32}, {Name: "PagesOrLocale", Type: Int32},
		{Name: "RootFlag", Type: Bool},
		{Name: "RecordOffset", Type: Int16}, {Name: "LCMapFlags", Type: Int32}, {Name: "KeyMost", Type: Uint16},
		{Name: "LVChunkMax", Type: Int32},
		{Name: "Name", Type: Text, CodePage: 1252}, {Name: "Stats", Type: Binary}, {Name: "TemplateTable", Type: Text, CodePage: 1252},
		{Name: "DefaultValue", Type: Binary},
	}}
	sys.number()
	all := append([]Table{
		{Name: "MSysObjects", Columns: sys.Columns, id: 2, root: 4},
		{Name: "MSysObjectsShadow", Columns: sys.Columns, id: 3, root: 24},
	}, db.Tables...)
	w := &writer{db: db}
	var out []entry
	add := func(t *Table, kind, id int, values ...any) {
		key := []byte{0x7F}
		key = be.AppendUint32(key, 0x80000000+uint32(t.id))
		key = be.AppendUint16(append(key, 0x7F), 0x8000+uint16(kind))
		key = be.AppendUint32(append(key, 0x7F), 0x80000000+uint32(id))
		e := entry{key: key, data: w.record(&sys, values)}
		if t.Deleted {
			e.flags = 2
		}
		out = append(out, e)
	}
	for i := range all {
		t := &all[i]
		var template any
		if t.Template != "" {
			template = t.Template
		}
		add(t, 1, t.id, t.id, 1, t.id, t.root, 80, 0, 0, true, nil, nil, nil, nil, t.Name, nil, template)
		for _, c := range t.Columns {
			offset := c.offset
			if t.id <= 3 {
				offset = 4 // as the engine writes its own
			}
			var def any
			if c.Default != nil {
				def = c.Default
			}
			add(t, 2, c.id, t.id, 2, c.id, c.Type, c.width, 0, c.CodePage, nil, offset, nil, nil, nil, c.Name, nil, nil, def)
		}
		if t.long != 0 {
			add(t, 4, t.longID, t.id, 4, t.longID, t.long, 80, 0, 0, nil, nil, nil, nil, nil, "LV")
		}
	}
	return out
}

// record builds a row: u8 last fixed and u8 last variable column, u16 offset of
// the variable part, fixed columns, NULL bits, ends of the variable columns,
// their data, tagged columns.
func (w *writer) record(t *Table, values []any) []byte {
	var fixed, ends, data []byte
	type field struct {
		id        int
		flags     byte
		inherited bool
		b         []byte
	}
	var tagged []field
	lastFixed, lastVar := 0, 127
	var null []byte
	columns := slices.Concat(t.base, t.Columns)
	for _, i := range order(columns[:len(values)]) {
		v := values[i]
		switch c := &columns[i]; {
		case c.id < 128:
			lastFixed = c.id
			null = slices.Grow(null, (c.id+7)/8)[:(c.id+7)/8]
			if v == nil {
				null[(c.id-1)/8] |= 1 << ((c.id - 1) % 8)
				for range c.width {
					fixed = append(fixed, 0x2A) // the filler of the engine
				}
				continue
			}
			fixed = append(fixed, c.encode(v)...)
		case c.id < 256:
			lastVar = c.id
			end := uint16(len(data))
			if v == nil {
				end |= 0x8000
			} else {
				data = append(data, c.encode(v)...)
				end = uint16(len(data))
			}
			ends = le.AppendUint16(ends, end)
		case v != nil:
			b, flags := w.tagged(t, c, v)
			tagged = append(tagged, field{c.id, flags, c.inherited, b})
		}
	}
	out := []byte{byte(lastFixed), byte(lastVar), 0, 0}
	out = append(append(out, fixed...), null...)
	le.PutUint16(out[2:], uint16(len(out)))
	out = append(append(out, ends...), data...)
	slices.SortFunc(tagged, func(a, b field) int { return cmp.Compare(a.id, b.id) })
	large := w.db.PageSize >= 16<<10
	var head, body []byte
	for _, f := range tagged {
		off := uint16(4*len(tagged) + len(body))
		if f.flags != 0 || large {
			body = append(body, f.flags)
			if !large {
				off |= 0x4000
			}
		}
		if f.inherited {
			off |= 0x8000
		}
		body = append(body, f.b...)
		head = le.AppendUint16(le.AppendUint16(head, uint16(f.id)), off)
	}
	return append(append(out, head...), body...)
}

// order returns the indexes of columns by id: those of a template and of the
// table itself are numbered in one row, but for tagged ones.
func order(columns []Column) []int {
	out := make([]int, len(columns))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int { return cmp.Compare(columns[a].id, columns[b].id) })
	return out
}

// tagged returns the data and the flags of a tagged column.
func (w *writer) tagged(t *Table, c *Column, v any) (b []byte, flags byte) {
	if c.width == 0 {
		flags = 1
	}
	switch v := v.(type) {
	case Packed:
		return v, flags | 2
	case Long:
		return t.addLong(w, c, v), flags | 4
	case Multi:
		var head, body []byte
		for _, one := range v {
			off := uint16(2*len(v) + len(body))
			if l, ok := one.(Long); ok {
				off |= 0x8000
				body = append(body, t.addLong(w, c, l)...)
			} else {
				body = append(body, c.encode(one)...)
			}
			head = le.AppendUint16(head, off)
		}
		return append(head, body...), flags | 8
	}
	return c.encode(v), flags
}

// addLong adds a long value to the tree of a table and returns its id as the
// row has it: 8 bytes from revision 110 on, else 4.
func (t *Table) addLong(w *writer, c *Column, l Long) []byte {
	t.nextLong++
	id := le.AppendUint64(nil, t.nextLong)
	if w.db.Revision < 110 {
		id = id[:4]
	}
	key := slices.Clone(id)
	slices.Reverse(key)
	data := c.encode(l.Value)
	head := le.AppendUint32(le.AppendUint32(nil, 1), uint32(len(data)))
	t.longs = append(t.longs, entry{key: key, data: head})
	chunk := cmp.Or(l.Chunk, w.db.PageSize/4)
	for at := 0; at < len(data); at += chunk {
		part := data[at:min(len(data), at+chunk)]
		if l.Packed != nil {
			part = l.Packed(part)
		}
		t.longs = append(t.longs, entry{key: be.AppendUint32(slices.Clone(key), uint32(at)), data: part})
	}
	return id
}

// encode writes one value of the column.
func (c *Column) encode(v any) []byte {
	switch v := v.(type) {
	case bool:
		if v {
			return []byte{0xFF}
		}
		return []byte{0}
	case []byte:
		return v
	case string:
		if c.CodePage != 1200 {
			return []byte(v)
		}
		var b []byte
		for _, u := range utf16.Encode([]rune(v)) {
			b = le.AppendUint16(b, u)
		}
		return b
	case float64:
		return le.AppendUint64(nil, math.Float64bits(v))
	case time.Time:
		days := v.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours() / 24
		return le.AppendUint64(nil, math.Float64bits(days))
	case int:
		return le.AppendUint64(nil, uint64(v))[:c.width]
	case int64:
		return le.AppendUint64(nil, uint64(v))[:c.width]
	}
	panic(fmt.Sprintf("esedb: %T in column %s", v, c.Name))
}

// Pack7 compresses ASCII text with 7 bits a character, as the engine does; wide
// marks text of a column of code page 1200.
func Pack7(s string, wide bool) Packed {
	bits := 7 * len(s)
	out := make([]byte, 1+(bits+7)/8)
	out[0] = 1 << 3
	if wide {
		out[0] = 2 << 3
	}
	out[0] |= byte((bits+7)%8) & 7
	for i := range len(s) {
		for bit := range 7 {
			if s[i]>>bit&1 != 0 {
				at := 7*i + bit
				out[1+at/8] |= 1 << (at % 8)
			}
		}
	}
	return out
}
