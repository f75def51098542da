package parquet

import (
	"io"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/parquet-go/parquet-go"
)

// tableGroup is how many rows of a table are held in memory, as columns.
const tableGroup = 5_000

// A Table writes rows of any layout: R is a struct with parquet tags.
type Table[R any] struct {
	w    *parquet.GenericWriter[R]
	rows []R
	n    int
}

// NewTable starts a file.
func NewTable[R any](w io.Writer, o *output.Options) *Table[R] {
	return &Table[R]{
		w:    parquet.NewGenericWriter[R](w, append(options(o), parquet.MaxRowsPerRowGroup(tableGroup))...),
		rows: make([]R, 0, batch),
	}
}

// Row adds one row. It is written later: its slices must not be changed.
func (t *Table[R]) Row(r R) error {
	t.n++
	t.rows = append(t.rows, r)
	if len(t.rows) < cap(t.rows) {
		return nil
	}
	return t.flush()
}

func (t *Table[R]) flush() error {
	_, err := t.w.Write(t.rows)
	clear(t.rows)
	t.rows = t.rows[:0]
	return err
}

// Rows is the number of rows so far.
func (t *Table[R]) Rows() int { return t.n }

// Close writes the last row group and the footer.
func (t *Table[R]) Close() error {
	if err := t.flush(); err != nil {
		return err
	}
	return t.w.Close()
}

// Optional is the value of an optional column: nothing for an empty text.
func Optional(s string) *string { return opt(s) }

// Micros is the value of an optional column of times: nothing for a text that is
// no time of RFC 3339.
func Micros(s string) *int64 {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return nil
	}
	return micros(t)
}
