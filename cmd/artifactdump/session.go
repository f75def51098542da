package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/moments"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/artifacts/sealed"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/damage"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
)

// A session is one run over evidence: it names what is damaged as it goes.
type session struct {
	c *cli.Context
	scan.Silent
	mu sync.Mutex // guards what follows, and lines from being mixed

	stderr   io.Writer
	quiet    bool
	verbose  bool
	strict   bool
	full     bool                  // as --full
	anyFile  bool                  // a single file is taken for what -a names
	extra    []*artifacts.Artifact // beside those of the catalogue
	kind     string                // of the evidence being read: folder, zip, disk image …
	machines []output.Machine      // that were read so far
	opened   []*casefile.Case      // that stand for evidence
	damaged  int
	pending  damage.List
	named    map[string]bool // damage of a hive that was named before
	live     bool            // a progress line is on the terminal
	line     string          // that line
	started  time.Time
	drawn    time.Time
	zones    map[string]*artifacts.Zone // of local times, by machine

	hides func(*artifacts.Artifact, artifacts.Decoded) bool // records that are not shown; nil shows all
}

// shownEvents returns what --events says.
func shownEvents(c *cli.Context) string {
	if v := c.String("events"); v != "default" {
		return v
	}
	return ""
}

// showEvents hides the records that --events does not ask for.
func (s *session) showEvents() error {
	f, err := events.ParseFilter(shownEvents(s.c))
	if err != nil {
		return usagef("--events: %v", err)
	}
	s.hides = f.Quiet
	return nil
}

// sessionKey is where the program keeps its sessions, so that pending messages
// are printed however a command ends.
const sessionKey = "sessions"

func newSession(c *cli.Context) *session {
	s := &session{
		c: c, stderr: c.App.ErrWriter, quiet: c.Bool("quiet"), verbose: c.Bool("verbose"), strict: c.Bool("strict"), started: time.Now(),
		zones: map[string]*artifacts.Zone{},
	}
	sessions, _ := c.App.Metadata[sessionKey].([]*session)
	c.App.Metadata[sessionKey] = append(sessions, s)
	return s
}

func (s *session) clearLine() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
}

func (s *session) clear() {
	if s.live {
		fmt.Fprint(s.stderr, "\r\x1b[K")
		s.live = false
	}
}

// draw draws the progress line again after a message.
func (s *session) draw() {
	fmt.Fprint(s.stderr, "\r\x1b[K", s.line)
	s.live = true
}

// drawLine draws a line that the next one replaces.
func (s *session) drawLine(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line = terminal.Cut(terminal.Clean(line), terminal.LineWidth)
	s.draw()
}

// say writes a line for the reader.
func (s *session) say(format string, args ...any) {
	if s.quiet {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	again := s.live
	s.clear()
	fmt.Fprintln(s.stderr, terminal.Clean(fmt.Sprintf(format, args...)))
	if again {
		s.draw()
	}
}

// damages is how much damage was met so far.
func (s *session) damages() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.damaged
}

// Note, Damage, Progress and Completed make a session an observer.
func (s *session) Note(text string) { s.note("%s", text) }

// Damage implements [scan.Observer].
func (s *session) Damage(err error) { s.damage(err) }

func (s *session) note(format string, args ...any) { s.say("note: "+format, args...) }

// progress draws how far the run is, only on a terminal.
func (s *session) progress(done, planned int, path string) {
	if s.verbose {
		s.say("read %d of %d: %s", done, planned, path)
		return
	}
	if s.quiet || !terminal.Is(s.stderr) {
		return
	}
	now := time.Now()
	if done < planned && now.Sub(s.drawn) < 100*time.Millisecond {
		return
	}
	s.drawn = now
	if done == planned {
		s.clearLine()
		return
	}
	left := ""
	if el := now.Sub(s.started); el > time.Second && done > 0 {
		left = ", about " + (el * time.Duration(planned-done) / time.Duration(done)).Round(time.Second).String() + " left"
	}
	s.drawLine(fmt.Sprintf("%d of %d sources%s  %s", done, planned, left, path))
}

// end turns what was met into the command's error.
func (s *session) end() error {
	s.clearLine()
	s.tellDamage()
	if s.damaged > 0 {
		return errDamaged
	}
	return nil
}

// errNoEvidence is the error of a command without its main argument.
var errNoEvidence = usagef("missing EVIDENCE: a folder, archive or disk image")

// each opens every piece of evidence and yields its results in order.
func (s *session) each(paths []string, names []string, yield func(*evidence.Tree, artifacts.Result) error) error {
	if len(paths) == 0 {
		return errNoEvidence
	}
	for _, p := range paths {
		if err := s.one(p, names, yield); err != nil {
			return err
		}
	}
	return nil
}

// wrapEvidence is set by tests, to make reads of the evidence fail.
var wrapEvidence func(fs.FS) fs.FS

// evidenceOptions returns the options for opening evidence from the flags.
func evidenceOptions(c *cli.Context) *evidence.Options {
	keys := &sealed.Opener{Files: c.StringSlice("identity"), Passphrase: c.String("password")}
	return &evidence.Options{Hostname: c.String("host"), NoLogs: c.Bool("no-logs"), NoShadows: c.Bool("no-shadows"),
		Password: c.String("password"), Unseal: keys.Open, Wrap: wrapEvidence}
}

// openEvidence opens evidence as the flags say.
func (s *session) openEvidence(path string) (*evidence.Evidence, error) {
	opts := evidenceOptions(s.c)
	opts.AnyFile = s.anyFile
	ev, err := evidence.Open(path, opts)
	return ev, missing(path, err)
}

// missing replaces the error of a path that does not exist by a plain one.
func missing(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: no such file or folder", path)
	}
	return err
}

func (s *session) one(path string, names []string, yield func(*evidence.Tree, artifacts.Result) error) error {
	ev, err := s.openEvidence(path)
	if err != nil {
		return err
	}
	defer ev.Close()
	s.kind = ev.Kind
	for _, n := range ev.Notes {
		s.note("%s", n)
	}
	if s.c.Bool("verify") {
		if err := scan.VerifyImage(s.c.Context, ev, s); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(s.c.Context)
	defer cancel()
	for i, tree := range ev.Trees {
		ev.Trees[i] = nil // so that its hives go when it is done
		s.machines = append(s.machines, output.MachineOf(tree.Machine(), ev.Path))
		for _, err := range tree.Problems() {
			s.damage(err)
		}
		list, err := selectArtifacts(names)
		if err != nil {
			return err
		}
		list = slices.Concat(list, s.extra)
		zone, err := zoneFlag(s.c, tree.Machine())
		if err != nil {
			return err
		}
		var known moments.Moments
		s.zones[tree.Machine().Name] = zone
		results, err := artifacts.Run(ctx, tree, list, &artifacts.Options{
			Jobs: s.c.Int("jobs"), NoDeleted: s.c.Bool("no-deleted"), Full: s.full || s.c.Bool("full"), FullOf: names,
			Progress: s.progress, Zone: zone, Quiet: s.hides,
		})
		if err != nil {
			return usageError{err}
		}
		for res := range results {
			for _, n := range res.Notes {
				s.note("%s", n)
			}
			for _, e := range res.Errors {
				s.damage(e)
				if s.strict {
					return fmt.Errorf("stopped at the first damage (--strict): %w", errDamaged)
				}
			}
			known.Add(&res)
			if err := yield(tree, res); err != nil {
				return err
			}
		}
		if known.Infer(zone) {
			s.note("local times: zone %s", zone)
		}
		if err := s.c.Context.Err(); err != nil {
			return err
		}
	}
	return nil
}
