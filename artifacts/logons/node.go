package logons

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A Node is an account or host as graphs show it.
type Node struct {
	ID, Label, Kind      string
	Names                []string
	External, Privileged bool
	Created, Deleted     time.Time
	Rank, Lift           float64
	Parts                []string
	Findings             []string
	Level                string
	First, Last          time.Time
	Success, Failure     int
}

func (a *Account) node() Node {
	n := Node{ID: a.ID, Label: a.Name, Kind: a.Kind, Names: a.Names, Privileged: a.Privileged, Created: a.Created, Deleted: a.Deleted}
	n.score(&a.Score)
	return n
}

func (h *Host) node() Node {
	n := Node{ID: h.ID, Label: h.Label, Kind: h.Kind(), Names: h.Names, External: h.External}
	n.score(&h.Score)
	return n
}

func (n *Node) score(s *Score) {
	n.Rank, n.Lift, n.Parts, n.First, n.Last, n.Success, n.Failure = s.Rank, s.Lift, s.Parts, s.First, s.Last, s.Success, s.Failure
}

// nodes returns the nodes of a view. A filter keeps those of the edges that it
// shows; one that chooses nothing but accounts keeps the accounts without an edge,
// too.
func (a *Analysis) nodes(view string, f *Filter) (out []Node) {
	shown := a.shown(f)
	switch view {
	case "accounts":
		for _, x := range a.Accounts {
			if (f == nil || f.account(x)) && (shown == nil || shown[x.ID]) {
				out = append(out, x.node())
			}
		}
	case "hosts":
		for _, h := range a.Hosts {
			if shown == nil || shown[h.ID] {
				out = append(out, h.node())
			}
		}
	case "ranking":
		for _, r := range a.Ranking() {
			if shown == nil || shown[r.ID] {
				n := Node{ID: r.ID, Label: r.Label, Kind: r.Kind, Names: r.Names}
				n.score(r.Score)
				out = append(out, n)
			}
		}
	}
	return out
}

// shown returns the ids of the nodes of all edges that a filter shows, nil for a
// filter that chooses no edges.
func (a *Analysis) shown(f *Filter) map[string]bool {
	if f == nil || !f.chooses() {
		return nil
	}
	ids := map[string]bool{}
	for _, e := range a.Edges {
		if f.edge(e) {
			ids[e.Account.ID], ids[e.Source.ID], ids[e.Target.ID] = true, true, true
		}
	}
	return ids
}

// A Graph is what graph formats write: nodes, and edges between them.
type Graph struct {
	Nodes []Node
	Edges []GraphEdge
	Zone  *time.Location // of the times that are written
}

// A GraphEdge is one line between two nodes: an account to the source it used,
// and the source to the machine it reached; or a relation of two nodes, see
// [Analysis.Graph].
type GraphEdge struct {
	ID, Source, Target, Kind string
	Type                     int
	Auth                     []string
	Success, Failure         int
	First, Last              time.Time
	EventIDs                 []uint32
	Reasons                  []string
	Account                  string
	Change, Rare             float64
	Level                    string
	Confidence, Why          string // of a same-as or a hop
}

// Graph returns the nodes and edges that a filter shows. Beside attempts there are
// edges of the kinds member (of a group or domain), same-as (two nodes that are one
// machine or account) and hop (credentials were used for another machine).
func (a *Analysis) Graph(f *Filter) *Graph {
	g := &Graph{Zone: a.Zone()}
	nodes := map[string]bool{}
	node := func(n Node) {
		if !nodes[n.ID] {
			nodes[n.ID] = true
			g.Nodes = append(g.Nodes, n)
		}
	}
	for _, e := range a.Edges {
		if !f.drawn(e) {
			continue
		}
		node(e.Account.node())
		node(e.Source.node())
		line := GraphEdge{
			Kind: e.Kind, Type: e.Type, Auth: e.Auth, Success: e.Success, Failure: e.Failure, First: e.First, Last: e.Last,
			EventIDs: e.EventIDs, Reasons: e.Reasons,
			Account: e.Account.Name, Change: e.Change, Rare: e.Rare, Level: e.Level,
		}
		line.Source, line.Target = e.Account.ID, e.Source.ID
		g.add(line)
		if e.Target != e.Source {
			node(e.Target.node())
			line.Source, line.Target = e.Source.ID, e.Target.ID
			g.add(line)
		}
	}
	a.relations(g, f, nodes, node)
	g.levels(a, f)
	slices.SortFunc(g.Nodes, func(x, y Node) int { return cmp.Compare(x.ID, y.ID) })
	return g
}

// levels gives each node the worst level and the findings of its edges.
func (g *Graph) levels(a *Analysis, f *Filter) {
	at := map[string]*Node{}
	for i := range g.Nodes {
		at[g.Nodes[i].ID] = &g.Nodes[i]
	}
	for _, e := range a.Edges {
		if !f.drawn(e) || e.Level == "" {
			continue
		}
		for _, id := range []string{e.Account.ID, e.Source.ID, e.Target.ID} {
			n := at[id]
			if n == nil {
				continue
			}
			if slices.Index(levels, e.Level) > slices.Index(levels, n.Level) {
				n.Level = e.Level
			}
			for _, id := range e.Findings {
				if !slices.Contains(n.Findings, id) && len(n.Findings) < maxTexts {
					n.Findings = append(n.Findings, id)
				}
			}
		}
	}
	for i := range g.Nodes {
		slices.Sort(g.Nodes[i].Findings)
	}
}

func (g *Graph) add(e GraphEdge) {
	e.ID = strings.Join([]string{e.Source, e.Target, e.Kind, typeText(e.Type), e.Account}, "|")
	g.Edges = append(g.Edges, e)
}
