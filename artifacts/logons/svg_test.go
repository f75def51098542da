package logons

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

// crowd is a graph of very many nodes: sources, accounts, machines.
func crowd(nodes int) *Graph {
	g := &Graph{}
	third := nodes / 3
	for i := range third {
		level := []string{"", "", "", "medium", "high", "critical"}[i%6]
		g.Nodes = append(g.Nodes,
			Node{ID: fmt.Sprintf("h:src%03d", i), Label: fmt.Sprintf("10.0.%d.%d", i/8, i), Kind: "address", Rank: float64(i) / 500, Success: i, Level: level},
			Node{ID: fmt.Sprintf("a:acc%03d", i), Label: fmt.Sprintf(`CORP\user%03d`, i), Kind: "user", Rank: float64(third-i) / 500, Success: i},
			Node{ID: fmt.Sprintf("h:tgt%03d", i), Label: fmt.Sprintf("SRV%03d", i), Kind: "host", Success: 2 * i})
		for k := range 3 {
			j := (i*7 + k*13) % third
			e := GraphEdge{Source: fmt.Sprintf("a:acc%03d", j), Target: fmt.Sprintf("h:src%03d", i), Kind: "logon", Type: 3, Success: 1 + i, Failure: k, Account: fmt.Sprintf(`CORP\user%03d`, j), Level: level}
			g.add(e)
			e.Source, e.Target = e.Target, fmt.Sprintf("h:tgt%03d", (i+j)%third)
			g.add(e)
		}
	}
	return g
}

// TestCrowd draws 200 nodes and more: no marks or labels of a column touch, the
// same graph gives the same bytes, and what is left out is counted.
func TestCrowd(t *testing.T) {
	var a, b bytes.Buffer
	if err := WriteSVG(&a, crowd(201), &SVGOptions{Title: "x"}); err != nil {
		t.Fatal(err)
	}
	if err := WriteSVG(&b, crowd(201), &SVGOptions{Title: "x"}); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two pictures of one graph differ", err)
	}
	if name := os.Getenv("ARTIFACTDUMP_SVG"); name != "" {
		if err := os.WriteFile(name, a.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	type mark struct{ y, r float64 }
	columns := map[float64][]mark{}
	d := xml.NewDecoder(&a)
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		e, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		v := map[string]float64{}
		for _, at := range e.Attr {
			v[at.Name.Local], _ = strconv.ParseFloat(at.Value, 64)
		}
		switch e.Name.Local {
		case "circle":
			columns[v["cx"]] = append(columns[v["cx"]], mark{v["cy"], v["r"]})
		case "rect":
			x := math.Round(v["x"] + v["width"]/2)
			columns[x] = append(columns[x], mark{v["y"] + v["height"]/2, v["height"] / 2})
		}
	}
	n := 0
	for x, list := range columns {
		n += len(list)
		for i, m := range list {
			for _, o := range list[:i] {
				if gap := math.Abs(m.y - o.y); gap < m.r+o.r+1 || gap < 14 {
					t.Errorf("column %v: marks at %v and %v touch", x, m, o)
				}
			}
		}
	}
	if n != maxDrawn || !strings.Contains(b.String(), "+ 51 others") {
		t.Errorf("%d nodes are drawn", n)
	}
}

// TestLonely: where not all nodes are drawn, each that is has a line, the worst lines are
// on top, and lines do not cross the labels of the accounts that they begin at.
func TestLonely(t *testing.T) {
	// Sources have the largest counts: chosen by themselves they would fill the picture.
	g := &Graph{}
	for i := range 120 {
		e := GraphEdge{Source: fmt.Sprintf("a:%03d", i), Target: fmt.Sprintf("h:src%03d", i), Kind: "logon", Type: 3, Success: 1, Account: fmt.Sprintf(`CORP\%03d`, i)}
		g.Nodes = append(g.Nodes, Node{ID: e.Source, Label: e.Account, Kind: "user", Success: 1}, Node{ID: e.Target, Label: e.Target, Kind: "address", Success: 99})
		if i == 0 {
			e.Level, g.Nodes[0].Level = "critical", "critical"
		}
		g.add(e)
		e.Source, e.Target = e.Target, "h:dc"
		g.add(e)
	}
	g.Nodes = append(g.Nodes, Node{ID: "h:dc", Label: "DC", Kind: "host", Success: 1000})
	places, edges, others := arrange(g)
	if len(places) > maxDrawn || len(places) < maxDrawn-1 || others != len(g.Nodes)-len(places) {
		t.Errorf("%d nodes are drawn and %d not", len(places), others)
	}
	lines := map[int]int{}
	for _, e := range edges {
		lines[e.from]++
		lines[e.to]++
	}
	for i, p := range places {
		if lines[i] == 0 {
			t.Errorf("%s has no line", p.node.ID)
		}
	}
	if n := len(edges); n == 0 || edges[n-1].level != "critical" {
		t.Errorf("the worst line is not the last: %+v", edges)
	}
	var b strings.Builder
	if err := WriteSVG(&b, g, nil); err != nil {
		t.Fatal(err)
	}
	for s := range strings.SplitSeq(b.String(), "\n") {
		var x1, y1, mid, y2 float64
		if n, _ := fmt.Sscanf(s, `<path d="M%g %gC%g %g`, &x1, &y1, &mid, &y2); n == 4 && x1 > 400 && x1 < 490+8*6.8 {
			t.Errorf("a line begins in a label: %s", s)
		}
	}
}

// TestRadius: the higher the rank, the larger, within the height of a row.
func TestRadius(t *testing.T) {
	last := 0.0
	for i := range 11 {
		r := radius(&Node{Rank: float64(i) / 10}, 1)
		if r < last || r > 12 {
			t.Errorf("rank %d: radius %v after %v", i, r, last)
		}
		last = r
	}
}
