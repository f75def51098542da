package findings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/communication"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/system"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// detected is the subject of a detection: the file, or the threat where none is
// named.
func (x *look) detected(path, threat string) subject {
	if path == "" || !strings.Contains(path, `\`) {
		return x.setting("detection of " + threat)
	}
	return subject{kind: kindProgram, key: x.normal(strings.TrimPrefix(path, `\\?\`), x.row.rec.User), show: path}
}

var detectionLeft = rule(Rule{
	ID: "S-01", Title: "Detected threat was not removed", Level: High, Attack: []string{"T1204.002"},
	Why:    "Windows Defender Antivirus found a threat, and its history has no time of a remediation.",
	Benign: "Test files; unwanted programs that a user allowed; another scanner was faster.",
	Next:   "See whether the file is still there and whether it ran.",
	Needs:  []string{"defenderdetections"},
}, func(x *look, d system.DefenderDetection) {
	if !d.NotCleaned || strings.Contains(strings.ToUpper(d.Threat), "EICAR") {
		return
	}
	level := High
	switch {
	case d.Ran:
		level = Critical
	case strings.HasPrefix(strings.ToUpper(d.Threat), "PUA"):
		level = Medium
	}
	x.hit(x.detected(d.Path, d.Threat), level, "the scanner found %s and did not remove it", d.Threat)
})

var detectionExcluded = wholeRule(Rule{
	ID: "S-02", Title: "Threat lies where scans are excluded", Level: High, Attack: []string{"T1562.001"},
	Why:    "The scanner found a threat in a place that somebody then kept it from looking at, or the other way round.",
	Benign: "An administrator made an exception for a program that he trusts.",
	Next:   "Compare the time of the exclusion with that of the detection.",
	Needs:  []string{"defenderdetections", "defender"},
}, func(x *look) {
	for _, r := range x.kept["defenderdetections"] {
		d := r.rec.Data.(system.DefenderDetection)
		at := *x
		at.row = r
		key := at.normal(d.Path, r.rec.User)
		for _, e := range x.kept["defender"] {
			ex := e.rec.Data.(system.Defender)
			if ex.Kind != "exclusion" || !strings.EqualFold(ex.List, "Paths") || key == "" {
				continue
			}
			place := strings.TrimRight(at.normal(ex.Name, e.rec.User), `\*`)
			if key == place || strings.HasPrefix(key, place+`\`) {
				h := at.hit(at.detected(d.Path, d.Threat), 0, "%s was found there, and %s is excluded from scans", d.Threat, ex.Name)
				h.rows = append(h.rows, e)
				break
			}
		}
	}
}, "defenderdetections", "defender")

var scannerRenamed = rule(Rule{
	ID: "S-03", Title: "Scanner saw a renamed tool", Level: High, Attack: []string{"T1036.003"},
	Why:    "The version resource of the file names a program that intruders use, or one of Windows' own hosts; the file has another name.",
	Benign: "Software that brings its own copy of an interpreter.",
	Next:   "Get the file and its hash.",
	Needs:  []string{"defenderlog"},
}, func(x *look, e system.DefenderLogEntry) {
	if !e.Renamed() {
		return
	}
	stem := nameStem(strings.TrimSuffix(strings.ToLower(winpath.Base(e.Original)), ".c")) // psexec.c
	tool := x.t.toolNamed(stem)
	switch {
	case tool != nil && tool.level >= Medium:
	case slices.Contains([]string{"cmd", "powershell", "pwsh", "wscript", "cscript", "mshta", "rundll32", "regsvr32"}, stem):
	default:
		return
	}
	p := x.probePath(e.Path)
	x.hit(subject{kind: kindProgram, key: p.key, show: e.Path}, 0, "the scanner read the name %s in it", e.Original)
})

var remoteToolThere = wholeRule(Rule{
	ID: "S-04", Title: "Remote access tool", Level: Low, Attack: []string{"T1219"},
	Why:    "The machine can be controlled from elsewhere with it; intruders bring the same tools as help desks.",
	Benign: "The company's help desk; the user's own machines.",
	Next:   "Ask whose tool it is; compare its sessions with the time of the incident.",
	Needs:  []string{"remotetools"},
}, func(x *look) {
	type group struct {
		rows     []*row
		sessions int
		level    Level
		words    []string
	}
	groups := map[string]*group{}
	var order []string
	for _, r := range x.kept["remotetools"] {
		t := r.rec.Data.(communication.RemoteTool)
		g := groups[t.Tool]
		if g == nil {
			g = &group{level: Low}
			groups[t.Tool], order = g, append(order, t.Tool)
		}
		if len(g.rows) < 20 {
			g.rows = append(g.rows, r)
		}
		at := *x
		at.row = r
		switch {
		case t.Kind == "session":
			g.sessions++
		case t.Kind == "installed" && r.rec.From.State == artifacts.Live:
			p := at.probePath(winpath.ParseCommand(t.Path, nil).Program)
			if p.place != nil && p.place.level >= High {
				g.level = High
				g.words = append(g.words, "its service starts from "+t.Path)
			}
			if t.Address != "" {
				g.words = append(g.words, "relay "+t.Address)
			}
		}
	}
	for _, name := range order {
		g := groups[name]
		at := *x
		at.row = g.rows[0]
		if g.sessions > 0 {
			g.words = append(g.words, fmt.Sprintf("%d sessions", g.sessions))
		}
		h := at.hit(at.setting("remote tool "+name), g.level, "%s", strings.Join(append([]string{name + " left traces"}, g.words...), ", "))
		h.rows = append(h.rows, g.rows[1:]...)
	}
}, "remotetools")

var typedCommand = rule(Rule{
	ID: "S-05", Title: "Notable command in a PowerShell console", Level: High, Attack: []string{"T1059.001"},
	Why:    "Somebody typed or pasted a command into PowerShell that fetches something and runs it, hides itself, or weakens the machine.",
	Benign: "Installation instructions of package managers; administrators.",
	Next:   "Read the whole history around the command.",
	Needs:  []string{"pshistory", "pstranscripts"},
}, func(x *look, c execution.PSCommand) {
	x.typed(c.Command, fmt.Sprintf("line %d of the history", c.Line))
}).also(on(func(x *look, s execution.PSTranscript) {
	for _, c := range s.Inputs[:min(len(s.Inputs), 256)] {
		x.typed(c, "a transcript")
	}
}))

// quietWords are what people do in a console every day: to fetch a file is no
// reason by itself, to run what was fetched is.
var quietWords = []string{"contains a URL", "names a file on another machine", "downloads", "runs without prompts", "skips the profile"}

// typed judges one command of a console.
func (x *look) typed(command, where string) {
	v := x.t.judge("powershell "+command, winpath.ParseCommand("powershell "+command, nil))
	if v.level < High || !slices.ContainsFunc(v.words, func(w string) bool { return !slices.Contains(quietWords, w) }) {
		return
	}
	x.hit(x.setting("PowerShell of "+x.who()+": "+clip(command, 120)), High, "%s: %s", where, strings.Join(v.words, "; ")).as(v.attack...)
}

var shortcutCommand = rule(Rule{
	ID: "S-06", Title: "Shortcut that runs a command", Level: High, Attack: []string{"T1204.002", "T1059"},
	Why:    "A shortcut among the opened items or on the desktop starts a script host with a command that intruders write.",
	Benign: "Shortcuts of administrators.",
	Next:   "See where the shortcut came from and what ran after it was opened.",
	Needs:  []string{"shortcuts", "jumplists"},
}, func(x *look, s activity.Shortcut) {
	if s.Place == "recent" || s.Place == "office recent" || s.Place == "desktop" || s.Place == "loose" {
		x.linkCommand(s.Name, s.LinkFields)
	}
}).also(on(func(x *look, j activity.JumpListItem) { x.linkCommand(j.ProgramID, j.LinkFields) }))

func (x *look) linkCommand(name string, l activity.LinkFields) {
	if l.Arguments == "" || !x.t.runsOthers(l.Target) {
		return
	}
	line := l.Target + " " + l.Arguments
	v := x.t.judge(line, winpath.ParseCommand(line, nil))
	if v.level < High {
		return
	}
	x.hit(x.setting("shortcut "+name), min(v.level, Critical), "it starts %s: %s", clip(line, 200),
		strings.Join(v.words, "; ")).as(v.attack...)
}

var policyPushed = rule(Rule{
	ID: "S-07", Title: "Group policy runs a task or keeps a password", Level: Medium, Attack: []string{"T1484.001"},
	Why:    "An immediate task of a group policy runs once on every machine that it reaches; a stored password can be read by everybody.",
	Benign: "Software distribution; policies of before 2014.",
	Next:   "Ask who edited the policy, and when.",
	Needs:  []string{"grouppolicy"},
}, func(x *look, g persistence.GroupPolicy) {
	switch {
	case g.Kind == "immediate task":
		level := Medium
		if v := x.t.judge(g.Command, winpath.ParseCommand(g.Command, nil)); v.level >= High {
			level = High
		}
		x.hit(x.setting("group policy task "+g.Name), level, "an immediate task: %s", clip(g.Command, 300))
	case g.Password:
		x.hit(x.setting("group policy "+g.Kind+" "+g.Name), Medium, "a password is stored in the policy").as("T1552.006")
	}
})

var keyAuthorised = rule(Rule{
	ID: "S-08", Title: "SSH key may log on", Level: Low, Attack: []string{"T1098.004"},
	Why:    "Who has the private part of the key can log on without a password while the SSH server runs.",
	Benign: "Administrators and developers.",
	Next:   "Ask whose key it is, by its fingerprint and comment.",
	Needs:  []string{"openssh"},
}, func(x *look, k communication.OpenSSH) {
	if k.Kind != "authorised key" || k.Fingerprint == "" {
		return
	}
	level, whose := Low, x.who()
	if k.Admins {
		level, whose = Medium, "every administrator"
	}
	x.hit(x.setting("SSH key "+k.Fingerprint), level, "it may log on as %s: %s", whose, strings.TrimSpace(k.KeyType+" "+k.Comment))
})
