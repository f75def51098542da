package corpus

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// The folders and files of the shell items.
var (
	danielFolder = fileItem{name: "daniel", short: "daniel", folder: true, modified: utc(2025, 1, 24, 1, 17, 4, 0),
		created: utc(2025, 1, 24, 1, 17, 2, 0), accessed: utc(2025, 1, 24, 1, 17, 4, 0), entry: 90211, sequence: 3}
	documentsFolder = fileItem{name: "Documents", short: "DOCUME~1", folder: true, modified: utc(2026, 3, 5, 7, 2, 44, 0),
		created: utc(2025, 1, 24, 1, 17, 2, 0), accessed: utc(2026, 3, 5, 7, 2, 44, 0), entry: 90240, sequence: 3}
	accessFile = fileItem{name: "server access.txt", short: "SERVER~1.TXT", size: 412, modified: utc(2025, 11, 12, 8, 30, 20, 0),
		created: utc(2025, 11, 12, 8, 29, 2, 0), accessed: utc(2026, 3, 6, 17, 53, 30, 0), entry: 118203, sequence: 7}
	plansFolder = fileItem{name: "plans 2026", short: "PLANS2~1", folder: true, modified: utc(2026, 3, 4, 8, 58, 2, 0),
		created: utc(2026, 1, 9, 2, 0, 0, 0), accessed: utc(2026, 3, 4, 0, 0, 0, 0)}
)

// Two more, whose places are those in the file table. They are functions: as variables,
// every program that imports the corpus would make the table when it starts.
func usersFolder() fileItem {
	return fileItem{name: "Users", short: "Users", folder: true, modified: Installed, created: VolumeCreated,
		accessed: Installed}.on(`C:\Users`)
}

func publicFolder() fileItem {
	return fileItem{name: "Public", short: "Public", folder: true, modified: utc(2025, 6, 3, 2, 14, 8, 0), created: Installed,
		accessed: utc(2025, 6, 3, 2, 14, 8, 0)}.on(`C:\Users\Public`)
}

// accessChosen is when the intruder chose daniel's notes in a dialog.
var accessChosen = DiscoveryEnd.Add(110 * time.Second)

