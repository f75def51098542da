package sigma

import (
	"cmp"
	"fmt"
	"slices"
)

// A Set is compiled rules. It is safe for concurrent use; each goroutine judges
// with a [Matcher] of its own.
type Set struct {
	rules   []*Rule
	skips   []Skip
	groups  []*group
	correls []*Rule
	silent  map[*Rule]bool
	bases   map[*Rule][]*Rule // the correlation rules that count a rule
}

// Rules returns the rules that are judged, correlation rules among them, in the
// order in which they were read.
func (s *Set) Rules() []*Rule { return s.rules }

// Skipped returns what is not judged, and why.
func (s *Set) Skipped() []Skip { return s.skips }

// Silent reports whether a rule only serves correlation rules: its own hits are
// not meant for readers ("generate: false").
func (s *Set) Silent(r *Rule) bool { return s.silent[r] }

// A group is the rules of one log source. All tests of a group on one field
// share an automaton.
type group struct {
	source LogSource
	fields []*fieldTests // [0] is for keywords
	index  map[string]int32
	tests  []*test
	lookup map[string]int32 // tests by key
	rules  []groupRule
	always []int32   // rules that no single text can rule out
	needs  [][]int32 // by test: the rules that it makes worth judging
}

type groupRule struct {
	rule *Rule
	cond *node
}

// A fieldTests is what a group asks of one field.
type fieldTests struct {
	key   string
	texts map[string][]int32 // while compiling
	auto  *automaton
	lazy  []int32 // tests that are not searched
}

// compile groups the rules and resolves correlations.
func (l *loader) compile() *Set {
	s := &Set{silent: map[*Rule]bool{}, bases: map[*Rule][]*Rule{}}
	groups := map[LogSource]*group{}
	for _, p := range l.rules {
		if p.rule.Correlation != nil {
			continue
		}
		g := groups[p.rule.LogSource]
		if g == nil {
			g = newGroup(p.rule.LogSource)
			groups[p.rule.LogSource] = g
			s.groups = append(s.groups, g)
		}
		g.add(p)
	}
	for _, g := range s.groups {
		g.finish()
	}
	for _, p := range l.rules {
		if c := p.rule.Correlation; c != nil {
			if err := s.correlate(p.rule, l.rules); err != nil {
				l.skips = append(l.skips, Skip{File: p.rule.File, Line: p.rule.Line, Title: p.rule.Title, Reason: err.Error()})
				continue
			}
			s.correls = append(s.correls, p.rule)
		}
		s.rules = append(s.rules, p.rule)
	}
	s.skips = l.skips
	slices.SortStableFunc(s.skips, func(a, b Skip) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	return s
}

// correlate finds the rules that a correlation counts.
func (s *Set) correlate(r *Rule, all []*parsed) error {
	c := r.Correlation
	var base []*Rule
	for _, name := range c.Names {
		i := slices.IndexFunc(all, func(p *parsed) bool { return p.rule.ID == name || p.rule.Name == name && name != "" })
		switch {
		case i < 0:
			return fmt.Errorf("counts the rule %q, which is not loaded", name)
		case all[i].rule.Correlation != nil:
			return fmt.Errorf("counts the correlation rule %q: not judged", name)
		}
		base = append(base, all[i].rule)
	}
	c.base = base
	for _, b := range base {
		s.bases[b] = append(s.bases[b], r)
		if !c.Generate {
			s.silent[b] = true
		}
	}
	return nil
}

func newGroup(src LogSource) *group {
	g := &group{source: src, index: map[string]int32{}, lookup: map[string]int32{}}
	g.field("")
	return g
}

func (g *group) field(key string) int32 {
	if i, ok := g.index[key]; ok {
		return i
	}
	i := int32(len(g.fields))
	g.index[key] = i
	g.fields = append(g.fields, &fieldTests{key: key, texts: map[string][]int32{}})
	return i
}

// add takes a rule into the group.
func (g *group) add(p *parsed) {
	seen := map[*node]bool{}
	g.number(p.cond, seen)
	g.rules = append(g.rules, groupRule{p.rule, p.cond})
}

// number gives each test its id; equal tests have one.
func (g *group) number(n *node, seen map[*node]bool) {
	if seen[n] {
		return
	}
	seen[n] = true
	if n.op != opTest {
		for _, k := range n.kids {
			g.number(k, seen)
		}
		return
	}
	key := n.test.key()
	id, ok := g.lookup[key]
	if !ok {
		id = int32(len(g.tests))
		g.lookup[key] = id
		g.tests = append(g.tests, n.test)
		f := g.fields[g.field(n.test.field)]
		switch {
		case n.test.kind.searched() && n.test.lit != "":
			f.texts[n.test.lit] = append(f.texts[n.test.lit], id)
		default:
			f.lazy = append(f.lazy, id)
		}
		if n.test.kind == testRef {
			g.field(n.test.ref)
		}
	}
	n.id = id
}

// finish builds the automata, and finds for each rule the texts without which
// it cannot fire.
func (g *group) finish() {
	for _, f := range g.fields {
		if len(f.texts) > 0 {
			f.auto = newAutomaton(f.texts)
		}
		f.texts = nil
	}
	g.needs = make([][]int32, len(g.tests))
	for i, r := range g.rules {
		tests, ok := g.need(r.cond)
		if !ok {
			g.always = append(g.always, int32(i))
			continue
		}
		for _, t := range tests {
			g.needs[t] = append(g.needs[t], int32(i))
		}
	}
	g.lookup = nil
}

// maxNeeds bounds the texts that make one rule worth judging.
const maxNeeds = 4000

// need returns tests of which at least one is true where the node is true.
func (g *group) need(n *node) ([]int32, bool) {
	switch n.op {
	case opTest:
		t := g.tests[n.id]
		return []int32{n.id}, t.kind.searched() && t.lit != ""
	case opAnd:
		var best []int32
		found := false
		for _, k := range n.kids {
			if ts, ok := g.need(k); ok && (!found || g.better(ts, best)) {
				best, found = ts, true
			}
		}
		return best, found
	case opOr:
		var all []int32
		for _, k := range n.kids {
			ts, ok := g.need(k)
			if all = append(all, ts...); !ok || len(all) > maxNeeds {
				return nil, false
			}
		}
		slices.Sort(all)
		return slices.Compact(all), len(n.kids) > 0
	}
	return nil, false
}

// better prefers the set whose shortest text is the longest, since it occurs
// least often.
func (g *group) better(a, b []int32) bool { return g.weakest(a) > g.weakest(b) }

func (g *group) weakest(ids []int32) int {
	n := 1 << 20
	for _, id := range ids {
		w := len(g.tests[id].lit) * 2
		if g.tests[id].kind == testExact {
			w++
		}
		n = min(n, w)
	}
	return n
}
