package programs

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// Choose returns the programs that a view shows, worst first and then by their
// first start. Without names it leaves out programs without findings, unless all
// are asked for.
func (m *Model) Choose(v *View) iter.Seq[*Program] {
	list := m.choose(v)
	return func(yield func(*Program) bool) {
		for i := range list {
			p := list[i].p
			if p == nil {
				p = m.quietProgram(list[i].quiet)
			}
			if !yield(p) {
				return
			}
		}
	}
}

// A choice is a program, or the place of one that is made when it is looked at.
type choice struct {
	p     *Program
	quiet int
	seen  time.Time
}

func (m *Model) choose(v *View) []choice {
	var out []choice
	quiet := 0
	for p, made := range m.chooseFrom(v) {
		c := choice{seen: p.FirstSeen()}
		if made {
			c.quiet = quiet
			quiet++
		} else {
			c.p = p
		}
		switch {
		case len(v.Names) > 0:
			if !slices.ContainsFunc(v.Names, p.Named) {
				continue
			}
		case !v.All && worth(p.Level) < worth("low"):
			continue
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b choice) int {
		if x, y := a.p, b.p; x != nil || y != nil {
			x, y = cmp.Or(x, &unrated), cmp.Or(y, &unrated)
			if c := cmp.Or(cmp.Compare(worth(y.Level), worth(x.Level)), cmp.Compare(y.Score, x.Score)); c != 0 {
				return c
			}
		}
		return a.seen.Compare(b.seen)
	})
	return out
}

// unrated stands for programs that no finding is about.
var unrated Program

// chooseFrom returns all programs where a view may show those without findings.
func (m *Model) chooseFrom(v *View) iter.Seq2[*Program, bool] {
	if v.All || len(v.Names) > 0 {
		return m.All()
	}
	return func(yield func(*Program, bool) bool) {
		for _, p := range m.Programs {
			if !yield(p, false) {
				return
			}
		}
	}
}
