// Package story turns the findings and the programs of a machine into the windows
// of time in which something happened, and each window into sentences: who did
// what, when, how sure that is, and which records say so.
//
// A sentence never says more than its records. It does not call an account a
// person, does not say that a command succeeded because it was started, that a file
// arrived because it was ordered, or that a program ran because it is there; it
// does not call anything malware, and it states no cause without a record that
// holds one. What could not be read is said at the end of each story, and a machine
// on which nothing stands out has a story, too.
package story

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// DefaultGap is the longest quiet stretch inside an incident window.
const DefaultGap = 30 * time.Minute

// maxSentences is how many acts of a window are told; the others are counted.
const maxSentences = 20

// Options change a story. The zero value, and nil, mean the defaults.
type Options struct {
	Gap time.Duration // a window ends when nothing happens for so long
}

// A Story is what happened on one machine, as far as records show.
type Story struct {
	Host     string        `json:"host"`
	Gap      time.Duration `json:"window_gap_ns"`
	Windows  []*Window     `json:"windows"`
	Isolated []Sentence    `json:"isolated,omitempty"` // acts that are in no window
	Closing  []Sentence    `json:"closing"`            // what is missing, or that nothing stands out
	Quiet    bool          `json:"quiet"`              // no act deserves attention
}

// A Window is a stretch of time in which acts that deserve attention follow each
// other.
type Window struct {
	ID        string         `json:"id"`
	First     time.Time      `json:"first"`
	Last      time.Time      `json:"last"`
	CoreFirst time.Time      `json:"core_first,omitzero"` // first act of a high level that is no arrival and no detection at rest
	CoreLast  time.Time      `json:"core_last,omitzero"`
	Level     findings.Level `json:"level"`
	Points    int            `json:"points"`
	Acts      int            `json:"acts"`
	Accounts  []string       `json:"accounts,omitempty"`
	Sources   []string       `json:"sources,omitempty"`
	Sessions  []string       `json:"sessions,omitempty"`
	Folders   []string       `json:"folders,omitempty"`
	Tactics   []string       `json:"tactics,omitempty"` // in the order in which they begin
	Phases    []Phase        `json:"phases,omitempty"`  // the same, with what they hold; they overlap
	Programs  []string       `json:"programs,omitempty"`
	Lead      Sentence       `json:"lead"`
	Sentences []Sentence     `json:"sentences"`
	Rest      []Sentence     `json:"rest,omitempty"` // acts beyond the limit

	acts []*act
}

// A Phase is what the acts of one tactic of ATT&CK span in a window. Acts that show no
// tactic are in none.
type Phase struct {
	Tactic     string         `json:"tactic"`
	First      time.Time      `json:"first"`
	Last       time.Time      `json:"last"`
	Level      findings.Level `json:"level"`
	Acts       int            `json:"acts"` // sentences
	Techniques []string       `json:"techniques"`
}

// A Sentence is one statement with its proof.
type Sentence struct {
	Kind    string             `json:"kind"`
	Time    time.Time          `json:"time,omitzero"`
	Last    time.Time          `json:"last,omitzero"` // of several acts that are told as one
	Level   findings.Level     `json:"level,omitzero"`
	Tactic  string             `json:"tactic,omitempty"` // that the act itself shows
	Class   programs.Certainty `json:"class,omitempty"`
	Count   int                `json:"count,omitempty"`   // acts
	Records []programs.Ref     `json:"records,omitempty"` // at most 16
	N       int                `json:"n_records,omitempty"`
	Program string             `json:"program_id,omitempty"`
	// Techniques of the tactic, of which the table of ATT&CK says so.
	Techniques []string `json:"techniques,omitempty"`
	EN         string   `json:"en"`
	JA         string   `json:"ja"`
}

// Text returns the sentence in a language: "en" or "ja".
func (s *Sentence) Text(lang string) string {
	if lang == "ja" {
		return s.JA
	}
	return s.EN
}

