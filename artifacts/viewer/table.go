package viewer

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// A Table is a table of the log-on analysis: rows of cells by column, without empty
// ones. It can have millions of rows, and is held as compressed JSON. The zero value
// and nil are empty.
type Table struct {
	rows int
	text int // length of the JSON
	data bytes.Buffer
	z    *flate.Writer
}

// TableOf returns a table of some rows.
func TableOf(rows ...map[string]string) (*Table, error) {
	t := &Table{}
	for _, row := range rows {
		if err := t.add(row); err != nil {
			return nil, err
		}
	}
	return t, t.flush()
}

// Len is the number of rows.
func (t *Table) Len() int {
	if t == nil {
		return 0
	}
	return t.rows
}

func (t *Table) add(row map[string]string) error {
	if t.z == nil {
		var err error
		if t.z, err = flate.NewWriter(&t.data, flate.BestSpeed); err != nil {
			return err
		}
	}
	b, err := output.Marshal(row)
	if err != nil {
		return err
	}
	if t.rows > 0 {
		b = append([]byte{','}, b...)
	}
	t.rows++
	t.text += len(b)
	_, err = t.z.Write(b)
	return err
}

// Read adds the lines of a CSV file with a header.
func (t *Table) Read(r io.Reader) error {
	c := csv.NewReader(r)
	names, err := c.Read()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	c.ReuseRecord = true
	for {
		cells, err := c.Read()
		if errors.Is(err, io.EOF) {
			return t.flush()
		}
		if err != nil {
			return err
		}
		row := map[string]string{}
		for i, s := range cells {
			if s != "" {
				row[names[i]] = s
			}
		}
		if err := t.add(row); err != nil {
			return err
		}
	}
}

// flush makes the rows so far readable.
func (t *Table) flush() error {
	if t.z == nil {
		return nil
	}
	return t.z.Flush()
}

const noRows = "null"

// size is the length of the table as JSON.
func (t *Table) size() int {
	if t.Len() == 0 {
		return len(noRows)
	}
	return t.text + len("[]")
}

// write writes the table as JSON.
func (t *Table) write(w io.Writer) error {
	if t.Len() == 0 {
		_, err := io.WriteString(w, noRows)
		return err
	}
	if _, err := io.WriteString(w, "["); err != nil {
		return err
	}
	if _, err := io.CopyN(w, flate.NewReader(bytes.NewReader(t.data.Bytes())), int64(t.text)); err != nil {
		return err
	}
	_, err := io.WriteString(w, "]")
	return err
}
