package corpus

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// inventoryScan is when the compatibility scan wrote most entries.
var inventoryScan = utc(2026, 3, 6, 3, 2, 44, 0)

// inventoryID is the identity of a file that does not exist: the SHA-1 of its path, with the four zeros that Amcache
// puts before it.
func inventoryID(path string) string {
	sum := sha1.Sum([]byte(path))
	return "0000" + hex.EncodeToString(sum[:])
}

// inventoryName is the name of a key of Amcache: sixteen characters of the file's name and a hash.
func inventoryName(name string) string { return inventoryKey(name, name) }

// inventoryKey is the same where two files have one name.
func inventoryKey(name, hashed string) string {
	name, hashed = strings.ToLower(name), strings.ToLower(hashed)
	return fmt.Sprintf("%s|%08x%08x", name[:min(len(name), 16)], mix(hashed), mix(hashed+"2"))
}

// installedRar is the packer that mira installed. The intruder's is a copy of it.
const installedRar = `C:\Program Files\WinRAR\Rar.exe`

// amcacheFilesCase writes program files of the week; the scanner of the intruder bears another name than its version
// resource gives it.
func amcacheFilesCase(m *Machine) {
	table := m.Hive(amcacheHive).Sub(`Root\InventoryApplicationFile`)
	for i, f := range []struct {
		path, original, publisher, product, program string
		size                                        uint64
		written                                     time.Time
	}{
		{`C:\Program Files\PaperScan\PaperScan.exe`, "PaperScan.exe", "orpalis", "paperscan", paperScanID, 51_904_512, inventoryScan},
		{`C:\Windows\System32\notepad.exe`, "notepad.exe", "microsoft corporation", "microsoft® windows® operating system",
			"0000f519feec486de87ed73cb92d3cac802400000000", 201_216, inventoryScan},
		{Scanner, "nbtscan.exe", "", "", "0006" + strings.Repeat("1", 40), 36_864, at("06 17:54:12").times[0]},
		{Implant, "beacon.exe", "", "", "0006" + strings.Repeat("2", 40), 288_256, ImplantStart.Add(1200 * time.Millisecond)},
		{Archiver, "rar.exe", "alexander roshal", "winrar", "0006" + strings.Repeat("3", 40), 620_184, at("06 18:24:50").times[0]},
		{installedRar, "rar.exe", "alexander roshal", "winrar", "0006" + strings.Repeat("4", 40), 620_184, inventoryScan},
		{Syncer, "fsync.exe", "", "", "0006" + strings.Repeat("5", 40), 121_856, at("06 18:23:05").times[0].Add(900 * time.Millisecond)},
	} {
		name := f.path[strings.LastIndexByte(f.path, '\\')+1:]
		content, id := f.path, inventoryName(name)
		if content == installedRar {
			content, id = Archiver, inventoryKey(name, f.path) // the same file
		}
		k := table.Sub(id).At(f.written)
		k.Set("ProgramId", regf.String(f.program)).Set("FileId", regf.String(inventoryID(content))).
			Set("LowerCaseLongPath", regf.String(strings.ToLower(f.path))).Set("LongPathHash", regf.String(id)).
			Set("Name", regf.String(name)).Set("OriginalFileName", regf.String(strings.ToLower(f.original))).
			Set("Publisher", regf.String(f.publisher)).Set("Version", regf.String("1.0.0.0")).
			Set("BinFileVersion", regf.String("1.0.0.0")).Set("BinaryType", regf.String("pe64_amd64")).
			Set("ProductName", regf.String(f.product)).Set("ProductVersion", regf.String("1.0")).
			Set("LinkDate", regf.String("05/22/2066 07:17:28")).Set("BinProductVersion", regf.String("1.0.0.0")).
			Set("Size", regf.QWord(f.size)).Set("Language", regf.DWord(1033)).Set("Usn", regf.QWord(uint64(0x1A40_0000+i*4096)))
	}
}

const paperScanID = "0000931f4d8fa1b9e536d7f9acd977cfba400000ffff"

