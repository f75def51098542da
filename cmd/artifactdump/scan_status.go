package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// A status tells people and machines how far a scan is.
type status struct {
	s    *scan
	file string
	said time.Time

	State    string `json:"state"` // running, complete, interrupted, failed
	Phase    string `json:"phase"`
	Host     string `json:"host"`
	HostsAt  int    `json:"hosts_done"`
	Hosts    int    `json:"hosts"`
	Done     int    `json:"done"` // of the phase
	Planned  int    `json:"planned"`
	Path     string `json:"path,omitempty"`
	Left     int    `json:"seconds_left,omitempty"` // of the phase, a guess
	Damaged  int    `json:"damaged"`
	Error    string `json:"error,omitempty"`
	Started  string `json:"started"`
	Updated  string `json:"updated"`
	began    time.Time
	reported time.Time
}

func newStatus(s *scan) *status {
	t := &status{s: s, file: s.c.String("status-file"), State: "running", Started: output.FormatTime(s.started), began: s.started, reported: s.started}
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
	t.Updated, t.Damaged = output.FormatTime(t.said), t.s.damaged
	b, err := output.Marshal(t)
	if err == nil {
		err = writeFile(t.file, append(b, '\n'))
	}
	if err != nil {
		t.s.note("the status file cannot be written: %v", err)
		t.file = ""
	}
}

func (t *status) host(name string, at, of int) {
	t.Host, t.HostsAt, t.Hosts = name, at, of
}

// phase begins a part of the work.
func (t *status) phase(name string) {
	t.Phase, t.Done, t.Planned, t.Path, t.Left = name, 0, 0, "", 0
	t.began, t.reported = time.Now(), time.Now()
	t.s.started = t.began // what is left is guessed by the phase
	t.write(true)
}

// progress is told how much of the phase is done.
func (t *status) progress(done, planned int, path string) {
	t.Done, t.Planned, t.Path = done, planned, path
	if el := time.Since(t.began); el > time.Second && done > 0 {
		t.Left = int((el * time.Duration(planned-done) / time.Duration(done)).Seconds())
	}
	t.write(done == planned)
	if !t.s.quiet && !t.s.verbose && !isTerminal(t.s.stderr) && time.Since(t.reported) > 10*time.Second {
		t.reported = time.Now()
		fmt.Fprintf(t.s.stderr, "%s: %s, %d of %d\n", clean(t.Host), clean(t.Phase), done, planned)
	}
	t.s.progress(done, planned, path)
}

func (t *status) end(err error) {
	switch {
	case err == nil:
		t.State, t.HostsAt = "complete", t.Hosts
	case errors.Is(err, context.Canceled):
		t.State = "interrupted"
	default:
		t.State, t.Error = "failed", err.Error()
	}
	t.Phase, t.Path, t.Left = "", "", 0
	t.write(true)
}
