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
)

// merge makes one finding of all hits on one subject.
func (s *scene) merge() []Finding {
	s.unite()
	bySubject := map[subject][]*hit{}
	for _, h := range s.hits {
		k := h.subject.same()
		bySubject[k] = append(bySubject[k], h)
	}
	var out []Finding
	for _, k := range s.worst(bySubject) {
		out = append(out, s.finding(k, bySubject[k]))
	}
	slices.SortFunc(out, compareFindings)
	return out
}

// worst returns the subjects in the order of their worst hits, as many as a report
// has findings. Of the same level, a subject that more rules name comes first, so
// that a flood of one rule does not keep out what several rules found.
func (s *scene) worst(hits map[subject][]*hit) []subject {
	type weight struct {
		level Level
		rules int
	}
	weights := make(map[subject]weight, len(hits))
	for k, list := range hits {
		var w weight
		for i, h := range list {
			w.level = max(w.level, h.level)
			if !slices.ContainsFunc(list[:i], func(o *hit) bool { return o.rule == h.rule }) {
				w.rules++
			}
		}
		weights[k] = w
	}
	out := slices.SortedFunc(maps.Keys(hits), func(a, b subject) int {
		return cmp.Or(cmp.Compare(weights[b].level, weights[a].level), cmp.Compare(weights[b].rules, weights[a].rules),
			cmp.Compare(a.kind, b.kind), cmp.Compare(a.key, b.key))
	})
	n := min(len(out), s.limits.most())
	s.limits.findings = len(out) - n
	return out[:n]
}

// same is the part of a subject by which hits are joined.
func (k subject) same() subject { return subject{kind: k.kind, key: k.key} }

// unite gives hits on a task or a service the program as their subject, where a
// rule said something about that program because of the same record: one task
// must not give two findings.
func (s *scene) unite() {
	programs := map[*row]subject{} // what a task or service starts
	for _, h := range s.hits {
		if h.subject.kind != kindProgram {
			continue
		}
		for _, r := range h.rows {
			if r.class == "autostart" && ofTaskOrService(r) {
				if _, ok := programs[r]; !ok {
					programs[r] = h.subject
				}
			}
		}
	}
	to := map[string]subject{} // by the setting's key
	for _, h := range s.hits {
		if !namesTaskOrService(h.subject) {
			continue
		}
		for _, r := range h.rows {
			if p, ok := programs[r]; ok && to[h.subject.key].key == "" {
				to[h.subject.key] = p
			}
		}
	}
	for _, h := range s.hits {
		if p, ok := to[h.subject.key]; ok && namesTaskOrService(h.subject) {
			h.says = h.subject.show + ": " + h.says
			h.subject = p
		}
	}
}

func ofTaskOrService(r *row) bool {
	switch r.rec.Artifact.Name {
	case "tasks", "taskcache", "jobs", "services":
		return true
	}
	return false
}

