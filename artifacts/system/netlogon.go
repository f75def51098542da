package system

import (
	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

const netlogonKey = `{CS}\Services\Netlogon\Parameters`

// netlogonRows: how the machine deals with its domain.
var netlogonRows = []settingRow{
	{artifacts.Key(evidence.SYSTEM, netlogonKey), "DisablePasswordChange",
		[]settingMeaning{weakens("1", "the password of the machine's account stays for ever"), normal("0", "the machine changes its password")}},
	{artifacts.Key(evidence.SYSTEM, netlogonKey), "RefusePasswordChange",
		[]settingMeaning{weakens("1", "this domain controller refuses new passwords of machines"), normal("0", "new passwords are accepted")}},
	{artifacts.Key(evidence.SYSTEM, netlogonKey), "MaximumPasswordAge",
		[]settingMeaning{normal("30", "days until the machine changes its password, the default"), normal("", "days until the machine changes its password")}},
	{artifacts.Key(evidence.SYSTEM, netlogonKey), "RequireSignOrSeal",
		[]settingMeaning{weakens("0", "the channel to the domain may be open"), normal("1", "the channel to the domain is signed or sealed")}},
	{artifacts.Key(evidence.SYSTEM, netlogonKey), "RequireStrongKey",
		[]settingMeaning{weakens("0", "weak session keys are accepted"), normal("1", "only strong session keys are accepted")}},
	{artifacts.Key(evidence.SYSTEM, netlogonKey), "SealSecureChannel",
		[]settingMeaning{weakens("0", "the channel is not sealed"), normal("1", "the channel is sealed where possible")}},
	{artifacts.Key(evidence.SYSTEM, netlogonKey), "SignSecureChannel",
		[]settingMeaning{weakens("0", "the channel is not signed"), normal("1", "the channel is signed where possible")}},
	{artifacts.Key(evidence.SYSTEM, netlogonKey), "FullSecureChannelProtection",
		[]settingMeaning{weakens("0", "Zerologon connections are not refused"), normal("1", "Zerologon connections are refused")}},
	{artifacts.Key(evidence.SYSTEM, netlogonKey), "VulnerableChannelAllowList", nil},
	{artifacts.Key(evidence.SYSTEM, netlogonKey), "DBFlag",
		[]settingMeaning{normal("0", "no log in debug\\netlogon.log"), normal("", "netlogon.log is written")}},
	{artifacts.Key(evidence.SYSTEM, netlogonKey), "SysVol", nil},
}

var netlogon = artifacts.Define(artifacts.Artifact{
	Name:     "netlogon",
	Title:    "Netlogon settings",
	DataType: "windows:registry:netlogon",
	About: `How the machine deals with its domain: how long the password of its own account lives, and whether the
channel to the domain controller is signed and sealed. Proves the settings when the hive was written;
"weakens" marks those below the default. Does not prove an attack: virtual machines that are reset
often have password changes off, and old servers need open channels. When the password was changed
last is in lsasecrets. The time is that of the whole key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1098", "T1557", "T1210"},
	Refs: []string{
		"https://learn.microsoft.com/troubleshoot/windows-server/windows-security/disable-machine-account-password",
		"https://learn.microsoft.com/windows/security/threat-protection/security-policy-settings/domain-member-maximum-machine-account-password-age",
		"https://support.microsoft.com/topic/how-to-manage-the-changes-in-netlogon-secure-channel-connections-associated-with-cve-2020-1472-f7e8cc17-0309-1d6a-304e-5ba73cd1a11e",
	},
	Sources: settingSources(netlogonRows),
}, func(in artifacts.Input, yield func(Setting) bool) error {
	return decodeSettings(in, netlogonRows, yield)
})
