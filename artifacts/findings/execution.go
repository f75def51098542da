package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// ran are the artifacts that show executions.
var ran = []string{"prefetch", "shimcache", "amcachefiles", "bam", "userassist", "pca", "compatassistant", "recentfilecache",
	"featureusage"}

var executedThenDeleted = programRule(Rule{
	ID: "X-01", Title: "Executed, then deleted", Level: Low, Attack: []string{"T1070.004"},
	Why:    "A start of this program is recorded. Its folder is present but the file is gone.",
	Benign: "Updaters and installers that remove themselves; uninstalled software.",
	Next:   "Look for its hash, size and publisher in Amcache. Recover the file from free space or a shadow copy.",
	Needs:  ran,
}, func(x *look, p *program) {
	if !x.facts.Whole || x.facts.Find == nil || p.other || !strings.HasPrefix(p.key, `\`) || strings.HasPrefix(p.key, `\\`) ||
		!p.runnable() || len(p.executed()) == 0 {
		return
	}
	there, folder := x.facts.Find(p.path)
	if there || !folder {
		return
	}
	level := Low
	if tool := x.t.toolNamed(p.stem); !x.installer(p) &&
		(p.place != nil && p.place.level >= High || tool != nil && tool.level >= Medium && !anyGlob(tool.except, p.parts)) {
		level = High
	}
	x.hit(p.subject(x), level, "it ran (%s), but %s no longer exists", sources(p.executed()), p.base)
})

var infectedPlace = programRule(Rule{
	ID: "X-02", Title: "Executed from an unusual location", Level: Medium, Attack: []string{"T1204.002"},
	Why:    "A program ran from a user-writable location or one where Windows keeps no programs. Intruders often use such locations.",
	Benign: "Installers in temporary folders and Downloads; portable programs; administrators' tools.",
	Next:   "Find out who put the file there and when, and examine the other files of the folder.",
	Needs:  ran,
}, func(x *look, p *program) {
	if p.place == nil || p.place.id == "L15" || x.t.binaries[p.base] != nil && x.storeFolder(p) {
		return // what ran from another volume is told together: A-06
	}
	runs := p.executed()
	if !p.runnable() && !slices.ContainsFunc(runs, func(r *row) bool { return r.class == "prefetch" || r.class == "bam" }) {
		return // a shortcut or document that was opened
	}
	level, words := p.place.level, "ran"
	if len(runs) == 0 {
		level, words = level.step(-1), "was seen"
		switch {
		case !p.inventoried() || p.place.id == "L12" || p.place.id == "L15":
			return // named by a setting, or seen in passing on a share or a stick
		case p.place.level <= Medium || p.place.id == "L2" && strings.HasPrefix(p.base, "$r"):
			level = Informational // files lie there all the time; what was deleted is in the bin
		}
	}
	says := fmt.Sprintf("%s %s", words, p.place)
	if p.place.id == "L16" {
		says += ", from where Windows starts it at each log-on"
	}
	switch {
	case x.installer(p) && p.place.level <= Low:
		level = Informational // the usual life of a set-up
		says += "; it looks like an installer"
	case x.installer(p) && p.place.level <= Medium:
		level = Low
		says += "; it looks like an installer"
	case x.installer(p):
		level = min(level, Medium)
		says += "; it looks like an installer"
	}
	h := x.hit(p.subject(x), level, "%s", says)
	if p.place.id == "L16" {
		h.as("T1547.001", "T1204.002") // whatever lies there starts at each log-on
	}
	if p.place.level < High {
		h.atMost(Medium)
	}
}).alsoWhole(ranInLogs)

// inventoried reports whether a list of programs, and not of any files, holds
// it.
func (p *program) inventoried() bool {
	return slices.ContainsFunc(p.rows, func(r *row) bool { return r.class == "amcache" || r.class == "shimcache" })
}

var attackTool = programRule(Rule{
	ID: "X-03", Title: "Tool that intruders use", Level: Medium,
	Why:    "The program has the name of a tool known from intrusions.",
	Benign: "Administrators and testers, who use many of them. A name alone proves nothing.",
	Next:   "Ask whether anybody here uses it and compare its hash.",
	Needs:  append([]string{"services", "tasks", "recyclebin"}, ran...),
}, func(x *look, p *program) {
	if e := ext(p.base); e != ".exe" && e != ".dll" && e != ".sys" && e != ".vbs" && e != ".ps1" && e != ".py" && e != "" {
		return
	}
	stem := strings.TrimSuffix(p.base, ext(p.base))
	t := x.t.toolNamed(stem)
	if t == nil || anyGlob(t.except, p.parts) {
		return
	}
	if !p.hasFolder() && x.placedElsewhere(p.base) {
		return // a name without folder: the same program, most likely
	}
	if e := ext(p.base); e != ".exe" && e != "" && len(stem) < 5 {
		return // a library or script with a short name: chance
	}
	if e := ext(p.base); e == "" && !slices.ContainsFunc(p.rows, func(r *row) bool { return r.class == "autostart" }) {
		return
	}
	level := t.level
	says := t.class + ": " + p.base
	switch {
	case len(stem) <= 3 && level >= High && x.ordinaryFolder(p):
		level = Low // two or three letters, installed like any program
	case p.place != nil && (p.place.level >= High || p.place.level >= Medium && len(p.executed()) > 0):
		if level > Low {
			level = level.step(1)
		}
		level = min(level, High)
		says += ", " + p.place.String()
	}
	if level == Low && x.t.binaries[p.base] != nil && !p.other && p.place == nil {
		level = Informational // a part of Windows at its home
	}
	x.hit(p.subject(x), level, "%s", says).as(t.attack...).atMost(High)
}).also(
	on(func(x *look, f execution.AmcacheFile) {
		sum := strings.ToLower(f.SHA1)
		if words, ok := x.t.hashes[sum]; ok && sum != "" {
			x.hit(subject{kind: kindProgram, key: x.normal(f.Path, x.row.rec.User), show: f.Path}, High,
				"its SHA-1 is in the rules file: %s", words)
		}
	}),
	on(func(x *look, f persistence.StartupFile) {
		if words, ok := x.t.hashes[strings.ToLower(f.SHA256)]; ok {
			x.hit(subject{kind: kindProgram, key: x.normal(f.Path, x.row.rec.User), show: f.Path}, High,
				"its SHA-256 is in the rules file: %s", words)
		}
	}),
)

// placedElsewhere reports whether a program of this name is known with its
// folder.
func (s *scene) placedElsewhere(base string) bool {
	if s.bases == nil {
		s.bases = map[string]bool{}
		for _, p := range s.programs {
			if p.hasFolder() {
				s.bases[p.base] = true
			}
		}
	}
	return s.bases[base]
}

var psexecTarget = programRule(Rule{
	ID: "X-04", Title: "Target of PsExec", Level: High, Leads: true, Attack: []string{"T1569.002", "T1021.002"},
	Why:    "PSEXESVC is the service that PsExec installs on its target. Programs were run here from another machine.",
	Benign: "Administrators, who use PsExec routinely. Ask them about these times.",
	Next:   "Review what ran in the same minutes, network logons, and the machine that PsExec came from.",
	Needs:  append([]string{"services"}, ran...),
}, func(x *look, p *program) {
	if base := winpath.Base(p.path); p.place != nil && p.place.id == "L6" && ext(p.base) == ".exe" && randomName(base) {
		x.hit(p.subject(x), 0, "%s is in the Windows folder itself and has a random-looking name, as remote service tools leave it",
			base).atMost(High)
		return
	}
	if p.base != "psexesvc.exe" && p.base != "psexesvc" {
		return
	}
	var times []string
	n := uint32(0)
	for _, r := range p.rows {
		for _, t := range r.runs() {
			// BAM repeats the last one.
			if s := t.UTC().Format("2006-01-02 15:04:05"); !slices.Contains(times, s) {
				times = append(times, s)
			}
		}
		if f, ok := r.rec.Data.(execution.Prefetch); ok {
			n += f.RunCount
		}
	}
	says := "the PsExec service was installed here"
	if n > 0 {
		says = fmt.Sprintf("the PsExec service was started %s, last known: %s", count(int(n), "time", "times"), strings.Join(times, ", "))
	}
	x.hit(p.subject(x), 0, "%s", says).atMost(High)
})

var psexecSource = wholeRule(Rule{
	ID: "X-05", Title: "Sysinternals tool used", Level: Medium,
	Why:    "A Sysinternals tool asks for its licence on first start and creates a key. This account used it no later than the time of the key.",
	Benign: "Administrators; suites that accept all licences at once, which are marked.",
	Next:   "Look for the machines reached by PsExec, lsass dumps by ProcDump, and files erased by SDelete.",
	Needs:  []string{"sysinternals"},
}, func(x *look) {
	minute, second := map[string]int{}, map[string]int{}
	key := func(r *row, d time.Duration) string {
		return r.rec.From.Path + r.rec.Data.(execution.Sysinternals).Written.Truncate(d).String()
	}
	for _, r := range x.kept["sysinternals"] {
		minute[key(r, time.Minute)]++
		second[key(r, time.Second)]++
	}
	for _, r := range x.kept["sysinternals"] {
		d := r.rec.Data.(execution.Sysinternals)
		watched := slices.Contains([]string{"psexec", "procdump", "sdelete", "psloggedon", "pskill", "pspasswd", "psshutdown",
			"adexplorer", "active directory explorer"}, strings.ToLower(d.Tool))
		level := Low
		switch {
		case d.Suite, minute[key(r, time.Minute)] >= 20, second[key(r, time.Second)] >= 5: // faster than anybody clicks
			level = Informational
		case watched:
			level = Medium
		}
		look := *x
		look.row = r
		says := "the licence of " + d.Tool + " was accepted"
		if level == Informational {
			says += " together with many others, as an installer of the suite does"
		}
		s := look.setting("Sysinternals " + d.Tool + " of " + cmp.Or(r.rec.User.Name, r.rec.User.SID, r.rec.From.Path))
		h := look.hit(s, level, "%s", says)
		if strings.EqualFold(d.Tool, "psexec") {
			h.as("T1569.002")
		}
	}
}, "sysinternals")

// discovery are the programs by which somebody learns where he is. net starts
// net1, so that both count as one.
var discovery = map[string]string{
	"whoami.exe": "whoami", "systeminfo.exe": "systeminfo", "ipconfig.exe": "ipconfig", "net.exe": "net", "net1.exe": "net",
	"nltest.exe":   "nltest",
	"tasklist.exe": "tasklist", "netstat.exe": "netstat", "nbtstat.exe": "nbtstat", "arp.exe": "arp", "route.exe": "route",
	"quser.exe": "quser", "query.exe": "quser",
	"dsquery.exe": "dsquery", "nslookup.exe": "nslookup", "ping.exe": "ping", "reg.exe": "reg", "wmic.exe": "wmic",
	"qwinsta.exe": "qwinsta", "hostname.exe": "hostname",
	"klist.exe": "klist", "cmdkey.exe": "cmdkey", "netsh.exe": "netsh", "tracert.exe": "tracert", "sc.exe": "sc",
}

var discoveryBurst = wholeRule(Rule{
	ID: "X-06", Title: "Burst of discovery programs", Level: Medium, Attack: []string{"T1033", "T1082", "T1016", "T1087"},
	Why:    "Four or more programs that query the machine, the network and its accounts ran shortly after one another. Intruders explore a new machine this way.",
	Benign: "Administrators at work; logon scripts; inventory agents.",
	Next:   "Check who was logged on, what happened just before, and the parent process.",
	Needs:  []string{"prefetch", "bam"},
}, func(x *look) {
	near := x.dubiousStarts()
	for _, g := range bursts(x.starts(discovery), 30*time.Minute, 4) {
		level := Medium
		if within(near, g[0].t.Add(-30*time.Minute), g[len(g)-1].t.Add(30*time.Minute)) {
			level = High
		}
		x.burst("discovery", level, g)
	}
})

var rareProgram = programRule(Rule{
	ID: "X-07", Title: "Windows program that users rarely run", Level: Low, Attack: []string{"T1218"},
	Why:    "A built-in Windows tool that users rarely run and intruders often do.",
	Benign: "Administrators; installers; Windows maintenance.",
	Next:   "Review what ran in the minutes around its starts.",
	Needs:  []string{"prefetch", "bam"},
}, func(x *look, p *program) {
	if !x.t.rare[p.stem] || ext(p.base) != ".exe" {
		return
	}
	runs := p.with(func(r *row) bool { return len(r.runs()) > 0 })
	if len(runs) == 0 {
		return
	}
	x.hit(p.subject(x), 0, "%s ran, last at %s", p.base, runs[0].runs()[0].UTC().Format("2006-01-02 15:04:05")).as(rareTechnique[p.stem])
})

// rareTechnique is what each of them is used for.
var rareTechnique = map[string]string{
	"mshta": "T1218.005", "cmstp": "T1218.003", "installutil": "T1218.004", "bitsadmin": "T1197", "certutil": "T1140", "at": "T1053.002",
	"esentutl": "T1003.003", "ntdsutil": "T1003.003", "vssadmin": "T1490", "wbadmin": "T1490", "sdelete": "T1070.004",
	"wevtutil": "T1070.001",
	"regsvcs":  "T1218.009", "regasm": "T1218.009", "mavinject": "T1055.001", "odbcconf": "T1218.008",
}

// loaders run code that stands in other files.
var loaders = map[string]bool{
	"rundll32": true, "regsvr32": true, "svchost": true, "dllhost": true, "powershell": true, "pwsh": true, "wscript": true,
	"cscript": true, "mshta": true,
	"msiexec": true, "msbuild": true, "installutil": true, "regasm": true, "regsvcs": true, "cmstp": true, "odbcconf": true, "cmd": true,
}

var hostLoads = rule(Rule{
	ID: "X-08", Title: "Host program loaded code from an unusual location", Level: High,
	Attack: []string{"T1218.010", "T1218.011", "T1059"},
	Why:    "A Windows program that runs other code loaded a program, library or script from a user-writable location soon after its start.",
	Benign: "Per-user software; scripts kept in Documents; installers.",
	Next:   "Examine the file. The Prefetch hash may prove the command line.",
	Needs:  []string{"prefetch"},
}, func(x *look, f execution.Prefetch) {
	image := strings.ToLower(f.Executable)
	stem := strings.TrimSuffix(image, ".exe")
	if !loaders[stem] || f.Scenario {
		return
	}
	for _, raw := range f.Files {
		low := strings.ToLower(raw)
		e := ext(low[strings.LastIndexByte(low, '\\')+1:])
		if !runnable[e] || e == ".mof" || strings.Contains(low, `\windows\system32\`) && !strings.Contains(low, `\tasks\`) {
			continue
		}
		p := x.probePath(raw)
		if p.place == nil || p.place.level < Medium || p.place.elsewhere() || x.installer(p) || p.base == image ||
			x.t.libraries[strings.TrimSuffix(p.base, ".dll")] && p.place.id == "L3" {
			continue
		}
		level := p.place.level
		if level == Medium && (stem == "wscript" || stem == "cscript" || stem == "mshta" || stem == "regsvr32" || stem == "rundll32") {
			level = High
		}
		says := fmt.Sprintf("%s loaded it, %s", f.Executable, p.place)
		if f.CommandLine != "" && strings.HasPrefix(f.HashStatus, "verified") {
			says += "; its hash proves the command line " + f.CommandLine
		}
		s := subject{kind: kindProgram, key: p.key, show: raw}
		x.hit(s, level, "%s", says).as(loaderTechnique(stem)...)
	}
})

func loaderTechnique(stem string) []string {
	switch stem {
	case "rundll32":
		return []string{"T1218.011"}
	case "regsvr32":
		return []string{"T1218.010"}
	case "powershell", "pwsh":
		return []string{"T1059.001"}
	case "wscript", "cscript":
		return []string{"T1059.005"}
	case "cmd":
		return []string{"T1059.003"}
	case "mshta":
		return []string{"T1218.005"}
	}
	return []string{"T1218"}
}

var runDialog = rule(Rule{
	ID: "X-09", Title: "Command in the Run dialog", Level: High, Attack: []string{"T1204.004", "T1059"},
	Why:    "A command that runs a script, downloads something or connects to another machine was typed or pasted into the Run dialog.",
	Benign: "Help desks and administrators who work with the keyboard.",
	Next:   "Ask the user what they were told to paste and review what ran in the following minutes.",
	Needs:  []string{"runmru"},
}, func(x *look, r activity.RunMRU) {
	if r.Empty || r.Command == "" {
		return
	}
	v := x.t.judge(r.Command, winpath.ParseCommand(r.Command, nil))
	level := v.level
	switch {
	case level >= Critical:
	case v.host && (v.level >= High || len(r.Command) > 200):
		level = High
	case v.level >= High:
	case strings.HasPrefix(r.Command, `\\`) && (strings.Contains(r.Command, "$") || isAddress(r.Command)):
		level, v.words = Medium, append(v.words, "reaches another machine")
	default:
		return
	}
	x.hit(x.setting("Run dialog of "+x.who()+": "+clip(r.Command, 120)), level, "%s", strings.Join(v.words, "; "))
})

// who names the account of the record at hand.
func (x *look) who() string {
	return cmp.Or(x.row.rec.User.Name, x.row.rec.User.SID, x.row.rec.From.Path)
}

// isAddress reports whether a UNC path names its server by an address.
func isAddress(s string) bool {
	host, _, _ := strings.Cut(strings.TrimLeft(s, `\`), `\`)
	return strings.Count(host, ".") == 3 && strings.Trim(host, "0123456789.") == ""
}
