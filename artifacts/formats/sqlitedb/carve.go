package sqlitedb

import (
	"slices"
	"unicode/utf8"
)

// lostType is the serial type of a value whose type is overwritten. SQLite
// reserves it.
const lostType = 10

// A shape is what the records of a table look like: the stored columns in the
// record's order.
type shape struct {
	t    *Table
	cols []int
}

func (t *Table) shape() shape {
	s := shape{t: t}
	for i, pos := range t.order {
		if pos >= 0 {
			s.cols = append(s.cols, i)
		}
	}
	slices.SortFunc(s.cols, func(a, b int) int { return t.order[a] - t.order[b] })
	return s
}

// fits reports whether serial types can be those of a row, and how well.
// SQLite never stores a number in a column with text affinity, nor anything
// but NULL in one that is the row id. Text in a column of numbers is possible,
// but no strict reader expects it. (datatype3.html, 3)
func (s shape) fits(types []uint64, strict bool) (score int, ok bool) {
	if len(types) == 0 || len(types) > len(s.cols) {
		return 0, false
	}
	for i, col := range s.cols {
		c := &s.t.Columns[col]
		if i >= len(types) {
			// The row is older than the column. Keys of an index are short, too.
			if s.t.WithoutRowID || c.NotNull && c.def.IsNull() || strict && i < len(s.cols)/2 {
				return 0, false
			}
			score--
			continue
		}
		n, ok := c.fits(types[i], col == s.t.alias, strict)
		if !ok {
			return 0, false
		}
		score += n
	}
	return score, true
}

func (c *Column) fits(t uint64, alias, strict bool) (score int, ok bool) {
	switch {
	case alias:
		return 2, t == 0
	case t == 0:
		return 0, !c.NotNull
	case t == 10 || t == 11:
		return 0, false
	}
	text, number := t >= 13 && t%2 == 1, t < 10
	switch c.aff {
	case affText:
		if text {
			return 1, true
		}
		return -1, !number && !strict
	case affInteger, affReal:
		if number {
			return 1, true
		}
		return -1, !strict
	}
	return 0, true
}

// space looks for rows in the free space of a b-tree page: between the cell
// pointers and the cells, and in the freeblocks. (1.6)
func (c *carver) space(p *page, shapes []shape, s State) bool {
	_, header := p.kind()
	h := p.hdr()
	start := h + header + 2*int(be.Uint16(p.data[h+pgCells:]))
	content := int(be.Uint16(p.data[h+pgContent:]))
	if content == 0 {
		content = 1 << 16
	}
	content = min(content, len(p.data))
	if start < content && !c.region(p, start, content, shapes, s) {
		return false
	}
	// Freeblocks are in ascending order, so the chain ends.
	c.tries = maxTries
	for at := int(be.Uint16(p.data[h+pgFreeblock:])); at >= h+header && at+4 <= len(p.data); {
		next, size := int(be.Uint16(p.data[at:])), int(be.Uint16(p.data[at+2:]))
		if size < 4 || at+size > len(p.data) {
			return true
		}
		if !c.block(p, at, at+size, shapes, s) {
			return false
		}
		if next < at+size {
			return true
		}
		at = next
	}
	return true
}

// A find is a cell that was found in free space.
type find struct {
	t     *Table
	cell  cell
	types []uint64
	body  []byte
	size  int // in the page
	grade Grade
}

func (c *carver) give(f *find, s State) bool {
	return c.offer(f.t, &f.cell, &record{types: f.types, body: f.body}, s, f.grade)
}

// region looks for whole cells between two offsets of a page.
func (c *carver) region(p *page, from, to int, shapes []shape, s State) bool {
	if c.headless {
		return true
	}
	for at := from; at < to; {
		f := c.whole(p, at, to, shapes)
		if f == nil {
			at++
			continue
		}
		// A row that begins inside of this one was written over its end.
		next := at + f.size
		for in := at + 1; in < next; in++ {
			if c.whole(p, in, to, shapes) != nil {
				f.grade, next = Doubtful, in
			}
		}
		if !c.give(f, s) {
			return false
		}
		at = next
	}
	return true
}

