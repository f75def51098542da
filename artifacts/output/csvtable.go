package output

import "io"

// A CSV is a CSV file with columns of its own: RFC 4180, with a header even
// when no row follows.
type CSV struct{ t *table }

// NewCSV starts a table.
func NewCSV(w io.Writer, o *Options, header []string) *CSV {
	return &CSV{newTable(w, o, false, header)}
}

// Row writes one row. The cells may be changed.
func (t *CSV) Row(cells ...string) error { return t.t.row(cells...) }

// Close writes what is left, and the header where no row was written.
func (t *CSV) Close() error { return t.t.Close() }
