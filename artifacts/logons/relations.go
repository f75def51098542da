package logons

import (
	"slices"
	"strings"
	"time"
)

// Kinds of edges that are not attempts.
const (
	kindMember = "member"
	kindSame   = "same-as"
	kindHop    = "hop"
)

// Relation reports whether an edge relates two nodes, and is not an attempt.
func (e *GraphEdge) Relation() bool {
	return e.Kind == kindMember || e.Kind == kindSame || e.Kind == kindHop
}

// relations adds to a graph the groups and domains of its accounts, the nodes that are
// one, and the hops. A filter that chooses attempts shows relations of the nodes that
// these have; hops must be what it chooses, too.
func (a *Analysis) relations(g *Graph, f *Filter, shown map[string]bool, node func(Node)) {
	a.groupEdges(g, f, shown, node)
	a.domainEdges(g, node)
	a.hopEdges(g, f, node)
	a.sameEdges(g, shown)
}

// groupEdges adds the changes of groups.
func (a *Analysis) groupEdges(g *Graph, f *Filter, shown map[string]bool, node func(Node)) {
	type pair struct{ member, group string }
	at := map[pair]int{}
	for _, m := range a.Groups {
		if m.Group == nil || m.Member == nil || !f.done(m.Time, m.Member, m.Host) || f != nil && f.chooses() && !shown[m.Member.ID] {
			continue
		}
		n := m.Group.node()
		n.Kind = "group"
		node(n)
		node(m.Member.node())
		k := pair{m.Member.ID, m.Group.ID}
		i, ok := at[k]
		if !ok {
			i = len(g.Edges)
			at[k] = i
			g.add(GraphEdge{Source: k.member, Target: k.group, Kind: kindMember, Type: -1, First: m.Time, Account: m.Member.Name})
		}
		e := &g.Edges[i]
		if m.Time.Before(e.First) {
			e.First = m.Time
		}
		if m.Time.After(e.Last) {
			e.Last = m.Time
		}
		if m.Added {
			e.Success++
		}
	}
}

