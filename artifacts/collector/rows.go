package collector

import (
	"bytes"
	"encoding/json"

	"github.com/klauspost/compress/flate"
)

// rows are the files of a machine, of which there can be a hundred thousand: they are kept as packed lines of JSON, in a tenth of the
// memory.
type rows struct {
	packed bytes.Buffer
	w      *flate.Writer
	n      int
	err    error

	states     map[string]int
	stored     int64
	same       int64
	changed    []string
	cut        []string
	fileTables map[string]bool // live file tables that are stored whole, by their paths
}

func newRows() *rows {
	l := &rows{states: map[string]int{}, fileTables: map[string]bool{}, changed: []string{}, cut: []string{}}
	l.w, l.err = flate.NewWriter(&l.packed, flate.BestSpeed)
	return l
}

func (l *rows) add(r *row) {
	if l.err != nil {
		return
	}
	l.n++
	l.err = json.NewEncoder(l.w).Encode(r)
	l.states[r.Line.State]++
	l.stored += r.Line.StoredSize
	switch r.Line.State {
	case changed:
		l.changed = append(l.changed, r.shown())
	case cut:
		l.cut = append(l.cut, r.shown())
	case whole:
		if r.Line.Same != "" {
			l.same++
		}
		if r.Line.Snapshot == "" && r.Line.Kind == "filesystem" {
			l.fileTables[r.Line.Path] = true
		}
	}
}

// each calls do with each file, in order.
func (l *rows) each(do func(*row) error) error {
	if l.err != nil {
		return l.err
	}
	if err := l.w.Flush(); err != nil {
		return err
	}
	d := json.NewDecoder(flate.NewReader(bytes.NewReader(l.packed.Bytes())))
	for range l.n {
		var r row
		if err := d.Decode(&r); err != nil {
			return err
		}
		if err := do(&r); err != nil {
			return err
		}
	}
	return nil
}
