// Package scanview shows how a scan goes, what it found, and how a scan that was
// refused would run.
package scanview

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

const (
	plainEvery = 10 * time.Second       // how often progress is reported without a terminal
	drawEvery  = 100 * time.Millisecond // and drawn on one
)

// A Watcher shows on standard error how a scan goes.
type Watcher struct {
	*messages.Log
	reported map[*scan.MachineStatus]time.Time
	drawn    time.Time
}

// Watch returns a watcher that says what it sees to log.
func Watch(log *messages.Log) *Watcher {
	return &Watcher{Log: log, reported: map[*scan.MachineStatus]time.Time{}}
}

// Completed implements [scan.Observer].
func (w *Watcher) Completed(m *scan.MachineManifest) {
	w.Say("%s: %s", cmp.Or(m.Folder, m.Name), m.Counts)
}

// Progress implements [scan.Observer].
func (w *Watcher) Progress(st *scan.Status, m *scan.MachineStatus) {
	switch {
	case m == nil:
		w.draw(st, true)
	case m.Planned == 0: // another phase
		w.reported[m] = time.Now()
		w.draw(st, true)
	case w.Verbose && m.Path != "":
		prefix := ""
		if m.Folder != "" {
			prefix = m.Folder + ": "
		}
		w.Say("%sread %d of %d: %s", prefix, m.Done, m.Planned, m.Path)
	case w.Quiet || w.Verbose:
	case terminal.Is(w.Writer()):
		w.draw(st, false)
	default:
		w.report(st, m)
	}
}

// report prints the progress of a machine from time to time.
func (w *Watcher) report(st *scan.Status, m *scan.MachineStatus) {
	if time.Since(w.reported[m]) > plainEvery {
		w.reported[m] = time.Now()
		w.Say("%s: %s, %d of %d%s%s", m.Name(), m.Phase, m.Done, m.Planned, st.SoFar(m), m.TimeLeft())
	}
}

// draw shows on a terminal what is being done, in one line.
func (w *Watcher) draw(st *scan.Status, now bool) {
	if w.Quiet || w.Verbose || !terminal.Is(w.Writer()) || !now && time.Since(w.drawn) < drawEvery {
		return
	}
	w.drawn = time.Now()
	if len(st.Machines) == 0 {
		w.ClearLine()
		return
	}
	w.DrawLine(st.Line(terminal.LineWidth))
}

// Worst names the worst findings of a case, and what to open.
func Worst(log *messages.Log, dir string, m *scan.Manifest) {
	w := log.Writer()
	if len(m.Machines) > 1 {
		fmt.Fprintln(w, m.Total())
	}
	list := scan.Worst(dir, m)
	if len(list) > 0 {
		fmt.Fprintln(w, "worst findings:")
	}
	for _, f := range list {
		host := ""
		if len(m.Machines) > 1 {
			host = f.Host + "  "
		}
		fmt.Fprintf(w, "  %-13s %s%s  %s  %s\n", f.Level, terminal.Clean(host), terminal.Clean(f.Subject), terminal.Clean(f.Title), f.ID)
	}
	fmt.Fprintf(w, "case folder: %s\n", terminal.Clean(dir))
	if len(m.Machines) == 1 && m.Machines[0] != nil {
		folder := filepath.Join(dir, m.Machines[0].Folder)
		fmt.Fprintf(w, "open %s\n", terminal.Clean(filepath.Join(folder, "report.html")))
		fmt.Fprintf(w, "open %s\n", terminal.Clean(filepath.Join(folder, "viewer.html")))
	} else if len(m.Machines) > 1 {
		fmt.Fprintf(w, "open %s\n", terminal.Clean(filepath.Join(dir, scan.IndexName)))
	}
}

// Error adds the flags with which a refused scan would run.
func Error(err error) error {
	if e, ok := errors.AsType[*scan.OptionError](err); ok {
		if e.Option != "" {
			return usage.Errorf("--%s %w", strings.ReplaceAll(e.Option, " ", "-"), e.Err)
		}
		return usage.Of(err)
	}
	if _, ok := errors.AsType[*scan.DifferentError](err); ok {
		return fmt.Errorf("%w; use --force to start over", err)
	}
	if _, ok := errors.AsType[*scan.InUseError](err); ok {
		return fmt.Errorf("%w: wait for it, or name another folder with -o", err)
	}
	if e, ok := errors.AsType[*scan.UnfinishedError](err); ok && e.Err == nil {
		return fmt.Errorf("%w: use --resume to continue or --force to start over", err)
	}
	return err
}
