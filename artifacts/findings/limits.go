package findings

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/execution"
)

// The limits of what an evaluation keeps, far above what machines hold. Records
// beyond them are looked at by the rules over records, counted, and named in
// [Report.Limits].
const (
	maxProgramRecords = 1 << 10   // records of one artifact about one program
	maxAlike          = 1 << 10   // hits of one rule and level on one subject with records of their own
	maxFindings       = 12_000    // findings in a report, the worst first
	maxVolumes        = 1 << 12   // names of volumes of one kind
	programMemory     = 64 << 20  // bytes of records that programs and rules at the end need
	hitMemory         = 32 << 20  // bytes of hits, with the records that nothing else needs
	evidenceMemory    = 24 << 20  // bytes of the records that a report quotes
	leastMemory       = 256 << 10 // bytes that each artifact or rule has in any case

	// Each user of the machine raises two of the limits: a machine of two hundred
	// users is not a flood. One of very many is.
	userMemory   = 128 << 10 // to programMemory
	userFindings = 16        // to maxFindings
	maxUsers     = 256
)

// A budget shares memory out between users: each has up to half of what the
// others have left, so that no flood of one keeps out what comes later.
type budget struct {
	total, used int
	of          map[string]int
}

func newBudget(total int) *budget { return &budget{total: total, of: map[string]int{}} }

// take reports whether a user may have n bytes more.
func (b *budget) take(user string, n int) bool {
	mine := b.of[user]
	if mine+n > max(leastMemory, (b.total-b.used+mine)/2) {
		return false
	}
	b.of[user] = mine + n
	b.used += n
	return true
}

// left counts what was not kept of one artifact.
type left struct {
	folded  int // records beyond maxProgramRecords
	records int // records for which there was no memory
	hits    int // records of hits, likewise
}

// limits are the state of the limits of one evaluation.
type limits struct {
	records  *budget          // by artifact
	hits     *budget          // by rule and level
	alike    map[saidKey]*hit // the first by rule, subject and level
	left     map[string]*left
	dropped  map[string]int // hits that were not kept, by rule
	users    map[evidence.User]bool
	user     evidence.User // of the record before
	findings int           // that were not made
	quoted   int           // bytes of evidence
	bare     int           // findings whose evidence was cut to one record
}

func newLimits() limits {
	return limits{
		records: newBudget(programMemory), hits: newBudget(hitMemory), alike: map[saidKey]*hit{}, left: map[string]*left{},
		dropped: map[string]int{}, users: map[evidence.User]bool{},
	}
}

// see makes room for the records of a user that was not met before.
func (l *limits) see(u evidence.User) {
	if u == l.user || u == (evidence.User{}) {
		return
	}
	if l.user = u; !l.users[u] && len(l.users) < maxUsers {
		l.users[u] = true
		l.records.total += userMemory
	}
}

// most is how many findings a report may have.
func (l *limits) most() int { return maxFindings + userFindings*len(l.users) }

func (l *limits) of(r *row) *left {
	f := l.left[r.artifact()]
	if f == nil {
		f = new(left)
		l.left[r.artifact()] = f
	}
	return f
}

// hold reports whether a record may be kept. It is paid for once.
func (l *limits) hold(r *row) bool {
	r.held = r.held || l.records.take(r.artifact(), sizeOf(&r.rec))
	return r.held
}

// keep holds a record for the rules that look at the end.
func (s *scene) keep(list []*row, r *row) []*row {
	if !s.limits.hold(r) {
		s.limits.of(r).records++
		return list
	}
	return append(list, r)
}

// admit decides what is kept of a hit: the hit with its record, the hit alone, or
// nothing. What is not kept is counted.
func (s *scene) admit(h *hit) bool {
	l := &s.limits
	user := h.rule.ID + " " + h.level.String()
	k := saidKey{h.rule, h.subject.kind + h.subject.key, h.level}
	first := l.alike[k]
	cost := int(reflect.TypeFor[hit]().Size()) + len(h.says) + 8*len(h.rows) + 32
	if first == nil {
		cost += 2*(len(h.subject.key)+len(h.subject.show)) + 96
	}
	r := h.row()
	if first != nil && r != nil && first.alike >= maxAlike || !l.hits.take(user, cost) {
		l.dropped[h.rule.ID]++
		if first != nil && r != nil {
			first.lost++
		}
		return false
	}
	if first == nil {
		first, l.alike[k] = h, h
	}
	first.alike++
	if r != nil && !r.held {
		if r.held = l.hits.take(user, sizeOf(&r.rec)); !r.held {
			h.rows = nil
			h.lost++
			l.of(r).hits++
		}
	}
	return true
}

// row returns the record of a hit of a rule over records, or nil.
func (h *hit) row() *row {
	if !h.single {
		return nil
	}
	return h.rows[0]
}

