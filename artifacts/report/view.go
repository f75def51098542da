package report

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/story"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// How much of a list the page shows.
const (
	maxWorst     = 6
	maxFirstSeen = 150
	maxPrinted   = 40                     // findings on paper
	openLevels   = "critical high medium" // findings that are shown open
)

// A view is the page before it is written.
type view struct {
	Lang                                       string
	Title                                      string
	Many                                       bool // more than one machine
	In                                         *Input
	Machines                                   []machineView
	Findings                                   []findingView
	Worst                                      []findingView // the first of Major
	Major                                      []findingView
	anchors                                    map[string]bool // records with a row that the story leads to
	Minor                                      []findingView   // the end of Findings: low and informational
	Levels                                     []levelCount
	Hist                                       *histogram
	Close                                      *histogram // the days of the worst findings, or nil
	Lanes                                      *lanes
	Strip                                      []tactic
	Logons                                     *logonsView
	First                                      []programView
	FirstLeft, Unlisted                        int
	Autos                                      []autoView
	AutosLeft                                  int
	Fed                                        []*fed
	Empty                                      []string
	Judged                                     [3]int
	Failures                                   []failure
	Failed                                     int
	Notes                                      []failure
	Noted                                      int
	Events, Local, Foreign, Programs, AllAutos int
	Oldest, Newest                             time.Time
	Rows                                       []rowView
	RowsLeft                                   int
	Kinds                                      []string
	Window                                     string
	Groups                                     []findingGroup // of Major
	Minutes                                    *minuteChart   // of the worst window
	Heat                                       *heatMap
	Marks                                      []markView
	Printed                                    int // findings on paper
	tr                                         translate
}

type levelCount struct {
	Level string
	N     int
}

type machineView struct {
	*Machine
	Bias   string
	Hives  []hiveView
	Facts  *factsView
	Levels []levelCount // of its findings
}

type hiveView struct {
	*Hive
	State string
	Bad   bool
	Logs  []string
}

type findingView struct {
	*Finding
	N     int
	Open  bool
	Many  bool
	Lang  string
	Strip *strip
	Off   bool // not on paper
}

type autoView struct {
	autostart
	Finding int
	Level   string
}

// Methods for the template, whose fields must be exported.
func (a autoView) ID() string                { return a.id }
func (a autoView) Host() string              { return a.host }
func (a autoView) Mechanism() string         { return a.mechanism }
func (a autoView) Who() string               { return a.who }
func (a autoView) Command() string           { return a.command }
func (a autoView) Artifact() string          { return a.artifact }
func (a autoView) Tags() []string            { return a.tags }
func (a autoView) Written() time.Time        { return a.written }
func (f failure) Host() string               { return f.host }
func (f failure) What() string               { return f.what }
func (f *fed) Artifact() *artifacts.Artifact { return f.artifact }
func (f *fed) Sources() int                  { return f.sources }
func (f *fed) Records() int                  { return f.records }
func (f *fed) Errors() int                   { return f.errors }

type rowView struct {
	event
	New     bool // the first after a pause
	Finding int  // the first finding whose evidence the row is, 0 for a neighbour in time
	Level   string
	K       int    // index of its Kind in view.Kinds
	Anchor  string // the record, when the story leads to this row of it
}

// rulesLang is the language of what the rules say of themselves.
func (v *view) rulesLang() string {
	if v.In != nil && slices.Contains(Languages(), v.In.RulesLang) {
		return v.In.RulesLang
	}
	return "en"
}

