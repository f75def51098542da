package system

import (
	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// remoteAccessRows: who may come in from far.
var remoteAccessRows = []settingRow{
	{artifacts.Key(evidence.SYSTEM, `{CS}\Control\Terminal Server`), "fDenyTSConnections",
		[]settingMeaning{normal("0", "Remote Desktop is on"), normal("1", "Remote Desktop is off")}},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Control\Terminal Server`), "fSingleSessionPerUser",
		[]settingMeaning{weakens("0", "one user may have several sessions"), normal("1", "one session for each user")}},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Control\Terminal Server`), "TSUserEnabled", nil},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Control\Terminal Server\WinStations\RDP-Tcp`), "PortNumber",
		[]settingMeaning{normal("3389", "the usual port"), weakens("", "not the usual port")}},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Control\Terminal Server\WinStations\RDP-Tcp`), "UserAuthentication",
		[]settingMeaning{weakens("0", "no authentication before the session"), normal("1", "authentication before the session")}},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Control\Terminal Server\WinStations\RDP-Tcp`), "SecurityLayer",
		[]settingMeaning{weakens("0", "RDP's own encryption"), normal("1", "negotiated"), normal("2", "TLS")}},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Control\Terminal Server\WinStations\RDP-Tcp`), "MinEncryptionLevel", nil},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Control\Terminal Server\WinStations\RDP-Tcp`), "Shadow",
		[]settingMeaning{weakens("2", "full control of sessions without consent"), weakens("4", "view of sessions without consent")}},
	{artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows NT\Terminal Services`), "Shadow",
		[]settingMeaning{weakens("2", "full control of sessions without consent"), weakens("4", "view of sessions without consent")}},
	{artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows NT\Terminal Services`), "fDenyTSConnections",
		[]settingMeaning{normal("0", "Remote Desktop is on"), normal("1", "Remote Desktop is off")}},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Policies\System`), "LocalAccountTokenFilterPolicy",
		[]settingMeaning{weakens("1", "local administrators have full rights over the network")}},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Control\Lsa`), "DisableRestrictedAdmin",
		[]settingMeaning{weakens("0", "Remote Desktop accepts password hashes (restricted admin)"),
			normal("1", "restricted admin is off")}},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Control\Remote Assistance`), "fAllowToGetHelp",
		[]settingMeaning{normal("1", "Remote Assistance is on"), normal("0", "Remote Assistance is off")}},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Services\LanmanServer\Parameters`), "AutoShareWks",
		[]settingMeaning{normal("0", "no administrative shares")}},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Services\LanmanServer\Parameters`), "AutoShareServer",
		[]settingMeaning{normal("0", "no administrative shares")}},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Services\LanmanServer\Parameters`), "SMB1",
		[]settingMeaning{weakens("1", "SMB 1 is on"), normal("0", "SMB 1 is off")}},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Services\LanmanServer\Parameters`), "NullSessionShares", nil},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\WSMAN\Service`), "allow_remote_requests",
		[]settingMeaning{normal("1", "WinRM answers remote requests")}},
	{artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\WinRM\Service`), "AllowAutoConfig",
		[]settingMeaning{normal("1", "WinRM answers remote requests")}},
}

var remoteAccess = artifacts.Define(artifacts.Artifact{
	Name:     "remoteaccess",
	Title:    "Remote access settings",
	DataType: "windows:registry:remote_access",
	About: `Settings that allow remote access: Remote Desktop with its port and its authentication, shadowing of
sessions, remote administration with local accounts, shares, WinRM. Proves the settings when the
hive was written; "weakens" marks values less safe than the default. It does not prove that anybody
connected, nor who changed the setting: administrators also do so. The key's time dates the last
change of any value in it.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1021.001", "T1021.002", "T1112"},
	Refs: []string{
		"https://learn.microsoft.com/windows-hardware/customize/desktop/unattend/microsoft-windows-terminalservices-localsessionmanager-fdenytsconnections",
		"https://learn.microsoft.com/troubleshoot/windows-server/windows-security/user-account-control-and-remote-restriction",
	},
	Sources: settingSources(remoteAccessRows),
}, func(in artifacts.Input, yield func(Setting) bool) error {
	return decodeSettings(in, remoteAccessRows, yield)
})
