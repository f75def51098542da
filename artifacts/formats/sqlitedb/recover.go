package sqlitedb

import (
	"fmt"
	"hash/maphash"
	"iter"
	"slices"
)

// A Grade says how far a recovered row can be trusted. The words are those of
// deleted registry keys.
type Grade uint8

// The grades, from the best.
const (
	Exact   Grade = iota // a whole cell of a page that kept its structure, or a live row
	Full                 // a whole cell in free space
	Partial              // its first bytes are overwritten: the row id is lost, or values are
	// Doubtful rows fit several tables, may be of an index or a dropped table,
	// have another row inside of them, or a type that had to be guessed.
	Doubtful
)

func (g Grade) String() string {
	return [...]string{"exact", "full", "partial", "doubtful"}[min(g, Doubtful)]
}

// Recovered yields rows that are not part of the live database, each once:
// from the free space of live pages, from pages on the freelist or lost
// altogether, from pages that the write-ahead log has replaced, from its older
// and abandoned frames, and from a rollback journal. A row that is the same as
// a live row of its table is left out, because pages keep copies when they are
// split.
//
// A candidate counts when its serial types fit the columns of a table and its
// values lie inside of the page. Which table is certain only for what is found
// on a live page; elsewhere it is the one that fits best. After four million rows
// it ends, with an entry in the Damage of the database.
func (db *DB) Recovered() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		c := newCarver(db)
		c.yield = func(t *Table, cl *cell, r *record, s State, g Grade) bool {
			p := c.picks[t]
			c.at = r.starts(c.at)
			row := p.row(cl, r, c.at)
			row.State, row.Grade = s, g
			return yield(row)
		}
		// First what is whole, so that a part of it is not yielded before.
		if c.run() {
			c.headless = true
			c.run()
		}
	}
}

// Recovered is [DB.Recovered] for one table, with the values of some columns.
func (t *Table) Recovered(columns ...string) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		pick := t.pick(columns)
		for row := range t.db.Recovered() {
			if row.Table != t {
				continue
			}
			values := make([]Value, len(pick.from))
			for i, col := range pick.from {
				if col >= 0 {
					values[i] = row.Values[col]
				}
			}
			row.Values, row.names = values, pick.names
			if !yield(row) {
				return
			}
		}
	}
}

// A carver looks for rows that are not live.
type carver struct {
	db     *DB
	owner  map[uint32]*Table // of live b-tree pages; nil for those of indexes
	used   set               // live pages of all kinds, without those of the freelist
	free   set               // pages of the freelist
	seen   []uint64          // sorted hashes of live rows
	given  map[uint64]bool   // hashes of the rows that were yielded
	seed   maphash.Seed
	picks  map[*Table]*pick
	shapes []shape
	at     []int64
	rec    record

	tries    int  // that are left for the freeblocks of a page
	headless bool // look for cells whose first bytes are overwritten, not for whole ones

	yield func(*Table, *cell, *record, State, Grade) bool
}

func newCarver(db *DB) *carver {
	c := &carver{db: db, owner: map[uint32]*Table{}, used: set{}, free: set{}, given: map[uint64]bool{}, seed: maphash.MakeSeed(),
		picks: map[*Table]*pick{}}
	db.overflow = c.used
	skip := func(error) bool { return true }
	for _, t := range append([]*Table{schemaTable(db)}, db.tables...) {
		if t.Root == 0 {
			continue
		}
		c.picks[t] = t.pick(nil)
		if t.Root != 1 && len(t.Columns) > 0 {
			c.shapes = append(c.shapes, t.shape())
		}
		w := walker{db: db, seen: set{}, index: t.WithoutRowID, fail: skip}
		w.onto = func(p *page) { c.owner[p.num] = t; c.used.add(p.num) }
		w.visit = func(cl *cell) bool {
			if c.rec.parse(cl.payload) >= 0 {
				c.seen = append(c.seen, c.hash(t, cl.rowid, &c.rec), c.hash(t, noRowID, &c.rec))
			}
			return true
		}
		w.tree(t.Root, 0)
	}
	for _, root := range db.indexes {
		w := walker{db: db, seen: set{}, index: true, fail: skip, visit: func(*cell) bool { return true }}
		w.onto = func(p *page) { c.owner[p.num] = nil; c.used.add(p.num) }
		w.tree(root, 0)
	}
	db.overflow = nil
	slices.Sort(c.seen)
	c.seen = slices.Compact(c.seen)
	return c
}

// maxRecovered bounds the rows that are remembered, to yield each once.
const maxRecovered = 1 << 22

