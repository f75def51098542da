package hive

import (
	"cmp"
	"iter"
	"math/bits"
	"slices"
	"strings"
	"time"
)

// A Remnant is a key or a value that is not part of the tree any more, or never was written back to it.
type Remnant struct {
	IsKey bool

	// Unreachable marks a record whose cell is in use although no list leads to it: what led there is damaged.
	// It was not deleted. A sound hive has none.
	Unreachable bool

	Key      Key       // the key; of a value the key that it belonged to, see [Key.IsZero]
	Value    Value     // of a value
	Path     string    // of the key; of a value that of its key. `?` stands for what is not known
	Grade    Grade     // how far the path can be trusted
	Source   Source    // where the record was found
	Offset   int64     // of the record in the image: where its two letters stand
	Also     []int64   // where else the same record was found
	NotAfter time.Time // it was deleted then or before; zero where no bound is known
	Data     DataState // of a value
	Raw      []byte    // the record, with its name
	Log      string    // name of the log, for FromLog
	LogAt    int64     // where the record stands in that log
}

// A Grade reports how far the path of a remnant can be trusted.
type Grade uint8

// The grades, from the best.
const (
	Exact    Grade = iota // the record's parent is a live key
	Full                  // the path reaches a live key, or the place of a lost root, through keys that are not live
	Partial               // the path is not known up to the root
	Doubtful              // the parent's place may have been given to another key since
)

var grades = [...]string{"exact", "full", "partial", "doubtful"}

func (g Grade) String() string { return grades[min(int(g), len(grades)-1)] }

// A Source reports where a remnant was found.
type Source uint8

// The sources, in falling trust.
const (
	FromValueList    Source = iota // a live key's list of values still has its offset behind the end
	FromFreeCell                   // in a cell that is free
	FromUnreferenced               // in a cell that is in use, yet not part of the tree
	FromSlack                      // behind the record in a cell of the tree
	FromTail                       // behind the last bin
	FromLog                        // in a log entry that was not applied
)

var sources = [...]string{"value list", "free cell", "unreferenced cell", "slack", "tail", "log"}

func (s Source) String() string { return sources[min(int(s), len(sources)-1)] }

// Deleted searches the whole file for keys and values that are not part of the tree: lists, free cells, cells that
// nothing refers to, slack, the tail, and entries of the logs that were not applied. They come sorted by offset,
// those from logs last. The search needs no sound tree.
//
// Windows frees the cell of what it deletes. A record in a cell that is in use is therefore not deleted but
// unreachable, and marked so: see [Remnant] and [Hive.Unreachable].
//
// What looks like a record is believed to be one when each of its fields can be; a value that belonged to a
// deleted key is found by that key's list, others are orphans. Keys and values of a remnant read only what the
// tree does not use: [Value.Bytes] gives an error where a deleted value's data is overwritten.
//
// Entries of logs are searched from the newest to the oldest, as far as 64 MiB and four times the size of the
// hive suffice for the images that they belong to. A value from a log may be an older state of one that lives.
func (h *Hive) Deleted() iter.Seq[Remnant] {
	return func(yield func(Remnant) bool) {
		c := h.carver()
		c.lists()
		c.bins()
		c.slack()
		c.scan(baseSize+len(h.bins), len(h.data), FromTail)
		unreachable := make(map[string]bool)
		for _, r := range c.finish() {
			if r.Unreachable && r.IsKey {
				unreachable[Fold(r.Path)] = true
			}
			if !yield(r) {
				return
			}
		}
		h.logRemnants(unreachable, yield)
	}
}

// Unreachable searches the bins for keys and values that are in use although the tree does not lead to them, because
// a list, a key or the root is damaged. It returns those remnants of [Hive.Deleted] that are marked Unreachable and do
// not come from a log, and does not look for any others.
func (h *Hive) Unreachable() iter.Seq[Remnant] {
	return func(yield func(Remnant) bool) {
		c := h.carver()
		c.inUse = true
		c.bins()
		if c.live.broken {
			c.slack()
		}
		for _, r := range c.finish() {
			if r.Unreachable && !yield(r) {
				return
			}
		}
	}
}