// Tell makes the story of a machine from its findings and programs. It notes in
// the model which programs and starts lie in a window.
func Tell(m *programs.Model, r *findings.Report, opts *Options) *Story {
	gap := DefaultGap
	if opts != nil && opts.Gap > 0 {
		gap = opts.Gap
	}
	s := &Story{Host: m.Host, Gap: gap, Windows: []*Window{}}
	g := newGathering(m, r)
	acts := g.gather()
	for _, list := range clusters(acts, g.clocks, gap) {
		w := windowOf(m.Host, list)
		if w == nil {
			for _, a := range list {
				s.Isolated = append(s.Isolated, a.sentence())
			}
			continue
		}
		g.complete(w)
		w.tell()
		s.Windows = append(s.Windows, w)
	}
	mark(m, s.Windows)
	s.close(m, r)
	if g.left > 0 {
		v := map[string]string{"n": strconv.Itoa(g.left), "max": strconv.Itoa(maxActs)}
		s.Closing = append(s.Closing, plain("left", v, v))
	}
	return s
}

// close adds what is missing.
func (s *Story) close(m *programs.Model, r *findings.Report) {
	var absent, absentJA, read, readJA []string
	missing := map[string]bool{}
	for _, c := range m.Coverage {
		missing[c.What] = true
		absent, absentJA = append(absent, c.What), append(absentJA, cmp.Or(coverageJA[c.What], c.What))
	}
	for _, what := range programs.Sources() {
		if !missing[what] {
			read, readJA = append(read, what), append(readJA, cmp.Or(coverageJA[what], what))
		}
	}
	serious := 0
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Host == s.Host && f.Level >= findings.Medium {
			serious++
		}
	}
	lists := func(a, b []string) (map[string]string, map[string]string) {
		return map[string]string{"list": strings.Join(a, ", "), "absent": strings.Join(absent, ", ")},
			map[string]string{"list": strings.Join(b, "、"), "absent": strings.Join(absentJA, "、")}
	}
	switch {
	case serious == 0 && len(s.Windows)+len(s.Isolated) == 0:
		s.Quiet = true
		if len(read) == 0 {
			read, readJA = []string{"nothing that dates acts"}, []string{"日時を示すものなし"}
		}
		en, ja := lists(read, readJA)
		s.Closing = append(s.Closing, plain("quiet", en, ja))
		return
	case len(s.Windows)+len(s.Isolated) == 0:
		n := map[string]string{"n": strconv.Itoa(serious)}
		s.Closing = append(s.Closing, plain("undated", n, n))
	case len(s.Windows) == 0:
		s.Closing = append(s.Closing, plain("nowindow", nil, nil))
	}
	if len(absent) > 0 {
		en, ja := lists(absent, absentJA)
		s.Closing = append(s.Closing, plain("unread", en, ja))
	}
}

// plain is a sentence without records.
func plain(kind string, en, ja map[string]string) Sentence {
	return Sentence{Kind: kind, EN: fill(forms[kind].en, en), JA: fill(forms[kind].ja, ja)}
}

// clusters cuts acts, which are sorted by time, where nothing happens for longer
// than the gap and where the clock was set by more than that.
func clusters(acts []*act, clocks []time.Time, gap time.Duration) [][]*act {
	var out [][]*act
	last := time.Time{}
	for i, a := range acts {
		cutHere := i == 0 || a.first.Sub(last) > gap
		for _, c := range clocks {
			cutHere = cutHere || c.After(last) && !c.After(a.first)
		}
		if cutHere {
			out = append(out, nil)
			last = a.first
		}
		out[len(out)-1] = append(out[len(out)-1], a)
		if a.last.After(last) {
			last = a.last
		}
	}
	return out
}

// windowOf makes a window of acts that belong together, or returns nil where they
// are too few or too weak: one program that runs again and again is no incident.
func windowOf(host string, acts []*act) *Window {
	w := &Window{First: acts[0].first, acts: acts}
	subjects, kinds := map[string]bool{}, map[string]bool{}
	for _, a := range acts {
		w.Points += a.n
		w.Level = max(w.Level, a.level)
		subjects[a.subject], kinds[a.kind] = true, true
		if a.last.After(w.Last) {
			w.Last = a.last
		}
		if a.level >= findings.High && !a.rest {
			if w.CoreFirst.IsZero() {
				w.CoreFirst = a.first
			}
			if a.last.After(w.CoreLast) {
				w.CoreLast = a.last
			}
		}
	}
	if w.Level < findings.High || len(subjects) < 2 && (w.Points < 3 || len(kinds) < 2) && w.Level < findings.Critical {
		return nil
	}
	h := sha256.Sum256([]byte("window\x00" + host + "\x00" + w.First.UTC().Format(time.RFC3339Nano)))
	w.ID = hex.EncodeToString(h[:4])
	return w
}

