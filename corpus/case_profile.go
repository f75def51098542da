package corpus

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// already is the case of an artifact whose traces the ground cases write.
func already(*Machine) {}

func sourceOSCase(m *Machine) {
	m.Hive(systemHive).Sub("Setup\\Source OS (Updated on 11/20/2024 13:31:07)").At(Installed).
		Set("ProductName", regf.String("Windows 10 Pro")).Set("EditionID", regf.String("Professional")).
		Set("CurrentBuild", regf.String("19044")).Set("CurrentBuildNumber", regf.String("19044")).Set("UBR", regf.DWord(1288)).
		Set("DisplayVersion", regf.String("21H2")).Set("InstallDate", regf.DWord(uint32(VolumeCreated.Add(9*time.Minute).Unix()))).
		Set("InstallationType", regf.String("Client")).Set("RegisteredOwner", regf.String(Mira))
}

// systemtime is eight numbers: local time in Tokyo.
func systemtime(t time.Time) []byte {
	t = t.Add(9 * time.Hour)
	var b []byte
	for _, n := range []int{t.Year(), int(t.Month()), int(t.Weekday()), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond() / 1e6} {
		b = binary.LittleEndian.AppendUint16(b, uint16(n))
	}
	return b
}

func networksCase(m *Machine) {
	list := m.Hive(softwareHive).Sub(`Microsoft\Windows NT\CurrentVersion\NetworkList`)
	for _, n := range []struct {
		guid, name, suffix string
		mac                []byte
		kind, category     uint32
		first, last        time.Time
	}{
		{"{3A1F6D20-5B7C-4E81-9D02-6F0E1D2C3B4A}", "Network", "<none>", []byte{0x02, 0x00, 0x5E, 0x10, 0x00, 0x01}, 6, 1,
			Installed.Add(30 * time.Minute), LastBoot.Add(25 * time.Second)},
		{"{7C20B9E4-0D3F-4B66-8A15-2E4D6C8B0A1F}", "Hotel Lobby", "<none>", []byte{0x02, 0x00, 0x5E, 0x7A, 0x41, 0x0C}, 71, 0,
			utc(2025, 5, 19, 11, 2, 40, 1180000), utc(2025, 5, 21, 22, 40, 9, 7710000)},
	} {
		list.Sub(`Profiles\`+n.guid).At(n.last).
			Set("ProfileName", regf.String(n.name)).Set("Description", regf.String(n.name)).
			Set("Category", regf.DWord(n.category)).Set("NameType", regf.DWord(n.kind)).Set("Managed", regf.DWord(0)).
			Set("DateCreated", regf.Binary(systemtime(n.first))).Set("DateLastConnected", regf.Binary(systemtime(n.last)))
		list.Sub(`Signatures\Unmanaged\010103000F0000F0080000000F0000F0`+strings.Trim(n.guid, "{}")[:8]).At(n.first).
			Set("ProfileGuid", regf.String(n.guid)).Set("Description", regf.String(n.name)).Set("FirstNetwork", regf.String(n.name)).
			Set("DnsSuffix", regf.String(n.suffix)).Set("DefaultGatewayMac", regf.Binary(n.mac)).Set("Source", regf.DWord(8))
	}
}

func interfacesCase(m *Machine) {
	const adapter = "{6f1d2c3b-4a59-4e68-9d77-0a1b2c3d4e5f}"
	root := m.Hive(systemHive)
	root.Sub(controlSet+`Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}\`+adapter+`\Connection`).Set("Name",
		regf.String("Ethernet"))
	// The hotel's wireless network: the name in hex, the digits of each byte
	// exchanged.
	const wireless = "{0b9a7c6d-5e4f-4a3b-8c2d-1f0e9d8c7b6a}"
	root.Sub(controlSet+`Services\Tcpip\Parameters\Interfaces\`+wireless+`\84F64756C602C4F6262697`).At(utc(2025, 5, 21, 22, 40, 9, 0)).
		Set("EnableDHCP", regf.DWord(1)).Set("DhcpIPAddress", regf.String("198.51.100.77")).Set("DhcpServer", regf.String("198.51.100.1")).
		Set("LeaseObtainedTime", regf.DWord(uint32(utc(2025, 5, 21, 22, 40, 8, 0).Unix()))).
		Set("DhcpGatewayHardware", regf.Binary([]byte{198, 51, 100, 1, 6, 0, 0, 0, 0x02, 0x00, 0x5E, 0x7A, 0x41, 0x0C}))
	root.Sub(controlSet + `Services\Tcpip\Parameters\Interfaces\` + wireless)
}

func sharesCase(m *Machine) {
	m.Hive(systemHive).Sub(controlSet+`Services\LanmanServer\Shares`).At(utc(2025, 2, 3, 1, 22, 50, 4400012)).
		Set("scans", regf.Multi("CSCFlags=0", "MaxUses=4294967295", `Path=C:\Scans`, "Permissions=0", "Remark=", "ShareName=scans",
			"Type=0"))
}

func usbCase(m *Machine) {
	root := m.Hive(systemHive)
	const set = `\Properties\{83da6326-97a6-4088-9453-a1923f573b29}\`
	plugged, pulled := utc(2026, 3, 4, 9, 0, 12, 4020017), utc(2026, 3, 4, 9, 31, 55, 8800240)
	first := utc(2025, 1, 30, 0, 40, 2, 1191001)
	stick := root.Sub(controlSet+`Enum\USBSTOR\Disk&Ven_Kite&Prod_Pocket_32&Rev_1.00\4C5300019920260304&0`).At(plugged).
		Set("FriendlyName", regf.String("Kite Pocket 32 USB Device")).Set("DeviceDesc", regf.String("@disk.inf,%disk_devdesc%;Disk drive")).
		Set("Service", regf.String("disk")).Set("Class", regf.String("DiskDrive")).Set("ContainerID",
		regf.String("{5d1a2c3e-7b60-5f41-9e22-0c1d2e3f4a5b}"))
	stick.Sub(`Device Parameters\Partmgr`).Set("DiskId", regf.String("{1f2e3d4c-17a3-11f0-b6c1-0a1b2c3d4e5f}"))
	const fileTimeType = 0xFFFF0010
	for i, t := range []time.Time{first, first, plugged, pulled} {
		id := fmt.Sprintf("%04d", 64+i)
		root.Sub(controlSet+`Enum\USBSTOR\Disk&Ven_Kite&Prod_Pocket_32&Rev_1.00\4C5300019920260304&0`+set+id).
			At(t).Set("", regf.Raw(fileTimeType, binary.LittleEndian.AppendUint64(nil, regf.FILETIME(t))))
	}
	root.Sub(controlSet+`Enum\USB\VID_1EAB&PID_0022\4C5300019920260304`).At(plugged).
		Set("DeviceDesc", regf.String("@usbstor.inf,%genericbulkonly.devicedesc%;USB Mass Storage Device")).Set("Service",
		regf.String("USBSTOR"))
	// A hub as Windows 7 kept it before the upgrade.
	hub := root.Sub(controlSet+`Enum\USB\ROOT_HUB30\4&1a2b3c4d&0&0`).At(Installed).Set("DeviceDesc",
		regf.String("@usbhub3.inf,%usbhub3.roothubdevicedesc%;USB Root Hub (USB 3.0)"))
	hub.Sub(set[1:]+`00000064\00000000`).At(Installed).Set("Type", regf.DWord(0x10)).Set("Data",
		regf.FileTime(Installed.Add(2*time.Minute)))
}

func eventLoggingCase(m *Machine) {
	root := m.Hive(systemHive)
	for _, log := range []string{"Application", "Security", "System"} {
		root.Sub(controlSet+`Services\EventLog\`+log).At(Installed.Add(5*time.Minute)).
			Set("File", regf.Expand(`%SystemRoot%\system32\winevt\Logs\`+log+".evtx")).Set("MaxSize",
			regf.DWord(20971520)).Set("Retention", regf.DWord(0))
	}
	root.Sub(controlSet+`Control\WMI\Autologger\EventLog-System`).At(Installed).Set("Start", regf.DWord(1))
	m.Hive(softwareHive).Sub(`Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-PowerShell/Operational`).At(CleanupTime.Add(-40*time.Second)).
		Set("Enabled", regf.DWord(0)).Set("Type", regf.DWord(1))
}

func protectionCase(m *Machine) {
	m.Hive(softwareHive).Sub(`Microsoft\PowerShell\1\ShellIds\Microsoft.PowerShell`).At(PersistenceTime.Add(-3*time.Minute)).
		Set("ExecutionPolicy", regf.String("Bypass")).Set("Path", regf.String(`C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`))
	m.Hive(systemHive).Sub(controlSet+`Control\FileSystem`).At(Installed).Set("NtfsDisableLastAccessUpdate", regf.DWord(0x80000003))
}

func uninstallCase(m *Machine) {
	k := m.Hive(softwareHive).Sub(`Microsoft\Windows\CurrentVersion\Uninstall`)
	k.Sub("7-Zip").At(utc(2025, 10, 2, 3, 12, 1, 5501180)).
		Set("DisplayName", regf.String("7-Zip 24.08 (x64)")).Set("DisplayVersion", regf.String("24.08")).Set("Publisher",
		regf.String("Igor Pavlov")).
		Set("InstallLocation", regf.String(`C:\Program Files\7-Zip\`)).Set("UninstallString",
		regf.String(`"C:\Program Files\7-Zip\Uninstall.exe"`))
	k.Sub("AddressBook")
	m.Hive(softwareHive).Sub(`WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall\{0D1C2B3A-4958-4677-8695-A4B3C2D1E0F1}`).At(utc(2025, 2, 3, 2, 0, 44, 1000230)).
		Set("DisplayName", regf.String("Falcon Report Viewer")).Set("DisplayVersion", regf.String("3.1")).Set("Publisher",
		regf.String("Falcon Office")).
		Set("InstallDate", regf.String("20250203"))
	m.Hive(ntuser(Mira)).Sub(`Software\Microsoft\Windows\CurrentVersion\Uninstall\OneDriveSetup.exe`).At(utc(2024, 11, 20, 5, 2, 48,
		1180220)).
		Set("DisplayName", regf.String("Microsoft OneDrive")).Set("DisplayVersion", regf.String("24.206.1013.0004")).Set("Publisher",
		regf.String("Microsoft Corporation"))
}

func volumeLabelsCase(m *Machine) {
	root := m.Hive(softwareHive)
	plugged := utc(2026, 3, 4, 9, 0, 13, 2200145)
	root.Sub(`Microsoft\Windows Portable Devices\Devices\SWD#WPDBUSENUM#_??_USBSTOR#DISK&VEN_KITE&PROD_POCKET_32&REV_1.00#4C5300019920260304&0#{53F56307-B6BF-11D0-94F2-00A0C91EFB8B}`).
		At(plugged).Set("FriendlyName", regf.String("KITE"))
	root.Sub(`Microsoft\Windows Search\VolumeInfoCache\E:`).At(plugged.Add(3*time.Second)).Set("DriveType",
		regf.DWord(2)).Set("VolumeLabel", regf.String("KITE"))
	// As ReadyBoost of an older Windows would have written it: the serial
	// number stands in decimal.
	root.Sub(`Microsoft\Windows NT\CurrentVersion\EMDMgmt\_??_USBSTOR#Disk&Ven_Kite&Prod_Pocket_32&Rev_1.00#4C5300019920260304&0#{53f56307-b6bf-11d0-94f2-00a0c91efb8b}KITE_780718100`).
		At(utc(2025, 1, 30, 0, 40, 5, 0)).Set("CacheStatus", regf.DWord(2))
}
