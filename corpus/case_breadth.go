package corpus

import (
	"encoding/binary"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/shelllink"
)

// Settings that other evidence is read with, and what the machine says of its
// identity, its rights and its devices.

// profileTime is when mira's profile was a day old.
var profileTime = utc(2024, 11, 21, 1, 12, 40, 3310052)

// memorySettingsCase: page file and dumps as Windows sets them up.
func memorySettingsCase(m *Machine) {
	control := m.Hive(systemHive).Sub(controlSet + "Control")
	memory := control.Sub(`Session Manager\Memory Management`).At(LastBoot)
	memory.Set("PagingFiles", regf.Multi(`?:\pagefile.sys`)).Set("ExistingPageFiles", regf.Multi(`\??\C:\pagefile.sys`)).
		Set("ClearPageFileAtShutdown", regf.DWord(0))
	memory.Sub("PrefetchParameters").At(LastBoot).Set("EnablePrefetcher", regf.DWord(3))
	control.Sub("CrashControl").At(Installed).Set("CrashDumpEnabled", regf.DWord(7)).
		Set("DumpFile", regf.Expand(`%SystemRoot%\MEMORY.DMP`)).Set("MinidumpDir", regf.Expand(`%SystemRoot%\Minidump`)).
		Set("Overwrite", regf.DWord(1))
}

// systemSettingsCase: the language of the machine, and TRIM.
func systemSettingsCase(m *Machine) {
	control := m.Hive(systemHive).Sub(controlSet + "Control")
	control.Sub(`Nls\Language`).At(Installed).Set("InstallLanguage", regf.String("0411")).Set("Default", regf.String("0411"))
	control.Sub(`Nls\CodePage`).At(Installed).Set("ACP", regf.String("932")).Set("OEMCP", regf.String("932"))
	control.Sub("FileSystem").Set("DisableDeleteNotification", regf.DWord(0)).Set("LongPathsEnabled", regf.DWord(0))
}

// netlogonCase: a machine without a domain, as Windows sets it up.
func netlogonCase(m *Machine) {
	service := m.Hive(systemHive).Sub(controlSet + `Services\Netlogon`).At(Installed)
	service.Set("Type", regf.DWord(0x20)).Set("Start", regf.DWord(3)).Set("ImagePath", regf.Expand(`%SystemRoot%\system32\lsass.exe`)).
		Set("DisplayName", regf.String(`@%SystemRoot%\System32\netlogon.dll,-102`)).Set("ObjectName", regf.String("LocalSystem"))
	service.Sub("Parameters").At(Installed).Set("ServiceDll", regf.Expand(`%systemroot%\system32\netlogon.dll`)).
		Set("DisablePasswordChange", regf.DWord(0)).Set("MaximumPasswordAge", regf.DWord(30)).Set("RequireSignOrSeal", regf.DWord(1)).
		Set("SealSecureChannel", regf.DWord(1)).Set("SignSecureChannel", regf.DWord(1))
}

