package sqlitedb

import (
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// Types of b-tree pages, 1.6.
const (
	indexInterior = 2
	tableInterior = 5
	indexLeaf     = 10
	tableLeaf     = 13
)

const ( // b-tree page header, 1.6
	pgFreeblock = 1 // u16, the first one
	pgCells     = 3 // u16
	pgContent   = 5 // u16, start of the cells; 0 means 65,536
	pgRight     = 8 // u32, of interior pages
	leafHeader  = 8
	interHeader = 12
)

// A cell is one entry of a b-tree page.
type cell struct {
	page    *page
	off     int // in the page
	size    int // in the page, without what is on overflow pages
	rowid   int64
	payload []byte
	left    uint32 // child, of interior pages
	err     error  // the payload is not whole
	noRowID bool   // it is overwritten
}

func (c *cell) place() Place {
	return Place{c.page.origin, c.page.frame, c.page.num, c.page.base + int64(c.off)}
}

// kind returns the page's type and the size of its header; 0 when it is none
// of a b-tree.
func (p *page) kind() (kind byte, header int) {
	switch k := p.data[p.hdr()]; k {
	case indexInterior, tableInterior:
		return k, interHeader
	case indexLeaf, tableLeaf:
		return k, leafHeader
	}
	return 0, 0
}

// cells returns the offsets of the cells, as many as the page has room for.
func (p *page) cells() (offs []int, err error) {
	_, header := p.kind()
	h := p.hdr()
	n := int(be.Uint16(p.data[h+pgCells:]))
	if room := (len(p.data) - h - header) / 2; n > room {
		err = p.bad(h+pgCells, fmt.Sprintf("%d cells, room for %d", n, room))
		n = room
	}
	offs = make([]int, n)
	for i := range offs {
		offs[i] = int(be.Uint16(p.data[h+header+2*i:]))
	}
	return offs, err
}

// readCell reads the cell at an offset of a page. Without the overflow pages
// it is in one piece; with them the payload is put together.
func (db *DB) readCell(p *page, off int, v *view) (cell, error) {
	kind, header := p.kind()
	c := cell{page: p, off: off}
	if off < p.hdr()+header || off >= len(p.data) {
		return c, p.bad(p.hdr(), fmt.Sprintf("cell at %d, outside of the page", off))
	}
	b := p.data[off:]
	at := 0
	if kind == indexInterior || kind == tableInterior {
		if len(b) < 4 {
			return c, p.bad(off, "cell runs past the page")
		}
		c.left = be.Uint32(b)
		at = 4
	}
	size := uint64(0)
	if kind != tableInterior {
		n := 0
		if size, n = varint(b[at:]); n == 0 {
			return c, p.bad(off, "cell runs past the page")
		}
		at += n
	}
	if kind == tableLeaf || kind == tableInterior {
		rowid, n := varint(b[at:])
		if n == 0 {
			return c, p.bad(off, "cell runs past the page")
		}
		c.rowid = int64(rowid)
		at += n
	}
	if kind == tableInterior {
		c.size = at
		return c, nil
	}
	err := db.readPayload(&c, b[at:], size, kind == tableLeaf, v)
	c.size += at
	return c, err
}

// readPayload reads the payload at the start of b and on its overflow pages.
// (1.6, "overflow") What can be had of a broken one is kept, with c.err.
func (db *DB) readPayload(c *cell, b []byte, size uint64, table bool, v *view) error {
	if size > uint64(min(maxPayload, db.total)) {
		if size > uint64(db.total) {
			return c.page.bad(c.off, fmt.Sprintf("payload of %d bytes, more than the file", size))
		}
		return &wire.LimitError{Format: "sqlite", Option: "maxPayload", Limit: maxPayload, Need: int64(size)}
	}
	n := int(size)
	local := db.localSize(n, table)
	if local == n {
		if n > len(b) {
			return c.page.bad(c.off, "payload runs past the page")
		}
		c.payload, c.size = b[:n:n], n
		return nil
	}
	if local+4 > len(b) {
		return c.page.bad(c.off, "payload runs past the page")
	}
	c.size = local + 4
	next := be.Uint32(b[local:])
	c.payload = append(make([]byte, 0, min(n, 4*db.usable)), b[:local]...)
	// Each page brings at least one byte nearer to the end: no loop is endless.
	for len(c.payload) < n {
		switch {
		case v == nil && db.overflow != nil:
			db.overflow.add(next)
		case v != nil && v.live != nil && v.live.has(next):
			c.err = c.page.bad(c.off, fmt.Sprintf("overflow page %d is used again", next))
			return nil
		}
		p, err := db.page(next, v)
		if err != nil {
			c.err = fmt.Errorf("overflow page %d of page %d: %w", next, c.page.num, err)
			return nil
		}
		next = be.Uint32(p.data)
		c.payload = append(c.payload, p.data[4:min(len(p.data), 4+n-len(c.payload))]...)
	}
	return nil
}

// localSize returns how much of a payload is on the b-tree page itself.
func (db *DB) localSize(n int, table bool) int {
	u := db.usable
	most := u - 35
	if !table {
		most = (u-12)*64/255 - 23
	}
	if n <= most {
		return n
	}
	least := (u-12)*32/255 - 23
	if k := least + (n-least)%(u-4); k <= most {
		return k
	}
	return least
}

// A set is a set of page numbers.
type set map[uint32]uint64

func (s set) has(n uint32) bool { return s[n>>6]>>(n&63)&1 != 0 }
func (s set) add(n uint32)      { s[n>>6] |= 1 << (n & 63) }

// A walker visits the cells of a tree in order: of a table tree those of the
// leaves, of an index tree all. Each page is visited once. A page or cell that
// does not read is passed to fail. visit and fail return false to stop.
type walker struct {
	db     *DB
	seen   set
	index  bool // the tree is one of an index, or of a table without row ids
	counts bool // the payload is not wanted
	onto   func(*page)
	visit  func(*cell) bool
	fail   func(error) bool
}

// tree walks the tree below a page. Its recursion ends at maxDepth.
func (w *walker) tree(num uint32, depth int) bool {
	if w.seen.has(num) || depth > maxDepth {
		return w.fail(&wire.FormatError{Format: "sqlite", Offset: max(0, int64(num)-1) * int64(w.db.PageSize),
			Struct: fmt.Sprintf("page %d", num), Problem: "reached twice or too deep"})
	}
	w.seen.add(num)
	p, err := w.db.page(num, nil)
	if err != nil {
		return w.fail(err)
	}
	kind, _ := p.kind()
	if want := kind == indexLeaf || kind == indexInterior; kind == 0 || want != w.index {
		return w.fail(p.bad(p.hdr(), fmt.Sprintf("type %d is not of this tree", p.data[p.hdr()])))
	}
	if w.onto != nil {
		w.onto(p)
	}
	if w.visit == nil && (kind == indexLeaf || kind == tableLeaf) {
		return true
	}
	offs, err := p.cells()
	if err != nil && !w.fail(err) {
		return false
	}
	for _, off := range offs {
		if !w.cell(p, kind, off, depth) {
			return false
		}
	}
	if kind == indexInterior || kind == tableInterior {
		return w.tree(be.Uint32(p.data[p.hdr()+pgRight:]), depth+1)
	}
	return true
}

// cell visits the child of a cell, then the cell.
func (w *walker) cell(p *page, kind byte, off, depth int) bool {
	var c cell
	var err error
	if w.counts && (kind == tableLeaf || kind == indexLeaf) {
		return w.visit(&c)
	}
	c, err = w.db.readCell(p, off, nil)
	if c.left != 0 && !w.tree(c.left, depth+1) {
		return false
	}
	if err != nil {
		return w.fail(err)
	}
	return kind == tableInterior || w.visit == nil || w.visit(&c)
}
