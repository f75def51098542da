package sqlitedb

import (
	"errors"
	"fmt"
	"io"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// An Origin is the file that a row was read from.
type Origin uint8

// The files of a database.
const (
	Main    Origin = iota
	WAL            // the write-ahead log
	Journal        // the rollback journal
)

func (o Origin) String() string { return [...]string{"main", "wal", "journal"}[min(o, Journal)] }

// A Place is where a row was read from.
type Place struct {
	Origin Origin
	Frame  int    // of the write-ahead log or record of the journal, from 1; 0 in the main file
	Page   uint32 // number of the page, from 1
	Offset int64  // of the row's cell, in the file of Origin
}

// A page is one version of a page.
type page struct {
	num    uint32
	data   []byte // without the reserved bytes
	origin Origin
	frame  int
	base   int64 // in the file of origin
}

// hdr is where the page's own header begins.
func (p *page) hdr() int {
	if p.num == 1 {
		return headerSize
	}
	return 0
}

func (p *page) bad(off int, problem string) *wire.FormatError {
	what := fmt.Sprintf("page %d", p.num)
	if p.origin != Main {
		what += fmt.Sprintf(" of %s frame %d", p.origin, p.frame)
	}
	return &wire.FormatError{Format: "sqlite", Offset: p.base + int64(off), Struct: what, Problem: problem}
}

// A view chooses the version of each page: nil is the live one.
type view struct {
	frame int // what the log held when this frame was written; 0: the database
	live  set // pages that are not what they were
}

// page reads a page in a view.
func (db *DB) page(num uint32, v *view) (*page, error) {
	if num == 0 {
		return nil, &wire.FormatError{Format: "sqlite", Struct: "page number", Problem: "0"}
	}
	if db.wal != nil {
		if f := db.wal.find(num, v); f > 0 { // the latest one, or that of the view
			return db.walPage(f)
		}
	}
	if v == nil && db.journal != nil && db.journal.hot {
		if r := db.journal.latest[num]; r > 0 {
			return db.journalPage(r)
		}
	}
	return db.mainPage(num)
}

func (db *DB) mainPage(num uint32) (*page, error) {
	base := int64(num-1) * int64(db.PageSize)
	b, err := db.main.slice(base, db.PageSize)
	if err != nil {
		return nil, db.readError(num, base, err)
	}
	return &page{num: num, data: db.cut(b), base: base}, nil
}

// cut drops the reserved bytes at the end of a page.
func (db *DB) cut(b []byte) []byte { return b[:db.usable:db.usable] }

func (db *DB) readError(num uint32, base int64, err error) error {
	problem := "not read"
	if errors.Is(err, io.ErrUnexpectedEOF) {
		problem, err = "after the end of the file", nil
	}
	return &wire.FormatError{Format: "sqlite", Offset: base, Struct: fmt.Sprintf("page %d", num), Problem: problem, Err: err}
}

const (
	blockSize = 1 << 16
	maxBlocks = 64 // of each file: 4 MiB
)

// A blocks reads a file in blocks and keeps the latest ones. What it hands out
// stays as it is.
type blocks struct {
	r     Reader
	size  int64
	kept  map[int64][]byte
	order []int64 // of the kept blocks, in the order of their reading
}

func newBlocks(r Reader) *blocks {
	b := &blocks{r: r, kept: map[int64][]byte{}}
	if r != nil {
		b.size = max(0, r.Size())
	}
	return b
}

func (b *blocks) block(n int64) ([]byte, error) {
	if k, ok := b.kept[n]; ok {
		return k, nil
	}
	k := make([]byte, min(blockSize, b.size-n*blockSize))
	if got, err := b.r.ReadAt(k, n*blockSize); got < len(k) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	if len(b.order) == maxBlocks {
		delete(b.kept, b.order[0])
		b.order = append(b.order[:0], b.order[1:]...)
	}
	b.kept[n] = k
	b.order = append(b.order, n)
	return k, nil
}

// slice returns n bytes, which the caller must not change.
func (b *blocks) slice(off int64, n int) ([]byte, error) {
	if off < 0 || off > b.size-int64(n) {
		return nil, io.ErrUnexpectedEOF
	}
	k, err := b.block(off / blockSize)
	if err != nil {
		return nil, err
	}
	at := int(off % blockSize)
	if at+n <= len(k) {
		return k[at : at+n : at+n], nil
	}
	out := append(make([]byte, 0, n), k[at:]...)
	for len(out) < n {
		if k, err = b.block((off + int64(len(out))) / blockSize); err != nil {
			return nil, err
		}
		out = append(out, k[:min(len(k), n-len(out))]...)
	}
	return out, nil
}

// readFull reads what there is of len(p) bytes at off.
func readFull(b *blocks, p []byte, off int64) (int, error) {
	n := int(max(0, min(int64(len(p)), b.size-off)))
	s, err := b.slice(off, n)
	if n == 0 {
		return 0, nil
	}
	return copy(p, s), err
}
