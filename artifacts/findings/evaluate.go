package findings

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
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
	hashes   map[sourceFile]string // of files whose records came before their hash
	ev       *eventScene
	sig      *sigmaScene // nil without Sigma rules
	rows     int
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
}

type step struct {
	rule *Rule
	call func(*look, artifacts.Decoded)
}

// NewEvaluator starts the evaluation of one machine.
func NewEvaluator(facts Facts, opts *Options) *Evaluator {
	e := &Evaluator{byType: map[reflect.Type][]step{}, keep: map[string]bool{}, seen: map[string]*fed{}}
	e.facts, e.t = facts, shipped()
	if opts != nil && opts.Tables != nil {
		e.t = opts.Tables
	}
	e.programs, e.systemVolumes, e.volumeStyles = map[string]*program{}, map[string]bool{}, map[string]bool{}
	e.hashes = map[sourceFile]string{}
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
	return e
}

// on reports whether a rule is judged.
func (s *scene) on(r *Rule) bool { return !r.OnRequest || s.t.enabled[r.ID] }

// Add looks at one result of a run. It keeps no reference to large records:
// what a Prefetch file lists is looked at here and let go.
func (e *Evaluator) Add(res *artifacts.Result) {
	e.feed(res)
	for i := range res.Records {
		e.record(&res.Records[i])
	}
}

