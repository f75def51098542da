package logons

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An Edge is all attempts of one account from one source to one machine that
// are of one kind.
type Edge struct {
	Account *Account
	Source  *Host
	Target  *Host
	Kind    string
	Type    int

	Success, Failure, Started int
	First, Last               time.Time
	FirstSuccess, LastFailure time.Time
	days                      map[int64]bool
	Hours                     [7][24]int // by weekday and hour, in the zone of the views
	Auth                      []string
	Reasons                   []string
	EventIDs                  []uint32
	Channels                  []string
	Privileged                bool
	Sessions                  int
	Duration                  time.Duration
	FirstRef                  Ref
	Change                    float64 // the highest change score of its account or source, 0 without
	Rare                      float64 // see [Analysis.rare]
	Level                     string  // of the worst finding about it
	Findings                  []string

	statuses []uint64 // of failures

	noKey  bool // NTLM without a session key among it
	weak   bool // RC4 or no pre-authentication
	logged bool // Remote Desktop
}

// Count is the number of attempts.
func (e *Edge) Count() int { return e.Success + e.Failure + e.Started }

// ActiveDays is the number of days with attempts.
func (e *Edge) ActiveDays() int { return len(e.days) }

type edgeKey struct {
	account, source, target string
	kind                    string
	typ                     int
}

func (e *Edge) key() edgeKey { return edgeKey{e.Account.ID, e.Source.ID, e.Target.ID, e.Kind, e.Type} }

// maxTexts bounds the distinct texts of one edge.
const maxTexts = 16

// graph folds attempts into edges. Beyond the limit the edges of one account
// and target share one whose kind is "other".
func (a *Analysis) graph(limit int) {
	byKey := map[edgeKey]*Edge{}
	for i, at := range a.tries().All() {
		k := edgeKey{at.Account.ID, at.Source.ID, at.Dest.ID, at.Kind, at.Type}
		e := byKey[k]
		if e == nil && len(byKey) >= limit {
			a.Folded++
			k = edgeKey{account: at.Account.ID, source: at.Dest.ID, target: at.Dest.ID, kind: "other", typ: -1}
			e = byKey[k]
		}
		if e == nil {
			e = &Edge{Account: at.Account, Source: at.Source, Target: at.Dest, Kind: k.kind, Type: k.typ, First: at.Time,
				FirstRef: a.attempts.refAt(i), days: map[int64]bool{}}
			byKey[k] = e
		}
		e.add(at, a.Zone())
		at.Account.count(at.Time, at.Outcome)
		at.Dest.count(at.Time, at.Outcome)
		if at.Source != at.Dest {
			at.Source.count(at.Time, at.Outcome)
		}
	}
	for _, s := range a.sessions.series(false).All() {
		k := edgeKey{s.Account.ID, s.Source.ID, s.Host.ID, "logon", s.Type}
		if s.Kind == "rdp" {
			k.kind, k.typ = "rdp", -1
		}
		if e := byKey[k]; e != nil {
			e.Sessions++
			e.Duration += s.Duration()
			e.Privileged = e.Privileged || s.Privileged
		}
	}
	for _, e := range byKey {
		a.Edges = append(a.Edges, e)
	}
	slices.SortFunc(a.Edges, func(x, y *Edge) int {
		j, k := x.key(), y.key()
		return cmp.Or(cmp.Compare(j.account, k.account), cmp.Compare(j.source, k.source), cmp.Compare(j.target, k.target),
			cmp.Compare(j.kind, k.kind), cmp.Compare(j.typ, k.typ))
	})
}

func (e *Edge) add(at *Attempt, zone *time.Location) {
	switch at.Outcome {
	case Success:
		e.Success++
		if e.FirstSuccess.IsZero() {
			e.FirstSuccess = at.Time
		}
	case Failure:
		e.Failure++
		e.LastFailure = at.Time
		e.statuses = include(e.statuses, at.Status)
		text := at.Reason
		if text == "" {
			text = "0x" + strconv.FormatUint(at.Status, 16)
		}
		e.Reasons = include(e.Reasons, text)
	default:
		e.Started++
	}
	e.Last = at.Time
	local := at.Time.In(zone)
	_, offset := local.Zone()
	e.days[(local.Unix()+int64(offset))/86400] = true
	e.Hours[local.Weekday()][local.Hour()]++
	e.Auth = include(e.Auth, at.Auth)
	e.EventIDs = include(e.EventIDs, at.EventID)
	e.Channels = include(e.Channels, at.Ref.Channel)
	e.noKey = e.noKey || at.Kind == "logon" && at.Outcome == Success && at.Account.Kind == "user" &&
		(at.Type == 3 && at.KeyLen == 0 && ntlm(at.Auth) || at.Type == 9 || at.Type == 8)
	e.weak = e.weak || at.Kind == "ticket" && at.Outcome == Success && (at.Encrypt == 0x17 || at.Encrypt == 0x18) &&
		at.Service != "krbtgt" && at.Account.Kind == "user"
	e.logged = e.logged || at.Type == 10 || at.Kind == "rdp" && at.Outcome == Success
}