// whole tries a whole cell at an offset.
func (c *carver) whole(p *page, at, to int, shapes []shape) *find {
	size, k := varint(p.data[at:to])
	if k == 0 || size < 2 || size > uint64(min(c.db.total, maxPayload)) {
		return nil
	}
	for _, table := range []bool{true, false} {
		head, id := k, uint64(0)
		if table {
			rowid, m := varint(p.data[at+k : to])
			if m == 0 {
				continue
			}
			head, id = head+m, rowid
		}
		if at+head >= to || p.data[at+head] < 2 {
			continue
		}
		b := p.data[at+head : to]
		if c.rec.parseUpTo(b, int64(size)) != int64(size) {
			continue
		}
		t, doubt := c.choose(c.rec.types, table, shapes)
		if t == nil {
			continue
		}
		f := &find{cell: cell{page: p, off: at, rowid: int64(id)}, grade: Full}
		if err := c.db.readPayload(&f.cell, b, size, table, &view{live: c.used}); err != nil || f.cell.err != nil {
			continue
		}
		if c.rec.parse(f.cell.payload) != int64(size) || !c.rec.plausible(c.db.Encoding) {
			continue
		}
		if doubt {
			f.grade = Doubtful
		}
		f.t, f.types, f.body, f.size = t, slices.Clone(c.rec.types), c.rec.body, head+f.cell.size
		return f
	}
	return nil
}

// choose returns the table that serial types fit best, and whether another
// one fits as well.
func (c *carver) choose(types []uint64, table bool, shapes []shape) (best *Table, doubt bool) {
	most := -1 << 31
	for _, sh := range shapes {
		if sh.t.WithoutRowID == table {
			continue
		}
		switch score, ok := sh.fits(types, true); {
		case !ok:
		case score > most:
			best, most, doubt = sh.t, score, false
		case score == most:
			doubt = true
		}
	}
	return best, doubt
}

// plausible reports whether a record found in free space has content that is
// worth a row: text must be text, and there must be enough of it that chance
// does not make it.
func (r *record) plausible(enc Encoding) bool {
	at, weight := int64(0), 0
	for _, t := range r.types {
		n := max(0, typeSize(t))
		if at+n > int64(len(r.body)) {
			return false
		}
		v := r.body[at : at+n]
		at += n
		switch {
		case t >= 13 && t%2 == 1:
			if !printable(v, enc) {
				return false
			}
			weight += len(v)
		case t >= 12:
			weight += len(v) / 2
		default:
			weight++
		}
	}
	return weight >= 3 && at > 0
}

func printable(b []byte, enc Encoding) bool {
	if enc == UTF8 && !utf8.Valid(b) || enc != UTF8 && len(b)%2 != 0 {
		return false
	}
	for _, r := range decodeText(b, enc) {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == utf8.RuneError && enc != UTF8 {
			return false
		}
	}
	return true
}

// block looks for rows in a freeblock. The first four bytes of its first cell
// are overwritten, and those of each cell that was freed before the one in
// front of it. Such cells count only when the cells from the first to the last
// byte of the block fill it, with gaps of up to three bytes: what does not has
// lost its end to a newer row.
func (c *carver) block(p *page, from, to int, shapes []shape, s State) bool {
	if !c.headless {
		return c.region(p, from+4, to, shapes, s)
	}
	if len(shapes) != 1 || shapes[0].t.WithoutRowID || len(shapes[0].cols) == 0 {
		return true
	}
	tl := tiler{c: c, p: p, to: to, shapes: shapes, failed: map[int]bool{}}
	for _, f := range tl.tile(from, true, false) {
		if f.cell.noRowID && !c.give(f, s) {
			return false
		}
	}
	return true
}

// maxTries bounds the cells that are tried in the freeblocks of a page.
const maxTries = 2000

// A tiler divides a freeblock into cells.
type tiler struct {
	c      *carver
	p      *page
	to     int
	shapes []shape
	failed map[int]bool
}

