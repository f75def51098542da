package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// A status tells people and machines how far a scan is.
type status struct {
	mu    sync.Mutex
	s     *scan
	file  string
	said  time.Time
	drawn time.Time

	State   string `json:"state"` // running, complete, interrupted, failed
	HostsAt int    `json:"hosts_done"`
	Hosts   int    `json:"hosts"`
	machineStatus
	Damaged int    `json:"damaged"`
	Error   string `json:"error,omitempty"`
	Started string `json:"started"`
	Updated string `json:"updated"`

	// Machines are those that are being scanned, in the order of the plan; the
	// keys above tell of the first.
	Machines []*machineStatus `json:"machines,omitempty"`
}

// A machineStatus tells how far the scan of one machine is.
type machineStatus struct {
	Host    string `json:"host"`
	Folder  string `json:"folder,omitempty"`
	Phase   string `json:"phase"`
	Done    int    `json:"done"` // of the phase
	Planned int    `json:"planned"`
	Path    string `json:"path,omitempty"`
	Left    int    `json:"seconds_left,omitempty"` // of the phase, a guess

	began    time.Time
	reported time.Time
}

func newStatus(s *scan) *status {
	t := &status{s: s, file: s.c.String("status-file"), State: "running", Started: output.FormatTime(s.started)}
	t.write(true)
	return t
}

// write brings the file up to date, not too often. What a watcher cannot be
// told stops no scan.
func (t *status) write(now bool) {
	if t.file == "" || !now && time.Since(t.said) < 500*time.Millisecond {
		return
	}
	t.said = time.Now()
	t.Updated, t.Damaged = output.FormatTime(t.said), t.s.damages()
	t.machineStatus = machineStatus{}
	if len(t.Machines) > 0 {
		t.machineStatus = *t.Machines[0]
	}
	b, err := output.Marshal(t)
	if err == nil {
		err = writeFile(t.file, append(b, '\n'))
	}
	if err != nil {
		t.s.note("the status file cannot be written: %v", err)
		t.file = ""
	}
}

// planned tells how many machines there are.
func (t *status) planned(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Hosts = n
}

// begin shows one more machine.
func (t *status) begin(h *host) *machineStatus {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := &machineStatus{Host: h.name, Folder: h.folder}
	t.Machines = append(t.Machines, m)
	return m
}

// leave shows a machine no more.
func (t *status) leave(m *machineStatus) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Machines = slices.DeleteFunc(t.Machines, func(o *machineStatus) bool { return o == m })
	t.draw(true)
}

// done counts a machine that is complete.
func (t *status) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.HostsAt++
	t.write(true)
}

// phase begins a part of the work on a machine.
func (t *status) phase(m *machineStatus, name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m.Phase, m.Done, m.Planned, m.Path, m.Left = name, 0, 0, "", 0
	m.began, m.reported = time.Now(), time.Now()
	t.write(true)
	t.draw(true)
}

// plainEvery is how often a scan tells how far it is where there is no
// terminal to draw on.
const plainEvery = 10 * time.Second

// progress is told how much of the phase is done.
func (t *status) progress(m *machineStatus, done, planned int, path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m.Done, m.Planned, m.Path = done, planned, path
	if el := time.Since(m.began); el > time.Second && done > 0 {
		m.Left = int((el * time.Duration(planned-done) / time.Duration(done)).Seconds())
	}
	t.write(done == planned)
	s := t.s
	switch {
	case s.verbose && path != "":
		s.say("%sread %d of %d: %s", m.prefix(), done, planned, path)
	case s.quiet || s.verbose:
	case isTerminal(s.stderr):
		t.draw(false)
	case time.Since(m.reported) > plainEvery:
		m.reported = time.Now()
		s.say("%s: %s, %d of %d%s", m.name(), m.Phase, done, planned, m.left())
	}
}

// name is what tells the machine from the others.
func (m *machineStatus) name() string {
	if m.Folder != "" {
		return m.Folder
	}
	return m.Host
}

func (m *machineStatus) prefix() string {
	if m.Folder == "" {
		return ""
	}
	return m.Folder + ": "
}

func (m *machineStatus) left() string {
	if m.Left == 0 {
		return ""
	}
	return ", about " + (time.Duration(m.Left) * time.Second).String() + " left"
}

// draw shows on a terminal what is being done, in one line.
func (t *status) draw(now bool) {
	s := t.s
	if s.quiet || s.verbose || !isTerminal(s.stderr) || !now && time.Since(t.drawn) < 100*time.Millisecond {
		return
	}
	t.drawn = time.Now()
	if len(t.Machines) == 0 {
		s.clearLine()
		return
	}
	var parts []string
	if t.Hosts > 1 {
		parts = append(parts, fmt.Sprintf("%d of %d machines done", t.HostsAt, t.Hosts))
	}
	for _, m := range t.Machines {
		p := m.Phase
		if m.name() != "" {
			p = m.name() + " " + p
		}
		if m.Planned > 0 {
			p += fmt.Sprintf(" %d of %d%s", m.Done, m.Planned, m.left())
		}
		parts = append(parts, p)
	}
	line := strings.Join(parts, " | ")
	if len(t.Machines) == 1 {
		line += "  " + t.Machines[0].Path
	}
	s.drawLine(line)
}

func (t *status) end(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case err == nil:
		t.State, t.HostsAt = "complete", t.Hosts
	case errors.Is(err, context.Canceled):
		t.State = "interrupted"
	default:
		t.State, t.Error = "failed", err.Error()
	}
	t.Machines = nil
	t.write(true)
}
