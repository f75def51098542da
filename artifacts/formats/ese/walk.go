package ese

import (
	"bytes"
	"fmt"
)

// A tree is where a B+ tree begins.
type tree struct {
	root   uint32
	object uint32
}

// leaves calls leaf for each leaf page below the root, in key order, until it
// returns false. A page that cannot be read, or that another tree owns, goes to
// fail, and the walk continues. Each page is read once. When a page is missing,
// leaves that no branch reaches any more are looked for in the whole file.
func (db *DB) leaves(t tree, leaf func(p *page, stray bool) bool, fail func(error) bool) {
	seen := newPageSet(db.pages)
	stack := []uint32{t.root}
	seen.add(t.root)
	broken := false
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		p, err := db.treePage(n, t)
		if err != nil {
			broken = true
			if !fail(err) {
				return
			}
			continue
		}
		if p.flags&flagLeaf != 0 {
			if !leaf(&p, false) {
				return
			}
			continue
		}
		ok := true
		if stack, ok = db.children(&p, stack, &seen, func(err error) bool { broken = true; return fail(err) }); !ok {
			return
		}
	}
	if !broken {
		return
	}
	for _, n := range db.stray()[t.object] {
		if !seen.add(n) {
			continue
		}
		if p, err := db.treePage(n, t); err == nil && !leaf(&p, true) {
			return
		}
	}
}

// children puts the children of a branch on the stack in reverse, so that the
// first is next; false means that fail wants no more.
func (db *DB) children(p *page, stack []uint32, seen *pageSet, fail func(error) bool) ([]uint32, bool) {
	for i := p.tags - 1; i >= 1; i-- {
		child, err := db.child(p, i)
		if err == nil && !seen.add(child) {
			err = db.note(bad(p.base, "branch page", fmt.Sprintf("leads to page %d again", child)))
		}
		if err == nil {
			stack = append(stack, child)
		} else if !fail(err) {
			return stack, false
		}
	}
	return stack, true
}

// treePage reads a page that must belong to a tree.
func (db *DB) treePage(n uint32, t tree) (page, error) {
	p, err := db.page(n)
	switch {
	case err != nil:
		return p, err
	case p.object != t.object:
		return p, db.note(bad(p.base+pgObject, "page", fmt.Sprintf("belongs to object %d, not %d", p.object, t.object)))
	case p.flags&(flagSpace|flagEmpty) != 0 && p.flags&flagRoot == 0:
		return p, db.note(bad(p.base+pgFlags, "page", "is not in use by its tree"))
	}
	return p, nil
}

// child returns the page that entry i of a branch page leads to.
func (db *DB) child(p *page, i int) (uint32, error) {
	var e entry
	if problem := p.entry(i, &e); problem != "" {
		return 0, db.note(bad(p.base, fmt.Sprintf("branch entry %d", i), problem))
	}
	if len(e.data) < 4 {
		return 0, db.note(bad(e.off, "branch entry", "has no page number"))
	}
	n := le.Uint32(e.data[len(e.data)-4:])
	if n == 0 || n > db.pages {
		return 0, db.note(bad(e.off, "branch entry", fmt.Sprintf("leads to page %d, outside of the file", n)))
	}
	return n, nil
}

// strayLeaves lists the leaf pages of each object whose checksum is right.
func (db *DB) strayLeaves() map[uint32][]uint32 {
	m := map[uint32][]uint32{}
	for n := uint32(1); n <= db.pages; n++ {
		b, sum, err := db.cache.page(n)
		if err != nil || sum != sumRight {
			continue
		}
		flags, obj := le.Uint32(b[pgFlags:]), le.Uint32(b[pgObject:])
		if flags&flagLeaf != 0 && flags&(flagSpace|flagEmpty) == 0 {
			m[obj] = append(m[obj], n)
		}
	}
	return m
}

// A pageSet is a set of page numbers.
type pageSet []uint64

func newPageSet(pages uint32) pageSet { return make(pageSet, pages/64+1) }

// add reports whether n is new. Numbers outside of the file never are, but for
// the first of a walk, which the page reader refuses.
func (s pageSet) add(n uint32) bool {
	if int(n/64) >= len(s) || s[n/64]>>(n%64)&1 != 0 {
		return false
	}
	s[n/64] |= 1 << (n % 64)
	return true
}

// A cursor is a place in the leaf level of a tree.
type cursor struct {
	db    *DB
	t     tree
	p     page
	i     int
	moves uint32 // pages that it moved over
}

// seek finds the first entry of a tree whose key is key or greater.
func (db *DB) seek(t tree, key []byte) (cursor, error) {
	c := cursor{db: db, t: t}
	n := t.root
	for range maxDepth {
		p, err := db.treePage(n, t)
		if err != nil {
			return c, err
		}
		i, err := p.search(key)
		if err != nil {
			return c, err
		}
		if p.flags&flagLeaf != 0 {
			c.p, c.i = p, i
			return c, nil
		}
		// The key of a branch entry is the greatest of its child, or above it;
		// the last entry has none.
		if n, err = db.child(&p, min(i, p.tags-1)); err != nil {
			return c, err
		}
	}
	return c, db.note(bad((int64(t.root)+1)*int64(db.PageSize), "tree", "is too deep"))
}

// search returns the first tag of a page whose key is key or greater, or the
// number of tags.
func (p *page) search(key []byte) (int, error) {
	prefix := p.prefix()
	lo, hi := 1, p.tags
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		var e entry
		if problem := p.entry(mid, &e); problem != "" {
			return 0, bad(p.base, fmt.Sprintf("entry %d", mid), problem)
		}
		last := mid == p.tags-1 && p.flags&flagLeaf == 0 && e.prefix+len(e.key) == 0
		if !last && compareKey(prefix[:min(e.prefix, len(prefix))], e.key, key) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, nil
}

// compareKey compares the key that is prefix and rest with key.
func compareKey(prefix, rest, key []byte) int {
	n := min(len(prefix), len(key))
	if c := bytes.Compare(prefix[:n], key[:n]); c != 0 || n < len(prefix) {
		if c == 0 {
			return 1
		}
		return c
	}
	return bytes.Compare(rest, key[n:])
}

// next returns the entry at the cursor, its whole key appended to buf, and
// moves on. It returns false at the end of the tree.
func (c *cursor) next(e *entry, buf []byte) ([]byte, bool, error) {
	for c.i >= c.p.tags {
		if c.p.next == 0 || c.moves > c.db.pages {
			return nil, false, nil
		}
		c.moves++
		p, err := c.db.treePage(c.p.next, c.t)
		if err != nil {
			return nil, false, err
		}
		c.p, c.i = p, 1
	}
	if problem := c.p.entry(c.i, e); problem != "" {
		return nil, false, c.db.note(bad(c.p.base, fmt.Sprintf("entry %d", c.i), problem))
	}
	c.i++
	prefix := c.p.prefix()
	buf = append(buf, prefix[:min(e.prefix, len(prefix))]...)
	return append(buf, e.key...), true, nil
}
