package persistence

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/wmirepo"
)

// What the corpus writes of each loader, in one line each.
func TestLoaders(t *testing.T) {
	for _, tt := range []struct {
		artifact string
		want     []string
	}{
		{"ifeo", []string{`[Image File Execution Options\ploverpdf.exe] Debugger: "C:\Program Files (x86)\Plover PDF\redirect.exe" /old`}},
		{"aedebug", []string{`[RuntimeExceptionHelperModules] C:\Windows\System32\iertutil.dll: C:\Windows\System32\iertutil.dll #default`}},
		{"appcertdlls", nil},
		{"profiler", []string{
			`[Services\PloverSync] COR_ENABLE_PROFILING=1`,
			`[Services\PloverSync] COR_PROFILER={6F3C1D88-2A4B-4C5E-9D10-73E2B8A45C19} is C:\Program Files\Plover Monitor\profiler64.dll`,
		}},
		{"sessionmanager", []string{
			`[Session Manager] BootExecute: autocheck autochk * #default`,
			`[Session Manager] BootShell: %SystemRoot%\system32\bootim.exe #default`,
			`[SubSystems] Windows: %SystemRoot%\system32\csrss.exe ObjectDirectory=\Windows SharedSection=1024,20480,768 Windows=On SubSystemType=Windows ServerDll=basesrv,1 ServerDll=winsrv:UserServerDllInitialization,3 ServerDll=sxssrv,4 ProfileControl=Off MaxRequestThreads=16 #default`,
			`[Setup] SetupType: 0 #default`,
		}},
		{"pendingrenames", []string{
			`[replace C:\Program Files\Plover Monitor\new\sync.dll to C:\Program Files\Plover Monitor\sync.dll] at the next boot`,
			`[delete C:\Windows\Temp\plover-setup.tmp] at the next boot`,
		}},
		{"knowndlls", []string{
			`[KnownDLLs] DllDirectory: %SystemRoot%\system32 #default`,
			`[KnownDLLs] advapi32: advapi32.dll #default`,
			`[KnownDLLs] combase: combase.dll #default`,
			`[KnownDLLs] kernel32: kernel32.dll #default`,
			`[KnownDLLs] ole32: ole32.dll #default`,
			`[KnownDLLs] rpcrt4: rpcrt4.dll #default`,
			`[KnownDLLs] sechost: sechost.dll #default`,
			`[KnownDLLs] shell32: SHELL32.dll #default`,
			`[KnownDLLs] user32: user32.dll #default`,
			`[KnownDLLs] DllDirectory32: %SystemRoot%\syswow64 #default`,
		}},
		{"environment", []string{
			`[Environment] ComSpec: %SystemRoot%\system32\cmd.exe #default`,
			`[Environment] Path: %SystemRoot%\system32 #default`,
			`[Environment] Path: %SystemRoot% (item 2) #default`,
			`[Environment] Path: %SystemRoot%\System32\Wbem (item 3) #default`,
			`[Environment] Path: %SYSTEMROOT%\System32\WindowsPowerShell\v1.0\ (item 4) #default`,
			`[Environment] PATHEXT: .COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC #default`,
			`[Environment] windir: %SystemRoot% #default`,
			`[Environment] Path: %USERPROFILE%\AppData\Local\Microsoft\WindowsApps`,
			`[Environment] Path: C:\Tools\ (item 2)`,
		}},
		{"safeboot", []string{
			`[SafeBoot] AlternateShell: cmd.exe #default`,
			`[SafeBoot\Minimal\AppMgmt] AppMgmt: Service`,
			`[SafeBoot\Minimal\vga.sys] vga.sys: Driver`,
			`[SafeBoot\Network\AppMgmt] AppMgmt: Service`,
			`[SafeBoot\Network\Tcpip] Tcpip: Service`,
			`[SafeBoot\Network\vga.sys] vga.sys: Driver`,
		}},
		{"lsa", []string{
			`[Lsa] Authentication Packages: msv1_0 #default`,
			`[Lsa] Notification Packages: scecli #default`,
			`[Lsa] LimitBlankPasswordUse: 1 #default`,
			`[LsaExtensionConfig\LsaSrv] Extensions: lsasrv.dll #default`,
			`[SecurityProviders] SecurityProviders: credssp.dll #default`,
			`[NetworkProvider\Order] RDPNP: %SystemRoot%\System32\drprov.dll #default`,
			`[NetworkProvider\Order] PloverVPN: C:\Program Files\Plover VPN\np.dll`,
			`[NetworkProvider\Order] LanmanWorkstation: %SystemRoot%\System32\ntlanman.dll #default`,
			`[NetworkProvider\Order] webclient: no service of this name has a DLL`,
		}},
		{"credentialproviders", []string{`[Credential Providers] {60b78e88-ead8-445c-9cfd-0b87f74ea6cd} PasswordProvider: %SystemRoot%\system32\credprovs.dll #default`}},
		{"amsi", []string{`[Providers] {2781761E-28E0-4109-99FE-B9D127C57AFE} Windows Defender IOfficeAntiVirus implementation: "%ProgramData%\Microsoft\Windows Defender\Platform\4.18.24090.11-0\MpOav.dll" #default`}},
		{"comhijack", []string{`[{A78ED123-AB77-406B-9962-2A5D9D2F7F30} InprocServer32] ReadOnlyOverlayHandler2 Class: C:\Users\mira\AppData\Local\Microsoft\OneDrive\25.010.0119.0002\FileSyncShell64.dll`}},
		{"fileassociations", []string{
			`[exefile\shell\open\command] (Default): "%1" %* #default`,
			`[mscfile\shell\open\command] (Default): %SystemRoot%\system32\mmc.exe "%1" %* #default`,
			`[txtfile\shell\open\command] (Default): %SystemRoot%\system32\NOTEPAD.EXE %1 #default`,
			`[.exe] (Default): exefile #default`,
		}},
		{"apppaths", []string{`[App Paths] msedge.exe: C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`}},
		{"activesetup", []string{
			`[{6BF52A52-394A-11d3-B153-00C04F79FAA6}] Microsoft Windows Media Player version 12,0,19041,1: %SystemRoot%\system32\unregmp2.exe /ShowWMP #default`,
			`[{6BF52A52-394A-11d3-B153-00C04F79FAA6}] version 12,0,19041,1 was set up for the user`,
		}},
		{"print", []string{
			`[Monitors\Local Port] Driver: localspl.dll #default`,
			`[Monitors\Plover PDF] Driver: ploverpdfmon.dll`,
			`[Providers\LanMan Print Services] Name: win32spl.dll #default`,
			`[Environments\Windows x64\Print Processors\winprint] Driver: winprint.dll #default`,
		}},
		{"netsh", []string{`[NetSh] 2: ifmon.dll #default`, `[NetSh] 4: rasmontr.dll #default`, `[NetSh] wshelper: wshelper.dll #default`}},
		{"timeproviders", []string{
			`[TimeProviders\NtpClient] DllName: %systemroot%\system32\w32time.dll #default`,
			`[TimeProviders\VMICTimeProvider] DllName: %SystemRoot%\System32\vmictimeprovider.dll (disabled) #disabled #default`,
		}},
		{"winsock", []string{
			`[WinSock2\Parameters] AutodialDLL: C:\Windows\System32\rasadhlp.dll #default`,
			`[WinSock2\Parameters\Protocol_Catalog9\Catalog_Entries64\000000000001] PackedCatalogItem: %SystemRoot%\system32\mswsock.dll #default`,
			`[WinSock2\Parameters\NameSpace_Catalog5\Catalog_Entries64\000000000001] LibraryPath: %SystemRoot%\system32\napinsp.dll #default`,
		}},
		{"dnsserver", nil},
		{"rdpprograms", []string{`[rdpwd] StartupPrograms: rdpclip #default`}},
		{"shellextensions", []string{
			`[ShellIconOverlayIdentifiers] {A78ED123-AB77-406B-9962-2A5D9D2F7F30}: no server in the registry of the machine`,
			`[Approved] {23170F69-40C1-278A-1000-000100020000} 7-Zip Shell Extension: C:\Program Files\7-Zip\7-zip.dll`,
			`[*\ContextMenuHandlers] {23170F69-40C1-278A-1000-000100020000} 7-Zip Shell Extension: C:\Program Files\7-Zip\7-zip.dll`,
		}},
		{"officeaddins", []string{`[Outlook] PloverNotes.Outlook Plover Notes: C:\Program Files\Plover Notes\outlook.dll`}},
		{"browserpolicies", []string{`[Chrome Extensions] aomjjhallfgjeglblehebfpbcfeobpgk from https://clients2.google.com/service/update2/crx`}},
		{"autostartfiles", []string{`[PowerShell profile] C:\Users\mira\Documents\WindowsPowerShell\Microsoft.PowerShell_profile.ps1: function prompt { "> " }`}},
		{"webscripts", []string{`[default.aspx] 74 bytes: <%@ Page Language="C#" %>; <html><body><%= DateTime.Now %></body></html>`}},
		{"wmi", []string{
			`[NTEventLogEventConsumer] SCM Event Log Consumer: SourceName=Service Control Manager | EventID=0 | EventType=1 | Category=0 | ` +
				`NumberOfInsertionStrings=0 | NameOfUserSIDProperty=sid #default`,
			`[__EventFilter] SCM Event Log Filter: select * from MSFT_SCMEventLogEvent #default`,
			`[NTEventLogEventConsumer] SCM Event Log Consumer is bound to the filter SCM Event Log Filter #default`,
		}},
	} {
		t.Run(tt.artifact, func(t *testing.T) {
			recs, errs := found(t, testtree.Incident(t, "system", "software", "users", tt.artifact), tt.artifact)
			testtree.NoErrors(t, errs)
			testtree.WantSummaries(t, recs, tt.want...)
		})
	}
}

