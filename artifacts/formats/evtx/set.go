package evtx

// A keySet holds keys of records as 64-bit hashes, in 16 to 32 bytes each.
type keySet struct {
	slots []uint64
	n     int
}

func hashKey(id, written uint64) uint64 {
	h := id*0x9E3779B97F4A7C15 ^ written
	h = (h ^ h>>31) * 0xBF58476D1CE4E5B9
	h ^= h >> 29
	h = h*0x94D049BB133111EB ^ written*0xD6E8FEB86659FD93
	h ^= h >> 32
	return max(h, 1)
}

func (s *keySet) add(h uint64) {
	if 2*s.n >= len(s.slots) {
		old := s.slots
		s.slots = make([]uint64, max(1024, 2*len(old)))
		for _, k := range old {
			if k != 0 {
				s.place(k)
			}
		}
	}
	s.place(h)
}

func (s *keySet) place(h uint64) {
	mask := uint64(len(s.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		switch s.slots[i] {
		case 0:
			s.slots[i] = h
			s.n++
			return
		case h:
			return
		}
	}
}

func (s *keySet) has(h uint64) bool {
	if s.n == 0 {
		return false
	}
	mask := uint64(len(s.slots) - 1)
	for i := h & mask; s.slots[i] != 0; i = (i + 1) & mask {
		if s.slots[i] == h {
			return true
		}
	}
	return false
}
