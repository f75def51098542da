// Package sqlite writes a timeline and what is known beside it into an SQLite
// database. The driver is pure Go; programs that do not import this package do
// not link it.
//
// The tables are host, source_file, timeline and finding; PRAGMA user_version
// is the version of the layout, and columns are only ever added at the end.
package sqlite

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/output"
	_ "modernc.org/sqlite" // the driver
)

const schema = `
CREATE TABLE host(id INTEGER PRIMARY KEY, name TEXT, os TEXT, build TEXT, timezone TEXT, machine_guid TEXT, input TEXT);
CREATE TABLE source_file(id INTEGER PRIMARY KEY, host_id INT REFERENCES host(id), path TEXT, snapshot TEXT, size INT, sha256 TEXT, mtime TEXT, status TEXT, error TEXT);
CREATE TABLE timeline(id INTEGER PRIMARY KEY, host_id INT REFERENCES host(id), source_id INT REFERENCES source_file(id), timestamp INT, filetime INT, datetime TEXT,
	timestamp_desc TEXT, data_type TEXT, parser TEXT, message TEXT, path TEXT, executable TEXT, username TEXT, user_sid TEXT, key_path TEXT, value_name TEXT,
	confidence TEXT, tags TEXT, extra TEXT, event_id TEXT, offset INT, state TEXT,
	record_id TEXT, level TEXT, rules TEXT, finding_ids TEXT, time_kind TEXT, session TEXT, program_id TEXT, start_id TEXT, window TEXT);
CREATE TABLE finding(id TEXT, host_id INT REFERENCES host(id), rule_id TEXT, level TEXT, title TEXT, technique TEXT, first_seen TEXT, last_seen TEXT, evidence TEXT,
	subject TEXT, why TEXT);
`

const (
	columns = 30 // of timeline, without its id
	batch   = 6  // rows of one statement; the driver's cost grows with the square of its arguments
)

// Options change the database. The zero value, and nil, mean the defaults.
type Options struct {
	output.Options
	FullText bool // timeline_text, an FTS5 table over the messages
}

// A Writer writes one database.
type Writer struct {
	opts    *Options
	db      *sql.DB
	conn    *sql.Conn
	full    *sql.Stmt
	args    []any
	file    *sql.Stmt
	hosts   map[string]int64
	sources map[source]int64
}

// A source is the hash of a file's host, path and snapshot: a case can have
// very many files, and their names are in the database already.
type source [16]byte

// Format is the entry for a list of formats.
func Format() output.Format {
	return output.Format{Name: "sqlite", Ext: ".sqlite", About: "a database with tables for hosts, files, timeline and findings",
		File: func(path string, o *output.Options) (output.EventWriter, error) {
			opts := &Options{}
			if o != nil {
				opts.Options = *o
			}
			return Create(path, opts)
		}}
}

// Create makes a database at path, where nothing but an empty file may be.
func Create(path string, opts *Options) (*Writer, error) {
	if opts == nil {
		opts = &Options{}
	}
	// SQLite would add the tables to a database of somebody else.
	if info, err := os.Stat(path); err == nil && info.Size() > 0 {
		return nil, &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	slashed := filepath.ToSlash(abs)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: slashed}).String())
	if err != nil {
		return nil, err
	}
	w := &Writer{opts: opts, db: db, hosts: map[string]int64{}, sources: map[source]int64{}}
	ctx := context.Background()
	if w.conn, err = db.Conn(ctx); err != nil {
		db.Close()
		return nil, err
	}
	// Nobody else reads the file before it has its name, and an interrupted
	// one is thrown away: no journal is needed.
	for _, q := range []string{
		"PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", "PRAGMA page_size=8192", "PRAGMA cache_size=-16000", "PRAGMA temp_store=FILE",
		"PRAGMA user_version=1", "PRAGMA application_id=0x41444d50", schema, "BEGIN",
	} {
		if _, err := w.conn.ExecContext(ctx, q); err != nil {
			w.Abort()
			return nil, err
		}
	}
	if w.full, err = w.conn.PrepareContext(ctx, insert(batch)); err != nil {
		w.Abort()
		return nil, err
	}
	if w.file, err = w.conn.PrepareContext(ctx, "INSERT INTO source_file(id,host_id,path,snapshot,sha256) VALUES(?,?,?,?,?)"); err != nil {
		w.Abort()
		return nil, err
	}
	return w, nil
}

func insert(rows int) string {
	one := "(" + strings.Repeat("?,", columns-1) + "?)"
	return "INSERT INTO timeline(host_id,source_id,timestamp,filetime,datetime,timestamp_desc,data_type,parser,message,path,executable,username,user_sid,key_path,value_name," +
		"confidence,tags,extra,event_id,offset,state,record_id,level,rules,finding_ids,time_kind,session,program_id,start_id,window) VALUES " +
		strings.TrimSuffix(strings.Repeat(one+",", rows), ",")
}

func (w *Writer) host(name string) int64 {
	id, ok := w.hosts[name]
	if !ok {
		id = int64(len(w.hosts) + 1)
		w.hosts[strings.Clone(name)] = id
	}
	return id
}