func namesTaskOrService(k subject) bool {
	return k.kind == kindSetting && (strings.HasPrefix(k.key, "task ") || strings.HasPrefix(k.key, "service "))
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
// count gives the number of all records.
const maxReasons = 100

func compareHits(a, b *hit) int {
	return cmp.Or(cmp.Compare(b.level, a.level), compareBools(b.rule.Leads, a.rule.Leads), cmp.Compare(a.rule.ID, b.rule.ID),
		cmp.Compare(a.says, b.says))
}

// A tally is what the hits on one subject come to.
type tally struct {
	rows   []*row
	ruleOf map[*row][]string // whose reason a record is
	spans  [][2]time.Time    // of the hits that have one
	said   map[Reason]bool
}

func (t *tally) add(f *Finding, h *hit) {
	if h.rule.sigma != nil && !slices.Contains(f.RuleIDs, h.rule.ID) {
		f.Sigma = append(f.Sigma, *h.rule.sigma)
	}
	f.RuleIDs = with(f.RuleIDs, h.rule.ID)
	for _, id := range h.attack {
		f.Techniques = with(f.Techniques, id)
	}
	if r := (Reason{h.rule.ID, h.rule.Title, h.level, h.says}); !t.said[r] && len(t.said) < maxReasons {
		t.said[r] = true
		f.Reasons = append(f.Reasons, r)
	}
	if !h.begin.IsZero() {
		t.spans = append(t.spans, [2]time.Time{h.begin, h.end})
	}
	for _, r := range h.rows {
		if t.ruleOf[r] == nil {
			t.rows = append(t.rows, r)
		}
		t.ruleOf[r] = with(t.ruleOf[r], h.rule.ID)
	}
}

// with adds a text to a list that does not hold it.
func with(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func (s *scene) finding(k subject, hits []*hit) Finding {
	slices.SortStableFunc(hits, compareHits)
	top := hits[0]
	f := Finding{
		RuleID: top.rule.ID, Title: top.rule.Title, Level: top.level, Subject: s.display(top.subject), SubjectKind: k.kind,
		Scope: top.subject.scope, Why: top.rule.Why, FalsePositives: top.rule.Benign, Next: top.rule.Next,
		Techniques: []string{}, Host: s.facts.host(),
	}
	t := tally{ruleOf: map[*row][]string{}, said: map[Reason]bool{}}
	for _, h := range hits {
		t.add(&f, h)
	}
	slices.Sort(f.Techniques)
	if p := s.programs[k.key]; k.kind == kindProgram && p != nil {
		for _, r := range p.rows { // a row comes once: see sight
			if t.ruleOf[r] == nil {
				t.rows = append(t.rows, r) // no reason of its own, but part of the story
			}
		}
		s.raise(&f, p, hits)
	}
	slices.SortFunc(t.rows, func(a, b *row) int { return cmp.Compare(a.n, b.n) })
	more := 0 // records that are not kept, of the program or of its hits
	for _, h := range hits {
		more += h.lost
	}
	if p := s.programs[k.key]; k.kind == kindProgram && p != nil {
		more = max(more, p.more)
	}
	for _, h := range hits {
		more += h.more
	}
	f.Count, f.Omitted = len(t.rows)+more, more
	s.evidence(&f, &t)
	if k.kind == kindProgram {
		f.File = s.line(k.key)
	}
	if f.Scope == "" {
		f.Scope = scopeOf(t.rows)
	}
	f.Score = min(100, f.Level.score()+min(9, 3*(len(f.RuleIDs)-1)+len(classesOf(t.rows))-1))
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

// evidence quotes the records of a finding and takes its times from them.
func (s *scene) evidence(f *Finding, t *tally) {
	f.Evidence = []Evidence{}
	shown, most := t.rows, maxEvidence
	if s.limits.quoted > evidenceMemory {
		most = 1
	}
	if len(shown) > most {
		// Those that a rule speaks of first.
		shown = firstOfEach(shown, t.ruleOf)[:most]
		slices.SortFunc(shown, func(a, b *row) int { return cmp.Compare(a.n, b.n) })
		f.Omitted += len(t.rows) - most
		if most == 1 {
			s.limits.bare++
		}
	}
	c := chronicle{f: f, spans: t.spans}
	for _, r := range shown {
		ev := Evidence{
			ID: r.rec.ID, Artifact: r.rec.Artifact.Name, Proves: string(r.proof), Locator: r.rec.From, Rules: t.ruleOf[r],
			User: cmp.Or(r.rec.User.Name, r.rec.User.SID), Quote: clip(r.rec.Summary(), 2000),
		}
		if e, ok := r.rec.Data.(events.Event); ok {
			ev.Channel, ev.RecordNumber = e.Channel, e.Number
		}
		if ev.SHA256 == "" {
			ev.SHA256 = s.hashes[sourceFile{ev.Path, ev.Snapshot}]
		}
		c.take(&ev, r)
		s.limits.quoted += int(reflect.TypeFor[Evidence]().Size()) + len(ev.Quote) + 24*len(ev.Events)
		f.Evidence = append(f.Evidence, ev)
	}
	c.end()
}

// A chronicle gathers the times of a finding from its evidence.
type chronicle struct {
	f         *Finding
	spans     [][2]time.Time // only these count, where there are any
	newestRun bool           // LastSeen is a start
	local     []artifacts.Event
}

// maxEvents is how many events of one record the evidence lists.
const maxEvents = 16

func (c *chronicle) take(ev *Evidence, r *row) {
	var local *artifacts.Event
	events := r.rec.Events()
	for i := range events {
		e := &events[i]
		if e.DataType == "windows:volume:creation" || !c.counts(e) {
			continue
		}
		if len(ev.Events) < maxEvents && (e.Local || !r.rec.Quiet) {
			ev.Events = append(ev.Events, e.ID)
		}
		if e.Local { // its digits are no UTC: it dates the finding where nothing else does
			local = e
			c.local = append(c.local, *e)
			continue
		}
		if e.Time.After(ev.Time) {
			ev.Time, ev.TimeKind = e.Time, e.Kind
		}
		c.see(e)
	}
	if ev.Time.IsZero() && local != nil {
		ev.Time, ev.TimeKind = local.Time, artifacts.UnknownZone
	}
}

// counts reports whether an event lies in what the reasons speak of.
func (c *chronicle) counts(e *artifacts.Event) bool {
	return len(c.spans) == 0 || slices.ContainsFunc(c.spans,
		func(s [2]time.Time) bool { return !e.Time.Before(s[0]) && !e.Time.After(s[1]) })
}

func (c *chronicle) see(e *artifacts.Event) {
	f, run := c.f, e.Proof == artifacts.Executed
	if f.FirstSeen.IsZero() || e.Time.Before(f.FirstSeen) {
		f.FirstSeen = e.Time
	}
	// A start says more than a file's own time.
	if run && !c.newestRun || run == c.newestRun && e.Time.After(f.LastSeen) {
		f.LastSeen, f.TimeKind, c.newestRun = e.Time, e.Kind, run
	}
}

// end dates a finding whose only times are local ones.
func (c *chronicle) end() {
	f := c.f
	if !f.FirstSeen.IsZero() || len(c.local) == 0 {
		return
	}
	f.TimeKind = artifacts.UnknownZone
	for i := range c.local {
		t := c.local[i].Time
		if f.FirstSeen.IsZero() || t.Before(f.FirstSeen) {
			f.FirstSeen = t
		}
		f.LastSeen = latest(f.LastSeen, t)
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
