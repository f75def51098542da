package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

var autorunPlace = rule(Rule{
	ID: "P-01", Title: "Autostart from an unusual location", Level: High, Attack: []string{"T1547.001"},
	Why:    "A program that starts automatically is in a user-writable location or one where Windows keeps no programs.",
	Benign: "Per-user installations of chat and cloud programs. Their usual folders are excluded.",
	Next:   "Check the file, its creation time and the other files of its folder.",
}, func(x *look, s persistence.Autostarter) {
	switch s.(type) {
	case persistence.Service, persistence.Task, persistence.TaskCache,
		persistence.FileAssociation, persistence.COMHijack, persistence.Environment:
		return // they have rules of their own
	}
	a := s.Autostart()
	if unset(x.row.rec.Data, a) {
		return
	}
	pl, why := x.autoPlace(a)
	if pl == nil || pl.id == "L6" || pl.level < Low || pl.elsewhere() {
		return
	}
	level := max(High, min(pl.level, High))
	if x.row.rec.From.State == artifacts.Deleted && pl.level < High {
		level = Medium
	}
	h := x.hit(x.autoSubject("", x.named(a), a), x.weaker(level, a), "%s %s", x.named(a), why).as(techniqueOf(x.row.rec.Artifact)...)
	if pl.level < High {
		h.atMost(High)
	}
}).without("services", "tasks", "taskcache", "fileassociations", "comhijack", "environment")

// techniqueOf is the first technique of an artifact's own declaration that
// the table knows.
func techniqueOf(a *artifacts.Artifact) []string {
	for _, id := range a.Attack {
		if _, ok := Technique(id); ok {
			return []string{id}
		}
	}
	return nil
}

var autorunCommand = rule(Rule{
	ID: "P-02", Title: "Autostart with a suspicious command", Level: High, Attack: []string{"T1059", "T1218"},
	Why:    "A script host or loader of Windows starts automatically with a command line of a kind that intruders use.",
	Benign: "Administrators' logon scripts; drivers that start a function of their library.",
	Next:   "Read the whole command, decode encoded parts and obtain the script.",
}, func(x *look, s persistence.Autostarter) {
	switch s.(type) {
	case persistence.Service, persistence.Task, persistence.TaskCache:
		return
	}
	a := s.Autostart()
	if !x.t.runsOthers(a.Image) || unset(x.row.rec.Data, a) {
		return
	}
	v := x.t.judge(commandLine(a), command(a))
	if v.level < High {
		return
	}
	h := x.hit(x.autoSubject("", x.named(a), a), x.weaker(v.level, a), "%s: %s: %s", x.named(a), strings.Join(v.words, ", "),
		clip(commandLine(a), 300))
	h.as(append(techniqueOf(x.row.rec.Artifact), v.attack...)...)
}).without("services", "tasks", "taskcache")

// command puts an autostart's parts back into the shape that judge wants.
func command(a persistence.Entry) winpath.Command {
	return winpath.Command{Program: a.Image, Arguments: a.Arguments, Payload: a.Payload, Decoded: a.Decoded}
}

func commandLine(a persistence.Entry) string {
	return cmp.Or(a.Command, strings.TrimSpace(a.Image+" "+a.Arguments))
}

