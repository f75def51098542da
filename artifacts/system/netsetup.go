package system

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/textfile"
)

// A DomainJoin is one operation on the machine's membership of a domain, or on
// its name.
type DomainJoin struct {
	artifacts.Origin
	Line       int       `json:"line"`
	Start      time.Time `json:"start_time,omitzero" event:"Start Time,local"`
	End        time.Time `json:"end_time,omitzero" zone:"local"`
	Kind       string    `json:"kind"`     // join, leave, rename; or the function's name
	Function   string    `json:"function"` // NetpDoDomainJoin …
	Computer   string    `json:"machine,omitempty"`
	NewName    string    `json:"new_name,omitempty"`
	Domain     string    `json:"domain,omitempty"` // or workgroup
	Workgroup  bool      `json:"workgroup,omitempty"`
	Unit       string    `json:"organizational_unit,omitempty"`
	Account    string    `json:"account,omitempty"` // that was used for it
	Options    string    `json:"options,omitempty"`
	Controller string    `json:"domain_controller,omitempty"`
	Status     string    `json:"status,omitempty"` // of Windows: 0x0 is success
}

var netsetup = artifacts.Define(artifacts.Artifact{
	Name:     "netsetup",
	Title:    "Domain join log",
	DataType: "windows:netsetup:log:operation",
	About: `NetSetup.LOG: when the machine joined or left a domain or workgroup, or got another name, with the account that was used, the domain controller and the
result. Proves that the operation was tried at that time, and with status 0x0 that it was done. Does not prove who sat there. The
log begins with the installation of Windows, whose first operations (a machine MINWINPC or MININT-… joining WORKGROUP) every machine has. Times are
local time of the machine, during an installation often that of another zone.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1098.007", "T1136.002"},
	Refs: []string{
		"https://learn.microsoft.com/troubleshoot/windows-server/active-directory/active-directory-domain-join-troubleshooting-guidance",
		"https://attack.mitre.org/techniques/T1136/002/",
	},
	Sources: []artifacts.Source{
		artifacts.Files(`%SystemRoot%\debug\NetSetup*.log`),
	},
}, decodeNetSetup)

// operations are what the functions that begin a section are for.
var operations = map[string]string{
	"netpdodomainjoin": "join", "netpjoindomain": "join", "netpjoinworkgroup": "join", "netpunjoindomain": "leave", "netpchangemachinename": "rename",
	"netpmachinevalidtojoin": "join", "netpcompleteofflinedomainjoin": "join",
}

func decodeNetSetup(in artifacts.Input, yield func(DomainJoin) bool) error {
	lines, _, err := textfile.Split(bytes.NewReader(in.Data), int64(len(in.Data)))
	if err != nil {
		return err
	}
	var r *DomainJoin
	number, n, begun := 0, 0, false // begun: after a row of dashes
	done := func() bool {
		ok := r == nil || yield(*r)
		r = nil
		return ok
	}
	for l := range lines {
		number++
		s := strings.TrimPrefix(l.Text, "\ufeff")
		if len(s) < 24 {
			continue
		}
		t, ok := netSetupTime(s[:23])
		if !ok {
			continue
		}
		text := strings.TrimSpace(s[23:])
		if strings.HasPrefix(text, "-----") {
			if !done() {
				return nil
			}
			begun = true
			continue
		}
		name, _, _ := strings.Cut(text, ":")
		if r == nil {
			kind := operations[strings.ToLower(name)]
			if !begun && kind == "" || strings.ContainsAny(name, " \t") || n == maxLogRecords {
				continue // the rest of a section whose beginning is cut off
			}
			r = &DomainJoin{Origin: in.AtOffset(l.Offset), Line: number, Start: t, Kind: cmp.Or(kind, name), Function: name}
			n++
		}
		r.End = t
		r.line(name, text)
	}
	done()
	return nil
}

// netSetupTime reads month/day/year hour:minute:second:millisecond.
func netSetupTime(s string) (time.Time, bool) {
	t, err := time.Parse("01/02/2006 15:04:05", s[:19])
	ms, bad := strconv.ParseUint(s[20:], 10, 10)
	return t.Add(time.Duration(ms) * time.Millisecond), err == nil && bad == nil && s[19] == ':' && t.Year() >= oldestLog
}

// quoted returns the text in the first quotes after a mark.
func quoted(text, mark string) string {
	_, rest, ok := strings.Cut(text, mark)
	if !ok {
		return ""
	}
	_, rest, ok = strings.Cut(rest, "'")
	if !ok {
		return ""
	}
	s, _, _ := strings.Cut(rest, "'")
	return s
}

// line takes what a line of the section shows.
func (r *DomainJoin) line(name, text string) {
	set := func(to *string, s string) {
		if s = strings.TrimSpace(s); *to == "" && s != "" && !strings.EqualFold(s, "(null)") {
			*to = s
		}
	}
	_, value, _ := strings.Cut(text, ":")
	value = strings.TrimSpace(value)
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "machine":
		set(&r.Computer, value)
	case "domain":
		set(&r.Domain, value)
	case "machineaccountou":
		set(&r.Unit, value)
	case "account":
		set(&r.Account, value)
	case "options":
		set(&r.Options, value)
	case "netpmachinevalidtojoin":
		set(&r.Computer, strings.Trim(value, "'"))
	case "netpjoinworkgroup":
		set(&r.Computer, quoted(value, "joining computer"))
		if d := quoted(value, "to workgroup"); d != "" {
			set(&r.Domain, d)
			r.Workgroup = true
		}
	case "netpchangemachinename":
		set(&r.Computer, quoted(value, "from"))
		set(&r.NewName, quoted(value, "' to"))
		set(&r.Account, quoted(value, "using"))
	}
	set(&r.Controller, quoted(text, "found DC"))
	set(&r.Domain, quoted(text, "find DC in domain"))
	if status, ok := strings.CutPrefix(value, "status: "); ok && strings.EqualFold(strings.TrimSpace(name), r.Function) {
		r.Status = strings.TrimSpace(status)
	}
}

// Summary shows the operation and its result.
func (r DomainJoin) Summary() string {
	s := fmt.Sprintf("[%s] %s", r.Computer, r.Kind)
	switch {
	case r.Kind == "rename":
		s += " to " + r.NewName
	case r.Workgroup:
		s += " of workgroup " + r.Domain
	case r.Domain != "":
		s += " of domain " + r.Domain
	}
	if r.Account != "" {
		s += " by " + r.Account
	}
	if r.Status != "" {
		s += ": " + r.Status
	}
	return s
}