// noRowID is hashed in the place of a row id that is not known.
const noRowID = -1 << 63

// hash is that of a row: its table, row id, serial types and values.
func (c *carver) hash(t *Table, rowid int64, r *record) uint64 {
	var h maphash.Hash
	h.SetSeed(c.seed)
	var b [8]byte
	put := func(v uint64) {
		be.PutUint64(b[:], v)
		h.Write(b[:])
	}
	put(uint64(t.Root))
	put(uint64(rowid))
	size := int64(0)
	for _, st := range r.types {
		put(st)
		size += max(0, typeSize(st))
	}
	h.Write(r.body[:min(size, int64(len(r.body)))])
	return h.Sum64()
}

// offer yields a row unless it is live or was yielded before.
func (c *carver) offer(t *Table, cl *cell, r *record, s State, g Grade) bool {
	rowid := cl.rowid
	if cl.noRowID {
		rowid = noRowID
	}
	h := c.hash(t, rowid, r)
	if _, live := slices.BinarySearch(c.seen, h); live || c.given[h] {
		return true
	}
	if r.types[0] == lostType {
		for _, zero := range []uint64{0, 8, 9} {
			r.types[0] = zero
			if _, live := slices.BinarySearch(c.seen, c.hash(t, rowid, r)); live {
				return true
			}
		}
		r.types[0] = lostType
	}
	if len(c.given) >= 2*maxRecovered {
		c.db.bad(cl.page.base, "recovered rows", fmt.Sprintf("more than %d: the others are not listed", maxRecovered))
		return false
	}
	c.given[h] = true
	c.given[c.hash(t, noRowID, r)] = true
	return c.yield(t, cl, r, s, g)
}

// run looks into all places, the newest first.
func (c *carver) run() bool {
	db := c.db
	nums := make([]uint32, 0, len(c.owner))
	for n := range c.owner {
		nums = append(nums, n)
	}
	slices.Sort(nums)
	for _, n := range nums {
		p, err := db.page(n, nil)
		if t := c.owner[n]; err == nil && t != nil && t.Root != 1 {
			if !c.space(p, []shape{t.shape()}, Deleted) {
				return false
			}
		}
	}
	if !c.freelist() || !c.unused() || !c.frames() {
		return false
	}
	if j := db.journal; j != nil {
		for r := range j.starts {
			if db.Journal.Hot && j.latest[be32(db, r)] == r+1 {
				continue
			}
			p, err := db.journalPage(r + 1)
			if err == nil && !c.page(p, &view{live: c.used}, Backup) {
				return false
			}
		}
	}
	return true
}

// be32 returns the page number of a record of the journal.
func be32(db *DB, record int) uint32 {
	b, err := db.journal.file.slice(db.journal.starts[record], 4)
	if err != nil {
		return 0
	}
	return be.Uint32(b)
}

// freelist goes through the trunk pages of the freelist and the pages that
// they list. (1.5)
func (c *carver) freelist() bool {
	db := c.db
	seen := set{}
	for next := db.freeHead; next != 0 && !c.used.has(next) && !seen.has(next); {
		trunk, err := db.page(next, nil)
		if err != nil {
			return true
		}
		seen.add(next)
		c.free.add(next)
		n := int(be.Uint32(trunk.data[4:]))
		n = max(0, min(n, len(trunk.data)/4-2))
		// The page's own header is overwritten, but not what follows the list.
		rest := *trunk
		if !c.region(&rest, 8+4*n, len(trunk.data), c.shapes, Deleted) {
			return false
		}
		for i := range n {
			leaf := be.Uint32(trunk.data[8+4*i:])
			if leaf == 0 || c.used.has(leaf) || seen.has(leaf) {
				continue
			}
			p, err := db.page(leaf, nil)
			if err == nil && !c.page(p, &view{live: c.used}, Deleted) {
				return false
			}
			seen.add(leaf)
			c.free.add(leaf)
		}
		next = be.Uint32(trunk.data)
	}
	return true
}

// unused goes through pages that nothing leads to, those after the end of the
// live database, and those of the file that the log or a hot journal replaces.
func (c *carver) unused() bool {
	db := c.db
	inFile := uint32(min(db.main.size/int64(db.PageSize), 1<<32-2))
	for n := uint32(1); n <= max(inFile, min(db.Pages, inFile+uint32(db.WAL.Frames))); n++ {
		if !c.used.has(n) && !c.free.has(n) && n <= db.Pages {
			if p, err := db.page(n, nil); err == nil && !c.page(p, &view{live: c.used}, Deleted) {
				return false
			}
		}
		state := Deleted
		replaced := n > db.Pages || db.wal != nil && db.wal.find(n, nil) > 0
		if db.Journal.Hot && db.journal.latest[n] > 0 {
			replaced, state = true, Log
		}
		if !replaced || n > inFile {
			continue
		}
		if p, err := db.mainPage(n); err == nil && !c.page(p, &view{live: c.used}, state) {
			return false
		}
	}
	return true
}

