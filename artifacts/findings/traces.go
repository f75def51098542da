package findings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/browser"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/system"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

var openedElsewhere = rule(Rule{
	ID: "S-10", Title: "Program opened from a removable or network volume", Level: Low, Attack: []string{"T1204.002", "T1091"},
	Why:    "A user opened a program that lies on a stick or on another machine, or with a shortcut that was made on another machine.",
	Benign: "Installations from a share; portable programs; a machine that was renamed, or set up from an image.",
	Next:   "Find the device by its serial number, or the other machine by its name; see what ran afterwards.",
	Needs:  []string{"shortcuts", "jumplists"},
}, func(x *look, s activity.Shortcut) {
	if s.Place == "recent" || s.Place == "office recent" || s.Place == "desktop" || s.Place == "loose" {
		x.linkElsewhere(s.LinkFields)
	}
}).also(on(func(x *look, j activity.JumpListItem) { x.linkElsewhere(j.LinkFields) }))

// linkElsewhere judges where the target of a shortcut lies, and where the shortcut
// was made.
func (x *look) linkElsewhere(l activity.LinkFields) {
	if !runnable[ext(strings.ToLower(winpath.Base(l.Target)))] {
		return
	}
	s := subject{kind: kindProgram, key: x.normal(l.Target, x.row.rec.User), show: l.Target}
	switch l.DriveType {
	case "removable", "optical":
		x.hit(s, 0, "a user opened it on a %s volume, %s", l.DriveType, strings.TrimSpace(l.Serial+" "+l.Label)).atMost(Medium)
	case "network":
		x.hit(s, 0, "a user opened it on another machine").as("T1204.002").atMost(Medium)
	case "fixed":
		if m := x.facts.Machine; m != nil && l.LinkMachine != "" && m.NameFrom == "SYSTEM" && !sameHost(l.LinkMachine, m.Name) {
			x.hit(s, Informational, "the shortcut to it was made on %s", l.LinkMachine).as("T1204.002").atMost(Medium)
		}
	}
}

// sameHost compares names of machines, of which a shortcut keeps 15 characters.
func sameHost(a, b string) bool {
	return strings.EqualFold(a[:min(len(a), 15)], b[:min(len(b), 15)])
}

// neverManaged are programs of Windows that do not load .NET by themselves.
var neverManaged = []string{
	"rundll32.exe", "regsvr32.exe", "notepad.exe", "svchost.exe", "werfault.exe", "mshta.exe", "wscript.exe", "cscript.exe", "cmstp.exe",
	"lsass.exe", "winlogon.exe", "spoolsv.exe", "searchprotocolhost.exe", "calc.exe", "write.exe", "cmd.exe", "odbcconf.exe", "dllhost.exe",
}

var managedInside = rule(Rule{
	ID: "S-11", Title: "Program that loaded .NET unexpectedly", Level: Medium, Attack: []string{"T1055", "T1620"},
	Why:    "This program of Windows does not use .NET. When it has a usage log, a library brought .NET in, or code was put into the process.",
	Benign: "Extensions of the shell and of the control panel that are written in .NET; COM servers in dllhost.exe.",
	Next:   "See what else the account started at that time, and look for the assemblies that the log names.",
	Needs:  []string{"clrusage"},
}, func(x *look, c execution.CLRUsage) {
	name := strings.ToLower(c.Name)
	if !slices.Contains(neverManaged, name) {
		return
	}
	level := Medium
	if name == "dllhost.exe" || name == "rundll32.exe" {
		level = Low
	}
	x.hit(x.setting("usage log of "+c.Name), level, "%s loaded %s", c.Name, c.Runtime).atMost(High)
})

var driverByProgram = rule(Rule{
	ID: "S-12", Title: "Device or driver installed by an unusual program", Level: Medium, Attack: []string{"T1543.003", "T1068"},
	Why:    "The program that installed this driver lies where users can write: intruders bring drivers that switch off defences.",
	Benign: "Installers that unpack to a temporary folder and are not known as such.",
	Next:   "Look at the driver's file and its signature.",
	Needs:  []string{"setupapi"},
}, func(x *look, d system.DeviceInstall) {
	if d.Command == "" {
		return
	}
	p := x.probePath(winpath.ParseCommand(d.Command, nil).Program)
	if p.place == nil || p.place.level < Medium || x.installer(p) {
		return
	}
	x.hit(subject{kind: kindProgram, key: p.key, show: d.Command}, 0, "it installed %s (%s), %s", d.Subject, d.Kind, p.place).atMost(High)
})

// carriers are files that bring programs with them.
var carriers = map[string]bool{".zip": true, ".rar": true, ".7z": true, ".iso": true, ".img": true, ".vhd": true, ".vhdx": true,
	".cab": true,
	".one": true, ".lnk": true, ".msix": true, ".appx": true, ".xll": true, ".docm": true, ".xlsm": true}

