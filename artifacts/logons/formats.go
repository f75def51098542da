package logons

import (
	"bufio"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// A Format is one way to write an analysis.
type Format struct {
	Name  string
	About string
	Ext   string
	// Write writes one file.
	Write func(io.Writer, *Analysis, string, *Filter) error
	// Files writes several files; create opens each by its name.
	Files func(create func(string) (io.Writer, error), a *Analysis, f *Filter) error
}

// TableViews are the views that tables show, the first by default.
var TableViews = []string{"logons", "sessions", "timeline", "accounts", "hosts", "edges", "ranking", "changes", "groups",
	"policy", "domains", "hours", "chains", "logon-summary", "events-summary"}

// Formats lists the formats, the default first.
func Formats() []Format {
	graph := func(write func(io.Writer, *Graph) error) func(io.Writer, *Analysis, string, *Filter) error {
		return func(w io.Writer, a *Analysis, _ string, f *Filter) error {
			b := bufio.NewWriter(w)
			if err := write(b, a.Graph(f)); err != nil {
				return err
			}
			return b.Flush()
		}
	}
	return []Format{
		{Name: "text", Ext: ".txt", About: "for reading on a terminal", Write: writeText},
		{Name: "csv", Ext: ".csv", About: "comma-separated values, one view", Write: writeCSV},
		{Name: "jsonl", Ext: ".jsonl", About: "JSON lines, one view", Write: writeJSON},
		{Name: "graphml", Ext: ".graphml", About: "GraphML, for yEd, Gephi and NetworkX", Write: graph(writeGraphML)},
		{Name: "cytoscape", Ext: ".cyjs", About: "JSON as Cytoscape reads it", Write: graph(writeCytoscape)},
		{Name: "dot", Ext: ".dot", About: "DOT, for Graphviz", Write: graph(writeDOT)},
		{Name: "svg", Ext: ".svg", About: "a picture of the graph; of the views sessions and hours a chart",
			Write: func(w io.Writer, a *Analysis, view string, f *Filter) error {
				b := bufio.NewWriter(w)
				if err := writeSVG(b, a, view, f); err != nil {
					return err
				}
				return b.Flush()
			}},
		{Name: "neo4j", About: "nodes.csv and edges.csv for neo4j-admin import, in LogonTracer's labels", Files: writeNeo4j},
		{Name: "gephi", About: "nodes.csv and edges.csv as Gephi imports them", Files: writeGephi},
		{Name: "ecs", Ext: ".ndjson", About: "bulk requests of single attempts in the Elastic Common Schema", Write: writeECS},
		{Name: "logontracer", Ext: ".ndjson", About: "bulk requests for the two indices of LogonTracer", Write: writeLogonTracer},
	}
}

func (a *Analysis) table(view string, f *Filter) (*table, error) {
	switch view {
	case "", "logons", "edges":
		return a.edgeTable(f), nil
	case "sessions":
		return a.sessionTable(f), nil
	case "timeline":
		return a.attemptTable(f), nil
	case "accounts", "hosts", "ranking":
		return a.nodeTable(a.nodes(view, f)), nil
	case "changes":
		return a.changeTable(f), nil
	case "groups":
		return a.groupTable(f), nil
	case "policy":
		return a.policyTable(f), nil
	case "domains":
		return a.domainTable(f), nil
	case "hours":
		return a.hourTable(f), nil
	case "chains":
		return a.chainTable(f), nil
	case "logon-summary":
		return a.summaryTable(f), nil
	case "events-summary":
		return a.eventTable(), nil
	}
	return nil, fmt.Errorf("unknown view %q; known: %s", view, strings.Join(TableViews, ", "))
}

func writeCSV(w io.Writer, a *Analysis, view string, f *Filter) error {
	t, err := a.table(view, f)
	if err != nil {
		return err
	}
	return t.write(w)
}

// numeric are the columns that JSON lines write as numbers.
var numeric = map[string]bool{
	"type": true, "logon_type": true, "success": true, "failure": true, "active_days": true, "sessions": true, "total_duration": true,
	"duration": true, "rank": true, "lift": true, "change": true,
	"rare": true, "processes": true, "changes": true, "count": true, "expected": true, "score": true, "event_id": true, "record": true,
	"first_record": true, "begin_record": true, "end_record": true, "users": true, "unresolved": true, "hops": true, "percent": true,
	"total": true,
}

// lists are the columns that JSON lines write as lists.
var lists = map[string]bool{
	"source_names": true, "auth_packages": true, "failure_reasons": true, "event_ids": true, "findings": true, "channels": true,
	"reconnects": true, "names": true, "parts": true, "machines": true, "accounts": true, "records": true, "hosts": true, "targets": true,
	"reasons": true,
}

// snake writes a column's name as JSON lines do: AccountSID is account_sid.
func snake(s string) string {
	var b strings.Builder
	rs := []rune(s)
	for i, r := range rs {
		if unicode.IsUpper(r) && i > 0 && (unicode.IsLower(rs[i-1]) || i+1 < len(rs) && unicode.IsLower(rs[i+1])) &&
			!(r == 'I' && i+2 < len(rs) && rs[i+1] == 'D' && rs[i+2] == 's') {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	out := b.String()
	return strings.ReplaceAll(out, "eventids", "event_ids")
}

func writeJSON(w io.Writer, a *Analysis, view string, f *Filter) error {
	t, err := a.table(view, f)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	keys := make([]string, len(t.columns))
	for i, c := range t.columns {
		keys[i] = snake(c)
	}
	for row := range t.all {
		b.WriteByte('{')
		n := 0
		for i, v := range row {
			j, ok := jsonCell(keys[i], v)
			if !ok {
				continue
			}
			if n++; n > 1 {
				b.WriteByte(',')
			}
			b.Write(quoted(keys[i]))
			b.WriteByte(':')
			b.Write(j)
		}
		b.WriteString("}\n")
	}
	return b.Flush()
}

// jsonCell is one cell as JSON; empty ones are left out.
func jsonCell(key, v string) ([]byte, bool) {
	switch {
	case v == "":
		return nil, false
	case lists[key]:
		var out []byte
		for i, s := range strings.Split(v, "; ") {
			if out = append(out, ','); i == 0 {
				out[0] = '['
			}
			switch {
			case key == "event_ids":
				out = append(out, s...)
			case times[key]:
				out = append(out, quoted(jsonTime(s))...)
			default:
				out = append(out, quoted(s)...)
			}
		}
		return append(out, ']'), true
	case numeric[key], len(key) == 3 && key[0] == 'h' && key[1] <= '2': // the hours of a day
		return []byte(v), true
	case v == "true" && (key == "privileged" || strings.HasSuffix(key, "external")):
		return []byte(v), true
	case times[key]:
		return quoted(jsonTime(v)), true
	}
	return quoted(v), true
}

func quoted(s string) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(s) // a text cannot fail
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}

// An attribute is one value of a node or edge in a graph format.
type attribute struct {
	name, kind, value string // kind: string, int, double, boolean
}

func (n *Node) attributes(zone *time.Location) []attribute {
	return []attribute{
		{"label", "string", n.Label}, {"kind", "string", n.Kind}, {"names", "string", joined(n.Names, same)},
		{"external", "boolean", strconv.FormatBool(n.External)},
		{"privileged", "boolean", strconv.FormatBool(n.Privileged)}, {"created", "string", iso(n.Created, zone)},
		{"deleted", "string", iso(n.Deleted, zone)}, {"rank", "double", float(round(n.Rank, 6))},
		{"lift", "double", float(round(n.Lift, 2))}, {"findings", "string", joined(n.Findings, same)}, {"level", "string", n.Level},
		{"first", "string", iso(n.First, zone)}, {"last", "string", iso(n.Last, zone)},
		{"success", "int", count(n.Success)}, {"failure", "int", count(n.Failure)},
	}
}

func (e *GraphEdge) attributes(zone *time.Location) []attribute {
	return []attribute{
		{"kind", "string", e.Kind}, {"type", "int", strconv.Itoa(e.Type)}, {"auth", "string", joined(e.Auth, same)},
		{"success", "int", count(e.Success)}, {"failure", "int", count(e.Failure)},
		{"first", "string", iso(e.First, zone)}, {"last", "string", iso(e.Last, zone)},
		{"event_ids", "string", joined(e.EventIDs, func(n uint32) string { return strconv.FormatUint(uint64(n), 10) })},
		{"status", "string", joined(e.Reasons, same)}, {"account", "string", e.Account}, {"change", "double", float(e.Change)},
		{"rare", "double", float(e.Rare)}, {"level", "string", e.Level}, {"confidence", "string", e.Confidence}, {"why", "string", e.Why},
	}
}

// escapeXML escapes a text for XML; what XML cannot hold becomes U+FFFD.
func escapeXML(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a strings.Builder does not fail
	return b.String()
}

func writeGraphML(w io.Writer, g *Graph) error {
	fmt.Fprint(w, xml.Header+`<graphml xmlns="http://graphml.graphdrawing.org/xmlns">`+"\n")
	key := func(on string, list []attribute) {
		for _, a := range list {
			fmt.Fprintf(w, `  <key id="%s_%s" for="%s" attr.name="%s" attr.type="%s"/>`+"\n", on[:1], a.name, on, a.name, a.kind)
		}
	}
	key("node", (&Node{}).attributes(g.Zone))
	key("edge", (&GraphEdge{}).attributes(g.Zone))
	fmt.Fprint(w, `  <graph id="logons" edgedefault="directed">`+"\n")
	data := func(on byte, list []attribute) {
		for _, a := range list {
			if a.value != "" {
				fmt.Fprintf(w, `      <data key="%c_%s">%s</data>`+"\n", on, a.name, escapeXML(a.value))
			}
		}
	}
	for i := range g.Nodes {
		fmt.Fprintf(w, `    <node id="%s">`+"\n", escapeXML(g.Nodes[i].ID))
		data('n', g.Nodes[i].attributes(g.Zone))
		fmt.Fprint(w, "    </node>\n")
	}
	for i := range g.Edges {
		e := &g.Edges[i]
		fmt.Fprintf(w, `    <edge id="e%d" source="%s" target="%s">`+"\n", i, escapeXML(e.Source), escapeXML(e.Target))
		data('e', e.attributes(g.Zone))
		fmt.Fprint(w, "    </edge>\n")
	}
	_, err := fmt.Fprint(w, "  </graph>\n</graphml>\n")
	return err
}

func writeCytoscape(w io.Writer, g *Graph) error {
	object := func(ids string, list []attribute) {
		fmt.Fprintf(w, `{"data":{%s`, ids)
		for _, a := range list {
			switch {
			case a.value == "":
			case a.kind == "string":
				fmt.Fprintf(w, `,%s:%s`, quoted(a.name), quoted(a.value))
			default:
				fmt.Fprintf(w, `,%s:%s`, quoted(a.name), a.value)
			}
		}
		fmt.Fprint(w, "}}")
	}
	fmt.Fprint(w, `{"elements":{"nodes":[`)
	for i := range g.Nodes {
		if i > 0 {
			fmt.Fprint(w, ",\n")
		}
		object(fmt.Sprintf(`"id":%s`, quoted(g.Nodes[i].ID)), g.Nodes[i].attributes(g.Zone))
	}
	fmt.Fprint(w, `],"edges":[`)
	for i := range g.Edges {
		if i > 0 {
			fmt.Fprint(w, ",\n")
		}
		e := &g.Edges[i]
		object(fmt.Sprintf(`"id":"e%d","source":%s,"target":%s`, i, quoted(e.Source), quoted(e.Target)), e.attributes(g.Zone))
	}
	_, err := fmt.Fprint(w, "]}}\n")
	return err
}

func writeDOT(w io.Writer, g *Graph) error {
	fmt.Fprint(w, "digraph logons {\n  rankdir=LR;\n  node [fontname=\"Helvetica\", fontsize=10];\n")
	for i := range g.Nodes {
		n := &g.Nodes[i]
		shape := "ellipse"
		switch n.Kind {
		case "host", "address":
			shape = "box"
		case "group":
			shape = "hexagon"
		case "domain":
			shape = "octagon"
		}
		fmt.Fprintf(w, "  %s [label=%s, shape=%s];\n", quoted(n.ID), quoted(n.Label), shape)
	}
	for i := range g.Edges {
		e := &g.Edges[i]
		style := "solid"
		label := fmt.Sprintf("%s %d/%d", e.Kind, e.Success, e.Failure)
		switch {
		case e.Relation():
			style, label = "dotted", strings.TrimSpace(e.Kind+" "+e.Confidence)
		case e.Success == 0 && e.Failure > 0:
			style = "dashed"
		}
		fmt.Fprintf(w, "  %s -> %s [label=%s, style=%s];\n", quoted(e.Source), quoted(e.Target), quoted(label), style)
	}
	_, err := fmt.Fprint(w, "}\n")
	return err
}
