package inspect

import (
	"context"
	"fmt"
	"io"
)

// A WriteError is a failure of the output, not of the evidence.
type WriteError struct{ Err error }

func (e *WriteError) Error() string { return e.Err.Error() }

// Unwrap returns the error of the writer.
func (e *WriteError) Unwrap() error { return e.Err }

// Write writes the rows of one file of a kind and counts them. A nil text writer
// means JSON lines. An empty kind means that of [Detect].
func Write(ctx context.Context, w io.Writer, path, kind string, opts Options, text func(*Row, []byte) []byte) (rows int, err error) {
	f, err := Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var buf []byte
	var werr error
	damaged := 0
	err = Read(f.File, kind, opts, func(r Row) bool {
		rows++
		if r.Damage != "" {
			damaged++
		}
		if text != nil {
			buf = text(&r, buf[:0])
		} else {
			buf = r.AppendJSON(buf[:0], path)
		}
		_, werr = w.Write(buf)
		return werr == nil && ctx.Err() == nil
	})
	if werr != nil {
		return rows, &WriteError{werr}
	}
	if err == nil && damaged > 0 {
		err = fmt.Errorf("%d of %d rows are damaged", damaged, rows)
	}
	return rows, err
}
