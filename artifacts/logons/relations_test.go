package logons

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// related are the machines of [chained], on which a member joins a group, a machine
// asks for a ticket, and somebody claims the name boss.
func related(opts *Options) *Analysis {
	b := New(opts)
	pc1, srv2, dc1 := chained()
	pc1(b)
	srv2(b)
	dc1(b)
	for _, r := range []struct {
		id     uint32
		fields []string
	}{
		{4728, []string{"TargetSid", "S-1-5-21-1-2-3-512", "TargetUserName", "Domain Admins", "TargetDomainName", "CORP", "MemberSid", bob, "MemberName", "-"}},
		{4769, []string{"TargetUserName", "PC1$@CORP.LOCAL", "TargetDomainName", "CORP.LOCAL", "IpAddress", "10.0.0.1", "Status", "0x0", "ServiceName", "FS01$"}},
		{4625, []string{"TargetUserName", "boss", "TargetDomainName", "", "LogonType", "3", "IpAddress", "10.0.0.7", "SubStatus", "0xC000006A"}},
	} {
		b.Add("", on("DC2", sec(uint64(r.id), r.id, 2000, r.fields...)), "")
	}
	return b.Analyse()
}

// edgeTexts names the relations of a graph.
func edgeTexts(g *Graph) (out []string) {
	for i := range g.Edges {
		if e := &g.Edges[i]; e.Relation() {
			out = append(out, fmt.Sprint(e.Kind, " ", e.Source, " ", e.Target, " ", e.Confidence))
		}
	}
	slices.Sort(out)
	return out
}

const sidBoss, sidAdmin = "S-1-5-21-1-2-3-1600", "S-1-5-21-1-2-3-1500"

func TestRelations(t *testing.T) {
	// Addresses of machines whose logs were read are these machines; the claim of a
	// name by a stranger is one, and the account of a machine is another node of it.
	want := []string{
		"hop h:pc1 h:srv2 high", "hop h:srv2 h:dc1 high",
		`member a:` + bob + ` a:S-1-5-21-1-2-3-512 `, `member a:` + bob + ` d:corp `, `member a:` + sidAdmin + ` d:corp `,
		`member a:` + sidBoss + ` d:corp `, `member a:corp\pc1$ d:corp `,
		`same-as a:?\boss a:` + sidBoss + ` low`, `same-as a:corp\pc1$ h:pc1 high`,
	}
	slices.Sort(want)
	all := &Filter{Machines: true, Local: true}
	if got := edgeTexts(related(nil).Graph(all)); !slices.Equal(got, want) {
		t.Errorf("relations:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// Apart, the addresses are nodes that are joined to their machines by edges.
	got := edgeTexts(related(&Options{NoJoin: true}).Graph(all))
	for _, w := range []string{"same-as h:10.0.0.1 h:pc1 medium", "same-as h:10.0.0.2 h:srv2 medium"} {
		if !slices.Contains(got, w) {
			t.Errorf("no %q in\n%s", w, strings.Join(got, "\n"))
		}
	}
	// One machine's log alone: the hop is what the other machine would have to confirm.
	b := New(nil)
	pc1, _, _ := chained()
	pc1(b)
	a := b.Analyse()
	if got := edgeTexts(a.Graph(nil)); !slices.Contains(got, "hop h:pc1 h:srv2 medium") {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	// The other machine's log covers the time and has no log-on: the step failed.
	b = New(nil)
	pc1(b)
	for i, at := range []int{-5000, 5000} {
		b.Add("", on("SRV2", sec(uint64(i), 4634, at, "TargetUserSid", sidBoss, "TargetUserName", "boss", "TargetLogonId", "0x9")), "")
	}
	if got := edgeTexts(b.Analyse().Graph(nil)); slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, kindHop) }) {
		t.Errorf("a step that failed is a hop: %q", got)
	}
	for _, f := range []*Filter{{Failures: true}, {Types: []int{3}}, {Accounts: []string{"nobody"}}, {Sources: []string{"srv2"}}, {Targets: []string{"pc1"}},
		{From: t0.Add(time.Hour)}, {To: t0}, {Views: []string{"ntlm"}}} {
		if got := edgeTexts(a.Graph(f)); slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, kindHop) }) {
			t.Errorf("%+v shows a hop", f)
		}
	}
	if got := edgeTexts(a.Graph(&Filter{Accounts: []string{"admin"}, Views: []string{"explicit"}})); !slices.Contains(got, "hop h:pc1 h:srv2 medium") {
		t.Errorf("the filter for the hop hides it: %q", got)
	}
	// Groups of accounts that a filter leaves out are left out.
	if got := edgeTexts(related(nil).Graph(&Filter{Accounts: []string{"admin"}})); slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, bob) }) {
		t.Errorf("a filter for admin shows bob: %q", got)
	}
}

