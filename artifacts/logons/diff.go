package logons

import (
	"cmp"
	"slices"
	"time"
)

// A Period is a time from its begin up to its end, which does not belong to it.
type Period struct{ From, To time.Time }

func (p Period) holds(t time.Time) bool { return !t.Before(p.From) && t.Before(p.To) }

// A Difference is an edge whose attempts differ between two periods.
type Difference struct {
	Edge *Edge
	A, B int // attempts in the first and in the second period
}

// Diff compares two periods: edges that only one of them has, and those with
// other counts.
func (a *Analysis) Diff(p, q Period) []Difference {
	type key struct {
		account        *Account
		source, target *Host
		kind           string
		logon          int
	}
	found := map[key]*Difference{}
	for _, e := range a.Edges {
		found[key{e.Account, e.Source, e.Target, e.Kind, e.Type}] = &Difference{Edge: e}
	}
	for _, t := range a.tries().All() {
		d := found[key{t.Account, t.Source, t.Dest, t.Kind, t.Type}]
		if d == nil {
			continue // of an edge beyond the limit
		}
		if p.holds(t.Time) {
			d.A++
		}
		if q.holds(t.Time) {
			d.B++
		}
	}
	var out []Difference
	for _, d := range found {
		if d.A != d.B {
			out = append(out, *d)
		}
	}
	rank := func(d Difference) int {
		switch {
		case d.A == 0:
			return 0 // new
		case d.B == 0:
			return 1 // gone
		}
		return 2
	}
	slices.SortFunc(out, func(x, y Difference) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(y.A+y.B, x.A+x.B), cmp.Compare(x.Edge.String(), y.Edge.String()),
			cmp.Compare(x.Edge.Type, y.Edge.Type))
	})
	return out
}
