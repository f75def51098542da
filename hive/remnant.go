package hive

import (
	"iter"
	"slices"
	"strings"
	"time"
)

// remnantEntries finds entries with good hashes in a log that were not applied. Logs are used again without
// being cleared, so that they hold older states of the hive behind their last entry.
func remnantEntries(log []byte, applied []LogEntry) iter.Seq[logEntry] {
	return func(yield func(logEntry) bool) {
		// Hashing is bounded: hostile entries may claim to overlap.
		left := 4 * len(log)
		for at := sectorSize; at+entryRefs <= len(log); {
			if len(applied) > 0 && int64(at) == applied[0].Offset {
				applied = applied[1:]
				at += int(le.Uint32(log[at+entrySize:]))
				continue
			}
			if string(log[at:at+4]) == "HvLE" && left > 0 {
				left -= int(min(le.Uint32(log[at+entrySize:]), uint32(len(log))))
				if e, problem := parseEntry(log, at); problem == "" {
					if !yield(e) {
						return
					}
					at += e.size
					continue
				}
			}
			at += sectorSize
		}
	}
}

// A shadow is an older image of a hive: the present one with the pages of log entries laid over it.
type shadow struct {
	h     *Hive
	log   *Log
	pages []logPage
}

// maxShadows bounds the memory for older images to this and four times the size of the hive.
const maxShadows = 64 << 20

// logRemnants finds records in log entries that were not applied: of keys that are not in the tree, and of values
// that are not or have other data. Entries are read from the newest to the oldest.
//
// In a damaged tree a key may live although its path leads nowhere. unreachable has the folded paths of those whose
// cells are still there; a record whose place in the hive is lost is unreachable, too.
func (h *Hive) logRemnants(unreachable map[string]bool, yield func(Remnant) bool) {
	type source struct {
		log   *Log
		entry logEntry
	}
	var entries []source
	for i := range h.recovery.Logs {
		r := &h.recovery.Logs[i]
		if r.Format == "DIRT" && !r.Used {
			// The old format has no hash: a log that was refused counts if its base block is good.
			pages, problem := parseDirt(h.logs[r.index].Data, r.Header.BinsSize)
			if problem == "" && r.Header.ChecksumOK() {
				entries = append(entries, source{&h.logs[r.index], logEntry{seq: r.Header.PrimarySequence, pages: pages}})
			}
		}
		if r.Format != "HvLE" {
			continue
		}
		for e := range remnantEntries(h.logs[r.index].Data, r.Entries) {
			entries = append(entries, source{&h.logs[r.index], e})
		}
	}
	slices.SortStableFunc(entries, func(a, b source) int {
		switch {
		case before(b.entry.seq, a.entry.seq):
			return -1
		case before(a.entry.seq, b.entry.seq):
			return 1
		}
		return 0
	})
	left := 4*len(h.data) + maxShadows
	c := logCarver{
		h: h, seen: make(map[string]bool), unreachable: unreachable, yield: yield, room: 16*len(h.data) + 1<<24, left: 64*len(h.data) +
			1<<20,
	}
	var s *shadow
	for _, e := range entries {
		if s == nil || s.overlaps(e.entry.pages) || s.log != e.log {
			if left -= len(h.data); left < 0 {
				return
			}
			s = h.shadow(e.log)
		}
		s.lay(e.entry.pages, len(h.data)+2*len(e.log.Data))
		c.s = s
		if !c.entry(e.entry.pages) {
			return
		}
	}
}

func (h *Hive) shadow(log *Log) *shadow {
	s := &Hive{
		data: slices.Clone(h.data), cellHead: h.cellHead, root: h.root, lostRoot: h.lostRoot,
		header: h.header, minor: h.minor, layered: h.layered,
		binStart: make([]uint64, len(h.binStart)), remnant: true, pen: h.pen,
	}
	s.bins = s.data[baseSize:]
	return &shadow{h: s, log: log}
}

