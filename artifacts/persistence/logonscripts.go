package persistence

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A LogonScript is one script that runs when the machine starts or stops or
// when a user logs on or off.
type LogonScript struct {
	artifacts.Origin
	Entry
	On         string    `json:"on"` // Startup, Shutdown, Logon, Logoff
	Script     string    `json:"script"`
	Parameters string    `json:"parameters,omitempty"`
	PowerShell bool      `json:"powershell,omitempty"`
	Policy     string    `json:"policy,omitempty"` // name of the group policy object
	Folder     string    `json:"policy_folder,omitempty"`
	ForSID     string    `json:"for_sid,omitempty"` // whose scripts, where the path of the key tells
	Executed   time.Time `json:"executed,omitzero"` // of a group policy script
	Unusual    string    `json:"unusual,omitempty"`
}

const (
	gpScripts  = `Microsoft\Windows\CurrentVersion\Group Policy\Scripts\*\*\*`
	gpState    = `Microsoft\Windows\CurrentVersion\Group Policy\State\*\Scripts\*\*\*`
	gpPolicies = `Policies\Microsoft\Windows\System\Scripts\*\*\*`
)

var logonScripts = artifacts.Define(artifacts.Artifact{
	Name:     "logonscripts",
	Title:    "Logon script",
	DataType: "windows:registry:logon_script",
	About: `Scripts that run when a user logs on or off or when the machine starts or stops: the value
UserInitMprLogonScript of a user's environment, which is absent by default, and the scripts of group
policies, in the registry and in the files scripts.ini and psscripts.ini. Proves that the script was
configured; does not prove that it ran, except where a group policy script has an execution time.
Versions store that time in local time or UTC; it is shown as written. Companies use logon scripts
from their servers routinely; a local path is rare. The time of a key dates the last change of the
whole key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1037.001", "T1037.003"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1037/001/",
		"https://learn.microsoft.com/openspecs/windows_protocols/ms-gpscr/",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Environment`),
		artifacts.Key(evidence.SOFTWARE, gpScripts),
		artifacts.Key(evidence.SOFTWARE, gpState),
		artifacts.Key(evidence.SOFTWARE, gpPolicies),
		artifacts.Key(evidence.NTUSER, `Software\`+gpScripts),
		artifacts.Key(evidence.NTUSER, `Software\`+gpPolicies),
		artifacts.Files(`%SystemRoot%\System32\GroupPolicy\Machine\Scripts\*scripts.ini`),
		artifacts.Files(`%SystemRoot%\System32\GroupPolicy\User\Scripts\*scripts.ini`),
		artifacts.Files(`%SystemRoot%\System32\GroupPolicyUsers\*\User\Scripts\*scripts.ini`),
	},
}, decodeLogonScripts)

func decodeLogonScripts(in artifacts.Input, yield func(LogonScript) bool) error {
	switch {
	case in.Hive == nil:
		return logonScriptFile(in, yield)
	case in.Source.Key == "Environment":
		return logonScriptEnvironment(in, yield)
	}
	return logonScriptPolicy(in, yield)
}

func logonScriptEnvironment(in artifacts.Input, yield func(LogonScript) bool) error {
	v, ok := in.Own().Find("UserInitMprLogonScript")
	if !ok {
		return nil
	}
	text, note, err := artifacts.AnyText(v)
	if err != nil {
		err = in.Wrap(in.At(v), err)
	}
	if text == "" {
		return err
	}
	s := LogonScript{Origin: in.At(v), On: "Logon", Script: text, Unusual: note}
	s.Entry = autostartCommand(in, "UserInitMprLogonScript", text)
	yield(s)
	return err
}

// logonScriptPolicy decodes one script of a group policy: …\Logon\<policy>\<script>.
func logonScriptPolicy(in artifacts.Input, yield func(LogonScript) bool) error {
	v, ok := in.Own().Find("Script")
	if !ok {
		return nil
	}
	text, note, err := artifacts.AnyText(v)
	if err != nil {
		err = in.Wrap(in.At(v), err)
	}
	if text == "" {
		return err
	}
	s := LogonScript{Origin: in.At(v), On: in.Match[len(in.Match)-3], Script: text, Parameters: in.Text("Parameters"), Unusual: note}
	if len(in.Match) == 4 {
		s.ForSID = in.Match[0]
	}
	if n, _ := in.Uint("IsPowershell"); n == 1 {
		s.PowerShell = true
	}
	if parent, perr := in.Key.Parent(); perr == nil && !in.Partial() {
		s.Policy, s.Folder = in.Of(parent).Text("DisplayName"), in.Of(parent).Text("FileSysPath")
	}
	path := text
	if s.Folder != "" && !strings.Contains(text, `\`) {
		path = winpath.Join(s.Folder, "Scripts", s.On, text)
	}
	s.Entry = autostartProgram(in, "Group policy script", path, s.Parameters)
	s.Command = strings.TrimSpace(text + " " + s.Parameters)
	s.Executed = wire.SystemTime(in.Bytes("ExecTime"))
	yield(s)
	return err
}

// logonScriptFile decodes scripts.ini and psscripts.ini: in sections named
// after the moment, "0CmdLine=" and "0Parameters=" for each script. ([MS-GPSCR] 2.2.2)
func logonScriptFile(in artifacts.Input, yield func(LogonScript) bool) error {
	text := in.Data
	if bytes.HasPrefix(text, []byte{0xFF, 0xFE}) {
		text = taskUTF16(text[2:], false)
	}
	var out []LogonScript
	var errs []error
	index := map[string]int{}
	section := ""
	for line := range bytes.Lines(text) {
		s := strings.TrimSpace(string(line))
		if name, ok := strings.CutPrefix(s, "["); ok {
			section, _, _ = strings.Cut(name, "]")
			continue
		}
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			continue
		}
		num := key[:len(key)-len(strings.TrimLeft(key, "0123456789"))]
		if _, err := strconv.Atoi(num); err != nil {
			continue
		}
		id := section + "/" + num
		i, seen := index[id]
		if !seen {
			i = len(out)
			index[id] = i
			out = append(out, LogonScript{Origin: in.AtOffset(0), On: section,
				PowerShell: strings.EqualFold(winpath.Base(in.From.Path), "psscripts.ini")})
		}
		switch strings.ToLower(key[len(num):]) {
		case "cmdline":
			out[i].Script = value
		case "parameters":
			out[i].Parameters = value
		}
	}
	for i := range out {
		s := &out[i]
		if s.Script == "" {
			errs = append(errs, in.Errorf(in.AtOffset(0), "section %.40q: parameters without a command line", s.On))
			continue
		}
		path := s.Script
		if !strings.Contains(path, `\`) {
			path = winpath.Join(winpath.Dir(in.From.Path), s.On, path)
		}
		s.Entry = autostartProgram(in, "Group policy script", path, s.Parameters)
		s.Command = strings.TrimSpace(s.Script + " " + s.Parameters)
	}
	out = slices.DeleteFunc(out, func(s LogonScript) bool { return s.Script == "" })
	for _, r := range out {
		if !yield(r) {
			break
		}
	}
	return errors.Join(errs...)
}

// Events gives the execution time of a group policy script.
func (s LogonScript) Events() []artifacts.Event {
	if s.Executed.IsZero() {
		return nil
	}
	return []artifacts.Event{{Time: s.Executed, Kind: "Last Time Executed", Proof: artifacts.Executed, Local: true}}
}

// Summary shows the moment and the script.
func (s LogonScript) Summary() string {
	t := fmt.Sprintf("[%s] %s", s.On, s.Command)
	if s.Policy != "" {
		t += " of policy " + s.Policy
	}
	if s.Unusual != "" {
		t += " (" + s.Unusual + ")"
	}
	return t + s.state()
}
