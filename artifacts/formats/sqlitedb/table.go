package sqlitedb

import (
	"fmt"
	"iter"
	"math"
)

// A State says whether a row is part of the database.
type State string

// The states of a row.
const (
	Live    State = ""        // part of the database as it is
	Log     State = "log"     // only an older or abandoned page of the write-ahead log holds it
	Backup  State = "backup"  // only a page that was saved before a transaction holds it
	Deleted State = "deleted" // in free space, or on a page that is no longer used
)

// A Row is a row of a table.
type Row struct {
	Table  *Table
	RowID  int64 // 0 for a table without row ids
	Values []Value
	Place
	State State
	Grade Grade // of a row that is not live

	names []string
}

// Get returns the value of a column that was asked for, by the name used then.
// It is NULL when the table has no such column.
func (r *Row) Get(column string) Value {
	for i, n := range r.names {
		if n == column {
			return r.Values[i]
		}
	}
	return Value{}
}

// A pick is the columns that a reader wants.
type pick struct {
	t     *Table
	names []string
	from  []int // column of the table, or -1
	slab  []Value
}

func (t *Table) pick(columns []string) *pick {
	p := &pick{t: t, names: columns}
	if len(columns) == 0 {
		for _, c := range t.Columns {
			p.names = append(p.names, c.Name)
		}
	}
	for _, n := range p.names {
		p.from = append(p.from, t.Column(n))
	}
	return p
}

// row makes a row of a cell's record.
func (p *pick) row(c *cell, r *record, at []int64) Row {
	row := Row{Table: p.t, RowID: c.rowid, Place: c.place(), names: p.names}
	n := len(p.from)
	if len(p.slab) < n {
		p.slab = make([]Value, 64*n)
	}
	row.Values, p.slab = p.slab[:n:n], p.slab[n:]
	for i, col := range p.from {
		if col >= 0 {
			row.Values[i] = p.t.value(col, c, r, at)
		}
	}
	return row
}

// value reads a column of a record. at is where each value begins.
func (t *Table) value(col int, c *cell, r *record, at []int64) Value {
	pos := t.order[col]
	switch {
	case col == t.alias && c.noRowID:
		return Value{kind: Lost}
	case col == t.alias:
		return Value{kind: Int, num: uint64(c.rowid)}
	case pos < 0:
		return Value{}
	case pos >= len(r.types):
		v := t.Columns[col].def
		return v.as(t.Columns[col].aff)
	}
	var b []byte
	if at[pos] <= int64(len(r.body)) {
		b = r.body[at[pos]:]
	}
	v := value(r.types[pos], b, t.db.Encoding)
	return v.as(t.Columns[col].aff)
}

// as makes a floating-point number of an integer that a column of such numbers
// stored as one, to save space.
func (v Value) as(aff affinity) Value {
	if v.kind == Int && aff == affReal {
		return Value{kind: Float, num: math.Float64bits(float64(int64(v.num)))}
	}
	return v
}

// starts fills at with the place of each value in the record's body.
func (r *record) starts(at []int64) []int64 {
	at = at[:0]
	sum := int64(0)
	for _, t := range r.types {
		at = append(at, sum)
		sum += max(0, typeSize(t))
	}
	return at
}

// Rows returns the live rows in the order of their keys, with the values of
// the columns in the order given; without columns all of the table. A column
// that the table does not have gives NULL, because schemas differ.
//
// A page or row that does not read gives an error, and the others follow. A
// row that is read in part comes with its error and has [Lost] values.
func (t *Table) Rows(columns ...string) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if t.Root == 0 {
			return
		}
		p := t.pick(columns)
		var r record
		var at []int64
		w := walker{db: t.db, seen: set{}}
		w.index = t.WithoutRowID
		w.fail = func(err error) bool { return yield(Row{Table: t}, err) }
		w.visit = func(c *cell) bool {
			if need := r.parse(c.payload); need < 0 {
				return yield(Row{Table: t, RowID: c.rowid, Place: c.place()}, c.page.bad(c.off, "no record header"))
			} else if !r.whole && c.err == nil {
				c.err = c.page.bad(c.off, fmt.Sprintf("record of %d bytes in a payload of %d", need, len(c.payload)))
			}
			at = r.starts(at)
			return yield(p.row(c, &r, at), c.err)
		}
		w.tree(t.Root, 0)
	}
}

// Count returns the number of live rows without reading them. The error is
// the first page that does not read.
func (t *Table) Count() (n int, err error) {
	if t.Root == 0 {
		return 0, nil
	}
	w := walker{db: t.db, seen: set{}, index: t.WithoutRowID, counts: true}
	w.visit = func(*cell) bool { n++; return true }
	w.fail = func(e error) bool {
		if err == nil {
			err = e
		}
		return true
	}
	w.tree(t.Root, 0)
	return n, err
}

// Rows is [Table.Rows] of the table with a name. Without such a table there
// are no rows.
func (db *DB) Rows(table string, columns ...string) iter.Seq2[Row, error] {
	if t := db.Table(table); t != nil {
		return t.Rows(columns...)
	}
	return func(func(Row, error) bool) {}
}
