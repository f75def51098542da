package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
)

// A Status tells people and machines how far a scan is.
type Status struct {
	mu    sync.Mutex
	s     *run
	file  string
	said  time.Time
	began time.Time // when the first machine was
	kept  int       // machines of an earlier run

	State        string `json:"state"` // running, complete, interrupted, failed
	MachinesDone int    `json:"hosts_done"`
	MachinesAll  int    `json:"hosts"`
	MachineStatus
	BytesAll int64  `json:"bytes_all"` // of all machines of this run
	Damaged  int    `json:"damaged"`
	Error    string `json:"error,omitempty"`
	Started  string `json:"started"`
	Updated  string `json:"updated"`

	// Machines are those that are being scanned, in the order of the plan; the
	// keys above tell of the first.
	Machines []*MachineStatus `json:"machines,omitempty"`
}

// A MachineStatus reports how far the scan of one machine is.
type MachineStatus struct {
	Machine string `json:"host"`
	Folder  string `json:"folder,omitempty"`
	Phase   string `json:"phase"`
	Done    int    `json:"done"` // of the phase
	Planned int    `json:"planned"`
	Path    string `json:"path,omitempty"`
	Left    int    `json:"seconds_left,omitempty"` // of the phase, a guess
	Bytes   int64  `json:"bytes,omitempty"`        // of the files read so far

	at    int // place in the plan
	began time.Time
}

func newStatus(s *run) *Status {
	t := &Status{s: s, file: s.o.StatusFile, State: "running", Started: output.FormatTime(s.started)}
	t.write(true)
	return t
}

// write brings the file up to date, not too often. What a watcher cannot be
// told stops no scan.
func (t *Status) write(now bool) {
	if t.file == "" || !now && time.Since(t.said) < 500*time.Millisecond {
		return
	}
	t.said = time.Now()
	t.Updated, t.Damaged = output.FormatTime(t.said), int(t.s.obs.damaged.Load())
	t.MachineStatus = MachineStatus{}
	if len(t.Machines) > 0 {
		t.MachineStatus = *t.Machines[0]
	}
	b, err := output.Marshal(t)
	if err == nil {
		err = files.Replace(t.file, append(b, '\n'), files.Usual)
	}
	if err != nil {
		t.s.note("the status file cannot be written: %v", err)
		t.file = ""
	}
}

// The phases of a machine that take their time.
const (
	phaseReading  = "reading"
	phaseJudging  = "judging"
	phaseTimeline = "writing the timeline"
)

// planned reports how many machines there are, and that those of an earlier run
// were found whole.
func (t *Status) planned(n, kept int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.MachinesAll, t.MachinesDone, t.kept, t.began = n, kept, kept, time.Now()
	t.write(true)
}

// begin shows one more machine.
func (t *Status) begin(h *machine) *MachineStatus {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := &MachineStatus{Machine: h.name, Folder: h.folder, at: h.at}
	t.Machines = append(t.Machines, m)
	slices.SortStableFunc(t.Machines, func(a, b *MachineStatus) int { return cmp.Compare(a.at, b.at) })
	return m
}

// leave shows a machine no more.
func (t *Status) leave(m *MachineStatus) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Machines = slices.DeleteFunc(t.Machines, func(o *MachineStatus) bool { return o == m })
	if len(t.Machines) == 0 {
		t.s.obs.Progress(t, nil)
	}
}

// done counts a machine that is complete.
func (t *Status) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.MachinesDone++
	t.write(true)
}

// phase begins a part of the work on a machine.
func (t *Status) phase(m *MachineStatus, name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m.Phase, m.Done, m.Planned, m.Path, m.Left = name, 0, 0, "", 0
	m.began = time.Now()
	t.write(true)
	t.s.obs.Progress(t, m)
}

