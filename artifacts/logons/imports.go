package logons

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// neo4jLabels are the labels of LogonTracer's own graph, so that its queries
// work on ours.
func neo4jLabel(kind string) string {
	switch kind {
	case "address":
		return "IPAddress"
	case "host":
		return "Host"
	case "domain":
		return "Domain"
	case "group":
		return "Group"
	}
	return "Username"
}

// writeNeo4j writes nodes and edges for neo4j-admin database import.
func writeNeo4j(create func(string) (io.Writer, error), a *Analysis, f *Filter) error {
	g := a.Graph(f)
	head := func(list []attribute) []string {
		var out []string
		for _, x := range list {
			if x.kind == "string" {
				out = append(out, x.name)
			} else {
				out = append(out, x.name+":"+x.kind)
			}
		}
		return out
	}
	nodes := table{columns: slices.Concat([]string{"id:ID"}, head((&Node{}).attributes(g.Zone)), []string{":LABEL"})}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		nodes.rows = append(nodes.rows, slices.Concat([]string{n.ID}, values(n.attributes(g.Zone)), []string{neo4jLabel(n.Kind)}))
	}
	edges := table{columns: slices.Concat([]string{":START_ID", ":END_ID"}, head((&GraphEdge{}).attributes(g.Zone)), []string{":TYPE"})}
	for i := range g.Edges {
		e := &g.Edges[i]
		typ := "Event"
		switch e.Kind {
		case kindMember:
			typ = "Group"
		case kindSame:
			typ = "Same"
		case kindHop:
			typ = "Hop"
		}
		edges.rows = append(edges.rows, slices.Concat([]string{e.Source, e.Target}, values(e.attributes(g.Zone)), []string{typ}))
	}
	return writeTables(create, &nodes, &edges)
}

func values(list []attribute) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = x.value
	}
	return out
}

// writeGephi writes nodes and edges in the columns that Gephi's import knows.
func writeGephi(create func(string) (io.Writer, error), a *Analysis, f *Filter) error {
	g := a.Graph(f)
	names := func(list []attribute, skip string) []string {
		var out []string
		for _, x := range list {
			if x.name != skip {
				out = append(out, x.name)
			}
		}
		return out
	}
	without := func(list []attribute, skip string) []string {
		var out []string
		for _, x := range list {
			if x.name != skip {
				out = append(out, x.value)
			}
		}
		return out
	}
	nodes := table{columns: slices.Concat([]string{"Id", "Label"}, names((&Node{}).attributes(g.Zone), "label"))}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		nodes.rows = append(nodes.rows, slices.Concat([]string{n.ID, n.Label}, without(n.attributes(g.Zone), "label")))
	}
	edges := table{columns: slices.Concat([]string{"Source", "Target", "Type", "Weight"}, names((&GraphEdge{}).attributes(g.Zone), "type"))}
	for i := range g.Edges {
		e := &g.Edges[i]
		edges.rows = append(edges.rows, slices.Concat([]string{e.Source, e.Target, "Directed", count(max(1, e.Success+e.Failure))},
			without(e.attributes(g.Zone), "type")))
	}
	return writeTables(create, &nodes, &edges)
}

func writeTables(create func(string) (io.Writer, error), nodes, edges *table) error {
	for _, t := range [...]struct {
		name string
		t    *table
	}{{"nodes.csv", nodes}, {"edges.csv", edges}} {
		w, err := create(t.name)
		if err != nil {
			return err
		}
		c := csv.NewWriter(w)
		if err := c.Write(t.t.columns); err != nil {
			return err
		}
		if err := c.WriteAll(t.t.rows); err != nil {
			return err
		}
	}
	return nil
}

// writeLogonTracer writes what LogonTracer posts to its two indices in
// Elasticsearch.
func writeLogonTracer(w io.Writer, a *Analysis, _ string, f *Filter) error {
	b := bufio.NewWriter(w)
	last := iso(a.Last, time.UTC)
	for _, x := range a.Accounts {
		if x.First.IsZero() || f != nil && !f.account(x) {
			continue
		}
		var o object
		o.text("@timestamp", last)
		_, user, ok := strings.Cut(x.Name, `\`)
		if !ok {
			user = x.Name
		}
		o.text("user", user)
		rights := "user"
		if x.Privileged {
			rights = "system"
		}
		o.text("rights", rights)
		o.text("sid", cmp.Or(x.SID, "-"))
		o.text("status", a.status(x))
		o.raw("rank", float(round(x.Rank, 6)))
		fmt.Fprintf(b, `{"index":{"_index":"logontracer-user-index"}}`+"\n%s\n", o.done())
	}
	for _, h := range a.Hosts {
		if h.First.IsZero() {
			continue
		}
		var o object
		o.text("@timestamp", last)
		ip := "-"
		name := h.Names[0]
		for _, n := range h.Names {
			if _, ok := parseAddress(n); ok {
				ip = n
			} else {
				name = n
			}
		}
		o.text("IP", ip)
		o.text("hostname", name)
		o.raw("rank", float(round(h.Rank, 6)))
		fmt.Fprintf(b, `{"index":{"_index":"logontracer-host-index"}}`+"\n%s\n", o.done())
	}
	return b.Flush()
}

// status is what LogonTracer shows of changes of an account.
func (a *Analysis) status(x *Account) string {
	var parts []string
	add := func(word string, at time.Time) {
		if !at.IsZero() {
			parts = append(parts, fmt.Sprintf("%s(%s)", word, at.UTC().Format("2006-01-02 15:04:05")))
		}
	}
	add("Created", x.Created)
	add("Deleted", x.Deleted)
	for _, m := range a.Groups {
		if m.Member == x && m.Group != nil {
			word := "AddGroup"
			if !m.Added {
				word = "RemoveGroup"
			}
			parts = append(parts, fmt.Sprintf("%s: %s(%s)", word, m.Group.Name, m.Time.UTC().Format("2006-01-02 15:04:05")))
		}
	}
	for _, m := range x.Marks {
		add(m.Word, m.Time)
	}
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, " ")
}
