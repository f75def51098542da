// Package report writes one HTML file about one machine or several: what they
// are, what deserves a look first and why, when programs ran, what starts by
// itself, what could not be read.
//
// The file stands alone. It asks nothing of any server (its content policy
// forbids it), works without JavaScript, prints, follows the reader's light
// or dark setting, and can be read with a keyboard or a screen reader. Charts
// are inline SVG with the same facts in words or in a table beside them. The
// same input gives the same bytes: there is no clock in it.
//
// Everything that comes from the evidence is hostile text. It is escaped for
// its place, freed of control characters and of marks that change the
// direction of writing, cut to a stated length, and set apart by bdi elements.
//
// A [Collector] takes in the results of a run as they stream by and keeps
// sums, not the timeline: its memory is bounded by the limits of [Options],
// and what a limit left out is counted and said on the page.
//
// The package does not judge: findings come from outside, see [Finding].
package report

import (
	"fmt"
	"io"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/hive"
)

// Options change a report. The zero value, and nil, mean the defaults.
type Options struct {
	Lang     string        // "en", the default, or "ja"
	Rows     int           // rows of the timeline around the findings; 0 means 2,000
	Programs int           // programs that are counted one by one; 0 means 20,000
	Window   time.Duration // around each moment of a finding; 0 means 10 minutes
}

func (o *Options) lang() string {
	if o == nil || o.Lang == "" {
		return "en"
	}
	return o.Lang
}

func (o *Options) rows() int {
	if o == nil || o.Rows <= 0 {
		return 2000
	}
	return o.Rows
}

func (o *Options) programs() int {
	if o == nil || o.Programs <= 0 {
		return 20000
	}
	return o.Programs
}

func (o *Options) window() time.Duration {
	if o == nil || o.Window <= 0 {
		return 10 * time.Minute
	}
	return o.Window
}

// Input is what a report is about. All of it may be empty; the page says so.
type Input struct {
	Title      string // of the case; empty means the machine's name
	Tool       string // name and version of the program that writes
	Machines   []Machine
	Findings   []Finding // worst first
	Rules      []Rule    // which rules were judged
	RulesLang  string    // of the titles and prose of Findings and Rules, one of Languages; English otherwise
	Techniques []Technique
	Silenced   int              // hits that the user's rules keep out
	Collected  *Collector       // what streamed by
	Logons     *logons.Analysis // who logged on, or nil
}

// A Machine is one machine and the evidence it was read from.
type Machine struct {
	*evidence.Machine
	Kind     string // of the evidence: "folder", "disk image (E01)"
	Hives    []Hive
	Problems []string // what could not be read when the evidence was opened
}

// A Hive is one registry hive and what became of its transaction logs.
type Hive struct {
	Path     string
	Kind     string
	SHA256   string
	Snapshot string
	Backup   bool
	Recovery hive.Recovery
	Error    string // why it could not be read, or not whole
}

// MachineOf reads what a report says of a machine. After a run the state of each
// hive is known; before, every hive is read for it. kind is that of the evidence
// that holds it.
func MachineOf(tree *evidence.Tree, kind string) Machine {
	m := Machine{Machine: tree.Machine(), Kind: kind}
	for _, err := range tree.Problems() {
		m.Problems = append(m.Problems, err.Error())
	}
	hives, errs := tree.Hives()
	for _, err := range errs {
		m.Problems = append(m.Problems, err.Error())
	}
	for _, h := range hives {
		r := Hive{Path: h.Path, Kind: string(h.Kind), Snapshot: h.Snapshot, Backup: h.Backup}
		if h.Kind != evidence.OTHER { // those are hashed, not read
			rec, err := h.Recovery()
			if err != nil {
				r.Error = err.Error()
			}
			if rec != nil {
				r.Recovery = *rec
			}
		}
		r.SHA256 = h.SHA256()
		m.Hives = append(m.Hives, r)
	}
	return m
}

// A Finding is one subject that deserves a look, with its evidence.
type Finding struct {
	ID, Title           string
	Level               string // critical, high, medium, low, informational
	Raised              string // why the level is one step higher than its rule's
	Rules               []string
	Techniques          []string // ATT&CK ids
	Subject             string
	SubjectKind         string // program, account, setting, activity
	Scope               string // machine, or the user
	Host                string
	FirstSeen, LastSeen time.Time
	TimeKind            string // what LastSeen means
	Count               int    // how many records speak of the subject
	Omitted             int    // how many of them are not in Evidence
	Reasons             []Reason
	Evidence            []Evidence
	Why, Benign, Next   string
}

// A Reason is what one rule says about a subject.
type Reason struct{ Rule, Title, Level, Says string }

// Evidence is one record behind a finding.
type Evidence struct {
	ID       string // that `artifactdump explain` takes
	Artifact string
	Proves   string
	Time     time.Time
	TimeKind string
	User     string
	Source   string // the file
	Key      string // of the registry, with the value's name
	Quote    string // what stands there
}

// A Rule says of one rule whether it was judged.
type Rule struct {
	Host, ID, Title string
	Status          string // evaluated, partly, not evaluated
	Why             []string
	Hits            int
}

// A Technique is one technique of ATT&CK for Enterprise that findings name.
type Technique struct {
	ID, Name string
	Tactics  []string // short names: "persistence"
}

// Write writes the page.
func Write(w io.Writer, in Input, opts *Options) error {
	tr, ok := translator(opts.lang())
	if !ok {
		return fmt.Errorf("report: no texts in the language %q: want en or ja", opts.lang())
	}
	return render(w, newView(&in, tr, opts))
}
