package findings

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A scene is everything that the rules of one machine see.
type scene struct {
	facts Facts
	t     *Tables
	root  string // key of the Windows folder where it is not \windows
	drive string // "C:"

	programs      map[string]*program
	systemVolumes map[string]bool
	volumeStyles  map[string]bool   // how they are spelled: \DEVICE\, \VOLUME{
	removable     map[string]string // what a volume is, see volumeKind
	kept          map[string][]*row // by artifact, for rules that look at the end
	newest        time.Time         // the last start that anything tells: "now" of the evidence
	seeded        []*row
	prefetchFiles int
	timed         int             // programs whose file has times that are the machine's
	bases         map[string]bool // names of programs that are known with a folder
	dubious       []time.Time     // see dubiousStarts
	fileIndex     *fileIndex      // see files

	hits     []*hit
	counts   map[string]int // hits by rule
	silenced map[string]int
	reasons  map[string][]string   // by rule: what is missing for a known reason, see explain
	hashes   map[sourceFile]string // of files whose records came before their hash
	ev       *eventScene
	sig      *sigmaScene // nil without Sigma rules
	known    *listScene  // nil without lists
	rows     int
	limits   limits
	life     *programs.Builder
	model    *programs.Model   // once everything is read
	long     map[string]string // keys with short names to those of the programs, see joinShort
	cited    map[string]*row   // rows by the id of their record, see cite

	remote *[]openRemote // see remoteSessions
}

type sourceFile struct{ path, snapshot string }

// An Evaluator collects what the rules need while the results of a run come
// in. It is not safe for concurrent use.
type Evaluator struct {
	scene
	rules  []*Rule // all that ship, and those from outside
	byType map[reflect.Type][]step
	keep   map[string]bool
	seen   map[string]*fed // by artifact
	look   events.Record   // the event at hand
	again  []bool          // records of the result at hand that are copies
}

type step struct {
	rule *Rule
	call func(*look, artifacts.Decoded)
}

// NewEvaluator starts the evaluation of one machine. A caller that does not come to
// [Evaluator.Report] must call [Evaluator.Close].
func NewEvaluator(facts Facts, opts *Options) *Evaluator {
	e := &Evaluator{byType: map[reflect.Type][]step{}, keep: map[string]bool{}, seen: map[string]*fed{}}
	e.facts, e.t = facts, shipped()
	dir := ""
	if opts != nil {
		dir = opts.Dir
	}
	e.life = programs.New(programs.Facts{Machine: facts.Machine, Host: facts.host(), Dir: dir})
	if opts != nil && opts.Tables != nil {
		e.t = opts.Tables
	}
	e.programs, e.systemVolumes, e.volumeStyles, e.removable = map[string]*program{}, map[string]bool{}, map[string]bool{}, map[string]string{}
	e.hashes, e.limits = map[sourceFile]string{}, newLimits()
	e.kept, e.counts, e.silenced = map[string][]*row{}, map[string]int{}, map[string]int{}
	if m := facts.Machine; m != nil && m.SystemRoot != "" {
		e.drive = strings.ToUpper(winpath.Volume(m.SystemRoot))
		if r := winpath.Key(m.SystemRoot); r != `\windows` {
			e.root = r
		}
	}
	e.rules = all()
	if opts != nil {
		e.rules = append(slices.Clip(e.rules), opts.Extra...)
	}
	for _, r := range e.rules {
		for _, a := range r.keeps {
			e.keep[a] = true
		}
	}
	e.ev = newEventScene(e.rules, e.on)
	if opts != nil && opts.Sigma != nil {
		e.sig = newSigmaScene(opts.Sigma)
	}
	if opts != nil && opts.Lists != nil {
		e.known = newListScene(opts.Lists)
	}
	return e
}

// Close removes temporary files. It does nothing after [Evaluator.Report], which must
// be closed itself.
func (e *Evaluator) Close() error {
	if e.life == nil {
		return nil
	}
	return e.life.Close()
}

// on reports whether a rule is judged.
func (s *scene) on(r *Rule) bool { return !r.OnRequest || s.t.enabled[r.ID] }

// Add looks at one result of a run. Of its records it keeps those that a finding
// can quote or a rule compares at the end, within limits: see [Report.Limits].
func (e *Evaluator) Add(res *artifacts.Result) {
	e.feed(res)
	e.again = e.again[:0]
	for i := range res.Records {
		e.again = append(e.again, events.As(res.Records[i].Data, &e.look) && e.ev.copies.Again(&e.look))
	}
	e.life.AddKnown(res, e.again)
	for i := range res.Records {
		e.record(&res.Records[i], e.again[i])
	}
}

