package logons

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Trail is what one machine or several show of movement between machines: who
// used credentials for another machine, and who arrived from where. Trails of
// machines that were analysed one after the other make one picture: see [Chains].
type Trail struct {
	Machines []TrailMachine `json:"machines"`
	Joins    []TrailJoin    `json:"joins,omitempty"`
	Moves    []Move         `json:"moves,omitempty"`
	Arrivals []Arrival      `json:"arrivals,omitempty"`
	Dropped  int            `json:"dropped,omitempty"` // beyond the limits
}

// A TrailMachine is a machine whose Security log was read, and its span.
type TrailMachine struct {
	Key   string    `json:"key"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// A TrailJoin says which machine had an address, and when.
type TrailJoin struct {
	Address string    `json:"address"`
	Name    string    `json:"name"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
}

// A Step is one record of a trail, with what findings say of it.
type Step struct {
	Record   string   `json:"record,omitempty"` // its id
	Channel  string   `json:"channel"`
	Number   uint64   `json:"record_number"`
	Host     string   `json:"host"` // the machine whose log has it
	Level    string   `json:"level,omitempty"`
	Findings []string `json:"findings,omitempty"`
}

// A Move is the use of credentials for another machine (4648).
type Move struct {
	Time    time.Time `json:"time"`
	From    string    `json:"from"`
	To      string    `json:"to"`
	Account string    `json:"account"`
	Actor   string    `json:"actor,omitempty"`
	Step    Step      `json:"step"`
	Came    *Arrival  `json:"came,omitempty"` // the session that it was made in, when it came from elsewhere
}

// An Arrival is a log-on from another machine.
type Arrival struct {
	Time    time.Time `json:"time"`
	Host    string    `json:"host"`
	Account string    `json:"account"`
	Sources []string  `json:"sources"` // names and addresses
	Step    Step      `json:"step"`
}

// Limits of trails and chains.
const (
	maxMoves    = 1 << 16
	maxArrivals = 1 << 17
	maxChains   = 1000
	maxHops     = 32
	maxNear     = 256 // records of one account on one machine in two minutes
)

// How near the records of one hop are, and how far apart the hops of a chain.
const (
	hopSpan   = time.Minute
	chainGaps = 24 * time.Hour
)

// Trail returns what the analysis shows of movement.
func (a *Analysis) Trail() *Trail {
	t := &Trail{}
	for _, s := range a.Spans {
		if strings.EqualFold(s.Channel, "Security") {
			t.Machines = append(t.Machines, TrailMachine{s.Host, s.First, s.Last})
		}
	}
	for _, j := range mergeJoins(slices.Clone(a.Joins)) {
		if len(t.Joins) < maxArrivals {
			t.Joins = append(t.Joins, TrailJoin{j.Address, j.Name, j.First, j.Last})
		}
	}
	type visit struct{ host, account, source string }
	seen, minute := map[visit]bool{}, int64(0)
	for i, x := range a.tries().All() {
		if !x.arrives() {
			continue
		}
		// What repeats within a minute says nothing more.
		if m := x.Time.Unix() / 60; m != minute {
			clear(seen)
			minute = m
		}
		v := visit{x.Host.Names[0], x.Account.ID, x.Source.ID}
		switch {
		case seen[v]:
		case len(t.Arrivals) == maxArrivals:
			t.Dropped++
		default:
			seen[v] = true
			t.Arrivals = append(t.Arrivals, *arrival(a.Attempts.At(i)))
		}
	}
	for _, x := range a.Attempts.All() {
		if x.Kind != "explicit" || x.Local() || x.Account.Kind != "user" || x.Actor == nil || x.Actor.Kind != "user" {
			continue
		}
		if len(t.Moves) == maxMoves {
			t.Dropped++
			continue
		}
		m := Move{Time: x.Time, From: x.Host.Names[0], To: x.Dest.Names[0], Account: x.Account.Name, Actor: x.Actor.Name, Step: step(x)}
		m.Came = a.came(m.From, x)
		t.Moves = append(t.Moves, m)
	}
	return t
}

