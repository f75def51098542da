package vss

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// A block descriptor; "Block descriptor" and "Store block descriptor flags".
const (
	descSize     = 32
	descOriginal = 0  // u64: which block of the volume
	descRelative = 8  // u64: of a forwarder, the block in the next state that now has the data
	descOffset   = 16 // u64: where in the volume the data were saved
	descFlags    = 24 // u32
	descBits     = 28 // u32, of an overlay: which of its 32 sectors of 512 bytes count, the lowest bit for the first

	flagForward = 1
	flagOverlay = 2
	flagUnused  = 4

	sector = 512
)

// A store is what one shadow copy changed. Its lists are read when a shadow copy that needs them is opened.
type store struct {
	v                              *Volume
	at                             int64 // its entry in the catalog
	list, header, bitmap, previous int64

	loaded   bool
	err      error // why it cannot be used
	saved    []saved
	overlays []overlay
	forwards []uint32 // of the newest store: blocks to which forwarders lead, in order
	current  *bits
	before   *bits
}

// A saved says where the earlier contents of a block are.
type saved struct {
	at    uint64 // where in the volume; with one of the marks below
	block uint32
	seq   uint32 // its place in the list: of several for one block the last counts
}

const (
	markForward = 1 << 63 // at is a place in the next state, not on the volume as it is now
	markLost    = 1 << 62 // the descriptor is damaged; at is where it lies
	markNone    = markForward | markLost
)

// An overlay has some of the sectors of a block, for its own shadow copy only: older ones do not see it ("Reading snapshot data").
type overlay struct {
	at    int64
	block uint32
	seq   uint32
	bits  uint32
	lost  bool
}

func newStore(v *Volume, at int64, entry []byte) *store {
	return &store{v: v, at: at, list: int64(le.Uint64(entry[entryList:])), header: int64(le.Uint64(entry[entryHeader:])),
		bitmap: int64(le.Uint64(entry[entryBitmap:])), previous: int64(le.Uint64(entry[entryPrevious:]))}
}

// load reads the block list, once.
func (s *store) load(newest bool) error {
	if s.loaded {
		return s.err
	}
	s.loaded = true
	var forwards map[uint32]uint32
	if forwards, s.err = s.readList(); s.err != nil {
		s.saved, s.overlays = nil, nil
		return s.err
	}
	if newest {
		for block := range forwards {
			s.forwards = append(s.forwards, block)
		}
		slices.Sort(s.forwards)
		s.current = &bits{v: s.v, next: s.bitmap}
		s.before = &bits{v: s.v, next: s.previous}
	}
	return nil
}

// readList reads the descriptors front to back; "Successive block descriptors". It returns the
// forwarders that were not taken up, by the block to
// which they lead.
func (s *store) readList() (map[uint32]uint32, error) {
	v := s.v
	forwards := map[uint32]uint32{} // to the block that they are of
	lost, firstLost := 0, int64(0)
	b := make([]byte, BlockSize)
	seq := uint32(0)
	for at := s.list; at != 0; at = int64(le.Uint64(b[blockNext:])) {
		if err := v.block(b, at, typeList, "block list"); err != nil {
			return nil, err
		}
		for off := int64(blockHead); off+descSize <= BlockSize; off += descSize {
			d := b[off:][:descSize]
			if [descSize]byte(d) == [descSize]byte{} || le.Uint32(d[descFlags:])&flagUnused != 0 {
				continue
			}
			if v.budget == 0 {
				return nil, &FormatError{at + off, "block list", "too long", &LimitError{"MaxBlocks", v.max}}
			}
			v.budget--
			seq++
			if !s.add(d, at+off, seq, forwards) {
				if lost == 0 {
					firstLost = at + off
				}
				lost++
			}
		}
	}
	if lost > 0 {
		v.damaged(firstLost, "block descriptor", fmt.Sprintf("names a place outside the volume or inside a block, as do %d more of its list: these blocks cannot be read", lost-1), nil)
	}
	s.saved = lastOfEach(s.saved)
	s.overlays = joined(s.overlays)
	return forwards, nil
}

