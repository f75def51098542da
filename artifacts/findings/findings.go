// Package findings does the first reading of what package artifacts decoded:
// rules argue which program, account or setting deserves a look first, why,
// what usually explains it, and what to do next. It never says "infected".
//
// An [Evaluator] is fed with the results of a run, keeps what the rules need,
// and returns a [Report]: findings merged by subject, worst first, and the
// coverage, which says for every rule whether it could be judged and why not.
// The rules stand in [Rules]; the tables that they read are data files that a
// user can extend or silence, see [Tables].
//
// Nothing here reads a file of the evidence's machine by itself, an
// environment variable or the clock: the same evidence gives the same report
// everywhere and at any time. Memory and the contents of programs are not read:
// of a program's file only its times and size.
//
// Technique ids and names are those of ATT&CK for Enterprise, version 18. © The
// MITRE Corporation; this work is reproduced and distributed with the
// permission of The MITRE Corporation.
package findings

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/findings/sigma"
	"github.com/artifactdump/artifactdump/artifacts/lists"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// A Level says how much a finding deserves a first look. The words are those
// of Sigma rules, which other tools use too.
type Level int

// The levels, from the weakest. The zero value is no level.
const (
	_             Level = iota
	Informational       // context
	Low                 // weak alone, of use beside others
	Medium              // worth a look; common in some environments
	High                // uncommon on clean systems, typical of attacks
	Critical            // hardly any innocent explanation
)

var levelNames = []string{"", "informational", "low", "medium", "high", "critical"}

// Levels are the words for the levels, from the weakest.
func Levels() []string { return slices.Clone(levelNames[1:]) }

func (l Level) String() string {
	if l < 0 || int(l) >= len(levelNames) {
		return fmt.Sprintf("level %d", int(l))
	}
	return levelNames[l]
}

// ParseLevel is the inverse of String; "info" is understood too.
func ParseLevel(s string) (Level, bool) {
	if s == "info" {
		return Informational, true
	}
	i := slices.Index(levelNames, s)
	return Level(i), i > 0
}

// MarshalText writes the word.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads the word.
func (l *Level) UnmarshalText(b []byte) error {
	var ok bool
	if *l, ok = ParseLevel(string(b)); !ok {
		return fmt.Errorf("unknown level %q", b)
	}
	return nil
}

// step moves a level up or down, within the scale.
func (l Level) step(n int) Level { return max(Informational, min(Critical, l+Level(n))) }

// score is where a level starts on the scale of 0 to 100.
func (l Level) score() int { return []int{0, 10, 30, 50, 70, 90}[l] }

// A Finding is one subject - a program, an account, a setting - that deserves
// a look, with everything that rules said about it.
type Finding struct {
	ID             string      `json:"id"`       // stable for the same evidence
	RuleID         string      `json:"rule_id"`  // the rule that gave the level
	RuleIDs        []string    `json:"rule_ids"` // all that had something to say
	Title          string      `json:"title"`
	Level          Level       `json:"level"`
	Score          int         `json:"score"` // 0 to 100, orders findings of one level
	Raised         string      `json:"raised,omitempty"`
	Techniques     []string    `json:"techniques"`
	Subject        string      `json:"subject"`
	SubjectKind    string      `json:"subject_kind"`    // program, account, setting, activity
	Scope          string      `json:"scope,omitempty"` // machine, or the user
	Host           string      `json:"host"`
	FirstSeen      time.Time   `json:"first_seen,omitzero"`
	LastSeen       time.Time   `json:"last_seen,omitzero"`
	TimeKind       string      `json:"time_kind,omitempty"` // what last_seen means
	Count          int         `json:"count"`               // how many records speak of the subject
	File           string      `json:"file,omitempty"`      // how the program's file came and went, in one line
	Reasons        []Reason    `json:"reasons"`
	Evidence       []Evidence  `json:"evidence"`
	Omitted        int         `json:"evidence_omitted,omitempty"`
	Sigma          []SigmaRule `json:"sigma,omitempty"` // Sigma rules that speak here
	Why            string      `json:"why"`
	FalsePositives string      `json:"false_positives"`
	Next           string      `json:"next"`
}

// zone is "UTC", or says that the times of the finding are local.
func (f *Finding) zone() string {
	if f.TimeKind == artifacts.UnknownZone {
		return f.TimeKind
	}
	return "UTC"
}

// A Verdict is what the findings say of one record.
type Verdict struct {
	Level    Level    // the highest of them
	Rules    []string // whose reason the record is, in any of them
	Findings []string // their ids
}

// Verdicts returns, by id, the records that are evidence of findings. A record
// that is only near in time is not among them.
func (r *Report) Verdicts() map[string]Verdict {
	out := map[string]Verdict{}
	for i := range r.Findings {
		f := &r.Findings[i]
		for j := range f.Evidence {
			e := &f.Evidence[j]
			v := out[e.ID]
			v.Level = max(v.Level, f.Level)
			for _, id := range e.Rules {
				if !slices.Contains(v.Rules, id) {
					v.Rules = append(v.Rules, id)
				}
			}
			if !slices.Contains(v.Findings, f.ID) {
				v.Findings = append(v.Findings, f.ID)
			}
			out[e.ID] = v
		}
	}
	return out
}

