package system

import (
	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// protectionRows: what keeps programs from doing harm.
var protectionRows = []settingRow{
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Policies\System`), "EnableLUA",
		[]settingMeaning{weakens("0", "User Account Control is off"), normal("1", "User Account Control is on")}},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Policies\System`), "ConsentPromptBehaviorAdmin",
		[]settingMeaning{weakens("0", "administrators are raised without a question"), normal("", "administrators are asked")}},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Policies\System`), "PromptOnSecureDesktop",
		[]settingMeaning{weakens("0", "the question is not on the secure desktop"), normal("1", "the question is on the secure desktop")}},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Policies\System`), "FilterAdministratorToken",
		[]settingMeaning{normal("0", "the built-in administrator is not filtered, as Windows comes"),
			normal("1", "the built-in administrator is filtered")}},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Policies\Explorer`), "NoDriveTypeAutoRun", nil},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Control\FileSystem`), "NtfsDisableLastAccessUpdate",
		[]settingMeaning{normal("0", "last access times are kept"), normal("1", "last access times are not kept"),
			normal("2147483648", "last access times are kept (user's choice)"),
			normal("2147483649", "last access times are not kept (user's choice)"),
			normal("2147483650", "last access times are kept (Windows' choice)"),
			normal("2147483651", "last access times are not kept (Windows' choice)")}},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows NT\CurrentVersion\SystemRestore`), "DisableSR",
		[]settingMeaning{weakens("1", "System Restore is off"), normal("0", "System Restore is on")}},
	{artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows NT\SystemRestore`), "DisableSR",
		[]settingMeaning{weakens("1", "System Restore is off"), normal("0", "System Restore is on")}},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Control\DeviceGuard`), "EnableVirtualizationBasedSecurity",
		[]settingMeaning{normal("1", "virtualization based security is on"), normal("0", "virtualization based security is off")}},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Control\DeviceGuard\Scenarios\HypervisorEnforcedCodeIntegrity`), "Enabled",
		[]settingMeaning{normal("1", "memory integrity is on"), normal("0", "memory integrity is off")}},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Control\CI\Config`), "VulnerableDriverBlocklistEnable",
		[]settingMeaning{weakens("0", "vulnerable drivers are not blocked"), normal("1", "vulnerable drivers are blocked")}},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows Script Host\Settings`), "Enabled",
		[]settingMeaning{normal("0", "scripts are off"), normal("1", "scripts are on")}},
	{artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows Script Host\Settings`), "Enabled",
		[]settingMeaning{normal("0", "scripts are off"), normal("1", "scripts are on")}},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\PowerShell\1\ShellIds\Microsoft.PowerShell`), "ExecutionPolicy", executionPolicy},
	{artifacts.Key(evidence.NTUSER, `Software\Microsoft\PowerShell\1\ShellIds\Microsoft.PowerShell`), "ExecutionPolicy", executionPolicy},
	{artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\PowerShell`), "ExecutionPolicy", executionPolicy},
	{artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\PowerShell`), "EnableScripts", nil},
	{artifacts.Key(evidence.NTUSER, `Software\Policies\Microsoft\Windows\PowerShell`), "ExecutionPolicy", executionPolicy},
	{artifacts.Key(evidence.NTUSER, `Software\Policies\Microsoft\Windows\PowerShell`), "EnableScripts", nil},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Explorer`), "SmartScreenEnabled",
		[]settingMeaning{weakens("Off", "SmartScreen is off"), normal("", "SmartScreen is on")}},
	{artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\System`), "EnableSmartScreen",
		[]settingMeaning{weakens("0", "SmartScreen is off"), normal("1", "SmartScreen is on")}},
	{artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Policies\System`), "DisableTaskMgr",
		[]settingMeaning{weakens("1", "the task manager is locked")}},
	{artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Policies\System`), "DisableRegistryTools",
		[]settingMeaning{weakens("1", "the registry editor is locked"), weakens("2", "the registry editor is locked")}},
	{artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Policies\Explorer`), "DisallowRun",
		[]settingMeaning{normal("1", "the listed programs do not start from Explorer"), normal("0", "the list has no effect")}},
	{artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Policies\Explorer`), "RestrictRun",
		[]settingMeaning{normal("1", "only the listed programs start from Explorer"), normal("0", "the list has no effect")}},
	{artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Policies\Explorer\DisallowRun`), "*",
		[]settingMeaning{normal("", "does not start from Explorer")}},
	{artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Policies\Explorer\RestrictRun`), "*",
		[]settingMeaning{normal("", "may start from Explorer")}},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Security Center`), "AntiVirusDisableNotify", notifyOff},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Security Center`), "FirewallDisableNotify", notifyOff},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Security Center`), "UpdatesDisableNotify", notifyOff},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Security Center`), "AntiVirusOverride", overridden},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Security Center`), "FirewallOverride", overridden},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Security Center\Svc`), "AntiVirusOverride", overridden},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Security Center\Svc`), "AntiSpywareOverride", overridden},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Security Center\Svc`), "FirewallOverride", overridden},
	{artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\WindowsUpdate\AU`), "NoAutoUpdate",
		[]settingMeaning{weakens("1", "Windows does not update itself"), normal("0", "Windows updates itself")}},
	{artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\WindowsUpdate\AU`), "AUOptions",
		[]settingMeaning{weakens("1", "Windows does not update itself"), normal("2", "asks before it downloads updates"),
			normal("3", "downloads updates and asks before it installs them"), normal("4", "installs updates by itself"),
			normal("5", "administrators choose")}},
	{artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\WindowsUpdate\AU`), "UseWUServer",
		[]settingMeaning{normal("1", "updates come from the server below"), normal("0", "updates come from Microsoft")}},
	{artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\WindowsUpdate`), "WUServer", nil},
	{artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\Advanced`), "Hidden",
		[]settingMeaning{normal("1", "hidden files are shown"), normal("2", "hidden files are not shown")}},
	{artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\Advanced`), "ShowSuperHidden",
		[]settingMeaning{normal("1", "system files are shown"), normal("0", "system files are not shown")}},
	{artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\Advanced`), "HideFileExt",
		[]settingMeaning{normal("1", "extensions are hidden, as Windows comes"), normal("0", "extensions are shown")}},
}

var (
	notifyOff  = []settingMeaning{weakens("1", "the security center is silent about it"), normal("0", "the security center warns")}
	overridden = []settingMeaning{weakens("1", "the security center does not watch it"), normal("0", "the security center watches it")}
)

var executionPolicy = []settingMeaning{weakens("Bypass", "every script runs, without a question"),
	weakens("Unrestricted", "every script runs"), normal("", "scripts are restricted")}

var protection = artifacts.Define(artifacts.Artifact{
	Name:     "protection",
	Title:    "Protection settings",
	DataType: "windows:registry:protection",
	About: `Settings that protect the machine or preserve artifacts: User Account Control, System Restore,
SmartScreen, script policies, code integrity, last access times. Proves the settings when the hive
was written; "weakens" marks values that reduce protection. It does not prove who set them or why:
administrators and installers also do so. Execution policies protect against mistakes, not against
an intruder. The key's time dates the last change of any value in it.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1548.002", "T1112", "T1562.001", "T1490"},
	Refs: []string{
		"https://learn.microsoft.com/windows/security/application-security/application-control/user-account-control/settings-and-configuration",
		"https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_execution_policies",
		"https://learn.microsoft.com/windows-server/administration/windows-commands/fsutil-behavior",
	},
	Sources: settingSources(protectionRows),
}, func(in artifacts.Input, yield func(Setting) bool) error {
	return decodeSettings(in, protectionRows, yield)
})
