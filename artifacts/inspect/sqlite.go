package inspect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/sqlitedb"
)

var sqliteFormat = format{kind: "sqlite", known: begins(sqlitedb.Magic), read: readSQLite}

// readSQLite reads a database with the write-ahead log and the rollback
// journal that lie beside it.
func readSQLite(f File, opts Options, yield func(Row) bool) error {
	var beside [2]sqlitedb.Reader
	for i, suffix := range []string{"-wal", "-journal"} {
		if f.Beside == nil {
			break
		}
		b, err := f.Beside(suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		beside[i] = io.NewSectionReader(b, 0, b.Size)
	}
	db, err := sqlitedb.Open(io.NewSectionReader(f, 0, f.Size), beside[0], beside[1])
	if err != nil {
		return err
	}
	r := sqliteReader{db: db, yield: yield, bad: map[string]bool{}}
	for _, d := range db.Damage {
		r.damage(d)
	}
	head := Row{Kind: "sqlite"}
	head.Add("page_size", db.PageSize)
	head.Add("encoding", db.Encoding.String())
	tables := map[string]int{}
	for _, t := range db.Tables() {
		n, err := t.Count()
		r.damage(err)
		tables[t.Name] = n
	}
	head.Add("tables", tables)
	head.Add("wal_frames", db.WAL.Frames)
	if yield(head) {
		r.tables(opts)
	}
	return errors.Join(r.errs...)
}

type sqliteReader struct {
	db    *sqlitedb.DB
	yield func(Row) bool
	bad   map[string]bool
	errs  []error
}

// damage keeps the first errors, each once.
func (r *sqliteReader) damage(err error) {
	const most = 10
	if err == nil || len(r.errs) >= most || r.bad[err.Error()] {
		return
	}
	r.bad[err.Error()] = true
	r.errs = append(r.errs, err)
}

// tables lists the rows of the tables that are asked for.
func (r *sqliteReader) tables(opts Options) {
	list := r.db.Tables()
	if opts.Table != "*" && opts.Table != "" {
		t := r.db.Table(opts.Table)
		if t == nil {
			r.damage(fmt.Errorf("no table %q", opts.Table))
			return
		}
		list = []*sqlitedb.Table{t}
	}
	if opts.Table != "" {
		for _, t := range list {
			for row, err := range t.Rows() {
				r.damage(err)
				if err != nil && row.Values == nil {
					continue // a page without rows
				}
				if !r.row(&row, err) {
					return
				}
			}
		}
	}
	if !opts.Recovered {
		return
	}
	for row := range r.db.Recovered() {
		if (opts.Table == "" || opts.Table == "*" || strings.EqualFold(opts.Table, row.Table.Name)) && !r.row(&row, nil) {
			return
		}
	}
}

// row yields one row. Its values are in the order of the columns.
func (r *sqliteReader) row(row *sqlitedb.Row, err error) bool {
	out := Row{Kind: "sqlite", Offset: row.Offset, State: string(row.State)}
	if err != nil {
		out.Damage = err.Error()
	}
	values := []byte{'{'}
	var lost []string
	for i, v := range row.Values {
		name := row.Table.Columns[i].Name
		if v.Kind() == sqlitedb.Lost {
			lost = append(lost, name)
			continue
		}
		if v.IsNull() {
			continue
		}
		if len(values) > 1 {
			values = append(values, ',')
		}
		values = append(appendValue(values, name), ':')
		values = appendValue(values, v.Any())
	}
	out.Add("table", row.Table.Name)
	if !row.Table.WithoutRowID && (row.State == sqlitedb.Live || row.Grade != sqlitedb.Partial) {
		out.Add("rowid", row.RowID)
	}
	out.Add("values", json.RawMessage(append(values, '}')))
	if lost != nil {
		out.Add("lost", lost)
	}
	out.Add("origin", row.Origin.String())
	out.Add("page", row.Page)
	if row.Frame > 0 {
		out.Add("frame", row.Frame)
	}
	if row.State != sqlitedb.Live {
		out.Add("grade", row.Grade.String())
	}
	return r.yield(out)
}
