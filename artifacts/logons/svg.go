package logons

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
)

// maxDrawn bounds the nodes of a picture; the rest is counted.
const maxDrawn = 150

// An SVGOptions changes the picture. Nil means the defaults.
type SVGOptions struct {
	// Link returns the address that a node leads to, or "".
	Link func(id string) string
	// Words replaces the texts of the picture: "sources", "accounts",
	// "machines", "others".
	Words map[string]string
	// Title is what the picture is, for readers who cannot see it.
	Title string
	// Zone is the zone of the times in the picture; nil means UTC.
	Zone *time.Location
}

// A place is a node in the picture.
type place struct {
	node   *Node
	column int
	y      float64
	order  float64
}

// WriteSVG draws a graph in three columns: sources, accounts, machines. Nodes
// are ordered by the mean place of their neighbours (barycentre method: K.
// Sugiyama et al., 1981), with ties by id, so the same graph gives the same
// picture.
func WriteSVG(w io.Writer, g *Graph, opts *SVGOptions) error {
	if opts == nil {
		opts = &SVGOptions{}
	}
	word := func(s string) string { return escapeXML(cmp.Or(opts.Words[s], s)) }
	places, edges, others := arrange(g)
	columns := [3]int{}
	for _, p := range places {
		columns[p.column]++
	}
	const step, top, width = 26.0, 44.0, 1080.0
	x := [3]float64{230, 490, 850}
	rows := max(columns[0], columns[1], columns[2], 1)
	height := top + float64(rows)*step + 24
	const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" ` +
		`aria-labelledby="logons-graph" font-family="system-ui, sans-serif" font-size="12">` + "\n"
	fmt.Fprintf(w, head, width, height, width, height)
	fmt.Fprintf(w, "<title id=\"logons-graph\">%s</title>\n", escapeXML(cmp.Or(opts.Title, "log-ons")))
	for i, title := range [...]string{"sources", "accounts", "machines"} {
		fmt.Fprintf(w, `<text class="heading" x="%.0f" y="20" text-anchor="middle" font-weight="600" fill="#555">%s</text>`+"\n", x[i], word(title))
	}
	for _, p := range places {
		free := float64(rows-columns[p.column]) / 2 * step
		p.y = top + free + p.order*step
	}
	for _, e := range edges {
		from, to := places[e.from], places[e.to]
		if from.column > to.column {
			from, to = to, from
		}
		dash := ""
		if e.success == 0 && e.failure > 0 {
			dash = ` stroke-dasharray="4 3"`
		}
		x1, x2 := x[from.column]+8, x[to.column]-8
		if from.column == 1 { // after the label of the account
			x1 += 12 + textWidth(from.label())
		}
		mid := (x1 + x2) / 2
		fmt.Fprintf(w, `<path d="M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f" fill="none" stroke="%s" stroke-opacity=".55" stroke-width="%.1f"%s><title>%s</title></path>`+"\n",
			x1, from.y, mid, from.y, mid, to.y, x2, to.y, colour(e.level), 0.6+0.5*math.Log2(1+float64(e.success+e.failure)), dash,
			escapeXML(shorten(clean(e.title), maxTitle)))
	}
	highest := 0.0
	for _, p := range places {
		highest = max(highest, p.node.Rank)
	}
	for _, p := range places {
		p.draw(w, x[p.column], radius(p.node, highest), opts)
	}
	if others > 0 {
		fmt.Fprintf(w, `<text x="%.0f" y="%.0f" text-anchor="middle" fill="#555">+ %d %s</text>`+"\n", width/2, height-8, others,
			word("others"))
	}
	_, err := fmt.Fprint(w, "</svg>\n")
	return err
}

// radius is half the size of a mark: the higher the rank, the larger. The rows
// are so far apart that the largest do not touch.
func radius(n *Node, highest float64) float64 {
	const least, most = 5, 11
	if highest <= 0 {
		return least + 1
	}
	return least + (most-least)*math.Sqrt(n.Rank/highest)
}

