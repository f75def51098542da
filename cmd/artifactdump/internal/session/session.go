// Package session reads what the arguments of a command name: evidence, result by
// result, and case folders. Damage and notes go to the log of the command.
package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/lists"
	"github.com/artifactdump/artifactdump/artifacts/moments"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/arguments"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

// Options are how evidence is read.
type Options struct {
	Evidence     evidence.Options
	VerifyImages bool                  // compare the hashes that a disk image stores first
	Timezone     string                // of local times; "" is that of the SYSTEM hive
	Names        []string              // of artifacts and groups; none is all
	Extra        []*artifacts.Artifact // beside those of the catalogue; no rule takes them
	Full         bool                  // all records of artifacts that show a selection
	NoDeleted    bool                  // skip deleted keys and values
	Jobs         int                   // decoders at a time; 0 is one per processor
	// Hides chooses records that are not shown; nil shows all.
	Hides func(*artifacts.Artifact, artifacts.Decoded) bool
	// Ignored are the flags that were given and that have no effect on a case folder.
	Ignored []string
}

// A Session is one run over evidence or cases.
type Session struct {
	*messages.Log
	Options

	Kind     string           // of the evidence being read: folder, zip, disk image …
	Machines []output.Machine // that were read so far
	Cases    []*casefile.Case // that were opened
	Lists    *lists.Set       // that evidence or cases are compared with; nil for none

	compared *casefile.Compared
	held     []Held

	zones map[string]*artifacts.Zone // of local times, by machine
}

// New returns a session that says what it meets to log.
func New(log *messages.Log, o Options) *Session {
	return &Session{Log: log, Options: o, zones: map[string]*artifacts.Zone{}}
}

// Held is an analysis that may need a temporary file.
type Held interface {
	Err() error // the first of the file
	Close() error
}

// Hold has the session close an analysis.
func (s *Session) Hold(x Held) { s.held = append(s.held, x) }

// Err returns the first error of the temporary files. What was made of the analyses is
// not complete then.
func (s *Session) Err() error {
	for _, x := range s.held {
		if err := x.Err(); err != nil {
			return err
		}
	}
	return nil
}

// Close removes the temporary files of the analyses.
func (s *Session) Close() {
	for _, x := range s.held {
		x.Close()
	}
	s.held = nil
}

// NoEvidence is the error of a command without its main argument.
var NoEvidence = usage.Errorf("missing EVIDENCE: a folder, archive or disk image")

// A Yield takes the results of a machine, one after the other.
type Yield func(*evidence.Tree, artifacts.Result) error

// Each opens every piece of evidence and yields its results in order.
func (s *Session) Each(ctx context.Context, paths []string, yield Yield) error {
	if len(paths) == 0 {
		return NoEvidence
	}
	for _, p := range paths {
		if err := s.One(ctx, p, yield); err != nil {
			return err
		}
	}
	return nil
}

// Judge is Each, and judges the machines by the rules of opts. also may be nil. The
// session closes the judges.
func (s *Session) Judge(ctx context.Context, paths []string, opts *findings.Options, also Yield) (*scan.Judges, error) {
	if s.Lists != nil {
		with := findings.Options{}
		if opts != nil {
			with = *opts
		}
		with.Lists = s.Lists
		opts = &with
	}
	j := &scan.Judges{Options: opts, Names: s.Names}
	s.Hold(j)
	return j, s.Each(ctx, paths, func(t *evidence.Tree, res artifacts.Result) error {
		if !slices.Contains(s.Extra, res.Artifact) {
			j.Add(t, s.Kind, &res)
		}
		if also == nil {
			return nil
		}
		return also(t, res)
	})
}

// Zone returns the zone of the local times of a machine that was read.
func (s *Session) Zone(machine string) *artifacts.Zone { return s.zones[machine] }

// Open opens one piece of evidence.
func (s *Session) Open(path string) (*evidence.Evidence, error) {
	opts := s.Evidence
	ev, err := evidence.Open(path, &opts)
	return ev, Missing(path, err)
}

// Missing replaces the error of a path that does not exist, or that is a case where
// evidence is wanted, by a plain one.
func Missing(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: no such file or folder", path)
	}
	if err != nil && casefile.Is(path) {
		return fmt.Errorf("%s is a case folder: give the evidence it was made from", path)
	}
	return err
}

// An observer has the check of a disk image say what it meets.
type observer struct{ *messages.Log }

func (observer) Progress(*scan.Status, *scan.MachineStatus) {}
func (observer) Completed(*scan.MachineManifest)            {}

// One opens a piece of evidence and yields its results in order.
func (s *Session) One(ctx context.Context, path string, yield Yield) error {
	ev, err := s.Open(path)
	if err != nil {
		return err
	}
	defer ev.Close()
	s.Kind = ev.Kind
	for _, n := range ev.Notes {
		s.Note(n)
	}
	if s.VerifyImages {
		if err := scan.VerifyImage(ctx, ev, observer{s.Log}); err != nil {
			return err
		}
	}
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	for i, tree := range ev.Trees {
		ev.Trees[i] = nil // so that its hives go when it is done
		s.Machines = append(s.Machines, output.MachineOf(tree.Machine(), ev.Path))
		if err := s.machine(within, tree, yield); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// machine yields the results of one machine.
func (s *Session) machine(ctx context.Context, tree *evidence.Tree, yield Yield) error {
	for _, err := range tree.Problems() {
		s.Damage(err)
	}
	list, err := arguments.Artifacts(s.Names)
	if err != nil {
		return err
	}
	zone, err := arguments.Zone(s.Timezone, tree.Machine())
	if err != nil {
		return err
	}
	var known moments.Moments
	s.zones[tree.Machine().Name] = zone
	results, err := artifacts.Run(ctx, tree, slices.Concat(list, s.Extra), &artifacts.Options{
		Jobs: s.Jobs, NoDeleted: s.NoDeleted, Full: s.Full, FullOf: s.Names, Progress: s.Progress, Zone: zone, Quiet: s.Hides,
		Beside: catalogue.Beside(list),
	})
	if err != nil {
		return usage.Of(err)
	}
	for res := range results {
		for _, n := range res.Notes {
			s.Note(n)
		}
		for _, e := range res.Errors {
			s.Damage(e)
			if s.Strict {
				return fmt.Errorf("stopped at the first damage (--strict): %w", scan.ErrDamaged)
			}
		}
		known.Add(&res)
		if err := yield(tree, res); err != nil {
			return err
		}
	}
	if known.Infer(zone) {
		s.Notef("local times: zone %s", zone)
	}
	return nil
}