// came returns the log-on that began the session of an attempt, where it came from
// another machine, or nil.
func (a *Analysis) came(from string, x *Attempt) (came *Arrival) {
	a.scratch.read(func() {
		k := a.sessionOf(from, x.LogonID, x.Time)
		if k < 0 {
			return
		}
		s := a.sessions.list.get(k)
		if s.aside {
			return
		}
		var b Attempt
		if a.attempts.fill(int(s.begin), &b, true); b.arrives() {
			came = arrival(&b)
		}
	})
	return came
}

// arrives reports whether an attempt is the log-on of a user from another machine.
func (a *Attempt) arrives() bool {
	return a.Kind == "logon" && a.Outcome == Success && !a.Local() && a.Account.Kind == "user"
}

func step(x *Attempt) Step {
	return Step{x.Ref.ID, x.Ref.Channel, x.Ref.Number, x.Host.Names[0], x.Level, x.Findings}
}

func arrival(x *Attempt) *Arrival {
	return &Arrival{x.Time, x.Host.Names[0], x.Account.Name, x.Source.Names, step(x)}
}

// A ChainHop is one step of a chain from machine to machine.
type ChainHop struct {
	Time           time.Time
	From, To       string
	Account, Actor string
	Proved         bool   // both machines recorded it
	Steps          []Step // its records
	Level          string // of the worst finding about them
}

// A Chain is a way through machines: each hop was made in the session that the one
// before it opened.
type Chain struct {
	Hops  []ChainHop
	Count int // how often it was gone
}

// Machines are those of the chain, in order.
func (c *Chain) Machines() []string {
	list := []string{c.Hops[0].From}
	for _, h := range c.Hops {
		list = append(list, h.To)
	}
	return list
}

// Confidence is high where both machines of each hop recorded it, else medium.
func (c *Chain) Confidence() string {
	if slices.ContainsFunc(c.Hops, func(h ChainHop) bool { return !h.Proved }) {
		return "medium"
	}
	return "high"
}

// Level is that of the worst finding about its hops, "" without.
func (c *Chain) Level() string {
	n := 0
	for _, h := range c.Hops {
		n = max(n, slices.Index(levels, h.Level))
	}
	return levels[n]
}

// Chains joins trails and returns the chains of three machines or more, by their
// begin.
func Chains(trails ...*Trail) []Chain {
	w := newJourney(trails)
	var out []Chain
	at := map[string]int{}
	for _, m := range w.ends() {
		hops := w.back(m)
		if len(hops) < 2 {
			continue
		}
		var k strings.Builder
		for _, h := range hops {
			k.WriteString(strings.ToLower(h.From+"\x00"+h.To+"\x00"+h.Account) + "\x00")
		}
		if i, ok := at[k.String()]; ok {
			out[i].Count++
		} else if len(out) < maxChains {
			at[k.String()] = len(out)
			out = append(out, Chain{hops, 1})
		}
	}
	slices.SortStableFunc(out, func(x, y Chain) int { return x.Hops[0].Time.Compare(y.Hops[0].Time) })
	return out
}

// A journey goes through all trails.
type journey struct {
	machines map[string]*TrailMachine
	names    map[string][]TrailJoin // by address
	moves    []*move
	arrivals map[visitor][]*Arrival // by time
	byDest   map[visitor][]*move    // by time
}

type move struct {
	*Move
	hop     ChainHop
	fails   bool // the other machine would have recorded a success, and has none
	arrived *Arrival
	leads   bool // to another move

	asked bool // what before returned
	prev  *move
	first *ChainHop
}

// A visitor is an account on a machine, by its name without the domain.
type visitor struct{ host, name string }