// amcacheProgramsCase writes the programs that are installed.
func amcacheProgramsCase(m *Machine) {
	m.Hive(amcacheHive).Sub(`Root\InventoryApplication\`+paperScanID).At(inventoryScan).
		Set("ProgramId", regf.String(paperScanID)).Set("Name", regf.String("PaperScan Free 3.0")).
		Set("Version", regf.String("3.0.130")).Set("Publisher", regf.String("ORPALIS")).
		Set("Source", regf.String("AddRemoveProgram")).Set("Type", regf.String("Application")).
		Set("InstallDate", regf.String("03/03/2026 05:41:12")).Set("RootDirPath", regf.String(`C:\Program Files\PaperScan`)).
		Set("OSVersionAtInstallTime", regf.String("10.0.0.19045")).Set("PackageFullName", regf.String("")).
		Set("UninstallString", regf.String(`C:\Program Files\PaperScan\unins000.exe`)).
		Set("RegistryKeyPath", regf.String(`HKEY_LOCAL_MACHINE\Software\Microsoft\Windows\CurrentVersion\Uninstall\PaperScan_is1`))
}

// amcacheDriversCase writes a driver of Windows and one of a scanner, which is signed but no part of Windows.
func amcacheDriversCase(m *Machine) {
	table := m.Hive(amcacheHive).Sub(`Root\InventoryDriverBinary`)
	for _, d := range []struct{ name, company, inbox string }{
		{"tcpip.sys", "Microsoft Corporation", "1"},
		{"psusbscan.sys", "ORPALIS", "0"},
	} {
		table.Sub("c:/windows/system32/drivers/"+d.name).At(inventoryScan).
			Set("DriverName", regf.String(d.name)).Set("Inf", regf.String("")).Set("DriverVersion", regf.String("10.0.19041.1")).
			Set("Product", regf.String("")).Set("ProductVersion", regf.String("1.0")).Set("DriverCompany", regf.String(d.company)).
			Set("Service", regf.String(strings.TrimSuffix(d.name, ".sys"))).Set("DriverInBox", regf.String(d.inbox)).
			Set("DriverSigned", regf.String("1")).Set("DriverIsKernelMode", regf.String("1")).
			Set("DriverId", regf.String(inventoryID(d.name))).Set("DriverLastWriteTime", regf.String("12/07/2019 09:07:53")).
			Set("DriverTimeStamp", regf.DWord(0xC3CECCE4)).Set("DriverCheckSum", regf.DWord(0xC7F4)).Set("ImageSize", regf.DWord(0xD000))
	}
}

// amcacheShortcutsCase writes a shortcut of the Start menu.
func amcacheShortcutsCase(m *Machine) {
	m.Hive(amcacheHive).Sub(`Root\InventoryApplicationShortcut\`+inventoryName("PaperScan")).At(inventoryScan).
		Set("ShortcutPath", regf.String(`C:\ProgramData\Microsoft\Windows\Start Menu\Programs\PaperScan.lnk`)).
		Set("ShortcutTargetPath", regf.String(`C:\Program Files\PaperScan\PaperScan.exe`))
}

// amcacheDevicesCase writes daniel's USB stick, as a device and as a container.
func amcacheDevicesCase(m *Machine) {
	root := m.Hive(amcacheHive).Sub("Root")
	const container = "{4f0c2a11-92d3-5c0e-9e71-5c1a7a2e88d0}"
	root.Sub("InventoryDevicePnp").Sub("usbstor/disk&ven_kestrel&prod_stick&rev_1.00/aa00000000000485&0").At(utc(2026, 3, 4, 9, 0, 21, 0)).
		Set("Model", regf.String("Kestrel Stick USB Device")).Set("Manufacturer", regf.String("(Standard disk drives)")).
		Set("Class", regf.String("diskdrive")).Set("Service", regf.String("disk")).Set("DriverName", regf.String("disk.sys")).
		Set("Inf", regf.String("disk.inf")).Set("Provider", regf.String("Microsoft")).Set("ContainerId", regf.String(container)).
		Set("ParentId", regf.String(`usb\vid_1307&pid_0165\aa00000000000485`)).Set("InstallDate", regf.String("03-04-2026")).
		Set("FirstInstallDate", regf.String("02-11-2025"))
	root.Sub("InventoryDeviceContainer").Sub(container).At(utc(2026, 3, 4, 9, 0, 22, 0)).
		Set("ModelName", regf.String("Stick")).Set("FriendlyName", regf.String("Kestrel Stick")).Set("Manufacturer",
		regf.String("Kestrel")).
		Set("PrimaryCategory", regf.String("storage.flash")).Set("IsConnected", regf.String("0")).Set("State", regf.DWord(9))
}