// IsZero reports whether k is the zero Key, which is no key.
func (k Key) IsZero() bool { return k.h == nil }

// A carver collects remnants of one image.
type carver struct {
	h      *Hive
	live   *liveMap
	found  []Remnant
	keys   map[uint32]int // index in found by position
	values map[uint32]int
	chain  []Key // scratch
	inUse  bool  // only records that are in use are looked for

	// What may still come: bytes of paths, for hostile keys may all lie 512 levels deep; and segments of big
	// data, for hostile values may all name the same.
	room, segments int
}

func (h *Hive) carver() *carver {
	return &carver{
		h: h, live: h.live(), room: 16*len(h.data) + 1<<24, segments: len(h.data)/64 + 1024,
		keys: make(map[uint32]int), values: make(map[uint32]int),
	}
}

// lists looks behind the end of the live keys' lists of values.
func (c *carver) lists() {
	for _, r := range c.live.rests {
		v, problem := c.h.tryLooseValue(r.off)
		if problem != "" || c.h.used(int(v.n), vkName+int(v.u16(vkNameLen))) {
			continue // a cell that is in use again is another key's
		}
		if _, ok := c.values[v.n]; !ok {
			c.value(v, FromValueList)
			k := c.h.keyAt(r.key)
			last := &c.found[len(c.found)-1]
			last.Key, last.Path, last.Grade, last.NotAfter = k, k.path(&c.room), Exact, k.Written()
		}
	}
}

// bins scans all cells that are not part of the tree, and what cannot be enumerated.
func (c *carver) bins() {
	gaps := c.live.gaps
	for w, word := range c.live.cells {
		for word &^= c.live.start[w]; word != 0; word &= word - 1 {
			off := (w*64 + bits.TrailingZeros64(word)) * 8
			for ; len(gaps) > 0 && gaps[0].from < off; gaps = gaps[1:] {
				c.gap(gaps[0].from, gaps[0].to)
			}
			size, source := int(int32(le.Uint32(c.h.bins[off:]))), FromFreeCell
			if size < 0 {
				size, source = -size, FromUnreferenced
			}
			if source == FromUnreferenced || !c.inUse || c.live.broken {
				c.scan(baseSize+off+4, baseSize+off+size, source)
			}
		}
	}
	for _, g := range gaps {
		c.gap(g.from, g.to)
	}
}

// slack scans what the records of the tree leave of their cells.
func (c *carver) slack() {
	for _, s := range c.live.slack {
		c.scan(s.from, s.to, FromSlack)
	}
}

// gap scans the runs between two offsets that the tree does not cover.
func (c *carver) gap(from, to int) {
	from = (from + 7) &^ 7
	for from < to {
		n := c.live.uncovered(uint32(from), to-from)
		if n > 0 {
			c.scan(baseSize+from, baseSize+from+n, FromUnreferenced)
		}
		// Over covered words as a whole.
		from += max(n, 8)
		for from < to && c.live.cover.has(uint32(from)) {
			word := c.live.cover[from/8/64] >> (from / 8 % 64)
			from += 8 * max(1, bits.TrailingZeros64(^word))
		}
	}
}

// scan looks at each even position of a region for records.
func (c *carver) scan(from, to int, source Source) {
	b := c.h.data[:to]
	bins := len(c.h.bins)
	if source == FromTail {
		bins = maxImage // the hive was larger when the tail was a part of it
	}
	for p := from; p+vkName <= to; p += 2 {
		if b[p+1] != 'k' {
			continue
		}
		switch b[p] {
		case 'n':
			if c.h.plausibleKey(p, to, bins, c.live.newest) || c.h.usedKey(p, to, bins) {
				c.key(c.h.looseKeyAt(uint32(p)), source)
				p += (nkName + int(le.Uint16(b[p+nkNameLen:])) - 1) &^ 1
			}
		case 'v':
			if c.h.plausibleValue(p, to, bins) {
				if _, ok := c.values[uint32(p)]; !ok && !c.lives(uint32(p)) {
					c.value(c.h.looseValueAt(uint32(p)), source)
				}
				p += (vkName + int(le.Uint16(b[p+vkNameLen:])) - 1) &^ 1
			}
		}
	}
}

