package programs

import "strings"

// sourceNames are the kinds of evidence that a story asks for: by artifacts with
// records, or by the channel of a log.
var sourceNames = []struct {
	what, why string
	artifacts []string
	channels  []string
}{
	{"Prefetch files", "starts with their times", []string{"prefetch"}, nil},
	{"Security log", "log-ons, audited starts, changes of accounts", nil, []string{"security"}},
	{"System log", "services, restarts, changes of the clock", nil, []string{"system"}},
	{"Sysmon log", "every start with its command line", nil, []string{"microsoft-windows-sysmon/operational"}},
	{"PowerShell log", "scripts", nil, []string{"microsoft-windows-powershell/operational", "windows powershell"}},
	{"Defender log", "detections", nil, []string{"microsoft-windows-windows defender/operational"}},
	{"Amcache", "hashes and version details", []string{"amcachefiles"}, nil},
	{"user hives", "what each account started", []string{"userassist", "recentdocs", "runmru", "shellbags"}, nil},
	{"BAM", "the last start for each account", []string{"bam"}, nil},
	{"SRUM", "bytes that programs sent and received", []string{"srumapps", "srumnetwork"}, nil},
	{"$MFT", "how files came and went", []string{"mft", "zoneid", "executedfiles", "filereferences"}, nil},
	{"change journal", "files that were created, renamed and deleted", []string{"usnjrnl"}, nil},
}

// Sources returns the kinds of evidence that [Model.Coverage] judges.
func Sources() []string {
	var out []string
	for _, s := range sourceNames {
		out = append(out, s.what)
	}
	return out
}

// coverage lists what the evidence does not hold.
func (b *Builder) coverage(m *Model) []Gap {
	channels := map[string]bool{}
	for _, s := range m.Logons.Spans {
		channels[strings.ToLower(s.Channel)] = true
	}
	for c := range b.channels {
		channels[strings.ToLower(c)] = true
	}
	var out []Gap
	for _, c := range sourceNames {
		there := false
		for _, ch := range c.channels {
			there = there || channels[ch]
		}
		for _, a := range c.artifacts {
			there = there || b.seen[a]
		}
		if !there {
			out = append(out, Gap{What: c.what, Why: c.why, Level: "informational"})
		}
	}
	return out
}
