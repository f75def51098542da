package findings

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/events"
)

// A Rule is one argument: what it looks for, why that matters, what usually
// explains it, what to do next. Each is declared together with its function;
// [Rules] lists them.
type Rule struct {
	ID     string
	Title  string
	Level  Level    // of a hit, where the function does not say otherwise
	Attack []string // ATT&CK techniques that a hit can show
	Why    string
	Benign string // what usually explains it
	Next   string // one step
	// Needs are artifacts that feed it; without any of them it is not evaluated.
	// Those whose records it looks at follow from the types of its functions: an
	// interface stands for all artifacts with such records, a type for its own,
	// unless some of several that share it are named here.
	Needs []string
	// OnRequest rules are judged only when a rules file enables them.
	OnRequest bool
	Leads     bool // gives the finding its title among rules of one level

	records []recordFunc
	skips   []string // artifacts whose records its functions leave to other rules
	keeps   []string // artifacts whose records wholes looks at afterwards
	program func(*look, *program)
	whole   func(*look)
	events  []eventFunc
	finish  func(*eventLook) // after all events
	settle  func(*eventLook) // after the finish of all rules
	sigma   *SigmaRule       // that it stands for
}

// A recordFunc looks at records of one type, while they come in.
type recordFunc struct {
	accepts func(artifacts.Decoded) bool
	call    func(*look, artifacts.Decoded)
}

// rule ties a declaration to a function over records. T is a record type of
// package artifacts or an interface that several of them have.
func rule[T any](r Rule, f func(x *look, rec T)) Rule { return r.also(on(f)) }

// on makes a function over one type of record fit for a rule that looks at
// several.
func on[T any](f func(*look, T)) recordFunc {
	return recordFunc{
		accepts: func(d artifacts.Decoded) bool { _, ok := d.(T); return ok },
		call:    func(x *look, d artifacts.Decoded) { f(x, d.(T)) },
	}
}

func (r Rule) also(f ...recordFunc) Rule {
	r.records = append(r.records[:len(r.records):len(r.records)], f...)
	return r
}

// programRule looks at each program, when everything about it is known.
func programRule(r Rule, f func(x *look, p *program)) Rule {
	r.program = f
	return r
}

// wholeRule looks at everything together, at the end. keeps names the
// artifacts whose records it wants to see again.
func wholeRule(r Rule, f func(x *look), keeps ...string) Rule {
	r.whole, r.keeps = f, keeps
	return r
}

// without names artifacts whose records the rule leaves to others.
func (r Rule) without(names ...string) Rule {
	r.skips = names
	return r
}

// needs returns the artifacts that feed the rule: those that it names, and those
// whose record type one of its functions takes.
func (r *Rule) needs() []string {
	out := slices.Clone(r.Needs)
	named := map[reflect.Type]bool{} // types of artifacts that the rule names
	for _, a := range catalogue.All() {
		if slices.Contains(r.Needs, a.Name) {
			named[reflect.TypeOf(a.Record())] = true
		}
	}
	if len(r.events) > 0 {
		for _, a := range catalogue.All() {
			if _, ok := a.Record().(events.Event); ok {
				out = append(out, a.Name)
			}
		}
	}
	for _, a := range catalogue.All() {
		if !named[reflect.TypeOf(a.Record())] && r.takes(a) && !slices.Contains(out, a.Name) {
			out = append(out, a.Name)
		}
	}
	return out
}

// takes reports whether a function of the rule looks at records of the artifact.
func (r *Rule) takes(a *artifacts.Artifact) bool {
	d, ok := a.Record().(artifacts.Decoded)
	if _, event := a.Record().(events.Event); event && len(r.events) > 0 {
		return true
	}
	return ok && !slices.Contains(r.skips, a.Name) && slices.ContainsFunc(r.records, func(f recordFunc) bool { return f.accepts(d) })
}

// all numbers the catalogue once.
var all = sync.OnceValue(func() []*Rule {
	var out []*Rule
	for _, g := range ruleGroups() {
		for _, r := range g.rules {
			r.Needs = r.needs()
			out = append(out, &r)
		}
	}
	return out
})

// Rules returns all rules in the order of the catalogue. The result is shared:
// do not change it.
func Rules() []*Rule { return all() }

func ruleByID(id string) *Rule {
	for _, r := range all() {
		if strings.EqualFold(r.ID, id) {
			return r
		}
	}
	return nil
}

// A look is what a rule's function sees: the scene, and the record or program
// at hand.
type look struct {
	*scene
	rule *Rule
	row  *row     // the record, for functions over records
	prog *program // the program, for functions over programs
}

// A subject is what a finding is about.
type subject struct{ kind, key, show, scope string }

// The kinds of subject.
const (
	kindProgram  = "program"
	kindAccount  = "account"
	kindSetting  = "setting"
	kindActivity = "activity"
)

// A hit is one thing that one rule has to say.
type hit struct {
	rule    *Rule
	subject subject
	level   Level
	limit   Level // no agreement of sources raises it above
	attack  []string
	says    string
	rows    []*row
	// The span of what counted, where the records hold other times, too.
	begin, end time.Time
	early      Level // before the first user logged on; 0 the same
	same       int   // hits that are alike
	more       int   // of them without a row of their own
	single     bool  // of one record
	alike      int   // hits of the same rule, subject and level that are kept, of the first
	lost       int   // records of them that are not kept
	out        bool  // it is not kept
}

// hit records what the rule says about a subject. Level 0 means the rule's
// own. The record at hand is its evidence.
func (x *look) hit(s subject, level Level, format string, args ...any) *hit {
	if level == 0 {
		level = x.rule.Level
		if l, ok := x.t.levels[x.rule.ID]; ok {
			level = l
		}
	} else if l, ok := x.t.levels[x.rule.ID]; ok {
		level = min(level, l)
	}
	h := &hit{rule: x.rule, subject: s, level: level, limit: Critical, attack: x.rule.Attack, says: clip(fmt.Sprintf(format, args...), 600)}
	if x.row != nil {
		h.rows, h.single = append(h.rows, x.row), x.prog == nil
	}
	if x.prog != nil {
		h.rows = append(h.rows, x.prog.rows...)
	}
	x.add(h)
	return h
}

// as replaces the rule's techniques by those that fit this hit.
func (h *hit) as(ids ...string) *hit {
	if len(ids) > 0 {
		h.attack = ids
	}
	return h
}

// atMost keeps agreeing sources from raising the finding above a level.
func (h *hit) atMost(l Level) *hit {
	h.limit = l
	return h
}

// from adds records to the evidence of the hit.
func (h *hit) from(rows ...*row) *hit {
	h.rows = append(h.rows, rows...)
	return h
}

// between gives the hit the span of what counted.
func (h *hit) between(from, to time.Time) *hit {
	h.begin, h.end = from, to
	return h
}

// clip shortens a text from the evidence at a character's end.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}
