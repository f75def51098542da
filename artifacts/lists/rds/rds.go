// Package rds looks hashes up in the databases of the National Software Reference
// Library (NSRL RDSv3). The driver is pure Go; programs that do not import this
// package do not link it.
package rds

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/lists"
	_ "modernc.org/sqlite" // the driver
)

// A database is hostile input: no view and no trigger of it is used, and a lookup
// that takes longer than this is given up.
const patience = 10 * time.Second

// A Database is an open database of the NSRL. It implements [lists.Known].
type Database struct {
	db      *sql.DB
	queries map[lists.Kind]*sql.Stmt
	kinds   []lists.Kind
	entries int64
	notes   []string
	mu      sync.Mutex // the driver serialises a connection; so does this
}

// Open opens a database for reading. It must have the tables of an RDS and an index
// that begins with a hash.
func Open(path string) (lists.Known, error) {
	d, err := open(path)
	if err != nil {
		return nil, err
	}
	return d, nil
}

func open(path string) (*Database, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	p := filepath.ToSlash(abs)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	u := url.URL{Scheme: "file", Path: p, RawQuery: "mode=ro&immutable=1&_pragma=query_only(1)&_pragma=trusted_schema(0)"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	d := &Database{db: db, queries: map[lists.Kind]*sql.Stmt{}}
	if err := d.prepare(); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// prepare finds the table with hashes and prepares a query for each that has an index.
func (d *Database) prepare() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	// In a full RDS FILE and PKG are views over METADATA and other tables; the minimal
	// ones have them as tables. A view names the database and is not read.
	known, have := map[string]bool{}, map[string]bool{}
	rows, err := d.db.QueryContext(ctx, `SELECT upper(name), type = 'view' FROM sqlite_schema
		WHERE type = 'view' OR type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' LIMIT 1000`)
	if err != nil {
		return err
	}
	for rows.Next() {
		var name string
		var view bool
		if err := rows.Scan(&name, &view); err != nil {
			rows.Close()
			return err
		}
		known[name] = true
		have[name] = have[name] || !view
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	if !have["FILE"] && !have["METADATA"] || !known["PKG"] || !known["VERSION"] {
		return errors.New("not a database of the NSRL: tables FILE or METADATA, PKG, VERSION are missing")
	}
	for _, table := range []string{"FILE", "METADATA"} {
		if !have[table] {
			continue
		}
		if err := d.table(ctx, table); err != nil {
			return err
		}
		if len(d.kinds) > 0 {
			return nil
		}
	}
	return errors.New("no index begins with a hash: make one on a copy, as CREATE INDEX i ON FILE(sha1)")
}

// table prepares the queries of one table.
func (d *Database) table(ctx context.Context, table string) error {
	columns, err := texts(ctx, d.db, `SELECT lower(name) FROM pragma_table_info(?)`, table)
	if err != nil {
		return err
	}
	indexed, err := texts(ctx, d.db, `SELECT lower(c.name) FROM pragma_index_list(?) AS i, pragma_index_info(i.name) AS c
		WHERE i.partial = 0 AND c.seqno = 0 AND c.name IS NOT NULL`, table)
	if err != nil {
		return err
	}
	for _, kind := range []lists.Kind{lists.SHA256, lists.SHA1, lists.MD5} {
		switch column := string(kind); {
		case !columns[column]:
		case !indexed[column]:
			d.notes = append(d.notes, fmt.Sprintf("%s has no index and is not compared", kind))
		default:
			name := "''"
			if columns["file_name"] {
				name = "file_name"
			}
			q, err := d.db.PrepareContext(ctx, `SELECT `+name+` FROM "`+table+`" WHERE `+column+` IN (?, ?) LIMIT 1`)
			if err != nil {
				return err
			}
			d.queries[kind] = q
			d.kinds = append(d.kinds, kind)
		}
	}
	if len(d.kinds) == 0 {
		d.notes = nil
		return nil
	}
	// Without row ids the number is unknown.
	if d.db.QueryRowContext(ctx, `SELECT max(rowid) FROM "`+table+`"`).Scan(&d.entries) != nil || d.entries < 0 {
		d.entries = 0
	}
	return nil
}

func texts(ctx context.Context, db *sql.DB, query, arg string) (map[string]bool, error) {
	rows, err := db.QueryContext(ctx, query, arg)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]bool{}
	for rows.Next() && len(out) < 1000 {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out[s] = true
	}
	return out, rows.Err()
}

// Has implements [lists.Known]. Digits are compared in upper and in lower case.
func (d *Database) Has(kind lists.Kind, sum []byte) (bool, string, error) {
	q := d.queries[kind]
	if q == nil {
		return false, "", nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	text := hex.EncodeToString(sum)
	var name sql.NullString
	err := q.QueryRowContext(ctx, strings.ToUpper(text), text).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return false, "", nil
	}
	return err == nil, name.String, err
}

// Kinds implements [lists.Known].
func (d *Database) Kinds() []lists.Kind { return d.kinds }

// Doubt implements [lists.Known].
func (d *Database) Doubt() string { return "" }

// Entries implements [lists.Known].
func (d *Database) Entries() int64 { return d.entries }

// Notes implements [lists.Known].
func (d *Database) Notes() []string { return d.notes }

// Close implements [lists.Known].
func (d *Database) Close() error {
	for _, q := range d.queries {
		q.Close()
	}
	return d.db.Close()
}