func (e *Evaluator) record(rec *artifacts.Record) {
	if ev, ok := rec.Data.(events.Event); ok {
		e.event(&ev.Record, rec)
		e.rows++
		if len(e.steps(rec.Data)) == 0 {
			return // of the many events few are kept
		}
		e.rows--
	}
	r := &row{rec: *rec, n: e.rows, class: classOf(rec), proof: rec.Proof()}
	e.rows++
	if u, ok := rec.Data.(execution.UserAssist); ok && u.Seeded {
		e.seeded = append(e.seeded, r)
		return // came with the profile: no start, not for any rule
	}
	if _, ok := rec.Data.(events.Event); e.sig != nil && !ok {
		e.sig.record(&look{scene: &e.scene, row: r})
	}
	steps := e.steps(rec.Data)
	for _, st := range steps {
		x := &look{scene: &e.scene, rule: st.rule, row: r}
		st.call(x, rec.Data)
	}
	if p, ok := r.rec.Data.(execution.Prefetch); ok {
		if rec.From.State == artifacts.Live && !p.Scenario {
			e.prefetchFiles++
		}
		for _, f := range p.Files {
			// Every program loads this library first, from the volume of Windows.
			if v := winpath.Volume(f); len(f)-len(v) == len(ntdll) && strings.EqualFold(f[len(v):], ntdll) {
				e.isSystem(strings.ToUpper(v))
				break
			}
		}
		p.Files, p.Volumes = nil, nil
		r.rec.Data = p
	}
	if isFileSystem(rec.Data) {
		if !unselected(rec.Data) && e.keep[rec.Artifact.Name] {
			e.kept[rec.Artifact.Name] = append(e.kept[rec.Artifact.Name], r)
		}
		return // it is joined with programs, and makes none
	}
	if e.keep[rec.Artifact.Name] {
		e.kept[rec.Artifact.Name] = append(e.kept[rec.Artifact.Name], r)
	}
	e.sightings(r)
	if t := r.runs(); len(t) > 0 && rec.From.State != artifacts.Deleted {
		e.newest = latest(e.newest, t[0])
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

// add takes a hit in, or counts it where the user does not want to see it.
func (s *scene) add(h *hit) {
	for i := range s.t.silences {
		if s.t.silences[i].covers(h) {
			s.silenced[h.rule.ID]++
			return
		}
	}
	s.counts[h.rule.ID]++
	s.hits = append(s.hits, h)
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
// It is called once.
func (e *Evaluator) Report() *Report {
	if e.facts.late != nil {
		e.facts.late(&e.facts)
	}
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
	rep := &Report{Findings: e.merge(), Coverage: e.coverage()}
	for _, n := range e.silenced {
		rep.Silenced += n
	}
	return rep
}

// merge makes one finding of all hits on one subject.
func (s *scene) merge() []Finding {
	bySubject := map[subject][]*hit{}
	for _, h := range s.hits {
		k := subject{kind: h.subject.kind, key: h.subject.key}
		bySubject[k] = append(bySubject[k], h)
	}
	var out []Finding
	for k, hits := range bySubject {
		out = append(out, s.finding(k, hits))
	}
	slices.SortFunc(out, compareFindings)
	return out
}

func compareFindings(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(b.Level, a.Level), cmp.Compare(b.Score, a.Score),
		cmp.Compare(a.Host, b.Host), cmp.Compare(a.SubjectKind, b.SubjectKind),
		cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.ID, b.ID),
	)
}

// maxEvidence is how many records a finding shows; the rest is counted.
const maxEvidence = 40

// maxReasons bounds what is said about one subject. The strongest come first;
// count tells of how many records they are drawn.
const maxReasons = 100

func (s *scene) finding(k subject, hits []*hit) Finding {
	slices.SortStableFunc(hits, func(a, b *hit) int {
		return cmp.Or(cmp.Compare(b.level, a.level), compareBools(b.rule.Leads, a.rule.Leads), cmp.Compare(a.rule.ID, b.rule.ID), cmp.Compare(a.says, b.says))
	})
	top := hits[0]
	f := Finding{
		RuleID: top.rule.ID, Title: top.rule.Title, Level: top.level, Subject: s.display(top.subject), SubjectKind: k.kind,
		Scope: top.subject.scope, Why: top.rule.Why, FalsePositives: top.rule.Benign, Next: top.rule.Next,
		Techniques: []string{}, Host: s.facts.host(),
	}
	ruleOf := map[*row][]string{}
	var rows []*row
	said := map[Reason]bool{}
	for _, h := range hits {
		if !slices.Contains(f.RuleIDs, h.rule.ID) {
			f.RuleIDs = append(f.RuleIDs, h.rule.ID)
			if h.rule.sigma != nil {
				f.Sigma = append(f.Sigma, *h.rule.sigma)
			}
		}
		for _, id := range h.attack {
			if !slices.Contains(f.Techniques, id) {
				f.Techniques = append(f.Techniques, id)
			}
		}
		r := Reason{h.rule.ID, h.rule.Title, h.level, h.says}
		if !said[r] && len(said) < maxReasons {
			said[r] = true
			f.Reasons = append(f.Reasons, r)
		}
		for _, r := range h.rows {
			if ruleOf[r] == nil {
				rows = append(rows, r)
			}
			if !slices.Contains(ruleOf[r], h.rule.ID) {
				ruleOf[r] = append(ruleOf[r], h.rule.ID)
			}
		}
	}
	slices.Sort(f.Techniques)
	if p := s.programs[k.key]; k.kind == kindProgram && p != nil {
		for _, r := range p.rows { // a row comes once: see sight
			if ruleOf[r] == nil {
				rows = append(rows, r) // no reason of its own, but part of the story
			}
		}
		s.raise(&f, p, hits)
	}
	slices.SortFunc(rows, func(a, b *row) int { return cmp.Compare(a.n, b.n) })
	f.Count = len(rows)
	for _, h := range hits {
		f.Count += h.more
		f.Omitted += h.more
	}
	s.evidence(&f, rows, ruleOf)
	if k.kind == kindProgram {
		f.File = s.line(k.key)
	}
	if f.Scope == "" {
		f.Scope = scopeOf(rows)
	}
	f.Score = min(100, f.Level.score()+min(9, 3*(len(f.RuleIDs)-1)+len(classesOf(rows))-1))
	f.ID = findingID(f.Host, k)
	return f
}

// raise lifts a finding by one step when two independent kinds of evidence
// agree: what makes a program start, and what shows that it did start.
func (s *scene) raise(f *Finding, p *program, hits []*hit) {
	limit := Level(0)
	for _, h := range hits {
		limit = max(limit, min(h.limit, h.level+1))
	}
	autos, runs := p.autostarts(), p.executed()
	if f.Level < Medium || f.Level >= Critical || limit <= f.Level || len(autos) == 0 || len(runs) == 0 {
		return
	}
	f.Level++
	f.Raised = "it starts automatically (" + sources(autos) + ") and it ran (" + sources(runs) + ")"
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func classesOf(rows []*row) map[string]bool {
	m := map[string]bool{}
	for _, r := range rows {
		m[r.class] = true
	}
	return m
}

// scopeOf is the user when one is all there is, else the machine.
func scopeOf(rows []*row) string {
	who := ""
	for _, r := range rows {
		u := strings.TrimSpace(r.rec.User.SID + " " + r.rec.User.Name)
		if u == "" || who != "" && u != who {
			return "machine"
		}
		who = u
	}
	return cmp.Or(who, "machine")
}

func (s *scene) evidence(f *Finding, rows []*row, ruleOf map[*row][]string) {
	f.Evidence = []Evidence{}
	var newestRun bool
	var local []artifacts.Event
	shown := rows
	if len(rows) > maxEvidence {
		// Those that a rule speaks of first.
		shown = firstOfEach(rows, ruleOf)
		shown = shown[:maxEvidence]
		slices.SortFunc(shown, func(a, b *row) int { return cmp.Compare(a.n, b.n) })
		f.Omitted += len(rows) - maxEvidence
	}
	for _, r := range shown {
		ev := Evidence{
			ID: r.rec.ID, Artifact: r.rec.Artifact.Name, Proves: string(r.proof), Locator: r.rec.From, Rules: ruleOf[r],
			User: cmp.Or(r.rec.User.Name, r.rec.User.SID), Quote: clip(r.rec.Summary(), 2000),
		}
		if e, ok := r.rec.Data.(events.Event); ok {
			ev.Channel, ev.RecordNumber = e.Channel, e.Number
		}
		if ev.SHA256 == "" {
			ev.SHA256 = s.hashes[sourceFile{ev.Path, ev.Snapshot}]
		}
		for _, e := range r.rec.Events() {
			if e.DataType == "windows:volume:creation" {
				continue
			}
			if e.Local { // its digits are no UTC: it dates the finding where nothing else does
				local = append(local, e)
				if len(ev.Events) < 16 {
					ev.Events = append(ev.Events, e.ID)
				}
				continue
			}
			if len(ev.Events) < 16 && !r.rec.Quiet {
				ev.Events = append(ev.Events, e.ID)
			}
			if e.Time.After(ev.Time) {
				ev.Time, ev.TimeKind = e.Time, e.Kind
			}
			run := e.Proof == artifacts.Executed
			if f.FirstSeen.IsZero() || e.Time.Before(f.FirstSeen) {
				f.FirstSeen = e.Time
			}
			// A start tells more than a file's own time.
			if run && !newestRun || run == newestRun && e.Time.After(f.LastSeen) {
				f.LastSeen, f.TimeKind, newestRun = e.Time, e.Kind, run
			}
		}
		if ev.Time.IsZero() && len(local) > 0 && local[len(local)-1].Record.ID == ev.ID {
			ev.Time, ev.TimeKind = local[len(local)-1].Time, artifacts.UnknownZone
		}
		f.Evidence = append(f.Evidence, ev)
	}
	if f.FirstSeen.IsZero() && len(local) > 0 {
		f.TimeKind = artifacts.UnknownZone
		for _, e := range local {
			if f.FirstSeen.IsZero() || e.Time.Before(f.FirstSeen) {
				f.FirstSeen = e.Time
			}
			f.LastSeen = latest(f.LastSeen, e.Time)
		}
	}
}

// firstOfEach puts the first record of each rule in front, then those that most
// rules speak of.
func firstOfEach(rows []*row, ruleOf map[*row][]string) []*row {
	lead := map[*row]bool{}
	met := map[string]bool{}
	for _, r := range rows {
		for _, id := range ruleOf[r] {
			if !met[id] {
				met[id], lead[r] = true, true
			}
		}
	}
	out := slices.Clone(rows)
	slices.SortStableFunc(out, func(a, b *row) int {
		return cmp.Or(compareBools(lead[a], lead[b]), cmp.Compare(len(ruleOf[b]), len(ruleOf[a])))
	})
	return out
}

// findingID is stable: the same subject on the same host has the same id.
func findingID(host string, k subject) string {
	h := sha256.Sum256([]byte("finding\x00" + host + "\x00" + k.kind + "\x00" + k.key))
	return hex.EncodeToString(h[:8])
}
