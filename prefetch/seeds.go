package prefetch

// The built-in dictionary. Each entry has matched the hash of real files, except where a list says otherwise.

// seedGroups and seedServices are what stands after -k and -s on command lines of svchost.exe.
var seedGroups = []string{
	"netsvcs", "LocalService", "LocalServiceNetworkRestricted", "LocalServiceNoNetwork", "LocalServiceAndNoImpersonation",
	"LocalSystemNetworkRestricted", "NetworkService", "DcomLaunch", "appmodel", "UnistackSvcGroup", "wsappx", "imgsvc", "swprv",
	"wusvcs", "smphost", "WbioSvcGroup", "WerSvcGroup", "defragsvc", "secsvcs", "BthAppGroup", "bthsvcs",
}

var seedServices = []string{
	"BITS", "wuauserv", "UsoSvc", "DoSvc", "wlidsvc", "wisvc", "AppXSvc", "ClipSVC", "DsmSvc", "DeviceInstall", "lfsvc", "gpsvc",
	"StorSvc", "NgcSvc", "SmsRouter", "SSDPSRV", "WdiSystemHost", "wscsvc", "WaaSMedicSvc", "PushToInstall", "LicenseManager",
	"dmwappushservice", "camsvc", "lmhosts", "W32Time", "WebClient", "BthAvctpSvc", "BluetoothUserService", "NPSMSvc", "LxpSvc", "WbioSrvc",
}

// seedSurrogates are application ids of COM servers that DllHost runs.
var seedSurrogates = []string{
	"AB8902B4-09CA-4BB6-B78D-A8F59079A8D5", "E10F6C3A-F1AE-4ADC-AA9D-2FE65525666E", "133EAC4F-5891-4D04-BADA-D84870380A80",
	"3EB3C877-1F16-487C-9050-104DBCD66683", "338B40F9-9D68-4B53-A793-6B9AA0C5F63B", "4D111E08-CBF7-4F12-A926-2C7920AF52FC",
	"7966B4D8-4FDC-4126-A10B-39A3209AD251", "973D20D7-562D-44B9-B70B-5A0F49CCDF3F", "06622D85-6856-4460-8DE1-A81921B41C4B",
	"F9717507-6651-4EDB-BFF7-AE615179BCCF", "BA126F01-2166-11D1-B1D0-00805FC1270E", "02D4B3F1-FD88-11D1-960D-00805FC79235",
	// Not seen in a real file, but abused to run programs elevated: CMSTPLUA.
	"3E5FC7F9-9A51-4367-9063-A120244FBEC7",
}

// seedRundll are command lines of rundll32.exe; R is the system folder. Each is also tried with its program in double quotes.
var seedRundll = []string{
	`rundll32.exe AppXDeploymentExtensions.OneCore.dll,ShellRefresh`,
	`rundll32.exe aeinv.dll,UpdateSoftwareInventory`,
	`R\system32\rundll32.exe Startupscan.dll,SusRunTask`,
	`R\system32\rundll32.exe sysmain.dll,PfSvWsSwapAssessmentTask`,
	`R\System32\rundll32.exe R\System32\shell32.dll,SHCreateLocalServerRunDll {9aa46009-3ce0-458a-a354-715610a075e6} -Embedding`,
}

// seedTaskhost are command lines of taskhost.exe; the first ends with a blank.
var seedTaskhost = []string{
	"taskhost.exe ", "taskhost.exe $(Arg0)", "taskhost.exe SYSTEM", "taskhost.exe USER", "taskhost.exe Logon", "taskhost.exe /RuntimeWide",
}

// seedMMC are command lines of mmc.exe; they end with a blank.
var seedMMC = []string{`"C:\WINDOWS\system32\mmc.exe" "C:\WINDOWS\system32\certsrv.msc" `}

// seedAppIDs are ids of applications within their packages.
var seedAppIDs = []string{
	"App", "runtimebroker07f4358a809ac99a64a67c1", "CortanaUI", "InputApp", "MSTeams", "Widgets", "WindowsDefaultLockScreen",
	"SecHealthUI", "MicrosoftEdge", "microsoft.windows.immersivecontrolpanel", "ShellFeedsUI",
}