func newVisitor(host, account string) visitor {
	_, name, ok := strings.Cut(account, `\`)
	if !ok {
		name = account
	}
	return visitor{host, strings.ToLower(name)}
}

func newJourney(trails []*Trail) *journey {
	w := &journey{map[string]*TrailMachine{}, map[string][]TrailJoin{}, nil, map[visitor][]*Arrival{}, map[visitor][]*move{}}
	for _, t := range trails {
		for i := range t.Machines {
			m := &t.Machines[i]
			if k := w.machines[m.Key]; k == nil {
				w.machines[m.Key] = m
			} else {
				w.machines[m.Key] = &TrailMachine{m.Key, earlier(k.First, m.First), later(k.Last, m.Last)}
			}
		}
		for _, j := range t.Joins {
			w.names[j.Address] = append(w.names[j.Address], j)
		}
		for i := range t.Arrivals {
			x := &t.Arrivals[i]
			v := newVisitor(x.Host, x.Account)
			w.arrivals[v] = append(w.arrivals[v], x)
		}
		for i := range t.Moves {
			w.moves = append(w.moves, &move{Move: &t.Moves[i]})
		}
	}
	for _, list := range w.arrivals {
		slices.SortStableFunc(list, func(x, y *Arrival) int { return x.Time.Compare(y.Time) })
	}
	slices.SortStableFunc(w.moves, func(x, y *move) int {
		return cmp.Or(x.Time.Compare(y.Time), cmp.Compare(x.From, y.From), cmp.Compare(x.Step.Number, y.Step.Number))
	})
	for _, m := range w.moves {
		w.prove(m)
		v := newVisitor(m.To, m.Account)
		w.byDest[v] = append(w.byDest[v], m)
	}
	return w
}

func earlier(x, y time.Time) time.Time {
	if y.Before(x) {
		return y
	}
	return x
}

func later(x, y time.Time) time.Time {
	if y.After(x) {
		return y
	}
	return x
}

// prove looks for the log-on on the other machine.
func (w *journey) prove(m *move) {
	m.hop = ChainHop{Time: m.Time, From: m.From, To: m.To, Account: m.Account, Actor: m.Actor, Steps: []Step{m.Step}, Level: m.Step.Level}
	list := w.arrivals[newVisitor(m.To, m.Account)]
	i, _ := slices.BinarySearchFunc(list, m.Time.Add(-hopSpan), func(x *Arrival, at time.Time) int { return x.Time.Compare(at) })
	for n := 0; i < len(list) && n < maxNear && !list[i].Time.After(m.Time.Add(hopSpan)); i, n = i+1, n+1 {
		x := list[i]
		from, known := w.source(x)
		if !sameAccount(x.Account, m.Account) || known && from != m.From {
			continue
		}
		if m.arrived == nil || known && !m.hop.Proved {
			m.arrived, m.hop.Proved = x, known
		}
	}
	if m.arrived != nil {
		m.hop.add(m.arrived.Step)
		return
	}
	k := w.machines[m.To]
	m.fails = k != nil && !m.Time.Before(k.First) && !m.Time.After(k.Last)
}

func (h *ChainHop) add(s Step) {
	h.Steps = append(h.Steps, s)
	if slices.Index(levels, s.Level) > slices.Index(levels, h.Level) {
		h.Level = s.Level
	}
}

// source returns the machine that an arrival came from, and whether its name is
// known: an address that no record joins with a name is only an address.
func (w *journey) source(x *Arrival) (string, bool) {
	for _, n := range x.Sources {
		if w.machines[n] != nil {
			return n, true
		}
	}
	for _, n := range x.Sources {
		for _, j := range w.names[n] {
			if !x.Time.Before(j.First.Add(-leaseSpan)) && !x.Time.After(j.Last.Add(leaseSpan)) {
				return j.Name, true
			}
		}
	}
	for _, n := range x.Sources {
		if _, ok := parseAddress(n); !ok {
			return n, true
		}
	}
	if len(x.Sources) == 0 {
		return "", false
	}
	return x.Sources[0], false
}

// sameAccount compares names as two machines write them: one of them may leave
// out the domain, or give its DNS name.
func sameAccount(x, y string) bool {
	domain := func(s string) (string, string) {
		d, n, ok := strings.Cut(s, `\`)
		if !ok {
			d, n = "", s
		}
		d, _, _ = strings.Cut(d, ".")
		return d, n
	}
	d, n := domain(x)
	e, o := domain(y)
	return strings.EqualFold(n, o) && (d == "" || e == "" || d == "?" || e == "?" || strings.EqualFold(d, e))
}

// before returns the hop that opened the session of a move: the move on the
// machine that the session came from, or what the session's own log shows of it.
func (w *journey) before(m *move) (*move, *ChainHop) {
	if !m.asked {
		m.asked = true
		m.prev, m.first = w.opener(m)
	}
	return m.prev, m.first
}

func (w *journey) opener(m *move) (*move, *ChainHop) {
	if m.Came == nil || m.Time.Sub(m.Came.Time) > chainGaps || m.Came.Time.After(m.Time) {
		return nil, nil
	}
	from, known := w.source(m.Came)
	list := w.byDest[newVisitor(m.From, m.Came.Account)]
	i, _ := slices.BinarySearchFunc(list, m.Came.Time.Add(-hopSpan), func(x *move, at time.Time) int { return x.Time.Compare(at) })
	for n := 0; i < len(list) && n < maxNear && !list[i].Time.After(m.Came.Time.Add(hopSpan)); i, n = i+1, n+1 {
		if p := list[i]; p != m && !p.fails && sameAccount(p.Account, m.Came.Account) && (!known || p.From == from) {
			return p, nil
		}
	}
	if from == m.From {
		return nil, nil
	}
	return nil, &ChainHop{Time: m.Came.Time, From: from, To: m.From, Account: m.Came.Account, Steps: []Step{m.Came.Step},
		Level: m.Came.Step.Level}
}

// ends returns the moves that no other move follows, by time.
func (w *journey) ends() []*move {
	for _, m := range w.moves {
		if m.fails {
			continue
		}
		if p, _ := w.before(m); p != nil {
			p.leads = true
		}
	}
	return slices.DeleteFunc(slices.Clone(w.moves), func(m *move) bool { return m.leads || m.fails })
}

// back returns the hops that lead to a move, and the move.
func (w *journey) back(m *move) []ChainHop {
	var hops []ChainHop
	visited := map[*move]bool{}
	for m != nil && !visited[m] && len(hops) < maxHops {
		visited[m] = true
		hops = append(hops, m.hop)
		p, first := w.before(m)
		if first != nil {
			hops = append(hops, *first)
		}
		m = p
	}
	slices.Reverse(hops)
	return hops
}

var chainColumns = strings.Split("Begin,End,Machines,Accounts,Hops,Confidence,Level,Count,Findings,Records", ",")

func (a *Analysis) chainTable(f *Filter) *table {
	t := &table{columns: chainColumns}
	for _, c := range Chains(a.Trail()) {
		if !f.chain(&c) {
			continue
		}
		var accounts, found, records []string
		for _, h := range c.Hops {
			accounts = append(accounts, h.Account)
			for _, s := range h.Steps {
				found = append(found, s.Findings...)
				records = append(records, s.Host+" "+s.Channel+" "+strconv.FormatUint(s.Number, 10))
			}
		}
		slices.Sort(found)
		t.rows = append(t.rows, []string{a.stamp(c.Hops[0].Time), a.stamp(c.Hops[len(c.Hops)-1].Time), joined(c.Machines(), same),
			joined(accounts, same), count(len(c.Hops)), c.Confidence(), c.Level(), count(c.Count),
			joined(slices.Compact(found), same), joined(records, same)})
	}
	return t
}

// chain reports whether the filter shows a chain: one hop must have the account,
// the source and the target.
func (f *Filter) chain(c *Chain) bool {
	if f == nil {
		return true
	}
	return slices.ContainsFunc(c.Hops, func(h ChainHop) bool {
		_, bare, _ := strings.Cut(h.Account, `\`)
		return matches(f.Accounts, h.Account, bare) && matches(f.Sources, h.From) && matches(f.Targets, h.To) &&
			(f.From.IsZero() || !h.Time.Before(f.From)) && (f.To.IsZero() || h.Time.Before(f.To))
	})
}