const comDlg = explorerKey + `ComDlg32\`

func recentDocsCase(m *Machine) {
	entry := func(name string) regf.Value { return regf.Binary(append(text16(name), linkItem(name+".lnk")...)) }
	root := m.Hive(ntuser(Daniel))
	root.Sub(explorerKey+"RecentDocs").At(accessChosen).
		Set("0", entry("minutes.docx")).Set("1", entry("plans 2026")).Set("2", entry("server access.txt")).
		Set("MRUListEx", regf.Binary(mruOrder(2, 1, 0)))
	root.Sub(explorerKey+`RecentDocs\.docx`).At(utc(2026, 3, 3, 2, 11, 40, 9011233)).
		Set("0", entry("minutes.docx")).Set("MRUListEx", regf.Binary(mruOrder(0)))
	root.Sub(explorerKey+`RecentDocs\.txt`).At(accessChosen).
		Set("0", entry("server access.txt")).Set("MRUListEx", regf.Binary(mruOrder(0)))
	root.Sub(explorerKey+`RecentDocs\Folder`).At(utc(2026, 3, 4, 9, 0, 31, 1170052)).
		Set("0", entry("plans 2026")).Set("MRUListEx", regf.Binary(mruOrder(0)))
}

func openSaveCase(m *Machine) {
	list := itemList(rootItem(myComputer), volumeItem(`C:\`), usersFolder().item(), danielFolder.item(), documentsFolder.item(),
		accessFile.item())
	for _, kind := range []string{"*", "txt"} {
		m.Hive(ntuser(Daniel)).Sub(comDlg+`OpenSavePidlMRU\`+kind).At(accessChosen).
			Set("0", regf.Binary(list)).Set("MRUListEx", regf.Binary(mruOrder(0)))
	}
}

func lastVisitedCase(m *Machine) {
	list := itemList(rootItem(myComputer), volumeItem(`C:\`), usersFolder().item(), danielFolder.item(), documentsFolder.item())
	root := m.Hive(ntuser(Daniel))
	root.Sub(comDlg+"LastVisitedPidlMRU").At(accessChosen).
		Set("0", regf.Binary(append(text16("notepad.exe"), list...))).Set("MRUListEx", regf.Binary(mruOrder(0)))
	root.Sub(comDlg+"CIDSizeMRU").At(accessChosen).
		Set("0", regf.Binary(append(text16("notepad.exe"), make([]byte, 592-24)...))).Set("MRUListEx", regf.Binary(mruOrder(0)))
}

func shellBagsCase(m *Machine) {
	tree := m.Hive(usrClass(Daniel)).Sub(`Local Settings\Software\Microsoft\Windows\Shell\BagMRU`)
	stick := utc(2026, 3, 4, 9, 0, 31, 1170052)
	public := DiscoveryEnd.Add(72 * time.Second)
	share := PsExecStart.Add(-4 * time.Minute)

	computer := bag(tree, 0, rootItem(myComputer), public).Set("NodeSlot", regf.DWord(1))
	bag(bag(computer, 0, volumeItem(`E:\`), stick), 0, plansFolder.item(), stick).Set("NodeSlot", regf.DWord(3)).Set("MRUListEx",
		regf.Binary(mruOrder()))
	computer.Sub("0").Set("MRUListEx", regf.Binary(mruOrder(0)))
	c := bag(computer, 1, volumeItem(`C:\`), public).Set("NodeSlot", regf.DWord(2)).Set("MRUListEx", regf.Binary(mruOrder(0)))
	bag(bag(c, 0, usersFolder().item(), public).Set("MRUListEx", regf.Binary(mruOrder(0))), 0, publicFolder().item(), public).Set("NodeSlot",
		regf.DWord(4))
	computer.Set("MRUListEx", regf.Binary(mruOrder(1, 0)))

	net := bag(tree, 1, rootItem(network), share).Set("MRUListEx", regf.Binary(mruOrder(0)))
	bag(net, 0, networkItem(`\\`+Neighbor+`\c$`), share).Set("NodeSlot", regf.DWord(5))
	tree.Set("MRUListEx", regf.Binary(mruOrder(1, 0))).Set("NodeSlots", regf.Binary([]byte{2, 2, 2, 2, 2})).At(share)
}

// stickVolumeID names the stick's volume.
const stickVolumeID = "{8f1c40d2-17a3-11f0-b6c1-0a1b2c3d4e5f}"

func mountPointsCase(m *Machine) {
	k := m.Hive(ntuser(Daniel)).Sub(explorerKey + "MountPoints2")
	k.Sub(stickVolumeID).At(utc(2026, 3, 4, 9, 0, 29, 8812440)).Set("_LabelFromReg", regf.String("KITE"))
	k.Sub("##"+Neighbor+"#c$").At(PsExecStart.Add(-4*time.Minute)).Set("BaseClass", regf.String("Drive"))
	k.Sub(`CPC\Volume`)
	m.Hive(systemHive).Sub("MountedDevices").
		Set(`\??\Volume`+stickVolumeID, regf.Binary(regf.UTF16(`_??_USBSTOR#Disk&Ven_Kite&Prod_Pocket_32&Rev_1.00#4C5300019920260304&0#{53f56307-b6bf-11d0-94f2-00a0c91efb8b}`)))
}

func mappedDrivesCase(m *Machine) {
	root := m.Hive(ntuser(Mira))
	root.Sub(`Network\R`).At(utc(2025, 2, 3, 1, 40, 7, 5512009)).
		Set("RemotePath", regf.String(`\\FALCON-SRV\reports`)).Set("UserName", regf.DWord(0)).
		Set("ProviderName", regf.String("Microsoft Windows Network")).Set("ProviderType", regf.DWord(0x20000)).
		Set("ConnectionType", regf.DWord(1)).Set("DeferFlags", regf.DWord(4))
	root.Sub(explorerKey+"Map Network Drive MRU").At(utc(2025, 2, 3, 1, 40, 7, 5990113)).
		Set("a", regf.String(`\\FALCON-SRV\reports`)).Set("MRUList", regf.String("a"))
}