func newView(in *Input, tr translate, opts *Options) *view {
	c := in.Collected
	if c == nil {
		c = NewCollector(opts)
	}
	v := &view{Lang: tr.lang, Title: in.Title, Many: len(in.Machines) > 1, In: in, tr: tr}
	for i := range in.Machines {
		v.Machines = append(v.Machines, newMachineView(&in.Machines[i], tr))
	}
	if v.Title == "" && v.Many {
		v.Title = tr.text("n.machines", len(v.Machines))
	} else if v.Title == "" {
		var names []string
		for _, m := range v.Machines {
			if m.Machine.Machine != nil {
				names = append(names, m.Name)
			}
		}
		v.Title = strings.Join(names, ", ")
	}
	count := map[string]int{}
	for i := range in.Findings {
		f := &in.Findings[i]
		v.Findings = append(v.Findings, findingView{f, i + 1, strings.Contains(openLevels, f.Level), v.Many, tr.lang, nil, i >= maxPrinted})
		count[f.Level]++
	}
	near := slices.Clone(c.near)
	slices.SortFunc(near, func(a, b nearEvent) int { return compareEvents(&a.event, &b.event) })
	drawStrips(v.Findings, c.windows, near)
	if i := slices.IndexFunc(v.Findings, func(f findingView) bool { return !f.Open }); i > 0 {
		v.Major, v.Minor = v.Findings[:i], v.Findings[i:]
	} else {
		v.Major = v.Findings
	}
	v.Worst, _ = head(v.Major, maxWorst)
	v.Printed = min(len(v.Major), maxPrinted)
	v.Groups = groupFindings(v.Major, c.windows)
	v.Levels = levelCounts(count)
	v.machineFacts(c)
	v.Minutes, v.Heat, v.Marks = c.minutes.draw(), c.heat(in.Machines), c.markViews(in.Marks, v.Findings)
	for _, r := range in.Rules {
		switch r.Status {
		case "evaluated":
			v.Judged[0]++
		case "partly":
			v.Judged[1]++
		default:
			v.Judged[2]++
		}
	}
	v.collected(c, opts)
	v.Strip = drawStrip(in.Techniques, v.Findings)
	v.Logons = drawLogons(in.Logons, v.Many, tr)
	return v
}

// levelCounts orders numbers of findings by level.
func levelCounts(count map[string]int) []levelCount {
	var out []levelCount
	for _, l := range []string{"critical", "high", "medium", "low", "informational"} {
		out = append(out, levelCount{l, count[l]})
	}
	return out
}

// machineFacts fills in what rows and findings say of the machines.
func (v *view) machineFacts(c *Collector) {
	for i := range v.Machines {
		m := &v.Machines[i]
		m.Facts = c.factsView(m.Machine)
		if m.Machine.Machine == nil {
			continue
		}
		count := map[string]int{}
		for _, f := range v.Findings {
			if f.Host == m.Name {
				count[f.Level]++
			}
		}
		m.Levels = levelCounts(count)
	}
}

func (v *view) collected(c *Collector, opts *Options) {
	v.Events, v.Local, v.Foreign, v.Programs = c.events, c.local, c.foreign, len(c.programs)
	v.Oldest, v.Newest, v.Unlisted = c.oldest, c.newest, c.unlisted
	v.Hist = drawHistogram(c.hours, v.Findings)
	programs := c.programViews(v.Findings)
	v.Close = drawClose(c.hours, v.Findings, v.Hist)
	v.Lanes = drawLanes(cmp.Or(v.Close, v.Hist), programs)
	slices.SortStableFunc(programs, func(a, b programView) int { return b.First.Time.Compare(a.First.Time) })
	v.First, v.FirstLeft = head(programs, maxFirstSeen)
	found := map[string]*findingView{}
	for i := range v.Findings {
		f := &v.Findings[i]
		if f.SubjectKind == "program" {
			k := f.Host + "\x00" + winpath.Key(f.Subject)
			if found[k] == nil {
				found[k] = f
			}
		}
		for _, e := range f.Evidence {
			if found[e.ID] == nil {
				found[e.ID] = f
			}
		}
	}
	for _, a := range c.autos {
		av := autoView{autostart: a}
		if f := cmp.Or(found[a.id], found[a.host+"\x00"+a.image]); f != nil {
			av.Finding, av.Level = f.N, f.Level
		}
		v.Autos = append(v.Autos, av)
	}
	slices.SortStableFunc(v.Autos, func(a, b autoView) int {
		if (a.Finding > 0) != (b.Finding > 0) {
			return cmp.Compare(b.Finding, a.Finding)
		}
		return cmp.Compare(a.Finding, b.Finding)
	})
	v.AutosLeft, v.AllAutos = c.autosLeft, len(c.autos)+c.autosLeft
	v.Fed = nil
	for _, a := range catalogue.All() {
		if f := c.fed[a.Name]; f != nil && f.sources > 0 {
			v.Fed = append(v.Fed, f)
		} else {
			v.Empty = append(v.Empty, a.Name)
		}
	}
	v.Failures, v.Failed, v.Notes, v.Noted = c.failures, c.failed, c.notes, c.noted
	v.Window = v.tr.text("tl.minutes", opts.window().Minutes())
	v.rows(c)
}