var winlogonDeviation = rule(Rule{
	ID: "P-03", Title: "Logon or boot sequence changed", Level: Critical, Attack: []string{"T1547.004"},
	Why:    "Windows has one documented value here. Anything else runs at every boot or logon with high rights.",
	Benign: "Kiosk and VDI shells; password filters; VPN and antivirus software.",
	Next:   "Identify the product that the program or library belongs to.",
	Needs:  []string{"winlogon", "windowsload", "appcertdlls", "sessionmanager", "lsa", "netsh", "print"},
}, func(x *look, w persistence.Winlogon) {
	a := w.Autostart()
	base := strings.ToLower(winpath.Base(a.Image))
	ok := false
	switch strings.ToLower(a.Mechanism) {
	case "winlogon userinit":
		ok = w.Item <= 1 && base == "userinit.exe" && (x.home(a.Image) || !strings.Contains(a.Image, `\`))
	case "winlogon shell", "policy shell":
		ok = a.Scope == "machine" && base == "explorer.exe" && w.Item <= 1 && (x.home(a.Image) || !strings.Contains(a.Image, `\`))
	case "winlogon uihost":
		ok = base == "logonui.exe"
	case "winlogon vmapplet":
		ok = base == "systempropertiesperformance.exe" || base == "rundll32.exe"
	case "winlogon taskman", "winlogon system", "winlogon ginadll", "winlogon mpnotify", "winlogon appsetup", "policy userinit":
	default:
		return
	}
	if ok || a.Image == "" {
		return
	}
	item := ""
	if w.Item > 1 {
		item = fmt.Sprintf(": item %d is %s", w.Item, clip(a.Command, 300))
	}
	x.hit(x.autoSubject("", x.named(a), a), x.weaker(Critical, a), "%s is %q%s", a.Mechanism, clip(w.Value, 200), item)
}).also(
	on(func(x *look, w persistence.WindowsLoad) {
		a := w.Autostart()
		if n := strings.ToLower(w.Name); a.Image == "" || n == "load" || n == "run" || n == "iconservicelib" &&
			strings.EqualFold(winpath.Base(a.Image), "iconcodecservice.dll") {
			return
		}
		x.hit(x.autoSubject("", x.named(a), a), x.weaker(Critical, a), "%s holds %s", w.Name, a.Image).as("T1546.010")
	}),
	on(func(x *look, d persistence.AppCertDLL) { x.altered(d.Hook, Critical, "T1546.009") }),
	on(func(x *look, d persistence.SessionManager) {
		if d.Image != "" || d.Value != "" {
			x.altered(d.Hook, High, "T1547")
		}
	}),
	on(func(x *look, d persistence.LSA) {
		// SshdPinAuthLsa came with OpenSSH of Windows 10 1809: seen on clean machines.
		if d.Image != "" && d.Mechanism != "Network provider" &&
			!strings.EqualFold(nameStem(strings.ToLower(winpath.Base(d.Image))), "sshdpinauthlsa") {
			x.altered(d.Hook, High, "T1547.005")
		}
	}),
	on(func(x *look, d persistence.Netsh) {
		if d.Image != "" && !x.inSystem(d.Image) {
			x.altered(d.Hook, High, "T1546.007")
		}
	}),
	on(func(x *look, d persistence.Print) {
		if d.Kind != "driver" && d.Image != "" && !x.inSystem(d.Image) {
			x.altered(d.Hook, High, "T1547.010")
		}
	}),
)

// altered reports a setting that is not what Windows writes.
func (x *look) altered(h persistence.Hook, level Level, technique string) {
	if h.Default {
		return
	}
	a := h.Autostart()
	x.hit(x.autoSubject("", x.named(a), a), x.weaker(level, a), "%s: %s", a.Mechanism,
		clip(cmp.Or(h.Value, commandLine(a)), 300)).as(technique)
}

// inSystem reports whether a path lies in Windows' own system folders, or is
// a bare name that is searched there first.
func (x *look) inSystem(path string) bool {
	key := x.normal(path, x.row.rec.User)
	return !strings.Contains(key, `\`) || strings.HasPrefix(key, `\windows\system32\`) || strings.HasPrefix(key, `\windows\syswow64\`)
}

var imageHijack = rule(Rule{
	ID: "P-04", Title: "Debugger set for a program", Level: High, Attack: []string{"T1546.012"},
	Why:    "Another program starts in place of this one or when it ends. For programs of the logon screen this opens the machine without a password.",
	Benign: "Process Explorer in place of Task Manager; developers.",
	Next:   "Check what would start and whether it did.",
	Needs:  []string{"ifeo"},
}, func(x *look, d persistence.IFEO) {
	a := d.Autostart()
	low := strings.ToLower(commandLine(a))
	if d.Default || d.Mechanism == "IFEO GlobalFlag" || low == "" || strings.Contains(low, "vsjitdebugger") ||
		strings.EqualFold(d.Target, "taskmgr.exe") && strings.Contains(low, "procexp") {
		return
	}
	level, id := High, "T1546.012"
	if d.Accessibility {
		level, id = Critical, "T1546.008"
	}
	x.hit(x.setting("IFEO "+d.Target), x.weaker(level, a), "%s of %s: %s", d.Mechanism, d.Target, clip(commandLine(a), 300)).as(id)
})

var startupMoved = rule(Rule{
	ID: "P-05", Title: "Startup folder redirected", Level: High, Attack: []string{"T1547.001"},
	Why:    "Windows reads the startup programs from a folder other than the usual one.",
	Benign: "Folder redirection to a share by policy.",
	Next:   "List the folder that the setting names.",
	Needs:  []string{"shellfolders"},
}, func(x *look, f persistence.ShellFolder) {
	if !f.Redirected || f.Foreign {
		return
	}
	level := High
	if strings.HasPrefix(f.Resolved, `\\`) {
		level = Low
	}
	x.hit(x.setting(fmt.Sprintf("%s of %s", f.Name, x.who())), level, "%s points to %s", f.Name, f.Resolved)
})

var startupContent = rule(Rule{
	ID: "P-06", Title: "File in a startup folder", Level: Medium, Attack: []string{"T1547.001"},
	Why:    "Everything in this folder starts at logon.",
	Benign: "Shortcuts of installed software.",
	Next:   "Check the file or the target of the shortcut.",
	Needs:  []string{"startupfolder"},
}, func(x *look, f persistence.StartupFile) {
	if f.PlaceUnknown {
		return // a loose shortcut: nothing says that it starts
	}
	a := f.Autostart()
	pl, why := x.autoPlace(a)
	v := x.t.judge(commandLine(a), command(a))
	key := x.normal(f.Path, x.row.rec.User)
	s := subject{kind: kindProgram, key: key, show: f.Path}
	stem := strings.TrimSuffix(strings.ToLower(winpath.Base(a.Image)), ".exe")
	switch {
	case f.Kind == "file" && runnable[ext(strings.ToLower(winpath.Base(f.Path)))]:
		x.hit(s, High, "the file itself is in the startup folder").atMost(High)
	case f.Kind != "file" && pl != nil && pl.level >= Medium:
		x.hit(s, High, "the shortcut %s", why)
	case v.host && v.level >= Medium, x.t.hosts[stem]:
		x.hit(s, High, "the shortcut runs %s", clip(commandLine(a), 300)).as("T1547.009")
	case f.Kind != "file" && !x.ordinary(a.Image):
		x.hit(s, Low, "the shortcut starts %s", a.Image)
	default:
		x.hit(s, Informational, "starts %s", cmp.Or(a.Image, f.Path))
	}
})

// ordinary reports whether a path lies where set-ups put programs.
func (x *look) ordinary(path string) bool {
	key := x.normal(path, x.row.rec.User)
	return strings.HasPrefix(key, `\program files`) || strings.HasPrefix(key, `\windows\`)
}

var legacyAutorun = rule(Rule{
	ID: "P-07", Title: "Legacy autostart", Level: Low, Attack: []string{"T1547.001"},
	Why:    "A legacy autostart location: current software does not use it, and reviews often miss it.",
	Benign: "Old installers.",
	Next:   "Identify the program.",
	Needs:  []string{"runkeys", "windowsload", "winlogon"},
}, func(x *look, r persistence.RunKey) {
	a := r.Autostart()
	list := strings.ToLower(r.List + " " + x.row.rec.From.Key)
	switch {
	case a.Command == "":
	case strings.Contains(list, `policies\explorer\run`):
		x.hit(x.autoSubject("", x.named(a), a), x.weaker(High, a), "%s in Policies\\Explorer\\Run: %s", r.Name,
			clip(a.Command, 300)).atMost(High)
	case strings.Contains(list, "runservices"), strings.Contains(list, "runonceex"):
		x.hit(x.autoSubject("", x.named(a), a), x.weaker(Low, a), "%s in %s: %s", r.Name, r.List, clip(a.Command, 300))
	}
}).also(
	on(func(x *look, w persistence.WindowsLoad) {
		if n := strings.ToLower(w.Name); (n == "load" || n == "run") && w.Image != "" {
			a := w.Autostart()
			x.hit(x.autoSubject("", x.named(a), a), x.weaker(High, a), "the value %s, as win.ini had it, starts %s", w.Name,
				clip(a.Command, 300)).atMost(High)
		}
	}),
	on(func(x *look, w persistence.Winlogon) {
		if a := w.Autostart(); a.Mechanism == "Winlogon Notify" && a.Image != "" && a.Inactive != "" {
			x.hit(x.autoSubject("", x.named(a), a), Informational, "a notification package, %s: %s", a.Inactive, a.Image)
		}
	}),
)

var autorunMissing = rule(Rule{
	ID: "P-08", Title: "Autostart of a missing file", Level: Medium, Attack: []string{"T1070.004"},
	Why:    "An autostart entry names a file that is gone.",
	Benign: "Incompletely removed software; files on another volume.",
	Next:   "Look for artifacts of the file: Amcache, ShimCache, Prefetch, Recycle Bin.",
}, func(x *look, s persistence.Autostarter) {
	a := s.Autostart()
	if !x.facts.Whole || a.FilePresent != "no" || a.Guessed || unset(x.row.rec.Data, a) || x.row.rec.From.State != artifacts.Live {
		return
	}
	level := Medium
	switch s.(type) {
	case persistence.Service, persistence.Task, persistence.TaskCache:
		level = Informational // Windows itself leaves such behind
	case persistence.RunKey, persistence.StartupFile, persistence.Winlogon:
	default:
		level = Low
	}
	x.hit(x.autoSubject("", x.named(a), a), level, "%s names %s, which does not exist", x.named(a), a.Image).atMost(Medium)
})

var autorunRan = programRule(Rule{
	ID: "P-09", Title: "Autostart created at the first run", Level: Informational, Attack: []string{"T1547"},
	Why:    "The program first ran within ten minutes of the change that makes it start automatically.",
	Benign: "Installers, which all do this.",
	Next:   "Read the timeline around that time.",
	Needs:  append([]string{"prefetch", "bam", "userassist"}, autostarts()...),
}, func(x *look, p *program) {
	if strings.HasPrefix(p.key, `\windows\`) && p.place == nil {
		return
	}
	var runs []time.Time
	for _, r := range p.rows {
		runs = append(runs, r.runs()...)
	}
	slices.SortFunc(runs, time.Time.Compare)
	for _, a := range p.autostarts() {
		w := a.auto().Written
		if w.IsZero() {
			continue
		}
		i, _ := slices.BinarySearchFunc(runs, w.Add(-10*time.Minute), time.Time.Compare)
		if i < len(runs) && runs[i].Sub(w) <= 10*time.Minute {
			x.hit(p.subject(x), 0, "it ran at %s, the key of its autostart was written at %s",
				runs[i].UTC().Format("2006-01-02 15:04:05"), w.UTC().Format("2006-01-02 15:04:05"))
			return
		}
	}
})

var autorunNeverRan = programRule(Rule{
	ID: "P-10", Title: "Autostart without a recorded start", Level: Informational,
	Why:    "The program starts automatically for all users and Prefetch is enabled, but no start is recorded.",
	Benign: "The limited number of Prefetch files; drivers and libraries, which have none.",
	Next:   "No action on its own.",
	Needs:  []string{"runkeys", "prefetch"},
}, func(x *look, p *program) {
	if x.facts.Prefetcher == 0 || x.facts.Prefetcher == 2 || ext(p.base) != ".exe" || len(p.executed()) > 0 {
		return
	}
	for _, r := range p.autostarts() {
		if d, ok := r.rec.Data.(persistence.RunKey); ok && d.Scope == "machine" && !d.Disabled && r.rec.From.State == artifacts.Live &&
			x.hasPrefetch() {
			x.hit(p.subject(x), 0, "%s starts it for all users, but no start is recorded", d.Name)
			return
		}
	}
})

// hasPrefetch reports whether any Prefetch file was read.
func (s *scene) hasPrefetch() bool { return s.prefetchFiles > 0 }

var comHijacked = rule(Rule{
	ID: "P-13", Title: "User class or file type overrides the machine's", Level: High, Attack: []string{"T1546.015"},
	Why:    "When a program requests this class or opens this file type, the user's own entry starts instead of the Windows one.",
	Benign: "Office, Teams and OneDrive, which register per-user classes.",
	Next:   "Identify the library or script.",
	Needs:  []string{"comhijack", "fileassociations", "typelibs"},
}, func(x *look, d persistence.COMHijack) {
	a := d.Autostart()
	if d.Default || a.Image == "" && d.Value == "" {
		return
	}
	pl, why := x.autoPlace(a)
	v := x.t.judge(commandLine(a), command(a))
	switch {
	case strings.EqualFold(d.Kind, "ScriptletURL"), v.level >= High:
		x.hit(x.autoSubject("class", d.CLSID, a), x.weaker(High, a), "class %s of %s: %s", d.CLSID, x.who(),
			clip(cmp.Or(d.Value, commandLine(a)), 300))
	case d.Shadows && pl != nil && pl.level >= Low && !pl.elsewhere():
		x.hit(x.autoSubject("class", d.CLSID, a), x.weaker(High, a), "class %s, which the machine has too, %s", d.CLSID, why)
	case d.Shadows && !x.ordinary(a.Image) && !strings.Contains(x.normal(a.Image, x.row.rec.User), `\appdata\local\microsoft\`):
		x.hit(x.autoSubject("class", d.CLSID, a), x.weaker(Low, a), "class %s, which the machine has too, is served by %s", d.CLSID,
			a.Image)
	}
}).also(on(func(x *look, t persistence.TypeLib) {
	if t.Moniker && x.current() {
		x.hit(x.setting("type library "+t.GUID+" of "+x.who()), High, "it is loaded from %s, which runs as a script", clip(t.Path, 300))
	}
})).also(on(func(x *look, d persistence.FileAssociation) {
	a := d.Autostart()
	if d.Default || commandLine(a) == "" && d.Value == "" {
		return
	}
	pl, why := x.autoPlace(a)
	v := x.t.judge(commandLine(a), command(a))
	user := a.Scope == "user"
	class := strings.ToLower(d.Class)
	bypass := class == "ms-settings" || class == "mscfile" || class == "folder" || strings.HasPrefix(class, "appx")
	program := class == "exefile" || class == "comfile" || class == "batfile" || class == "cmdfile" || class == ".exe" || class == "lnkfile"
	s := x.setting(fmt.Sprintf("file type %s of %s", d.Class, x.who()))
	switch {
	case user && bypass && d.Verb != "" && (!x.ordinary(a.Image) ||
		x.t.hosts[strings.TrimSuffix(strings.ToLower(winpath.Base(a.Image)), ".exe")]):
		x.hit(s, x.weaker(High, a), "opens %s", clip(cmp.Or(d.Value, commandLine(a)), 300)).as("T1548.002")
	case program:
		x.hit(s, x.weaker(High, a), "%s %s starts %s", d.Class, d.Verb, clip(cmp.Or(d.Value, commandLine(a)), 300)).as("T1546.001")
	case pl != nil && pl.level >= High:
		x.hit(s, x.weaker(Medium, a), "%s", why).as("T1546.001")
	case v.host && v.level >= High:
		x.hit(s, x.weaker(High, a), "%s: %s", strings.Join(v.words, ", "), clip(commandLine(a), 300)).as("T1546.001")
	}
}))

var logonScript = rule(Rule{
	ID: "P-14", Title: "Script or program at logon, at the console or as screen saver", Level: High, Attack: []string{"T1037"},
	Why:    "Few machines start programs this way, and the usual autostart lists do not show it.",
	Benign: "Domain scripts; conda and clink, which hook the command prompt.",
	Next:   "Read the script.",
	Needs:  []string{"logonscripts", "screensaver", "commandprocessor", "autostartfiles"},
}, func(x *look, l persistence.LogonScript) {
	a := l.Autostart()
	level, id := High, "T1037"
	if l.Policy != "" || strings.HasPrefix(l.Script, `\\`) || l.Folder != "" ||
		strings.HasPrefix(x.normal(a.Image, x.row.rec.User), `\windows\system32\grouppolicy\`) {
		level = Medium
	}
	if a.Mechanism == "UserInitMprLogonScript" {
		id = "T1037.001"
	}
	x.hit(x.autoSubject("", x.named(a), a), x.weaker(level, a), "%s: %s", a.Mechanism, clip(commandLine(a), 300)).as(id).atMost(High)
}).also(
	on(func(x *look, s persistence.Screensaver) {
		if a := s.Autostart(); a.Image != "" && !x.inSystem(a.Image) {
			x.hit(x.autoSubject("", x.named(a), a), x.weaker(High, a), "the screen saver is %s", a.Image).as("T1546.002")
		}
	}),
	on(func(x *look, c persistence.CommandProcessor) {
		a := c.Autostart()
		if low := strings.ToLower(a.Command); low == "" || strings.Contains(low, "conda_hook") || strings.Contains(low, "clink") {
			return
		}
		level := High
		if v := x.t.judge(a.Command, command(a)); v.level < Medium && !strings.ContainsAny(a.Command, `\/`) {
			level = Low // a command of the prompt itself
		}
		x.hit(x.autoSubject("", x.named(a), a), x.weaker(level, a), "every command prompt runs %s",
			clip(a.Command, 300)).as("T1059.003").atMost(High)
	}),
	on(func(x *look, f persistence.AutostartFile) {
		a := f.Autostart()
		switch {
		case f.Default:
		case f.Kind == "PowerShell profile" && f.Size > 0:
			v := x.t.judge("powershell "+f.Excerpt, winpath.Command{Program: "powershell"})
			level := Low
			if v.level >= High {
				level = High
			}
			x.hit(x.setting("PowerShell profile "+x.row.rec.From.Path), level, "every PowerShell runs this profile (%d bytes)%s", f.Size,
				suffix(v.words)).as("T1546.013")
		case a.Image != "" && f.Kind != "PowerShell profile":
			x.hit(x.autoSubject("", x.named(a), a), x.weaker(Medium, a), "%s: %s", f.Kind, clip(commandLine(a), 300)).atMost(High)
		}
	}),
)
