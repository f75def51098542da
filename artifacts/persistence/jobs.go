package persistence

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A Job is one task of the scheduler of Windows XP, which later versions
// still run.
type Job struct {
	artifacts.Origin
	Entry
	Product     string       `json:"product"` // the Windows that wrote it: 0x0501 XP, 0x0600 Vista, 0x0A00 Windows 10
	ID          string       `json:"job_id"`
	Name        string       `json:"name"`
	Application string       `json:"application"`
	Parameters  string       `json:"parameters,omitempty"`
	WorkingDir  string       `json:"working_dir,omitempty"`
	Author      string       `json:"author,omitempty"`
	Comment     string       `json:"comment,omitempty"`
	AtJob       bool         `json:"at_job,omitempty"` // made by at.exe: the name says so
	Status      string       `json:"status,omitempty"`
	ExitCode    uint32       `json:"exit_code"`
	StartError  string       `json:"start_error,omitempty"` // HRESULT when it could not be started
	Flags       uint32       `json:"flags"`
	HiddenJob   bool         `json:"hidden_job,omitempty"`
	LastRun     time.Time    `json:"last_run_local,omitzero" event:"Last Time Executed,local"`
	Triggers    []JobTrigger `json:"triggers,omitempty"`
}

// A JobTrigger is one schedule of a job. Dates and times are local.
type JobTrigger struct {
	Kind     string `json:"kind"`
	Begin    string `json:"begin"`
	End      string `json:"end,omitempty"`
	Start    string `json:"start"`              // time of day
	Interval uint32 `json:"interval,omitempty"` // minutes
	Duration uint32 `json:"duration,omitempty"` // minutes
	Disabled bool   `json:"disabled,omitempty"`
}

