package hive

import "iter"

// A bitmap has one bit for each place where a cell can begin.
type bitmap []uint64

func newBitmap(bins int) bitmap { return make(bitmap, (bins/8+64)/64) }

func (b bitmap) has(off uint32) bool { return b[off/8/64]>>(off/8%64)&1 != 0 }
func (b bitmap) set(off uint32)      { b[off/8/64] |= 1 << (off / 8 % 64) }

// A walker goes through all keys below a key, depth first in stored order. No key is descended into twice and
// the elements of all lists are counted, so that a walk ends whatever the lists say; the stack is as deep as the
// tree, which ends at 512.
type walker struct {
	h     *Hive
	seen  bitmap // keys that were met
	stack []listCursor
	left  int // elements of lists that may still come: in a sound hive a key has one, and takes 80 bytes
	start uint32
	enter Key // the last key, whose subkeys come next
}

// walk starts at a key, which is the first that next returns.
func (h *Hive) walk(start uint32) *walker {
	return &walker{h: h, seen: newBitmap(len(h.bins)), stack: make([]listCursor, 0, 32), left: len(h.bins)/leafSlim + 1, start: start}
}

// next returns the next key, how deep it lies (the start is at 0), and whether it was met before. ok is false at
// the end. An error stands for a key or a list.
func (w *walker) next() (k Key, depth int, again bool, err error, ok bool) {
	if w.enter.h != nil {
		k, w.enter = w.enter, Key{}
		if len(w.stack) >= maxDepth {
			return Key{}, len(w.stack) + 1, false, bad(int(k.Offset()), "key node", "deeper than %d levels; its subkeys are left out", maxDepth), true
		}
		w.stack = append(w.stack, listCursor{})
		w.stack[len(w.stack)-1].subkeys(k)
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
			off, err = w.stack[depth-1].next()
			if err == nil {
				break
			}
			if err != errEnd {
				return Key{}, depth, false, err, true
			}
			w.stack = w.stack[:depth-1]
		}
	}
	if w.left--; w.left < 0 {
		w.stack = nil
		return Key{}, depth, false, bad(baseSize, "subkey list", "lists overlap: more elements than the hive has room for"), true
	}
	if n := w.h.record(off, 'n'|'k'<<8, nkName); n != 0 {
		k = Key{h: w.h, n: n}
	} else if k, err = w.h.keySlow(off); err != nil {
		return Key{}, depth, false, err, true
	}
	if again = w.seen.has(off); !again {
		w.seen.set(off)
		if k.NumSubkeys() != 0 {
			w.enter = k
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
		k, _, again, err, ok := w.next()
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
