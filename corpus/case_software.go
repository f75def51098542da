package corpus

import (
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// softwareCase writes what SOFTWARE says of Windows itself, with the values that are found on untouched systems.
func softwareCase(m *Machine) {
	root := m.Hive(softwareHive)
	nt := root.Sub(`Microsoft\Windows NT\CurrentVersion`)
	nt.Set("SystemRoot", regf.String(`C:\Windows`)).Set("PathName", regf.String(`C:\Windows`)).
		Set("ProductName", regf.String("Windows 10 Pro")).Set("EditionID", regf.String("Professional")).
		Set("InstallationType", regf.String("Client")).Set("CurrentVersion", regf.String("6.3")).
		Set("CurrentMajorVersionNumber", regf.DWord(10)).Set("CurrentMinorVersionNumber", regf.DWord(0)).
		Set("CurrentBuild", regf.String("19045")).Set("CurrentBuildNumber", regf.String("19045")).Set("UBR", regf.DWord(3803)).
		Set("DisplayVersion", regf.String("22H2")).Set("ReleaseId", regf.String("2009")).
		Set("InstallDate", regf.DWord(uint32(Installed.Unix()))).Set("InstallTime", regf.QWord(regf.FILETIME(Installed))).
		Set("RegisteredOwner", regf.String(Mira)).Set("RegisteredOrganization", regf.String(""))
	nt.Sub("Winlogon").At(LastLogon).
		Set("Userinit", regf.String(`C:\Windows\system32\userinit.exe,`)).Set("Shell", regf.String("explorer.exe")).
		Set("VMApplet", regf.String("SystemPropertiesPerformance.exe /pagefile")).Set("AutoAdminLogon", regf.String("0")).
		Set("DefaultUserName", regf.String(Daniel))
	nt.Sub("Windows").Set("AppInit_DLLs", regf.String("")).Set("LoadAppInit_DLLs", regf.DWord(0))
	nt.Sub("Image File Execution Options")

	current := root.Sub(`Microsoft\Windows\CurrentVersion`)
	current.Set("ProgramFilesDir", regf.String(`C:\Program Files`)).Set("ProgramFilesDir (x86)", regf.String(`C:\Program Files (x86)`)).
		Set("CommonFilesDir", regf.String(`C:\Program Files\Common Files`)).Set("DevicePath", regf.Expand(`%SystemRoot%\inf`))
	current.Sub("Run").At(Installed.Add(20*time.Minute)).
		Set("SecurityHealth", regf.Expand(`%windir%\system32\SecurityHealthSystray.exe`)).
		Set("PrintQueueMonitor", regf.String(`"C:\Windows\System32\spool\drivers\x64\3\PrintQueueMonitor.exe" /tray`))
	current.Sub("RunOnce")
	root.Sub(`WOW6432Node\Microsoft\Windows\CurrentVersion\Run`)
	current.Sub(`Explorer\Shell Folders`).Set("Common Startup", regf.String(`C:\ProgramData\Microsoft\Windows\Start Menu\Programs\Startup`))
	current.Sub(`Explorer\User Shell Folders`).Set("Common Startup",
		regf.Expand(`%ProgramData%\Microsoft\Windows\Start Menu\Programs\Startup`))
	current.Sub(`Policies\System`).Set("EnableLUA", regf.DWord(1)).Set("ConsentPromptBehaviorAdmin", regf.DWord(5))
	root.Sub(`Microsoft\Cryptography`).At(Installed).Set("MachineGuid", regf.String(MachineGUID))
	root.Sub(`Clients`)
	root.Sub(`Policies\Microsoft`)

	profiles(nt.Sub("ProfileList"))
}

// profiles writes the list of user profiles.
func profiles(list *regf.Key) {
	list.Set("ProfilesDirectory", regf.Expand(`%SystemDrive%\Users`)).Set("Default", regf.Expand(`%SystemDrive%\Users\Default`)).
		Set("Public", regf.Expand(`%SystemDrive%\Users\Public`)).Set("ProgramData", regf.Expand(`%SystemDrive%\ProgramData`))
	for _, p := range []struct {
		sid, path    string
		flags        uint32
		load, unload time.Time
	}{
		{"S-1-5-18", `%systemroot%\system32\config\systemprofile`, 12, time.Time{}, time.Time{}},
		{"S-1-5-19", `%systemroot%\ServiceProfiles\LocalService`, 0, time.Time{}, time.Time{}},
		{"S-1-5-20", `%systemroot%\ServiceProfiles\NetworkService`, 0, time.Time{}, time.Time{}},
		{MiraSID, `C:\Users\` + Mira, 0, utc(2026, 3, 6, 23, 49, 52, 1043877), LastShutdown.Add(-9 * time.Second)},
		{DanielSID, `C:\Users\` + Daniel, 0, LastLogon.Add(-4 * time.Second), IntrusionEnd},
	} {
		k := list.Sub(p.sid).Set("Flags", regf.DWord(p.flags)).Set("State", regf.DWord(0)).Set("ProfileImagePath", regf.Expand(p.path))
		if p.load.IsZero() {
			continue
		}
		k.At(p.load).Set("Sid", regf.Binary(binarySID(p.sid)))
		load, unload := regf.FILETIME(p.load), regf.FILETIME(p.unload)
		k.Set("LocalProfileLoadTimeLow", regf.DWord(uint32(load))).Set("LocalProfileLoadTimeHigh", regf.DWord(uint32(load>>32))).
			Set("LocalProfileUnloadTimeLow", regf.DWord(uint32(unload))).Set("LocalProfileUnloadTimeHigh", regf.DWord(uint32(unload>>32)))
	}
}