// TestTicketJoin: the account of a machine proves its address more than a claim does.
func TestTicketJoin(t *testing.T) {
	b := New(&Options{NoJoin: true})
	b.Add("", sec(1, 4769, 0, "TargetUserName", "WS7$@CORP.LOCAL", "TargetDomainName", "CORP.LOCAL", "IpAddress", "10.0.0.9", "Status", "0x0", "ServiceName", "FS01$"), "")
	b.Add("", sec(2, 4625, 5, "TargetUserName", "eve", "TargetDomainName", "CORP", "LogonType", "3", "IpAddress", "-", "WorkstationName", "WS7"), "")
	if got := edgeTexts(b.Analyse().Graph(&Filter{Machines: true})); !slices.Contains(got, "same-as h:10.0.0.9 h:ws7 high") {
		t.Errorf("%q", got)
	}
}

// TestInterfaces: the configuration of a machine joins its address with it, for the time
// of the lease, and an address that was set by hand for as long as its logs last.
func TestInterfaces(t *testing.T) {
	from := func(lease time.Duration, host string, opts *Options) *Analysis {
		b := New(opts)
		r := sec(1, 4634, -5000, "TargetUserSid", bob, "TargetUserName", "bob", "TargetLogonId", "0x9")
		b.Add("", on("WS7", r), "") // its logs were read
		b.Add("", sec(2, 4624, 40*86400, "TargetUserSid", bob, "TargetUserName", "bob", "TargetDomainName", "CORP", "TargetLogonId", "0x1", "LogonType", "3", "IpAddress", "10.0.0.70"), "")
		to := time.Time{}
		if lease > 0 {
			to = t0.Add(lease)
		}
		b.Address(host, "10.0.0.70", t0, to, "x")
		b.Address(host, "169.254.0.x", t0, to, "x")
		return b.Analyse()
	}
	for _, c := range []struct {
		lease time.Duration
		host  string
		want  string
	}{{0, "WS7", "WS7"}, {41 * 24 * time.Hour, "ws7.corp.local", "WS7"}, {24 * time.Hour, "WS7", "10.0.0.70 (WS7)"}, {0, "OTHER", "10.0.0.70"}, {0, "", "10.0.0.70"}} {
		a := from(c.lease, c.host, nil)
		if s := a.Attempts.At(a.Attempts.Len() - 1).Source; s.Label != c.want {
			t.Errorf("%+v: from %s", c, s.Label)
		}
	}
	a := from(0, "WS7", &Options{NoJoin: true})
	if got := edgeTexts(a.Graph(&Filter{Local: true, Machines: true})); slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, kindSame) }) {
		t.Errorf("%q: WS7 is not in the graph", got)
	}
}

// TestRelationFormats reads relations and nodes back from each format of graphs.
func TestRelationFormats(t *testing.T) {
	a := related(&Options{NoJoin: true})
	f := &Filter{Machines: true, Local: true}
	g := a.Graph(f)
	var want []string
	for i := range g.Edges {
		want = append(want, g.Edges[i].Kind+" "+g.Edges[i].Source+" "+g.Edges[i].Target+" "+g.Edges[i].Confidence)
	}
	slices.Sort(want)
	kinds := map[string]string{}
	for _, n := range g.Nodes {
		kinds[n.ID] = n.Kind
	}
	if kinds["d:corp"] != "domain" || kinds["a:S-1-5-21-1-2-3-512"] != "group" || kinds["h:10.0.0.2"] != "address" {
		t.Errorf("kinds of nodes: %v", kinds)
	}
	for name, read := range map[string]func(map[string][]byte) ([]string, map[string]string){
		"graphml": readGraphML, "cytoscape": readCytoscape, "neo4j": readNeo4j, "gephi": readGephi, "dot": readDOT,
	} {
		out := map[string][]byte{}
		for _, fm := range Formats() {
			switch {
			case fm.Name != name:
			case fm.Files != nil:
				files := map[string]*bytes.Buffer{}
				if err := fm.Files(func(s string) (io.Writer, error) { files[s] = &bytes.Buffer{}; return files[s], nil }, a, f); err != nil {
					t.Fatal(err)
				}
				for s, b := range files {
					out[s] = b.Bytes()
				}
			default:
				var b bytes.Buffer
				if err := fm.Write(&b, a, "", f); err != nil {
					t.Fatal(err)
				}
				out[""] = b.Bytes()
			}
		}
		edges, nodes := read(out)
		slices.Sort(edges)
		exp := want
		if name == "dot" { // relations alone have a confidence there, and attempts have counts
			exp, edges = edgeTexts(g), slices.DeleteFunc(edges, func(s string) bool {
				return !strings.HasPrefix(s, "hop") && !strings.HasPrefix(s, "same-as") && !strings.HasPrefix(s, "member")
			})
		}
		if !slices.Equal(edges, exp) {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(edges, "\n"), strings.Join(exp, "\n"))
		}
		for id, kind := range kinds {
			if name == "dot" {
				kind = map[string]string{"host": "box", "address": "box", "group": "hexagon", "domain": "octagon"}[kind]
				if kind == "" {
					kind = "ellipse"
				}
			}
			if nodes[id] != kind {
				t.Errorf("%s: %s is %q, want %q", name, id, nodes[id], kind)
			}
		}
	}
}

