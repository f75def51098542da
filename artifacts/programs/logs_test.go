package programs_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

const (
	sysmonLog   = "Microsoft-Windows-Sysmon/Operational"
	defenderLog = "Microsoft-Windows-Windows Defender/Operational"
	taskLog     = "Microsoft-Windows-TaskScheduler/Operational"
	wmiLog      = "Microsoft-Windows-WMI-Activity/Operational"
)

// entry is a record of an event log; fields are "name=value", those without a
// name begin with =.
func entry(channel string, id uint32, minute int, fields ...string) artifacts.Record {
	r := events.Record{ID: id, Channel: channel, Computer: "PC1", Number: uint64(1000 + minute), Time: day.Add(time.Duration(minute) * time.Minute)}
	if channel == "System" {
		r.Provider = "Service Control Manager"
	}
	for _, f := range fields {
		k, v, _ := strings.Cut(f, "=")
		if k == "UserSID" {
			r.UserSID = v
			continue
		}
		r.Data = append(r.Data, events.Field{Name: k, Value: v})
	}
	return rec("eventlogs", events.Event{Record: r})
}

func acts(m *programs.Model, kind string) []*programs.Act {
	return slices.DeleteFunc(slices.Clone(m.Acts), func(a *programs.Act) bool { return a.Kind != kind })
}

func oneAct(t *testing.T, m *programs.Model, kind string) *programs.Act {
	t.Helper()
	list := acts(m, kind)
	if len(list) != 1 {
		t.Fatalf("%d acts of kind %q, want one", len(list), kind)
	}
	return list[0]
}

// TestServiceInstalled: 7045 and 4697 are acts with the program, the account that
// the service runs as, and who did it.
func TestServiceInstalled(t *testing.T) {
	m := build([]artifacts.Record{entry("System", 7045, 0, "ServiceName=agent", `ImagePath="C:\Tools\agent.exe" -k`, "AccountName=LocalSystem", "UserSID=S-1-5-21-1-2-3-1001")})
	a := oneAct(t, m, "service")
	if a.Subject != "agent" || a.Object != `"C:\Tools\agent.exe" -k` || a.Program != `\tools\agent.exe` || a.Text != "LocalSystem" {
		t.Errorf("7045 is %+v", a)
	}
	if a.Actor.SID != "S-1-5-21-1-2-3-1001" || a.Channel != "System" || a.EventID != 7045 || a.Number != 1000 || !a.Time.Equal(day) {
		t.Errorf("7045 is %+v", a)
	}
	only(t, m, `\tools\agent.exe`) // and the program is known
	m = build([]artifacts.Record{entry("Security", 4697, 0, "ServiceName=agent", `ServiceFileName=C:\Tools\agent.exe`, "ServiceAccount=LocalSystem",
		"SubjectUserSid=S-1-5-21-1-2-3-1001", "SubjectUserName=bob", "SubjectDomainName=PC1", "SubjectLogonId=0x5555")})
	a = oneAct(t, m, "service")
	if a.Actor != (programs.Account{SID: "S-1-5-21-1-2-3-1001", Name: `PC1\bob`, LogonID: 0x5555}) || a.Program != `\tools\agent.exe` {
		t.Errorf("4697 is %+v", a)
	}
}

// TestServiceOfAnotherProvider: anybody may write a record with the number 7045;
// only the Service Control Manager's says that a service was installed.
func TestServiceOfAnotherProvider(t *testing.T) {
	r := entry("System", 7045, 0, "ServiceName=agent", `ImagePath=C:\Tools\agent.exe`)
	e := r.Data.(events.Event)
	e.Provider = "Invented"
	r.Data = e
	if m := build([]artifacts.Record{r}); len(acts(m, "service")) != 0 || len(m.Program(`\tools\agent.exe`)) != 0 {
		t.Errorf("a record of another provider makes %+v", m.Acts)
	}
}

// TestAccountsAndGroups: what the Security log says of accounts and groups.
func TestAccountsAndGroups(t *testing.T) {
	who := []string{"SubjectUserSid=S-1-5-21-1-2-3-1001", "SubjectUserName=bob", "SubjectDomainName=PC1", "TargetUserName=eve", "TargetDomainName=PC1", "TargetSid=S-1-5-21-1-2-3-1002"}
	for id, says := range map[uint32]string{4720: "created", 4722: "enabled", 4724: "given a new password", 4725: "disabled", 4726: "deleted", 4738: "changed"} {
		a := oneAct(t, build([]artifacts.Record{entry("Security", id, 0, who...)}), "account")
		if a.Object != says || a.Subject != `PC1\eve` || a.Actor.Name != `PC1\bob` || a.Text != "S-1-5-21-1-2-3-1002" {
			t.Errorf("%d is %+v, want that the account was %s", id, a, says)
		}
	}
	// A group of the machine names its member by the SID alone.
	a := oneAct(t, build([]artifacts.Record{entry("Security", 4732, 0, "MemberName=-", "MemberSid=S-1-5-21-1-2-3-1002", "TargetUserName=Administrators", "TargetDomainName=Builtin", "SubjectUserName=bob")}), "group")
	if a.Subject != "S-1-5-21-1-2-3-1002" || a.Object != `Builtin\Administrators` || a.Actor.Name != "bob" {
		t.Errorf("4732 is %+v", a)
	}
}

