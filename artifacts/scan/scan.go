// Package scan does the whole job: it processes the evidence of one or many
// machines into a case folder that can be handed over.
//
// A run goes through these steps, each in a file of its own:
//
//   - plan.go looks into the evidence for machines and gives each a folder.
//   - resume.go finds what an earlier, interrupted run completed.
//   - schedule.go scans machines in parallel as far as memory allows.
//   - machine.go decodes one machine: records go to their files at once, events
//     into a sorter, what the rules need into the evaluation.
//   - judge.go, timeline.go and tables.go write what needs all of it.
//   - inventory.go and manifest.go name every input, every output and all
//     damage; status.go shows how far the run is.
//   - casefolder.go makes the folder, under the name CASE.partial until it is
//     whole.
//
// [Run] does all of this. [Machine] scans one machine that is open already into
// a folder of its own.
package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/findings/sigma"
	"github.com/artifactdump/artifactdump/artifacts/lists"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/report"
)

// Options say what is scanned, and what is written. Evidence and Dir are
// needed; the zero value of all others is the default.
type Options struct {
	Evidence []string // folders, archives, disk images
	Kind     string   // of the evidence that holds the tree given to Machine; see evidence.Evidence
	Dir      string   // the case folder, which must not exist
	Force    bool     // replace Dir if it is a case folder, and what an interrupted run left
	Resume   bool     // continue what an interrupted run left
	Group    bool     // let the group of the user read the case, which is private otherwise

	Artifacts  []string        // names of artifacts and groups; none means all
	Formats    []output.Format // beside JSON lines and CSV, which are always written
	Output     output.Options  // of the formats
	Lang       string          // of the report; "" is English
	Level      findings.Level  // findings below it are not written
	Tables     *findings.Tables
	RuleFiles  []string // where Tables came from, for the manifest
	Sigma      *sigma.Set
	SigmaPaths []string // where Sigma came from, for the manifest
	Lists      *lists.Set

	Open         evidence.Options // how evidence is opened
	NoDeleted    bool             // skip deleted keys and values
	MFT          bool             // write all records of $MFT and of the change journal
	Events       string           // which records of event logs are shown, see events.ParseFilter
	Timezone     string           // of the evidence's local times; "" takes it from the evidence, see artifacts.ZoneOf
	HashEvidence bool             // take the SHA-256 of archives and images as a whole
	VerifyImages bool             // compare disk images with the hashes that they store
	Strict       bool             // stop at the first damage

	Jobs       int   // parallel decoders; 0 is one for each processor
	Machines   int   // machines scanned in parallel, as far as Memory allows; 0 is as many as Jobs
	Memory     int64 // bytes that these machines may need together; 0 is DefaultMemory
	SortMemory int64 // bytes for sorting the events of one machine; 0 is the sorter's default

	// LimitMemory, when it is set, is called once with what the machines that are
	// scanned in parallel may need together: for debug.SetMemoryLimit.
	LimitMemory func(bytes int64)

	// What the examiner says of the case, for the manifest and the foot of the report.
	// With any of them archives and images are hashed as a whole.
	CaseID, Examiner, Note string

	StatusFile string // is kept up to date with how far the run is, as JSON

	// What the manifest says of the program that runs the scan.
	Version string
	Commit  string
	Command []string
}

// all returns the artifacts of which all records are written.
func (o *Options) all() []string {
	if o.MFT {
		return []string{"mft", "usnjrnl"}
	}
	return nil
}

// DefaultMemory is the memory budget of machines that are scanned in parallel.
const DefaultMemory = 1024 << 20

// An Observer follows a scan. Its methods may be called from several
// goroutines at a time.
type Observer interface {
	// Note is called with what is worth knowing and loses nothing.
	Note(text string)
	// Damage is called with each piece of evidence that is damaged.
	Damage(err error)
	// Progress is called, by one goroutine at a time, when a machine begins
	// another phase or is a step further in it, and with nil when one is done.
	// Neither value may be kept or changed.
	Progress(s *Status, m *MachineStatus)
	// Completed is called when a machine's folder is complete, and those of the
	// machines before it are.
	Completed(m *MachineManifest)
}

// Silent is an [Observer] that ignores everything. Embed it to follow only a
// part.
type Silent struct{}

// Note implements [Observer].
func (Silent) Note(string) {}

// Damage implements [Observer].
func (Silent) Damage(error) {}

// Progress implements [Observer].
func (Silent) Progress(*Status, *MachineStatus) {}

// Completed implements [Observer].
func (Silent) Completed(*MachineManifest) {}

// ErrDamaged is wrapped by the error of a strict scan that met damage.
var ErrDamaged = errors.New("some evidence was damaged or could not be read")

// ErrNoEvidence is wrapped by the error of [Run] when no evidence could be read.
var ErrNoEvidence = errors.New("none of the evidence could be read")

// An OptionError is a mistake in [Options].
type OptionError struct {
	Option string // in words: "status file"; may be empty
	Err    error
}

func (e *OptionError) Error() string {
	if e.Option == "" {
		return e.Err.Error()
	}
	return e.Option + ": " + e.Err.Error()
}

func (e *OptionError) Unwrap() error { return e.Err }

