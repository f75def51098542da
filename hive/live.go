package hive

import (
	"cmp"
	"math/bits"
	"slices"
)

// A liveMap says which bytes of the bins belong to the tree, in units of eight bytes.
type liveMap struct {
	start  bitmap // cells that something in the tree refers to
	cover  bitmap // all that these cells cover
	next   []uint32
	cells  bitmap // all cells that the enumeration of the bins meets
	newest uint64 // latest time of a live key; in a damaged tree of any key in use
	slack  []span // of live cells, in the image: what their record does not fill
	gaps   []span // of the bins, by offset: what the enumeration does not meet, apart from the headers of bins
	broken bool   // a key, a list or a value that the tree refers to cannot be read
	rests  []rest
}

// A rest is a number behind the end of a live key's list of values that may be the offset of a value removed from it.
type rest struct {
	key uint32 // position of the key
	off uint32
}

// live walks the tree once and marks what it reaches.
func (h *Hive) live() *liveMap {
	h.liveOnce.Do(func() {
		if h.remnant {
			h.liveMap = &liveMap{}
			return
		}
		n := len(h.bins)
		m := &marker{
			h: h, liveMap: liveMap{start: newBitmap(n), cover: newBitmap(n), cells: newBitmap(n)}, room: 4 * n, refs: n/4 + 1,
			restsLeft: n/4 + 1,
		}
		next := 0
		for c := range h.cells() {
			m.cells.set(c.off)
			m.gap(next, int(c.off))
			next = int(c.off) + c.size
		}
		m.gap(next, n)
		m.tree()
		m.index()
		if m.broken {
			m.inUse()
		}
		h.liveMap = &m.liveMap
	})
	return h.liveMap
}

// covered reports whether any of n bytes from an offset belongs to the tree. The tail does not.
func (l *liveMap) covered(off uint32, n int) bool { return l.uncovered(off, n) < n }

// uncovered returns how many of n bytes from an offset do not belong to the tree, up to the first that does.
func (l *liveMap) uncovered(off uint32, n int) int {
	w := int(off / 8 / 64)
	if w >= len(l.cover) {
		return n
	}
	word := l.cover[w] >> (off / 8 % 64) << (off / 8 % 64)
	if word == 0 {
		if w = int(l.next[w+1]); w >= len(l.cover) {
			return n
		}
		word = l.cover[w]
	}
	first := (int64(w)*64 + int64(bits.TrailingZeros64(word))) * 8
	return int(min(int64(n), max(0, first-int64(off))))
}

// index prepares the map for questions: next has for each word of cover the first that is not zero from there on.
func (l *liveMap) index() {
	l.next = make([]uint32, len(l.cover)+1)
	l.next[len(l.cover)] = uint32(len(l.cover))
	for w := len(l.cover) - 1; w >= 0; w-- {
		l.next[w] = l.next[w+1]
		if l.cover[w] != 0 {
			l.next[w] = uint32(w)
		}
	}
}

// A marker goes through the tree. In a hostile hive cells may overlap and lists be shared: room bounds the bytes
// that are marked, refs the references that are followed.
type marker struct {
	liveMap
	h          *Hive
	room, refs int
	restsLeft  int
}

// cell marks the cell at an offset, of which the record uses so many bytes.
func (m *marker) cell(off uint32, used int) {
	if m.met(off) {
		return
	}
	pos, end, ok := m.h.cellAt(off)
	if !ok {
		return
	}
	m.start.set(off)
	m.cover.set(off)
	if m.room -= end - pos; m.room < 0 {
		return
	}
	m.cover.fill(off, uint32(end-baseSize))
	if from := (pos + used + 1) &^ 1; used >= 0 && from+vkName <= end { // shorter ones hold no record
		m.slack = append(m.slack, span{from, end})
	}
}

// gap notes what lies between two cells that are neighbours in the enumeration, unless it is the header of a bin.
func (m *marker) gap(from, to int) {
	if to > from+binHeader {
		m.gaps = append(m.gaps, span{from, to})
	}
}

// lost reports whether the enumeration of cells does not reach the cell at an offset.
func (l *liveMap) lost(off int) bool {
	i, found := slices.BinarySearchFunc(l.gaps, off, func(g span, off int) int { return cmp.Compare(g.from, off) })
	return found || i > 0 && off < l.gaps[i-1].to
}

