package corpus

import (
	"encoding/binary"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/wmirepo"
)

// The settings by which Windows loads programs and DLLs, as Windows and ordinary programs leave them. Most of what an
// intruder could have set here he did not: a reader has to stay calm.

const (
	passwordID      = "{60b78e88-ead8-445c-9cfd-0b87f74ea6cd}" // the password provider of Windows
	defenderID      = "{2781761E-28E0-4109-99FE-B9D127C57AFE}" // its virus scanner
	syncOverlayID   = "{A78ED123-AB77-406B-9962-2A5D9D2F7F30}" // an overlay of OneDrive
	noteAddinID     = "{4B1E7C02-9D36-4F0A-8E55-1C7A90D2E6B3}"
	profilerClassID = "{6F3C1D88-2A4B-4C5E-9D10-73E2B8A45C19}"
)

// ifeoCase: a development tool debugs one program, set-up put its settings beside.
func ifeoCase(m *Machine) {
	options := m.Hive(softwareHive).Sub(`Microsoft\Windows NT\CurrentVersion\Image File Execution Options`)
	options.Sub("ExtExport.exe").Set("MitigationOptions", regf.QWord(0x100))
	options.Sub("spoolsv.exe").Set("MitigationOptions", regf.QWord(0x10000000))
	options.Sub("ploverpdf.exe").At(utc(2025, 2, 3, 1, 12, 41, 118)).Set("Debugger",
		regf.String(`"C:\Program Files (x86)\Plover PDF\redirect.exe" /old`))
}

// aeDebugCase: no debugger, and one helper of Windows' own.
func aeDebugCase(m *Machine) {
	root := m.Hive(softwareHive)
	root.Sub(`Microsoft\Windows NT\CurrentVersion\AeDebug`).Set("UserDebuggerHotKey", regf.DWord(0))
	root.Sub(`Microsoft\Windows\Windows Error Reporting\RuntimeExceptionHelperModules`).Set(`C:\Windows\System32\iertutil.dll`,
		regf.DWord(0))
}

// appCertDLLsCase: the key is there after a product was removed, without values.
func appCertDLLsCase(m *Machine) {
	m.Hive(systemHive).Sub(controlSet + `Control\Session Manager\AppCertDlls`).At(utc(2025, 2, 3, 1, 15, 2, 90131))
}