func (s *shadow) overlaps(pages []logPage) bool {
	return slices.ContainsFunc(pages, func(p logPage) bool {
		return slices.ContainsFunc(s.pages, func(q logPage) bool { return p.off < q.off+q.length && q.off < p.off+p.length })
	})
}

// lay copies pages over the image. One that would make the image grow out of proportion is left out.
func (s *shadow) lay(pages []logPage, limit int) {
	for _, p := range pages {
		end := baseSize + p.off + p.length
		if end > limit {
			continue
		}
		if grow := end - len(s.h.data); grow > 0 {
			s.h.data = append(s.h.data, make([]byte, grow)...)
		}
		copy(s.h.data[baseSize+p.off:], s.log.Data[p.at:p.at+p.length])
		s.pages = append(s.pages, p)
	}
	s.h.bins = s.h.data[baseSize:]
	s.h.binStart = make([]uint64, (len(s.h.bins)/pageSize+64)/64)
}

// inPages reports where in the log a position of the image comes from.
func inPages(pages []logPage, pos int) (at int, ok bool) {
	for _, p := range pages {
		if d := pos - baseSize - p.off; d >= 0 && d < p.length {
			return p.at + d, true
		}
	}
	return 0, false
}

// A logCarver compares the records in one entry with the tree.
type logCarver struct {
	h     *Hive
	s     *shadow
	seen  map[string]bool
	owned map[uint32]bool // values that were found by their key's list
	yield func(Remnant) bool

	unreachable map[string]bool // folded paths of keys that are in use

	// What may still come: bytes of paths, and steps of comparing with the tree. A record that could not be
	// compared any more is taken for a remnant.
	room, left int
}

// entry looks at the pages of an entry, keys first, and says false when the caller has had enough.
func (c *logCarver) entry(pages []logPage) bool {
	c.owned = make(map[uint32]bool)
	for _, letter := range [...]byte{'n', 'v'} {
		for _, p := range pages {
			from, to := baseSize+p.off, baseSize+p.off+p.length
			if to > len(c.s.h.data) {
				continue
			}
			// Records begin behind a cell's header; what lies elsewhere is older than the entry.
			for pos := from + c.h.cellHead; pos+vkName <= to; pos += 8 {
				if c.s.h.data[pos+1] != 'k' || c.s.h.data[pos] != letter {
					continue
				}
				if letter == 'n' && !c.key(pos, to, pages) || letter == 'v' && !c.orphan(pos, to, pages) {
					return false
				}
			}
		}
	}
	return true
}

// same reports whether the present image has the same bytes at a position.
func (c *logCarver) same(pos int, raw []byte) bool {
	return pos+len(raw) <= len(c.h.data) && string(c.h.data[pos:pos+len(raw)]) == string(raw)
}

// inUse reports whether the record of the entry is still in use at its place in a damaged tree, where its key or
// its key's list cannot be found.
func (c *logCarver) inUse(pos, length int) bool {
	return c.h.live().broken && c.same(pos, c.s.h.data[pos:pos+length]) && c.h.used(pos, length)
}

// remnant fills in what all records of an entry have in common, and reports whether the record is a new one.
func (c *logCarver) remnant(pos, length int, pages []logPage) (Remnant, bool) {
	r := Remnant{Source: FromLog, Offset: int64(pos), Raw: c.s.h.data[pos : pos+length], Log: c.s.log.Name, Path: "?", Grade: Partial}
	at, _ := inPages(pages, pos)
	r.LogAt = int64(at)
	r.Unreachable = c.h.live().broken && c.h.live().lost(pos-c.h.cellHead-baseSize) && c.s.h.used(pos, length)
	id := string(r.Raw) + string(le.AppendUint32(nil, uint32(pos)))
	if c.seen[id] {
		return r, false
	}
	c.seen[id] = true
	return r, true
}