func (p *place) draw(w io.Writer, x, r float64, opts *SVGOptions) {
	n := p.node
	link := ""
	if opts.Link != nil {
		link = opts.Link(n.ID)
	}
	if link != "" {
		fmt.Fprintf(w, `<a href="%s" tabindex="-1">`, escapeXML(link))
	}
	fill := colour(n.Level)
	if p.column == 1 {
		fmt.Fprintf(w, `<circle cx="%.1f" cy="%.1f" r="%.1f" fill="%s"/>`, x, p.y, r, fill)
	} else {
		fmt.Fprintf(w, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2" fill="%s"/>`, x-r, p.y-r, 2*r, 2*r, fill)
	}
	anchor, at := "start", x+r+5
	if p.column == 0 {
		anchor, at = "end", x-r-5
	}
	title := n.Label
	if len(n.Parts) > 0 {
		title += ": " + strings.Join(n.Parts, ", ")
	}
	const text = `<text class="label" x="%.1f" y="%.1f" text-anchor="%s" fill="currentColor" stroke="#fff" stroke-width="3" ` +
		`stroke-opacity=".75" paint-order="stroke">%s<title>%s</title></text>`
	fmt.Fprintf(w, text, at, p.y+4, anchor, escapeXML(p.label()), escapeXML(shorten(clean(title), maxTitle)))
	if link != "" {
		fmt.Fprint(w, "</a>")
	}
	fmt.Fprintln(w)
}

// label is the text beside a mark.
func (p *place) label() string {
	label := p.node.Label
	if p.node.Lift >= 2 {
		label = fmt.Sprintf("%s ×%.1f", label, p.node.Lift)
	}
	return shorten(clean(label), 32)
}

// textWidth estimates the width of a text of twelve pixels.
func textWidth(s string) float64 {
	w := 0.0
	for _, r := range s {
		switch {
		case r >= 0x1100:
			w += 12
		case unicode.IsUpper(r):
			w += 8.5
		default:
			w += 6.8
		}
	}
	return w
}

// maxTitle bounds the texts that a picture shows on demand, in characters.
const maxTitle = 300

func shorten(s string, n int) string {
	rs := []rune(s)
	if len(rs) <= n {
		return s
	}
	return string(rs[:n-1]) + "…"
}

func colour(level string) string {
	switch level {
	case "critical":
		return "#b00020"
	case "high":
		return "#d9480f"
	case "medium":
		return "#e0a000"
	}
	return "#4a6fa5"
}

// A drawn is an edge between two places.
type drawn struct {
	from, to         int
	success, failure int
	level, title     string
}

// weight orders nodes by how much they deserve to be seen.
func (n *Node) weight() (level int, lift float64, count int) {
	return slices.Index([]string{"", "informational", "low", "medium", "high", "critical"}, n.Level), n.Lift, n.Success + n.Failure
}

// A line is an edge of a graph as it is drawn: between an account and a source, or an
// account and a machine.
type line struct {
	account, host string // ids
	edge          *GraphEdge
}

// lines returns what is drawn of a graph: attempts, which lead through their account.
// Groups, domains and other relations are not part of the picture.
func lines(g *Graph) (out []line, targets map[string]bool) {
	accounts := map[string]string{} // label to id
	for i := range g.Nodes {
		if n := &g.Nodes[i]; !n.machine() {
			accounts[n.Label] = n.ID
		}
	}
	targets = map[string]bool{}
	for i := range g.Edges {
		e := &g.Edges[i]
		switch {
		case e.Relation():
		case !strings.HasPrefix(e.Source, "h:"):
			out = append(out, line{e.Source, e.Target, e})
		default:
			targets[e.Target] = true
			out = append(out, line{accounts[e.Account], e.Target, e})
		}
	}
	return out, targets
}

func (n *Node) machine() bool { return n.Kind == "host" || n.Kind == "address" }

// choose returns the nodes to draw, by level, lift and count, and how many are left
// out. A node comes with one that it has a line to.
func choose(g *Graph, all []line) (nodes []*Node, others int) {
	byID := map[string]*Node{}
	for i := range g.Nodes {
		byID[g.Nodes[i].ID] = &g.Nodes[i]
	}
	near := map[string][]*Node{}
	for _, l := range all {
		if a, h := byID[l.account], byID[l.host]; a != nil && h != nil {
			near[a.ID], near[h.ID] = append(near[a.ID], h), append(near[h.ID], a)
		}
	}
	heavier := func(a, b *Node) int {
		l, f, c := a.weight()
		m, h, d := b.weight()
		return cmp.Or(cmp.Compare(m, l), cmp.Compare(h, f), cmp.Compare(d, c), cmp.Compare(a.ID, b.ID))
	}
	var list []*Node
	for i := range g.Nodes {
		if n := &g.Nodes[i]; near[n.ID] != nil {
			list = append(list, n)
		}
	}
	slices.SortStableFunc(list, heavier)
	chosen := map[string]bool{}
	for _, n := range list {
		if chosen[n.ID] {
			continue
		}
		add := []*Node{n}
		if !slices.ContainsFunc(near[n.ID], func(m *Node) bool { return chosen[m.ID] }) {
			add = append(add, slices.MinFunc(near[n.ID], heavier))
		}
		if len(nodes)+len(add) > maxDrawn {
			continue
		}
		for _, m := range add {
			chosen[m.ID] = true
			nodes = append(nodes, m)
		}
	}
	slices.SortFunc(nodes, func(a, b *Node) int { return cmp.Compare(a.ID, b.ID) })
	return nodes, len(list) - len(nodes)
}

// arrange chooses the nodes to draw and their order.
func arrange(g *Graph) (places []*place, edges []drawn, others int) {
	all, targets := lines(g)
	nodes, others := choose(g, all)
	index := map[string]int{}
	for _, n := range nodes {
		column := 1
		if n.machine() {
			if column = 0; targets[n.ID] {
				column = 2
			}
		}
		index[n.ID] = len(places)
		places = append(places, &place{node: n, column: column})
	}
	near := make([][]int, len(places))
	byPair := map[[2]int]int{}
	for _, l := range all {
		a, ok := index[l.account]
		b, ok2 := index[l.host]
		if !ok || !ok2 {
			continue
		}
		k := [2]int{min(a, b), max(a, b)}
		i, ok := byPair[k]
		if !ok {
			i = len(edges)
			byPair[k] = i
			edges = append(edges, drawn{from: a, to: b})
			near[a], near[b] = append(near[a], b), append(near[b], a)
		}
		d, e := &edges[i], l.edge
		d.success += e.Success
		d.failure += e.Failure
		d.title = fmt.Sprintf("%s: %d ok, %d failed", e.Account, d.success, d.failure)
		if slices.Index(levels, e.Level) > slices.Index(levels, d.level) {
			d.level = e.Level
		}
	}
	order(places, near)
	slices.SortStableFunc(edges, func(x, y drawn) int { // the worst on top
		return cmp.Compare(slices.Index(levels, x.level), slices.Index(levels, y.level))
	})
	return places, edges, others
}

var levels = []string{"", "informational", "low", "medium", "high", "critical"}

// sweeps is how often the order of each column is improved.
const sweeps = 20

func order(places []*place, near [][]int) {
	var columns [3][]int
	for i, p := range places {
		p.order = float64(len(columns[p.column]))
		columns[p.column] = append(columns[p.column], i)
	}
	for s := range sweeps {
		for c := range columns {
			if s%2 == 1 {
				c = len(columns) - 1 - c
			}
			list := columns[c]
			mean := make(map[int]float64, len(list))
			for _, i := range list {
				if len(near[i]) == 0 {
					mean[i] = places[i].order
					continue
				}
				sum := 0.0
				for _, j := range near[i] {
					sum += places[j].order
				}
				mean[i] = sum / float64(len(near[i]))
			}
			slices.SortStableFunc(list, func(a, b int) int {
				return cmp.Or(cmp.Compare(mean[a], mean[b]), cmp.Compare(places[a].node.ID, places[b].node.ID))
			})
			for k, i := range list {
				places[i].order = float64(k)
			}
		}
	}
}
