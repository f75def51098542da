package fleet

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
	"github.com/artifactdump/artifactdump/artifacts/output"
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

// score keeps the weightiest key of each rule: a rule counts once.
func (t *tally) score(n Reason) {
	old, ok := t.rules[n.Rule]
	if !ok || cmp.Or(cmp.Compare(old.Points, n.Points), cmp.Compare(level(old.Level), level(n.Level)), cmp.Compare(n.Key, old.Key)) < 0 {
		t.rules[n.Rule] = n
	}
}

func (t *tally) rare(n Rare) {
	i, _ := slices.BinarySearchFunc(t.rarest, n, compareRare)
	t.rarest = slices.Insert(t.rarest, i, n)
	t.rarest = t.rarest[:min(maxRarest, len(t.rarest))]
}

// A ranking gathers the scores of all machines. It holds numbers: of each machine the best value of each rule and of its rarest keys.
// What may become a part of a tally is sorted on disk, by machine. As values only rise, that is little.
type ranking struct {
	rules   map[string]int // numbers of the rules
	numbers map[string]int // of the machines
	best    [][]value      // by machine and rule
	rarest  [][]value      // by machine, the highest first
	found   lineSorter
}

// A value is points, then the level: as a number it compares as the two do. 0 is none.
type value int32

func valueOf(points float64, l string) value {
	return value(math.Round(points*100))<<3 + value(level(l)) + 1
}

func newRanking(dir string, machines []*Machine) *ranking {
	k := &ranking{
		rules: map[string]int{}, numbers: map[string]int{}, best: make([][]value, len(machines)), rarest: make([][]value, len(machines)),
		found: lineSorter{dir: dir, name: "ranking"},
	}
	for i, m := range machines {
		k.numbers[m.ID] = i
	}
	return k
}

// add takes in all machines of one key.
func (k *ranking) add(g *group) error {
	for i := range g.list {
		o := &g.list[i]
		n, ok := k.numbers[o.Host]
		if !ok {
			continue
		}
		if err := k.score(n, o, &g.row); err != nil {
			return err
		}
		if err := k.rare(n, o, &g.row); err != nil {
			return err
		}
	}
	return nil
}

// score notes a key that is the weightiest of its rule so far. Keys come in order: of two that weigh the same the first one stands.
func (k *ranking) score(machine int, o *observations.Observation, r *Row) error {
	n := Reason{Rule: o.Kind, Key: r.Key, Points: round(weights[o.Kind] * r.Rarity), Hosts: r.Hosts, OfHosts: r.OfHosts}
	if o.Kind == observations.Finding {
		n.Rule, n.Key, _ = strings.Cut(r.Key, " ")
		n.Level, n.Points = o.Level, round(points[o.Level]*r.Rarity)
	} else if weights[o.Kind] == 0 {
		return nil
	}
	rule, ok := k.rules[n.Rule]
	if !ok {
		rule = len(k.rules)
		k.rules[strings.Clone(n.Rule)] = rule
	}
	for len(k.best[machine]) <= rule {
		k.best[machine] = append(k.best[machine], 0)
	}
	v := valueOf(n.Points, n.Level)
	if v <= k.best[machine][rule] {
		return nil
	}
	k.best[machine][rule] = v
	return k.note(machine, "S", n.Rule, n.Key, n.Level, n.Points, n.Hosts, n.OfHosts)
}

// rare notes a key that is one of the rarest of a machine so far.
func (k *ranking) rare(machine int, o *observations.Observation, r *Row) error {
	if r.Rarity <= 0 {
		return nil
	}
	list, v := k.rarest[machine], valueOf(r.Rarity, o.Level)
	if len(list) == maxRarest && list[maxRarest-1] >= v {
		return nil
	}
	i, _ := slices.BinarySearchFunc(list, v, func(a, b value) int { return cmp.Compare(b, a) })
	list = slices.Insert(list, i, v)
	k.rarest[machine] = list[:min(maxRarest, len(list))]
	return k.note(machine, "R", r.Kind, r.Key, o.Level, r.Rarity, r.Hosts, r.OfHosts)
}

// fieldMark separates the fields of a note: no key has a control character.
const fieldMark = "\x1f"

func (k *ranking) note(machine int, what, rule, key, level string, number float64, hosts, of int) error {
	return k.found.add(fmt.Sprintf("%08x", machine), strings.Join([]string{
		what, rule, key, level, strconv.FormatFloat(number, 'f', 2, 64), strconv.Itoa(hosts), strconv.Itoa(of), strconv.Itoa(machine),
	}, fieldMark))
}

// tallies yields the tally of each machine that has one, in the order of machines.
func (k *ranking) tallies() iter.Seq2[int, *tally] {
	return func(yield func(int, *tally) bool) {
		now, t := -1, (*tally)(nil)
		for line, err := range k.found.sorted() {
			if err != nil {
				k.found.err = err
				return
			}
			f := strings.Split(line, fieldMark)
			if len(f) != 8 {
				k.found.err = errors.New("a note of the ranking is damaged")
				return
			}
			machine, _ := strconv.Atoi(f[7])
			if machine != now {
				if t != nil && !yield(now, t) {
					return
				}
				now, t = machine, &tally{rules: map[string]Reason{}}
			}
			number, _ := strconv.ParseFloat(f[4], 64)
			hosts, _ := strconv.Atoi(f[5])
			of, _ := strconv.Atoi(f[6])
			if f[0] == "S" {
				t.score(Reason{Rule: f[1], Key: f[2], Level: f[3], Points: number, Hosts: hosts, OfHosts: of})
			} else {
				t.rare(Rare{Kind: f[1], Key: f[2], Level: f[3], Rarity: number, Hosts: hosts, OfHosts: of})
			}
		}
		if t != nil {
			yield(now, t)
		}
	}
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

// ranked yields the machines in the order of reading. They are sorted on disk: their reasons are the longest text of a comparison.
func (r *run) ranked(k *ranking) iter.Seq2[*Ranked, error] {
	return func(yield func(*Ranked, error) bool) {
		order := lineSorter{dir: r.part, name: "order"}
		next := 0
		add := func(m *Machine, t *tally) error {
			h := r.rankedOf(m, t)
			b, err := output.Marshal(&h)
			if err != nil {
				return err
			}
			return order.add(fmt.Sprintf("%016x %s", math.MaxUint64-math.Float64bits(h.Score), h.Host), string(b))
		}
		var err error
		for i, t := range k.tallies() {
			for ; next < i && err == nil; next++ {
				err = add(r.machines[next], &tally{})
			}
			if err == nil {
				err = add(r.machines[i], t)
			}
			if err != nil {
				break
			}
			next = i + 1
		}
		for ; next < len(r.machines) && err == nil; next++ {
			err = add(r.machines[next], &tally{})
		}
		if err = errors.Join(err, k.found.err); err != nil {
			yield(nil, err)
			return
		}
		rank := 0
		for line, err := range order.sorted() {
			h := new(Ranked)
			if err == nil {
				err = json.Unmarshal([]byte(line), h)
			}
			rank++
			h.Rank = rank
			if !yield(h, err) || err != nil {
				return
			}
		}
	}
}

func (r *run) rankedOf(m *Machine, t *tally) Ranked {
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
	return h
}