const usrClassPath = "Users/mira/AppData/Local/Microsoft/Windows/UsrClass.dat"

// The same places in the hands of an intruder, with values of a wrong type
// between them: nothing of it is taken for what Windows sets up.
func TestLoadersChanged(t *testing.T) {
	const machineID, ownID = "{11111111-2222-3333-4444-555555555555}", "{AAAAAAAA-2222-3333-4444-555555555555}"
	machine := testtree.Hives(map[string]func(*regf.Key){
		testtree.SoftwarePath: func(root *regf.Key) {
			testtree.AsSoftware(root)
			nt := root.Sub(`Microsoft\Windows NT\CurrentVersion`)
			o := nt.Sub("Image File Execution Options")
			o.Sub("sethc.exe").Set("Debugger", regf.String(`C:\Windows\System32\cmd.exe`))
			o.Sub("notepad.exe").Set("GlobalFlag", regf.String("0x200")).Set("Debugger", regf.DWord(7))
			o.Sub(`calc.exe\0`).Set("FilterFullPath", regf.String(`C:\x\calc.exe`)).Set("Debugger", regf.String("x.exe"))
			o.Sub("v.exe").Set("VerifierDlls", regf.String("a.dll b.dll")).Set("GlobalFlag", regf.DWord(0x100))
			nt.Sub(`SilentProcessExit\notepad.exe`).Set("MonitorProcess", regf.String(`C:\Users\Public\m.exe`)).Set("ReportingMode", regf.DWord(1))
			nt.Sub("AeDebug").Set("Debugger", regf.String(`C:\d.exe -p %ld`)).Set("Auto", regf.String("1"))
			root.Sub(`Wow6432Node\Microsoft\NetSh`).Set("evil", regf.String(`C:\Users\Public\n.dll`))
			root.Sub(`Microsoft\AMSI\Providers\` + machineID)
			root.Sub(`Classes\CLSID\`+machineID).Set("", regf.String("Real")).Sub("InprocServer32").Set("", regf.String(`C:\Windows\System32\real.dll`))
			root.Sub(`Classes\CLSID\`+ownID).Sub("ScriptletURL").Set("", regf.String("http://198.51.100.20/x.sct"))
			root.Sub(`Classes\exefile\shell\open\command`).Set("", regf.String(`C:\Users\Public\svchost.exe "%1" %*`))
			root.Sub(`Classes\.exe`).Set("", regf.String("evilfile"))
			root.Sub(`Microsoft\Active Setup\Installed Components\evil`).Set("StubPath", regf.String(`rundll32.exe C:\Users\Public\x.dll,Go`)).Set("IsInstalled", regf.DWord(0))
			root.Sub(`Policies\Google\Chrome\ExtensionInstallForcelist`).Set("1", regf.String("abcdefghijklmnopabcdefghijklmnop;https://198.51.100.20/u.xml"))
			root.Sub(`Microsoft\Office test\Special\Perf`).Set("", regf.String(`C:\Users\Public\o.dll`))
		},
		testtree.SystemPath: func(root *regf.Key) {
			cs := testtree.AsSystem(root)
			c := cs.Sub("Control")
			s := c.Sub("Session Manager")
			s.Sub("AppCertDlls").Set("d", regf.String(`C:\Users\Public\c.dll`)).Set("n", regf.DWord(3))
			s.Set("BootExecute", regf.Multi("autocheck autochk *", "evil -b", "")).Set("PendingFileRenameOperations", regf.Multi(`*1\??\C:\a.exe`, ``, `\??\C:\b.dll`, `!\??\C:\c.dll`, `\??\C:\odd`))
			s.Sub("SubSystems").Set("Windows", regf.String(`%SystemRoot%\system32\csrss.exe ServerDll=basesrv,1 ServerDll=evilsrv,2`))
			s.Sub("KnownDLLs").Set("DllDirectory", regf.String(`C:\Users\Public`)).Set("kernel32", regf.String("kernel32.dll")).Set("evil", regf.String("evil.dll"))
			s.Sub("Environment").Set("Path", regf.String(`C:\Users\Public;;"C:\Windows\system32";C:\ProgramData\x`)).Set("ComSpec", regf.String(`C:\Users\Public\cmd.exe`)).
				Set("PATHEXT", regf.String(".EVIL;.EXE")).Set("COR_PROFILER_PATH", regf.String(`C:\Users\Public\p.dll`))
			c.Sub("SafeBoot").Set("AlternateShell", regf.String(`C:\s.exe`))
			c.Sub("Lsa").Set("Security Packages", regf.Multi("kerberos", "", "mimilib", `""`)).Set("Notification Packages", regf.String("scecli")).Set("RunAsPPL", regf.DWord(0))
			c.Sub(`SecurityProviders\WDigest`).Set("UseLogonCredential", regf.DWord(1))
			c.Sub(`Print\Monitors\evil`).Set("Driver", regf.String(`C:\Users\Public\mon.dll`))
			c.Sub(`Print\Monitors\wrong`).Set("Driver", regf.DWord(1))
			c.Sub(`Terminal Server\WinStations\RDP-Tcp`).Set("InitialProgram", regf.String(`C:\i.exe`)).Set("fInheritInitialProgram", regf.DWord(0))
			cs.Sub(`Services\W32Time\TimeProviders\evil`).Set("DllName", regf.String(`C:\Users\Public\t.dll`)).Set("Enabled", regf.DWord(1))
			cs.Sub(`Services\DNS\Parameters`).Set("ServerLevelPluginDll", regf.String(`\\203.0.113.77\s\p.dll`))
			w := cs.Sub(`Services\WinSock2\Parameters\Protocol_Catalog9\Catalog_Entries`)
			w.Sub("000000000001").Set("PackedCatalogItem", regf.Binary([]byte("C:\\short.dll\x00")))
			w.Sub("000000000002").Set("PackedCatalogItem", regf.Binary(nil))
			root.Sub("Setup").Set("CmdLine", regf.String(`C:\setup.exe`)).Set("SetupType", regf.DWord(2))
		},
		testtree.NtuserPath: func(root *regf.Key) {
			testtree.AsUser(root)
			root.Sub("Environment").Set("windir", regf.String(`cmd.exe /c x &&`)).Set("COR_ENABLE_PROFILING", regf.String("1")).Set("COR_PROFILER", regf.String(machineID))
			root.Sub(`Software\Microsoft\Windows Script\Settings`).Set("AmsiEnable", regf.DWord(0))
			root.Sub(`Software\Microsoft\Windows\CurrentVersion\App Paths\control.exe`).Set("", regf.String(`C:\Users\mira\c.exe`))
			root.Sub(`Software\Microsoft\Office\16.0\Excel\Options`).Set("OPEN", regf.String(`/r "C:\Users\mira\e.xll"`)).Set("OPENED", regf.DWord(1))
			root.Sub(`Software\Microsoft\Office\16.0\Outlook\WebView\Inbox`).Set("URL", regf.String("http://198.51.100.20/h"))
			root.Sub(`Software\Microsoft\Office\Word\Addins\Evil.Addin`).Set("LoadBehavior", regf.DWord(2)).Set("Manifest", regf.String("file:///x.vsto|vstolocal"))
		},
		usrClassPath: func(root *regf.Key) {
			root.Sub(`Local Settings\Software`)
			k := root.Sub(`CLSID\` + machineID)
			k.Sub("InprocServer32").Set("", regf.String(`C:\Users\mira\AppData\Roaming\h.dll`))
			k.Sub("TreatAs").Set("", regf.DWord(5))
			root.Sub(`Wow6432Node\CLSID\`+ownID+`\LocalServer32`).Set("", regf.String(`"C:\Users\mira\s.exe" /go`))
			root.Sub(`ms-settings\shell\open\command`).Set("", regf.String("cmd.exe")).Set("DelegateExecute", regf.String(""))
			root.Sub(`PROTOCOLS\Handler\x`).Set("CLSID", regf.String(ownID))
		},
	})
	for _, tt := range []struct {
		artifact string
		want     []string
		errs     []string
	}{
		{"ifeo", []string{
			`[Image File Execution Options\notepad.exe] GlobalFlag: 0x200 (silent process exit monitoring)`,
			`[Image File Execution Options\sethc.exe] Debugger: C:\Windows\System32\cmd.exe`,
			`[Image File Execution Options\v.exe] VerifierDlls: a.dll`,
			`[Image File Execution Options\v.exe] VerifierDlls: b.dll (item 2)`,
			`[Image File Execution Options\v.exe] GlobalFlag: 0x100 (application verifier)`,
			`[Image File Execution Options\calc.exe\0] Debugger: x.exe`,
			`[SilentProcessExit\notepad.exe] MonitorProcess: C:\Users\Public\m.exe`,
			`[SilentProcessExit\notepad.exe] ReportingMode: 1`,
		}, []string{`value "Debugger" at`}},
		{"aedebug", []string{`[AeDebug] Debugger: C:\d.exe -p %ld`, `[AeDebug] Auto: 1`}, nil},
		{"appcertdlls", []string{`[AppCertDlls] d: C:\Users\Public\c.dll`}, []string{`value "n" at`}},
		{"profiler", []string{
			`[Environment] COR_PROFILER_PATH=C:\Users\Public\p.dll`,
			`[Environment] COR_ENABLE_PROFILING=1`,
			`[Environment] COR_PROFILER={11111111-2222-3333-4444-555555555555} is C:\Windows\System32\real.dll`,
		}, nil},
		{"sessionmanager", []string{
			`[Session Manager] BootExecute: autocheck autochk * #default`,
			`[Session Manager] BootExecute: evil -b (item 2)`,
			`[SubSystems] Windows: %SystemRoot%\system32\csrss.exe ServerDll=basesrv,1 ServerDll=evilsrv,2`,
			`[Setup] CmdLine: C:\setup.exe`,
			`[Setup] SetupType: 2`,
		}, nil},
		{"pendingrenames", []string{
			`[delete C:\a.exe] at the next boot`,
			`[replace C:\b.dll to C:\c.dll] at the next boot`,
			`[delete C:\odd] at the next boot`,
		}, nil},
		{"knowndlls", []string{`[KnownDLLs] DllDirectory: C:\Users\Public`, `[KnownDLLs] kernel32: kernel32.dll #default`, `[KnownDLLs] evil: evil.dll`}, nil},
		{"environment", []string{
			`[Environment] Path: C:\Users\Public`,
			`[Environment] Path: C:\Windows\system32 (item 2) #default`,
			`[Environment] Path: C:\ProgramData\x (item 3)`,
			`[Environment] ComSpec: C:\Users\Public\cmd.exe`,
			`[Environment] PATHEXT: .EVIL;.EXE`,
			`[Environment] windir: cmd.exe /c x &&`,
		}, nil},
		{"safeboot", []string{`[SafeBoot] AlternateShell: C:\s.exe`}, nil},
		{"lsa", []string{
			`[Lsa] Security Packages: kerberos #default`,
			`[Lsa] Security Packages: mimilib (item 2)`,
			`[Lsa] Notification Packages: scecli #default`,
			`[Lsa] RunAsPPL: 0`,
			`[SecurityProviders\WDigest] UseLogonCredential: 1`,
		}, nil},
		{"amsi", []string{
			`[Providers] {11111111-2222-3333-4444-555555555555} Real: C:\Windows\System32\real.dll`,
			`[Settings] AmsiEnable: 0`,
		}, nil},
		{"comhijack", []string{
			`[{AAAAAAAA-2222-3333-4444-555555555555} ScriptletURL] http://198.51.100.20/x.sct`,
			`[{11111111-2222-3333-4444-555555555555} InprocServer32] C:\Users\mira\AppData\Roaming\h.dll (shadows the machine's C:\Windows\System32\real.dll) #shadows-machine-class`,
			`[{AAAAAAAA-2222-3333-4444-555555555555} LocalServer32] "C:\Users\mira\s.exe" /go (shadows the machine's class) #shadows-machine-class`,
		}, []string{`not text`}},
		{"fileassociations", []string{
			`[exefile\shell\open\command] (Default): C:\Users\Public\svchost.exe "%1" %*`,
			`[.exe] (Default): evilfile`,
			`[ms-settings\shell\open\command] (Default): cmd.exe`,
			`[ms-settings\shell\open\command] DelegateExecute: (empty)`,
		}, nil},
		{"apppaths", []string{`[App Paths] control.exe: C:\Users\mira\c.exe`}, nil},
		{"activesetup", []string{`[evil]: rundll32.exe C:\Users\Public\x.dll,Go (inactive: IsInstalled is 0) #inactive`}, nil},
		{"print", []string{`[Monitors\evil] Driver: C:\Users\Public\mon.dll`}, []string{`value "Driver" at`}},
		{"netsh", []string{`[NetSh] evil: C:\Users\Public\n.dll #wow6432`}, nil},
		{"timeproviders", []string{`[TimeProviders\evil] DllName: C:\Users\Public\t.dll`}, nil},
		{"winsock", []string{`[WinSock2\Parameters\Protocol_Catalog9\Catalog_Entries\000000000001] PackedCatalogItem: C:\short.dll`},
			[]string{"catalogue item of 13 bytes", "catalogue item of 0 bytes"}},
		{"dnsserver", []string{`[DNS\Parameters] ServerLevelPluginDll: \\203.0.113.77\s\p.dll`}, nil},
		{"rdpprograms", []string{`[WinStations\RDP-Tcp] InitialProgram: C:\i.exe`}, nil},
		{"shellextensions", []string{`[PROTOCOLS\Handler] {AAAAAAAA-2222-3333-4444-555555555555}: no server in the registry of the machine`}, nil},
		{"officeaddins", []string{
			`[Office] (Default): C:\Users\Public\o.dll`,
			`[Word] Evil.Addin: file:///x.vsto|vstolocal (disabled) #disabled`,
			`[Excel] OPEN: /r "C:\Users\mira\e.xll"`,
			`[Outlook] URL Inbox: http://198.51.100.20/h`,
		}, nil},
		{"browserpolicies", []string{`[Chrome ExtensionInstallForcelist] abcdefghijklmnopabcdefghijklmnop from https://198.51.100.20/u.xml`}, nil},
	} {
		t.Run(tt.artifact, func(t *testing.T) {
			recs, errs := found(t, machine, tt.artifact)
			testtree.WantErrors(t, errs, tt.errs...)
			testtree.WantSummaries(t, recs, tt.want...)
		})
	}
}

func TestIFEOTarget(t *testing.T) {
	recs, _ := found(t, testtree.HiveOf(testtree.SoftwarePath, func(root *regf.Key) {
		testtree.AsSoftware(root)
		o := root.Sub(`Microsoft\Windows NT\CurrentVersion\Image File Execution Options`)
		o.Sub("Utilman.exe").Set("Debugger", regf.String(`C:\Windows\System32\cmd.exe`))
		o.Sub(`calc.exe\0`).Set("FilterFullPath", regf.String(`C:\x\calc.exe`)).Set("Debugger", regf.String(`C:\x.exe -a`))
	}), "ifeo")
	testtree.WantRecords(t, recs, []IFEO{
		{Hook: Hook{Entry: Entry{Mechanism: "IFEO Debugger", Scope: "machine", Command: `C:\Windows\System32\cmd.exe`, Image: `C:\Windows\System32\cmd.exe`,
			FilePresent: "unknown", Written: testtree.Written}, Key: `Image File Execution Options\Utilman.exe`, Name: "Debugger"}, Target: "Utilman.exe", Accessibility: true},
		{Hook: Hook{Entry: Entry{Mechanism: "IFEO Debugger", Scope: "machine", Command: `C:\x.exe -a`, Image: `C:\x.exe`, Arguments: "-a",
			FilePresent: "unknown", Written: testtree.Written}, Key: `Image File Execution Options\calc.exe\0`, Name: "Debugger"}, Target: "calc.exe", TargetPath: `C:\x\calc.exe`},
	})
}

// The folders of a search path know whether they come before System32 and
// whether users can write to them.
func TestEnvironmentPath(t *testing.T) {
	recs, errs := found(t, testtree.HiveOf(testtree.SystemPath, func(root *regf.Key) {
		testtree.AsSystem(root).Sub(`Control\Session Manager\Environment`).Set("Path", regf.Expand(`C:\ProgramData\first;%SystemRoot%\System32;C:\Users\Public\last`))
	}), "environment")
	testtree.NoErrors(t, errs)
	var got []string
	for _, r := range recs {
		e := r.Data.(Environment)
		s := e.Folder
		if e.BeforeSystem32 {
			s += " before"
		}
		if e.Writable {
			s += " writable"
		}
		got = append(got, s)
	}
	if want := `C:\ProgramData\first before writable, C:\Windows\System32, C:\Users\Public\last writable`; strings.Join(got, ", ") != want {
		t.Errorf("folders %q, want %q", strings.Join(got, ", "), want)
	}
}

func TestAutostartFiles(t *testing.T) {
	m := fstest.MapFS{
		"Windows/System32/config/SOFTWARE":                              testtree.HiveOf(testtree.SoftwarePath, testtree.AsSoftware)[testtree.SoftwarePath],
		"Windows/win.ini":                                               {Data: []byte("[windows]\r\nload=C:\\l.exe\r\nRun = r.exe /x\r\n[other]\r\nrun=no\r\n")},
		"Windows/system.ini":                                            {Data: append([]byte{0xFF, 0xFE}, regf.UTF16("[boot]\r\nshell=explorer.exe\r\n")...)},
		"autorun.inf":                                                   {Data: []byte("[AutoRun]\nopen=setup.exe -q\nicon=x\nshell\\go\\command=C:\\g.exe\n")},
		"Users/mira/Documents/PowerShell/profile.ps1":                   {Data: []byte("#\nIEX (New-Object Net.WebClient)\n" + strings.Repeat("x", 2000))},
		"Users/mira/AppData/Roaming/Microsoft/Word/STARTUP/a.wll":       {Data: []byte("MZ")},
		"Users/mira/AppData/Roaming/Microsoft/Word/STARTUP/desktop.ini": {Data: []byte("[x]")},
	}
	recs, errs := found(t, m, "autostartfiles")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs,
		`[PowerShell profile] C:\Users\mira\Documents\PowerShell\profile.ps1: IEX (New-Object Net.WebClient); `+strings.Repeat("x", 968)+" …",
		`[autorun.inf AutoRun] open=setup.exe -q`,
		`[autorun.inf AutoRun] shell\go\command=C:\g.exe`,
		`[win.ini windows] load=C:\l.exe (inactive: Windows NT reads this setting from the registry) #inactive`,
		`[win.ini windows] Run=r.exe /x (inactive: Windows NT reads this setting from the registry) #inactive`,
		`[system.ini boot] shell=explorer.exe (inactive: Windows NT reads this setting from the registry) #inactive`,
		`[Office startup] C:\Users\mira\AppData\Roaming\Microsoft\Word\STARTUP\a.wll`,
	)
	if got := recs[1].Program(); got != `C:\setup.exe` {
		t.Errorf("autorun.inf starts %q", got)
	}
}

