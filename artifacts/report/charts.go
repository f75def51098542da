package report

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// The drawing area, in pixels of the SVG's own.
const (
	chartWidth  = 960.0
	chartLeft   = 44.0
	chartRight  = 950.0
	chartTop    = 26.0
	chartBottom = 176.0
	laneLeft    = 216.0
	laneHeight  = 20.0
	laneTop     = 8.0
	maxLanes    = 36
)

// A rect is one bar.
type rect struct {
	X, Y, W, H float64
	Class      string
}

// A level line of the histogram.
type scaleLine struct {
	Y float64
	N int
}

// A flag marks the moment of a finding on the histogram.
type flag struct {
	X     float64
	Level string
	N     int // number of the finding on the page
	Label string
}

// A column is one row of the histogram's table.
type column struct {
	From, To time.Time
	N        counts
}

// A histogram is the chart of activity over time.
type histogram struct {
	Name          string // on the page: hist, close
	Bars          []rect
	Lines         []scaleLine
	Ticks         []tick
	Gaps          []gap
	Flags         []flag
	Columns       []column
	Hours         int64 // that a column holds
	Before, After int   // traces outside
	Peak          column
	axis          *axis
}

func drawHistogram(b buckets, findings []findingView) *histogram {
	shown, before, after := b.window()
	h := drawBars("hist", shown, findings)
	if h != nil {
		h.Before, h.After = before, after
	}
	return h
}

func drawBars(name string, shown buckets, findings []findingView) *histogram {
	if len(shown.n) == 0 {
		return nil
	}
	a, shown := newAxis(shown, chartLeft, chartRight)
	h := &histogram{Name: name, axis: a, Ticks: a.ticks(), Gaps: a.gaps(), Hours: widths[a.width]}
	peak := 0
	for _, k := range shown.keys() {
		c := column{start(k, a.width), start(k+1, a.width), shown.n[k]}
		h.Columns = append(h.Columns, c)
		if s := sum(c.N); s > peak {
			peak, h.Peak = s, c
		}
	}
	// Heights are square roots: one start in an hour stays visible beside
	// the thousand traces of an installation.
	height := func(n int) float64 {
		return math.Sqrt(float64(n)) / math.Sqrt(float64(peak)) * (chartBottom - chartTop)
	}
	for _, n := range []int{1, 10, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 100000, 1000000} {
		y := round(chartBottom - height(n))
		if n <= peak && (len(h.Lines) == 0 || h.Lines[len(h.Lines)-1].Y-y > 14) {
			h.Lines = append(h.Lines, scaleLine{y, n})
		}
	}
	class := [layers]string{"ran", "used", "traced"}
	for _, c := range h.Columns {
		if sum(c.N) == 0 {
			continue // a column of the close view, for its hours to stay together
		}
		x, _ := a.x(c.From)
		below := 0
		for l, n := range c.N {
			if n == 0 {
				continue
			}
			y0, y1 := chartBottom-height(below), chartBottom-height(below+n)
			below += n
			h.Bars = append(h.Bars, rect{round(x), round(y1), round(max(1, a.column-0.6)), round(max(0.6, y0-y1)), class[l]})
		}
	}
	h.Flags = drawFlags(a, findings)
	return h
}

func sum(c counts) (n int) {
	for _, v := range c {
		n += v
	}
	return n
}

// Limits of the close view: some days by the hour.
const (
	maxCloseHours = 170
	closeAround   = 9 // hours before and after a moment
)

// drawClose is the histogram of the days of the worst findings by the hour,
// for as many of their moments as there is room. It is nil where it would
// show no more than the whole.
func drawClose(b buckets, findings []findingView, whole *histogram) *histogram {
	if whole == nil || whole.Hours <= 1 || widths[b.width] > 1 {
		return nil
	}
	hours := map[int64]bool{}
	take := func(t time.Time) {
		var more []int64
		for h := hourOf(t) - closeAround; h <= hourOf(t)+closeAround; h++ {
			if !hours[h] {
				more = append(more, h)
			}
		}
		if len(hours)+len(more) > maxCloseHours {
			return
		}
		for _, h := range more {
			hours[h] = true
		}
	}
	for i := range findings {
		f := &findings[i]
		if f.Level != "critical" && f.Level != "high" {
			break
		}
		for _, e := range f.Evidence {
			if e.Proves == "executed" && !e.Time.IsZero() {
				take(e.Time)
			}
		}
	}
	if len(hours) == 0 {
		return nil
	}
	// What the axis would not cut out is drawn too: an empty hour means that
	// nothing is remembered of it.
	keys := slices.Sorted(maps.Keys(hours))
	for i, h := range keys[1:] {
		if h-keys[i] <= quiet(0) {
			for between := keys[i] + 1; between < h; between++ {
				hours[between] = true
			}
		}
	}
	shown := buckets{limit: maxBuckets, n: map[int64]counts{}}
	for h := range hours {
		shown.n[h] = b.n[h]
	}
	return drawBars("close", shown, findings)
}

// drawFlags marks the moments of the worst findings, where there is room.
func drawFlags(a *axis, findings []findingView) []flag {
	var out []flag
	for i := range findings {
		f := &findings[i]
		x, ok := a.x(f.LastSeen)
		if !ok || f.LastSeen.IsZero() || slices.ContainsFunc(out, func(o flag) bool { return math.Abs(o.X-x) < 9 }) {
			continue
		}
		out = append(out, flag{round(x), f.Level, f.N, f.Title + " – " + f.Subject})
	}
	slices.SortFunc(out, func(a, b flag) int { return cmp.Compare(a.X, b.X) })
	return out
}