// frames goes through the frames of the log that are not live, from the last.
func (c *carver) frames() bool {
	w := c.db.wal
	if w == nil {
		return true
	}
	for f := len(w.salts) - 1; f > 0; f-- {
		p, err := c.db.walPage(f)
		if err != nil || p.num == 0 || w.find(p.num, nil) == f {
			continue
		}
		if !c.page(p, &view{frame: f}, Log) {
			return false
		}
	}
	return true
}

// page takes the cells of a leaf that is not live, and what its free space holds.
func (c *carver) page(p *page, v *view, s State) bool {
	kind, _ := p.kind()
	if kind == 0 {
		return true
	}
	shapes := c.shapes
	if kind == tableLeaf || kind == indexLeaf {
		offs, _ := p.cells()
		var cells []cell
		for _, off := range offs {
			if cl, err := c.db.readCell(p, off, v); err == nil {
				cells = append(cells, cl)
			}
		}
		t, doubt := c.belongs(p, kind, cells)
		if t == nil {
			return true
		}
		shapes = []shape{t.shape()}
		if !c.headless && !c.cells(p, v, cells, shapes[0], doubt || kind == indexLeaf && c.owner[p.num] != t, s) {
			return false
		}
	}
	return c.space(p, shapes, s)
}

// cells offers the cells of a page that is not live, as rows of one table.
func (c *carver) cells(p *page, v *view, cells []cell, sh shape, doubt bool, s State) bool {
	for i := range cells {
		cl := &cells[i]
		if c.rec.parse(cl.payload) < 0 || cl.err != nil && c.isLive(sh.t, cl, v) {
			continue
		}
		if _, ok := sh.fits(c.rec.types, false); !ok {
			continue
		}
		grade := Exact
		// An index, or a table that was dropped, may have had the page.
		if _, strict := sh.fits(c.rec.types, true); doubt || !strict && c.owner[p.num] != sh.t {
			grade = Doubtful
		}
		if !c.offer(sh.t, cl, &c.rec, s, grade) {
			return false
		}
	}
	return true
}

// isLive reports whether a cell is that of a live row once its overflow pages
// are read as they are now: then they are in use because it is.
func (c *carver) isLive(t *Table, cl *cell, v *view) bool {
	again, err := c.db.readCell(cl.page, cl.off, &view{frame: v.frame})
	if err != nil || again.err != nil {
		return false
	}
	var r record
	if r.parse(again.payload) < 0 {
		return false
	}
	_, live := slices.BinarySearch(c.seen, c.hash(t, again.rowid, &r))
	return live
}

// belongs returns the table that the cells of a page fit best, and whether
// another one fits as well.
func (c *carver) belongs(p *page, kind byte, cells []cell) (best *Table, doubt bool) {
	most := 0
	for _, sh := range c.shapes {
		if sh.t.WithoutRowID != (kind == indexLeaf) {
			continue
		}
		score, fit := 0, 0
		for i := range cells {
			if c.rec.parse(cells[i].payload) < 0 {
				continue
			}
			if n, ok := sh.fits(c.rec.types, false); ok {
				fit++
				score += n
			}
		}
		if 2*fit < len(cells) || fit == 0 {
			continue
		}
		score += 2 * fit
		if c.owner[p.num] == sh.t {
			score += 4 * fit
		}
		switch {
		case score > most:
			best, most, doubt = sh.t, score, false
		case score == most:
			doubt = true
		}
	}
	return best, doubt
}

// Each yields the live rows of some tables, one table after the other, and
// with recovered set then those of these tables that [DB.Recovered] finds. All
// columns are read. Tables that the database does not have are skipped.
func (db *DB) Each(recovered bool, tables ...string) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		wanted := map[*Table]bool{}
		for _, name := range tables {
			t := db.Table(name)
			if t == nil {
				continue
			}
			wanted[t] = true
			for row, err := range t.Rows() {
				if !yield(row, err) {
					return
				}
			}
		}
		if !recovered || len(wanted) == 0 {
			return
		}
		for row := range db.Recovered() {
			if wanted[row.Table] && !yield(row, nil) {
				return
			}
		}
	}
}
