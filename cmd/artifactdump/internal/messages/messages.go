// Package messages writes what a command says while it works: notes, damage, and one
// line of progress on a terminal.
package messages

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/damage"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
)

// redraw is how often a line of progress is drawn at most.
const redraw = 100 * time.Millisecond

// A Log writes the messages of one command. It counts the damage that it names.
type Log struct {
	Quiet   bool // no progress and no notes; damage is still named
	Verbose bool // each source as it is read, and all damage
	Strict  bool // damage is named at once, because the first ends the command

	w       io.Writer
	started time.Time
	drawn   time.Time

	mu      sync.Mutex // guards what follows, and lines from being mixed
	damaged int
	pending damage.List
	named   map[string]bool // damage of a hive that was named before
	live    bool            // a progress line is on the terminal
	line    string          // that line
}

// New returns a log that writes to w.
func New(w io.Writer) *Log { return &Log{w: w, started: time.Now()} }

// Writer is where the messages go, for text that a quiet command prints, too.
func (l *Log) Writer() io.Writer { return l.w }

// Say writes a line for the reader.
func (l *Log) Say(format string, args ...any) {
	if l.Quiet {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	again := l.live
	l.clear()
	fmt.Fprintln(l.w, terminal.Clean(fmt.Sprintf(format, args...)))
	if again {
		l.draw()
	}
}

// Notef says what is worth knowing and is not damage.
func (l *Log) Notef(format string, args ...any) { l.Say("note: "+format, args...) }

// Note is [Log.Notef] of a text.
func (l *Log) Note(text string) { l.Notef("%s", text) }

// Damage keeps one problem of the evidence until it is named, or names it at once
// when the log is verbose or strict.
func (l *Log) Damage(err error) {
	label, file := damage.FileOf(err)
	l.add(label, file, err)
}

// DamageIn is Damage in a file that the error names so.
func (l *Log) DamageIn(file string, err error) { l.add("", file, err) }

func (l *Log) add(label, file string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.damaged++
	if l.Verbose || l.Strict {
		l.name(err.Error())
		return
	}
	l.pending.Add(label, file, err)
}

// Tell names the damage that was kept.
func (l *Log) Tell() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, text := range l.pending.Take() {
		l.name(text)
	}
}

func (l *Log) name(text string) {
	l.clear()
	fmt.Fprintf(l.w, "damaged: %s\n", terminal.Clean(text))
}

// Damages is how much damage was met so far.
func (l *Log) Damages() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.damaged
}

// End names what was kept, and turns damage into the error of the command.
func (l *Log) End() error {
	l.ClearLine()
	l.Tell()
	if l.Damages() > 0 {
		return scan.ErrDamaged
	}
	return nil
}

// Progress draws how far the run is, only on a terminal.
func (l *Log) Progress(done, planned int, path string) {
	if l.Verbose {
		l.Say("read %d of %d: %s", done, planned, path)
		return
	}
	if l.Quiet || !terminal.Is(l.w) {
		return
	}
	now := time.Now()
	if done < planned && now.Sub(l.drawn) < redraw {
		return
	}
	l.drawn = now
	if done == planned {
		l.ClearLine()
		return
	}
	left := ""
	if el := now.Sub(l.started); el > time.Second && done > 0 {
		left = ", about " + (el * time.Duration(planned-done) / time.Duration(done)).Round(time.Second).String() + " left"
	}
	l.DrawLine(fmt.Sprintf("%d of %d sources%s  %s", done, planned, left, path))
}

// DrawLine draws a line that the next one replaces.
func (l *Log) DrawLine(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line = terminal.Cut(terminal.Clean(line), terminal.LineWidth)
	l.draw()
}

// ClearLine takes the line of progress from the terminal.
func (l *Log) ClearLine() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clear()
}

func (l *Log) clear() {
	if l.live {
		fmt.Fprint(l.w, "\r\x1b[K")
		l.live = false
	}
}

// draw draws the progress line again after a message.
func (l *Log) draw() {
	fmt.Fprint(l.w, "\r\x1b[K", l.line)
	l.live = true
}