func tsClientCase(m *Machine) {
	k := m.Hive(ntuser(Daniel)).Sub(`Software\Microsoft\Terminal Server Client`)
	at := IntrusionEnd.Add(-15 * time.Minute)
	k.Sub("Default").At(at).Set("MRU0", regf.String(Neighbor)).Set("MRU1", regf.String("192.0.2.40"))
	k.Sub(`Servers\`+Neighbor).At(at).Set("UsernameHint", regf.String(`FALCON-SRV\svc_backup`)).
		Set("CertHash", regf.Binary([]byte{0x9b, 0x11, 0xe0, 0x54, 0x7f, 0x23, 0xc8, 0x66, 0x05, 0xd9, 0x41, 0xaa, 0x38, 0x90, 0x1c,
			0x72, 0xef, 0x5d, 0x0b, 0x34}))
	k.Sub("Servers\\192.0.2.40").At(utc(2025, 9, 8, 0, 31, 14, 2204817)).Set("UsernameHint", regf.String("daniel"))
}

const office = `Software\Microsoft\Office\16.0\`

// officeItem is an entry of Office's lists.
func officeItem(path string, at time.Time) regf.Value {
	return regf.String(fmt.Sprintf("[F00000000][T%016X][O00000000]*%s", regf.FILETIME(at), path))
}

func officeCase(m *Machine) {
	root := m.Hive(ntuser(Daniel))
	root.Sub(office+`Word\File MRU`).At(utc(2026, 3, 3, 2, 11, 41, 0)).
		Set("Max Display", regf.DWord(25)).
		Set("Item 1", officeItem(`C:\Users\daniel\Documents\minutes.docx`, utc(2026, 3, 3, 2, 11, 41, 1200344))).
		Set("Item 2", officeItem(`C:\Users\daniel\Downloads\invoice 0226.docm`, utc(2026, 2, 26, 0, 52, 10, 4400120)))
	root.Sub(office+`Word\Place MRU`).At(utc(2026, 3, 3, 2, 11, 41, 0)).
		Set("Item 1", officeItem(`C:\Users\daniel\Documents\`, utc(2026, 3, 3, 2, 11, 41, 1200344)))
	m.Hive(ntuser(Mira)).Sub(office+`Excel\User MRU\LiveId_0F0E0D0C0B0A09080706050403020100\File MRU`).At(utc(2026, 3, 5, 5, 30, 2, 0)).
		Set("Item 1", officeItem(`\\FALCON-SRV\reports\2026-02.xlsx`, utc(2026, 3, 5, 5, 30, 2, 7004411)))
}

func trustRecordsCase(m *Machine) {
	le := binary.LittleEndian
	record := func(file, clicked time.Time, flags uint32) regf.Value {
		b := le.AppendUint64(nil, regf.FILETIME(file))
		b = le.AppendUint64(b, uint64(9*3600*10_000_000))
		b = le.AppendUint32(b, uint32(clicked.Unix()/60))
		return regf.Binary(le.AppendUint32(b, flags))
	}
	root := m.Hive(ntuser(Daniel))
	root.Sub(office+`Word\Security\Trusted Documents\TrustRecords`).At(utc(2026, 2, 26, 0, 53, 2, 9115401)).
		Set(`%USERPROFILE%/Documents/minutes.docx`, record(utc(2025, 9, 1, 3, 0, 5, 0), utc(2025, 9, 1, 3, 1, 20, 0), 1)).
		Set(`%USERPROFILE%/Downloads/invoice%200226.docm`,
			record(utc(2026, 2, 26, 0, 50, 44, 1230055), utc(2026, 2, 26, 0, 53, 2, 0), 0x7FFFFFFF))
	root.Sub(office+`Word\Security\Trusted Locations\Location0`).At(utc(2025, 1, 24, 2, 0, 0, 0)).
		Set("Path", regf.String(`C:\Program Files\Microsoft Office\root\Templates\`)).Set("Description", regf.String("1"))
	root.Sub(office+`Word\Security`).At(utc(2026, 2, 26, 0, 53, 2, 9115401)).Set("VBAWarnings", regf.DWord(2))
}

func puttyCase(m *Machine) {
	k := m.Hive(ntuser(Mira)).Sub(`Software\SimonTatham\PuTTY`)
	k.Sub("SshHostKeys").At(utc(2025, 12, 1, 4, 10, 33, 1887201)).Set("ssh-ed25519@22:192.0.2.60", regf.String("0x1a2b3c,0x4d5e6f"))
	k.Sub(`Sessions\build%20server`).At(utc(2025, 12, 1, 4, 9, 58, 6601234)).
		Set("HostName", regf.String("192.0.2.60")).Set("PortNumber", regf.DWord(22)).Set("UserName",
		regf.String("mira")).Set("PortForwardings", regf.String(""))
	k.Sub("Jumplist").At(utc(2025, 12, 1, 4, 10, 30, 0)).Set("Recent sessions", regf.Multi("build server"))
}

func winSCPCase(m *Machine) {
	at := CleanupTime.Add(-6 * time.Minute)
	k := m.Hive(ntuser(Daniel)).Sub(`Software\Martin Prikryl\WinSCP 2`)
	k.Sub("Sessions\\up@"+Server).At(at).
		Set("HostName", regf.String(Server)).Set("PortNumber", regf.DWord(443)).Set("UserName", regf.String("up")).
		Set("Password", regf.String("A35C4F50D3C1")).Set("LocalDirectory", regf.String("C:%5CPerfLogs")).Set("RemoteDirectory",
		regf.String("/in"))
	k.Sub(`Configuration\CDCache`).At(at).Set("up@"+Server, regf.String("x"))
}

func archiversCase(m *Machine) {
	k := m.Hive(ntuser(Mira)).Sub(`Software\WinRAR`)
	k.Sub("ArcHistory").At(utc(2026, 3, 5, 6, 2, 18, 4411520)).
		Set("0", regf.String(`C:\Users\mira\Documents\reports 2025.rar`)).Set("1", regf.String(`C:\Users\mira\Downloads\fonts.zip`))
	m.Hive(ntuser(Daniel)).Sub(`Software\7-Zip\FM`).At(utc(2025, 10, 2, 3, 14, 15, 9265358)).
		Set("PanelPath0", regf.String(`C:\Users\daniel\Downloads\`)).
		Set("FolderHistory", regf.Binary(append(text16(`C:\Users\daniel\Downloads\`), text16(`C:\Users\daniel\`)...)))
}

func appletsCase(m *Machine) {
	k := m.Hive(ntuser(Daniel)).Sub(`Software\Microsoft\Windows\CurrentVersion\Applets`)
	k.Sub("Regedit").At(PersistenceTime.Add(55*time.Second)).
		Set("LastKey", regf.String(`Computer\HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Run`))
	k.Sub(`Wordpad\Recent File List`).At(utc(2025, 8, 4, 2, 0, 12, 1100045)).Set("File1",
		regf.String(`C:\Users\daniel\Documents\letter.rtf`))
}

func internetSettingsCase(m *Machine) {
	const zones = `Software\Microsoft\Windows\CurrentVersion\Internet Settings\`
	for _, user := range []string{Mira, Daniel} {
		at := utc(2025, 2, 3, 23, 40, 51, 0)
		weak := regf.DWord(3)
		if user == Daniel {
			at, weak = ImplantStart.Add(11*time.Second), regf.DWord(0)
		}
		m.Hive(ntuser(user)).Sub(zones+`Zones\3`).At(at).Set("CurrentLevel", regf.DWord(0x11500)).Set("1200", regf.DWord(0)).
			Set("1201", weak).Set("1400", regf.DWord(0)).Set("1803", regf.DWord(0)).Set("2500", regf.DWord(0))
		m.Hive(ntuser(user)).Sub(zones+`Lockdown_Zones\3`).At(utc(2025, 2, 3, 23, 40, 51, 0)).Set("CurrentLevel", regf.DWord(0)).
			Set("1200", regf.DWord(3)).Set("1400", regf.DWord(1))
	}
}
