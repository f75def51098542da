package logons

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// A node is an account or host in the walk.
type node struct {
	id    string
	score *Score
	seed  float64
	parts []string
	links []link
	degr  float64
}

type link struct {
	to     int
	weight float64
}

func (n *node) add(seed float64, format string, args ...any) {
	if seed <= 0 {
		return
	}
	n.seed += seed
	if s := fmt.Sprintf(format, args...); !slices.Contains(n.parts, s) && len(n.parts) < maxTexts {
		n.parts = append(n.parts, s)
	}
}

// Rank orders accounts and hosts by a random walk that begins again at what the
// records show to be odd (personalised PageRank: T. Haveliwala, "Topic-Sensitive
// PageRank", 2002). levels gives the level of the worst finding about an edge,
// or is nil. Without anything odd there is no ranking.
func (a *Analysis) Rank(levels func(*Edge) string) { a.rank(levels) }

// Weights of the walk.
const (
	restart   = 0.3
	maxRounds = 200
	tolerance = 1e-9
)

func (a *Analysis) rank(levels func(*Edge) string) {
	var nodes []*node
	index := map[string]int{}
	get := func(id string, s *Score) int {
		i, ok := index[id]
		if !ok {
			i = len(nodes)
			index[id] = i
			nodes = append(nodes, &node{id: id, score: s})
		}
		return i
	}
	for _, x := range a.Accounts {
		get(x.ID, &x.Score)
		x.Rank, x.Lift, x.Parts = 0, 0, nil
	}
	for _, h := range a.Hosts {
		get(h.ID, &h.Score)
		h.Rank, h.Lift, h.Parts = 0, 0, nil
	}
	connect := func(i, j int, w float64) {
		nodes[i].links = append(nodes[i].links, link{j, w})
		nodes[j].links = append(nodes[j].links, link{i, w})
	}
	for _, e := range a.Edges {
		w := math.Log2(1 + float64(e.Count()))
		acc, src, dst := get(e.Account.ID, &e.Account.Score), get(e.Source.ID, &e.Source.Score), get(e.Target.ID, &e.Target.Score)
		if src == dst {
			connect(acc, dst, w)
		} else {
			connect(acc, src, w)
			connect(src, dst, w)
		}
		a.seeds(e, levels, nodes[acc], nodes[src])
	}
	a.guesses(nodes, index)
	a.sprays(nodes, index)
	walk(nodes)
}

// seeds gives the account and the source of an edge what speaks against it.
func (a *Analysis) seeds(e *Edge, levels func(*Edge) string, acc, src *node) {
	both := func(seed float64, format string, args ...any) {
		acc.add(seed, format, args...)
		src.add(seed, format, args...)
	}
	if e.Source.External && e.Success > 0 {
		both(3, "success from an external source")
	}
	if e.logged && e.Source != e.Target {
		both(1, "Remote Desktop")
	}
	if e.noKey {
		both(2, "log-on without a session key, with new credentials or with clear text")
	}
	if e.weak {
		both(2, "weak ticket")
	}
	if span := a.Last.Sub(a.First); span >= 48*time.Hour && e.First.After(a.First.Add(span/2)) && e.Account.Kind == "user" {
		both(1, "first seen %s", minute(e.First, a.Zone()))
	}
	if levels != nil {
		switch l := levels(e); l {
		case "high":
			both(3, "finding of level high")
		case "critical":
			both(5, "finding of level critical")
		}
	}
}

// guesses finds accounts and sources with ten failures and more, and whether a
// success followed within a day.
func (a *Analysis) guesses(nodes []*node, index map[string]int) {
	type pair struct{ account, source string }
	type tries struct {
		failures int
		last     time.Time
		success  bool
	}
	pairs := map[pair]*tries{}
	var order []pair
	for _, at := range a.tries().All() {
		if at.Proved() {
			continue
		}
		k := pair{at.Account.ID, at.Source.ID}
		t := pairs[k]
		if t == nil {
			t = &tries{}
			pairs[k] = t
			order = append(order, k)
		}
		switch {
		case at.Outcome == Failure:
			t.failures++
			t.last = at.Time
		case at.Outcome == Success && t.failures >= manyFailures && at.Time.Sub(t.last) <= 24*time.Hour:
			t.success = true
		}
	}
	for _, k := range order {
		t := pairs[k]
		if t.failures < manyFailures {
			continue
		}
		for _, id := range [...]string{k.account, k.source} {
			n := nodes[index[id]]
			n.add(2, "%d failures", t.failures)
			if t.success {
				n.add(2, "success after %d failures", t.failures)
			}
		}
	}
}

