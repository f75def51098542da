package findings

import (
	"slices"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/lists"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// A Comparison compares the records of one machine, which was judged before, with
// lists: those of a case folder.
type Comparison struct{ e *Evaluator }

// NewComparison starts a comparison.
func NewComparison(facts Facts, set *lists.Set) *Comparison {
	return &Comparison{NewEvaluator(facts, &Options{Lists: set})}
}

// Add looks at one record.
func (c *Comparison) Add(rec *artifacts.Record) {
	s := &c.e.scene
	if ev, ok := rec.Data.(events.Event); ok {
		s.ev.cur = nil
		s.known.event(s, &ev.Record, rec)
	} else {
		s.known.record(s, &row{rec: *rec, n: s.rows, class: classOf(rec), proof: rec.Proof()})
	}
	s.rows++
}

// Apply adds the hits to a report of the machine, and notes in its programs what
// the lists say.
func (c *Comparison) Apply(r *Report, m *programs.Model) {
	s := &c.e.scene
	s.model = m
	s.known.fold(s)
	for _, f := range s.merge() {
		if i := slices.IndexFunc(r.Findings, func(o Finding) bool { return o.ID == f.ID }); i >= 0 {
			r.Findings[i].join(&f)
		} else {
			r.Findings = append(r.Findings, f)
		}
	}
	s.known.lower(r, m)
	slices.SortStableFunc(r.Findings, compareFindings)
	status, why := s.known.judged()
	one := Coverage{Host: c.e.facts.host(), RuleID: onList.ID, Title: onList.Title, Status: status, Why: why, Hits: s.counts[onList.ID]}
	if i := slices.IndexFunc(r.Coverage, func(o Coverage) bool { return o.RuleID == onList.ID }); i >= 0 {
		r.Coverage[i] = one
	} else {
		r.Coverage = append(r.Coverage, one)
	}
	r.Known = s.known.known
	r.mark(m)
}

// join adds what lists say of the subject of a finding.
func (f *Finding) join(o *Finding) {
	if o.Level > f.Level {
		f.Level, f.RuleID, f.Title, f.Why, f.FalsePositives, f.Next = o.Level, o.RuleID, o.Title, o.Why, o.FalsePositives, o.Next
	}
	for _, id := range o.RuleIDs {
		f.RuleIDs = with(f.RuleIDs, id)
	}
	for _, r := range o.Reasons {
		if len(f.Reasons) < maxReasons && !slices.Contains(f.Reasons, r) {
			f.Reasons = append(f.Reasons, r)
		}
	}
	for i := range o.Evidence {
		e := &o.Evidence[i]
		j := slices.IndexFunc(f.Evidence, func(x Evidence) bool { return x.ID == e.ID })
		switch {
		case j >= 0:
			for _, id := range e.Rules {
				f.Evidence[j].Rules = with(f.Evidence[j].Rules, id)
			}
		case len(f.Evidence) < maxEvidence:
			f.Evidence = append(f.Evidence, *e)
			f.Count++
		default:
			f.Omitted++
			f.Count++
		}
	}
	f.Score = max(f.Score, f.Level.score())
}

// lower lowers findings that rest on the location of known files alone. Those that
// agreeing sources have raised stay.
func (s *listScene) lower(r *Report, m *programs.Model) {
	known := map[string]bool{}
	for _, p := range m.Programs {
		if p.KnownGood {
			known[ProgramFinding(m.Host, p)] = true
		}
	}
	r.Findings = slices.DeleteFunc(r.Findings, func(f Finding) bool {
		all := known[f.ID] && f.Raised == "" && !slices.ContainsFunc(f.RuleIDs, func(id string) bool { return !onPlace[id] })
		return all && f.Level == Informational && s.fold1()
	})
	for i := range r.Findings {
		f := &r.Findings[i]
		if !known[f.ID] || f.Raised != "" {
			continue
		}
		top := Level(0)
		for j := range f.Reasons {
			if x := &f.Reasons[j]; onPlace[x.RuleID] && x.Level > Informational {
				x.Level = x.Level.step(-1)
				x.Says += "; one level lower: a list of known files has it"
				s.known.Lowered++
			}
			top = max(top, f.Reasons[j].Level)
		}
		if top > 0 && top < f.Level {
			f.Level, f.Score = top, min(f.Score, top.score()+9)
		}
	}
}

func (s *listScene) fold1() bool {
	s.known.Folded++
	return true
}
