package report

import (
	"cmp"
	"html/template"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/logons"
)

// Limits of the chapter on log-ons; what is beyond is counted.
const (
	maxEdges    = 60 // rows of the table
	maxSpans    = 40 // lanes of sessions
	maxSpanBars = 120
	maxUncommon = 20 // rows of the table of rare log-ons
)

// A logonsView is the chapter on log-ons.
type logonsView struct {
	Attempts, Failed, Accounts, Sources int
	Graph                               template.HTML // "" when there is nothing to draw
	Edges                               []edgeView
	EdgesLeft                           int
	Spans                               *spans
	Heat                                template.HTML // "" without a user
	Rare                                []edgeView    // the rarest first
}

// An edgeView is one row of the table: who came from where, to which machine, in
// which way.
type edgeView struct {
	N                       int
	Account, Source, Target string
	Names                   []string // of the source, beyond the first
	External, Privileged    bool
	Way                     string // type of the log-on, or the kind of the record
	Success, Failure        int
	First, Last             time.Time
	Level                   string
	Rules                   []string
	Rare                    float64
}

// spans are the chart of sessions.
type spans struct {
	Lanes  []spanLane
	Left   int // lanes that are not drawn
	Ticks  []tick
	Gaps   []gap
	Height float64
}

type spanLane struct {
	Y              float64
	Account, Label string
	Host           string
	Level          string
	Sessions       int
	Open           int
	Total          time.Duration
	First, Last    time.Time
	Bars           []spanBar
}

type spanBar struct {
	X, W  float64
	Class string
	Title string
}

var levelOrder = []string{"", "informational", "low", "medium", "high", "critical"}

// drawLogons makes the chapter, or nil where no log-on is recorded.
func drawLogons(a *logons.Analysis, many bool, tr translate) *logonsView {
	if a == nil || len(a.Edges)+a.Sessions.Len() == 0 {
		return nil
	}
	v := &logonsView{Attempts: a.Attempts.Len()}
	accounts, sources := map[*logons.Account]bool{}, map[*logons.Host]bool{}
	for _, t := range a.Attempts.All() {
		if t.Outcome == logons.Failure {
			v.Failed++
		}
		accounts[t.Account] = true
		if !t.Local() {
			sources[t.Source] = true
		}
	}
	v.Accounts, v.Sources = len(accounts), len(sources)
	links := v.edges(a)
	g := a.Graph(nil)
	if slices.ContainsFunc(g.Edges, func(e logons.GraphEdge) bool { return !e.Relation() }) {
		var b strings.Builder
		opts := &logons.SVGOptions{Title: tr.text("lg.graph"), Link: func(id string) string { return links[id] }, Words: map[string]string{
			"sources": tr.text("lg.sources"), "accounts": tr.text("lg.accounts"), "machines": tr.text("lg.machines"), "others": tr.text("lg.others"),
		}}
		if err := logons.WriteSVG(&b, g, opts); err == nil {
			v.Graph = template.HTML(b.String()) // escaped by WriteSVG
		}
	}
	v.Spans = drawSpans(a, many, tr)
	v.heat(a, links, tr)
	v.rare(a)
	return v
}

// heat draws when users were active.
func (v *logonsView) heat(a *logons.Analysis, links map[string]string, tr translate) {
	heats := slices.DeleteFunc(a.Heats(nil), func(h logons.Heat) bool { return h.Account.Kind != "user" })
	if len(heats) == 0 {
		return
	}
	opts := &logons.SVGOptions{Title: tr.text("lg.heat"), Link: func(id string) string { return links[id] },
		Words: map[string]string{"others": tr.text("lg.others")}}
	for i := range 7 {
		opts.Words[logons.Weekday((i+1)%7)] = tr.word("day", strconv.Itoa(i))
	}
	var b strings.Builder
	if err := logons.WriteHeatSVG(&b, heats, opts); err == nil {
		v.Heat = template.HTML(b.String()) // escaped by WriteHeatSVG
	}
}

// rare lists the edges that are least usual for their account.
func (v *logonsView) rare(a *logons.Analysis) {
	list := slices.DeleteFunc(slices.Clone(a.Edges), func(e *logons.Edge) bool { return e.Account.Kind != "user" || e.Rare <= 0 })
	slices.SortStableFunc(list, func(x, y *logons.Edge) int { return cmp.Or(cmp.Compare(y.Rare, x.Rare), x.First.Compare(y.First)) })
	for _, e := range list[:min(len(list), maxUncommon)] {
		v.Rare = append(v.Rare, newEdgeView(e))
	}
}

func newEdgeView(e *logons.Edge) edgeView {
	return edgeView{
		Account: e.Account.Name, Source: e.Source.Label, Target: e.Target.Label, External: e.Source.External,
		Privileged: e.Privileged, Way: way(e), Success: e.Success, Failure: e.Failure, First: e.First, Last: e.Last, Level: e.Level,
		Rules: e.Findings, Rare: e.Rare,
	}
}

// edges fills the table, worst first, and returns the row that a node of the graph
// leads to.
func (v *logonsView) edges(a *logons.Analysis) map[string]string {
	list := slices.DeleteFunc(slices.Clone(a.Edges), func(e *logons.Edge) bool {
		return e.Account.Kind != "user" && e.Level == "" && e.Failure == 0
	})
	slices.SortStableFunc(list, func(x, y *logons.Edge) int {
		return cmp.Or(cmp.Compare(slices.Index(levelOrder, y.Level), slices.Index(levelOrder, x.Level)),
			cmp.Compare(y.Account.Lift, x.Account.Lift), cmp.Compare(y.Count(), x.Count()), x.First.Compare(y.First))
	})
	list, v.EdgesLeft = head(list, maxEdges)
	links := map[string]string{}
	for i, e := range list {
		r := newEdgeView(e)
		r.N = i + 1
		for _, n := range e.Source.Names {
			if n != r.Source && len(r.Names) < 4 {
				r.Names = append(r.Names, n)
			}
		}
		v.Edges = append(v.Edges, r)
		for _, id := range []string{e.Account.ID, e.Source.ID, e.Target.ID} {
			if links[id] == "" {
				links[id] = "#lg" + strconv.Itoa(r.N)
			}
		}
	}
	return links
}