// domainOf returns the domain of a user or machine, "" for an account of one machine.
func domainOf(n *Node, machines map[string]bool) string {
	d, _, ok := strings.Cut(n.Label, `\`)
	d, _, _ = strings.Cut(d, ".")
	switch strings.ToUpper(d) {
	case "", "?", "-", "WORKGROUP", "BUILTIN", "NT AUTHORITY", "NT SERVICE":
		return ""
	}
	if !ok || n.Kind != "user" && n.Kind != "machine" || machines["h:"+strings.ToLower(d)] {
		return ""
	}
	return d
}

// domainEdges adds the domains of the accounts in a graph.
func (a *Analysis) domainEdges(g *Graph, node func(Node)) {
	machines := map[string]bool{}
	for _, h := range a.Hosts {
		machines[h.ID] = true
	}
	domains := map[string]*Node{}
	for _, n := range slices.Clone(g.Nodes) {
		name := domainOf(&n, machines)
		if name == "" {
			continue
		}
		id := "d:" + strings.ToLower(name)
		d := domains[id]
		if d == nil {
			d = &Node{ID: id, Label: name, Kind: "domain", Names: []string{name}}
			domains[id] = d
		}
		d.Success, d.Failure = d.Success+n.Success, d.Failure+n.Failure
		d.First, d.Last = first(d.First, n.First), later(d.Last, n.Last)
		g.add(GraphEdge{Source: n.ID, Target: id, Kind: kindMember, Type: -1, First: n.First, Last: n.Last, Account: n.Label})
	}
	for _, id := range sorted(domains) {
		node(*domains[id])
	}
}

// first is the earlier of two times, one of which may be unknown.
func first(x, y time.Time) time.Time {
	if x.IsZero() || !y.IsZero() && y.Before(x) {
		return y
	}
	return x
}

// hopEdges adds the use of credentials for another machine.
func (a *Analysis) hopEdges(g *Graph, f *Filter, node func(Node)) {
	hosts := map[string]*Host{}
	for _, h := range a.Hosts {
		hosts[h.ID] = h
	}
	type pair struct{ from, to, account string }
	at := map[pair]int{}
	for _, m := range newJourney([]*Trail{a.Trail()}).moves {
		from, to := hosts["h:"+strings.ToLower(m.From)], hosts["h:"+strings.ToLower(m.To)]
		if m.fails || from == nil || to == nil || from == to || !f.hop(m, from, to) {
			continue
		}
		node(from.node())
		node(to.node())
		k := pair{from.ID, to.ID, m.Account}
		i, ok := at[k]
		if !ok {
			i = len(g.Edges)
			at[k] = i
			g.add(GraphEdge{Source: k.from, Target: k.to, Kind: kindHop, Type: -1, First: m.Time, Account: m.Account, EventIDs: []uint32{4648},
				Confidence: "medium", Why: "credentials were used for the machine"})
		}
		e := &g.Edges[i]
		e.Success++
		e.Last = m.Time
		if m.hop.Proved {
			e.Confidence, e.Why = "high", "credentials were used for the machine, and its log has the log-on"
			e.EventIDs = include(e.EventIDs, 4624)
		}
		if slices.Index(levels, m.hop.Level) > slices.Index(levels, e.Level) {
			e.Level = m.hop.Level
		}
	}
}

// hop reports whether the filter shows a hop.
func (f *Filter) hop(m *move, from, to *Host) bool {
	if f == nil {
		return true
	}
	_, bare, _ := strings.Cut(m.Account, `\`)
	switch {
	case f.Failures, f.Privileged, f.External, f.MinCount > 1, len(f.Types)+len(f.Auth)+len(f.Status) > 0,
		len(f.Views) > 0 && !slices.Contains(f.Views, "all") && !slices.Contains(f.Views, "explicit"),
		!matches(f.Accounts, m.Account, bare), !matches(f.Sources, append([]string{from.Label}, from.Names...)...),
		!matches(f.Targets, append([]string{to.Label}, to.Names...)...),
		!f.From.IsZero() && m.Time.Before(f.From), !f.To.IsZero() && !m.Time.Before(f.To):
		return false
	}
	return true
}

// sameEdges joins the nodes of a graph that are one machine or account, and are not
// shown as one: names and addresses that were joined at another time, or not at all
// ([Options.NoJoin]); machines and their accounts; claimed names.
func (a *Analysis) sameEdges(g *Graph, shown map[string]bool) {
	same := func(x, y, confidence, why string, count int, from, to time.Time) {
		if x != y && shown[x] && shown[y] {
			g.add(GraphEdge{Source: x, Target: y, Kind: kindSame, Type: -1, Success: count, First: from, Last: to, Confidence: confidence, Why: why})
		}
	}
	for _, j := range mergeJoins(slices.Clone(a.Joins)) {
		confidence := "medium" // the client says its name
		if j.Why == whyTicket || j.Why == whyFace {
			confidence = "high"
		}
		same("h:"+strings.ToLower(j.Address), "h:"+strings.ToLower(j.Name), confidence, j.Why, j.Count, j.First, j.Last)
	}
	byName := map[string][]*Account{} // accounts with a SID
	for _, x := range a.Accounts {
		_, bare, ok := strings.Cut(x.Name, `\`)
		if name, machine := strings.CutSuffix(bare, "$"); ok && machine && x.Kind == "machine" {
			same(x.ID, "h:"+strings.ToLower(HostKey(name)), "high", "the machine's own account", x.Success+x.Failure, x.First, x.Last)
		}
		if x.SID != "" && x.Kind == "user" {
			k := strings.ToLower(bare)
			byName[k] = append(byName[k], x)
		}
	}
	for _, x := range a.Accounts {
		name, ok := strings.CutPrefix(strings.ToLower(x.Name), `?\`)
		if list := byName[name]; ok && name != "" && len(list) == 1 {
			same(x.ID, list[0].ID, "low", "claimed name of the only account with it", x.Success+x.Failure, x.First, x.Last)
		}
	}
}
