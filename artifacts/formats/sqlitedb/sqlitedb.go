// Package sqlitedb reads SQLite databases as evidence: live rows with the page
// and the byte that each was read from, and rows that are no longer live.
//
// It reads the file format itself (sqlite.org, "Database File Format") and
// runs no SQL. That makes readable what a driver refuses or hides: databases
// in an archive or image, without a path; content that is only in the
// write-ahead log, which is read with its older frames and never written back;
// tables whose collation only the program knows that made them; deleted rows
// on free pages and in the free space of live ones. Collations matter for the
// order of an index, not for its content.
//
// Files are read through [io.ReaderAt] in blocks, of which a bounded number
// is kept. A page that does not read is one error; the other pages continue.
//
// The offset in an error counts from the start of the file that the page is
// in: the database, its write-ahead log or its journal, as Struct names it.
package sqlitedb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

var be = binary.BigEndian

// ErrNotSQLite is returned for files that do not begin like a database.
var ErrNotSQLite = errors.New("not an SQLite database: no header string")

// Limits, for hostile files.
const (
	maxDepth   = 20       // of a tree; SQLite's own limit
	maxPayload = 16 << 20 // bytes of one row
	maxColumns = 2000     // of a table; SQLite's own default
	maxSchema  = 1 << 16  // tables and indexes
	maxDamage  = 100      // flaws that are listed
)

const ( // database header, 1.3
	headerSize   = 100
	hdrPageSize  = 16 // u16; 1 means 65,536
	hdrReserved  = 20 // u8, bytes at the end of each page
	hdrChange    = 24 // u32, file change counter
	hdrPages     = 28 // u32, valid when the two counters are equal
	hdrFreeTrunk = 32 // u32
	hdrFreeCount = 36 // u32
	hdrEncoding  = 56 // u32
	hdrUser      = 60 // u32
	hdrAppID     = 68 // u32
	hdrValidFor  = 92 // u32, change counter when the page count was written
)

// Magic is what a database begins with.
const Magic = "SQLite format 3\x00"

// A Reader is a file of a database: a *[io.SectionReader], a *[bytes.Reader].
type Reader interface {
	io.ReaderAt
	Size() int64
}

// An Encoding is how a database stores text.
type Encoding uint8

// The encodings of the header.
const (
	UTF8    Encoding = 1
	UTF16LE Encoding = 2
	UTF16BE Encoding = 3
)

func (e Encoding) String() string {
	switch e {
	case UTF16LE:
		return "UTF-16le"
	case UTF16BE:
		return "UTF-16be"
	}
	return "UTF-8"
}

// A DB is an open database. It may be used by one goroutine at a time.
type DB struct {
	PageSize int
	Pages    uint32 // of the live database
	Encoding Encoding
	UserVer  uint32 // PRAGMA user_version
	AppID    uint32 // PRAGMA application_id

	WAL     WALInfo
	Journal JournalInfo

	Damage []*wire.FormatError // of the files as a whole; rows report their own

	main     *blocks
	wal      *wal
	journal  *journal
	usable   int // bytes of a page without the reserved ones
	total    int64
	freeHead uint32
	tables   []*Table
	overflow set      // of live rows, while they are looked for
	indexes  []uint32 // root pages
}

// Open opens a database with its write-ahead log and rollback journal, of
// which either or both may be nil. The files must not change while it is used.
func Open(main, wal, journal Reader) (*DB, error) {
	db := &DB{main: newBlocks(main)}
	for _, r := range []Reader{main, wal, journal} {
		if r != nil {
			db.total += r.Size()
		}
	}
	head := make([]byte, headerSize)
	n, err := readFull(db.main, head, 0)
	if err != nil {
		return nil, err
	}
	// A new database may be wholly in its log.
	if n > 0 && (n < headerSize || string(head[:16]) != Magic) {
		return nil, ErrNotSQLite
	}
	if n > 0 {
		db.PageSize = pageSize(uint32(be.Uint16(head[hdrPageSize:])))
		if db.PageSize == 0 {
			return nil, &wire.FormatError{Format: "sqlite", Offset: hdrPageSize, Struct: "database header",
				Problem: fmt.Sprintf("page size %d", be.Uint16(head[hdrPageSize:]))}
		}
	}
	if wal != nil && wal.Size() > 0 {
		if err := db.openWAL(wal); err != nil {
			return nil, err
		}
	}
	if db.PageSize == 0 {
		return nil, ErrNotSQLite
	}
	if journal != nil && journal.Size() > 0 {
		if err := db.openJournal(journal); err != nil {
			return nil, err
		}
	}
	if err := db.readHeader(); err != nil {
		return nil, err
	}
	db.readSchema()
	return db, nil
}

// pageSize returns a valid page size, or 0. In the header, 1 means 65,536.
func pageSize(v uint32) int {
	if v == 1 {
		v = 1 << 16
	}
	if v < 512 || v > 1<<16 || v&(v-1) != 0 {
		return 0
	}
	return int(v)
}

// readHeader reads the header of the live page 1.
func (db *DB) readHeader() error {
	db.usable = db.PageSize
	pg, err := db.page(1, nil)
	if err != nil {
		return err
	}
	h := pg.data
	if string(h[:16]) != Magic {
		return ErrNotSQLite
	}
	db.usable = db.PageSize - int(h[hdrReserved])
	if db.usable < 480 {
		db.bad(pg.base+hdrReserved, "database header", fmt.Sprintf("%d reserved bytes a page", h[hdrReserved]))
		db.usable = db.PageSize
	}
	switch e := be.Uint32(h[hdrEncoding:]); e {
	case 1, 2, 3:
		db.Encoding = Encoding(e)
	case 0: // nothing was ever stored
		db.Encoding = UTF8
	default:
		db.bad(pg.base+hdrEncoding, "database header", fmt.Sprintf("text encoding %d", e))
		db.Encoding = UTF8
	}
	db.UserVer, db.AppID = be.Uint32(h[hdrUser:]), be.Uint32(h[hdrAppID:])
	db.freeHead = be.Uint32(h[hdrFreeTrunk:])

	db.Pages = uint32(min(db.main.size/int64(db.PageSize), 1<<32-2))
	switch stored := be.Uint32(h[hdrPages:]); {
	case db.wal != nil && db.wal.pages != 0:
		db.Pages = db.wal.pages
	case db.journal != nil && db.journal.hot:
		db.Pages = db.journal.pages
	case stored != 0 && be.Uint32(h[hdrChange:]) == be.Uint32(h[hdrValidFor:]):
		if stored > db.Pages {
			db.bad(pg.base+hdrPages, "database header", fmt.Sprintf("%d pages, the file has %d", stored, db.Pages))
		}
		db.Pages = stored
	}
	return nil
}

func (db *DB) bad(off int64, what, problem string) *wire.FormatError {
	e := &wire.FormatError{Format: "sqlite", Offset: off, Struct: what, Problem: problem}
	if len(db.Damage) < maxDamage {
		db.Damage = append(db.Damage, e)
	}
	return e
}

// Tables returns the tables in the order of the schema, those of SQLite itself
// included, but not the schema table.
func (db *DB) Tables() []*Table { return db.tables }

// Table returns the table with this name, compared without regard to case, or
// nil. "sqlite_schema" and "sqlite_master" name the schema itself.
func (db *DB) Table(name string) *Table {
	for _, t := range db.tables {
		if strings.EqualFold(t.Name, name) {
			return t
		}
	}
	if strings.EqualFold(name, "sqlite_schema") || strings.EqualFold(name, "sqlite_master") {
		return schemaTable(db)
	}
	return nil
}