// TestLogsCleared: 1102 names the account below UserData, 104 the channel.
func TestLogsCleared(t *testing.T) {
	a := oneAct(t, build([]artifacts.Record{entry("Security", 1102, 0, "UserData/LogFileCleared/SubjectUserName=bob", "UserData/LogFileCleared/SubjectUserSid=S-1-5-21-1-2-3-1001")}), "clear")
	if a.Subject != "Security" || a.Actor.Name != "bob" || a.Actor.SID != "S-1-5-21-1-2-3-1001" {
		t.Errorf("1102 is %+v", a)
	}
	a = oneAct(t, build([]artifacts.Record{entry("System", 104, 0, "UserData/LogFileCleared/Channel=Application", "UserSID=S-1-5-18")}), "clear")
	if a.Subject != "Application" || a.Actor.SID != "S-1-5-18" {
		t.Errorf("104 is %+v", a)
	}
}

// TestTasksAndSubscriptions: 106, 4698 and 5861.
func TestTasksAndSubscriptions(t *testing.T) {
	a := oneAct(t, build([]artifacts.Record{entry(taskLog, 106, 0, `TaskName=\sync`, `UserContext=PC1\bob`)}), "task")
	if a.Subject != `\sync` || a.Actor != (programs.Account{Name: `PC1\bob`}) {
		t.Errorf("106 is %+v", a)
	}
	a = oneAct(t, build([]artifacts.Record{entry("Security", 4698, 0, `TaskName=\sync`, "SubjectUserName=bob", "SubjectLogonId=0x5555")}), "task")
	if a.Actor != (programs.Account{Name: "bob", LogonID: 0x5555}) {
		t.Errorf("4698 is %+v", a)
	}
	a = oneAct(t, build([]artifacts.Record{entry(wmiLog, 5861, 0, "UserData/Operation_ESStoConsumerBinding/ESS=filter", "UserData/Operation_ESStoConsumerBinding/CONSUMER=CommandLineEventConsumer", "UserData/Operation_ESStoConsumerBinding/PossibleCause="+strings.Repeat("x", 3000))}), "wmi")
	if a.Subject != "filter" || a.Object != "CommandLineEventConsumer" || len(a.Text) > 1010 {
		t.Errorf("5861 is %+v", a)
	}
}

