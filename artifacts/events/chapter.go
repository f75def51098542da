package events

import (
	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
)

// refs are the documents that all artifacts of the chapter rest on.
var refs = []string{
	"https://learn.microsoft.com/windows/security/threat-protection/auditing/security-auditing-overview",
	"https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc",
}

// DataType is the data type of all rows of event logs. It is plaso's, so that rules
// for its rows work on ours.
const DataType = "windows:evtx:record"

// part declares one artifact of the chapter.
func part(name, title, about string, proves artifacts.Proof, attack ...string) *artifacts.Artifact {
	return artifacts.Part[Event](artifacts.Artifact{
		Name: name, Title: title, DataType: DataType, Proves: proves, Attack: attack, Refs: refs,
		About: about + `
The time is that of the machine's clock when the provider made the event. A record does not show that its content is true: the program that wrote it chose it.`,
	})
}

var (
	logonEvents = part("eventlogons", "Log-on events",
		`Log-ons, failed log-ons, log-offs, tickets, validations and sessions: who, from where, of
which type, and why an attempt failed. Each record is one attempt that the machine saw. Not recorded: what was done in the session, and anything that
the audit policy leaves out.`, artifacts.Interacted, "T1078", "T1110")
	accountEvents = part("eventaccounts", "Account and group events",
		`Accounts and groups that were created, changed, renamed, locked or deleted, members
that were added or removed, passwords that were set, rights and trusts. The subject is who did it, the target whom it was done to. Not recorded: the new
password, and changes made while the SAM was offline.`, artifacts.Interacted, "T1136", "T1098", "T1531")
	serviceEvents = part("eventservices", "Service events",
		`Services that were installed, changed, started, stopped or that failed. An installation shows
program and account as they were then. It does not show that the service ran: a state change or a process does.`, artifacts.Configured, "T1543.003", "T1569.002")
	taskEvents = part("eventtasks", "Scheduled task events",
		`Tasks that were registered, changed, started, finished or deleted, with the program that ran.
Security (4698 to 4702) has the whole task as XML, the log of the Task Scheduler has its runs. Not recorded: what the program did.`, artifacts.Executed, "T1053.005")
	processEvents = part("eventprocesses", "Process events",
		`Programs that started and ended, with parent, account and, where the policy asks for it, the
command line. A start proves that the program ran. A missing record does not prove the contrary: the audit of processes is off by default.`,
		artifacts.Executed, "T1059", "T1106")
	powerShellEvents = part("eventpowershell", "PowerShell events",
		`Script blocks, modules, engine starts and remote sessions of PowerShell. A script block is
the text that was compiled, without what it printed; long ones are split into several records with one id. By default only suspicious blocks are recorded.
It does not show that every line of a block ran.`, artifacts.Executed, "T1059.001")
	wmiEvents = part("eventwmi", "WMI events", `Providers that were loaded, operations that failed, and event subscriptions. A permanent subscription (5861) is
recorded with filter and consumer. Successful queries are not recorded.`, artifacts.Configured, "T1047", "T1546.003")
	bitsEvents = part("eventbits", "BITS events",
		`Transfers of the Background Intelligent Transfer Service: address, job, size and the program that asked for it. A
finished transfer shows that the file arrived. Its content is not recorded.`, artifacts.Interacted, "T1197", "T1105")
	defenderEvents = part("eventdefender", "Defender events",
		`Detections of Windows Defender Antivirus, what was done about them, and changes of its
settings. A detection names threat, file and often process and user. What a scan did not find is not recorded.`, artifacts.Present, "T1562.001")
	firewallEvents = part("eventfirewall", "Firewall events",
		`Rules and settings of Windows Defender Firewall that were added, changed or deleted, and
connections and packets that it allowed or blocked. The program that made the change is named. Not recorded: the content of connections.`, artifacts.Configured, "T1562.004")
	remoteDesktopEvents = part("eventrdp", "Remote Desktop events",
		`Remote Desktop in both directions: connections and sessions that this machine received, and
addresses that its users connected to. An incoming connection (131, 1149) does not prove a log-on; the session (21) does.`, artifacts.Interacted, "T1021.001")
	shareEvents = part("eventshares", "Share and SMB events",
		`Shares that were created, changed or accessed, files that were asked for over them, and SMB
connections that failed. An access shows account and address. It does not show which bytes were read.`, artifacts.Interacted, "T1021.002", "T1135")
	auditEvents = part("eventaudit", "Log clearing and audit policy events",
		`Logs that were cleared, an event log service that stopped, lost events, and changes
of the audit policy. A clearing record names the account; it is the first record of the emptied log. It does not show what was in the log.`, artifacts.Interacted, "T1070.001", "T1562.002")
	powerEvents = part("eventpower", "Start and stop events",
		`When the machine started, stopped, slept and woke, who asked for it, and stops without a
shutdown. Together with the span of the logs they show when the machine was on. A missing stop can be a power cut or a cleared log, not a proof of either.`, artifacts.Present, "T1529")
	clockEvents = part("eventclock", "Clock events",
		`Changes of the system time and of the time zone, with old and new time and the program. Small changes by the
time service are normal. All later times of the machine depend on the new clock; those before are not changed.`, artifacts.Present, "T1070.006")
	deviceEvents = part("eventdevices", "Device events",
		`Disks, USB devices and drivers that were seen, configured or removed, volumes and disk images that
were mounted. A record shows the device's identifiers. It does not show which files were copied.`, artifacts.Present, "T1091", "T1200")
	installEvents = part("eventinstalls", "Installation events",
		`Products, packages and updates that were installed or removed. The name is what the installer
claims. Programs that are copied without an installer are not recorded.`, artifacts.Present, "T1072")
	crashEvents = part("eventcrashes", "Crash events",
		`Programs that crashed or hung, with module and exception code. A crash proves that the program ran at that
time. It does not show why it crashed: an exploit and a bug look the same.`, artifacts.Executed, "T1203", "T1499")
	sysmonEvents = part("eventsysmon", "Sysmon events",
		`What Sysmon records: processes with hashes and parents, connections, files, registry values, pipes, WMI and
DNS. Which of them, its configuration decides. An event that is missing was perhaps filtered, and does not prove that nothing happened.`, artifacts.Interacted, "T1059", "T1055")
	directoryEvents = part("eventdirectory", "Directory service events",
		`Objects of Active Directory that were read with control rights, changed, created or
deleted, and replication. Found on domain controllers. Reads that the audit settings of an object leave out are not recorded.`, artifacts.Interacted, "T1003.006", "T1484")
	otherEvents = part("eventlogs", "Other events",
		`All other records of event logs, those that the catalogue of events knows and those that it does not. A
record of an unknown event shows channel, number and its first fields. The meaning of such a record is not given: read the provider's documentation.`, artifacts.Present)
)

var chapter = artifacts.Chapter("Event logs", artifacts.Family([]artifacts.Source{{
	Glob: `%SystemRoot%\System32\winevt\Logs\*.evtx`, Signature: collect.EventLogFile, Access: artifacts.Streamed,
}}, decodeLog,
	logFiles, logonEvents, accountEvents, serviceEvents, taskEvents, processEvents, powerShellEvents, wmiEvents, bitsEvents,
	defenderEvents, firewallEvents,
	remoteDesktopEvents, shareEvents, auditEvents, powerEvents, clockEvents, deviceEvents, installEvents, crashEvents, sysmonEvents,
	directoryEvents, otherEvents,
)...)

// Artifacts returns the artifacts of the chapter in the order of the catalogue. The
// result is shared: do not change it.
func Artifacts() []*artifacts.Artifact { return chapter }