// add takes one descriptor. It returns false if that is damaged.
func (s *store) add(d []byte, where int64, seq uint32, forwards map[uint32]uint32) bool {
	original, flags := le.Uint64(d[descOriginal:]), le.Uint32(d[descFlags:])
	if original >= uint64(s.v.size) {
		return false
	}
	block := uint32(original / BlockSize)
	aligned := original%BlockSize == 0
	// inside reports whether a block's worth of data, or what the volume's end leaves of it, is there.
	inside := func(at uint64) bool {
		need := min(BlockSize, s.v.size-int64(block)*BlockSize)
		return at <= uint64(s.v.size-need)
	}
	if flags&flagOverlay != 0 {
		o := overlay{at: int64(le.Uint64(d[descOffset:])), block: block, seq: seq, bits: le.Uint32(d[descBits:])}
		if !aligned || !inside(uint64(o.at)) {
			o.at, o.lost = where, true
		}
		s.overlays = append(s.overlays, o)
		return !o.lost
	}
	if of, ok := forwards[block]; ok {
		// The data had moved here, and what happens to this block happens to them.
		delete(forwards, block)
		block = of
	}
	e := saved{at: le.Uint64(d[descOffset:]), block: block, seq: seq}
	if flags&flagForward != 0 {
		e.at = le.Uint64(d[descRelative:])
	}
	switch {
	case !aligned || !inside(e.at):
		e.at = uint64(where) | markLost
	case flags&flagForward == 0:
	case e.at == uint64(block)*BlockSize:
		// The data are where they were at first, perhaps after a detour, which the document leaves in place and DFIR-ORC removes: a
		// forwarder that stayed would lead to a block which Windows does not protect any longer.
		e.at = markNone
	default:
		forwards[uint32(e.at/BlockSize)] = block
		e.at |= markForward
	}
	s.saved = append(s.saved, e)
	return e.at&markNone != markLost
}

// lastOfEach orders entries by their block and keeps the last of each.
func lastOfEach(all []saved) []saved {
	slices.SortFunc(all, func(a, b saved) int { return cmp.Or(cmp.Compare(a.block, b.block), cmp.Compare(a.seq, b.seq)) })
	kept := all[:0]
	for i, e := range all {
		if (i+1 == len(all) || all[i+1].block != e.block) && e.at != markNone {
			kept = append(kept, e)
		}
	}
	if cap(kept) > len(kept)*5/4 {
		kept = slices.Clone(kept)
	}
	return kept
}

// joined makes one overlay of those for one block: the first says where the data are, the others which more of its sectors count.
func joined(all []overlay) []overlay {
	slices.SortFunc(all, func(a, b overlay) int { return cmp.Or(cmp.Compare(a.block, b.block), cmp.Compare(a.seq, b.seq)) })
	kept := all[:0]
	for _, o := range all {
		if n := len(kept); n > 0 && kept[n-1].block == o.block {
			kept[n-1].bits |= o.bits
			if o.lost && !kept[n-1].lost {
				kept[n-1].at, kept[n-1].lost = o.at, true
			}
			continue
		}
		kept = append(kept, o)
	}
	return slices.Clone(kept)
}

func (s *store) find(block uint32) (saved, bool) {
	i, ok := slices.BinarySearchFunc(s.saved, block, func(e saved, b uint32) int { return cmp.Compare(e.block, b) })
	if !ok {
		return saved{}, false
	}
	return s.saved[i], true
}

func (s *store) overlay(block uint32) (overlay, bool) {
	i, ok := slices.BinarySearchFunc(s.overlays, block, func(o overlay, b uint32) int { return cmp.Compare(o.block, b) })
	if !ok {
		return overlay{}, false
	}
	return s.overlays[i], true
}

// unused reports whether the block was not in use when the shadow copy was made, so that what
// stands there now says nothing of that time. Only
// the newest store is asked ("Reading snapshot data").
func (s *store) unused(block uint32) bool {
	if _, ok := slices.BinarySearch(s.forwards, block); ok {
		return false
	}
	return s.current.set(block) && (s.previous == 0 || s.before.set(block))
}

// bits is a bitmap with a bit for each block of the volume, in a chain of blocks, of which only the
// places are kept, as far as they were needed.
type bits struct {
	v  *Volume
	mu sync.Mutex

	places []int64
	next   int64 // the block behind them, 0 at the end
}

const bitsPerBlock = (BlockSize - blockHead) * 8

// set reports whether a bit is set. Behind the end of a bitmap, and behind damage in it, none is.
func (m *bits) set(block uint32) bool {
	n, bit := int(block/bitsPerBlock), int64(block%bitsPerBlock)
	m.mu.Lock()
	defer m.mu.Unlock()
	for n >= len(m.places) && m.next != 0 {
		head := make([]byte, blockHead)
		m.v.mu.Lock()
		err := m.v.block(head, m.next, typeBitmap, "store bitmap")
		if err != nil {
			m.v.damage = append(m.v.damage, err)
		}
		m.v.mu.Unlock()
		if err != nil {
			m.next = 0
			return false
		}
		m.places = append(m.places, m.next)
		m.next = int64(le.Uint64(head[blockNext:]))
	}
	if n >= len(m.places) {
		return false
	}
	var b [1]byte
	if readFull(m.v.r, b[:], m.places[n]+blockHead+bit/8) != nil {
		return false
	}
	return b[0]>>(bit%8)&1 != 0
}

// errElsewhere is why a shadow copy without a store in the volume is not read.
var errElsewhere = errors.New("its store does not lie on this volume")