// manyFailures is how many failures of one account from one source are more
// than typing errors.
const manyFailures = 10

// sprays finds sources that tried eight accounts within ten minutes.
func (a *Analysis) sprays(nodes []*node, index map[string]int) {
	type failure struct {
		at      time.Time
		account string
	}
	type source struct {
		list  []failure // of ten minutes
		count map[string]int
		most  int
	}
	bySource := map[string]*source{}
	for _, at := range a.tries().All() {
		if at.Outcome != Failure || at.Local() {
			continue
		}
		s := bySource[at.Source.ID]
		if s == nil {
			s = &source{count: map[string]int{}}
			bySource[at.Source.ID] = s
		}
		old := 0
		for old < len(s.list) && at.Time.Sub(s.list[old].at) > 10*time.Minute {
			if s.count[s.list[old].account]--; s.count[s.list[old].account] == 0 {
				delete(s.count, s.list[old].account)
			}
			old++
		}
		s.list = append(s.list[old:], failure{at.Time, at.Account.ID})
		s.count[at.Account.ID]++
		s.most = max(s.most, len(s.count))
	}
	for _, id := range sorted(bySource) {
		if most := bySource[id].most; most >= 8 {
			nodes[index[id]].add(3, "tried %d accounts within 10 minutes", most)
		}
	}
}

// walk computes rank and lift. Nodes and edges are in the order of their ids, and
// so are the sums: the results are the same on every machine.
func walk(nodes []*node) {
	total := 0.0
	for _, n := range nodes {
		total += n.seed
	}
	if total == 0 {
		return
	}
	sum := 0.0
	p, v := make([]float64, len(nodes)), make([]float64, len(nodes))
	for i, n := range nodes {
		v[i] = n.seed / total
		p[i] = v[i]
		for _, l := range n.links {
			n.degr += l.weight
		}
		sum += n.degr
	}
	next := make([]float64, len(nodes))
	for range maxRounds {
		stuck := 0.0
		for i := range next {
			next[i] = restart * v[i]
			if nodes[i].degr == 0 {
				stuck += p[i]
			}
		}
		for i, n := range nodes {
			for _, l := range n.links {
				next[l.to] += (1 - restart) * p[i] * l.weight / n.degr
			}
		}
		change := 0.0
		for i := range next {
			next[i] += (1 - restart) * stuck * v[i]
			change += math.Abs(next[i] - p[i])
		}
		p, next = next, p
		if change < tolerance {
			break
		}
	}
	for i, n := range nodes {
		if n.degr > 0 {
			n.score.Rank = p[i]
			n.score.Lift = p[i] / (n.degr / sum)
			n.score.Parts = n.parts
		}
	}
}

// A Ranked is one line of the ranking.
type Ranked struct {
	ID, Label, Kind string
	Names           []string
	*Score
}

// Ranking returns the nodes worth reading first: by lift, among those whose rank
// is at least that of an average node. It is empty where nothing is odd.
func (a *Analysis) Ranking() []Ranked {
	var out []Ranked
	n := float64(len(a.Accounts) + len(a.Hosts))
	for _, x := range a.Accounts {
		if x.Rank >= 1/n {
			out = append(out, Ranked{x.ID, x.Name, x.Kind, x.Names, &x.Score})
		}
	}
	for _, h := range a.Hosts {
		if h.Rank >= 1/n {
			out = append(out, Ranked{h.ID, h.Label, h.Kind(), h.Names, &h.Score})
		}
	}
	slices.SortFunc(out, func(x, y Ranked) int {
		return cmp.Or(cmp.Compare(y.Lift, x.Lift), cmp.Compare(x.ID, y.ID))
	})
	return out
}

// Kind is "address" for a source that is known by its address alone, else "host".
func (h *Host) Kind() string {
	if h.Address && len(h.Names) == 1 {
		return "address"
	}
	return "host"
}
