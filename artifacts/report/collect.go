package report

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// Limits of what a Collector keeps, beside those of Options.
const (
	maxBuckets   = 1 << 14 // of the histogram
	maxAutostart = 3000
	maxFailures  = 500
	maxNotes     = 200
	maxText      = 4096 // bytes of one text
)

// An Event is a row of a timeline as far as a report needs it.
type Event struct {
	ID       string
	Time     time.Time
	Kind     string
	Message  string
	DataType string
	Artifact string
	Host     string
	User     string
	Source   string // the file it was read from
	Program  string // the path that all sources share, see artifacts.Event.Path
	Proof    artifacts.Proof
	Local    bool // the digits of Time are local time
	Tags     []string
}

// EventOf takes from an event what a report needs.
func EventOf(e *artifacts.Event) Event {
	r := e.Record
	return Event{
		ID: e.ID, Time: e.Time, Kind: e.Kind, Message: e.Message, DataType: e.DataType, Artifact: r.Artifact.Name,
		Host: r.Host, User: cmp.Or(r.User.Name, r.User.SID), Source: r.From.Path, Program: e.Path(),
		Proof: e.Proof, Local: e.Local, Tags: r.Tags(),
	}
}

func (e *Event) layer() int {
	switch e.Proof {
	case artifacts.Executed:
		return ran
	case artifacts.Interacted:
		return used
	}
	return traced
}

// foreign reports whether the time is a file's or a volume's own: older than
// the machine's doings, and no sign of any.
func (e *Event) foreign() bool {
	return e.Kind == "File Last Modification Time" || e.DataType == "windows:volume:creation" ||
		e.DataType == "windows:shell_item:file_entry" || strings.HasSuffix(e.Kind, "(claimed)")
}

// A program is one path on one machine.
type program struct {
	host, key   string
	first, last Event
	counts      counts
	marks       marks
}

// An autostart is one row of the list of what starts by itself.
type autostart struct {
	id, host, mechanism, who, command, image, artifact string
	tags                                               []string
	written                                            time.Time
}

type fed struct {
	artifact                 *artifacts.Artifact
	sources, records, errors int
}

type failure struct{ host, what string }

// A Collector sums up what streams by, in the order of the run. It is not
// safe for concurrent use.
//
// The first pass feeds it with the results of the run, through Result, or
// with rows, through Event. Where there are findings, Focus tells it about
// them and a second pass feeds it with the same rows once more, through Near.
type Collector struct {
	opts    *Options
	opened  string // host of the results that stream by
	events  int
	local   int // of them without a zone
	foreign int // times of files and volumes
	oldest  time.Time
	newest  time.Time
	hours   buckets

	programs map[string]*program
	unlisted int // events of programs over the limit

	autos     []autostart
	autosLeft int
	fed       map[string]*fed
	failures  []failure
	failed    int
	notes     []failure
	noted     int

	points   []point
	near     nearest
	nearLeft int
}

// NewCollector returns an empty Collector.
func NewCollector(opts *Options) *Collector {
	return &Collector{opts: opts, hours: buckets{limit: maxBuckets}, programs: map[string]*program{}, fed: map[string]*fed{}}
}

// Result takes in one result of a run: its events, what it says of programs
// that start by themselves, and what failed. host names the machine.
func (c *Collector) Result(host string, res *artifacts.Result) {
	c.Source(host, res)
	for i := range res.Records {
		for _, ev := range res.Records[i].Events() {
			c.Event(new(EventOf(&ev)))
		}
	}
}

// Source is Result without the events, for callers who feed rows that were
// merged and sorted before.
func (c *Collector) Source(host string, res *artifacts.Result) {
	if a := res.Artifact; a != nil {
		f := c.fed[a.Name]
		if f == nil {
			f = &fed{artifact: a}
			c.fed[a.Name] = f
		}
		if res.From.Path != "" {
			f.sources++
		}
		f.records += len(res.Records)
		f.errors += len(res.Errors)
	}
	for _, e := range res.Errors {
		if c.failed++; len(c.failures) < maxFailures {
			c.failures = append(c.failures, failure{host, clip(e.Error())})
		}
	}
	for _, n := range res.Notes {
		if c.noted++; len(c.notes) < maxNotes {
			c.notes = append(c.notes, failure{host, clip(n)})
		}
	}
	for i := range res.Records {
		c.autostart(&res.Records[i])
	}
}