// A run is one scan of evidence.
type run struct {
	ctx     context.Context
	o       Options
	obs     *counter
	started time.Time
	dir     string // CASE
	part    string // CASE.partial, where everything is written
	mode    files.Mode
	lock    *files.Lock
	list    []*artifacts.Artifact
	formats []output.Format
	places  chan struct{} // shared by machines that are scanned in parallel
	worst   findings.Level
	frugal  bool // no memory was asked for: the runtime is held to what is needed
	m       *Manifest
	status  *Status
	kept    time.Time     // when the manifest was last written between machines
	keeping time.Duration // how long that took

	open *evidence.Evidence // the only evidence, of the only machine, as it was opened for the plan
}

// Run scans evidence into a case folder. It returns the manifest, also beside an
// error when the case was begun; an [UnfinishedError] names the folder that is
// left then. Damaged evidence is no error: see [Manifest.Damaged].
func Run(ctx context.Context, o Options, obs Observer) (*Manifest, error) {
	s, err := newRun(ctx, o, obs)
	if err != nil {
		return nil, err
	}
	switch {
	case o.Dir == "":
		return nil, &OptionError{Err: errors.New("missing case folder")}
	case o.Force && o.Resume:
		return nil, &OptionError{Err: errors.New("options Force and Resume are mutually exclusive")}
	}
	if err := distinct(o.Evidence); err != nil {
		return nil, err
	}
	defer func() { s.lock.Unlock() }()
	if err := s.openCase(); err != nil {
		return nil, err
	}
	err = s.finish(s.work())
	s.m.damaged, s.m.worst = int(s.obs.damaged.Load()), s.worst
	return s.m, err
}

func newRun(ctx context.Context, o Options, obs Observer) (*run, error) {
	if obs == nil {
		obs = Silent{}
	}
	s := &run{ctx: ctx, o: o, obs: &counter{Observer: obs}, started: time.Now(), dir: filepath.Clean(o.Dir)}
	s.part, s.mode = s.dir+".partial", files.Private
	if o.Group {
		s.mode = files.Group
	}
	return s, s.defaults()
}

// defaults fills in what the caller left open.
func (s *run) defaults() error {
	o := &s.o
	o.Jobs = cmp.Or(o.Jobs, runtime.GOMAXPROCS(0))
	o.Machines = cmp.Or(o.Machines, o.Jobs)
	if o.Strict {
		o.Machines = 1 // the first damage is the first of the first machine
	}
	if o.Machines > 1 {
		s.places = make(chan struct{}, o.Jobs)
	}
	s.frugal = o.Memory == 0
	o.Memory = cmp.Or(o.Memory, DefaultMemory)
	o.SortMemory = cmp.Or(o.SortMemory, output.DefaultBudget)
	o.Lang = cmp.Or(o.Lang, "en")
	if o.Lists != nil {
		o.Lists.Prepare()
		for _, l := range o.Lists.Lists { // the manifest names what was compared
			if _, err := l.Hash(); err != nil {
				return &OptionError{"list", fmt.Errorf("%s: %w", l.Path, err)}
			}
		}
	}
	o.HashEvidence = o.HashEvidence || o.CaseID != "" || o.Examiner != "" || o.Note != ""
	if !slices.Contains(report.Languages(), o.Lang) {
		return &OptionError{"language", fmt.Errorf("%q is unknown", o.Lang)}
	}
	if o.Tables == nil {
		o.Tables = findings.ShippedTables()
	}
	var err error
	if s.list, err = catalogue.Select(o.Artifacts); err != nil {
		return &OptionError{Err: err}
	}
	o.Output.Created = s.started
	o.Output.Version = cmp.Or(o.Output.Version, o.Version)
	for _, name := range []string{"jsonl", "csv"} {
		f, _ := output.Lookup(name)
		s.formats = append(s.formats, f)
	}
	for _, f := range o.Formats {
		if !slices.ContainsFunc(s.formats, func(g output.Format) bool { return g.Name == f.Name }) {
			s.formats = append(s.formats, f)
		}
	}
	return nil
}

// evidence opens a piece of evidence as the options say.
func (s *run) evidence(path string) (*evidence.Evidence, error) {
	return evidence.Open(path, &s.o.Open)
}

// A counter is the observer of a run that counts damage on its way.
type counter struct {
	Observer
	damaged atomic.Int64
}

// Damage implements [Observer].
func (c *counter) Damage(err error) {
	c.damaged.Add(1)
	c.Observer.Damage(err)
}

func (s *run) note(format string, args ...any) { s.obs.Note(fmt.Sprintf(format, args...)) }

// distinct refuses evidence that is given twice, by whatever name.
func distinct(paths []string) error {
	if len(paths) == 0 {
		return &OptionError{Err: errors.New("missing evidence")}
	}
	var seen []fs.FileInfo
	for i, p := range paths {
		st, err := os.Stat(p)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: no such file or folder", p)
		}
		if err != nil {
			return err
		}
		for j, other := range seen {
			if os.SameFile(st, other) {
				return &OptionError{Err: fmt.Errorf("%s and %s are the same evidence", paths[j], paths[i])}
			}
		}
		seen = append(seen, st)
	}
	return nil
}

// zone is the zone of a machine: what the options assume, or what its SYSTEM
// hive holds.
func (s *run) zone(m *evidence.Machine) (*artifacts.Zone, error) {
	if s.o.Timezone != "" {
		return artifacts.ParseZone(s.o.Timezone)
	}
	return artifacts.ZoneOf(m), nil
}
