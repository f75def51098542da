package system

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/setupapi"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A DeviceInstall is one section of the log of device and driver installations.
type DeviceInstall struct {
	artifacts.Origin
	Line    int       `json:"line"`
	Kind    string    `json:"kind"`
	Subject string    `json:"subject,omitempty"` // device id, or path of the driver's inf
	Start   time.Time `json:"start_time,omitzero" event:"Start Time,local"`
	End     time.Time `json:"end_time,omitzero" zone:"local"`
	Command string    `json:"command,omitempty"`
	Inf     string    `json:"inf,omitempty"`
	Status  string    `json:"exit_status,omitempty"`
	Boot    time.Time `json:"boot_session,omitzero" zone:"local"`
	Errors  []string  `json:"errors,omitempty"`
}

var setupAPI = artifacts.Define(artifacts.Artifact{
	Name:     "setupapi",
	Title:    "Device installation log",
	DataType: "windows:setupapi:log:line",
	About: `What Windows wrote down of each installation of a device or driver: which device or inf file, which program asked for it, and how it
ended. The first section of a USB device is its first connection to this machine. Proves that the installation was tried at that time; it
does not prove that the device was used or by whom, and later connections of a known device are not in the log. Start Time is local time of
the machine; it is turned into UTC where the machine's zone is known, and marked local elsewhere. The log is renamed when it grows, and an update of Windows begins a new one.`,
	Proves: artifacts.Present,
	Attack: []string{"T1200", "T1543.003", "T1068"},
	Refs: []string{
		"https://learn.microsoft.com/windows-hardware/drivers/install/setupapi-text-logs",
		"https://attack.mitre.org/techniques/T1200/",
	},
	Sources: []artifacts.Source{
		artifacts.SignedLarge(`%SystemRoot%\INF\setupapi.dev*.log`, collect.SetupFile),
	},
}, decodeSetupAPI)

func decodeSetupAPI(in artifacts.Input, yield func(DeviceInstall) bool) error {
	for s, err := range setupapi.Read(in.Reader()) {
		if err != nil {
			return err
		}
		r := DeviceInstall{Origin: in.AtOffset(s.Offset), Line: s.Line, Kind: s.Kind, Subject: s.Subject, Start: s.Start, End: s.End,
			Command: s.Command, Inf: s.Inf, Status: s.Status, Boot: s.Boot, Errors: s.Errors[:min(len(s.Errors), 16)]}
		if !yield(r) {
			return nil
		}
	}
	return nil
}

// CommandLine returns the program that asked for the installation.
func (r DeviceInstall) CommandLine() string { return r.Command }

// Program returns the program that asked for the installation.
func (r DeviceInstall) Program() string {
	if r.Command == "" {
		return ""
	}
	if p := winpath.ParseCommand(r.Command, nil).Program; strings.Contains(p, `\`) {
		return p
	}
	return ""
}

// Summary shows what was installed.
func (r DeviceInstall) Summary() string {
	s := fmt.Sprintf("[%s] %s", r.Kind, r.Subject)
	if r.Command != "" {
		s += " by " + r.Command
	}
	if r.Status != "" {
		s += ": " + r.Status
	}
	return s
}
