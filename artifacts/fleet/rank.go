package fleet

import (
	"cmp"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
)

// points are what a finding of a level adds to the score of a machine, for each
// halving of the share of machines that have it.
var points = map[string]float64{"critical": 64, "high": 16, "medium": 4, "low": 1, "informational": 0.25}

// weights are what the rarest thing of a kind adds, without a finding.
var weights = map[string]float64{
	observations.Autostart: 4, observations.Service: 4, observations.Driver: 4, observations.Task: 4, observations.Edge: 4,
	observations.Program: 1, observations.Hash: 1,
}

// maxRarest is the number of the rarest keys that a machine shows.
const maxRarest = 10

// A Reason is what a rule, or a kind of observation, adds to a score: its one
// weightiest key.
type Reason struct {
	Rule    string  `json:"rule"` // of a finding, or the kind
	Key     string  `json:"key"`
	Level   string  `json:"level,omitempty"`
	Points  float64 `json:"points"`
	Hosts   int     `json:"hosts"`
	OfHosts int     `json:"of_hosts"`
}

// A Rare is one of the rarest keys of a machine.
type Rare struct {
	Kind    string  `json:"kind"`
	Key     string  `json:"key"`
	Rarity  float64 `json:"rarity"`
	Level   string  `json:"level,omitempty"`
	Hosts   int     `json:"hosts"`
	OfHosts int     `json:"of_hosts"`
}

// A Ranked is a machine in the order of reading. The score is an order, not a
// verdict: Rules says what it is made of.
type Ranked struct {
	Rank      int            `json:"rank"`
	Host      string         `json:"host"`
	Name      string         `json:"name"`
	Score     float64        `json:"score"`
	HighRules int            `json:"high_rules"` // distinct rules of level high or more: a second order
	Rules     []Reason       `json:"rules"`
	Rarest    []Rare         `json:"rarest"`
	Findings  map[string]int `json:"findings"`
	Coverage  []string       `json:"coverage"` // kinds that it can show
	Case      string         `json:"case"`
}

// A tally gathers the score of one machine.
type tally struct {
	rules  map[string]Reason
	rarest []Rare
}

// A ranking gathers the scores of all machines.
type ranking map[string]*tally

func newRanking(machines []*Machine) ranking {
	out := ranking{}
	for _, m := range machines {
		out[m.ID] = &tally{rules: map[string]Reason{}}
	}
	return out
}

// add takes in all machines of one key.
func (k ranking) add(g *group) {
	for i := range g.list {
		o := &g.list[i]
		t := k[o.Host]
		if t == nil {
			continue
		}
		t.score(o, &g.row)
		if g.row.Rarity > 0 {
			t.rare(o, &g.row)
		}
	}
}

// score keeps the weightiest key of each rule: a rule counts once.
func (t *tally) score(o *observations.Observation, r *Row) {
	n := Reason{Rule: o.Kind, Key: r.Key, Points: round(weights[o.Kind] * r.Rarity), Hosts: r.Hosts, OfHosts: r.OfHosts}
	if o.Kind == observations.Finding {
		n.Rule, n.Key, _ = strings.Cut(r.Key, " ")
		n.Level, n.Points = o.Level, round(points[o.Level]*r.Rarity)
	} else if weights[o.Kind] == 0 {
		return
	}
	old, ok := t.rules[n.Rule]
	if !ok || cmp.Or(cmp.Compare(old.Points, n.Points), cmp.Compare(level(old.Level), level(n.Level)), cmp.Compare(n.Key, old.Key)) < 0 {
		t.rules[n.Rule] = n
	}
}

func (t *tally) rare(o *observations.Observation, r *Row) {
	n := Rare{Kind: r.Kind, Key: r.Key, Rarity: r.Rarity, Level: o.Level, Hosts: r.Hosts, OfHosts: r.OfHosts}
	if len(t.rarest) == maxRarest && compareRare(t.rarest[maxRarest-1], n) < 0 {
		return
	}
	i, _ := slices.BinarySearchFunc(t.rarest, n, compareRare)
	t.rarest = slices.Insert(t.rarest, i, n)
	t.rarest = t.rarest[:min(maxRarest, len(t.rarest))]
}

// compareRare orders by rarity, then by level, and then as rows are.
func compareRare(a, b Rare) int {
	return cmp.Or(cmp.Compare(b.Rarity, a.Rarity), cmp.Compare(level(b.Level), level(a.Level)), cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Key, b.Key))
}

func level(s string) findings.Level {
	l, _ := findings.ParseLevel(s)
	return l
}

// ranked returns the machines in the order of reading.
func (r *run) ranked(k ranking) []Ranked {
	var out []Ranked
	for _, m := range r.machines {
		t := k[m.ID]
		h := Ranked{Host: m.ID, Name: m.Name, Rules: []Reason{}, Rarest: []Rare{}, Findings: m.Findings, Coverage: m.Shows,
			Case: r.relative(m.Case)}
		if h.Findings == nil {
			h.Findings = map[string]int{}
		}
		if h.Coverage == nil {
			h.Coverage = []string{}
		}
		sum := 0.0
		for _, rule := range sortedKeys(t.rules) {
			n := t.rules[rule]
			sum += n.Points
			if level(n.Level) >= findings.High {
				h.HighRules++
			}
			if n.Points > 0 {
				h.Rules = append(h.Rules, n)
			}
		}
		h.Score = round(sum)
		h.Rarest = append(h.Rarest, t.rarest...)
		slices.SortStableFunc(h.Rules, func(a, b Reason) int { return cmp.Compare(b.Points, a.Points) })
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b Ranked) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Host, b.Host)) })
	for i := range out {
		out[i].Rank = i + 1
	}
	return out
}