var oddDownload = rule(Rule{
	ID: "C-21", Title: "Download from an unusual server", Level: Medium, Attack: []string{"T1105", "T1566"},
	Why:    "A browser wrote a program, a script, an archive or a disk image from a server without a name or one on which anybody can put files, or had warned of it.",
	Benign: "Files that colleagues share; appliances in the own network with public addresses; programs that few people have.",
	Next:   "Look at the file and at the page that led to it; see whether it ran (C-01).",
	Needs:  []string{"browserdownloads"},
}, func(x *look, d browser.Download) {
	e := ext(strings.ToLower(winpath.Base(d.Path)))
	if !runnable[e] && !carriers[e] {
		return
	}
	why := suspectHost(d.URL)
	if d.Danger != 0 && d.Danger != 4 { // 4: a file of a kind that is always asked about
		why = strings.TrimPrefix(why+", the browser had warned of it", ", ")
	}
	if why == "" {
		return
	}
	level := Medium
	switch {
	case d.Status != "complete":
		level = Informational
	case why == "a service for sharing files" || why == "an unusual port":
		level = Low
	}
	s := x.setting("download " + d.URL)
	if strings.Contains(d.Path, `\`) {
		s = subject{kind: kindProgram, key: x.normal(d.Path, x.row.rec.User), show: d.Path}
	}
	x.hit(s, level, "%s loaded it from %s: %s", d.Browser, clip(d.URL, 300), why).atMost(High)
})

var oddExtension = rule(Rule{
	ID: "P-21", Title: "Browser extension from outside the store", Level: Medium, Attack: []string{"T1176.001"},
	Why:    "The extension did not pass the checks of a store: somebody loaded it from a folder, or a program put it there. It can read and change pages, and what is typed into them.",
	Benign: "Extensions that developers try; password managers and antivirus programs that install one.",
	Next:   "Read its manifest and its scripts; see when it came and which account has it.",
	Needs:  []string{"browserextensions"},
}, func(x *look, e browser.Extension) {
	level := Low
	switch {
	case e.Store:
		return
	case e.Location == "unpacked" || e.Location == "command line":
		level = Medium
	case e.Location == "registry" || strings.HasPrefix(e.Location, "external preference"):
	default:
		return
	}
	if !e.Enabled {
		level = Informational
	}
	x.hit(x.setting("browser extension "+e.ExtensionID), level, "%s has it from: %s; %s", e.Browser, e.Location,
		strings.TrimSpace(e.Name+" "+e.Path)).atMost(High)
})

var traceMissing = wholeRule(Rule{
	ID: "D-09", Title: "Record of use is missing", Level: Low, Attack: []string{"T1070.003"},
	Why:    "Windows keeps this record by itself, and it is not there although the machine and the account were in use.",
	Benign: "Cleaners; a console that was opened and closed without a command; traces that a policy switched off; a collection that left it out.",
	Next:   "Look for deleted files of that name, and for older copies in shadow copies.",
	Needs:  []string{"userassist", "pshistory", "srumapps"},
}, func(x *look) {
	x.historyMissing()
	x.timelineMissing()
	if m := x.facts.Machine; m != nil && x.facts.Whole && x.facts.Find != nil && buildOf(m.Build) >= 9200 {
		path := winpath.Join(m.SystemRoot, `System32\sru\SRUDB.dat`)
		if there, folder := x.facts.Find(path); !there && folder {
			x.hit(x.setting(path), 0, "the folder of the resource usage monitor is there, and its database is not")
		}
	}
}, "pshistory", "usagetracking")

// timelineMissing looks for accounts whose folder of the Windows timeline has no
// database. Where a policy switched the timeline off, that is why, and the coverage says so.
func (x *look) timelineMissing() {
	m := x.facts.Machine
	if m == nil || buildOf(m.Build) < 17134 || x.facts.Find == nil {
		return
	}
	off := ""
	for _, r := range x.kept["usagetracking"] {
		u := r.rec.Data.(execution.UsageTracking)
		if r.rec.From.State == artifacts.Live && u.Off &&
			(strings.HasPrefix(u.Effect, "the timeline of activities") || u.Name == "PublishUserActivities") {
			off = fmt.Sprintf("%s, %s = %d: %s", u.Effect, u.Name, u.Value, r.rec.From.Path)
		}
	}
	for _, u := range m.Users {
		if u.Profile == "" || !strings.HasPrefix(u.SID, "S-1-5-21-") {
			continue
		}
		path := u.Profile + `\AppData\Local\ConnectedDevicesPlatform\L.` + u.Name + `\ActivitiesCache.db`
		switch there, folder := x.facts.Find(path); {
		case there:
		case off != "" && (folder || x.facts.Whole):
			x.explain("D-09", "the Windows timeline of "+u.Name+" is missing, as is to be expected: "+off)
		case folder:
			x.hit(x.setting("Windows timeline of "+u.Name), Informational, "the folder of the timeline is there, and its database is not")
		}
	}
}

// historyMissing looks for accounts that started PowerShell by hand and have no
// history of its console.
func (x *look) historyMissing() {
	if m := x.facts.Machine; m == nil || buildOf(m.Build) < 10240 || x.facts.Find == nil {
		return
	}
	typed := map[string]bool{}
	for _, r := range x.kept["pshistory"] {
		typed[r.rec.User.Name] = true
	}
	for _, key := range sortedKeys(x.programs) {
		if !strings.HasSuffix(key, `\powershell.exe`) {
			continue
		}
		for _, r := range x.programs[key].rows {
			u, ok := r.rec.Data.(execution.UserAssist)
			who := r.rec.User
			if !ok || u.Runs == 0 || who.Profile == "" || typed[who.Name] {
				continue
			}
			there, folder := x.facts.Find(who.Profile + `\AppData\Roaming\Microsoft\Windows\PowerShell\PSReadLine\ConsoleHost_history.txt`)
			if there || !folder && !x.facts.Whole {
				continue
			}
			typed[who.Name] = true // once for each account
			level := Informational
			if folder {
				level = Low
			}
			at := *x
			at.row = r
			at.hit(at.setting("PowerShell history of "+who.Name), level, "PowerShell was started by hand %s, and there is no history",
				count(int(u.Runs), "time", "times"))
		}
	}
}

// buildOf is the number of a build, 0 for none.
func buildOf(s string) (n int) {
	fmt.Sscan(s, &n)
	return n
}
