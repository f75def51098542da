// Package fleet compares what many machines recorded: which things exist on few
// of them, which machine had each first and where it went from there, and which
// machines deserve to be read first.
//
// It reads case folders, never the evidence: the manifest and the observations of
// each machine (package observations). One merge over these sorted files makes
// all outputs. Of each machine it keeps some hundred numbers in memory; what the
// ranking shows is sorted on disk, and keys are never held together:
//
//   - cases.go finds the machines and decides what is read once.
//   - merge.go merges their files; many of them in passes, through runs on disk.
//   - group.go turns the lines of one key into a row.
//   - rank.go gives each machine its score.
//   - tables.go, spread.go and page.go write the outputs.
//
// Whatever ran the scans and whatever grouped the observations, the outputs are
// the same bytes.
package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
)

// Options say what is compared, and what is written. Cases and Dir are needed;
// the zero value of all others is the default.
type Options struct {
	Cases    []string // case folders of scans
	Baseline []string // case folders whose keys are left out: a golden image
	Dir      string   // the folder for the results, which must not exist
	Force    bool     // replace Dir if it holds results of a comparison
	Group    bool     // let the group of the user read the results, which are private otherwise

	Kinds    []string // of the rows of stack and spread; none means all
	MaxHosts int      // rows of stack and spread are on at most so many machines; 0 is no limit
	Share    float64  // of the machines up to which a key is part of the spread; 0 is DefaultShare
	FanIn    int      // files that are merged at a time; 0 is DefaultFanIn
	Output   output.Options

	// Observations takes the place of the observation files of the machines: an
	// engine grouped and sorted them already.
	Observations iter.Seq2[*observations.Observation, error]

	// Errors are cases that the engine could not make.
	Errors []CaseError

	// What the manifest says of the program that runs the comparison.
	Version string
	Commit  string
	Command []string

	Note   func(text string) // is called with what is worth knowing; may be nil
	Damage func(err error)   // is called with each case that cannot be read; may be nil
}

// The defaults of [Options].
const (
	DefaultShare = 0.05
	DefaultFanIn = 64
)

// leastSpread is the number of machines up to which a key is part of the spread,
// however few machines there are.
const leastSpread = 5

// An OptionError is a mistake in [Options].
type OptionError struct{ Err error }

func (e *OptionError) Error() string { return e.Err.Error() }

func (e *OptionError) Unwrap() error { return e.Err }

// ErrNoMachines is wrapped by the error of [Run] when no case could be read.
var ErrNoMachines = errors.New("none of the cases could be read")

// A run is one comparison.
type run struct {
	ctx      context.Context
	o        Options
	started  time.Time
	part     string // where everything is written until it is complete
	machines []*Machine
	byID     map[string]*Machine
	shows    map[string]int // machines that can show a kind
	baseline []*Machine
	m        *Manifest
}

// Run compares cases and writes the results into a folder. Cases that cannot be
// read are damage, not an error: see [Manifest.Damaged].
func Run(ctx context.Context, o Options) (*Manifest, error) {
	r := &run{ctx: ctx, o: o, started: time.Now(), byID: map[string]*Machine{}, shows: map[string]int{}}
	if err := r.check(); err != nil {
		return nil, err
	}
	r.part = filepath.Clean(o.Dir) + ".partial"
	r.m = newManifest(r)
	r.m.Errors = append(r.m.Errors, o.Errors...)
	if err := r.open(); err != nil {
		return nil, err
	}
	lock, err := files.NewLock(r.part+".lock", r.mode())
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	if err := os.RemoveAll(r.part); err != nil {
		return nil, err
	}
	if err := r.mode().MkdirAll(r.part); err != nil {
		return nil, err
	}
	if err := r.write(); err != nil {
		os.RemoveAll(r.part)
		return r.m, err
	}
	return r.m, r.publish()
}

// check looks for mistakes before anything is read.
func (r *run) check() error {
	o := &r.o
	mistake := func(format string, args ...any) error { return &OptionError{fmt.Errorf(format, args...)} }
	switch {
	case o.Dir == "":
		return mistake("missing folder for the results")
	case len(o.Cases) == 0:
		return mistake("missing cases")
	case !(o.Share >= 0 && o.Share <= 1): // NaN is neither
		return mistake("spread share %v: want 0 to 1", o.Share)
	case o.FanIn < 0 || o.FanIn == 1:
		return mistake("fan-in %d: want 2 or more", o.FanIn)
	case o.MaxHosts < 0:
		return mistake("most machines %d: want 1 or more", o.MaxHosts)
	}
	for _, k := range o.Kinds {
		if !slices.Contains(observations.Kinds(), k) {
			return mistake("unknown kind %q; known: %s", k, strings.Join(observations.Kinds(), ", "))
		}
	}
	o.Share, o.FanIn = cmp.Or(o.Share, DefaultShare), cmp.Or(o.FanIn, DefaultFanIn)
	for _, c := range slices.Concat(o.Cases, o.Baseline) {
		if err := files.OutsideFolder(o.Dir, []string{c}); err != nil {
			return mistake("%s is inside the case %s: name another folder", o.Dir, c)
		}
		if err := files.NotAround(o.Dir, []string{c}); err != nil && o.Force {
			return mistake("the case %s is inside %s, which is replaced: name another folder", c, o.Dir)
		}
	}
	if _, err := os.Lstat(o.Dir); err == nil {
		switch {
		case !o.Force:
			return &files.ExistsError{Name: o.Dir}
		case !IsFleet(o.Dir):
			return fmt.Errorf("%s holds no results of a comparison (no manifest.json): not replaced", o.Dir)
		}
	}
	return nil
}

func (r *run) mode() files.Mode {
	if r.o.Group {
		return files.Group
	}
	return files.Private
}

func (r *run) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	r.m.Notes = append(r.m.Notes, text)
	if r.o.Note != nil {
		r.o.Note(text)
	}
}

func (r *run) damage(name string, err error) {
	r.m.Errors = append(r.m.Errors, CaseError{filepath.ToSlash(name), err.Error()})
	if r.o.Damage != nil {
		r.o.Damage(fmt.Errorf("%s: %w", name, err))
	}
}

// open reads the manifests of all cases.
func (r *run) open() error {
	found := r.read(r.o.Cases)
	r.machines = r.distinct(found)
	if len(r.machines) == 0 {
		return ErrNoMachines
	}
	for _, m := range r.machines {
		r.byID[m.ID] = m
		for _, k := range m.Shows {
			r.shows[k]++
		}
	}
	r.baseline = r.distinct(r.read(r.o.Baseline))
	if len(r.o.Baseline) > 0 && len(r.baseline) == 0 {
		return fmt.Errorf("baseline: %w", ErrNoMachines)
	}
	return nil
}

// publish writes the manifest and gives the folder its name.
func (r *run) publish() error {
	r.m.end(r.started)
	b, err := output.Marshal(r.m)
	if err != nil {
		return err
	}
	if err := files.Replace(filepath.Join(r.part, ManifestName), indented(b), r.mode()); err != nil {
		return err
	}
	if r.o.Force {
		if err := os.RemoveAll(r.o.Dir); err != nil {
			return err
		}
	}
	return os.Rename(r.part, r.o.Dir)
}
