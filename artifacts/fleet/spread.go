package fleet

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
	"github.com/artifactdump/artifactdump/artifacts/logons"
)

// A Spread is how a key came to the machines that have it.
type Spread struct {
	Kind     string    `json:"kind"`
	Key      string    `json:"key"`
	Hosts    int       `json:"hosts"`
	Level    string    `json:"level,omitempty"`
	Arrivals []Arrival `json:"arrivals"` // in the order of time
	Undated  []string  `json:"undated"`  // machines without a time
}

// An Arrival is the first time of a key on one machine.
type Arrival struct {
	Host  string  `json:"host"`
	First string  `json:"first"`
	Gap   float64 `json:"gap"` // seconds since the arrival before
}

// spreadOf orders the machines of a group by time.
func spreadOf(g *group) Spread {
	s := Spread{Kind: g.row.Kind, Key: g.row.Key, Hosts: g.row.Hosts, Level: g.row.Level, Arrivals: []Arrival{}, Undated: []string{}}
	for i := range g.list {
		if o := &g.list[i]; o.First == "" {
			s.Undated = append(s.Undated, o.Host)
		} else {
			s.Arrivals = append(s.Arrivals, Arrival{Host: o.Host, First: o.First})
		}
	}
	slices.SortFunc(s.Arrivals, func(a, b Arrival) int { return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Host, b.Host)) })
	for i := 1; i < len(s.Arrivals); i++ {
		a, err1 := time.Parse(time.RFC3339Nano, s.Arrivals[i-1].First)
		b, err2 := time.Parse(time.RFC3339Nano, s.Arrivals[i].First)
		if err1 == nil && err2 == nil {
			s.Arrivals[i].Gap = math.Round(b.Sub(a).Seconds()*1e7) / 1e7
		}
	}
	return s
}

// spreads reports whether a key is on few enough machines, and on more than one.
func (r *run) spreads(row *Row) bool {
	return row.Hosts >= 2 && row.Hosts <= max(leastSpread, int(r.o.Share*float64(row.OfHosts)))
}

// An Alike is a key that findings name, on several machines.
type Alike struct {
	Kind    string   `json:"kind"`
	Key     string   `json:"key"`
	Level   string   `json:"level"`
	Hosts   int      `json:"hosts"`
	OfHosts int      `json:"of_hosts"`
	Which   []string `json:"which"` // machines
}

// alikeOf returns the machines of a key that a finding of level medium or higher
// names.
func alikeOf(g *group) (Alike, bool) {
	if g.row.Hosts < 2 || level(g.row.Level) < findings.Medium {
		return Alike{}, false
	}
	a := Alike{Kind: g.row.Kind, Key: g.row.Key, Level: g.row.Level, Hosts: g.row.Hosts, OfHosts: g.row.OfHosts}
	for i := range g.list {
		a.Which = append(a.Which, g.list[i].Host)
	}
	return a, true
}

// An Edge is the log-ons of one account from one source to one machine.
type Edge struct {
	First      string   `json:"first,omitempty"`
	Last       string   `json:"last,omitempty"`
	Host       string   `json:"host"` // machine that recorded it
	Account    string   `json:"account"`
	Source     string   `json:"source"`                // name or address; "." is the machine itself
	SourceHost string   `json:"source_host,omitempty"` // the machine of that name, where it is one of the fleet
	Target     string   `json:"target"`                // "." is the machine that recorded it
	TargetHost string   `json:"target_host,omitempty"`
	Type       string   `json:"type"`
	Count      int64    `json:"count"`
	Level      string   `json:"level,omitempty"`
	Hosts      int      `json:"hosts"` // machines with the same account, source and type
	IDs        []string `json:"ids"`
}

// names are the machines of the fleet by their names, without those that two of
// them have.
func (r *run) names() map[string]string {
	out := map[string]string{}
	for _, m := range r.machines {
		k := logons.HostKey(m.Name)
		if _, ok := out[k]; ok {
			out[k] = ""
			continue
		}
		out[k] = m.ID
	}
	return out
}

// edgeOf reads an edge from its key.
func edgeOf(o *observations.Observation, hosts int, names map[string]string) Edge {
	f := strings.Split(o.Key, observations.Arrow)
	for len(f) < 3 {
		f = append(f, "")
	}
	e := Edge{First: o.First, Last: o.Last, Host: o.Host, Account: f[0], Source: f[1], Type: f[2], Target: ".", Count: o.Count, Level: o.Level,
		Hosts: hosts, IDs: o.IDs}
	if len(f) > 3 {
		e.Target = f[3]
	}
	find := func(name string) string {
		if name == "." {
			return o.Host
		}
		return names[logons.HostKey(name)]
	}
	e.SourceHost, e.TargetHost = find(e.Source), find(e.Target)
	if e.IDs == nil {
		e.IDs = []string{}
	}
	return e
}