func (c *Collector) autostart(r *artifacts.Record) {
	as, ok := r.Data.(artifacts.Autostarter)
	if !ok {
		return
	}
	a := as.Autostart()
	if a.Command == "" && a.Image == "" {
		return
	}
	if len(c.autos) == maxAutostart {
		c.autosLeft++
		return
	}
	who := a.Scope
	if u := cmp.Or(r.User.Name, r.User.SID); u != "" {
		who = u
	}
	c.autos = append(c.autos, autostart{
		r.ID, r.Host, clip(cmp.Or(a.Mechanism, r.Artifact.Title)), clip(who), clip(cmp.Or(a.Command, a.Image)), winpath.Key(cmp.Or(a.Payload, a.Image)),
		r.Artifact.Name, r.Tags(), a.Written,
	})
}

// Event takes in one row.
func (c *Collector) Event(e *Event) {
	c.events++
	if e.Local {
		c.local++ // no place on an axis of UTC
		return
	}
	if c.oldest.IsZero() || e.Time.Before(c.oldest) {
		c.oldest = e.Time
	}
	if e.Time.After(c.newest) {
		c.newest = e.Time
	}
	if e.foreign() {
		c.foreign++
		return
	}
	layer := e.layer()
	c.hours.add(e.Time, layer)
	if e.Program == "" || len(e.Program) > maxText {
		return
	}
	k := e.Host + "\x00" + e.Program
	p := c.programs[k]
	if p == nil {
		if len(c.programs) == c.opts.programs() {
			c.unlisted++
			return
		}
		p = &program{host: e.Host, key: e.Program}
		c.programs[k] = p
	}
	if p.first.Time.IsZero() || compareEvents(e, &p.first) < 0 {
		p.first = *e
		p.first.Message, p.first.Tags = "", nil
	}
	if e.Time.After(p.last.Time) {
		p.last = Event{Time: e.Time, Kind: e.Kind}
	}
	p.counts[layer]++
	p.marks.add(e.Time, layer == ran)
}

func compareEvents(a, b *Event) int {
	return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Host, b.Host), cmp.Compare(a.ID, b.ID))
}

// A point is a moment around which the timeline is shown.
type point struct {
	time time.Time // to the second
	host string
	rank int // of the worst finding that has it
}

// Focus names the findings around which events are kept. It is called once,
// before the first Near.
func (c *Collector) Focus(findings []Finding) {
	type at struct {
		sec  int64
		host string
	}
	seen := map[at]bool{}
	add := func(t time.Time, host string, rank int) {
		if k := (at{t.Unix(), host}); !t.IsZero() && !seen[k] {
			seen[k] = true
			c.points = append(c.points, point{time.Unix(k.sec, 0).UTC(), host, rank})
		}
	}
	for rank := range findings {
		f := &findings[rank]
		add(f.LastSeen, f.Host, rank)
		for i := range f.Evidence {
			add(f.Evidence[i].Time, f.Host, rank)
		}
	}
	slices.SortStableFunc(c.points, func(a, b point) int { return a.time.Compare(b.time) })
}

// Near keeps the event if it lies around a finding. When there are more than
// the page shows, those around worse findings stay, and those that are closer
// to their moment: the order of the calls does not matter.
func (c *Collector) Near(e *Event) {
	if e.Local {
		return
	}
	w := c.opts.window()
	i, _ := slices.BinarySearchFunc(c.points, e.Time.Add(-w), func(p point, t time.Time) int { return p.time.Compare(t) })
	best := nearEvent{rank: -1}
	for ; i < len(c.points) && !c.points[i].time.After(e.Time.Add(w)); i++ {
		p := &c.points[i]
		d := e.Time.Sub(p.time).Abs()
		if p.host == e.Host && (best.rank < 0 || p.rank < best.rank || p.rank == best.rank && d < best.distance) {
			best.rank, best.distance = p.rank, d
		}
	}
	if best.rank < 0 {
		return
	}
	best.Event = *e
	best.Message, best.Program, best.Source = clip(e.Message), clip(e.Program), clip(e.Source)
	heap.Push(&c.near, best)
	if len(c.near) > c.opts.rows() {
		heap.Pop(&c.near)
		c.nearLeft++
	}
}

type nearEvent struct {
	Event
	rank     int // of the finding
	distance time.Duration
}

// nearest is a heap with the event that goes first at its top.
type nearest []nearEvent

func (n nearest) Len() int      { return len(n) }
func (n nearest) Swap(i, j int) { n[i], n[j] = n[j], n[i] }
func (n nearest) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(n[j].rank, n[i].rank), cmp.Compare(n[j].distance, n[i].distance), compareEvents(&n[j].Event, &n[i].Event)) < 0
}
func (n *nearest) Push(x any) { *n = append(*n, x.(nearEvent)) }
func (n *nearest) Pop() any {
	last := (*n)[len(*n)-1]
	*n = (*n)[:len(*n)-1]
	return last
}

// clip bounds what is kept of one text. What is cut off is said.
func clip(s string) string {
	if len(s) <= maxText {
		return strings.Clone(s)
	}
	cut := maxText
	for cut > maxText-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + " …"
}