// way says how somebody logged on: the type of the log-on, else the kind of
// record. It is a key of the page's words.
func way(e *logons.Edge) string {
	if s := strconv.Itoa(e.Type); e.Type >= 0 && events.LogonType(s) != "" {
		return s
	}
	return e.Kind
}

// person reports whether a session is one of a user, and not of a service.
func person(s *logons.Session) bool {
	return s.Account.Kind == "user" && s.Type != 0 && s.Type != 5
}

// drawSpans draws the sessions of users as bars over time, a lane for each account
// on each machine: accounts with findings first, then those with the longest
// sessions.
func drawSpans(a *logons.Analysis, many bool, tr translate) *spans {
	type key struct{ account, host string }
	lanes := map[key]*spanLane{}
	sessions := map[key][]int32{}
	b := buckets{maxBuckets, 0, map[int64]counts{}}
	for i, s := range a.Sessions.All() {
		if !person(s) {
			continue
		}
		k := key{s.Account.ID, s.Host.ID}
		l := lanes[k]
		if l == nil {
			l = &spanLane{Account: s.Account.Name, Host: s.Host.Label, First: s.Begin}
			lanes[k] = l
		}
		sessions[k] = append(sessions[k], int32(i))
		l.Sessions++
		l.Total += s.Duration()
		l.Last = s.Begin
		if s.End.IsZero() {
			l.Open++
		} else if s.End.After(l.Last) {
			l.Last = s.End
		}
	}
	if len(lanes) == 0 {
		return nil
	}
	hosts := map[string]bool{} // a log of forwarded or exported events has those of several machines
	for k := range lanes {
		hosts[k.host] = true
	}
	many = many || len(hosts) > 1
	for _, e := range a.Edges {
		if l := lanes[key{e.Account.ID, e.Target.ID}]; l != nil && slices.Index(levelOrder, e.Level) > slices.Index(levelOrder, l.Level) {
			l.Level = e.Level
		}
	}
	keys := slices.SortedFunc(maps.Keys(lanes), func(x, y key) int {
		l, m := lanes[x], lanes[y]
		return cmp.Or(cmp.Compare(slices.Index(levelOrder, m.Level), slices.Index(levelOrder, l.Level)), cmp.Compare(m.Total, l.Total),
			cmp.Compare(m.Sessions, l.Sessions), cmp.Compare(x.account, y.account), cmp.Compare(x.host, y.host))
	})
	out := &spans{}
	keys, out.Left = head(keys, maxSpans)
	for _, k := range keys {
		for _, s := range sessions[k] {
			addSpan(&b, a.Sessions.At(int(s)))
		}
	}
	axis, _ := newAxis(b, laneLeft, chartRight)
	out.Ticks, out.Gaps = axis.ticks(), axis.gaps()
	for i, k := range keys {
		l := lanes[k]
		l.Y = laneTop + laneHeight*(float64(i)+0.5)
		l.Label = laneLabel(l.Account)
		if many {
			l.Label = laneLabel(l.Account + " – " + l.Host)
		}
		for _, s := range sessions[k] {
			if len(l.Bars) == maxSpanBars {
				break
			}
			l.bar(axis, a.Sessions.At(int(s)), tr)
		}
		out.Lanes = append(out.Lanes, *l)
	}
	out.Height = laneTop + laneHeight*float64(len(out.Lanes))
	return out
}

// addSpan puts a session on the axis: its begin, its end, and of one that is not
// too long the hours between.
func addSpan(b *buckets, s *logons.Session) {
	b.add(s.Begin, used)
	if s.End.IsZero() || s.End.Before(s.Begin) {
		return
	}
	b.add(s.End, used)
	const most = 200
	step := max(time.Hour, s.Duration()/most)
	for t := s.Begin.Add(step); t.Before(s.End); t = t.Add(step) {
		b.add(t, used)
	}
}

func (l *spanLane) bar(a *axis, s *logons.Session, tr translate) {
	x, ok := a.x(s.Begin)
	if !ok {
		return
	}
	width, class := 2.5, "net"
	switch s.Type {
	case 2, 7, 10, 11, 12, 13, -1:
		class = "seat"
	}
	if end, ok := a.x(s.End); !s.End.IsZero() && ok && end-x > width {
		width = end - x
	}
	if s.Privileged {
		class += " admin"
	}
	if s.End.IsZero() {
		class += " open"
		width = 8
	}
	until := tr.text("lg.open")
	if !s.End.IsZero() {
		until = s.End.UTC().Format("2006-01-02 15:04:05")
	}
	what := s.Kind
	if s.Type >= 0 {
		what = strconv.Itoa(s.Type)
	}
	title := clean(l.Account) + ", " + tr.word("way", what) + ": " + s.Begin.UTC().Format("2006-01-02 15:04:05") + " – " + until
	if s.Source != nil && s.Source != s.Host {
		title += ", " + clean(s.Source.Label)
	}
	l.Bars = append(l.Bars, spanBar{round(x), round(width), class, title})
}