// A lane is one program over time.
type lane struct {
	Y       float64
	Label   string
	Path    string
	Host    string
	Level   string // of its finding, or ""
	Finding int
	Marks   []laneMark
	*programView
}

type laneMark struct {
	X   float64
	Ran bool
}

// lanes are the programs worth a line of their own, on the histogram's axis.
type lanes struct {
	Lanes  []lane
	Height float64
	Ticks  []tick
	Gaps   []gap
	Left   int // programs that have no lane
}

// A programView is a program with its finding.
type programView struct {
	Program     string
	Host        string
	Finding     int
	Level       string
	First, Last event
	N           counts
	p           *program
}

func (c *Collector) programViews(findings []findingView) []programView {
	type key struct{ host, path string }
	found := map[key]*findingView{}
	for i := range findings {
		f := &findings[i]
		if k := (key{f.Host, winpath.Key(f.Subject)}); f.SubjectKind == "program" && found[k] == nil {
			found[k] = f
		}
	}
	var out []programView
	for _, k := range slices.Sorted(maps.Keys(c.programs)) {
		p := c.programs[k]
		v := programView{Program: p.key, Host: p.host, First: p.first, Last: p.last, N: p.counts, p: p}
		if f := found[key{p.host, p.key}]; f != nil {
			v.Finding, v.Level = f.N, f.Level
		}
		out = append(out, v)
	}
	return out
}

// drawLanes takes programs with findings first, worst first, then those that
// were seen first most lately.
func drawLanes(h *histogram, programs []programView) *lanes {
	if h == nil {
		return nil
	}
	a, _ := newAxis(columnsOf(h), laneLeft, chartRight)
	order := make([]*programView, 0, len(programs))
	for i := range programs {
		if p := &programs[i]; p.N[ran]+p.N[used] > 0 || p.Finding > 0 {
			order = append(order, p)
		}
	}
	slices.SortStableFunc(order, func(x, y *programView) int {
		if (x.Finding > 0) != (y.Finding > 0) {
			return cmp.Compare(y.Finding, x.Finding)
		}
		return cmp.Or(cmp.Compare(x.Finding, y.Finding), y.First.Time.Compare(x.First.Time))
	})
	out := &lanes{Ticks: a.ticks(), Gaps: a.gaps()}
	for _, p := range order {
		if len(out.Lanes) == maxLanes {
			out.Left++
			continue
		}
		l := lane{
			Y: laneTop + laneHeight*(float64(len(out.Lanes))+0.5), Label: laneLabel(p.Program), Path: p.Program,
			Host: p.Host, Level: p.Level, Finding: p.Finding, programView: p,
		}
		l.Marks = laneMarks(a, &p.p.marks)
		out.Lanes = append(out.Lanes, l)
	}
	out.Height = laneTop + laneHeight*float64(len(out.Lanes))
	if len(out.Lanes) == 0 {
		return nil
	}
	return out
}

// columnsOf gives the histogram's columns back as buckets.
func columnsOf(h *histogram) buckets {
	b := buckets{maxBuckets, h.axis.width, map[int64]counts{}}
	for _, c := range h.Columns {
		b.n[floorDiv(hourOf(c.From), widths[b.width])] = c.N
	}
	return b
}

func laneLabel(p string) string {
	const most = 26
	r := []rune(clean(p[strings.LastIndexByte(p, '\\')+1:]))
	if len(r) > most {
		r = append(r[:most-1], '…')
	}
	return string(r)
}

func laneMarks(a *axis, m *marks) []laneMark {
	var out []laneMark
	for _, at := range m.at {
		x, ok := a.x(time.Unix(at.hour*3600+m.step*1800, 0))
		if !ok {
			continue
		}
		x = round(x)
		if n := len(out); n > 0 && x-out[n-1].X < 3 {
			if at.ran && !out[n-1].Ran {
				out[n-1] = laneMark{x, true}
			}
			continue
		}
		out = append(out, laneMark{x, at.ran})
	}
	return out
}

// A tactic is one column of the ATT&CK strip.
type tactic struct {
	Name  string // short name, "" for none
	Cells []techniqueView
}

type techniqueView struct {
	ID, Name, Level string
	Findings        []int
}

// tacticOrder is the order of the matrix.
var tacticOrder = []string{
	"reconnaissance", "resource-development", "initial-access", "execution", "persistence", "privilege-escalation",
	"defense-evasion", "credential-access", "discovery", "lateral-movement", "collection", "command-and-control", "exfiltration", "impact",
}

func drawStrip(techniques []Technique, findings []findingView) []tactic {
	byID := map[string]Technique{}
	for _, t := range techniques {
		byID[t.ID] = t
	}
	cells := map[string]map[string]*techniqueView{}
	for _, f := range findings {
		for _, id := range f.Techniques {
			t := byID[id]
			tactics := t.Tactics
			if len(tactics) == 0 {
				tactics = []string{""}
			}
			for _, name := range tactics {
				if cells[name] == nil {
					cells[name] = map[string]*techniqueView{}
				}
				v := cells[name][id]
				if v == nil {
					v = &techniqueView{ID: id, Name: t.Name, Level: f.Level}
					cells[name][id] = v
				}
				v.Findings = append(v.Findings, f.N)
			}
		}
	}
	var out []tactic
	rank := func(n string) int {
		if i := slices.Index(tacticOrder, n); i >= 0 {
			return i
		}
		return len(tacticOrder)
	}
	for _, name := range slices.SortedFunc(maps.Keys(cells), func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	}) {
		t := tactic{Name: name}
		for _, id := range slices.Sorted(maps.Keys(cells[name])) {
			t.Cells = append(t.Cells, *cells[name][id])
		}
		out = append(out, t)
	}
	return out
}
