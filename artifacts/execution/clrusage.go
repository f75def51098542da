package execution

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A CLRUsage is the log that .NET keeps of one name of a program.
type CLRUsage struct {
	artifacts.Origin
	Name     string    `json:"name"`    // of the program
	Runtime  string    `json:"runtime"` // folder: CLR_v4.0, CLR_v4.0_32
	Created  time.Time `json:"created,omitzero"`
	Modified time.Time `json:"modified,omitzero"`
	// TimesOf says whose times these are. Of a copied file they are not the machine's and are not shown.
	TimesOf string `json:"times_of,omitempty"`
}

var clrUsage = artifacts.Define(artifacts.Artifact{
	Name:     "clrusage",
	Title:    "CLR usage log",
	DataType: "windows:clr:usage_log",
	About: `.NET writes one file for each name of a program that loaded it in this profile. Proves that a program of this name loaded .NET and ended
in an orderly way. Does not prove where it lay: the name is all there is. Programs that never load .NET on their own (rundll32.exe, notepad.exe,
regsvr32.exe) have a log when code was injected into them. The file's creation is the first such run and its last modification the latest one:
they are shown only where the evidence keeps the times of the machine itself, in UTC.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1055", "T1620", "T1059.001"},
	Refs: []string{
		"https://bohops.com/2021/03/16/investigating-net-clr-usage-log-tampering-techniques-for-edr-evasion/",
		"https://www.menasec.net/2019/07/interesting-difr-traces-of-net-clr.html",
	},
	Sources: []artifacts.Source{
		artifacts.Files(`%UserProfile%\AppData\Local\Microsoft\CLR_v*\UsageLogs\*.log`),
		artifacts.Files(`%SystemRoot%\System32\config\systemprofile\AppData\Local\Microsoft\CLR_v*\UsageLogs\*.log`),
		artifacts.Files(`%SystemRoot%\SysWOW64\config\systemprofile\AppData\Local\Microsoft\CLR_v*\UsageLogs\*.log`),
	},
}, func(in artifacts.Input, yield func(CLRUsage) bool) error {
	if in.Loose() && (in.Tree == nil || len(in.Tree.Signed(collect.AnyFile)) == 0) {
		return nil // any text file could be one: its folder is what makes it known, or who asks for it
	}
	r := CLRUsage{Origin: in.AtOffset(0), Name: winpath.Base(in.From.Path)}
	if n := len(r.Name) - len(".log"); n > 0 && strings.EqualFold(r.Name[n:], ".log") {
		r.Name = r.Name[:n]
	}
	if v := winpath.Base(winpath.Dir(winpath.Dir(in.From.Path))); strings.HasPrefix(strings.ToUpper(v), "CLR_V") {
		r.Runtime = v
	}
	if in.File != nil {
		t, err := in.File.Times()
		if err != nil {
			return err
		}
		if r.TimesOf = t.Source; t.Original {
			r.Created, r.Modified = t.Created, t.Modified
		}
	}
	yield(r)
	return nil
})

// Program returns the name of the program.
func (r CLRUsage) Program() string { return r.Name }

// Injected reports whether the program never loads .NET on its own.
func (r CLRUsage) Injected() bool {
	switch strings.ToLower(r.Name) {
	case "rundll32.exe", "regsvr32.exe", "notepad.exe", "svchost.exe", "explorer.exe", "dllhost.exe", "lsass.exe", "winlogon.exe", "spoolsv.exe",
		"calc.exe", "wscript.exe", "cscript.exe", "mshta.exe", "cmstp.exe", "werfault.exe", "searchprotocolhost.exe", "gpupdate.exe":
		return true
	}
	return false
}

// Events gives the first and the last orderly end.
func (r CLRUsage) Events() []artifacts.Event {
	var out []artifacts.Event
	if !r.Created.IsZero() {
		out = append(out, artifacts.Event{Time: r.Created, Kind: "First Time Executed"})
	}
	if !r.Modified.IsZero() {
		out = append(out, artifacts.Event{Time: r.Modified, Kind: "Last Time Executed"})
	}
	return out
}

// Summary names the program.
func (r CLRUsage) Summary() string {
	if r.Runtime == "" {
		return fmt.Sprintf("[%s] loaded .NET", r.Name)
	}
	return fmt.Sprintf("[%s] loaded .NET (%s)", r.Name, r.Runtime)
}
