package artifacts

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// Setting is one switch of Windows that matters to an investigation.
type Setting struct {
	Origin
	Setting string    `json:"setting"`           // the last name of the key, and the value
	Subject string    `json:"subject,omitempty"` // what the key with a free name is about: a log, a file extension
	Value   string    `json:"value"`
	Meaning string    `json:"meaning,omitempty"`
	Weak    bool      `json:"weakens,omitempty"` // this value takes protection or traces away, and is not what Windows comes with
	Policy  bool      `json:"policy,omitempty"`  // set by a policy
	Written time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

// A settingRow is one value of one key that an artifact knows.
type settingRow struct {
	source Source
	value  string // "*" is every value of the key, named by itself
	means  []settingMeaning
}

// A settingMeaning explains one value; "" explains all others.
type settingMeaning struct {
	value, says string
	weak        bool
}

func normal(value, says string) settingMeaning  { return settingMeaning{value, says, false} }
func weakens(value, says string) settingMeaning { return settingMeaning{value, says, true} }

// settingSources are the keys of a table, each once.
func settingSources(rows []settingRow) []Source {
	var out []Source
	for _, r := range rows {
		if !slices.Contains(out, r.source) {
			out = append(out, r.source)
		}
	}
	return out
}

// decodeSettings reports those values of the source's key that the table
// knows. A value that is not there is the default, and no record.
func (in Input) decodeSettings(rows []settingRow, yield func(Setting) bool) error {

	var errs []error
	subject := ""
	if len(in.Match) > 0 {
		subject = in.Match[len(in.Match)-1]
	}
	for _, row := range rows {
		if row.source != in.Source {
			continue
		}
		for v, err := range in.Values() {
			if err != nil {
				errs = append(errs, in.Wrap(in.AtKey(), err))
				continue
			}
			if row.value != "*" && !strings.EqualFold(v.Name(), row.value) {
				continue
			}
			if _, err := v.Bytes(); err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
				continue
			}
			s := Setting{
				Origin: in.At(v), Setting: row.source.Key[strings.LastIndexByte(row.source.Key, '\\')+1:] + `\` + v.Name(),
				Subject: subject, Value: in.Own().AnyOf(v), Policy: strings.HasPrefix(row.source.Key, `Policies\`),
			}
			if subject != "" {
				s.Setting = v.Name()
			}
			if in.only == nil {
				s.Written = in.Written()
			}
			for _, m := range row.means {
				if m.value == "" || strings.EqualFold(m.value, s.Value) {
					s.Meaning, s.Weak = m.says, m.weak
					break
				}
			}
			if !yield(s) {
				return nil
			}
		}
	}
	return errors.Join(errs...)
}

// Tags marks what takes protection away.
func (s Setting) Tags() []string {
	if s.Weak {
		return []string{"weakens"}
	}
	return nil
}

// Summary tells value and meaning.
func (s Setting) Summary() string {
	name := s.Setting
	if s.Subject != "" {
		name = s.Subject + " " + name
	}
	out := fmt.Sprintf("[%s] is %s", name, s.Value)
	if s.Meaning != "" {
		out += ": " + s.Meaning
	}
	return out
}

// remoteAccessRows: who may come in from far.
var remoteAccessRows = []settingRow{
	{Key(evidence.SYSTEM, `{CS}\Control\Terminal Server`), "fDenyTSConnections", []settingMeaning{normal("0", "Remote Desktop is on"), normal("1", "Remote Desktop is off")}},
	{Key(evidence.SYSTEM, `{CS}\Control\Terminal Server`), "fSingleSessionPerUser", []settingMeaning{weakens("0", "one user may have several sessions"), normal("1", "one session for each user")}},
	{Key(evidence.SYSTEM, `{CS}\Control\Terminal Server`), "TSUserEnabled", nil},
	{Key(evidence.SYSTEM, `{CS}\Control\Terminal Server\WinStations\RDP-Tcp`), "PortNumber", []settingMeaning{normal("3389", "the usual port"), weakens("", "not the usual port")}},
	{Key(evidence.SYSTEM, `{CS}\Control\Terminal Server\WinStations\RDP-Tcp`), "UserAuthentication", []settingMeaning{weakens("0", "no authentication before the session"), normal("1", "authentication before the session")}},
	{Key(evidence.SYSTEM, `{CS}\Control\Terminal Server\WinStations\RDP-Tcp`), "SecurityLayer", []settingMeaning{weakens("0", "RDP's own encryption"), normal("1", "negotiated"), normal("2", "TLS")}},
	{Key(evidence.SYSTEM, `{CS}\Control\Terminal Server\WinStations\RDP-Tcp`), "MinEncryptionLevel", nil},
	{Key(evidence.SYSTEM, `{CS}\Control\Terminal Server\WinStations\RDP-Tcp`), "Shadow", []settingMeaning{weakens("2", "full control of sessions without consent"), weakens("4", "view of sessions without consent")}},
	{Key(evidence.SOFTWARE, `Policies\Microsoft\Windows NT\Terminal Services`), "Shadow", []settingMeaning{weakens("2", "full control of sessions without consent"), weakens("4", "view of sessions without consent")}},
	{Key(evidence.SOFTWARE, `Policies\Microsoft\Windows NT\Terminal Services`), "fDenyTSConnections", []settingMeaning{normal("0", "Remote Desktop is on"), normal("1", "Remote Desktop is off")}},
	{Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Policies\System`), "LocalAccountTokenFilterPolicy", []settingMeaning{weakens("1", "local administrators have full rights over the network")}},
	{Key(evidence.SYSTEM, `{CS}\Control\Lsa`), "DisableRestrictedAdmin", []settingMeaning{weakens("0", "Remote Desktop accepts password hashes (restricted admin)"), normal("1", "restricted admin is off")}},
	{Key(evidence.SYSTEM, `{CS}\Control\Remote Assistance`), "fAllowToGetHelp", []settingMeaning{normal("1", "Remote Assistance is on"), normal("0", "Remote Assistance is off")}},
	{Key(evidence.SYSTEM, `{CS}\Services\LanmanServer\Parameters`), "AutoShareWks", []settingMeaning{normal("0", "no administrative shares")}},
	{Key(evidence.SYSTEM, `{CS}\Services\LanmanServer\Parameters`), "AutoShareServer", []settingMeaning{normal("0", "no administrative shares")}},
	{Key(evidence.SYSTEM, `{CS}\Services\LanmanServer\Parameters`), "SMB1", []settingMeaning{weakens("1", "SMB 1 is on"), normal("0", "SMB 1 is off")}},
	{Key(evidence.SYSTEM, `{CS}\Services\LanmanServer\Parameters`), "NullSessionShares", nil},
	{Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\WSMAN\Service`), "allow_remote_requests", []settingMeaning{normal("1", "WinRM answers remote requests")}},
	{Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\WinRM\Service`), "AllowAutoConfig", []settingMeaning{normal("1", "WinRM answers remote requests")}},
}