func readGraphML(out map[string][]byte) (edges []string, nodes map[string]string) {
	type datum struct {
		Key   string `xml:"key,attr"`
		Value string `xml:",chardata"`
	}
	var x struct {
		Nodes []struct {
			ID   string  `xml:"id,attr"`
			Data []datum `xml:"data"`
		} `xml:"graph>node"`
		Edges []struct {
			Source string  `xml:"source,attr"`
			Target string  `xml:"target,attr"`
			Data   []datum `xml:"data"`
		} `xml:"graph>edge"`
	}
	if err := xml.Unmarshal(out[""], &x); err != nil {
		return []string{err.Error()}, nil
	}
	get := func(list []datum, key string) string {
		for _, d := range list {
			if d.Key == key {
				return d.Value
			}
		}
		return ""
	}
	nodes = map[string]string{}
	for _, n := range x.Nodes {
		nodes[n.ID] = get(n.Data, "n_kind")
	}
	for _, e := range x.Edges {
		edges = append(edges, get(e.Data, "e_kind")+" "+e.Source+" "+e.Target+" "+get(e.Data, "e_confidence"))
	}
	return edges, nodes
}

func readCytoscape(out map[string][]byte) (edges []string, nodes map[string]string) {
	type object struct {
		Data struct{ ID, Source, Target, Kind, Confidence string }
	}
	var x struct {
		Elements struct{ Nodes, Edges []object }
	}
	if err := json.Unmarshal(out[""], &x); err != nil {
		return []string{err.Error()}, nil
	}
	nodes = map[string]string{}
	for _, n := range x.Elements.Nodes {
		nodes[n.Data.ID] = n.Data.Kind
	}
	for _, e := range x.Elements.Edges {
		edges = append(edges, e.Data.Kind+" "+e.Data.Source+" "+e.Data.Target+" "+e.Data.Confidence)
	}
	return edges, nodes
}

func readTables(out map[string][]byte, id, source, target string) (edges []string, nodes map[string]string) {
	rows := func(name string) (list []map[string]string) {
		all, err := csv.NewReader(bytes.NewReader(out[name])).ReadAll()
		if err != nil {
			return nil
		}
		for _, r := range all[1:] {
			m := map[string]string{}
			for i, c := range all[0] {
				m[c] = r[i]
			}
			list = append(list, m)
		}
		return list
	}
	nodes = map[string]string{}
	for _, n := range rows("nodes.csv") {
		nodes[n[id]] = n["kind"]
	}
	for _, e := range rows("edges.csv") {
		edges = append(edges, e["kind"]+" "+e[source]+" "+e[target]+" "+e["confidence"])
		if typ := map[string]string{"member": "Group", "same-as": "Same", "hop": "Hop"}[e["kind"]]; e[":TYPE"] != "" && typ != "" && e[":TYPE"] != typ ||
			e["Weight"] == "0" {
			edges = append(edges, fmt.Sprint("wrong type or weight: ", e))
		}
	}
	return edges, nodes
}

func readNeo4j(out map[string][]byte) ([]string, map[string]string) {
	return readTables(out, "id:ID", ":START_ID", ":END_ID")
}

func readGephi(out map[string][]byte) ([]string, map[string]string) {
	return readTables(out, "Id", "Source", "Target")
}

// readDOT reads what writeDOT writes, line by line; of nodes it returns the shape.
func readDOT(out map[string][]byte) (edges []string, nodes map[string]string) {
	nodes = map[string]string{}
	for line := range strings.Lines(string(out[""])) {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), " [label=")
		if !ok {
			continue
		}
		var ids [2]string
		from, to, edge := strings.Cut(name, " -> ")
		json.Unmarshal([]byte(from), &ids[0])
		if !edge {
			_, shape, _ := strings.Cut(rest, "shape=")
			nodes[ids[0]] = strings.TrimSuffix(shape, "];")
			continue
		}
		json.Unmarshal([]byte(to), &ids[1])
		label, _, _ := strings.Cut(strings.TrimPrefix(rest, `"`), `"`)
		kind, more, _ := strings.Cut(label, " ")
		edges = append(edges, kind+" "+ids[0]+" "+ids[1]+" "+more)
	}
	return edges, nodes
}

