package corpus

import "time"

// The programs of the week. Times are UTC: a working day in Tokyo is from 23:45 of the day before to 09:30.

const (
	day  = 24 * time.Hour
	hour = time.Hour
)

// groups are files that many programs touch, below C:\Windows.
var groups = map[string]string{
	"base": `System32\kernel32.dll System32\KernelBase.dll System32\locale.nls System32\ucrtbase.dll System32\msvcrt.dll
		System32\rpcrt4.dll System32\sechost.dll System32\advapi32.dll System32\bcryptprimitives.dll`,
	"com": `System32\combase.dll System32\ole32.dll System32\oleaut32.dll System32\clbcatq.dll System32\kernel.appcore.dll
		System32\SHCore.dll Globalization\Sorting\SortDefault.nls`,
	"gui": `System32\user32.dll System32\win32u.dll System32\gdi32.dll System32\gdi32full.dll System32\msvcp_win.dll
		System32\imm32.dll System32\uxtheme.dll System32\msctf.dll System32\shell32.dll System32\shlwapi.dll
		System32\windows.storage.dll System32\propsys.dll System32\profapi.dll Fonts\StaticCache.dat WindowsShell.Manifest`,
	"net": `System32\ws2_32.dll System32\IPHLPAPI.DLL System32\nsi.dll System32\dhcpcsvc.dll System32\dhcpcsvc6.dll
		System32\dnsapi.dll System32\winhttp.dll System32\mswsock.dll System32\winnsi.dll`,
	"lan": `System32\netapi32.dll System32\netutils.dll System32\srvcli.dll System32\wkscli.dll System32\samcli.dll System32\logoncli.dll`,
	"crypt": `System32\crypt32.dll System32\msasn1.dll System32\bcrypt.dll System32\cryptsp.dll System32\rsaenh.dll
		System32\cryptbase.dll System32\wintrust.dll System32\gpapi.dll`,
	"net4": `System32\mscoree.dll Microsoft.NET\Framework64\v4.0.30319\mscoreei.dll Microsoft.NET\Framework64\v4.0.30319\clr.dll
		Microsoft.NET\Framework64\v4.0.30319\clrjit.dll System32\vcruntime140_clr0400.dll System32\ucrtbase_clr0400.dll`,
	"wmi": `System32\wbemcomn.dll System32\wbem\wbemprox.dll System32\wbem\wbemsvc.dll System32\wbem\fastprox.dll System32\framedynos.dll`,
	"xaml": `System32\Windows.UI.Xaml.dll System32\CoreMessaging.dll System32\CoreUIComponents.dll System32\WinTypes.dll
		System32\dcomp.dll System32\d3d11.dll System32\dxgi.dll System32\dwmapi.dll System32\MrmCoreR.dll`,
}