// wmiTree is a machine whose repository has the default subscription and these
// instances.
func wmiTree(list ...wmirepo.Instance) fstest.MapFS {
	repo := corpus.WMIRepository()
	repo.Instances = append(repo.Instances, list...)
	files := repo.Files()
	const dir = "Windows/System32/wbem/Repository/"
	return fstest.MapFS{dir + "OBJECTS.DATA": {Data: files.Objects}, dir + "MAPPING1.MAP": {Data: files.Map}, dir + "INDEX.BTR": {Data: files.Index}}
}

func TestWMI(t *testing.T) {
	const namespace = `ROOT\subscription`
	stored := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	user := []byte{1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0xE9, 3, 0, 0}
	script := "Dim x\n" + strings.Repeat("x = 1\n", 20000)
	recs, errs := found(t, wmiTree(
		wmirepo.Instance{Class: "__EventFilter", Namespace: namespace, Stored: stored,
			Values: []any{"At night", user, "WQL", "SELECT * FROM x", `root\cimv2`, nil}},
		wmirepo.Instance{Class: "CommandLineEventConsumer", Namespace: namespace, Stored: stored,
			Values: []any{nil, nil, user, "Updater", nil, `C:\Users\Public\svchost.exe -w`}},
		wmirepo.Instance{Class: "__FilterToConsumerBinding", Namespace: namespace, Stored: stored,
			Values: []any{`__EventFilter.Name="At night"`, `\\.\root\subscription:CommandLineEventConsumer.Name="Updater"`, nil, false, false, false, user}},
		wmirepo.Instance{Class: "ActiveScriptEventConsumer", Namespace: namespace, Stored: stored, Hidden: true,
			Values: []any{nil, nil, user, "gone", "VBScript", script, nil, 45}},
		// The name of the default consumer does not make it the default one.
		wmirepo.Instance{Class: "CommandLineEventConsumer", Namespace: namespace, Stored: stored,
			Values: []any{nil, nil, user, "BVTConsumer", `C:\x.exe`}},
	), "wmi")
	testtree.NoErrors(t, errs)
	byName := map[string]artifacts.Record{}
	for _, r := range recs {
		w := r.Data.(WMI)
		byName[w.Kind+" "+w.Name] = r
		if w.Default != strings.HasPrefix(w.Name, "SCM") || w.Namespace != namespace && r.From.State == artifacts.Live {
			t.Errorf("%s %s: default %v, namespace %q", w.Kind, w.Name, w.Default, w.Namespace)
		}
	}
	if len(recs) != 8 || len(byName) != 8 {
		t.Fatalf("%d records: %v", len(recs), byName)
	}
	c := byName["consumer Updater"].Data.(WMI)
	if !c.Bound || c.Image != `C:\Users\Public\svchost.exe` || c.Arguments != "-w" || c.CreatorSID != "S-1-5-21-1-2-3-1001" || !c.ServiceRunFrom.Equal(stored) {
		t.Errorf("consumer: %+v", c)
	}
	record := byName["consumer Updater"]
	if e := record.Events(); len(e) != 1 || e[0].Kind != "Service Start Time" || !e[0].Estimate ||
		e[0].Message != "WMI [CommandLineEventConsumer Updater] stored during the service run that began at this time, creator: S-1-5-21-1-2-3-1001" {
		t.Errorf("events: %+v", e)
	}
	gone := byName["consumer gone"]
	if w := gone.Data.(WMI); gone.From.State != artifacts.Deleted || gone.From.Note == "" || w.Bound || w.Engine != "VBScript" || len(w.Script) != wmiScript {
		t.Errorf("deleted: %+v, %d characters", gone.From, len(w.Script))
	}
	if f := byName["filter At night"].Data.(WMI); f.Query != "SELECT * FROM x" || !f.Bound {
		t.Errorf("filter: %+v", f)
	}
	if b := byName["binding Updater"].Data.(WMI); b.Filter != "At night" || b.Class != "CommandLineEventConsumer" || b.Bound {
		t.Errorf("binding: %+v", b)
	}
}