// profilerCase: a monitoring product measures one service.
func profilerCase(m *Machine) {
	m.Hive(softwareHive).Sub(`Classes\CLSID\`+profilerClassID).Set("", regf.String("Plover Monitor")).Sub("InprocServer32").
		Set("", regf.String(`C:\Program Files\Plover Monitor\profiler64.dll`))
	m.Hive(softwareHive).Sub(`Microsoft\.NETFramework`).Set("InstallRoot", regf.String(`C:\Windows\Microsoft.NET\Framework64\`))
	m.Hive(systemHive).Sub(controlSet+`Services\PloverSync`).At(utc(2025, 3, 12, 4, 0, 9, 77120)).
		Set("Type", regf.DWord(0x10)).Set("Start", regf.DWord(3)).Set("ErrorControl", regf.DWord(1)).
		Set("ImagePath", regf.String(`"C:\Program Files\Plover Monitor\sync.exe"`)).Set("ObjectName", regf.String("LocalSystem")).
		Set("Environment", regf.Multi("COR_ENABLE_PROFILING=1", "COR_PROFILER="+profilerClassID))
}

// sessionManagerCase: the lists of boot as Windows sets them up.
func sessionManagerCase(m *Machine) {
	session := m.Hive(systemHive).Sub(controlSet + `Control\Session Manager`)
	session.Set("BootShell", regf.Expand(`%SystemRoot%\system32\bootim.exe`)).Set("SETUPEXECUTE", regf.Multi())
	session.Sub("SubSystems").Set("", regf.String("mnmsrvc")).Set("Debug", regf.Expand("")).
		Set("Kmode", regf.Expand(`\SystemRoot\System32\win32k.sys`)).Set("Required", regf.Multi("Debug", "Windows")).
		Set("Windows", regf.Expand(`%SystemRoot%\system32\csrss.exe ObjectDirectory=\Windows SharedSection=1024,20480,768 Windows=On SubSystemType=Windows ServerDll=basesrv,1 ServerDll=winsrv:UserServerDllInitialization,3 ServerDll=sxssrv,4 ProfileControl=Off MaxRequestThreads=16`))
}

// pendingRenamesCase: an updater replaces a DLL that was in use, and takes its own leftovers away.
func pendingRenamesCase(m *Machine) {
	m.Hive(systemHive).Sub(controlSet+`Control\Session Manager`).At(utc(2026, 3, 6, 5, 2, 44, 6120033)).
		Set("PendingFileRenameOperations", regf.Multi(
			`\??\C:\Program Files\Plover Monitor\new\sync.dll`, `!\??\C:\Program Files\Plover Monitor\sync.dll`,
			`\??\C:\Windows\Temp\plover-setup.tmp`, ``))
}

// knownDLLsCase adds the 32-bit folder.
func knownDLLsCase(m *Machine) {
	m.Hive(systemHive).Sub(controlSet+`Control\Session Manager\KnownDLLs`).Set("DllDirectory32", regf.Expand(`%SystemRoot%\syswow64`))
	m.Hive(systemHive).Sub(controlSet+`Control\Session Manager`).Set("ExcludeFromKnownDlls", regf.Multi())
}

// environmentCase: a developer's tool put its folder behind mira's path.
func environmentCase(m *Machine) {
	m.Hive(ntuser(Mira)).Sub("Environment").At(utc(2025, 4, 8, 2, 51, 30, 4410026)).
		Set("Path", regf.Expand(`%USERPROFILE%\AppData\Local\Microsoft\WindowsApps;C:\Tools\`))
}

// safeBootCase: two of the services of safe mode, and a class of devices.
func safeBootCase(m *Machine) {
	safe := m.Hive(systemHive).Sub(controlSet + `Control\SafeBoot`)
	for _, mode := range []string{"Minimal", "Network"} {
		safe.Sub(mode+`\AppMgmt`).Set("", regf.String("Service"))
		safe.Sub(mode+`\vga.sys`).Set("", regf.String("Driver"))
		safe.Sub(mode+`\{4D36E967-E325-11CE-BFC1-08002BE10318}`).Set("", regf.String("DiskDrive"))
	}
	safe.Sub(`Network\Tcpip`).Set("", regf.String("Service"))
}

// lsaCase: the DLLs of log-ons as Windows sets them up, and a VPN client's provider.
func lsaCase(m *Machine) {
	control := m.Hive(systemHive).Sub(controlSet + "Control")
	control.Sub(`LsaExtensionConfig\LsaSrv`).Set("Extensions", regf.Multi("lsasrv.dll"))
	control.Sub("SecurityProviders").Set("SecurityProviders", regf.String("credssp.dll"))
	control.Sub(`SecurityProviders\WDigest`).Set("DigestEncryptionAlgorithms", regf.String("3des,rc4"))
	control.Sub(`NetworkProvider\Order`).At(utc(2025, 9, 1, 0, 31, 5, 8801450)).Set("ProviderOrder",
		regf.String("RDPNP,PloverVPN,LanmanWorkstation,webclient"))
	services := m.Hive(systemHive).Sub(controlSet + "Services")
	services.Sub(`RDPNP\NetworkProvider`).Set("ProviderPath", regf.Expand(`%SystemRoot%\System32\drprov.dll`))
	services.Sub(`PloverVPN\NetworkProvider`).Set("ProviderPath", regf.String(`C:\Program Files\Plover VPN\np.dll`))
	services.Sub(`LanmanWorkstation\NetworkProvider`).Set("ProviderPath", regf.Expand(`%SystemRoot%\System32\ntlanman.dll`))
}

func class(m *Machine, id, title, server string) {
	m.Hive(softwareHive).Sub(`Classes\CLSID\`+id).Set("", regf.String(title)).
		Sub("InprocServer32").Set("", regf.Expand(server)).Set("ThreadingModel", regf.String("Apartment"))
}

// credentialProvidersCase: the password provider.
func credentialProvidersCase(m *Machine) {
	class(m, passwordID, "PasswordProvider", `%SystemRoot%\system32\credprovs.dll`)
	m.Hive(softwareHive).Sub(currentVersion+`Authentication\Credential Providers\`+passwordID).Set("", regf.String("PasswordProvider"))
}

// amsiCase: the antivirus of Windows.
func amsiCase(m *Machine) {
	class(m, defenderID, "Windows Defender IOfficeAntiVirus implementation",
		`"%ProgramData%\Microsoft\Windows Defender\Platform\4.18.24090.11-0\MpOav.dll"`)
	m.Hive(softwareHive).Sub(`Microsoft\AMSI\Providers\` + defenderID)
}

// comHijackCase: OneDrive registers a class for mira, which the machine does not have.
func comHijackCase(m *Machine) {
	m.Hive(usrClass(Mira)).Sub(`CLSID\`+syncOverlayID).At(utc(2024, 11, 20, 5, 2, 49, 77002)).Set("",
		regf.String("ReadOnlyOverlayHandler2 Class")).
		Sub("InprocServer32").Set("", regf.String(`C:\Users\mira\AppData\Local\Microsoft\OneDrive\25.010.0119.0002\FileSyncShell64.dll`)).
		Set("ThreadingModel", regf.String("Apartment"))
}

// fileAssociationsCase: programs start as they should.
func fileAssociationsCase(m *Machine) {
	classes := m.Hive(softwareHive).Sub("Classes")
	classes.Sub(`.exe`).Set("", regf.String("exefile"))
	classes.Sub(`exefile\shell\open\command`).Set("", regf.String(`"%1" %*`)).Set("IsolatedCommand", regf.String(`"%1" %*`))
	classes.Sub(`txtfile\shell\open\command`).Set("", regf.Expand(`%SystemRoot%\system32\NOTEPAD.EXE %1`))
	classes.Sub(`mscfile\shell\open\command`).Set("", regf.Expand(`%SystemRoot%\system32\mmc.exe "%1" %*`))
}

// appPathsCase: a browser's name.
func appPathsCase(m *Machine) {
	m.Hive(softwareHive).Sub(currentVersion+`App Paths\msedge.exe`).
		Set("", regf.String(`C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`)).Set("Path",
		regf.String(`C:\Program Files (x86)\Microsoft\Edge\Application`))
}

// activeSetupCase: the media player sets itself up for each user, and did so for mira.
func activeSetupCase(m *Machine) {
	const key = `Microsoft\Active Setup\Installed Components\{6BF52A52-394A-11d3-B153-00C04F79FAA6}`
	m.Hive(softwareHive).Sub(key).Set("", regf.String("Microsoft Windows Media Player")).Set("IsInstalled", regf.DWord(1)).
		Set("StubPath", regf.Expand(`%SystemRoot%\system32\unregmp2.exe /ShowWMP`)).Set("Version", regf.String("12,0,19041,1"))
	m.Hive(ntuser(Mira)).Sub(`Software\`+key).At(Installed.Add(24*time.Minute)).Set("Version", regf.String("12,0,19041,1"))
}

// printCase: the DLLs of the print spooler, and a PDF printer's.
func printCase(m *Machine) {
	p := m.Hive(systemHive).Sub(controlSet + `Control\Print`)
	p.Sub(`Monitors\Local Port`).Set("Driver", regf.String("localspl.dll"))
	p.Sub(`Monitors\Plover PDF`).At(utc(2025, 2, 3, 1, 12, 39, 4021)).Set("Driver", regf.String("ploverpdfmon.dll"))
	p.Sub(`Providers\LanMan Print Services`).Set("Name", regf.String("win32spl.dll"))
	p.Sub(`Environments\Windows x64\Print Processors\winprint`).Set("Driver", regf.String("winprint.dll"))
}

// netshCase: helpers of Windows.
func netshCase(m *Machine) {
	m.Hive(softwareHive).Sub(`Microsoft\NetSh`).Set("2", regf.String("ifmon.dll")).Set("4", regf.String("rasmontr.dll")).Set("wshelper",
		regf.String("wshelper.dll"))
}

// timeProvidersCase: client and virtual machine.
func timeProvidersCase(m *Machine) {
	t := m.Hive(systemHive).Sub(controlSet + `Services\W32Time\TimeProviders`)
	t.Sub("NtpClient").Set("DllName", regf.Expand(`%systemroot%\system32\w32time.dll`)).Set("Enabled",
		regf.DWord(1)).Set("InputProvider", regf.DWord(1))
	t.Sub("VMICTimeProvider").Set("DllName", regf.Expand(`%SystemRoot%\System32\vmictimeprovider.dll`)).Set("Enabled", regf.DWord(0))
}

// winsockCase: one protocol and one name space.
func winsockCase(m *Machine) {
	w := m.Hive(systemHive).Sub(controlSet + `Services\WinSock2\Parameters`)
	w.Set("AutodialDLL", regf.String(`C:\Windows\System32\rasadhlp.dll`))
	w.Sub(`Protocol_Catalog9\Catalog_Entries64\000000000001`).Set("PackedCatalogItem",
		regf.Binary(catalogItem(`%SystemRoot%\system32\mswsock.dll`, "MSAFD Tcpip [TCP/IP]", 1001)))
	w.Sub(`NameSpace_Catalog5\Catalog_Entries64\000000000001`).Set("LibraryPath", regf.String(`%SystemRoot%\system32\napinsp.dll`)).
		Set("DisplayString", regf.String(`@%SystemRoot%\system32\napinsp.dll,-1000`)).Set("Enabled", regf.DWord(1)).
		Set("ProviderId", regf.Binary([]byte{0xA2, 0xCB, 0x4A, 0x96, 0xBC, 0xB2, 0xEB, 0x40, 0x8C, 0x6A, 0xA6, 0xDB, 0x40, 0x16, 0x1C,
			0xAE}))
}

// catalogItem is a path in 260 bytes and a WSAPROTOCOL_INFOW.
func catalogItem(path, title string, id uint32) []byte {
	b := make([]byte, 260+628)
	copy(b, path)
	info := b[260:]
	copy(info[20:], []byte{0xA0, 0x1A, 0x0F, 0xE7, 0x8B, 0xAB, 0xCF, 0x11, 0x8C, 0xA3, 0x00, 0x80, 0x5F, 0x48, 0xA1, 0x92})
	binary.LittleEndian.PutUint32(info[36:], id)
	binary.LittleEndian.PutUint32(info[40:], 1)
	copy(info[116:], regf.UTF16(title))
	return b
}

// dnsServerCase: this machine serves no names.
func dnsServerCase(m *Machine) { m.Hive(systemHive).Sub(controlSet + `Services\DHCPServer\Parameters`) }

// rdpProgramsCase: the clipboard of remote sessions.
func rdpProgramsCase(m *Machine) {
	ts := m.Hive(systemHive).Sub(controlSet + `Control\Terminal Server`)
	ts.Sub(`Wds\rdpwd`).Set("StartupPrograms", regf.String("rdpclip"))
	ts.Sub(`WinStations\RDP-Tcp`).Set("InitialProgram", regf.String("")).Set("fInheritInitialProgram", regf.DWord(1))
}

// shellExtensionsCase: the overlay of OneDrive and the menu of a packer.
func shellExtensionsCase(m *Machine) {
	const packer = "{23170F69-40C1-278A-1000-000100020000}"
	class(m, packer, "7-Zip Shell Extension", `C:\Program Files\7-Zip\7-zip.dll`)
	m.Hive(softwareHive).Sub(`Classes\*\shellex\ContextMenuHandlers\7-Zip`).Set("", regf.String(packer))
	m.Hive(softwareHive).Sub(currentVersion+`Shell Extensions\Approved`).Set(packer, regf.String("7-Zip Shell Extension"))
	m.Hive(softwareHive).Sub(currentVersion + `Explorer\Browser Helper Objects`)
	m.Hive(softwareHive).Sub(currentVersion+`Explorer\ShellIconOverlayIdentifiers\ OneDrive1`).Set("", regf.String(syncOverlayID))
}

// officeAddinsCase: mira takes notes out of mails.
func officeAddinsCase(m *Machine) {
	class(m, noteAddinID, "Plover Notes", `C:\Program Files\Plover Notes\outlook.dll`)
	m.Hive(softwareHive).Sub(`Classes\PloverNotes.Outlook\CLSID`).Set("", regf.String(noteAddinID))
	m.Hive(ntuser(Mira)).Sub(`Software\Microsoft\Office\Outlook\Addins\PloverNotes.Outlook`).At(utc(2025, 5, 6, 7, 8, 9, 1011)).
		Set("FriendlyName", regf.String("Plover Notes")).Set("LoadBehavior", regf.DWord(3))
}

// browserPoliciesCase: a password manager puts its extension into Chrome.
func browserPoliciesCase(m *Machine) {
	m.Hive(softwareHive).Sub(`Google\Chrome\Extensions\aomjjhallfgjeglblehebfpbcfeobpgk`).
		Set("update_url", regf.String("https://clients2.google.com/service/update2/crx"))
	m.Hive(softwareHive).Sub(`Policies\Microsoft\Edge`)
}

// autostartFilesCase: mira's PowerShell greets her, and old files stand where set-up put them.
func autostartFilesCase(m *Machine) {
	m.File("Users/"+Mira+"/Documents/WindowsPowerShell/Microsoft.PowerShell_profile.ps1",
		[]byte("# shorter prompt\r\nfunction prompt { \"> \" }\r\n"))
	m.File("Windows/win.ini", []byte("; for 16-bit app support\r\n[fonts]\r\n[extensions]\r\n[mci extensions]\r\n[files]\r\n[Mail]\r\nMAPI=1\r\n"))
	m.File("Windows/system.ini", []byte("; for 16-bit app support\r\n[386Enh]\r\nwoafont=dosapp.fon\r\nEGA80WOA.FON=EGA80WOA.FON\r\n\r\n[drivers]\r\nwave=mmdrv.dll\r\ntimer=timer.drv\r\n\r\n[mci]\r\n"))
}

// wmiCase: the repository with the one subscription that every Windows has.
func wmiCase(m *Machine) {
	files := WMIRepository().Files()
	const dir = "Windows/System32/wbem/Repository/"
	m.File(dir+"OBJECTS.DATA", files.Objects)
	m.File(dir+"MAPPING1.MAP", files.Map)
	m.File(dir+"INDEX.BTR", files.Index)
}

// WMIRepository returns the repository of a Windows without subscriptions of
// others: the classes that they need, and the default one.
func WMIRepository() *wmirepo.Repository {
	built := time.Date(2021, 5, 8, 8, 24, 20, 972954000, time.UTC)
	administrators := []byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0}
	class := func(name, super string, properties ...wmirepo.Property) wmirepo.Class {
		return wmirepo.Class{Name: name, Super: super, Properties: properties, Stored: built}
	}
	p := func(name string, typ int) wmirepo.Property { return wmirepo.Property{Name: name, Type: typ} }
	sid := p("CreatorSID", wmirepo.Uint8|wmirepo.Array)
	const text = wmirepo.String
	return &wmirepo.Repository{
		Classes: []wmirepo.Class{
			class("__SystemClass", ""), class("__NAMESPACE", "__SystemClass", p("Name", text)),
			class("__IndicationRelated", "__SystemClass"),
			class("__EventFilter", "__IndicationRelated", p("Name", text), sid, p("QueryLanguage", text), p("Query", text),
				p("EventNamespace", text),
				p("EventAccess", text)),
			class("__FilterToConsumerBinding", "__IndicationRelated", p("Filter", wmirepo.Reference), p("Consumer", wmirepo.Reference),
				p("DeliveryQoS", wmirepo.Uint32), p("DeliverSynchronously", wmirepo.Boolean), p("MaintainSecurityContext", wmirepo.Boolean),
				p("SlowDownProviders", wmirepo.Boolean), sid),
			class("__EventConsumer", "__IndicationRelated", p("MachineName", text), p("MaximumQueueSize", wmirepo.Uint32), sid),
			class("NTEventLogEventConsumer", "__EventConsumer", p("Name", text), p("UNCServerName", text), p("SourceName", text),
				p("EventID", wmirepo.Uint32), p("EventType", wmirepo.Uint32), p("Category", wmirepo.Uint16),
				p("NumberOfInsertionStrings", wmirepo.Uint32),
				p("InsertionStringTemplates", text|wmirepo.Array), p("NameOfRawDataProperty", text), p("NameOfUserSIDProperty", text)),
			class("CommandLineEventConsumer", "__EventConsumer", p("Name", text), p("ExecutablePath", text),
				p("CommandLineTemplate", text)),
			class("ActiveScriptEventConsumer", "__EventConsumer", p("Name", text), p("ScriptingEngine", text), p("ScriptText", text),
				p("ScriptFilename", text), p("KillTimeout", wmirepo.Uint32)),
		},
		Instances: []wmirepo.Instance{
			{Class: "__NAMESPACE", Namespace: "ROOT", Stored: built, Values: []any{"subscription"}},
			{Class: "NTEventLogEventConsumer", Namespace: `ROOT\subscription`, Stored: built.Add(5200),
				Values: []any{nil, nil, administrators, "SCM Event Log Consumer", nil, "Service Control Manager", 0, 1, 0, 0, nil, nil,
					"sid"}},
			{Class: "__EventFilter", Namespace: `ROOT\subscription`, Stored: built.Add(5300),
				Values: []any{"SCM Event Log Filter", administrators, "WQL", "select * from MSFT_SCMEventLogEvent", `root\cimv2`, nil}},
			{Class: "__FilterToConsumerBinding", Namespace: `ROOT\subscription`, Stored: built.Add(5400),
				Values: []any{`__EventFilter.Name="SCM Event Log Filter"`,
					`NTEventLogEventConsumer.Name="SCM Event Log Consumer"`, nil, false, false, false, administrators}},
		},
	}
}

// webScriptsCase: a machine for development once had a web server.
func webScriptsCase(m *Machine) {
	m.File("inetpub/wwwroot/status/default.aspx",
		[]byte("<%@ Page Language=\"C#\" %>\r\n<html><body><%= DateTime.Now %></body></html>\r\n"))
}