// lsaSecretsCase: the key of the data protection, and the password of a service's
// account.
func lsaSecretsCase(m *Machine) {
	secret := func(name string, set, before time.Time) {
		k := m.Hive(securityHive).Sub(`Policy\Secrets\` + name).At(set)
		stamp := func(t time.Time) regf.Value {
			return regf.Raw(0, binary.LittleEndian.AppendUint64(nil, regf.FILETIME(t)))
		}
		k.Sub("CupdTime").At(set).Set("", stamp(set))
		k.Sub("OupdTime").At(set).Set("", stamp(before))
		k.Sub("CurrVal").At(set).Set("", regf.Raw(0, make([]byte, 60)))
		k.Sub("OldVal").At(set).Set("", regf.Raw(0, nil))
	}
	secret("DPAPI_SYSTEM", Installed.Add(11*time.Second), Installed.Add(11*time.Second))
	secret("_SC_ScanStation", utc(2025, 6, 2, 1, 4, 40, 7700012), utc(2025, 2, 3, 0, 9, 12, 1008))
}

// machineSIDCase: the workgroup of the machine; its SID is in the case accounts.
func machineSIDCase(m *Machine) {
	policy := m.Hive(securityHive).Sub("Policy")
	name := func(s string) regf.Value {
		u := regf.UTF16(s)
		b := binary.LittleEndian.AppendUint16(nil, uint16(len(u)))
		b = binary.LittleEndian.AppendUint16(b, uint16(len(u)+2))
		b = append(binary.LittleEndian.AppendUint32(b, 8), u...)
		return regf.Raw(0, append(b, 0, 0))
	}
	policy.Sub("PolAcDmN").At(Installed).Set("", name(Computer))
	policy.Sub("PolPrDmN").At(Installed).Set("", name("WORKGROUP"))
	policy.Sub("PolPrDmS").At(Installed).Set("", regf.Raw(0, nil))
}

// userRightsCase: the rights of everybody, and of an account that the intruder gave
// the privilege to debug.
func userRightsCase(m *Machine) {
	give := func(sid string, at time.Time, rights uint32, privileges ...uint64) {
		le := binary.LittleEndian
		k := m.Hive(securityHive).Sub(`Policy\Accounts\` + sid).At(at)
		if rights != 0 {
			k.Sub("ActSysAc").At(at).Set("", regf.Raw(0, le.AppendUint32(nil, rights)))
		}
		b := le.AppendUint32(le.AppendUint32(nil, uint32(len(privileges))), 0)
		for _, p := range privileges {
			b = le.AppendUint32(le.AppendUint64(b, p), 0)
		}
		k.Sub("Privilgs").At(at).Set("", regf.Raw(0, b))
	}
	give("S-1-1-0", Installed, 2, 23)
	give("S-1-5-32-544", Installed, 0x407, 8, 9, 10, 17, 18, 20, 23, 29)
	give(DanielSID, PersistenceTime.Add(40*time.Second), 0x10, 20)
}

// networkAdaptersCase: the machine's card.
func networkAdaptersCase(m *Machine) {
	const guid = "{7d2e6a01-44c1-4a8e-9f20-5d3c1b2a4e61}"
	root := m.Hive(systemHive)
	root.Sub(controlSet+`Control\Class\{4d36e972-e325-11ce-bfc1-08002be10318}\0000`).At(Installed).
		Set("DriverDesc", regf.String("Intel(R) Ethernet Connection I219-V")).Set("ProviderName", regf.String("Intel")).
		Set("NetCfgInstanceId", regf.String(guid)).Set("DeviceInstanceID", regf.String(`PCI\VEN_8086&DEV_15BC\3&11583659&0&FE`)).
		Set("NetworkInterfaceInstallTimestamp", regf.QWord(regf.FILETIME(Installed.Add(20*time.Second))))
	mac := regf.Binary([]byte{0x00, 0x1B, 0x21, 0x3C, 0x4D, 0x5E})
	root.Sub(controlSet+`Control\NetworkSetup2\Interfaces\`+guid+`\Kernel`).At(Installed).
		Set("IfAlias", regf.String("Ethernet")).Set("IfDescr", regf.String("Intel(R) Ethernet Connection I219-V")).
		Set("CurrentAddress", mac).Set("PermanentAddress", mac).Set("ProtocolList", regf.Multi("Tcpip", "Tcpip6"))
}

// deviceClassesCase: daniel's stick as a disk, and a class that is not read.
func deviceClassesCase(m *Machine) {
	classes := m.Hive(systemHive).Sub(controlSet + `Control\DeviceClasses`)
	const disk, sensor = "{53f56307-b6bf-11d0-94f2-00a0c91efb8b}", "{0ecef634-6ef0-472a-8085-5ad023ecbccd}"
	classes.Sub(disk+`\##?#USBSTOR#Disk&Ven_Kite&Prod_Pocket_32&Rev_1.00#4C5300019920260304&0#`+disk).At(utc(2026, 3, 4, 9, 0, 12, 4410)).
		Set("DeviceInstance", regf.String(`USBSTOR\Disk&Ven_Kite&Prod_Pocket_32&Rev_1.00\4C5300019920260304&0`))
	classes.Sub(sensor + `\##?#SWD#PRINTENUM#x#` + sensor).At(Installed)
}

// backupRestoreCase: the exclusions of Windows, and one of the intruder's.
func backupRestoreCase(m *Machine) {
	k := m.Hive(systemHive).Sub(controlSet + `Control\BackupRestore`)
	k.Sub("FilesNotToSnapshot").At(PersistenceTime.Add(2*time.Minute)).
		Set("WUA", regf.Multi(`%windir%\softwaredistribution\*.* /s`)).Set("Host", regf.Multi(`\Users\Public\* /s`))
	k.Sub("FilesNotToBackup").At(Installed).Set("Memory Page File", regf.Multi(`\Pagefile.sys`))
	k.Sub("KeysNotToRestore").At(Installed).Set("Pending Rename Operations", regf.Multi(`CurrentControlSet\Control\Session Manager\PendingFileRenameOperations`))
}

// readingLocationsCase: mira closed a report at noon.
func readingLocationsCase(m *Machine) {
	m.Hive(ntuser(Mira)).Sub(`Software\Microsoft\Office\16.0\Word\Reading Locations\Document 0`).At(utc(2026, 3, 5, 3, 4, 9, 51)).
		Set("File Path", regf.String(`C:\Users\mira\Documents\report.docx`)).Set("Datetime", regf.String("2026-03-05T12:04")).
		Set("Position", regf.String("0 421"))
}

// shortcutItem is a shortcut as an item of a folder.
func shortcutItem(name, short string, at time.Time) []byte {
	return itemList(fileItem{name: name, short: short, entry: 70211, sequence: 3, created: at, modified: at, accessed: at}.item())
}

// programsCacheCase: one pin of an older Windows, which was upgraded.
func programsCacheCase(m *Machine) {
	list := shortcutItem("Internet Explorer.lnk", "INTERN~1.LNK", profileTime)
	le := binary.LittleEndian
	b := le.AppendUint32(le.AppendUint32(nil, 1), 1)
	b = append(le.AppendUint32(append(b, 1), uint32(len(list))), list...)
	m.Hive(ntuser(Mira)).Sub(`Software\Microsoft\Windows\CurrentVersion\Explorer\StartPage2`).At(profileTime).
		Set("ProgramsCacheTBP", regf.Binary(append(b, 2)))
}

// taskbarPinsCase: mira's browser.
func taskbarPinsCase(m *Machine) {
	list := shortcutItem("Google Chrome.lnk", "GOOGLE~1.LNK", profileTime)
	link := shelllink.Link{Target: `C:\Program Files\Google\Chrome\Application\chrome.exe`, Serial: SystemSerial, Label: "Windows",
		Machine: "kestrel-pc"}.Build()
	le := binary.LittleEndian
	m.Hive(ntuser(Mira)).Sub(`Software\Microsoft\Windows\CurrentVersion\Explorer\Taskband`).At(profileTime.Add(time.Hour)).
		Set("Favorites", regf.Binary(append(append(le.AppendUint32([]byte{0}, uint32(len(list))), list...), 0xFF))).
		Set("FavoritesResolve", regf.Binary(append(le.AppendUint32(nil, uint32(len(link))), link...)))
}

// shellExtCacheCase: the menu of a packer was loaded first on daniel's desktop.
func shellExtCacheCase(m *Machine) {
	le := binary.LittleEndian
	b := le.AppendUint64(le.AppendUint64(nil, 1), regf.FILETIME(utc(2025, 8, 4, 1, 58, 3, 2240019)))
	m.Hive(ntuser(Daniel)).Sub(`Software\Microsoft\Windows\CurrentVersion\Shell Extensions\Cached`).At(utc(2025, 8, 4, 1, 58, 3, 2240019)).
		Set("{23170F69-40C1-278A-1000-000100020000} {000214E4-0000-0000-C000-000000000046} 0xFFFF", regf.Binary(b))
}

// searchScopesCase: the provider that Windows sets up.
func searchScopesCase(m *Machine) {
	const id = "{0633EE93-D776-472f-A0FF-E1416B8B2E3A}"
	k := m.Hive(ntuser(Mira)).Sub(`Software\Microsoft\Internet Explorer\SearchScopes`).At(profileTime).Set("DefaultScope", regf.String(id))
	k.Sub(id).At(profileTime).Set("DisplayName", regf.String("Bing")).
		Set("URL", regf.String("https://www.bing.example/search?q={searchTerms}"))
}

// ieSettingsCase: a start page, and the folder of downloads.
func ieSettingsCase(m *Machine) {
	m.Hive(ntuser(Mira)).Sub(`Software\Microsoft\Internet Explorer\Main`).At(profileTime).
		Set("Start Page", regf.String("https://kestrel.example/")).Set("Default Download Directory", regf.String(`C:\Users\mira\Downloads`))
}

// cloudSyncCase: mira's OneDrive.
func cloudSyncCase(m *Machine) {
	m.Hive(ntuser(Mira)).Sub(`Software\Microsoft\OneDrive\Accounts\Personal`).At(utc(2025, 1, 7, 1, 2, 3, 40)).
		Set("UserFolder", regf.String(`C:\Users\mira\OneDrive`)).Set("UserEmail", regf.String("mira@kestrel.example")).
		Set("cid", regf.String("9a1f4c22d0b7e615")).Set("ClientFirstSignInTimestamp", regf.QWord(uint64(utc(2025, 1, 7, 1, 0, 0, 0).Unix())))
	m.Hive(softwareHive).Sub(`Microsoft\Windows\CurrentVersion\Explorer\SyncRootManager\OneDrive!`+MiraSID+`!Personal|9a1f4c22d0b7e615\UserSyncRoots`).
		At(utc(2025, 1, 7, 1, 2, 3, 40)).Set(MiraSID, regf.String(`C:\Users\mira\OneDrive`))
}

// officeAccountsCase: mira's account.
func officeAccountsCase(m *Machine) {
	common := m.Hive(ntuser(Mira)).Sub(`Software\Microsoft\Office\16.0\Common`)
	common.Sub(`Identity\Identities\9a1f4c22d0b7e615_LiveId`).At(utc(2025, 1, 7, 1, 5, 10, 0)).
		Set("EmailAddress", regf.String("mira@kestrel.example")).Set("FriendlyName", regf.String("Mira")).Set("ProviderId", regf.String("LiveId"))
	common.Sub("UserInfo").At(utc(2025, 1, 7, 1, 5, 10, 0)).Set("UserName", regf.String("Mira")).Set("Company", regf.String("Kestrel"))
}

// openWithCase: mira opens texts with an editor of her own.
func openWithCase(m *Machine) {
	k := m.Hive(ntuser(Mira)).Sub(`Software\Microsoft\Windows\CurrentVersion\Explorer\FileExts\.txt`)
	k.Sub("OpenWithList").At(utc(2025, 3, 11, 4, 40, 1, 0)).Set("a", regf.String("notepad.exe")).Set("b", regf.String("editor.exe")).
		Set("MRUList", regf.String("ba"))
	k.Sub("UserChoice").At(utc(2025, 3, 11, 4, 40, 2, 0)).Set("ProgId", regf.String("txtfile"))
}

// recentListsCase: a client of a VPN, and a PDF that daniel read.
func recentListsCase(m *Machine) {
	m.Hive(ntuser(Mira)).Sub(`Software\Heron\VPN\Recent File List`).At(utc(2025, 9, 1, 0, 2, 0, 0)).
		Set("File1", regf.String(`C:\Users\mira\Documents\vpn.conf`))
	m.Hive(ntuser(Daniel)).Sub(`Software\Adobe\Acrobat Reader\DC\AVGeneral\cRecentFiles\c1`).At(utc(2026, 3, 4, 1, 55, 12, 0)).
		Set("tDIText", regf.String("/C/Users/daniel/Documents/plan.pdf")).Set("sDate", regf.Binary([]byte("D:20260304105512+09'00'\x00")))
}

// mediaDriversCase and those below it: libraries and programs that Windows asks for,
// as Windows sets them up.
func mediaDriversCase(m *Machine) {
	m.Hive(softwareHive).Sub(`Microsoft\Windows NT\CurrentVersion\Drivers32`).At(Installed).
		Set("midimapper", regf.String("midimap.dll")).Set("wave", regf.String("wdmaud.drv")).Set("msacm.l3acm", regf.String(`C:\Windows\System32\l3codeca.acm`))
}

func msdtcCase(m *Machine) {
	m.Hive(softwareHive).Sub(`Microsoft\MSDTC\MTxOCI`).At(Installed).Set("OracleOciLib", regf.String("oci.dll")).
		Set("OracleXaLib", regf.String("xaclient8.dll")).Set("OracleOciLibPath", regf.Expand(`%SystemRoot%\System32`))
}

func telemetryControllerCase(m *Machine) {
	m.Hive(softwareHive).Sub(`Microsoft\Windows NT\CurrentVersion\AppCompatFlags\TelemetryController\Appraiser`).At(Installed).
		Set("Command", regf.Expand(`%windir%\system32\CompatTelRunner.exe -m:appraiser.dll -f:DoScheduledTelemetryRun`)).Set("Nightly", regf.DWord(1))
}

func explorerToolsCase(m *Machine) {
	explorer := m.Hive(softwareHive).Sub(`Microsoft\Windows\CurrentVersion\Explorer`)
	explorer.Sub(`MyComputer\DefragPath`).At(Installed).Set("", regf.Expand(`%SystemRoot%\system32\dfrgui.exe`))
	explorer.Sub(`VolumeCaches\Temporary Files`).At(Installed).Set("", regf.String("{C0E13E61-0CC6-11d1-BBB6-0060978B2AE6}"))
}

func htmlHelpCase(m *Machine) {
	m.Hive(ntuser(Mira)).Sub(`Software\Microsoft\HtmlHelp Author`).At(utc(2025, 4, 2, 6, 0, 0, 0)).
		Set("location", regf.String(`C:\Program Files (x86)\HTML Help Workshop\hha.dll`))
}

func searchFiltersCase(m *Machine) {
	m.Hive(systemHive).Sub(controlSet+`Control\ContentIndex\Language\Neutral`).At(Installed).Set("WBDLLPath",
		regf.String("NaturalLanguage6.dll"))
}

func controlPanelCase(m *Machine) {
	m.Hive(softwareHive).Sub(`Microsoft\Windows\CurrentVersion\Control Panel\CPLs`).At(Installed).
		Set("sound", regf.Expand(`%ProgramFiles%\Sound\sound.cpl`))
}