var remoteAccess = Define(Artifact{
	Name:     "remoteaccess",
	Title:    "Remote access settings",
	DataType: "windows:registry:remote_access",
	About: `Switches that let others in: Remote Desktop with its port and its authentication, shadowing of sessions, remote administration with local
accounts, shares, WinRM. Proves how the machine was set when the hive was written; "weakens" marks values that are less safe than what Windows comes with. It
does not prove that anybody came in, nor who changed the switch: administrators change them too. The key's time dates the last change of
any value in it.`,
	Proves: Configured,
	Attack: []string{"T1021.001", "T1021.002", "T1112"},
	Refs: []string{
		"https://learn.microsoft.com/windows-hardware/customize/desktop/unattend/microsoft-windows-terminalservices-localsessionmanager-fdenytsconnections",
		"https://learn.microsoft.com/troubleshoot/windows-server/windows-security/user-account-control-and-remote-restriction",
	},
	Sources: settingSources(remoteAccessRows),
}, func(in Input, yield func(Setting) bool) error { return in.decodeSettings(remoteAccessRows, yield) })

// eventLoggingRows: what is written down.
var eventLoggingRows = []settingRow{
	{Key(evidence.SYSTEM, `{CS}\Services\EventLog\*`), "MaxSize", nil},
	{Key(evidence.SYSTEM, `{CS}\Services\EventLog\*`), "Retention", nil},
	{Key(evidence.SYSTEM, `{CS}\Services\EventLog\*`), "File", nil},
	{Key(evidence.SYSTEM, `{CS}\Services\EventLog\*`), "AutoBackupLogFiles", nil},
	{Key(evidence.SYSTEM, `{CS}\Services\EventLog`), "Start", []settingMeaning{normal("2", "the event log service starts with Windows"), weakens("", "the event log service does not start with Windows")}},
	{Key(evidence.SYSTEM, `{CS}\Control\WMI\Autologger\EventLog-*`), "Start", []settingMeaning{normal("1", "events are collected"), weakens("0", "events are not collected")}},
	{Key(evidence.SYSTEM, `{CS}\Control\MiniNt`), "*", []settingMeaning{weakens("", "the key alone stops the Security log")}},
	{Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-PowerShell/Operational`), "Enabled", eventChannel},
	{Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-Windows Defender/Operational`), "Enabled", eventChannel},
	{Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-Sysmon/Operational`), "Enabled", eventChannel},
	{Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-TerminalServices-LocalSessionManager/Operational`), "Enabled", eventChannel},
	{Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational`), "Enabled", eventChannel},
	{Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-WMI-Activity/Operational`), "Enabled", eventChannel},
	{Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-Bits-Client/Operational`), "Enabled", eventChannel},
	{Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-TaskScheduler/Operational`), "Enabled", []settingMeaning{normal("0", "the channel is off, as Windows comes"), normal("1", "the channel is on")}},
	{Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\PowerShell\ScriptBlockLogging`), "EnableScriptBlockLogging", []settingMeaning{normal("1", "script blocks are logged"), weakens("0", "script blocks are not logged, not even suspicious ones")}},
	{Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\PowerShell\ModuleLogging`), "EnableModuleLogging", []settingMeaning{normal("1", "modules are logged"), normal("0", "modules are not logged")}},
	{Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\PowerShell\Transcription`), "EnableTranscripting", []settingMeaning{normal("1", "sessions are written down"), normal("0", "sessions are not written down")}},
	{Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\PowerShell\Transcription`), "OutputDirectory", nil},
	{Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Policies\System\Audit`), "ProcessCreationIncludeCmdLine_Enabled", []settingMeaning{normal("1", "command lines are logged"), normal("0", "command lines are not logged")}},
	{Key(evidence.SECURITY, `Policy\PolAdtEv`), "*", []settingMeaning{normal("", "audit policy, as stored")}},
}

var eventChannel = []settingMeaning{weakens("0", "the channel is off"), normal("1", "the channel is on")}

var eventLogging = Define(Artifact{
	Name:     "eventlogging",
	Title:    "Event log settings",
	DataType: "windows:registry:event_logging",
	About: `Which event logs Windows keeps, how large, where, and what is written into them: channels, PowerShell's logging, command lines of
processes, the audit policy. Proves how logging was set when the hive was written; "weakens" marks what is less than Windows comes with. It does not prove that a log
was cleared, nor that one that is on holds anything. Small sizes overwrite soon. The key's time dates the last change of any value
in it; event log keys also change when programs register their sources.`,
	Proves: Configured,
	Attack: []string{"T1562.002", "T1112"},
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/eventlog/eventlog-key",
		"https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_logging_windows",
	},
	Sources: settingSources(eventLoggingRows),
}, decodeEventLogging)

func decodeEventLogging(in Input, yield func(Setting) bool) error {
	n := 0
	err := in.decodeSettings(eventLoggingRows, func(s Setting) bool {
		n++
		return yield(s)
	})
	if strings.HasSuffix(in.Source.Key, `\MiniNt`) && n == 0 && in.only == nil {
		yield(Setting{Origin: in.AtKey(), Setting: "MiniNt", Meaning: "the key alone stops the Security log", Weak: true, Written: in.Written()})
	}
	return err
}

// protectionRows: what keeps programs from doing harm.
var protectionRows = []settingRow{
	{Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Policies\System`), "EnableLUA", []settingMeaning{weakens("0", "User Account Control is off"), normal("1", "User Account Control is on")}},
	{Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Policies\System`), "ConsentPromptBehaviorAdmin", []settingMeaning{weakens("0", "administrators are raised without a question"), normal("", "administrators are asked")}},
	{Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Policies\System`), "PromptOnSecureDesktop", []settingMeaning{weakens("0", "the question is not on the secure desktop"), normal("1", "the question is on the secure desktop")}},
	{Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Policies\System`), "FilterAdministratorToken", []settingMeaning{normal("0", "the built-in administrator is not filtered, as Windows comes"), normal("1", "the built-in administrator is filtered")}},
	{Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Policies\Explorer`), "NoDriveTypeAutoRun", nil},
	{Key(evidence.SYSTEM, `{CS}\Control\FileSystem`), "NtfsDisableLastAccessUpdate", []settingMeaning{normal("0", "last access times are kept"), normal("1", "last access times are not kept"),
		normal("2147483648", "last access times are kept (user's choice)"), normal("2147483649", "last access times are not kept (user's choice)"),
		normal("2147483650", "last access times are kept (Windows' choice)"), normal("2147483651", "last access times are not kept (Windows' choice)")}},
	{Key(evidence.SOFTWARE, `Microsoft\Windows NT\CurrentVersion\SystemRestore`), "DisableSR", []settingMeaning{weakens("1", "System Restore is off"), normal("0", "System Restore is on")}},
	{Key(evidence.SOFTWARE, `Policies\Microsoft\Windows NT\SystemRestore`), "DisableSR", []settingMeaning{weakens("1", "System Restore is off"), normal("0", "System Restore is on")}},
	{Key(evidence.SYSTEM, `{CS}\Control\DeviceGuard`), "EnableVirtualizationBasedSecurity", []settingMeaning{normal("1", "virtualization based security is on"), normal("0", "virtualization based security is off")}},
	{Key(evidence.SYSTEM, `{CS}\Control\DeviceGuard\Scenarios\HypervisorEnforcedCodeIntegrity`), "Enabled", []settingMeaning{normal("1", "memory integrity is on"), normal("0", "memory integrity is off")}},
	{Key(evidence.SYSTEM, `{CS}\Control\CI\Config`), "VulnerableDriverBlocklistEnable", []settingMeaning{weakens("0", "vulnerable drivers are not blocked"), normal("1", "vulnerable drivers are blocked")}},
	{Key(evidence.SOFTWARE, `Microsoft\Windows Script Host\Settings`), "Enabled", []settingMeaning{normal("0", "scripts are off"), normal("1", "scripts are on")}},
	{Key(evidence.NTUSER, `Software\Microsoft\Windows Script Host\Settings`), "Enabled", []settingMeaning{normal("0", "scripts are off"), normal("1", "scripts are on")}},
	{Key(evidence.SOFTWARE, `Microsoft\PowerShell\1\ShellIds\Microsoft.PowerShell`), "ExecutionPolicy", executionPolicy},
	{Key(evidence.NTUSER, `Software\Microsoft\PowerShell\1\ShellIds\Microsoft.PowerShell`), "ExecutionPolicy", executionPolicy},
	{Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\PowerShell`), "ExecutionPolicy", executionPolicy},
	{Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\PowerShell`), "EnableScripts", nil},
	{Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Explorer`), "SmartScreenEnabled", []settingMeaning{weakens("Off", "SmartScreen is off"), normal("", "SmartScreen is on")}},
	{Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\System`), "EnableSmartScreen", []settingMeaning{weakens("0", "SmartScreen is off"), normal("1", "SmartScreen is on")}},
	{Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Policies\System`), "DisableTaskMgr", []settingMeaning{weakens("1", "the task manager is locked")}},
	{Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Policies\System`), "DisableRegistryTools", []settingMeaning{weakens("1", "the registry editor is locked"), weakens("2", "the registry editor is locked")}},
	{Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\Advanced`), "Hidden", []settingMeaning{normal("1", "hidden files are shown"), normal("2", "hidden files are not shown")}},
	{Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\Advanced`), "ShowSuperHidden", []settingMeaning{normal("1", "system files are shown"), normal("0", "system files are not shown")}},
	{Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\Advanced`), "HideFileExt", []settingMeaning{normal("1", "extensions are hidden, as Windows comes"), normal("0", "extensions are shown")}},
}

var executionPolicy = []settingMeaning{weakens("Bypass", "every script runs, without a question"), weakens("Unrestricted", "every script runs"), normal("", "scripts are restricted")}

var protection = Define(Artifact{
	Name:     "protection",
	Title:    "Protection settings",
	DataType: "windows:registry:protection",
	About: `Switches that guard the machine or keep traces: User Account Control, System Restore, SmartScreen, script policies, code integrity, last access times. Proves
how they were set when the hive was written; "weakens" marks values that take protection away. It does not prove who set them or why: administrators and
installers do it too. Execution policies are a guard against mistakes, not against an intruder. The key's time dates the last change of any value in it.`,
	Proves: Configured,
	Attack: []string{"T1548.002", "T1112", "T1562.001", "T1490"},
	Refs: []string{
		"https://learn.microsoft.com/windows/security/application-security/application-control/user-account-control/settings-and-configuration",
		"https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_execution_policies",
		"https://learn.microsoft.com/windows-server/administration/windows-commands/fsutil-behavior",
	},
	Sources: settingSources(protectionRows),
}, func(in Input, yield func(Setting) bool) error { return in.decodeSettings(protectionRows, yield) })
