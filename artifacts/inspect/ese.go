package inspect

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/artifactdump/artifactdump/artifacts/formats/ese"
)

var eseFormat = format{kind: "ese", known: isESE, read: readESE}

// isESE looks at the signature, or at that of the copy of the header in page 1
// when the first is overwritten and pages are small.
func isESE(head []byte, _ int64, _ string) bool {
	const at, magic = 4, "\xEF\xCD\xAB\x89"
	return len(head) >= 240 && string(head[at:at+4]) == magic
}

type eseTable struct {
	Columns int `json:"columns"`
	Rows    int `json:"rows"`
	Deleted int `json:"deleted"`
}

func readESE(f File, opts Options, yield func(Row) bool) error {
	db, err := ese.Open(f, f.Size)
	if err != nil {
		return err
	}
	tables := map[string]eseTable{}
	for _, t := range db.Tables() {
		n := eseTable{Columns: len(t.Columns())}
		for row, err := range t.Entries() {
			switch {
			case err != nil:
			case row.Deleted:
				n.Deleted++
			default:
				n.Rows++
			}
		}
		tables[t.Name] = n
	}
	head := Row{Kind: "ese"}
	head.Add("page_size", db.PageSize)
	head.Add("revision", db.Revision)
	head.Add("database_state", uint32(db.State))
	head.Add("tables", tables)
	if !yield(head) {
		return nil
	}
	found := opts.Table == "" || opts.Table == "*"
	for _, t := range db.Tables() {
		if opts.Table == "" || opts.Table != "*" && opts.Table != t.Name {
			continue
		}
		found = true
		if !eseRows(t, opts, yield) {
			return nil
		}
	}
	if !found {
		return fmt.Errorf("no table %q", opts.Table)
	}
	return damageError(len(db.Damage()), db.DamageCount(), func(i int) error { return db.Damage()[i] })
}

// damageError joins the first errors of many.
func damageError(kept, all int, at func(int) error) error {
	var list []error
	for i := range min(kept, 10) {
		list = append(list, at(i))
	}
	if more := all - len(list); more > 0 {
		list = append(list, fmt.Errorf("%d more", more))
	}
	return errors.Join(list...)
}

func eseRows(t *ese.Table, opts Options, yield func(Row) bool) bool {
	keys := map[*ese.Column][]byte{}
	for _, c := range t.Columns() {
		keys[c] = append(appendValue(nil, c.Name), ':')
	}
	var values []byte
	for row, err := range t.Entries() {
		if err != nil {
			continue // in the damage of the database
		}
		if row.Deleted && !opts.Recovered {
			continue
		}
		out := Row{Kind: "ese", Offset: row.Offset}
		switch {
		case row.Deleted:
			out.State = "deleted"
		case row.Stray:
			out.State = "unreachable"
		}
		values = eseValues(values[:0], &row, keys, &out)
		out.Fields = []Field{{"table", t.Name}, {"page", row.Page}, {"tag", row.Tag}, {"values", json.RawMessage(values)}}
		if !yield(out) {
			return false
		}
	}
	return true
}

// eseValues appends the columns that are not NULL as a JSON object. Several
// values of one column are an array.
func eseValues(b []byte, row *ese.Row, keys map[*ese.Column][]byte, out *Row) []byte {
	b = append(b, '{')
	var last *ese.Column
	start, several := 0, false
	row.Each(func(c *ese.Column, v ese.Value, err error) bool {
		if err != nil && out.Damage == "" {
			out.Damage = err.Error()
		}
		if v.IsNull() {
			return true
		}
		if c == last {
			if !several {
				b = append(b, 0)
				copy(b[start+1:], b[start:])
				b[start] = '['
				several = true
			}
			b = append(b, ',')
		} else {
			if several {
				b = append(b, ']')
			}
			if last != nil {
				b = append(b, ',')
			}
			b = append(b, keys[c]...)
			last, start, several = c, len(b), false
		}
		b = eseValue(b, v)
		return true
	})
	if several {
		b = append(b, ']')
	}
	return append(b, '}')
}

func eseValue(b []byte, v ese.Value) []byte {
	switch v.Type {
	case ese.Float32, ese.Float64:
		f, _ := v.Float()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return strconv.AppendQuote(b, strconv.FormatFloat(f, 'g', -1, 64))
		}
		return v.AppendText(b)
	case ese.Bool, ese.Uint8, ese.Int16, ese.Uint16, ese.Int32, ese.Uint32, ese.Int64, ese.Currency:
		start := len(b)
		if b = v.AppendText(b); len(b) == start {
			return append(b, "null"...)
		}
		return b
	case ese.DateTime:
		if t, ok := v.Time(); ok {
			return appendValue(b, t)
		}
		return append(b, `""`...) // not set, or no time
	case ese.Text, ese.LongText:
		start := len(b)
		b = v.AppendText(append(b, '"'))
		if plain(b[start+1:]) {
			return append(b, '"')
		}
		return appendValue(b[:start], string(b[start+1:]))
	}
	return append(v.AppendText(append(b, '"')), '"') // GUID, binary
}

// plain reports whether JSON writes text as it is.
func plain(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c >= 0x7F || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