// citedRecords are those that the sentences of stories name.
func citedRecords(list []*story.Story) map[string]bool {
	out := map[string]bool{}
	add := func(sentences []story.Sentence) {
		for i := range sentences {
			for _, r := range sentences[i].Records {
				if plainID.MatchString(r.Record) {
					out[r.Record] = true
				}
			}
		}
	}
	for _, s := range list {
		add(s.Isolated)
		for _, w := range s.Windows {
			add(w.Sentences)
			add(w.Rest)
		}
	}
	return out
}

var plainID = regexp.MustCompile(`^[0-9a-f]{1,64}$`)

func (v *view) rows(c *Collector) {
	v.anchors = map[string]bool{}
	near := slices.Clone(c.near)
	slices.SortFunc(near, func(a, b nearEvent) int { return compareEvents(&a.event, &b.event) })
	kinds := map[string]int{}
	for i := range near {
		kinds[near[i].Kind] = 0
	}
	v.Kinds = slices.Sorted(maps.Keys(kinds))
	for i, k := range v.Kinds {
		kinds[k] = i
	}
	own := map[string]*findingView{} // by record
	for i := range v.Findings {
		f := &v.Findings[i]
		for _, e := range f.Evidence {
			if k := f.Host + "\x00" + e.ID; own[k] == nil {
				own[k] = f
			}
		}
	}
	cited := citedRecords(v.In.Stories)
	for _, n := range near {
		r := rowView{event: n.event, K: kinds[n.Kind]}
		if cited[n.Record] {
			r.Anchor, cited[n.Record] = n.Record, false
			v.anchors[n.Record] = true
		}
		if k := len(v.Rows); k > 0 {
			r.New = n.Time.Sub(v.Rows[k-1].Time) > 20*time.Minute
		}
		if f := own[n.Host+"\x00"+n.Record]; f != nil {
			r.Finding, r.Level = f.N, f.Level
		}
		v.Rows = append(v.Rows, r)
	}
	v.RowsLeft = c.nearLeft
}

func head[T any](s []T, n int) ([]T, int) {
	if len(s) <= n {
		return s, 0
	}
	return s[:n], len(s) - n
}

func newMachineView(m *Machine, tr translate) machineView {
	v := machineView{Machine: m}
	if m.Machine != nil && m.TimeZone != "" {
		v.Bias = tr.text("bias", offset(-m.Machine.Bias))
	}
	for i := range m.Hives {
		h := &m.Hives[i]
		r := &h.Recovery
		hv := hiveView{Hive: h}
		var parts []string
		switch {
		case h.SHA256 == "":
		case !r.Dirty:
			parts = append(parts, tr.text("hive.clean"))
		case r.Applied:
			parts = append(parts, tr.text("hive.applied", r.Entries, r.Pages))
		default:
			hv.Bad = true
			parts = append(parts, tr.text("hive.dirty"))
		}
		if r.HeaderRepaired {
			parts = append(parts, tr.text("hive.header"))
		}
		if h.Backup || h.Snapshot != "" {
			parts = append(parts, strings.TrimSpace(tr.text("hive.backup")+" "+clean(h.Snapshot)))
		}
		for _, s := range []string{r.Problem, h.Error} {
			if s != "" {
				parts = append(parts, shown(s, tr))
				hv.Bad = hv.Bad || s == h.Error
			}
		}
		hv.State = strings.Join(parts, "; ")
		for _, l := range r.Logs {
			key := "log.unused"
			if l.Used {
				key = "log.used"
			}
			s := tr.text(key, clean(l.Name))
			if l.Reason != "" {
				s += " – " + clean(l.Reason)
			}
			hv.Logs = append(hv.Logs, s)
		}
		v.Hives = append(v.Hives, hv)
	}
	return v
}

// offset writes minutes east of UTC.
func offset(min int) string {
	sign := "+"
	if min < 0 {
		sign, min = "−", -min
	}
	return fmt.Sprintf("%s%02d:%02d", sign, min/60, min%60)
}
