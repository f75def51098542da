package execution

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	format "github.com/artifactdump/artifactdump/artifacts/formats/startupinfo"
	"github.com/artifactdump/artifactdump/artifacts/internal/databases"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A StartupProcess is a process of the first 90 seconds after a log-on.
type StartupProcess struct {
	artifacts.Origin
	Path        string    `json:"path"`
	CommandLine string    `json:"command_line,omitempty"`
	PID         uint64    `json:"pid"`
	Start       time.Time `json:"start,omitzero" event:"Start Time"`
	Trace       bool      `json:"started_in_trace,omitempty"`
	Parent      string    `json:"parent,omitempty"`
	ParentPID   uint64    `json:"parent_pid,omitempty"`
	ParentStart time.Time `json:"parent_start,omitzero"`
	DiskUsage   uint64    `json:"disk_usage,omitempty"` // bytes
	CPU         int64     `json:"cpu_us,omitempty"`     // microseconds
	SID         string    `json:"user_identifier,omitempty"`
	Position    int       `json:"process"` // in the file, from 1

	account evidence.User
}

var startupProcesses = artifacts.Define(artifacts.Artifact{
	Name:     "startupinfo",
	Title:    "Startup information",
	DataType: "windows:startupinfo:process",
	About: `Windows 8 and later record the processes of the first 90 seconds after a log-on, with their command lines; the last five log-ons of an
account are kept. Proves that the process started at this time, with this command line, in the log-on of the account in the file's name: what
an autostart only configures is seen to run here. Does not prove that it still ran later. Processes after the 90 seconds are not there. Times are UTC.
The layout is the published one; no real file was at hand. The offset of a record is that of its file.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1547.001", "T1053.005"},
	Refs: []string{
		"https://www.hexacorn.com/blog/2018/12/30/beyond-good-ol-run-key-part-90/",
		"https://github.com/ForensicArtifacts/artifacts",
	},
	Sources: []artifacts.Source{artifacts.Files(`%SystemRoot%\System32\WDI\LogFiles\StartupInfo\*_StartupInfo*.xml`)},
}, decodeStartupInfo)

func decodeStartupInfo(in artifacts.Input, yield func(StartupProcess) bool) error {
	list, err := format.Parse(in.Data)
	sid, _, _ := strings.Cut(winpath.Base(in.From.Path), "_")
	for i, p := range list {
		if !yield(StartupProcess{Origin: in.AtOffset(0), Path: p.Name, CommandLine: p.CommandLine, PID: p.PID, Start: p.Start,
			Trace: p.Trace, Parent: p.ParentName,
			ParentPID: p.ParentPID, ParentStart: p.ParentStart, DiskUsage: p.DiskUsage, CPU: p.CPU.Microseconds(), SID: sid,
			Position: i + 1,
			account:  databases.Account(in, sid)}) {
			return nil
		}
	}
	return err
}

// Owner is the account whose log-on it was.
func (r StartupProcess) Owner() evidence.User { return r.account }

// Program returns the path of the program.
func (r StartupProcess) Program() string { return r.Path }

// Summary shows the command line and the parent.
func (r StartupProcess) Summary() string {
	s := fmt.Sprintf("[%s] started after the log-on of %s", r.Path, r.SID)
	if r.CommandLine != "" {
		s += ": " + r.CommandLine
	}
	if r.Parent != "" {
		s += ", by " + r.Parent
	}
	return s
}