// A Reason is what one rule says about a subject.
type Reason struct {
	RuleID string `json:"rule_id"`
	Title  string `json:"title"`
	Level  Level  `json:"level"`
	Says   string `json:"says"`
}

// Evidence is one record behind a finding.
type Evidence struct {
	ID       string    `json:"id"`               // of the record: `artifactdump explain` leads to its bytes
	Events   []string  `json:"events,omitempty"` // ids of its rows in the timeline
	Artifact string    `json:"artifact"`
	Proves   string    `json:"proves"`
	Time     time.Time `json:"time,omitzero"` // the newest of the record
	TimeKind string    `json:"time_kind,omitempty"`
	User     string    `json:"user,omitempty"`
	artifacts.Locator
	Rules []string `json:"rules,omitempty"` // whose reason it is; none where it only completes the story
	Quote string   `json:"quote"`           // what stands there
	// Of records of event logs.
	Channel      string `json:"channel,omitempty"`
	RecordNumber uint64 `json:"record_number,omitempty"`
}

// Coverage says of one rule whether it was judged.
type Coverage struct {
	Host   string   `json:"host,omitempty"`
	RuleID string   `json:"rule_id"`
	Title  string   `json:"title"`
	Status string   `json:"status"` // evaluated, partly, not evaluated
	Why    []string `json:"why,omitempty"`
	Hits   int      `json:"hits"`
	// Silenced counts hits that the user's rules keep out of the report.
	Silenced int `json:"silenced,omitempty"`
}

// The words of Coverage.Status.
const (
	Evaluated    = "evaluated"
	Partly       = "partly"
	NotEvaluated = "not evaluated"
)

// A Report is the evaluation of one machine or several.
type Report struct {
	Findings []Finding  `json:"findings"`
	Coverage []Coverage `json:"coverage"`
	Silenced int        `json:"silenced,omitempty"` // hits that were kept out
	// Limits name what was not kept because there were too many records: what it is,
	// how many, and the limit. They are met by evidence that is made to be too large.
	Limits []string `json:"limits,omitempty"`

	Known Known `json:"known,omitzero"` // what lists of known files changed

	Models []*programs.Model `json:"-"` // the programs of each machine, with their findings
}

// Known counts what lists of known files changed. They lower what rests on a
// location alone, and never what a program did.
type Known struct {
	Programs int `json:"programs,omitempty"` // all of whose files are known
	Lowered  int `json:"lowered,omitempty"`  // hits on their location, by one level
	Folded   int `json:"folded,omitempty"`   // informational ones, which are left out
}

// Options change an evaluation. The zero value, and nil, mean the defaults.
type Options struct {
	Tables *Tables // nil means those that ship with the program
	Extra  []*Rule // rules from outside, made by [Define], judged after those that ship
	// Sigma rules are judged on records of event logs, and on other records as far
	// as these hold what a rule asks for.
	Sigma *sigma.Set
	// Lists are indicators, hashes of bad files and hashes of known ones. Hits are
	// those of rule I-01.
	Lists *lists.Set
	// Dir is the folder of temporary files, that of the system when it is empty.
	Dir string
}

// Evaluate judges the results of one machine.
func Evaluate(results iter.Seq[artifacts.Result], facts Facts, opts *Options) *Report {
	e := NewEvaluator(facts, opts)
	for res := range results {
		e.Add(&res)
	}
	return e.Report()
}

// Err returns the first error of the temporary files of the models: what is left of the
// report after it is not complete.
func (r *Report) Err() error {
	for _, m := range r.Models {
		if m.Logons != nil && m.Logons.Err() != nil {
			return m.Logons.Err()
		}
	}
	return nil
}

// Close removes the temporary files of the models, whose log-ons cannot be read after
// it.
func (r *Report) Close() error {
	var errs []error
	for _, m := range r.Models {
		if m.Logons != nil {
			errs = append(errs, m.Logons.Close())
		}
	}
	return errors.Join(errs...)
}

// Join makes one report of those of several machines.
func Join(reports ...*Report) *Report {
	out := new(Report)
	for _, r := range reports {
		out.Findings = append(out.Findings, r.Findings...)
		out.Coverage = append(out.Coverage, r.Coverage...)
		out.Silenced += r.Silenced
		out.Known.Programs += r.Known.Programs
		out.Known.Lowered += r.Known.Lowered
		out.Known.Folded += r.Known.Folded
		for _, l := range r.Limits {
			if len(reports) > 1 && len(r.Coverage) > 0 {
				l = r.Coverage[0].Host + ": " + l
			}
			out.Limits = append(out.Limits, l)
		}
		out.Models = append(out.Models, r.Models...)
	}
	slices.SortStableFunc(out.Findings, compareFindings)
	return out
}

// Worst returns the highest level in the report, 0 when it is empty.
func (r *Report) Worst() Level {
	var l Level
	for i := range r.Findings {
		l = max(l, r.Findings[i].Level)
	}
	return l
}