// tile returns the cells from an offset to the end of the block, or nil. Its
// recursion is bounded by the cells of a page, each of four bytes or more.
func (tl *tiler) tile(at int, first, gap bool) []*find {
	if tl.failed[at] || tl.c.tries <= 0 {
		return nil
	}
	tl.c.tries--
	try := func(f *find) []*find {
		if f == nil {
			return nil
		}
		end := at + f.size
		for gap := 0; gap <= 3; gap++ {
			if end+gap == tl.to {
				return []*find{f}
			}
			if end+gap+4 > tl.to {
				continue
			}
			if rest := tl.tile(end+gap, false, gap > 0); rest != nil {
				return append([]*find{f}, rest...)
			}
		}
		return nil
	}
	if !first {
		if out := try(tl.c.whole(tl.p, at, tl.to, tl.shapes)); out != nil {
			return out
		}
	}
	for head := 12; head >= 2 && !gap; head-- {
		f := tl.c.beheaded(tl.p, at, tl.to, head, tl.shapes[0])
		if f == nil || !first && !wasBlock(tl.p.data, at, f.size) {
			continue
		}
		if out := try(f); out != nil {
			return out
		}
	}
	tl.failed[at] = !gap
	return nil
}

// wasBlock reports whether the header of a former freeblock can be at an
// offset: where the next one was, and its own size.
func wasBlock(b []byte, at, size int) bool {
	next, n := int(be.Uint16(b[at:])), int(be.Uint16(b[at+2:]))
	return (next == 0 || next > at) && n >= size && at+n <= len(b)
}

// beheaded tries a cell of a table whose first four bytes are overwritten.
// head is how long its payload size and row id were: with four bytes or more
// the record is whole, with three the size of its header is lost, with two the
// first serial type as well. That one follows from the size of the block, or
// is NULL for the row id.
func (c *carver) beheaded(p *page, at, to, head int, sh shape) *find {
	b := p.data[at:to]
	if len(b) < max(head, 4)+1 {
		return nil
	}
	r := &c.rec
	if head >= 4 {
		need := r.parse(b[head:])
		if need < 2 || need > int64(len(b)-head) || !headFits(head, int(need)) {
			return nil
		}
	} else if !c.lostHeader(b, sh, head) {
		return nil
	}
	if len(r.types) != len(sh.cols) || !r.plausible(c.db.Encoding) {
		return nil
	}
	if r.types[0] != lostType {
		if _, ok := sh.fits(r.types, true); !ok {
			return nil
		}
	}
	f := &find{t: sh.t, cell: cell{page: p, off: at, noRowID: true}, types: slices.Clone(r.types), body: r.body, grade: Partial}
	if head == 2 && sh.cols[0] != sh.t.alias {
		f.grade = Doubtful // the end of the block may have been used again
	}
	f.size = len(b) - len(r.body)
	for _, t := range r.types {
		f.size += int(max(0, typeSize(t)))
	}
	return f
}

// headFits reports whether the size of a payload and a row id can need so many
// bytes together.
func headFits(head, payload int) bool {
	n := 1
	if payload > 127 {
		n++
	}
	if payload > 1<<14-1 {
		n++
	}
	return head-n >= 1 && head-n <= 9
}

// lostHeader reads the serial types from the fifth byte on.
func (c *carver) lostHeader(b []byte, sh shape, head int) bool {
	r := &c.rec
	r.types = r.types[:0]
	if head == 2 {
		r.types = append(r.types, 0)
	}
	at, sum := 4, 0
	for len(r.types) < len(sh.cols) {
		t, k := varint(b[at:])
		if k == 0 || t > uint64(12+2*len(b)+1) || typeSize(t) < 0 {
			return false
		}
		r.types = append(r.types, t)
		at += k
		sum += int(typeSize(t))
	}
	r.body, r.whole = b[at:], true
	if head == 2 && sh.cols[0] != sh.t.alias {
		size := len(b) - at - sum
		if size < 0 {
			return false
		}
		if r.types[0] = firstType(&sh.t.Columns[sh.cols[0]], size, r.body); r.types[0] == lostType && size > 0 {
			return false
		}
		sum += size
	}
	return sum <= len(r.body) && headFits(head, at-head+sum)
}

// firstType returns the serial type that a value of a column has by its size.
func firstType(c *Column, size int, b []byte) uint64 {
	number := map[int]uint64{1: 1, 2: 2, 3: 3, 4: 4, 6: 5, 8: 6}[size]
	switch {
	case size == 0 || size > 57: // longer ones have a type of two bytes
		return lostType
	case c.aff == affInteger && number != 0:
		return number
	case c.aff == affReal && size == 8:
		return 7
	case c.aff == affText || c.aff == affNumeric && number == 0 || utf8.Valid(b[:size]) && number == 0:
		return uint64(13 + 2*size)
	case number != 0 && c.aff == affNumeric:
		return number
	}
	return uint64(12 + 2*size)
}
