package programs

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// The conditions of a coupling: this many starts, each followed by one of the
// other within this time, and with gaps that differ by no more than this.
const (
	coupleLeast  = 3
	coupleMost   = 1000
	coupleGap    = time.Second
	coupleSpread = 200 * time.Millisecond
)

// A unit is a list of starts: of one Prefetch file, or all that are known.
type unit struct {
	p     *prog
	times []time.Time
}

// couple finds programs that always started together. It shows links that no tree
// of processes has: through the service manager, or another server.
func couple(list []*prog) {
	byCount := map[int][]unit{}
	note := func(p *prog, times []time.Time) {
		if len(times) >= coupleLeast && len(times) <= coupleMost {
			byCount[len(times)] = append(byCount[len(times)], unit{p, times})
		}
	}
	for _, p := range list {
		files := map[string][]time.Time{}
		list := p.of(srcPrefetch).list
		for i := range list {
			r := &list[i]
			files[r.ref.Record] = append(files[r.ref.Record], r.time)
		}
		all := make([]time.Time, len(p.p.Starts))
		for i := range p.p.Starts {
			all[i] = p.p.Starts[i].Time
		}
		for _, file := range slices.Sorted(maps.Keys(files)) {
			times := files[file]
			slices.SortFunc(times, time.Time.Compare)
			if len(files) > 1 || !slices.EqualFunc(times, all, time.Time.Equal) {
				note(p, times)
			}
		}
		note(p, all)
	}
	// Of several lists of two programs the longest is kept.
	for _, n := range slices.Backward(slices.Sorted(maps.Keys(byCount))) {
		units := byCount[n]
		slices.SortStableFunc(units, func(a, b unit) int {
			return cmp.Or(a.times[0].Compare(b.times[0]), cmp.Compare(a.p.key, b.p.key), cmp.Compare(a.p.volume, b.p.volume))
		})
		for i, a := range units {
			for _, b := range units[i+1:] {
				if b.times[0].Sub(a.times[0]) > coupleGap {
					break
				}
				tie(a, b)
			}
		}
	}
	for _, p := range list {
		slices.SortFunc(p.p.Coupled, func(a, b Coupling) int {
			return cmp.Or(cmp.Compare(b.Starts, a.Starts), cmp.Compare(a.Path,
				b.Path))
		})
	}
}

// tie notes a coupling where two lists have one. The first start of a is not after
// that of b.
func tie(a, b unit) {
	if a.p == b.p {
		return
	}
	least, most := coupleGap, time.Duration(0)
	for i := range a.times {
		gap := b.times[i].Sub(a.times[i])
		if gap <= 0 || gap > coupleGap {
			return
		}
		least, most = min(least, gap), max(most, gap)
	}
	if most-least > coupleSpread {
		return
	}
	for _, c := range a.p.p.Coupled {
		if c.Path == b.p.key {
			return
		}
	}
	add(&a.p.p.Coupled, Coupling{Path: b.p.key, First: true, Starts: len(a.times), Least: least, Most: most})
	add(&b.p.p.Coupled, Coupling{Path: a.p.key, Starts: len(a.times), Least: least, Most: most})
}

// nameCouples replaces the keys of coupled programs by their paths and ids.
func nameCouples(list []*Program) {
	byKey := map[string]*Program{}
	for _, p := range list {
		if byKey[p.Key] == nil {
			byKey[p.Key] = p
		}
	}
	for _, p := range list {
		for i := range p.Coupled {
			if o := byKey[p.Coupled[i].Path]; o != nil {
				p.Coupled[i].ID, p.Coupled[i].Path = o.ID, o.Path
			}
		}
	}
}
