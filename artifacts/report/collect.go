package report

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// Limits of what a Collector keeps, beside those of Options.
const (
	maxBuckets   = 1 << 14 // of the histogram
	maxAutostart = 3000
	maxFailures  = 500
	maxNotes     = 200
	maxTags      = 16
	maxText      = 4096 // bytes of one text
)

// An event is what a report keeps of a row.
type event struct {
	ID       string
	Record   string // its record, which findings quote
	Time     time.Time
	Kind     string
	Message  string
	Artifact string
	Host     string
	User     string
	Program  string
	Proof    artifacts.Proof
	Tags     []string
}

// eventOf copies what the page shows: a row's texts may be parts of one large
// one that would be held with them.
func eventOf(r *output.Row) event {
	e := event{
		ID: clip(r.ID), Record: clip(r.RecordID), Time: r.Time, Kind: clip(r.Kind), Message: clip(r.Message), Artifact: clip(r.Parser),
		Host: clip(r.Host),
		User: clip(cmp.Or(r.User, r.SID)), Program: clip(r.Path), Proof: r.Proof,
	}
	for _, t := range r.Tags[:min(len(r.Tags), maxTags)] {
		e.Tags = append(e.Tags, clip(t))
	}
	return e
}

func layerOf(p artifacts.Proof) int {
	switch p {
	case artifacts.Executed:
		return ran
	case artifacts.Interacted:
		return used
	}
	return traced
}

// foreign reports whether the time is a file's or a volume's own: older than
// the machine's doings, and no sign of any.
func foreign(kind, dataType string) bool {
	return kind == "File Last Modification Time" || dataType == "windows:volume:creation" ||
		dataType == "windows:shell_item:file_entry" || strings.HasSuffix(kind, "(claimed)") || kind == artifacts.UnknownZone
}

// A program is one path on one machine.
type program struct {
	host, key   string
	first, last event
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

// A Collector sums up what streams by. It is not safe for concurrent use.
//
// Result takes in each result of a run, Row each row of the sorted timeline.
// When the findings are known, Focus takes them in and Near the same rows, beside
// Row or once more.
type Collector struct {
	opts    *Options
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

	hosts   map[string]*hostFacts
	marked  map[string][]event // rows that the analyst marked, by id
	windows []window
	minutes *minuteBins // of the worst window

	points   []point
	near     nearest
	nearLeft int
}

// NewCollector returns an empty Collector.
func NewCollector(opts *Options) *Collector {
	return &Collector{opts: opts, hours: buckets{limit: maxBuckets}, programs: map[string]*program{}, fed: map[string]*fed{},
		hosts: map[string]*hostFacts{}}
}

// Result takes in one result of a run: what was read, what it says of programs
// that start by themselves, and what failed. host names the machine.
func (c *Collector) Result(host string, res *artifacts.Result) {
	if a := res.Artifact; a != nil {
		sources := 0
		if res.From.Path != "" && !res.More {
			sources = 1
		}
		c.Artifact(a, sources, len(res.Records), len(res.Errors))
	}
	for _, e := range res.Errors {
		c.Failure(host, e.Error())
	}
	for _, n := range res.Notes {
		c.Note(host, n)
	}
	for i := range res.Records {
		c.Autostart(&res.Records[i])
	}
}

// Artifact counts sources, records and failures of an artifact. With Failure, Note
// and Autostart it is what Result is made of, for those that have no results but
// what was written of them.
func (c *Collector) Artifact(a *artifacts.Artifact, sources, records, failures int) {
	f := c.fed[a.Name]
	if f == nil {
		f = &fed{artifact: a}
		c.fed[a.Name] = f
	}
	f.sources += sources
	f.records += records
	f.errors += failures
}

// Failure takes in what could not be read.
func (c *Collector) Failure(host, what string) {
	if c.failed++; len(c.failures) < maxFailures {
		c.failures = append(c.failures, failure{host, clip(what)})
	}
}

// Note takes in a note.
func (c *Collector) Note(host, text string) {
	if c.noted++; len(c.notes) < maxNotes {
		c.notes = append(c.notes, failure{host, clip(text)})
	}
}

// Autostart takes in a record, if it is of something that starts by itself.
func (c *Collector) Autostart(r *artifacts.Record) {
	as, ok := r.Data.(persistence.Autostarter)
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
		r.ID, r.Host, clip(cmp.Or(a.Mechanism, r.Artifact.Title)), clip(who), clip(cmp.Or(a.Command, a.Image)),
		winpath.Key(cmp.Or(a.Payload, a.Image)),
		r.Artifact.Name, r.Tags(), a.Written,
	})
}