// TestWhatSysmonSaysOfAProgram: names, hashes, connections, questions to the name
// server, and which program wrote it.
func TestWhatSysmonSaysOfAProgram(t *testing.T) {
	m := build([]artifacts.Record{
		entry(sysmonLog, 11, -1, `Image=C:\Windows\explorer.exe`, `TargetFilename=C:\Tools\a.exe`, "UtcTime=2026-03-06 17:59:00.000"),
		entry(sysmonLog, 1, 0, `Image=C:\Tools\a.exe`, "UtcTime=2026-03-06 18:00:00.500", "ProcessId=77", `User=PC1\bob`, `ParentImage=C:\Windows\explorer.exe`, "OriginalFileName=psexec.c", "Company=-", "Product=Suite", "Hashes=SHA1=ABC,MD5=DEF,SHA256=0A0B,IMPHASH=99"),
		entry(sysmonLog, 3, 1, `Image=C:\Tools\a.exe`, "DestinationIp=203.0.113.9", "DestinationHostname=-", "DestinationPort=443"),
		entry(sysmonLog, 22, 1, `Image=C:\Tools\a.exe`, "QueryName=heron.example"),
		entry(sysmonLog, 5, 2, `Image=C:\Tools\a.exe`, "ProcessId=77", "UtcTime=2026-03-06 18:01:30.000"),
		entry("Security", 5156, 3, `Application=\device\harddiskvolume3\tools\a.exe`, "Direction=%%14592", "SourceAddress=198.51.100.7", "SourcePort=50000", "DestAddress=10.0.0.5", "DestPort=445"),
	})
	p := only(t, m, `\tools\a.exe`)
	if len(p.Starts) != 1 {
		t.Fatalf("%d starts", len(p.Starts))
	}
	s := p.Starts[0]
	if want := day.Add(500 * time.Millisecond); !s.Time.Equal(want) || s.Parent != `C:\Windows\explorer.exe` || s.Account.Name != `PC1\bob` {
		t.Errorf("the start is %+v", s)
	}
	if want := day.Add(90 * time.Second); !s.End.Equal(want) {
		t.Errorf("it ended %s, want %s", s.End, want)
	}
	if s.Certainty != programs.Recorded {
		t.Errorf("a start that only Sysmon states is %s", s.Certainty)
	}
	for name, want := range map[string]string{"original_name": "psexec.c", "product": "Suite"} {
		if f := p.Facts(name); len(f) != 1 || f[0].Value != want || f[0].Certainty != programs.Recorded || len(f[0].From) != 1 {
			t.Errorf("%s is %+v", name, f)
		}
	}
	if f := p.Facts("company"); len(f) != 0 {
		t.Errorf("a mark for nothing is the company %+v", f)
	}
	if f := p.Files; len(f) != 1 || f[0].SHA1 != "abc" || f[0].MD5 != "def" || f[0].SHA256 != "0a0b" {
		t.Errorf("the files are %+v", p.Files)
	}
	var remotes []string
	for _, x := range p.Traffic {
		remotes = append(remotes, x.Kind+" "+x.Remote)
	}
	slices.Sort(remotes)
	if want := []string{"connection 198.51.100.7:50000", "connection 203.0.113.9:443", "lookup heron.example"}; !slices.Equal(remotes, want) {
		t.Errorf("it reached %q, want %q", remotes, want)
	}
	if a := p.Arrived; len(a) != 1 || a[0].Kind != "written" || a[0].From != `C:\Windows\explorer.exe` || !a[0].Time.Equal(day.Add(-time.Minute)) {
		t.Errorf("it arrived %+v", p.Arrived)
	}
	if first := p.FirstSeen(); !first.Equal(day.Add(-time.Minute)) {
		t.Errorf("it was first seen %s", first)
	}
}

// TestEndOfTheRightProcess: an end belongs to the last start with its process id,
// and never to one that came after it.
func TestEndOfTheRightProcess(t *testing.T) {
	run := func(minute int, pid string) artifacts.Record {
		return entry(sysmonLog, 1, minute, `Image=C:\Tools\a.exe`, "ProcessId="+pid, "UtcTime="+day.Add(time.Duration(minute)*time.Minute).Format("2006-01-02 15:04:05.000"))
	}
	end := func(minute int, pid string) artifacts.Record {
		return entry(sysmonLog, 5, minute, `Image=C:\Tools\a.exe`, "ProcessId="+pid, "UtcTime="+day.Add(time.Duration(minute)*time.Minute).Format("2006-01-02 15:04:05.000"))
	}
	p := only(t, build([]artifacts.Record{run(0, "7"), run(10, "8"), end(5, "7"), run(20, "7"), end(15, "9"), end(12, "8")}), `\tools\a.exe`)
	var got []string
	for _, s := range p.Starts {
		e := "-"
		if !s.End.IsZero() {
			e = s.End.Sub(day).String()
		}
		got = append(got, s.Time.Sub(day).String()+" "+e)
	}
	if want := []string{"0s 5m0s", "10m0s 12m0s", "20m0s -"}; !slices.Equal(got, want) {
		t.Errorf("starts and ends are %q, want %q", got, want)
	}
}

