package casefile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
)

// The kinds of a [Change] of observations.
const (
	New     = "new"     // the second case has it, the first not
	Gone    = "gone"    // the first case has it, the second not
	Changed = "changed" // both have it: with another spelling, level or number of records
)

// A Change is one difference between two machines, or two scans of one. It goes by
// the key that a thing has on every machine.
type Change struct {
	Change        string
	Kind, Key     string
	Before, After *observations.Observation // nil where the case does not have it
	Says          string                    // what changed, of biographies
}

// Level is the higher of the levels before and after.
func (c *Change) Level() findings.Level {
	var l findings.Level
	for _, x := range []*observations.Observation{c.Before, c.After} {
		if x != nil {
			v, _ := findings.ParseLevel(x.Level)
			l = max(l, v)
		}
	}
	return l
}

// Diff yields what differs between two machines, by kind and key. Memory does not
// depend on how many observations there are.
func Diff(ctx context.Context, before, after *Machine) iter.Seq2[*Change, error] {
	return func(yield func(*Change, error) bool) {
		a, stopA := before.pull(ctx)
		defer stopA()
		b, stopB := after.pull(ctx)
		defer stopB()
		x, err := a()
		if err == nil {
			var y *observations.Observation
			y, err = b()
			for err == nil && (x != nil || y != nil) {
				c := 0
				switch {
				case x == nil:
					c = 1
				case y == nil:
					c = -1
				default:
					c = cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Key, y.Key))
				}
				if ch := changeOf(c, x, y); ch != nil && !yield(ch, nil) {
					return
				}
				if c <= 0 {
					x, err = a()
				}
				if c >= 0 && err == nil {
					y, err = b()
				}
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// changeOf returns the change that two observations make, nil when they are alike. c
// compares their keys.
func changeOf(c int, x, y *observations.Observation) *Change {
	switch {
	case c < 0:
		return &Change{Change: Gone, Kind: x.Kind, Key: x.Key, Before: x}
	case c > 0:
		return &Change{Change: New, Kind: y.Kind, Key: y.Key, After: y}
	case x.Where != y.Where || x.Count != y.Count || x.Level != y.Level:
		return &Change{Change: Changed, Kind: x.Kind, Key: x.Key, Before: x, After: y}
	}
	return nil
}

// pull returns a function that returns the observations of a machine one by one, nil
// after the last.
func (m *Machine) pull(ctx context.Context) (next func() (*observations.Observation, error), stop func()) {
	if _, ok := m.output(observations.FileName); !ok {
		return func() (*observations.Observation, error) {
			return nil, fmt.Errorf("%s: the case has no %s: scan the evidence again", m.Dir, observations.FileName)
		}, func() {}
	}
	pull, stop := iter.Pull2(m.lines(ctx, observations.FileName))
	var last *observations.Observation
	return func() (*observations.Observation, error) {
		line, err, ok := pull()
		switch {
		case !ok:
			return nil, nil
		case err != nil:
			return nil, err
		}
		o := new(observations.Observation)
		if err := o.Parse(line); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", m.Dir, observations.FileName, err)
		}
		if last != nil && cmp.Or(cmp.Compare(last.Kind, o.Kind), cmp.Compare(last.Key, o.Key)) >= 0 {
			return nil, fmt.Errorf("%s: %s is not sorted", m.Dir, observations.FileName)
		}
		last = o
		return o, nil
	}, stop
}

// A Pair is two machines to be compared.
type Pair struct{ Before, After *Machine }

// Pairs returns which machines of two cases belong together: by their MachineGuid,
// else by their name. Two cases of one machine each are a pair. Machines without a
// counterpart are returned beside.
func Pairs(before, after *Case) (pairs []Pair, alone []*Machine, err error) {
	if len(before.Machines) == 1 && len(after.Machines) == 1 {
		return []Pair{{before.Machines[0], after.Machines[0]}}, nil, nil
	}
	taken := map[*Machine]bool{}
	find := func(same func(*Machine) bool) *Machine {
		i := slices.IndexFunc(after.Machines, func(m *Machine) bool { return !taken[m] && same(m) })
		if i < 0 {
			return nil
		}
		return after.Machines[i]
	}
	for _, a := range before.Machines {
		b := find(func(m *Machine) bool {
			return a.MachineGUID != "" && m.MachineGUID == a.MachineGUID && m.Name == a.Name
		})
		if b == nil {
			b = find(func(m *Machine) bool { return m.Name == a.Name })
		}
		if b == nil {
			alone = append(alone, a)
			continue
		}
		taken[b] = true
		pairs = append(pairs, Pair{a, b})
	}
	for _, b := range after.Machines {
		if !taken[b] {
			alone = append(alone, b)
		}
	}
	if len(pairs) == 0 {
		return nil, nil, errors.New("the two cases have no machine in common")
	}
	return pairs, alone, nil
}
