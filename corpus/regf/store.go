package regf

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

var le = binary.LittleEndian

// NIL is the offset of nothing.
const NIL = 0xFFFFFFFF

const (
	page      = 4096
	binHeader = 32
)

// A store is the bins of a hive: cells are taken from and given back to it. Offsets are relative to the first bin.
//
// Free cells are found by size in classes of 8 bytes, the last of which holds all that are larger. The lists are
// cleaned only when an entry is met that is no longer true: tag knows for each 8 bytes whether a free cell ends
// there, and where it starts. So every operation costs about the same in a hive of any size.
type store struct {
	bins    []byte
	binSize int
	head    int      // bytes before a cell's data: its size, and in version 1 the offset of the cell before it
	align   int      // sizes are multiples of it: 8, in version 1 16
	tag     []uint32 // start+1 of the free cell whose last 8 bytes these are
	class   [classes][]uint32
	filled  [classes / 64]uint64 // classes that may hold something
}

const classes = 512

func classOf(size int) int { return min(size/8, classes-1) }

// alloc returns the offset of a cell for n bytes of data. What was there before stays there.
func (s *store) alloc(n int) uint32 {
	need := (n + s.head + s.align - 1) &^ (s.align - 1)
	off, size, ok := s.take(need)
	if !ok {
		s.grow(need)
		off, size, _ = s.take(need)
	}
	s.tag[(off+size)/8-1] = 0
	if size > need {
		s.release(off+need, size-need)
	}
	le.PutUint32(s.bins[off:], uint32(-int32(need)))
	return uint32(off)
}

// take finds the smallest class with a free cell that is large enough, and takes its newest one.
func (s *store) take(need int) (off, size int, ok bool) {
	for c := s.nextClass(classOf(need)); c >= 0; c = s.nextClass(c + 1) {
		list := s.class[c]
		for i := len(list) - 1; i >= 0; i-- {
			off = int(list[i])
			size = int(int32(le.Uint32(s.bins[off:])))
			stale := size <= 0 || classOf(size) != c || off+size > len(s.bins) || s.tag[(off+size)/8-1] != uint32(off)+1
			if !stale && size < need {
				continue // only in the last class
			}
			list = append(list[:i], list[i+1:]...)
			if !stale {
				s.class[c] = list
				return off, size, true
			}
		}
		s.class[c] = list
		if len(list) == 0 {
			s.filled[c/64] &^= 1 << (c % 64)
		}
	}
	return 0, 0, false
}

func (s *store) nextClass(from int) int {
	for w := from / 64; w < len(s.filled); w++ {
		m := s.filled[w]
		if w == from/64 {
			m &= ^uint64(0) << (from % 64)
		}
		if m != 0 {
			return w*64 + bits.TrailingZeros64(m)
		}
	}
	return -1
}

// release enters a free cell.
func (s *store) release(off, size int) {
	le.PutUint32(s.bins[off:], uint32(size))
	s.tag[(off+size)/8-1] = uint32(off) + 1
	c := classOf(size)
	s.class[c] = append(s.class[c], uint32(off))
	s.filled[c/64] |= 1 << (c % 64)
}

// grow appends a bin.
func (s *store) grow(need int) {
	size := max((need+binHeader+page-1)&^(page-1), s.binSize)
	at := len(s.bins)
	if at+size > cap(s.bins) { // twice as much: the hive is copied less often than append would
		s.bins = slices.Grow(s.bins, max(at, 1<<16)+size)
		s.tag = slices.Grow(s.tag, (max(at, 1<<16)+size)/8)
	}
	s.bins = append(s.bins, make([]byte, size)...)
	s.tag = append(s.tag, make([]uint32, size/8)...)
	copy(s.bins[at:], "hbin")
	le.PutUint32(s.bins[at+4:], uint32(at))
	le.PutUint32(s.bins[at+8:], uint32(size))
	s.release(at+binHeader, size-binHeader)
}

// free gives a cell back and joins it with its free neighbours of the same bin. Its content stays.
func (s *store) free(off uint32) {
	if off == NIL {
		return
	}
	start, size := int(off), s.size(off)
	le.PutUint32(s.bins[start:], uint32(size)) // stays in the middle of a joined cell
	if end := start + size; end%page != 0 || !s.isBin(end) {
		if next := int(int32(le.Uint32(s.bins[end:]))); next > 0 && s.tag[(end+next)/8-1] == uint32(end)+1 {
			s.tag[(end+next)/8-1] = 0
			size += next
		}
	}
	if start%page != binHeader || !s.isBin(start-binHeader) {
		if t := s.tag[start/8-1]; t != 0 {
			s.tag[start/8-1] = 0
			size += start - int(t-1)
			start = int(t - 1)
		}
	}
	s.release(start, size)
}

// isBin reports whether a bin starts at a page: its own offset is part of the header, data would have to lie.
func (s *store) isBin(at int) bool {
	return at == len(s.bins) || string(s.bins[at:at+4]) == "hbin" && le.Uint32(s.bins[at+4:]) == uint32(at)
}

// size returns the size of an allocated cell with its header.
func (s *store) size(off uint32) int { return -int(int32(le.Uint32(s.bins[off:]))) }

// data returns the data of an allocated cell, good until the next alloc.
func (s *store) data(off uint32) []byte {
	return s.bins[int(off)+s.head : int(off)+s.size(off)]
}

// room returns how many bytes of data an allocated cell holds.
func (s *store) room(off uint32) int { return s.size(off) - s.head }

// put stores bytes in a cell, its own if there is one that is large enough, otherwise a new one.
func (s *store) put(off uint32, b []byte) uint32 {
	if off != NIL && s.room(off) < len(b) {
		s.free(off)
		off = NIL
	}
	if off == NIL {
		off = s.alloc(len(b))
	}
	copy(s.data(off), b)
	return off
}

// chain writes into each cell where the one before it is, as version 1 wants it. The first one of a bin has NIL.
func (s *store) chain() {
	last := uint32(NIL)
	for at := 0; at < len(s.bins); {
		if s.isBin(at) {
			at += binHeader
			last = NIL
		}
		le.PutUint32(s.bins[at+4:], last)
		last = uint32(at)
		size := int(int32(le.Uint32(s.bins[at:])))
		at += max(size, -size)
	}
}