// tell writes the sentences of a window.
func (w *Window) tell() {
	w.describe()
	order := slices.Clone(w.acts)
	first := map[string]*act{}
	for _, a := range w.acts {
		for _, k := range []string{"tactic " + a.tactic, "kind " + a.kind} {
			if first[k] == nil {
				first[k] = a
			}
		}
	}
	lead := func(a *act) int {
		if first["tactic "+a.tactic] == a || first["kind "+a.kind] == a {
			return 1
		}
		return 0
	}
	rest := func(a *act) int { // what was only there, or detected, comes after what was done
		if a.rest {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(order, func(a, b *act) int {
		return cmp.Or(cmp.Compare(b.level, a.level), cmp.Compare(rest(a), rest(b)), cmp.Compare(lead(b), lead(a)), a.first.Compare(b.first))
	})
	told := map[*act]bool{}
	for _, a := range order[:min(len(order), maxSentences)] {
		told[a] = true
	}
	w.Sentences = []Sentence{}
	for _, a := range w.acts {
		if told[a] {
			w.Sentences = append(w.Sentences, a.sentence())
		} else {
			w.Rest = append(w.Rest, a.sentence())
		}
	}
	if n := len(w.Rest); n > 0 {
		v := map[string]string{"n": strconv.Itoa(n)}
		w.Sentences = append(w.Sentences, plain("more", v, v))
	}
}

// describe fills in what a window is about, and its lead.
func (w *Window) describe() {
	w.Acts = len(w.acts)
	for _, a := range w.acts {
		w.Accounts = with(w.Accounts, a.actor)
		w.Sources = with(w.Sources, a.source)
		w.phase(a)
		w.Folders = with(w.Folders, a.folder)
		w.Programs = with(w.Programs, a.program)
		for _, id := range a.sessions {
			w.Sessions = with(w.Sessions, id)
		}
	}
	slices.Sort(w.Accounts)
	acts, involved := len(w.acts), len(w.Programs)
	en := map[string]string{"t0": minute(w.First), "t1": minute(w.Last), "accounts": strings.Join(w.Accounts, ", "),
		"acts": count(acts, "act"), "programs": count(involved, "program")}
	ja := maps.Clone(en)
	ja["acts"], ja["programs"] = fmt.Sprintf("%d 件", acts), fmt.Sprintf("%d 個のプログラム", involved)
	w.Lead = plain("lead", en, ja)
	w.Lead.Time, w.Lead.Last, w.Lead.Level = w.First, w.Last, w.Level
}

// phase adds an act to the phase of its tactic.
func (w *Window) phase(a *act) {
	if a.tactic == "" {
		return
	}
	i := slices.Index(w.Tactics, a.tactic)
	if i < 0 {
		i = len(w.Tactics)
		w.Tactics = append(w.Tactics, a.tactic)
		w.Phases = append(w.Phases, Phase{Tactic: a.tactic, First: a.first, Last: a.last})
	}
	p := &w.Phases[i]
	p.Acts++
	p.Level = max(p.Level, a.level)
	if a.last.After(p.Last) {
		p.Last = a.last
	}
	for _, t := range a.techniques {
		p.Techniques = with(p.Techniques, t)
	}
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

// with adds a text to a list that does not hold it.
func with(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// mark notes in the model which programs and starts lie in a window.
func mark(m *programs.Model, windows []*Window) {
	for _, w := range windows {
		for _, p := range m.Programs {
			in := slices.Contains(w.Programs, p.ID)
			for i := range p.Starts {
				if s := &p.Starts[i]; !s.Time.Before(w.First) && !s.Time.After(w.Last) {
					s.Window = w.ID
				}
			}
			if in {
				p.Windows = with(p.Windows, w.ID)
			}
		}
	}
}