// TestZones: each time that is written says its zone, in tables and graphs, and ids
// are those of UTC.
func TestZones(t *testing.T) {
	india := time.FixedZone("+05:30", 5*3600+1800)
	build := func(zone *time.Location) *Analysis {
		b := intrusion()
		b.opts.Zone = zone
		b.Add("", sec(92, 4732, 420, "TargetSid", "S-1-5-32-544", "TargetUserName", "Administrators", "MemberSid", bob), "")
		// A name that looks like a time is not one.
		b.Add("", sec(93, 4625, 430, "TargetUserName", "2026-03-06 18:00:00.0000000", "LogonType", "3", "IpAddress", "10.0.0.7"), "")
		return b.Analyse()
	}
	utc, local := build(nil), build(india)
	for _, v := range TableViews {
		x, y := view(t, utc, v, nil), view(t, local, v, nil)
		if len(x) != len(y) {
			t.Errorf("%s: %d and %d rows", v, len(x), len(y))
			continue
		}
		for i := range x {
			for column, cell := range x[i] {
				if !times[snake(column)] {
					continue
				}
				for j, s := range strings.Split(cell, "; ") {
					if s == "" {
						continue
					}
					want, err := time.Parse(csvTime, s)
					if err != nil {
						t.Fatalf("%s: %s %q", v, column, s)
					}
					got, err := time.Parse(csvTime+"-07:00", strings.Split(y[i][column], "; ")[j])
					if err != nil || !got.Equal(want) || !strings.HasSuffix(y[i][column], "+05:30") {
						t.Errorf("%s: %s is %q in UTC and %q in the zone", v, column, cell, y[i][column])
					}
				}
			}
			if x[i]["ID"] != y[i]["ID"] || x[i]["Session"] != y[i]["Session"] {
				t.Errorf("%s: ids %v and %v", v, x[i], y[i])
			}
		}
	}
	hours := view(t, local, "hours", nil) // 18:00 UTC is 23:30
	if m := hours[0]; m["Zone"] != "+05:30" || m["Weekday"] != "Fri" || m["H23"] != m["Total"] {
		t.Errorf("hours: %v", m)
	}
	if m := view(t, utc, "hours", nil)[0]; m["Zone"] != "UTC" || m["H18"] != m["Total"] {
		t.Errorf("hours: %v", m)
	}
	for _, c := range []struct {
		view, utc, local string
	}{
		{"sessions", `"begin":"2026-03-06T18:01:43.0000000Z"`, `"begin":"2026-03-06T23:31:43.0000000+05:30"`},
		{"sessions", `"reconnects":["2026-03-06T18:03:50.0000000Z"]`, `"reconnects":["2026-03-06T23:33:50.0000000+05:30"]`},
		{"logons", `"account":"?\\2026-03-06 18:00:00.0000000"`, `"account":"?\\2026-03-06 18:00:00.0000000"`},
	} {
		for a, want := range map[*Analysis]string{utc: c.utc, local: c.local} {
			var b strings.Builder
			if err := writeJSON(&b, a, c.view, nil); err != nil || !strings.Contains(b.String(), want) {
				t.Errorf("JSON lines of %s have no %s: %v\n%s", c.view, want, err, b.String())
			}
		}
	}
	for _, fm := range Formats() {
		var b bytes.Buffer
		view := ""
		switch fm.Name {
		case "graphml", "cytoscape", "text":
		case "svg":
			view = "sessions"
		case "ecs", "logontracer": // machines read them: always UTC
			fm.Write(&b, local, "", nil)
			if s := b.String(); strings.Contains(s, "+05:30") || !strings.Contains(s, `Z"`) {
				t.Errorf("%s: %s", fm.Name, s)
			}
			continue
		default:
			continue
		}
		for a, want := range map[*Analysis]string{utc: "Z", local: "+05:30"} {
			b.Reset()
			if err := fm.Write(&b, a, view, nil); err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, day := range []string{"2026-03-06 ", "2026-03-06T"} {
				for _, s := range strings.Split(b.String(), day)[1:] {
					if strings.HasPrefix(s, "18:00:00.0000000<") || strings.HasPrefix(s, `18:00:00.0000000"`) || strings.HasPrefix(s, "18:00:00.0000000 ") {
						continue // the name
					}
					n++
					end := strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789:.", r) })
					if !strings.HasPrefix(s[end:], want) {
						t.Errorf("%s: a time without %s: %.40q", fm.Name, want, s)
					}
				}
			}
			if n == 0 {
				t.Errorf("%s: no time", fm.Name)
			}
		}
	}
}