var jobs = artifacts.Define(artifacts.Artifact{
	Name:     "jobs",
	Title:    "Job file",
	DataType: "windows:tasks:job",
	About: `Tasks of the scheduler of Windows XP and Server 2003, one .job file each. Up to Windows 7 at.exe
creates them with the names At1, At2 and so on. Proves that the job was created, and by its last run
that the scheduler started it then, in the local time of the machine. Does not prove that the
program ran to its end: exit code and start error show the outcome. Later versions of Windows
convert such a file into an ordinary task when their own tools create it. Author and comment are
chosen by the creator.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1053.002", "T1053.005"},
	Refs: []string{
		"https://learn.microsoft.com/openspecs/windows_protocols/ms-tsch/",
		"https://attack.mitre.org/techniques/T1053/002/",
	},
	Sources: []artifacts.Source{artifacts.SignedFiles(`%SystemRoot%\Tasks\*.job`, collect.JobFile)},
}, decodeJobs)

const ( // fixed-length section, [MS-TSCH] 2.4.1
	jobProduct    = 0
	jobVersion    = 2
	jobID         = 4
	jobNameOff    = 20
	jobTriggerOff = 22
	jobExitCode   = 40
	jobStatus     = 44
	jobFlags      = 48
	jobLastRun    = 52
	jobFixed      = 68
	jobNames      = 70
)

// Flags of a job, [MS-TSCH] 2.4.1: the bits count from the most significant
// of the document's drawing.
const (
	jobDisabled = 0x4
	jobHidden   = 0x200
)

// jobStatuses are SCHED_S_…, [MS-TSCH] 2.3.13.
var jobStatuses = map[uint32]string{
	0x41300: "ready", 0x41301: "running", 0x41302: "disabled", 0x41303: "never run", 0x41304: "no more runs",
	0x41305: "not scheduled", 0x41306: "terminated", 0x41307: "no valid triggers", 0x41308: "event trigger",
}

func decodeJobs(in artifacts.Input, yield func(Job) bool) error {
	b := in.Data
	if len(b) < jobNames {
		return in.Errorf(in.AtOffset(int64(len(b))), "job of %d bytes, want %d or more", len(b), jobNames)
	}
	if v := le.Uint16(b[jobVersion:]); v != 1 {
		return in.Errorf(in.AtOffset(jobVersion), "file version %d, want 1", v)
	}
	j := Job{
		Origin: in.AtOffset(0), Product: fmt.Sprintf("0x%04X", le.Uint16(b[jobProduct:])), ID: jobGUID(b[jobID:]),
		Name: winpath.Base(in.From.Path), ExitCode: le.Uint32(b[jobExitCode:]), Flags: le.Uint32(b[jobFlags:]),
		LastRun: wire.SystemTime(b[jobLastRun:]),
	}
	status := le.Uint32(b[jobStatus:])
	if j.Status = jobStatuses[status]; j.Status == "" {
		j.Status = fmt.Sprintf("0x%08X", status)
	}
	j.HiddenJob = j.Flags&jobHidden != 0
	j.AtJob = isAtJob(j.Name)
	err := j.variable(in, b)
	disabled := j.Flags&jobDisabled != 0
	j.Entry = autostartProgram(in, "Job", j.Application, j.Parameters)
	j.Disabled = disabled
	yield(j)
	return err
}

func jobGUID(b []byte) string {
	return fmt.Sprintf("{%08X-%04X-%04X-%X-%X}", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:16])
}

// isAtJob reports whether the name is "At", a number and ".job".
func isAtJob(name string) bool {
	n, ok := strings.CutSuffix(strings.ToLower(name), ".job")
	if !ok || !strings.HasPrefix(n, "at") || len(n) == 2 {
		return false
	}
	return strings.Trim(n[2:], "0123456789") == ""
}

// variable reads the part behind the fixed one: a count of running instances,
// five strings, two blocks of data, the triggers. ([MS-TSCH] 2.4.2)
func (j *Job) variable(in artifacts.Input, b []byte) error {
	var errs []error
	c := wire.NewReader(b, jobNames)
	if off := int(le.Uint16(b[jobNameOff:])); off != jobNames {
		errs = append(errs, in.Errorf(in.AtOffset(jobNameOff), "the name is said to be at %d, want %d", off, jobNames))
		if off >= jobNames && off < len(b) {
			c = wire.NewReader(b, off)
		}
	}
	for _, s := range []*string{&j.Application, &j.Parameters, &j.WorkingDir, &j.Author, &j.Comment} {
		at := c.Offset()
		if *s = wire.UTF16Z(c.Take(2 * int(c.Uint16()))); c.Failed() {
			return errors.Join(append(errs, in.Errorf(in.AtOffset(int64(at)), "a text runs past the end"))...)
		}
	}
	at := c.Offset()
	c.Skip(int(c.Uint16()))
	if n := int(c.Uint16()); n >= 4 && !c.Failed() {
		if r := c.Take(n); r != nil {
			if code := le.Uint32(r); code != 0 {
				j.StartError = fmt.Sprintf("0x%08X", code)
			}
		}
	}
	if c.Failed() {
		return errors.Join(append(errs, in.Errorf(in.AtOffset(int64(at)), "a block of data runs past the end"))...)
	}
	if off := int(le.Uint16(b[jobTriggerOff:])); off != c.Offset() && off != 0 {
		errs = append(errs, in.Errorf(in.AtOffset(jobTriggerOff), "the triggers are said to be at %d, the data before them ends at %d",
			off, c.Offset()))
	}
	at = c.Offset()
	for n := c.Uint16(); n > 0 && !c.Failed(); n-- {
		at = c.Offset()
		if t := c.Take(jobTriggerSize); t != nil {
			j.Triggers = append(j.Triggers, jobTrigger(t))
		}
	}
	if c.Failed() {
		errs = append(errs, in.Errorf(in.AtOffset(int64(at)), "a trigger runs past the end"))
	}
	return errors.Join(errs...)
}

const ( // trigger, [MS-TSCH] 2.4.2.11
	jobTriggerSize = 48
	jtBegin        = 4
	jtEnd          = 10
	jtHour         = 16
	jtMinute       = 18
	jtDuration     = 20
	jtInterval     = 24
	jtFlags        = 28
	jtType         = 32

	jtHasEnd   = 1
	jtDisabled = 4
)

// jobTriggerKinds are TASK_TRIGGER_TYPE, from 0.
var jobTriggerKinds = []string{"once", "daily", "weekly", "monthly by date", "monthly by weekday", "on idle", "at system start",
	"at log-on"}

func jobTrigger(t []byte) JobTrigger {
	u := func(off int) int { return int(le.Uint16(t[off:])) }
	date := func(off int) string { return fmt.Sprintf("%04d-%02d-%02d", u(off), u(off+2), u(off+4)) }
	g := JobTrigger{
		Begin: date(jtBegin), Start: fmt.Sprintf("%02d:%02d", u(jtHour), u(jtMinute)),
		Duration: le.Uint32(t[jtDuration:]), Interval: le.Uint32(t[jtInterval:]),
	}
	flags, kind := le.Uint32(t[jtFlags:]), le.Uint32(t[jtType:])
	if g.Kind = fmt.Sprintf("kind %d", kind); kind < uint32(len(jobTriggerKinds)) {
		g.Kind = jobTriggerKinds[kind]
	}
	if flags&jtHasEnd != 0 {
		g.End = date(jtEnd)
	}
	g.Disabled = flags&jtDisabled != 0
	return g
}

// Proof says more where the job ran.
func (j Job) Proof() artifacts.Proof {
	if !j.LastRun.IsZero() && j.StartError == "" {
		return artifacts.Executed
	}
	return artifacts.Configured
}

// Summary shows the job and what it starts.
func (j Job) Summary() string {
	s := fmt.Sprintf("[%s] %s", j.Name, j.Command)
	if j.Author != "" {
		s += " Author: " + j.Author
	}
	s += " Status: " + j.Status
	if j.StartError != "" {
		s += " start error: " + j.StartError
	}
	return s + j.state()
}

// Tags adds to the common marks where the job came from.
func (j Job) Tags() []string {
	tags := j.Entry.Tags()
	if j.HiddenJob {
		tags = append(tags, "hidden-task")
	}
	if j.AtJob {
		tags = append(tags, "at-job")
	}
	return tags
}
