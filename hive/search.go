package hive

import "sync"

// A list of subkeys is in order, so that a name can be found by halves and its absence is sure after a dozen steps. In a
// damaged hive that is not so: names out of order or twice, and places that cannot be read. Therefore a long list is
// checked once, as a whole, before it is searched so: when a name is missed for the first time, which costs as much, or
// when several were found. What a sound list answers is what going through it answers.
const (
	searchFrom = 32 // elements of the shortest list that is searched by halves
	searchHits = 4  // names that are found before a list is checked
)

// lists records what is known of lists of subkeys, by their offset.
type lists struct {
	sync.RWMutex
	known map[uint32]listState
}

type listState struct {
	hits    uint8
	checked bool
	sound   bool
}

func (l *lists) state(off uint32) listState {
	l.RLock()
	defer l.RUnlock()
	return l.known[off]
}

func (l *lists) set(off uint32, s listState) {
	l.Lock()
	defer l.Unlock()
	if l.known == nil {
		l.known = make(map[uint32]listState)
	}
	l.known[off] = s
}

// long reports whether the key's list is one that is searched by halves when it is sound.
func (k Key) long() bool { return !k.loose && k.NumSubkeys() >= searchFrom }

// looked notes that a name was found in the key's list or missed, and returns whether the list is sound; without a
// check it is not.
func (k Key) looked(found bool) bool {
	off := k.u32(nkSubkeyList)
	s := k.h.lists.state(off)
	if s.checked {
		return s.sound
	}
	if s.hits++; !found || s.hits > searchHits {
		s.checked, s.sound = true, k.soundList()
	}
	k.h.lists.set(off, s)
	return s.sound
}

// soundList reports whether all subkeys can be read and their names are in order, each once.
func (k Key) soundList() bool {
	l, err := k.h.list(k.u32(nkSubkeyList))
	if err != nil {
		return false
	}
	if l.kind == 'r' {
		for p := l.pos; p < l.end; p += leafSlim {
			if leaf, err := k.h.list(le.Uint32(k.h.data[p:])); err != nil || leaf.pos == leaf.end {
				return false
			}
		}
	}
	var last name
	first := true
	for s, err := range k.Subkeys() {
		if err != nil {
			return false
		}
		n := s.name()
		if !first && last.compare(n) >= 0 {
			return false
		}
		last, first = n, false
	}
	return true
}

// search looks for a name in upper case in the key's list, which is sound.
func (k Key) search(upper []uint16) (Key, error) {
	h := k.h
	l, _ := h.list(k.u32(nkSubkeyList))
	if l.kind == 'r' {
		// The last leaf whose first name does not follow the name.
		lo, hi := 0, int(l.end-l.pos)/leafSlim
		for lo < hi {
			mid := int(uint(lo+hi) / 2)
			leaf, _ := h.list(le.Uint32(h.data[int(l.pos)+leafSlim*mid:]))
			k, _ := h.key(le.Uint32(h.data[leaf.pos:]))
			switch d := k.name().compareUpper(upper); {
			case d == 0:
				return k, nil
			case d < 0:
				lo = mid + 1
			default:
				hi = mid
			}
		}
		if lo == 0 {
			return Key{}, ErrNotExist
		}
		l, _ = h.list(le.Uint32(h.data[int(l.pos)+leafSlim*(lo-1):]))
	}
	lo, hi := 0, int(l.end-l.pos)/int(l.stride)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		k, _ := h.key(le.Uint32(h.data[int(l.pos)+int(l.stride)*mid:]))
		switch d := k.name().compareUpper(upper); {
		case d == 0:
			return k, nil
		case d < 0:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return Key{}, ErrNotExist
}