// An older repository, which Windows keeps after a repair.
func TestWMIBackup(t *testing.T) {
	m := fstest.MapFS{}
	for name, f := range wmiTree() {
		m[strings.Replace(name, "Repository/", "Repository.001/", 1)] = f
	}
	recs, errs := found(t, m, "wmi")
	testtree.NoErrors(t, errs)
	if len(recs) != 3 || recs[0].From.State != artifacts.Backup {
		t.Errorf("%d records, %+v", len(recs), recs)
	}
}

// A list longer than any real one costs no more than its bound.
func TestLoadersLongList(t *testing.T) {
	list := make([]string, 20000)
	for i := range list {
		list[i] = "p"
	}
	recs, errs := found(t, testtree.HiveOf(testtree.SystemPath, func(root *regf.Key) {
		k := testtree.AsSystem(root).Sub("Control")
		k.Sub("Lsa").Set("Security Packages", regf.Multi(list...))
		k.Sub(`NetworkProvider\Order`).Set("ProviderOrder", regf.String(strings.Join(list, ",")))
	}), "lsa")
	testtree.WantErrors(t, errs, "a list of 20000 items; the first 4096", "a list of 20000 items; the first 4096")
	if len(recs) != 2*hookItems {
		t.Errorf("%d records, want %d", len(recs), 2*hookItems)
	}
	for _, r := range recs {
		if n := len(r.Data.(LSA).Value); n > hookWhole {
			t.Fatalf("the whole list takes %d bytes in every record", n)
		}
	}
}