// record looks at one record. That of an event log may be a copy of one that came before.
func (e *Evaluator) record(rec *artifacts.Record, again bool) {
	if ev := &e.look; events.As(rec.Data, ev) {
		e.event(ev, rec, again)
		if again {
			return
		}
		e.known.event(&e.scene, ev, rec)
		e.rows++
		if len(e.steps(rec.Data)) == 0 {
			return // of the many events few are kept
		}
		e.rows--
	}
	e.limits.see(rec.User)
	r := &row{rec: *rec, n: e.rows, class: classOf(rec), proof: rec.Proof()}
	e.rows++
	if u, ok := rec.Data.(execution.UserAssist); ok && u.Seeded {
		e.seeded = e.scene.keep(e.seeded, r)
		return // came with the profile: no start, not for any rule
	}
	e.findSystem(rec.Data)
	e.mounted(rec.Data)
	if _, ok := rec.Data.(events.Event); e.sig != nil && !ok {
		e.sig.record(&look{scene: &e.scene, row: r})
	}
	e.known.record(&e.scene, r)
	steps := e.steps(rec.Data)
	for _, st := range steps {
		x := &look{scene: &e.scene, rule: st.rule, row: r}
		st.call(x, rec.Data)
	}
	if p, ok := r.rec.Data.(execution.Prefetch); ok {
		if rec.From.State == artifacts.Live && !p.Scenario {
			e.prefetchFiles++
		}
		p.Files, p.Volumes = nil, nil
		r.rec.Data = p
	}
	if isFileSystem(rec.Data) {
		if !unselected(rec.Data) && e.keep[rec.Artifact.Name] {
			e.kept[rec.Artifact.Name] = e.scene.keep(e.kept[rec.Artifact.Name], r)
		}
		return // it is joined with programs, and makes none
	}
	if e.keep[rec.Artifact.Name] && !listed(rec) {
		e.kept[rec.Artifact.Name] = e.scene.keep(e.kept[rec.Artifact.Name], r)
	}
	e.sightings(r)
	if t := r.runs(); len(t) > 0 && rec.From.State != artifacts.Deleted {
		e.newest = latest(e.newest, t[0])
	}
}

// findSystem notes the volume of Windows: every program loads ntdll.dll first,
// from there.
func (e *Evaluator) findSystem(d artifacts.Decoded) {
	p, _ := d.(execution.Prefetch)
	for _, f := range p.Files {
		if len(f) < len(ntdll) || !strings.EqualFold(f[len(f)-len(ntdll):], ntdll) {
			continue
		}
		if v := winpath.Volume(f); len(f)-len(v) == len(ntdll) {
			e.isSystem(strings.ToUpper(v))
			return
		}
	}
}

const ntdll = `\WINDOWS\SYSTEM32\NTDLL.DLL`

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// steps returns the functions that look at records of this type.
func (e *Evaluator) steps(d artifacts.Decoded) []step {
	t := reflect.TypeOf(d)
	if s, ok := e.byType[t]; ok {
		return s
	}
	s := []step{}
	for _, r := range e.rules {
		if !e.on(r) {
			continue
		}
		for _, f := range r.records {
			if f.accepts(d) {
				s = append(s, step{r, f.call})
			}
		}
	}
	e.byType[t] = s
	return s
}

// sightings notes which programs the record speaks of.
func (e *Evaluator) sightings(r *row) {
	switch d := r.rec.Data.(type) {
	case execution.LayoutFile:
		// Layout.ini lists every file that any program touched.
		if k := strings.ToLower(d.Path); strings.HasSuffix(k, ".exe") {
			e.sight(d.Path, r)
		}
		return
	case persistence.Service:
		e.sight(d.Image, r)
	case execution.Prefetch:
		if d.Scenario {
			return // of the boot or an operation, not of a program
		}
	}
	if a := r.auto(); a != nil {
		if a.Payload != "" && strings.Contains(a.Payload, `\`) {
			e.sight(a.Payload, r)
		}
	}
	e.sight(r.rec.Program(), r)
}

// add takes a hit in, or counts it where the user does not want to see it or
// where there are too many.
func (s *scene) add(h *hit) {
	s.lengthen(h)
	for i := range s.t.silences {
		if s.t.silences[i].covers(h) {
			s.silenced[h.rule.ID]++
			return
		}
	}
	s.counts[h.rule.ID]++
	if h.out = !s.admit(h); !h.out {
		s.hits = append(s.hits, h)
	}
}

func (q *silence) covers(h *hit) bool {
	if q.rule != "" && q.rule != h.rule.ID {
		return false
	}
	if q.path != nil && !q.path.match(strings.Split(h.subject.key, `\`)) {
		return false
	}
	if q.hash != "" {
		return slices.ContainsFunc(h.rows, func(r *row) bool { return hasHash(r, q.hash) })
	}
	return true
}

// hasHash reports whether the record tells this hash of its program.
func hasHash(r *row, sum string) bool {
	for _, f := range artifacts.Fields(r.rec.Data) {
		if (f.Name == "sha1" || f.Name == "sha256") && strings.EqualFold(f.Value, sum) {
			return true
		}
	}
	return false
}

// Report runs the rules that need everything and merges what all have said.
// It is called once. The report must be closed.
func (e *Evaluator) Report() *Report {
	if e.facts.late != nil {
		e.facts.late(&e.facts)
	}
	e.ev.copies = events.Copies{} // no more records come
	e.model, e.life = e.life.Model(), nil
	e.joinShort()
	e.finishEvents(e.rules)
	if e.sig != nil {
		e.sig.finish(&e.scene)
	}
	keys := slices.Sorted(maps.Keys(e.programs))
	for _, k := range keys {
		e.settle(e.programs[k])
	}
	for _, r := range e.rules {
		if !e.on(r) {
			continue
		}
		if r.program != nil {
			for _, k := range keys {
				x := &look{scene: &e.scene, rule: r, prog: e.programs[k]}
				r.program(x, x.prog)
			}
		}
		if r.whole != nil {
			r.whole(&look{scene: &e.scene, rule: r})
		}
	}
	e.known.fold(&e.scene)
	rep := &Report{Findings: e.merge(), Known: e.known.counts(), Coverage: e.coverage(), Limits: e.reached()}
	if n := e.model.Dropped; n > 0 {
		rep.Limits = append(rep.Limits, fmt.Sprintf("programs: %d records name programs beyond the limit of %d, which are not listed", n,
			e.model.Len()))
	}
	for _, n := range e.silenced {
		rep.Silenced += n
	}
	rep.mark(e.model)
	rep.Models = append(rep.Models, e.model)
	return rep
}
