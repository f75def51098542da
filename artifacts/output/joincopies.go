package output

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
)

// Copies that tell the same are looked for among the events of one instant. A
// machine that stamps everything alike, or hostile evidence, can have more of
// those than fit into memory; they go through a sort of their own.

// maxInstant is how many bytes of coded rows of one instant are joined in
// memory.
const maxInstant = 16 << 20

// keptInstant is how many bytes of them are kept for the rows of the next instants.
const keptInstant = 64 << 10

// maxAlso is how many other places a row names; the rest is counted.
const maxAlso = 100

// joined yields the rows of a sorted sequence, copies joined.
func (s *Sorter) joined(coded iter.Seq2[[]byte, error]) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		g := gathered{by: s}
		defer g.close()
		var last []byte
		for b, err := range coded {
			if err == nil && last != nil && !sameInstant(last, b) && !g.flush(yield) {
				return
			}
			if err == nil {
				last = append(last[:0], b[:12]...)
				err = g.add(b)
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
		if last != nil {
			g.flush(yield)
		}
	}
}

// A gathered holds the rows of one instant, in memory as long as they are few.
type gathered struct {
	by    *Sorter
	group [][]byte
	size  int
	big   *instant // where they are many
}

// add takes a row, which belongs to the caller again afterwards.
func (g *gathered) add(b []byte) error {
	if g.big == nil && g.size+len(b) > maxInstant && len(g.group) > 0 {
		g.big = &instant{by: Sorter{Budget: g.by.Budget, Dir: g.by.Dir, plain: true},
			out: Sorter{Budget: g.by.Budget, Dir: g.by.Dir, plain: true}}
		for _, row := range g.group {
			if err := g.big.add(row); err != nil {
				return err
			}
		}
		g.group, g.size = nil, 0
	}
	if g.big != nil {
		return g.big.add(b)
	}
	n := len(g.group)
	g.group = slices.Grow(g.group, 1)[:n+1]
	g.group[n] = append(g.group[n][:0], b...) // over a row of an instant before
	g.size += len(b)
	return nil
}

// flush yields the rows and lets go of them.
func (g *gathered) flush(yield func(*Row, error) bool) bool {
	if g.big != nil {
		defer g.close()
		return g.big.each(yield)
	}
	ok := eachJoined(g.group, yield)
	if g.group = g.group[:0]; g.size > keptInstant {
		g.group = nil
	}
	g.size = 0
	return ok
}

func (g *gathered) close() {
	if g.big != nil {
		g.big.close()
		g.big = nil
	}
}

// eachJoined yields one instant that fits into memory.
func eachJoined(group [][]byte, yield func(*Row, error) bool) bool {
	rows := make([]*Row, 0, len(group))
	backups := false
	for _, b := range group {
		r, err := decodeRow(b)
		if err != nil {
			yield(nil, err)
			return false
		}
		backups = backups || r.copied() || r.logged()
		rows = append(rows, r)
	}
	if len(rows) > 1 && backups {
		rows = joinRows(rows)
	}
	for _, r := range rows {
		if !yield(r, nil) {
			return false
		}
	}
	return true
}

// joinRows joins the rows of one instant that tell the same; those of today's
// machine stand for the others. The order stays.
func joinRows(rows []*Row) []*Row {
	first := make(map[string]*Row, len(rows))
	gone := map[*Row]bool{}
	var j joiner
	for _, backup := range []bool{false, true} {
		for _, r := range rows {
			if r.copied() != backup {
				continue
			}
			place := r.place()
			stand, ok := first[place]
			if ok && j.join(stand, r) {
				gone[r] = true
			} else if !ok {
				first[place] = r
			}
		}
	}
	return slices.DeleteFunc(rows, func(r *Row) bool { return gone[r] })
}

// A joiner counts what it leaves out.
type joiner struct{ more map[*Row]int }

// join takes r's place into stand, if one of them is an older copy, or both are a
// record of an event log, and they come from different records.
func (j *joiner) join(stand, r *Row) bool {
	if !r.copied() && !stand.copied() && !r.logged() || stand.record == r.record {
		return false
	}
	if len(stand.Also) < maxAlso {
		if at := r.location(); !slices.Contains(stand.Also, at) {
			stand.Also = append(stand.Also, at)
		}
		return true
	}
	if j.more == nil {
		j.more = map[*Row]int{}
	}
	j.more[stand]++
	stand.Also = append(stand.Also[:maxAlso], fmt.Sprintf("%d more", j.more[stand]))
	return true
}

// An instant holds the rows of one time when they do not fit into memory:
// sorted by place, live ones first, they come together; joined, they are
// sorted again as timelines are.
type instant struct{ by, out Sorter }

func (x *instant) add(coded []byte) error {
	r, err := decodeRow(coded)
	if err != nil {
		return err
	}
	// A row under the hash of its place, wrapped as a row: the time is the
	// same for all, so the first text after it decides.
	sum := sha256.Sum256([]byte(r.place()))
	key := sum[:16]
	if r.copied() {
		key = append(key, 1)
	} else {
		key = append(key, 0)
	}
	n := x.by.n
	x.by.n++
	key = binary.BigEndian.AppendUint64(key, uint64(n))
	b := slices.Concat(coded[:12], appendText(nil, string(key)), []byte{0, 0, 0, 0}, coded)
	return x.by.add(b)
}

func (x *instant) each(yield func(*Row, error) bool) bool {
	slices.SortFunc(x.by.rows, compareCoded)
	fail := func(err error) bool { yield(nil, err); return false }
	var stand *Row
	var place []byte
	var j joiner
	put := func() error {
		if stand == nil {
			return nil
		}
		return x.out.AddRow(stand)
	}
	for b, err := range x.by.merged(x.by.rows) {
		if err != nil {
			return fail(err)
		}
		key, rest := cutText(b[12:])
		r, err := decodeRow(rest[4:])
		if err != nil {
			return fail(err)
		}
		if stand != nil && string(place) == string(key[:16]) {
			if j.join(stand, r) {
				continue
			}
			if err := x.out.AddRow(r); err != nil {
				return fail(err)
			}
			continue
		}
		if err := put(); err != nil {
			return fail(err)
		}
		stand, place, j = r, append(place[:0], key[:16]...), joiner{}
	}
	if err := put(); err != nil {
		return fail(err)
	}
	for r, err := range x.out.Rows() {
		if !yield(r, err) {
			return false
		}
	}
	return true
}

func (x *instant) close() {
	x.by.Close()
	x.out.Close()
}