// TestScriptsOfHosts: a script or library in the command line of a host program is
// a program of its own, with the start of the host.
func TestScriptsOfHosts(t *testing.T) {
	run := func(image, command, folder string) artifacts.Record {
		return entry(sysmonLog, 1, 0, "Image="+image, "CommandLine="+command, "CurrentDirectory="+folder, "UtcTime=2026-03-06 18:00:00.000", "ProcessId=7")
	}
	for _, c := range []struct{ name, image, command, folder, want string }{
		{"a script", `C:\Windows\System32\wscript.exe`, `wscript.exe C:\Scripts\a.vbs`, "", `\scripts\a.vbs`},
		{"a script in the folder of the process", `C:\Windows\System32\wscript.exe`, `wscript.exe a.vbs`, `C:\Scripts\`, `\scripts\a.vbs`},
		{"a library", `C:\Windows\System32\rundll32.exe`, `rundll32.exe C:\Scripts\a.dll,Start`, "", `\scripts\a.dll`},
		{"a batch file", `C:\Windows\System32\cmd.exe`, `cmd.exe /c "C:\Scripts\a.bat" x`, "", `\scripts\a.bat`},
	} {
		p := only(t, build([]artifacts.Record{run(c.image, c.command, c.folder)}), c.want)
		if len(p.Starts) != 1 || !p.Starts[0].Time.Equal(day) || p.Starts[0].Parent != c.image || len(p.LoadedBy) != 1 {
			t.Errorf("%s: starts %+v, loaded by %q", c.name, p.Starts, p.LoadedBy)
		}
	}
	for name, r := range map[string]artifacts.Record{
		"a document":              run(`C:\Windows\System32\notepad.exe`, `notepad.exe C:\Scripts\a.vbs`, ""),
		"a folder nobody knows":   run(`C:\Windows\System32\wscript.exe`, `wscript.exe a.vbs`, ""),
		"a pattern":               run(`C:\Windows\System32\cmd.exe`, `cmd.exe /c del C:\Scripts\*.bat`, ""),
		"text that is no program": run(`C:\Windows\System32\cmd.exe`, `cmd.exe /c echo C:\Scripts\a.txt`, ""),
	} {
		if m := build([]artifacts.Record{r}); m.Len() != 1 {
			t.Errorf("%s makes another program: %d", name, m.Len())
		}
	}
}

// TestPowerShellEngine: event 400 gives the command line that other sources of the
// start lack, up to five seconds later.
func TestPowerShellEngine(t *testing.T) {
	engine := entry("Windows PowerShell", 400, 0, "=NewEngineState", "=Available", "=\tHostName=ConsoleHost\n\tHostApplication=powershell -File C:\\Scripts\\a.ps1\n\tEngineVersion=5.1")
	key := `\windows\system32\windowspowershell\v1.0\powershell.exe`
	p := only(t, build([]artifacts.Record{engine}), key)
	if len(p.Starts) != 1 || p.Starts[0].Command != `powershell -File C:\Scripts\a.ps1` {
		t.Errorf("the starts are %+v", p.Starts)
	}
	start := pf(`\VOLUME{1}\WINDOWS\SYSTEM32\WINDOWSPOWERSHELL\V1.0\POWERSHELL.EXE`, 1, day.Add(-4*time.Second))
	p = only(t, build([]artifacts.Record{engine, start}), key)
	if len(p.Starts) != 1 || p.Starts[0].Command != `powershell -File C:\Scripts\a.ps1` || p.Starts[0].Certainty != programs.Proved || !p.Starts[0].Time.Equal(day.Add(-4*time.Second)) {
		t.Errorf("with the Prefetch file of four seconds before: %+v", p.Starts)
	}
	start = pf(`\VOLUME{1}\WINDOWS\SYSTEM32\WINDOWSPOWERSHELL\V1.0\POWERSHELL.EXE`, 1, day.Add(-6*time.Second))
	if p = only(t, build([]artifacts.Record{engine, start}), key); len(p.Starts) != 2 {
		t.Errorf("six seconds are one start: %+v", p.Starts)
	}
	other := entry("Windows PowerShell", 400, 0, "=\tHostName=ServerRemoteHost\n\tHostApplication=C:\\Windows\\system32\\wsmprovhost.exe -Embedding")
	if m := build([]artifacts.Record{other}); m.Len() != 0 {
		t.Errorf("another host makes %d programs", m.Len())
	}
}

// TestDetections: Defender names files, processes and command lines in one field.
func TestDetections(t *testing.T) {
	path := `containerfile:_C:\Users\u\a.zip; file:_C:\Users\u\a.zip->tool.exe; file:_C:\Tools\a.exe; cmdline:_powershell.exe -enc AAAA; process:_pid:2360,ProcessStart:134172936000000000`
	m := build([]artifacts.Record{
		entry(defenderLog, 1116, 0, "Threat Name=HackTool:Win32/Heron", "Path="+path, "Action Name=Quarantine", `Process Name=C:\Tools\b.exe`, `Detection User=PC1\bob`),
		entry(defenderLog, 1117, 1, "Threat Name=HackTool:Win32/Heron", `Path=file:_C:\Tools\a.exe`, "Action Name=Quarantine"),
		entry(defenderLog, 1116, 2, "Threat Name=HackTool:Win32/Heron", `Path=cmdline:_powershell.exe -enc AAAA`),
	})
	p := only(t, m, `\tools\a.exe`)
	var said []string
	for _, v := range p.Verdicts {
		said = append(said, strings.TrimSpace(v.Name+" "+v.Action))
	}
	if want := []string{"HackTool:Win32/Heron", "HackTool:Win32/Heron Quarantine"}; !slices.Equal(said, want) {
		t.Errorf("the verdicts are %q, want %q: the detection itself took no action", said, want)
	}
	zip := only(t, m, `\users\u\a.zip`)
	if len(zip.Verdicts) == 0 {
		t.Error("the archive has no verdict")
	}
	if len(m.Program(`\users\u\a.zip->tool.exe`)) != 0 {
		t.Error("what is inside of an archive is a program of its own")
	}
	b := only(t, m, `\tools\b.exe`)
	if len(b.Starts) != 1 || !b.Starts[0].Time.Equal(time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)) {
		t.Errorf("the start of the process is %+v", b.Starts)
	}
	a := oneAct(t, m, "detected command") // the second record says the same
	if a.Subject != "HackTool:Win32/Heron" || a.Program != "powershell.exe" || a.Actor.Name != `PC1\bob` {
		t.Errorf("the command is %+v", a)
	}
}

// TestForgedRecords: a record that EventCreate could have written is an act; one
// that a process of Windows wrote is not.
func TestForgedRecords(t *testing.T) {
	posed := func(change func(*events.Event)) *programs.Model {
		r := entry("Application", 999, 0, "=nothing to see", "UserSID=S-1-5-21-1-2-3-1001")
		e := r.Data.(events.Event)
		e.Provider = "EventCreate"
		if change != nil {
			change(&e)
		}
		r.Data = e
		return build([]artifacts.Record{r})
	}
	a := oneAct(t, posed(nil), "forged")
	if a.Subject != "EventCreate" || a.Object != "nothing to see" || a.Actor.SID != "S-1-5-21-1-2-3-1001" {
		t.Errorf("the act is %+v", a)
	}
	for name, change := range map[string]func(*events.Event){
		"a number above 1000": func(e *events.Event) { e.ID = 1001 },
		"a process":           func(e *events.Event) { e.ProcessID = 4 },
		"two texts":           func(e *events.Event) { e.Data = append(e.Data, e.Data[0]) },
		"another source":      func(e *events.Event) { e.Provider = "MsiInstaller" },
		"another log":         func(e *events.Event) { e.Channel = "Setup" },
	} {
		if n := len(acts(posed(change), "forged")); n != 0 {
			t.Errorf("%s: %d acts", name, n)
		}
	}
}

// TestMarksForNothing: "-" and the SID of nobody are no values.
func TestMarksForNothing(t *testing.T) {
	m := build([]artifacts.Record{entry("Security", 4688, 0, `NewProcessName=C:\Tools\a.exe`, "NewProcessId=0x4d", "SubjectUserSid=S-1-5-18", "SubjectUserName=PC1$", "TargetUserSid=S-1-0-0", "TargetUserName=-", "SubjectLogonId=0x3e7")})
	s := only(t, m, `\tools\a.exe`).Starts[0]
	if s.Account.SID != "S-1-5-18" || s.Account.Name != "PC1$" {
		t.Errorf("without another account the start is of %+v", s.Account)
	}
	m = build([]artifacts.Record{entry("Security", 4688, 0, `NewProcessName=C:\Tools\a.exe`, "NewProcessId=0x4d", "SubjectUserSid=S-1-5-18", "SubjectUserName=PC1$", "TargetUserSid=S-1-5-21-1-2-3-1001", "TargetUserName=bob", "TargetDomainName=PC1", "TargetLogonId=0x7777")})
	s = only(t, m, `\tools\a.exe`).Starts[0]
	if s.Account.SID != "S-1-5-21-1-2-3-1001" || s.Account.Name != `PC1\bob` {
		t.Errorf("started as somebody else it is of %+v", s.Account)
	}
}

// TestWhatIsNotThere: the coverage names each kind of evidence that gave nothing,
// and a channel counts in any spelling.
func TestWhatIsNotThere(t *testing.T) {
	missing := func(m *programs.Model) []string {
		var out []string
		for _, g := range m.Coverage {
			out = append(out, g.What)
		}
		return out
	}
	if got := missing(build(nil)); !slices.Equal(got, programs.Sources()) {
		t.Errorf("of nothing everything is missing, not only %q", got)
	}
	got := missing(build([]artifacts.Record{entry("SECURITY", 4688, 0, `NewProcessName=C:\a.exe`), pf(`\VOLUME{1}\A.EXE`, 1, day)}))
	for _, there := range []string{"Security log", "Prefetch files"} {
		if slices.Contains(got, there) {
			t.Errorf("%s is missing, although a record is here: %q", there, got)
		}
	}
	if !slices.Contains(got, "Sysmon log") || !slices.Contains(got, "BAM") {
		t.Errorf("Sysmon and BAM are not among what is missing: %q", got)
	}
}