// source returns the id of a source file; a new one gets its row.
func (w *Writer) source(host int64, path, snap, sum string) (int64, error) {
	h := sha256.Sum256([]byte(strconv.FormatInt(host, 10) + "|" + snap + "|" + path))
	key := source(h[:16])
	if id, ok := w.sources[key]; ok {
		return id, nil
	}
	id := int64(len(w.sources) + 1)
	w.sources[key] = id
	_, err := w.file.ExecContext(context.Background(), id, host, text(path), text(snap), known(sum))
	return id, err
}

// Event adds one row.
func (w *Writer) Event(r *output.Row) error {
	host := w.host(r.Host)
	tags, extra := r.TagsJSON(), r.ExtraJSON()
	file, err := w.source(host, r.Source, r.Snapshot, r.SHA256)
	if err != nil {
		return err
	}
	w.args = append(w.args, host, file, r.Time.UnixMicro(), wire.FileTime(r.Time), r.Datetime(),
		r.Kind, r.DataType, r.Parser, text(r.Message), text(r.Path), text(r.Executable), text(r.User), text(r.SID), text(r.Key),
		text(r.Value),
		string(r.Proof), tags, extra, r.ID, r.Offset, string(r.State),
		r.RecordID, text(r.Level), list(r.Rules), list(r.FindingIDs), text(r.TimeKind), text(r.Session),
		text(r.ProgramID), text(r.StartID), text(r.Window))
	if len(w.args) < batch*columns {
		return nil
	}
	_, err = w.full.ExecContext(context.Background(), w.args...)
	w.args = w.args[:0]
	return err
}

// text makes a value fit for a column: SQLite ends texts at a zero byte in
// many of its own functions, and wants UTF-8.
func text(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", `\x00`), "\uFFFD")
}

// known is a text, or NULL where the evidence told nothing.
func known(s string) any {
	if s == "" {
		return nil
	}
	return text(s)
}

// Close writes what is left, the other tables and the indexes.
func (w *Writer) Close() error {
	err := w.finish()
	return errors.Join(err, w.Abort())
}

// Abort closes the database as it is.
func (w *Writer) Abort() error {
	for _, st := range []*sql.Stmt{w.full, w.file} {
		if st != nil {
			st.Close()
		}
	}
	var err error
	if w.conn != nil {
		err = w.conn.Close()
	}
	return errors.Join(err, w.db.Close())
}

func (w *Writer) finish() error {
	ctx := context.Background()
	exec := func(q string, args ...any) error {
		_, err := w.conn.ExecContext(ctx, q, args...)
		return err
	}
	if n := len(w.args) / columns; n > 0 {
		if err := exec(insert(n), w.args...); err != nil {
			return err
		}
	}
	c := w.opts.TheCase()
	told := map[string]*output.Machine{}
	for i := range c.Machines {
		h := &c.Machines[i]
		w.host(h.Name)
		told[h.Name] = cmp.Or(told[h.Name], h)
	}
	for i := range c.Files {
		w.host(c.Files[i].Host)
	}
	for i := range c.Findings {
		w.host(c.Findings[i].Host)
	}
	for _, name := range slices.SortedFunc(maps.Keys(w.hosts), func(a, b string) int { return cmp.Compare(w.hosts[a], w.hosts[b]) }) {
		id, h := w.hosts[name], cmp.Or(told[name], &output.Machine{Name: name})
		if err := exec("INSERT INTO host VALUES(?,?,?,?,?,?,?)", id, text(name), known(h.OS), known(h.Build), known(h.TimeZone),
			known(h.MachineGUID), known(h.Input)); err != nil {
			return err
		}
	}
	if err := w.files(c, exec); err != nil {
		return err
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		if err := exec("INSERT INTO finding VALUES(?,?,?,?,?,?,?,?,?,?,?)", f.ID, w.host(f.Host), f.RuleID, f.Level, text(f.Title),
			strings.Join(f.Techniques, ","),
			known(output.FormatTime(f.First)), known(output.FormatTime(f.Last)), output.JSONTexts(f.Evidence),
			text(f.Subject), text(f.Why)); err != nil {
			return err
		}
	}
	queries := []string{
		"COMMIT", "CREATE INDEX timeline_timestamp ON timeline(timestamp)", "CREATE INDEX timeline_executable ON timeline(executable)",
		"CREATE INDEX timeline_data_type ON timeline(data_type)",
	}
	if w.opts.FullText {
		queries = append(queries, "CREATE VIRTUAL TABLE timeline_text USING fts5(message, content='timeline', content_rowid='id')",
			"INSERT INTO timeline_text(timeline_text) VALUES('rebuild')")
	}
	for _, q := range append(queries, "ANALYZE") {
		if err := exec(q); err != nil {
			return err
		}
	}
	return nil
}

// files completes the sources that events came from, and adds those that gave
// none.
func (w *Writer) files(c *output.Case, exec func(string, ...any) error) error {
	for i := range c.Files {
		f := &c.Files[i]
		id, err := w.source(w.host(f.Host), f.Path, f.Snapshot, f.SHA256)
		if err != nil {
			return err
		}
		if err := exec("UPDATE source_file SET size=?, mtime=?, status=?, error=? WHERE id=?", f.Size,
			known(output.FormatTime(f.Modified)), f.Status, known(f.Error), id); err != nil {
			return err
		}
	}
	return nil
}

// list is a JSON list, or nothing.
func list(texts []string) any {
	if len(texts) == 0 {
		return nil
	}
	return output.JSONTexts(texts)
}
