// Package databases opens the database that an input of a decoder is, with the
// files that belong to it, and gives the places of its rows.
package databases

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/ese"
	"github.com/artifactdump/artifactdump/artifacts/formats/sqlitedb"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// Limits.
const (
	maxBeside = 256 << 20 // bytes of a log or journal that are read
	maxErrors = 100       // errors of one database that are named
)

// Reader gives access to any part of the file of an input, however it was opened.
func Reader(in artifacts.Input) (io.ReaderAt, int64) {
	if in.Random != nil {
		return in.Random, in.Size
	}
	return bytes.NewReader(in.Data), int64(len(in.Data))
}

// ESE opens the input. A database of a loose file whose content another artifact
// decodes is none: the error is then nil, and the database too.
func ESE(in artifacts.Input) (*ese.DB, error) {
	r, size := Reader(in)
	db, err := ese.Open(r, size)
	if err != nil {
		return nil, Foreign(in, err, ese.ErrNotESE)
	}
	return db, nil
}

// Foreign returns nil for an error that says that a loose file is another
// database than the artifact's, and else the error.
func Foreign(in artifacts.Input, err, foreign error) error {
	if in.Loose() && errors.Is(err, foreign) {
		return nil
	}
	return err
}

// Errors collects the errors of the rows of one database.
type Errors struct {
	list []error
	more int
}

// Add adds an error.
func (e *Errors) Add(err error) {
	switch {
	case err == nil:
	case len(e.list) < maxErrors:
		e.list = append(e.list, err)
	default:
		e.more++
	}
}

// Join returns all of them.
func (e *Errors) Join() error {
	if e.more > 0 {
		e.list = append(e.list, fmt.Errorf("%d more errors in this file", e.more))
	}
	return errors.Join(e.list...)
}

// EndESE is what a decoder returns when it has read the rows: what of the database
// is damaged. It remarks that a database was not shut down; newest is the time of
// its newest row, or zero.
func EndESE(in artifacts.Input, db *ese.DB, newest time.Time) error {
	if db.State == ese.Dirty {
		s := "the database was not shut down: what came last may only be in its logs, which are not replayed"
		if !newest.IsZero() {
			s += "; its newest row is of " + newest.UTC().Format(time.RFC3339)
		}
		in.Remark(s)
	}
	return damage(db.Damage(), db.DamageCount())
}

func damage(list []*wire.FormatError, all int) error {
	e := Errors{more: all - len(list)}
	for _, d := range list {
		e.Add(d)
	}
	return e.Join()
}

// A SQLite is an open database with its log and journal.
type SQLite struct {
	*sqlitedb.DB
	in    artifacts.Input
	files [3]beside // by sqlitedb.Origin
}

type beside struct{ path, sum string }

// OpenSQLite opens the input with the write-ahead log and the journal beside it.
// It returns nil without an error for a loose file of another kind.
func OpenSQLite(in artifacts.Input) (*SQLite, error) {
	r, size := Reader(in)
	out := &SQLite{in: in}
	wal, journal := out.beside(sqlitedb.WAL, "-wal"), out.beside(sqlitedb.Journal, "-journal")
	db, err := sqlitedb.Open(io.NewSectionReader(r, 0, size), wal, journal)
	if err != nil {
		return nil, Foreign(in, err, sqlitedb.ErrNotSQLite)
	}
	out.DB = db
	return out, nil
}

// beside reads a file of the database, nil when there is none.
func (s *SQLite) beside(kind sqlitedb.Origin, suffix string) sqlitedb.Reader {
	if s.in.Tree == nil {
		return nil
	}
	f, ok := s.in.Tree.LookupCopy(s.in.From.Path+suffix, s.in.From.Snapshot)
	if !ok {
		return nil
	}
	r, size, err := f.Reader()
	if err == nil && size > maxBeside {
		err = fmt.Errorf("%d bytes, the limit is %d", size, maxBeside)
		r.Close()
	}
	if err != nil {
		s.in.Note(s.in.AtOffset(0).In(f.Path, ""), err)
		return nil
	}
	defer r.Close()
	// The size only opens the buffer, for it is what the evidence claims.
	into := bytes.NewBuffer(make([]byte, 0, min(size, 8<<20)+bytes.MinRead))
	_, err = into.ReadFrom(io.LimitReader(r, maxBeside))
	b := into.Bytes()
	if err != nil {
		s.in.Note(s.in.AtOffset(0).In(f.Path, ""), err)
	}
	sum := sha256.Sum256(b)
	s.files[kind] = beside{f.Path, hex.EncodeToString(sum[:])}
	if len(b) == 0 {
		return nil
	}
	return bytes.NewReader(b)
}

// At returns the origin of a row.
func (s *SQLite) At(p sqlitedb.Place, state sqlitedb.State, grade sqlitedb.Grade) artifacts.Origin {
	at := s.in.AtOffset(p.Offset)
	where := fmt.Sprintf("page %d", p.Page)
	if p.Origin != sqlitedb.Main {
		at = at.In(s.files[p.Origin].path, s.files[p.Origin].sum)
		where = fmt.Sprintf("%s of frame %d", where, p.Frame)
	}
	switch state {
	case sqlitedb.Log:
		return at.As(artifacts.Log, where+": in an older or abandoned frame of the log ("+grade.String()+")")
	case sqlitedb.Backup:
		return at.As(artifacts.Backup, where+": as it was before a transaction ("+grade.String()+")")
	case sqlitedb.Deleted:
		return at.As(artifacts.Deleted, where+": deleted row ("+grade.String()+")")
	}
	return at
}

// End is what a decoder returns when it has read the rows: what of the files as a
// whole is damaged.
func (s *SQLite) End(e *Errors) error {
	for _, d := range s.Damage {
		e.Add(d)
	}
	return e.Join()
}