// Row takes in one row of the timeline.
func (c *Collector) Row(r *output.Row) {
	c.events++
	if r.Local {
		c.local++ // no place on an axis of UTC
		return
	}
	if c.oldest.IsZero() || r.Time.Before(c.oldest) {
		c.oldest = r.Time
	}
	if r.Time.After(c.newest) {
		c.newest = r.Time
	}
	c.fact(r)
	if foreign(r.Kind, r.DataType) {
		c.foreign++
		return
	}
	layer := layerOf(r.Proof)
	c.hours.add(r.Time, layer)
	if r.Path == "" {
		return
	}
	k := programKey(r.Host, clip(r.Path))
	p := c.programs[k]
	if p == nil {
		if len(c.programs) == c.opts.programs() {
			c.unlisted++
			return
		}
		p = &program{host: strings.Clone(r.Host), key: clip(r.Path)}
		c.programs[k] = p
	}
	if p.first.Time.IsZero() || r.Time.Before(p.first.Time) {
		p.first = eventOf(r)
		p.first.Message, p.first.Tags = "", nil
	}
	if r.Time.After(p.last.Time) {
		p.last = event{Time: r.Time, Kind: strings.Clone(r.Kind)}
	}
	p.counts[layer]++
	p.marks.add(r.Time, layer == ran)
}

func programKey(host, path string) string { return host + "\x00" + path }

func compareEvents(a, b *event) int {
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
		if f.Level == "informational" {
			continue
		}
		for i := range f.Evidence {
			if e := &f.Evidence[i]; !foreign(e.TimeKind, "") {
				add(e.Time, f.Host, rank)
			}
		}
		if !foreign(f.TimeKind, "") {
			add(f.LastSeen, f.Host, rank)
		}
	}
	if c.windows = windowsOf(findings); len(c.windows) > 0 {
		c.minutes = newMinutes(c.windows[0])
	}
	slices.SortStableFunc(c.points, func(a, b point) int { return a.time.Compare(b.time) })
}

// Near keeps the row if it lies around a finding. When there are more than
// the page shows, those around worse findings stay, and those that are closer
// to their moment: the order of the calls does not matter.
func (c *Collector) Near(r *output.Row) {
	if r.Local {
		return
	}
	if !foreign(r.Kind, r.DataType) {
		c.minutes.add(r.Time, r.Host, layerOf(r.Proof))
	}
	w := c.opts.window()
	i, _ := slices.BinarySearchFunc(c.points, r.Time.Add(-w), func(p point, t time.Time) int { return p.time.Compare(t) })
	best := nearEvent{rank: -1}
	for ; i < len(c.points) && !c.points[i].time.After(r.Time.Add(w)); i++ {
		p := &c.points[i]
		d := r.Time.Sub(p.time).Abs()
		if p.host == r.Host && (best.rank < 0 || p.rank < best.rank || p.rank == best.rank && d < best.distance) {
			best.rank, best.distance = p.rank, d
		}
	}
	if best.rank < 0 {
		return
	}
	best.event = eventOf(r)
	heap.Push(&c.near, best)
	if len(c.near) > c.opts.rows() {
		heap.Pop(&c.near)
		c.nearLeft++
	}
}

type nearEvent struct {
	event
	rank     int // of the finding
	distance time.Duration
}

// nearest is a heap with the event that goes first at its top.
type nearest []nearEvent

func (n nearest) Len() int      { return len(n) }
func (n nearest) Swap(i, j int) { n[i], n[j] = n[j], n[i] }
func (n nearest) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(n[j].rank, n[i].rank), cmp.Compare(n[j].distance, n[i].distance), compareEvents(&n[j].event, &n[i].event)) < 0
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