// progress is told how much of the phase is done.
func (t *Status) progress(m *MachineStatus, done, planned int, path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m.Done, m.Planned, m.Path = done, planned, path
	if el := time.Since(m.began); el > time.Second && done > 0 {
		m.Left = int((el * time.Duration(planned-done) / time.Duration(done)).Seconds())
	}
	t.write(done == planned)
	t.s.obs.Progress(t, m)
}

// read adds to the bytes that were read.
func (t *Status) read(m *MachineStatus, n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m.Bytes += n
	t.BytesAll += n
}

// soFar says how much was read and how long it took: ", 1.2 GB, 42s".
func (t *Status) soFar(n int64) string {
	s := ""
	if n > 0 {
		s = ", " + output.Bytes(n)
	}
	if t.s != nil {
		if el := time.Since(t.s.started); el >= time.Second {
			s += ", " + el.Round(time.Second).String()
		}
	}
	return s
}

// SoFar says how much of a machine was read, and how long the scan has taken: ", 1.2
// GB, 42s".
func (t *Status) SoFar(m *MachineStatus) string { return t.soFar(m.Bytes) }

// Name is what tells the machine from the others: its folder, or its name where
// it is the only one.
func (m *MachineStatus) Name() string {
	if m.Folder != "" {
		return m.Folder
	}
	return m.Machine
}

// TimeLeft guesses how long the phase still takes: ", about 1m10s left", or
// nothing.
func (m *MachineStatus) TimeLeft() string {
	if m.Left == 0 {
		return ""
	}
	return ", about " + (time.Duration(m.Left) * time.Second).String() + " left"
}

// Line says in one line of at most about so many columns what is being done. Of
// several machines it shows as many as have room.
func (t *Status) Line(columns int) string {
	if t.MachinesAll < 2 {
		m := t.Machines[0]
		line := strings.TrimSpace(m.Machine + " " + m.Phase)
		if m.Planned > 0 {
			line += fmt.Sprintf(" %d of %d%s%s  %s", m.Done, m.Planned, t.soFar(m.Bytes), m.TimeLeft(), m.Path)
		}
		return line
	}
	line := fmt.Sprintf("%d of %d%s", t.MachinesDone, t.MachinesAll, t.soFar(t.BytesAll))
	if d := t.left(); d >= time.Second {
		line += ", " + d.Round(time.Second).String() + " left"
	}
	for i, m := range t.Machines {
		p := " | " + m.Name() + " " + m.Phase
		if m.Planned > 0 {
			p += fmt.Sprintf(" %d%%", 100*m.Done/m.Planned)
		}
		room := columns
		if i+1 < len(t.Machines) {
			room -= len(" | and 9 more")
		}
		if i > 0 && len(line)+len(p) > room {
			return line + fmt.Sprintf(" | and %d more", len(t.Machines)-i)
		}
		line += p
	}
	return line
}

// left guesses how long the run of several machines still takes, as if all
// were alike.
func (t *Status) left() time.Duration {
	done := float64(t.MachinesDone - t.kept)
	for _, m := range t.Machines {
		done += m.share()
	}
	el := time.Since(t.began)
	if done <= 0 || el < 2*time.Second {
		return 0
	}
	return time.Duration(float64(el) * max(0, float64(t.MachinesAll-t.kept)-done) / done)
}

// share is how much of the work on a machine is done, by what the phases take
// as a rule.
func (m *MachineStatus) share() float64 {
	of := 0.0
	if m.Planned > 0 {
		of = float64(m.Done) / float64(m.Planned)
	}
	switch m.Phase {
	case phaseReading:
		return of / 2
	case phaseJudging:
		return 0.5
	case phaseTimeline:
		return 0.5 + of*0.3
	}
	return 0.8
}

func (t *Status) end(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case err == nil:
		t.State, t.MachinesDone = "complete", t.MachinesAll
	case errors.Is(err, context.Canceled):
		t.State = "interrupted"
	default:
		t.State, t.Error = "failed", err.Error()
	}
	t.Machines = nil
	t.write(true)
}
