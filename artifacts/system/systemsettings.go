package system

import (
	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

const (
	fileSystemKey = `{CS}\Control\FileSystem`
	nlsKey        = `{CS}\Control\Nls\`
)

// systemRows: what other artifacts have to be read with.
var systemRows = []settingRow{
	{artifacts.Key(evidence.SYSTEM, `Select`), "Current", []settingMeaning{normal("", "number of the control set in use")}},
	{artifacts.Key(evidence.SYSTEM, `Select`), "Default", []settingMeaning{normal("", "number of the control set of the next boot")}},
	{artifacts.Key(evidence.SYSTEM, `Select`), "Failed",
		[]settingMeaning{normal("0", "no control set failed"), normal("", "number of the control set that a boot failed with")}},
	{artifacts.Key(evidence.SYSTEM, `Select`), "LastKnownGood", []settingMeaning{normal("", "number of the control set of the last good boot")}},
	{artifacts.Key(evidence.SYSTEM, `Setup`), "SystemPartition", []settingMeaning{normal("", "volume that the machine boots from")}},
	{artifacts.Key(evidence.SYSTEM, fileSystemKey), "NtfsDisable8dot3NameCreation",
		[]settingMeaning{normal("0", "short names on all volumes"), normal("1", "short names on no volume"),
			normal("2", "short names as each volume says"), normal("3", "short names on the system volume only")}},
	{artifacts.Key(evidence.SYSTEM, fileSystemKey), "NtfsDisableEncryption",
		[]settingMeaning{normal("0", "files can be encrypted"), normal("1", "files cannot be encrypted")}},
	{artifacts.Key(evidence.SYSTEM, fileSystemKey), "NtfsDisableCompression",
		[]settingMeaning{normal("0", "files can be compressed"), normal("1", "files cannot be compressed")}},
	{artifacts.Key(evidence.SYSTEM, fileSystemKey), "LongPathsEnabled",
		[]settingMeaning{normal("0", "programs see paths of 260 characters"), normal("1", "programs may use longer paths")}},
	{artifacts.Key(evidence.SYSTEM, fileSystemKey), "DisableDeleteNotification",
		[]settingMeaning{normal("0", "TRIM is on: a solid-state disk forgets deleted files"), normal("1", "TRIM is off")}},
	{artifacts.Key(evidence.SYSTEM, nlsKey+`Language`), "InstallLanguage", []settingMeaning{normal("", "language of the installation")}},
	{artifacts.Key(evidence.SYSTEM, nlsKey+`Language`), "Default", []settingMeaning{normal("", "language in use")}},
	{artifacts.Key(evidence.SYSTEM, nlsKey+`CodePage`), "ACP", []settingMeaning{normal("", "code page of 8-bit text")}},
	{artifacts.Key(evidence.SYSTEM, nlsKey+`CodePage`), "OEMCP", []settingMeaning{normal("", "code page of consoles")}},
	{artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\FVE`), "*", []settingMeaning{normal("", "policy of BitLocker")}},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Cryptography`), "MachineGuid", []settingMeaning{normal("", "made at the installation")}},
}

var systemSettings = artifacts.Define(artifacts.Artifact{
	Name:     "systemsettings",
	Title:    "System settings",
	DataType: "windows:registry:system_settings",
	About: `Settings that other evidence has to be read with: the control set in use, the language and the code pages,
short names and TRIM of the file system, policies of BitLocker, the machine's own GUID. Proves the
settings when the hive was written. Does not prove that they held before. Deleted files of a
solid-state disk with TRIM on are usually gone. Ransomware sets BitLocker's recovery message. The time
is that of the whole key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1082", "T1486", "T1614.001"},
	Refs: []string{
		"https://learn.microsoft.com/windows-server/administration/windows-commands/fsutil-behavior",
		"https://learn.microsoft.com/windows/security/operating-system-security/data-protection/bitlocker/configure",
	},
	Sources: settingSources(systemRows),
}, func(in artifacts.Input, yield func(Setting) bool) error {
	return decodeSettings(in, systemRows, yield)
})
