package hive

import "iter"

// A bitmap has one bit for each place where a cell can begin.
type bitmap []uint64

func newBitmap(bins int) bitmap { return make(bitmap, (bins/8+64)/64) }

func (b bitmap) has(off uint32) bool { return b[off/8/64]>>(off/8%64)&1 != 0 }
func (b bitmap) set(off uint32)      { b[off/8/64] |= 1 << (off / 8 % 64) }

// fill sets all places from off, in the bitmap, to end, a word at a time.
func (b bitmap) fill(off, end uint32) {
	from, to := off/8, (end+7)/8
	if from >= to {
		return
	}
	first, last := from/64, (to-1)/64
	head, tail := ^uint64(0)<<(from%64), ^uint64(0)>>(63-(to-1)%64)
	if first == last {
		b[first] |= head & tail
		return
	}
	b[first] |= head
	for i := first + 1; i < last; i++ {
		b[i] = ^uint64(0)
	}
	b[last] |= tail
}

// A walker goes through all keys below a key, depth first in stored order. No key is descended into twice and
// the elements of all lists are counted, so that a walk ends whatever the lists say; the stack is as deep as the
// tree, which ends at 512.
type walker struct {
	h       *Hive
	seen    bitmap // keys that were met
	stack   []listCursor
	top     *listCursor // the last of the stack, or none
	none    listCursor
	left    int // elements of lists that may still come: in a sound hive a key has one, and takes 80 bytes
	start   uint32
	tooDeep *FormatError // said next
}

// walk starts at a key, which is the first that next returns.
func (h *Hive) walk(start uint32) *walker {
	w := &walker{h: h, seen: newBitmap(len(h.bins)), stack: make([]listCursor, 0, 32), left: len(h.bins)/leafSlim + 1, start: start}
	w.top = &w.none
	return w
}

// quick returns the record and the offset of the next key where nothing is special about it: the list continues, the
// record lies whole in a page, the key was not met before. Otherwise it returns nil and has changed nothing.
func (w *walker) quick() (*keyRecord, uint32) {
	h, c := w.h, w.top
	if c.leaf.pos >= c.leaf.end || c.left <= 0 || w.left <= 0 {
		return nil, 0
	}
	pos := int(c.leaf.pos)
	off := le.Uint32(h.data[pos : pos+4 : pos+4])
	r := h.quickKey(off)
	if r == nil || w.seen.has(off) {
		return nil, 0
	}
	w.seen.set(off)
	c.leaf.pos += uint32(c.leaf.stride)
	c.left--
	w.left--
	if le.Uint32(r[nkSubkeys:]) != 0 {
		w.enter(Key{h: h, r: r, n: quickHead + off})
	}
	return r, off
}

// enter goes down into a key. It is done when the key is returned, before its caller looks at its values, so that
// the list is on its way from memory meanwhile.
func (w *walker) enter(k Key) {
	if len(w.stack) >= maxDepth {
		w.top = &w.none
		w.tooDeep = bad(int(k.Offset()), "key node", "deeper than %d levels; its subkeys are left out", maxDepth)
		return
	}
	w.stack = append(w.stack, listCursor{})
	w.top = &w.stack[len(w.stack)-1]
	w.top.subkeys(k)
}

// next returns the next key, how deep it lies (the start is at 0), and whether it was met before. ok is false at
// the end. An error stands for a key or a list.
func (w *walker) next() (k Key, depth int, again bool, err error, ok bool) {
	depth = len(w.stack)
	if r, off := w.quick(); r != nil {
		return Key{h: w.h, r: r, n: quickHead + off}, depth, false, nil, true
	}
	return w.nextSlow()
}

func (w *walker) nextSlow() (k Key, depth int, again bool, err error, ok bool) {
	if w.tooDeep != nil {
		err, w.tooDeep = w.tooDeep, nil
		w.top = &w.stack[len(w.stack)-1]
		return Key{}, len(w.stack) + 1, false, err, true
	}
	var off uint32
	if w.start != 0 {
		off, w.start = w.start, 0
	} else {
		for {
			depth = len(w.stack)
			if depth == 0 {
				return Key{}, 0, false, nil, false
			}
			off, err = w.top.next()
			if err == nil {
				break
			}
			if err != errEnd {
				return Key{}, depth, false, err, true
			}
			w.stack = w.stack[:depth-1]
			if w.top = &w.none; depth > 1 {
				w.top = &w.stack[depth-2]
			}
		}
	}
	if w.left--; w.left < 0 {
		w.stack, w.top = nil, &w.none
		return Key{}, depth, false, bad(baseSize, "subkey list", "lists overlap: more elements than the hive has room for"), true
	}
	if k, err = w.h.key(off); err != nil {
		return Key{}, depth, false, err, true
	}
	if again = w.seen.has(off); !again {
		w.seen.set(off)
		if k.NumSubkeys() != 0 {
			w.enter(k)
		}
	}
	return k, depth, again, nil, true
}

// Keys iterates over all keys that can be reached from the root, the root first, then depth first in stored
// order. Each key comes once; an error stands for a key or a list of keys that cannot be read, and for a
// key that is listed again.
func (h *Hive) Keys() iter.Seq2[Key, error] {
	return func(yield func(Key, error) bool) { h.eachKey(yield) }
}

func (h *Hive) eachKey(yield func(Key, error) bool) {
	if h.root == noOffset {
		yield(h.Root())
		return
	}
	w := h.walk(h.root)
	for {
		if r, off := w.quick(); r != nil {
			if !yield(Key{h: h, r: r, n: quickHead + off}, nil) {
				return
			}
			continue
		}
		k, _, again, err, ok := w.nextSlow()
		if !ok {
			return
		}
		if again {
			k, err = Key{}, bad(int(k.Offset()), "key node", "listed more than once")
		}
		if !yield(k, err) {
			return
		}
	}
}