// inUse looks for the latest time in all keys that are in use: in a damaged tree few of them may be live.
func (m *marker) inUse() {
	for c := range m.h.cells() {
		if c.free || c.size < m.h.cellHead+nkName {
			continue
		}
		if k, err := m.h.key(c.off); err == nil && m.h.plausibleKey(int(k.n), k.end(), len(m.h.bins), 0) {
			m.newest = max(m.newest, min(k.WrittenRaw(), 1<<62))
		}
	}
}

// met reports whether the cell at an offset, which may be any, is marked.
func (m *marker) met(off uint32) bool { return int64(off) < int64(len(m.h.bins)) && m.start.has(off) }

func (m *marker) tree() {
	if m.h.root == noOffset {
		m.broken = true
		return
	}
	w := m.h.walk(m.h.root)
	for {
		k, _, again, err, ok := w.next()
		if !ok {
			return
		}
		if err != nil {
			m.broken = true
		} else if !again {
			m.key(k)
		}
	}
}

func (m *marker) key(k Key) {
	m.newest = max(m.newest, min(k.WrittenRaw(), 1<<62))
	m.cell(k.offset(), nkName+len(k.RawName()))
	if n := int(k.u16(nkClassLen)); n > 0 {
		m.cell(k.u32(nkClass), n)
	}
	m.security(k.u32(nkSecurity))
	if k.NumSubkeys() > 0 {
		m.list(k.u32(nkSubkeyList))
	}
	list, _ := k.valueList()
	if len(list) > 0 {
		m.cell(k.u32(nkValueList), len(list))
		m.rest(k, len(list))
	}
	for v, err := range k.Values() {
		if m.refs--; m.refs < 0 {
			return
		}
		if err != nil {
			m.broken = true
		} else {
			m.value(v)
		}
	}
}

// rest notes what may be offsets behind the end of a key's list of values, of which so many bytes are in use. A list that
// its cell cuts has no rest.
func (m *marker) rest(k Key, used int) {
	pos, end, _ := m.h.cellAt(k.u32(nkValueList))
	for p := pos + used; p+4 <= end; p += 4 {
		if m.restsLeft--; m.restsLeft < 0 {
			return
		}
		if off := le.Uint32(m.h.data[p:]); off%8 == 0 && off >= binHeader && uint64(off) < m.h.looseEnd() {
			m.rests = append(m.rests, rest{k.n, off})
		}
	}
}

// security marks the whole ring of descriptors from the first that is met.
func (m *marker) security(off uint32) {
	for {
		if m.met(off) {
			return
		}
		pos, end, ok := m.h.cellAt(off)
		if !ok || pos+skData > end || string(m.h.data[pos:pos+2]) != "sk" {
			return
		}
		m.cell(off, skData+int(min(le.Uint32(m.h.data[pos+skSize:]), uint32(end-pos))))
		off = le.Uint32(m.h.data[pos+skNext:])
	}
}

func (m *marker) list(off uint32) {
	l, _ := m.h.list(off)
	if l.stride == 0 || m.start.has(off) {
		return
	}
	pos, _, _ := m.h.cellAt(off)
	m.cell(off, int(l.end)-pos)
	if l.kind == 'r' {
		for p := l.pos; p < l.end && m.refs > 0; p += leafSlim {
			m.refs--
			leaf := le.Uint32(m.h.data[p:])
			if s, _ := m.h.list(leaf); s.stride != 0 && s.kind != 'r' {
				pos, _, _ := m.h.cellAt(leaf)
				m.cell(leaf, int(s.end)-pos)
			}
		}
	}
}

func (m *marker) value(v Value) {
	m.cell(v.offset(), vkName+len(v.RawName()))
	if v.Inline() || v.Size() == 0 {
		return
	}
	off := v.u32(vkData)
	if !v.big() {
		m.cell(off, int(v.Size()))
		return
	}
	pos, end, ok := m.h.cellAt(off)
	if !ok || pos+dbLength > end || m.start.has(off) || string(m.h.data[pos:pos+2]) != "db" {
		return
	}
	m.cell(off, dbLength)
	count := int(le.Uint16(m.h.data[pos+dbCount:]))
	list := le.Uint32(m.h.data[pos+dbList:])
	pos, end, ok = m.h.cellAt(list)
	if !ok {
		return
	}
	count = min(count, max(0, end-pos)/4)
	m.cell(list, 4*count)
	left := int(v.Size())
	for i := range count {
		if m.refs--; m.refs < 0 {
			return
		}
		m.cell(le.Uint32(m.h.data[pos+4*i:]), max(0, min(left, dbSegment)))
		left -= dbSegment
	}
}