// used reports whether a record of that length at a position of the image fills a cell of its own that is in use.
// A cell is freed before it becomes a part of a larger free cell or is given out again, and its old header stays: in
// none of the real hives that were searched has a deleted record the header of a cell in use.
func (h *Hive) used(pos, length int) bool {
	off := pos - h.cellHead - baseSize
	if off < binHeader || off%8 != 0 || off+h.cellHead+length > len(h.bins) {
		return false
	}
	size := -int64(int32(le.Uint32(h.bins[off:])))
	return size >= int64(h.cellHead+length) && size%8 == 0 && int64(off)+size <= int64(len(h.bins))
}

// usedKey is plausibleKey for a record in a cell that is in use: any time will do.
func (h *Hive) usedKey(pos, end, bins int) bool {
	if pos+nkName > end || !h.used(pos, nkName+int(le.Uint16(h.data[pos+nkNameLen:]))) {
		return false
	}
	return h.plausibleKeyAnyTime(pos, end, bins)
}

// lives reports whether the record at a position of the image is one of the tree: a cell whose size is wrong may have
// others of the tree in what looks like its slack.
func (c *carver) lives(n uint32) bool {
	off := int64(n) - baseSize - int64(c.h.cellHead)
	return off >= binHeader && off%8 == 0 && off < int64(len(c.h.bins)) && c.live.start.has(uint32(off))
}

// used reports whether a record is in use. In a free cell and in slack one can only be when a size is wrong.
func (c *carver) used(pos, length int, source Source) bool {
	return (source == FromUnreferenced || c.live.broken && source != FromTail) && c.h.used(pos, length)
}

func (c *carver) key(k Key, source Source) {
	if _, ok := c.keys[k.n]; ok || c.lives(k.n) {
		return
	}
	length := nkName + int(k.u16(nkNameLen))
	used := c.used(int(k.n), length, source)
	if c.inUse && !used {
		return
	}
	c.keys[k.n] = len(c.found)
	c.found = append(c.found, Remnant{
		IsKey: true, Unreachable: used, Key: k, Source: source, Offset: int64(k.n), Grade: Partial, Raw: c.h.data[k.n : int(k.n)+length],
	})
}

func (c *carver) value(v Value, source Source) {
	length := vkName + int(v.u16(vkNameLen))
	used := c.used(int(v.n), length, source)
	if c.inUse && !used {
		return
	}
	c.values[v.n] = len(c.found)
	r := Remnant{
		Unreachable: used, Value: v, Source: source, Offset: int64(v.n), Path: "?", Grade: Partial, Raw: c.h.data[v.n : int(v.n)+length],
	}
	if !v.Inline() && v.Size() > 0 {
		if v.big() {
			c.segments -= min(int(v.Size()), len(c.h.data)) / dbSegment
		}
		if r.Data = DataReused; !v.big() || c.segments >= 0 {
			_, r.Data, _ = v.looseData(false)
		}
	}
	c.found = append(c.found, r)
}

// finish finds paths, gives values to their keys and joins what was found twice.
func (c *carver) finish() []Remnant {
	for i := range c.found {
		if r := &c.found[i]; r.IsKey {
			r.Path, r.Grade, r.NotAfter = c.path(r.Key, r.Unreachable)
		}
	}
	left := len(c.h.data)/4 + 1
	c.owned(true, &left)
	if !c.inUse {
		c.owned(false, &left)
	}
	slices.SortStableFunc(c.found, func(a, b Remnant) int { return cmp.Compare(a.Offset, b.Offset) })
	return joined(c.found)
}

// owned gives values to the keys that list them: keys in use first, for a deleted key's values may have been given
// to others since, and a value in use is none of a deleted key's.
func (c *carver) owned(inUse bool, left *int) {
	for i := range c.found {
		if !c.found[i].IsKey || c.found[i].Unreachable != inUse {
			continue
		}
		list, _ := c.found[i].Key.valueList()
		for ; len(list) >= 4 && *left > 0; list = list[4:] {
			*left--
			v, problem := c.h.tryLooseValue(le.Uint32(list))
			if problem != "" {
				continue
			}
			at, ok := c.values[v.n]
			if !ok {
				n := len(c.found)
				if c.value(v, c.found[i].Source); n == len(c.found) {
					continue
				}
				at = n
			}
			if r, k := &c.found[at], &c.found[i]; r.Key.IsZero() && (inUse || !r.Unreachable) {
				r.Key, r.Path, r.Grade, r.NotAfter = k.Key, k.Path, k.Grade, k.NotAfter
			}
		}
	}
}

