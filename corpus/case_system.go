package corpus

import (
	"encoding/binary"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

const controlSet = `ControlSet001\`

// systemCase writes what SYSTEM says of the machine itself: its name, its clock, its switches, its volumes.
func systemCase(m *Machine) {
	root := m.Hive(systemHive)
	root.Sub("Select").Set("Current", regf.DWord(1)).Set("Default", regf.DWord(1)).Set("Failed", regf.DWord(0)).Set("LastKnownGood",
		regf.DWord(1))

	control := root.Sub(controlSet + "Control")
	control.Sub(`ComputerName\ComputerName`).At(Installed.Add(14*time.Minute)).
		Set("", regf.String("mnmsrvc")).Set("ComputerName", regf.String(Computer))
	control.Sub("TimeZoneInformation").At(LastBoot).
		Set("Bias", regf.DWord(minutes(-540))).Set("StandardBias", regf.DWord(0)).Set("DaylightBias", regf.DWord(minutes(-60))).
		Set("ActiveTimeBias", regf.DWord(minutes(-540))).Set("TimeZoneKeyName", regf.String(TimeZone)).
		Set("StandardName", regf.String("@tzres.dll,-632")).Set("DaylightName", regf.String("@tzres.dll,-631")).
		Set("StandardStart", regf.Binary(make([]byte, 16))).Set("DaylightStart", regf.Binary(make([]byte, 16))).
		Set("DynamicDaylightTimeDisabled", regf.DWord(0))
	control.Sub("Windows").At(LastShutdown).
		Set("Directory", regf.Expand("%SystemRoot%")).Set("ShutdownTime", regf.FileTime(LastShutdown))

	session := control.Sub("Session Manager").Set("BootExecute", regf.Multi("autocheck autochk *"))
	session.Sub("Environment").
		Set("ComSpec", regf.Expand(`%SystemRoot%\system32\cmd.exe`)).
		Set("Path", regf.Expand(`%SystemRoot%\system32;%SystemRoot%;%SystemRoot%\System32\Wbem;%SYSTEMROOT%\System32\WindowsPowerShell\v1.0\`)).
		Set("PATHEXT", regf.String(".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC")).
		Set("TEMP", regf.Expand(`%SystemRoot%\TEMP`)).Set("windir", regf.Expand("%SystemRoot%"))
	session.Sub("KnownDLLs").Set("DllDirectory", regf.Expand(`%SystemRoot%\system32`)).
		Set("advapi32", regf.String("advapi32.dll")).Set("combase", regf.String("combase.dll")).
		Set("kernel32", regf.String("kernel32.dll")).Set("ole32", regf.String("ole32.dll")).
		Set("rpcrt4", regf.String("rpcrt4.dll")).Set("sechost", regf.String("sechost.dll")).
		Set("shell32", regf.String("SHELL32.dll")).Set("user32", regf.String("user32.dll"))
	session.Sub(`Memory Management\PrefetchParameters`).At(LastBoot).
		Set("EnablePrefetcher", regf.DWord(3)).Set("EnableSuperfetch", regf.DWord(3)).
		Set("HostingAppList", regf.String("DLLHOST.EXE,MMC.EXE,RUNDLL32.EXE,SVCHOST.EXE"))

	control.Sub("Lsa").
		Set("Authentication Packages", regf.Multi("msv1_0")).Set("Notification Packages", regf.Multi("scecli")).
		Set("Security Packages", regf.Multi(`""`)).Set("LimitBlankPasswordUse", regf.DWord(1))
	control.Sub("Terminal Server").At(Installed.AddDate(0, 2, 4)).Set("fDenyTSConnections", regf.DWord(0))
	control.Sub(`Terminal Server\WinStations\RDP-Tcp`).
		Set("PortNumber", regf.DWord(3389)).Set("UserAuthentication", regf.DWord(1)).Set("SecurityLayer", regf.DWord(2))
	control.Sub("SafeBoot").Set("AlternateShell", regf.String("cmd.exe"))

	const adapter = "{6f1d2c3b-4a59-4e68-9d77-0a1b2c3d4e5f}"
	tcpip := root.Sub(controlSet + `Services\Tcpip\Parameters`)
	tcpip.Set("Hostname", regf.String(Computer)).Set("NV Hostname", regf.String(Computer)).Set("Domain", regf.String("")).
		Set("DataBasePath", regf.Expand(`%SystemRoot%\System32\drivers\etc`))
	tcpip.Sub(`Interfaces\`+adapter).At(LastBoot.Add(21*time.Second)).
		Set("EnableDHCP", regf.DWord(1)).Set("DhcpIPAddress", regf.String("192.0.2.23")).Set("DhcpSubnetMask",
		regf.String("255.255.255.0")).
		Set("DhcpServer", regf.String("192.0.2.1")).Set("DhcpNameServer", regf.String("192.0.2.1")).
		Set("DhcpDefaultGateway", regf.Multi("192.0.2.1")).Set("NameServer", regf.String("")).
		Set("LeaseObtainedTime", regf.DWord(uint32(LastBoot.Unix()+20))).Set("LeaseTerminatesTime",
		regf.DWord(uint32(LastBoot.Unix()+20+86400)))

	mounted := root.Sub("MountedDevices").At(utc(2026, 3, 4, 9, 0, 12, 5011290))
	mounted.Set(`\DosDevices\C:`, regf.Binary(partition(0x9A4F21C7, 0x20500000))).
		Set(`\??\Volume{5c3a91e7-0000-0000-0000-502000000000}`, regf.Binary(partition(0x9A4F21C7, 0x20500000))).
		Set(`\DosDevices\E:`, regf.Binary(regf.UTF16(`_??_USBSTOR#Disk&Ven_Kite&Prod_Pocket_32&Rev_1.00#4C5300019920260304&0#{53f56307-b6bf-11d0-94f2-00a0c91efb8b}`)))

	root.Sub("Setup").Set("SystemPartition", regf.String(`\Device\HarddiskVolume1`)).Set("OsLoaderPath", regf.String(`\`)).
		Set("SetupType", regf.DWord(0)).Set("CmdLine", regf.String(""))

	// The machine notes each boot; the note of the last one had not reached the primary file.
	m.Late(systemHive, func(root *regf.Key) {
		root.Sub(controlSet+`Control\Session Manager\Memory Management\PrefetchParameters`).
			At(LastBoot.Add(40*time.Second)).Set("BootId", regf.DWord(93))
	})
}

// minutes is a signed number of minutes as a DWORD.
func minutes(n int32) uint32 { return uint32(n) }

// partition is a partition of an MBR disk as MountedDevices names it: disk signature, and offset in bytes.
func partition(signature uint32, offset uint64) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(nil, signature), offset)
}
