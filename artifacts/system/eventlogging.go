package system

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// eventLoggingRows: what is written down.
var eventLoggingRows = []settingRow{
	{artifacts.Key(evidence.SYSTEM, `{CS}\Services\EventLog\*`), "MaxSize", nil},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Services\EventLog\*`), "Retention", nil},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Services\EventLog\*`), "File", nil},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Services\EventLog\*`), "AutoBackupLogFiles", nil},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Services\EventLog`), "Start",
		[]settingMeaning{normal("2", "the event log service starts with Windows"),
			weakens("", "the event log service does not start with Windows")}},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Control\WMI\Autologger\EventLog-*`), "Start",
		[]settingMeaning{normal("1", "events are collected"), weakens("0", "events are not collected")}},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Control\WMI\Autologger\SUM`), "Start",
		[]settingMeaning{normal("1", "user access logging collects"), weakens("0", "user access logging does not collect")}},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Control\MiniNt`), "*", []settingMeaning{weakens("", "the key alone stops the Security log")}},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-PowerShell/Operational`),
		"Enabled", eventChannel},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-Windows Defender/Operational`),
		"Enabled", eventChannel},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-Sysmon/Operational`),
		"Enabled", eventChannel},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-TerminalServices-LocalSessionManager/Operational`), "Enabled", eventChannel},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational`), "Enabled", eventChannel},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-WMI-Activity/Operational`),
		"Enabled", eventChannel},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-Bits-Client/Operational`),
		"Enabled", eventChannel},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-TaskScheduler/Operational`),
		"Enabled", []settingMeaning{normal("0", "the channel is off, as Windows comes"), normal("1", "the channel is on")}},
	{artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\PowerShell\ScriptBlockLogging`), "EnableScriptBlockLogging",
		[]settingMeaning{normal("1", "script blocks are logged"), weakens("0", "script blocks are not logged, not even suspicious ones")}},
	{artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\PowerShell\ModuleLogging`), "EnableModuleLogging",
		[]settingMeaning{normal("1", "modules are logged"), normal("0", "modules are not logged")}},
	{artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\PowerShell\Transcription`), "EnableTranscripting",
		[]settingMeaning{normal("1", "sessions are written down"), normal("0", "sessions are not written down")}},
	{artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\PowerShell\Transcription`), "OutputDirectory", nil},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Policies\System\Audit`), "ProcessCreationIncludeCmdLine_Enabled",
		[]settingMeaning{normal("1", "command lines are logged"), normal("0", "command lines are not logged")}},
	{artifacts.Key(evidence.SECURITY, `Policy\PolAdtEv`), "*", []settingMeaning{normal("", "audit policy, as stored")}},
}

var eventChannel = []settingMeaning{weakens("0", "the channel is off"), normal("1", "the channel is on")}

var eventLogging = artifacts.Define(artifacts.Artifact{
	Name:     "eventlogging",
	Title:    "Event log settings",
	DataType: "windows:registry:event_logging",
	About: `The event logs of Windows, their size, location and content: channels, PowerShell's logging, command
lines of processes, the audit policy. Proves the logging settings when the hive was written;
"weakens" marks values below the default. It does not prove that a log was cleared, nor that an
enabled log has events. Small logs are overwritten soon. The key's time dates the last change of any
value in it; event log keys also change when programs register their sources.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1562.002", "T1112"},
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/eventlog/eventlog-key",
		"https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_logging_windows",
	},
	Sources: settingSources(eventLoggingRows),
}, decodeEventLogging)

func decodeEventLogging(in artifacts.Input, yield func(Setting) bool) error {
	n := 0
	err := decodeSettings(in, eventLoggingRows, func(s Setting) bool {
		n++
		return yield(s)
	})
	if strings.HasSuffix(in.Source.Key, `\MiniNt`) && n == 0 && !in.Partial() {
		yield(Setting{Origin: in.AtKey(), Setting: "MiniNt", Meaning: "the key alone stops the Security log", Weak: true,
			Written: in.Written()})
	}
	return err
}
