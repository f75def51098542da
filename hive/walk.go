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
	enter Key // the last key, whose subkeys come next
}

// walk starts at a key, which is the first that next returns.
func (h *Hive) walk(start uint32) *walker {
	w := &walker{h: h, seen: newBitmap(len(h.bins)), stack: make([]listCursor, 0, 32), left: len(h.bins)/leafSlim + 1}
	w.stack = append(w.stack, listCursor{h: h, leaf: list{elems: le.AppendUint32(nil, start), stride: 4}, left: 1})
	return w
}

// next returns the next key, how deep it lies (the start is at 0), and whether it was met before. ok is false at
// the end. An error stands for a key or a list.
func (w *walker) next() (k Key, depth int, again bool, err error, ok bool) {
	if w.enter.h != nil {
		err := w.push(w.enter)
		w.enter = Key{}
		if err != nil {
			return Key{}, len(w.stack), false, err, true
		}
	}
	for len(w.stack) > 0 {
		top := &w.stack[len(w.stack)-1]
		depth := len(w.stack) - 1
		off, err := top.next()
		if err != nil {
			if err == errEnd {
				w.stack = w.stack[:depth]
				continue
			}
			return Key{}, depth, false, err, true
		}
		if w.left--; w.left < 0 {
			w.stack = nil
			return Key{}, depth, false, bad(baseSize, "subkey list", "lists overlap: more elements than the hive has room for"), true
		}
		k, err := w.h.key(off)
		if err != nil {
			return Key{}, depth, false, err, true
		}
		if w.seen.has(off) {
			return k, depth, true, nil, true
		}
		w.seen.set(off)
		if k.NumSubkeys() != 0 {
			w.enter = k
		}
		return k, depth, false, nil, true
	}
	return Key{}, 0, false, nil, false
}

// push enters a key's list.
func (w *walker) push(k Key) error {
	if len(w.stack) > maxDepth {
		return bad(int(k.Offset()), "key node", "deeper than %d levels; its subkeys are left out", maxDepth)
	}
	w.stack = append(w.stack, k.subkeys())
	return nil
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