// joined puts deleted records that were found more than once together. Two cells in use are two records.
func joined(found []Remnant) []Remnant {
	type identity struct {
		record string // what identifies it
		owner  uint32
		isKey  bool
	}
	identify := func(r *Remnant) identity {
		if r.IsKey {
			// Time, parent and name.
			return identity{record: string(r.Raw[nkWritten:nkWritten+8]) + string(r.Raw[nkParent:nkParent+4]) + string(r.Raw[nkName:]),
				isKey: true}
		}
		return identity{record: string(r.Raw[vkNameLen:vkFlags]) + string(r.Raw[vkName:]), owner: r.Key.n}
	}
	seen := make(map[identity]int, len(found)) // index in found, where the list grows meanwhile: it never overtakes
	inUse := make(map[identity][]int64)        // further places of records that are in use
	for i := range found {
		if found[i].Unreachable {
			inUse[identify(&found[i])] = nil
		}
	}
	list := found[:0]
	for _, r := range found {
		id := identify(&r)
		if i, ok := seen[id]; ok && !r.Unreachable {
			list[i].Also = append(list[i].Also, r.Offset)
			continue
		}
		if places, ok := inUse[id]; ok && !r.Unreachable {
			inUse[id] = append(places, r.Offset)
			continue
		}
		if _, ok := seen[id]; !ok {
			seen[id] = len(list)
			r.Also = inUse[id]
		}
		list = append(list, r)
	}
	return list
}

// path follows the parents of a key that is not live to the first live one; regf section 14. The time bounds when a
// deleted key was deleted.
func (c *carver) path(k Key, inUse bool) (path string, grade Grade, notAfter time.Time) {
	chain := c.chain[:0]
	defer func() { c.chain = chain }()
	if inUse && k.Flags()&KeyRoot != 0 {
		return `\`, Full, time.Time{}
	}
	for depth := range maxDepth {
		chain = append(chain, k)
		off := k.parentOffset()
		if off == c.h.lostRoot && off != noOffset {
			return joinPath("", chain, &c.room), Full, time.Time{}
		}
		if off%8 != 0 || off < binHeader || uint64(off) >= c.h.looseEnd() {
			break
		}
		if live, err := c.h.key(off); err == nil && c.live.start.has(off) { // err first: it bounds off
			head := ""
			if !live.isRoot() {
				head = live.path(&c.room)
			}
			path = joinPath(head, chain, &c.room)
			if depth > 0 {
				grade = Full
			}
			switch {
			case strings.HasPrefix(path, "?"):
				return path, Partial, time.Time{}
			case inUse:
				return path, grade, time.Time{}
			case live.WrittenRaw() < k.WrittenRaw() && !live.listed(k.offset()):
				// A key is deleted after its subkeys, and deleting one writes its parent: a true parent is
				// never older, unless its own list remembers the key.
				return path, Doubtful, time.Time{}
			}
			return path, grade, live.Written()
		}
		i, ok := c.keys[off+baseSize+uint32(c.h.cellHead)]
		if !ok || c.found[i].Key == k {
			break
		}
		k = c.found[i].Key
	}
	return joinPath("?", chain, &c.room), Partial, time.Time{}
}

// listed reports whether a key's list of subkeys still has an offset behind its end.
func (k Key) listed(off uint32) bool {
	l, err := k.h.list(k.u32(nkSubkeyList))
	if err != nil || l.kind == 'r' || k.NumSubkeys() == 0 {
		return false
	}
	_, end, _ := k.h.cellAt(k.u32(nkSubkeyList))
	end = min(end, int(l.end)+1<<15) // slack is short; a hostile cell need not be
	for p := int(l.end); p+int(l.stride) <= end; p += int(l.stride) {
		if le.Uint32(k.h.data[p:]) == off {
			return true
		}
	}
	return false
}