func ntlm(auth string) bool { return len(auth) >= 4 && auth[:4] == "NTLM" }

// include adds a value to a short sorted list.
func include[T cmp.Ordered](list []T, v T) []T {
	var zero T
	i, ok := slices.BinarySearch(list, v)
	if ok || v == zero || len(list) >= maxTexts {
		return list
	}
	return slices.Insert(list, i, v)
}

// rare scores how unusual each edge is for its account: the surprise of its
// share among the account's attempts, weighed by novelty, and more where source
// or type are new for the account. (Method: additive smoothing of relative
// frequencies.)
func (a *Analysis) rare() {
	total, distinct := map[string]float64{}, map[string]float64{}
	firstOf := map[string]time.Time{}
	sources, types := map[string]map[string]bool{}, map[string]map[int]bool{}
	for _, e := range a.Edges {
		id := e.Account.ID
		total[id] += float64(e.Count())
		distinct[id]++
		if f, ok := firstOf[id]; !ok || e.First.Before(f) {
			firstOf[id] = e.First
		}
	}
	late := a.First.Add(a.Last.Sub(a.First) * 2 / 3)
	byTime := slices.Clone(a.Edges)
	slices.SortStableFunc(byTime, func(x, y *Edge) int { return x.First.Compare(y.First) })
	for _, e := range byTime {
		id := e.Account.ID
		if sources[id] == nil {
			sources[id], types[id] = map[string]bool{}, map[int]bool{}
		}
		score := -math.Log2((float64(e.Count()) + 0.5) / (total[id] + 0.5*distinct[id]))
		if !e.First.After(late) {
			score /= 2
		}
		if len(sources[id]) > 0 {
			if !sources[id][e.Source.ID] {
				score += 2
			}
			if !types[id][e.Type] {
				score += 2
			}
		}
		sources[id][e.Source.ID], types[id][e.Type] = true, true
		e.Rare = round(score, 2)
	}
}

// A Hop is one step of a path through machines.
type Hop struct {
	At   time.Time
	Edge *Edge
}

// A state is a machine that a path has reached.
type state struct {
	hop  Hop
	host *Host
	prev *state
	n    int
}

// visits reports whether the path has been at a machine.
func (s *state) visits(h *Host) bool {
	for ; s != nil; s = s.prev {
		if s.host == h || s.hop.Edge.Source == h {
			return true
		}
	}
	return false
}

// path returns the hops that led to a machine, and what tells the path from others.
func (s *state) path() (path []Hop, key string) {
	var b strings.Builder
	for ; s != nil; s = s.prev {
		path = append(path, s.hop)
		b.WriteString(s.hop.Edge.Account.ID + "\x00" + s.hop.Edge.Source.ID + "\x00")
	}
	slices.Reverse(path)
	return path, b.String()
}

// maxPaths bounds the paths that are returned.
const maxPaths = 100

// Paths returns the ways by which somebody can have come from one machine to
// another: each hop begins after the one before, and within a window of it.
// Time matters: a log-on of yesterday leads nowhere that was visited the day
// before.
func (a *Analysis) Paths(from, to func(*Host) bool, window time.Duration) [][]Hop {
	return a.Ways(from, func(at *Attempt) bool { return to(at.Dest) }, window)
}

// Ways is [Analysis.Paths], and the last hop is one that to chooses: to a machine,
// of an account, or into a session with administrator rights.
func (a *Analysis) Ways(from func(*Host) bool, to func(*Attempt) bool, window time.Duration) [][]Hop {
	arrived := map[string][]*state{} // by host, in the order of time
	var out [][]Hop
	seen := map[string]bool{}
	for _, at := range a.Attempts.All() {
		if at.Outcome == Failure || at.Source == at.Dest {
			continue
		}
		var best *state
		for _, s := range slices.Backward(arrived[at.Source.ID]) {
			if at.Time.Sub(s.hop.At) > window {
				break
			}
			if !s.visits(at.Dest) && (best == nil || s.n < best.n) {
				best = s
			}
		}
		if best == nil && !from(at.Source) {
			continue
		}
		h := Hop{at.Time, &Edge{Account: at.Account, Source: at.Source, Target: at.Dest, Kind: at.Kind, Type: at.Type, FirstRef: at.Ref}}
		next := &state{hop: h, host: at.Dest, prev: best, n: 1}
		if best != nil {
			next.n = best.n + 1
		}
		if list := arrived[h.Edge.Target.ID]; len(list) < 1000 {
			arrived[h.Edge.Target.ID] = append(list, next)
		}
		if len(out) >= maxPaths || !to(at) {
			continue
		}
		if path, key := next.path(); !seen[key] {
			seen[key] = true
			out = append(out, path)
		}
	}
	return out
}

func (e *Edge) String() string {
	return fmt.Sprintf("%s from %s to %s (%s)", e.Account.Name, e.Source.Label, e.Target.Label, e.Kind)
}
