// Package ese reads databases of the Extensible Storage Engine: SRUDB.dat,
// Windows.edb, WebCacheV01.dat, the UAL databases, qmgr.db and others.
//
// It reads through an [io.ReaderAt] and a page cache of at most 16 MB, never
// writes, and does not replay transaction logs. A database that was not shut
// down ([Dirty]) is read as it is: what came last may only be in its logs.
//
// Three things often go wrong with this format, and are done here:
//
//   - A NULL column of fixed size keeps filler (0x2A) in its place. It is
//     reported as absent and not as a number.
//   - A dropped table or a deleted row stays on its page until the space is
//     needed. [Table.Rows] skips it, [Table.Entries] returns it as deleted.
//   - A date-time column holds an OLE date in some databases and a FILETIME in
//     others. [Value.Time] reads both.
//
// Each row has its page, tag and file offset. The layout is described in
// docs/formats/ese.md.
package ese

import (
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

var le = binary.LittleEndian

// Limits. None of them grows with a number that the file claims.
const (
	maxColumns   = 4096     // of one table
	maxLongValue = 64 << 20 // bytes of one long value
	maxDamage    = 1000     // errors kept by a DB
	maxDepth     = 16       // branch pages above a long value
	cacheBytes   = 16 << 20
)

// A DB is an open database. It may be used by several goroutines at a time.
type DB struct {
	Version  uint32 // of the format, 0x620
	Revision uint32 // of the format: 20 (Windows 2012) to 300 (Windows 11)
	PageSize int    // 4096, 8192, 16384 or 32768
	State    State
	Header   Header

	pages  uint32 // number of database pages in the file
	size   int64
	large  bool // page size 16 KiB or more: wider tags and a longer page header
	cache  cache
	tables []*Table

	mu      sync.Mutex
	damage  []*wire.FormatError
	seen    map[place]bool
	dropped int
	stray   func() map[uint32][]uint32
}

type place struct {
	offset int64
	what   string
}

// Open reads the header and the catalogue of a database of size bytes.
// The error is [ErrNotESE] when r holds something else.
// Damage that leaves tables readable is in [DB.Damage].
func Open(r io.ReaderAt, size int64) (*DB, error) {
	db := &DB{size: size, seen: map[place]bool{}}
	if err := db.readHeader(r); err != nil {
		return nil, err
	}
	db.large = db.PageSize >= 16<<10
	db.pages = uint32(min(max(size/int64(db.PageSize)-1, 0), 1<<31-1))
	db.cache.init(r, size, db.PageSize)
	db.stray = sync.OnceValue(db.strayLeaves)
	if size%int64(db.PageSize) != 0 {
		db.note(bad(size/int64(db.PageSize)*int64(db.PageSize), "page", "file ends inside of it"))
	}
	if err := db.readCatalogue(); err != nil {
		return nil, err
	}
	return db, nil
}

// Tables returns the tables in the order of the catalogue, those of the engine
// itself (MSysObjects and so on) included.
func (db *DB) Tables() []*Table { return db.tables }

// Table returns the table of a name, case-insensitively, or nil.
func (db *DB) Table(name string) *Table {
	for _, t := range db.tables {
		if t.Name == name {
			return t
		}
	}
	for _, t := range db.tables {
		if strings.EqualFold(t.Name, name) {
			return t
		}
	}
	return nil
}

// Damage returns what was found broken so far, each place once, at most 1,000.
// It grows as rows and values are read.
func (db *DB) Damage() []*wire.FormatError {
	db.mu.Lock()
	defer db.mu.Unlock()
	return slices.Clone(db.damage)
}

// DamageCount returns the number of errors so far, those that [DB.Damage] has
// no room for included.
func (db *DB) DamageCount() int {
	db.mu.Lock()
	defer db.mu.Unlock()
	return len(db.damage) + db.dropped
}

// note keeps an error and returns it.
func (db *DB) note(e *wire.FormatError) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	at := place{e.Offset, e.Struct}
	switch {
	case db.seen[at]:
	case len(db.damage) == maxDamage:
		db.dropped++
	default:
		db.seen[at] = true
		db.damage = append(db.damage, e)
	}
	return e
}

func caused(off int64, what, problem string, err error) *wire.FormatError {
	e := bad(off, what, problem)
	e.Err = err
	return e
}

func bad(off int64, what, problem string) *wire.FormatError {
	return &wire.FormatError{Format: "ese", Offset: off, Struct: what, Problem: problem}
}