// about notes a record of a program, unless there are many of its artifact.
func (s *scene) about(p *program, r *row) {
	if p.last == r.n+1 {
		return // it names the program twice
	}
	p.last = r.n + 1
	switch {
	case r.held && len(p.rows) < maxProgramRecords:
	case p.of(r.rec.Artifact) >= maxProgramRecords:
		p.more++
		s.limits.of(r).folded++
		return
	case !s.limits.hold(r):
		p.more++
		s.limits.of(r).records++
		return
	}
	p.rows = append(p.rows, r)
	if p.from != nil {
		p.from[r.rec.Artifact]++
	}
}

// of returns how many records of an artifact are kept; they are counted from the
// first that could be one too many.
func (p *program) of(a *artifacts.Artifact) int {
	if len(p.rows) < maxProgramRecords {
		return 0
	}
	if p.from == nil {
		p.from = map[*artifacts.Artifact]int{}
		for _, r := range p.rows {
			p.from[r.rec.Artifact]++
		}
	}
	return p.from[a]
}

// sizeOf estimates the memory of a record that is kept.
func sizeOf(rec *artifacts.Record) int {
	d := rec.Data
	if p, ok := d.(execution.Prefetch); ok {
		p.Files, p.Volumes = nil, nil // as it is kept
		d = p
	}
	n := int(reflect.TypeFor[row]().Size()) + len(rec.ID) + len(rec.From.Key) + len(rec.From.Value) + len(rec.From.Note) + 64
	if d == nil {
		return n
	}
	v := reflect.ValueOf(d)
	return n + int(v.Type().Size()) + held(v, 4)
}

// held is the memory that the fields of a value refer to, down to a depth. What
// fields that are not exported refer to is shared.
func held(v reflect.Value, depth int) int {
	t := v.Type()
	switch n := 0; v.Kind() {
	case reflect.String:
		return v.Len() + 8
	case reflect.Slice:
		for i := range v.Len() {
			if !refers(t.Elem()) {
				break
			}
			n += held(v.Index(i), depth)
		}
		return n + v.Cap()*int(t.Elem().Size())
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			n += 64 + held(it.Key(), depth) + held(it.Value(), depth)
		}
		return n
	case reflect.Pointer:
		if v.IsNil() || depth == 0 {
			return 0
		}
		return int(t.Elem().Size()) + held(v.Elem(), depth-1)
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return 0
		}
		for i := range v.NumField() {
			if f := t.Field(i); f.IsExported() && refers(f.Type) {
				n += held(v.Field(i), depth)
			}
		}
		return n
	}
	return 0
}

// refers reports whether values of the type can refer to memory of their own.
func refers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Slice, reflect.Map, reflect.Pointer, reflect.Struct:
		return true
	}
	return false
}

// reached names the limits that the evaluation met.
func (s *scene) reached() []string {
	var out []string
	l := &s.limits
	for _, name := range slices.Sorted(maps.Keys(l.left)) {
		f := l.left[name]
		if f.folded > 0 {
			out = append(out, fmt.Sprintf("%s: %s counted and not quoted: above %d for one program", name,
				plural(f.folded, "record"), maxProgramRecords))
		}
		if f.records > 0 {
			out = append(out, fmt.Sprintf("%s: %s not kept for the rules that compare programs: above %d MiB of records", name,
				plural(f.records, "record"), l.records.total>>20))
		}
		if f.hits > 0 {
			out = append(out, fmt.Sprintf("%s: %s of findings counted and not quoted: above %d MiB of findings", name,
				plural(f.hits, "record"), hitMemory>>20))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(l.dropped)) {
		out = append(out, id+": "+l.hitsDropped(id))
	}
	if l.findings > 0 {
		out = append(out, fmt.Sprintf("%s not shown: above %d, the worst are shown", plural(l.findings, "finding"), l.most()))
	}
	if l.bare > 0 {
		out = append(out, fmt.Sprintf("%s with one record only: above %d MiB of evidence", plural(l.bare, "finding"), evidenceMemory>>20))
	}
	return out
}

func (l *limits) hitsDropped(id string) string {
	return fmt.Sprintf("%s counted and not kept: above %d for one subject or %d MiB of findings", plural(l.dropped[id], "hit"), maxAlike,
		hitMemory>>20)
}

// unjudged says what a rule did not see because of the limits.
func (s *scene) unjudged(r *Rule) []string {
	var out []string
	for _, name := range r.Needs {
		if f := s.limits.left[name]; f != nil && f.records > 0 && (r.program != nil || r.whole != nil) {
			out = append(out, fmt.Sprintf("%s: %s beyond the memory of an evaluation", name, plural(f.records, "record")))
		}
	}
	if s.limits.dropped[r.ID] > 0 {
		out = append(out, s.limits.hitsDropped(r.ID))
	}
	return out
}