func (c *logCarver) key(pos, end int, pages []logPage) bool {
	s := c.s.h
	if !s.plausibleKey(pos, end, len(s.bins), 0) {
		return true
	}
	k := s.looseKeyAt(uint32(pos))
	raw := s.data[pos : pos+nkName+int(k.u16(nkNameLen))]
	path := k.path(&c.room)
	now, lives := c.find(path)
	grade, notAfter := c.grade(path, k)
	if !lives && !c.same(pos, raw) && !(len(c.unreachable) > 0 && c.unreachable[Fold(path)]) {
		if r, ok := c.remnant(pos, len(raw), pages); ok {
			r.IsKey, r.Key, r.Path, r.Grade, r.NotAfter = true, k, path, grade, notAfter
			if !c.yield(r) {
				return false
			}
		}
	}
	for v, err := range k.Values() {
		if c.left--; c.left < 0 {
			break
		}
		if err != nil {
			continue
		}
		if _, ok := inPages(pages, int(v.n)); !ok {
			continue
		}
		c.owned[v.n] = true
		if lives && c.sameValue(now, v) || c.inUse(int(v.n), vkName+int(v.u16(vkNameLen))) {
			continue
		}
		r, ok := c.remnant(int(v.n), vkName+int(v.u16(vkNameLen)), pages)
		if !ok {
			continue
		}
		r.Key, r.Value, r.Path, r.Grade, r.NotAfter = k, v, path, grade, notAfter
		r.Data = c.state(v, pages)
		if !c.yield(r) {
			return false
		}
	}
	return true
}

// orphan is a value that no key of the entry owns.
func (c *logCarver) orphan(pos, end int, pages []logPage) bool {
	s := c.s.h
	if c.owned[uint32(pos)] || !s.plausibleValue(pos, end, len(s.bins)) {
		return true
	}
	v := s.looseValueAt(uint32(pos))
	raw := s.data[pos : pos+vkName+int(v.u16(vkNameLen))]
	if c.same(pos, raw) {
		return true
	}
	r, ok := c.remnant(pos, len(raw), pages)
	if !ok {
		return true
	}
	r.Value, r.Data = v, c.state(v, pages)
	return c.yield(r)
}

// grade reports how far the path of a key in the entry reaches into the present tree.
func (c *logCarver) grade(path string, k Key) (Grade, time.Time) {
	if strings.HasPrefix(path, "?") {
		return Partial, time.Time{}
	}
	parent, ok := c.find(path[:max(0, strings.LastIndexByte(path, '\\'))])
	if !ok {
		return Full, time.Time{}
	}
	if parent.WrittenRaw() < k.WrittenRaw() {
		return Exact, time.Time{}
	}
	return Exact, parent.Written()
}

// state reports whether the data of a value comes from the same entry.
func (c *logCarver) state(v Value, pages []logPage) DataState {
	if v.Inline() || v.Size() == 0 {
		return DataIntact
	}
	_, state, _ := v.looseData(false)
	off := v.u32(vkData)
	if _, ok := inPages(pages, baseSize+int(min(off, maxImage))); !ok && state < DataReused {
		state = DataMerged
		if c.h.live().covered(off, 8) {
			state = DataReused
		}
	}
	return state
}

// find returns the live key at a path.
func (c *logCarver) find(path string) (Key, bool) {
	k, err := c.h.Root()
	if err != nil {
		return Key{}, false
	}
	var buf [256]uint16
	for part := range strings.SplitSeq(strings.TrimPrefix(path, `\`), `\`) {
		if part == "" {
			break
		}
		var ok bool
		if k, ok = k.lookup(upperUnits(buf[:0], part), &c.left); !ok {
			return Key{}, false
		}
	}
	return k, true
}

// sameValue reports whether a live key has the value with the same data.
func (c *logCarver) sameValue(k Key, v Value) bool {
	list, _ := k.valueList()
	if c.left -= len(list) / 4; c.left < 0 {
		return false
	}
	now, err := k.Value(v.Name())
	if err != nil || now.Type() != v.Type() || now.Size() != v.Size() {
		return false
	}
	if c.left -= int(v.Size()); c.left < 0 {
		return false
	}
	a, _ := now.Bytes()
	b, _ := v.Bytes()
	return string(a) == string(b)
}
