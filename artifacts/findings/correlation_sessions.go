package findings

import (
	"time"

	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

var ranInRemoteSession = lifeRule(Rule{
	ID: "C-19", Title: "Appeared and ran in a remote session", Level: High, Attack: []string{"T1105", "T1021.001"},
	Why: "The file of the program appeared while a session was open that came from an external address, or for the first time from its source " +
		"on a machine with remote sessions of others before, and it ran before that session ended.",
	Benign: "Administration of servers over the internet without a gateway, or from a new computer.",
	Next:   "Review everything that the session did, and where else the address logged on.",
	Needs:  append([]string{"mft", "usnjrnl", "zoneid", "eventlogons", "eventrdp"}, startNeeds...),
}, func(x *look, p *programs.Program) {
	if !p.Outside() || len(p.Starts) == 0 {
		return
	}
	for i := range p.Arrived {
		a := &p.Arrived[i]
		if a.Time.IsZero() || a.Kind == "inventory" {
			continue
		}
		for _, r := range x.remoteSessions() {
			if r.begin.After(a.Time) || !r.end.IsZero() && a.Time.After(r.end) {
				continue
			}
			end := r.end
			if end.IsZero() {
				end = a.Time.Add(24 * time.Hour)
			}
			starts := startsIn(p, a.Time.Add(-time.Second), end)
			if len(starts) == 0 {
				continue
			}
			level, s := High, x.model.Sessions.At(r.index)
			if x.counts["E-18"] > 0 {
				level = Critical
			}
			from := s.Source.Label
			if !s.Source.External {
				from += ", the first from there,"
			}
			x.hit(x.of(p), level, "it appeared during a session from %s and ran %s later", from,
				starts[0].Time.Sub(a.Time).Round(time.Second)).from(x.cite(append(startRefs(starts[:1]), a.Ref,
				programs.Ref{Record: s.BeginRef.ID})...)...)
			return
		}
	}
})

// remoteHistory is how many remote sessions from other sources, over a day at least, tell
// that a machine has a history in which a new source stands out.
const remoteHistory = 3

// An openRemote is when such a session was open, and its index.
type openRemote struct {
	begin, end time.Time
	index      int
}

// remoteSessions returns the sessions from external addresses, and those that are the
// first from their source on their machine, after a history of others.
func (x *look) remoteSessions() []openRemote {
	if x.remote != nil {
		return *x.remote
	}
	type history struct {
		n       int
		begin   time.Time
		sources map[*logons.Host]bool
	}
	out, by := []openRemote{}, map[*logons.Host]*history{}
	for i, s := range x.model.Sessions.All() {
		if s.Source == nil || s.Type != 10 && s.Type != 3 && s.Kind != "rdp" {
			continue
		}
		first := false
		if s.Source != s.Host {
			h := by[s.Host]
			if h == nil {
				h = &history{begin: s.Begin, sources: map[*logons.Host]bool{}}
				by[s.Host] = h
			}
			first = !h.sources[s.Source] && h.n >= remoteHistory && s.Begin.Sub(h.begin) >= 24*time.Hour
			h.n++
			h.sources[s.Source] = true
		}
		if first || s.Source.External {
			out = append(out, openRemote{s.Begin, s.End, i})
		}
	}
	x.remote = &out
	return out
}