// ordinary is what mira, daniel and the system start all the time.
var ordinary = []program{
	{path: `C:\Windows\explorer.exe`, loads: "base com gui xaml",
		runs: at("07 23:52:34", "06 23:50:02", "06 17:38:31", "05 23:46:41", "04 23:48:15", "03 23:47:22", "02 23:45:09").earlier(61, day)},
	{path: `C:\Windows\System32\userinit.exe`, loads: "base gui",
		runs: at("07 23:52:33", "06 23:50:01", "06 17:38:30", "05 23:46:40", "04 23:48:14").earlier(63, day)},
	{path: `C:\Windows\System32\sihost.exe`, loads: "base com", runs: at("07 23:52:31", "06 23:49:58", "06 17:38:28").earlier(65, day)},
	{path: `C:\Windows\System32\LogonUI.exe`, loads: "base com gui xaml",
		runs: at("07 23:51:40", "06 23:49:31", "06 17:38:03", "05 23:46:02").earlier(102, day)},
	{path: `C:\Windows\System32\consent.exe`, loads: "base com gui", runs: at("05 02:14:09", "03 05:40:51").earlier(17, 3*day)},
	{path: `C:\Windows\System32\conhost.exe`, loads: "base com gui",
		runs: at("06 18:33:17", "06 18:28:15", "06 18:24:49", "06 18:16:01", "06 18:09:14", "06 17:51:39", "06 17:49:50",
			"06 17:46:01").earlier(214, hour)},
	{path: `C:\Windows\System32\dwm.exe`, loads: "base gui", runs: at("07 23:51:39", "06 17:38:02").earlier(41, day)},
	{path: `C:\Windows\System32\ctfmon.exe`, loads: "base com gui", runs: at("07 23:52:35", "06 23:50:05").earlier(64, day)},
	{path: `C:\Windows\System32\taskhostw.exe`, loads: "base com",
		runs: at("08 02:11:02", "07 23:57:41", "07 05:30:19", "06 11:25:47", "06 03:00:03").earlier(330, 6*hour)},
	{path: `C:\Windows\System32\smartscreen.exe`, loads: "base com net crypt", runs: at("06 00:04:27", "04 06:52:18").earlier(88, 20*hour)},
	{path: `C:\Windows\System32\SearchIndexer.exe`, loads: "base com", runs: at("07 23:53:11", "05 23:47:35").earlier(33, day)},
	{path: `C:\Windows\System32\SearchProtocolHost.exe`, loads: "base com gui",
		runs: at("08 04:40:12", "08 03:22:50", "08 01:14:33").earlier(412, 2*hour)},
	{path: `C:\Windows\System32\SearchFilterHost.exe`, loads: "base com",
		runs: at("08 04:40:13", "08 03:22:51", "08 01:14:34").earlier(408, 2*hour)},
	{path: `C:\Windows\System32\audiodg.exe`, loads: "base com", runs: at("08 00:31:05", "06 05:12:40").earlier(127, 10*hour)},
	{path: `C:\Windows\System32\wbem\WmiPrvSE.exe`, loads: "base com wmi",
		runs: at("08 02:11:20", "06 17:50:31", "06 11:26:01").earlier(155, 9*hour)},
	{path: `C:\Windows\System32\wbem\WMIADAP.exe`, loads: "base com wmi", runs: at("07 23:55:50", "05 23:50:31").earlier(52, day)},
	{path: `C:\Windows\System32\sppsvc.exe`, loads: "base com crypt", runs: at("08 02:11:35", "07 02:12:09").earlier(96, 15*hour)},
	{path: `C:\Windows\System32\UsoClient.exe`, loads: "base com", runs: at("08 02:12:00", "07 02:10:44", "06 02:13:27").earlier(120, day)},
	{path: `C:\Windows\System32\MoUsoCoreWorker.exe`, loads: "base com net crypt",
		runs: at("08 02:12:02", "07 02:10:46").earlier(118, day)},
	{path: `C:\Windows\System32\wuauclt.exe`, loads: "base com", runs: at("04 02:15:30").earlier(19, 5*day)},
	{path: `C:\Windows\servicing\TrustedInstaller.exe`, loads: "base com", runs: at("04 02:16:11").earlier(24, 5*day)},
	{path: `C:\Windows\WinSxS\amd64_microsoft-windows-servicingstack_31bf3856ad364e35_10.0.19041.3745_none_7de2b9da7c8ac1b5\TiWorker.exe`, loads: "base com crypt", runs: at("04 02:16:12").earlier(23, 5*day)},
	{path: `C:\Windows\System32\Defrag.exe`, loads: "base com", runs: at("05 03:04:51").earlier(14, 7*day)},
	{path: `C:\Windows\System32\CompatTelRunner.exe`, loads: "base com net crypt", runs: at("06 03:02:18", "05 03:01:40").earlier(57, day)},
	{path: `C:\Windows\System32\wermgr.exe`, loads: "base com net", runs: at("03 06:22:37").earlier(8, 6*day)},
	{path: `C:\Windows\System32\WerFault.exe`, loads: "base com gui", runs: at("03 06:22:31").earlier(5, 6*day)},
	{path: `C:\Windows\System32\SecurityHealthService.exe`, loads: "base com crypt", runs: at("07 23:54:02").earlier(40, day)},
	{path: `C:\Windows\System32\SecurityHealthSystray.exe`, loads: "base com gui", runs: at("07 23:52:58", "06 23:50:31").earlier(62, day)},
	{path: `C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.24090.11-0\MpCmdRun.exe`, loads: "base com crypt net",
		runs: at("06 02:40:11", "05 02:38:52").earlier(73, day)},
	{path: `C:\Windows\SoftwareDistribution\Download\Install\AM_Delta_Patch_1.421.1203.0.exe`, loads: "base crypt",
		runs: at("05 02:20:14")},
	{path: `C:\Windows\System32\msiexec.exe`, loads: "base com gui crypt", runs: at("03 05:41:07", "03 05:40:58").earlier(12, 9*day)},
	{path: `C:\Users\mira\AppData\Local\Temp\is-7K2QD.tmp\PaperScan-Setup.tmp`, loads: "base com gui", runs: at("03 05:40:55")},
	{path: `C:\Program Files\PaperScan\PaperScan.exe`, loads: "base com gui", runs: at("06 04:10:18", "05 07:21:44", "03 05:44:30")},
	{path: `C:\Program Files\Google\Chrome\Application\chrome.exe`, loads: "base com gui net crypt",
		runs: at("06 00:01:12", "05 04:30:05", "04 23:58:41", "03 23:55:02").earlier(208, 11*hour)},
	{path: `C:\Program Files\Google\Chrome\Application\chrome.exe`, k: 1, loads: "base com gui",
		runs: at("06 08:02:51", "06 07:40:13", "06 06:15:08", "06 04:41:33", "06 02:20:56", "06 00:01:14").earlier(1180, hour)},
	{path: `C:\Program Files\Google\Chrome\Application\chrome.exe`, k: 2, loads: "base com gui",
		runs: at("06 00:01:13", "05 04:30:06", "04 23:58:42", "03 23:55:03").earlier(206, 11*hour)},
	{path: `C:\Program Files\Google\Chrome\Application\chrome.exe`, k: 8, loads: "base com net crypt",
		runs: at("06 03:31:49", "06 00:01:13", "05 04:30:06").earlier(415, 6*hour)},
	{path: `C:\Program Files (x86)\Google\Update\GoogleUpdate.exe`, loads: "base com net crypt",
		runs: at("08 04:12:08", "08 03:12:08", "08 02:12:08", "08 01:12:08", "08 00:12:08").earlier(960, hour)},
	{path: `C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`, loads: "base com gui net crypt",
		runs: at("07 23:53:40", "06 23:51:12").earlier(66, day)},
	{path: `C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`, k: 2, loads: "base com gui",
		runs: at("07 23:53:41", "06 23:51:13").earlier(65, day)},
	{path: `C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`, k: 8, loads: "base com net",
		runs: at("08 00:14:20", "07 23:53:41").earlier(131, 16*hour)},
	{path: `C:\Program Files (x86)\Microsoft\EdgeUpdate\MicrosoftEdgeUpdate.exe`, loads: "base com net crypt",
		runs: at("08 04:55:31", "08 03:55:31").earlier(801, hour)},
	{path: `C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE`, loads: "base com gui crypt net",
		runs: at("06 05:33:20", "05 01:12:08", "04 00:30:51", "03 02:41:19").earlier(97, day),
		extra: []string{`C:\Users\mira\Documents\Minutes 2026-03.docx`, `C:\Program Files\Microsoft Office\root\Office16\WWLIB.DLL`,
			`C:\Program Files\Microsoft Office\root\VFS\ProgramFilesCommonX64\Microsoft Shared\OFFICE16\MSO.DLL`}},
	{path: `C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE`, loads: "base com gui crypt net",
		runs: at("07 00:12:20", "06 06:48:02", "06 01:25:33", "05 00:20:17", "02 04:05:46").earlier(143, day),
		extra: []string{`C:\Users\mira\Documents\Budget.xlsx`,
			`C:\Program Files\Microsoft Office\root\VFS\ProgramFilesCommonX64\Microsoft Shared\OFFICE16\MSO.DLL`}},
	{path: `C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE`, loads: "base com gui crypt net",
		runs:  at("06 00:00:41", "05 00:01:30", "03 23:54:09", "02 23:58:57").earlier(188, day),
		extra: []string{`C:\Users\mira\AppData\Local\Microsoft\Outlook\mira@kestrel.example.ost`}},
	{path: `C:\Program Files\Common Files\microsoft shared\ClickToRun\OfficeC2RClient.exe`, loads: "base com net crypt",
		runs: at("05 06:00:18").earlier(21, 7*day)},
	{path: `C:\Users\mira\AppData\Local\Microsoft\OneDrive\OneDrive.exe`, loads: "base com gui net crypt",
		runs: at("06 23:50:40", "05 23:47:11").earlier(58, day)},
	{path: `C:\Windows\System32\notepad.exe`, loads: "base com gui",
		runs:  at("06 18:20:03", "06 02:05:44", "04 07:50:12").earlier(34, 2*day),
		extra: []string{`C:\Windows\System32\drivers\etc\hosts`}},
	{path: `C:\Windows\System32\mspaint.exe`, loads: "base com gui", runs: at("05 08:31:02").earlier(3, 12*day)},
	{path: `C:\Windows\System32\Taskmgr.exe`, loads: "base com gui", runs: at("08 00:22:05", "04 01:03:26").earlier(11, 6*day)},
	{path: `C:\Windows\System32\mstsc.exe`, loads: "base com gui net crypt", runs: at("05 05:14:32", "02 06:20:10").earlier(6, 8*day)},
	{path: `C:\Windows\System32\spool\drivers\x64\3\PrintQueueMonitor.exe`, loads: "base gui", runs: at("07 23:53:02").earlier(60, day)},
	{path: `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, loads: "base com gui net4 crypt",
		runs: at("06 18:22:37", "06 18:09:15", "03 05:50:20").earlier(9, 10*day),
		extra: []string{`C:\Windows\assembly\NativeImages_v4.0.30319_64\System.Management.Automation\4f3c1d2a9b8e7d6c5b4a39281706f5e4\System.Management.Automation.ni.dll`,
			`C:\Windows\System32\WindowsPowerShell\v1.0\Modules\Microsoft.PowerShell.Utility\Microsoft.PowerShell.Utility.psd1`}},
	{path: `C:\Windows\System32\cmd.exe`, loads: "base",
		runs: at("06 18:24:40", "06 18:16:00", "06 18:07:41", "06 17:45:50", "05 02:14:20").earlier(22, 3*day)},
	{path: `C:\Windows\System32\reg.exe`, loads: "base", runs: at("06 18:16:21", "03 05:41:10").earlier(4, 9*day)},
	// Of the forty starts of the sweep the file counts fifteen and has two: such quick ones leave one trace.
	{path: `C:\Windows\System32\PING.EXE`, loads: "base net",
		runs: moments(SweepTime.Add(1_050*time.Millisecond), SweepTime).and(at("04 01:05:12")).earlier(13+2, 20*day)},
	{path: `E:\Portable\PhotoViewer.exe`, loads: "base com gui", runs: at("04 09:02:15", "04 09:00:37"),
		extra: []string{`E:\Photos\Trip.jpg`}},
}

// hosted are the starts of hosting applications: each command line has a prefetch file of its own.
var hosted = []program{
	service("netsvcs -p -s BITS", at("08 02:12:05", "06 18:28:20").earlier(140, 15*hour), "net crypt", `qmgr.dll`),
	service("netsvcs -p -s wuauserv", at("08 02:12:03", "07 02:10:47").earlier(122, day), "net crypt", `wuaueng.dll`),
	service("netsvcs -p -s UsoSvc", at("08 02:12:01").earlier(119, day), "", `usosvc.dll`),
	service("netsvcs -p -s Schedule", at("07 23:51:20").earlier(43, day), "", `schedsvc.dll`),
	service("netsvcs -p -s Appinfo", at("05 02:14:08").earlier(18, 3*day), "", `appinfo.dll`),
	service("netsvcs -p -s wlidsvc", at("06 00:02:20").earlier(77, day), "net crypt", `wlidsvc.dll`),
	service("netsvcs -p -s gpsvc", at("07 23:51:24").earlier(42, day), "lan", `gpsvc.dll`),
	service("LocalService -p -s W32Time", at("08 02:15:00").earlier(60, day), "net", `w32time.dll`),
	service("LocalServiceNetworkRestricted -p -s lmhosts", at("07 23:51:31").earlier(43, day), "net", `lmhsvc.dll`),
	service("LocalServiceNetworkRestricted -p -s wscsvc", at("07 23:53:31").earlier(41, day), "", `wscsvc.dll`),
	service("LocalSystemNetworkRestricted -p -s StorSvc", at("08 00:20:44").earlier(52, day), "", `storsvc.dll`),
	service("NetworkService -p -s DoSvc", at("08 02:14:12").earlier(117, day), "net crypt", `dosvc.dll`),
	service("NetworkService -s TermService", at("06 17:38:01").earlier(1, 30*day), "net crypt", `termsrv.dll`),
	service("wsappx -p -s AppXSvc", at("08 02:13:08", "07 02:11:51").earlier(160, 12*hour), "crypt", `appxdeploymentserver.dll`),
	service("wsappx -p -s ClipSVC", at("08 02:13:10", "07 02:11:53").earlier(158, 12*hour), "crypt", `ClipSVC.dll`),
	service("UnistackSvcGroup", at("07 23:53:05").earlier(44, day), "", `cdpusersvc.dll`),
	service("WerSvcGroup", at("03 06:22:30").earlier(5, 6*day), "", `wersvc.dll`),
	service("swprv", at("06 18:33:20").earlier(6, 8*day), "", `swprv.dll`),

	surrogate("AB8902B4-09CA-4BB6-B78D-A8F59079A8D5", at("06 06:50:12", "05 08:31:40").earlier(71, day), `thumbcache.dll`),
	surrogate("973D20D7-562D-44B9-B70B-5A0F49CCDF3F", at("04 06:51:10").earlier(16, 3*day), `shacct.dll`),
	surrogate("E10F6C3A-F1AE-4ADC-AA9D-2FE65525666E", at("06 23:50:20").earlier(50, day), `provsvc.dll`),
	surrogate("133EAC4F-5891-4D04-BADA-D84870380A80", at("05 02:20:02").earlier(9, 4*day), `windows.storage.dll`),

	{path: `C:\Windows\System32\rundll32.exe`, command: `C:\Windows\system32\rundll32.exe Startupscan.dll,SusRunTask`,
		loads: "base com gui", runs: at("05 03:05:20").earlier(13, 7*day),
		extra: []string{`C:\Windows\System32\Startupscan.dll`}},
	{path: `C:\Windows\System32\rundll32.exe`, command: `C:\Windows\system32\rundll32.exe sysmain.dll,PfSvWsSwapAssessmentTask`,
		loads: "base com gui", runs: at("06 03:05:57").earlier(27, 3*day),
		extra: []string{`C:\Windows\System32\sysmain.dll`}},
	{path: `C:\Windows\System32\mmc.exe`, command: `"C:\Windows\system32\mmc.exe" "C:\Windows\system32\eventvwr.msc" /s`,
		loads: "base com gui net4", runs: at("03 06:24:11").earlier(2, 15*day),
		extra: []string{`C:\Windows\System32\eventvwr.msc`, `C:\Windows\System32\mmcbase.dll`}},
}

func service(group string, r runs, loads, dll string) program {
	return program{
		path: `C:\Windows\System32\svchost.exe`, command: `C:\Windows\system32\svchost.exe -k ` + group,
		runs: r, loads: "base com " + loads, extra: []string{`C:\Windows\System32\` + dll},
	}
}

func surrogate(guid string, r runs, dll string) program {
	return program{
		path: `C:\Windows\System32\dllhost.exe`, command: `C:\Windows\system32\DllHost.exe /Processid:{` + guid + `}`,
		runs: r, loads: "base com gui", extra: []string{`C:\Windows\System32\` + dll},
	}
}

// Packages, by their full names.
const (
	shellPackage  = `Microsoft.Windows.ShellExperienceHost_10.0.19041.3758_neutral_neutral_cw5n1h2txyewy`
	startPackage  = `Microsoft.Windows.StartMenuExperienceHost_10.0.19041.3636_neutral_neutral_cw5n1h2txyewy`
	searchPackage = `Microsoft.Windows.Search_1.14.10.19041_neutral_neutral_cw5n1h2txyewy`
	lockPackage   = `Microsoft.LockApp_10.0.19041.3636_neutral__cw5n1h2txyewy`
	healthPackage = `Microsoft.Windows.SecHealthUI_10.0.19041.3636_neutral__cw5n1h2txyewy`
	panelPackage  = `windows.immersivecontrolpanel_10.0.2.1000_neutral_neutral_cw5n1h2txyewy`
	calcPackage   = `Microsoft.WindowsCalculator_11.2401.0.0_x64__8wekyb3d8bbwe`
	photosPackage = `Microsoft.Windows.Photos_2024.11010.23002.0_x64__8wekyb3d8bbwe`
	brokerID      = `runtimebroker07f4358a809ac99a64a67c1`
)

// packaged are the processes with package identity.
var packaged = []program{
	broker(shellPackage, at("07 23:52:52", "06 23:50:28").earlier(63, day)),
	broker(startPackage, at("07 23:52:50", "06 23:50:27").earlier(64, day)),
	broker(searchPackage, at("07 23:52:55", "06 23:50:30").earlier(62, day)),
	broker(photosPackage, at("05 08:30:12").earlier(7, 6*day)),
	{path: `C:\Windows\SystemApps\ShellExperienceHost_cw5n1h2txyewy\ShellExperienceHost.exe`, pkg: shellPackage, app: `App`,
		loads: "base com gui xaml", runs: at("07 23:52:51", "06 23:50:26").earlier(63, day)},
	{path: `C:\Windows\SystemApps\Microsoft.Windows.StartMenuExperienceHost_cw5n1h2txyewy\StartMenuExperienceHost.exe`,
		pkg: startPackage, app: `App`, loads: "base com gui xaml", runs: at("07 23:52:49", "06 23:50:25").earlier(64, day)},
	{path: `C:\Windows\SystemApps\Microsoft.Windows.Search_cw5n1h2txyewy\SearchApp.exe`, pkg: searchPackage, app: `CortanaUI`,
		loads: "base com gui xaml net", runs: at("07 23:52:54", "06 23:50:29").earlier(62, day)},
	{path: `C:\Windows\SystemApps\Microsoft.LockApp_cw5n1h2txyewy\LockApp.exe`, pkg: lockPackage, app: `WindowsDefaultLockScreen`,
		loads: "base com gui xaml", runs: at("06 03:01:08", "05 03:02:20").earlier(55, day)},
	{path: `C:\Windows\SystemApps\Microsoft.Windows.SecHealthUI_cw5n1h2txyewy\SecHealthUI.exe`, pkg: healthPackage, app: `SecHealthUI`,
		loads: "base com gui xaml", runs: at("02 00:41:55").earlier(3, 11*day)},
	{path: `C:\Windows\ImmersiveControlPanel\SystemSettings.exe`, pkg: panelPackage, app: `microsoft.windows.immersivecontrolpanel`,
		loads: "base com gui xaml", runs: at("04 01:04:02").earlier(14, 5*day)},
	{path: `C:\Program Files\WindowsApps\Microsoft.WindowsCalculator_11.2401.0.0_x64__8wekyb3d8bbwe\CalculatorApp.exe`, pkg: calcPackage,
		app: `App`, loads: "base com gui xaml", runs: at("06 02:31:17", "05 06:12:40").earlier(25, 2*day)},
	{path: `C:\Windows\System32\backgroundTaskHost.exe`, pkg: photosPackage, app: `App`, loads: "base com",
		runs: at("07 00:30:41").earlier(18, 2*day)},
}

func broker(pkg string, r runs) program {
	return program{path: `C:\Windows\System32\RuntimeBroker.exe`, pkg: pkg, app: brokerID, runs: r, loads: "base com gui"}
}

// netRuns are the starts of net.exe: each starts net1.exe at once.
var netRuns = at("06 17:49:51", "06 17:48:44", "06 17:48:15")

// intrusion is what the intruder started in the night from the 6th to the 7th (Tokyo), in order of the first launch.
var intrusion = []program{
	{path: `C:\Windows\System32\rdpclip.exe`, loads: "base com gui", runs: moments(IntrusionStart.Add(217_312_091 * 100))},
	{path: `C:\Windows\System32\whoami.exe`, loads: "base lan", runs: moments(utc(2026, 3, 6, 18, 9, 40, 4488162), DiscoveryStart)},
	{path: `C:\Windows\System32\systeminfo.exe`, loads: "base com wmi", runs: at("06 17:46:38")},
	{path: `C:\Windows\System32\ipconfig.exe`, loads: "base net", runs: at("06 17:47:10")},
	{path: `C:\Windows\System32\net.exe`, loads: "base lan", runs: netRuns},
	{path: `C:\Windows\System32\net1.exe`, loads: "base lan", runs: netRuns.followed(31, 44, 38)},
	{path: `C:\Windows\System32\nltest.exe`, loads: "base lan", runs: at("06 17:50:22")},
	{path: `C:\Windows\System32\tasklist.exe`, loads: "base com wmi", runs: moments(DiscoveryEnd)},
	{path: Scanner, loads: "base net", runs: at("06 17:55:30", "06 17:54:12")},
	{path: Implant, loads: "base net crypt", runs: at("07 23:52:41", "06 18:25:40", "06 18:03:11").first(ImplantStart)},
	{path: PsExec, loads: "base lan", runs: at("06 18:09:02").first(PsExecStart)},
	{path: `C:\Windows\System32\rundll32.exe`, command: `rundll32.exe ` + ImplantDLL + `,#1`, loads: "base com gui",
		runs: at("06 18:12:45"), extra: []string{ImplantDLL}},
	{path: `C:\Windows\System32\schtasks.exe`, loads: "base com", runs: moments(SecondTaskTime, PersistenceTime)},
	{path: Syncer, loads: "base net crypt", runs: moments(SyncerFired).and(at("06 18:23:05", "06 18:14:41"))},
	{path: Archiver, loads: "base crypt", runs: at("06 18:24:50"),
		extra: []string{`C:\Users\mira\Documents\Budget.xlsx`, `C:\Users\mira\Documents\Minutes 2026-03.docx`, `C:\PerfLogs\out.rar`}},
	{path: `C:\Windows\System32\curl.exe`, loads: "base net crypt", runs: at("06 18:28:16"), extra: []string{`C:\PerfLogs\out.rar`}},
	{path: `C:\Windows\System32\eventcreate.exe`, loads: "base", runs: moments(ForgedTime)},
	{path: `C:\Windows\System32\wevtutil.exe`, loads: "base", runs: moments(CleanupTime)},
	{path: `C:\Windows\System32\vssadmin.exe`, loads: "base com", runs: at("06 18:33:41")},
	{path: `C:\Windows\System32\VSSVC.exe`, loads: "base com", runs: at("06 18:33:42").earlier(6, 8*day)},
}
