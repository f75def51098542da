package prefetch

// The built-in dictionary. Most entries have matched the hash of a real file. An entry that never did costs a false match at most one in
// 2^32 for each file; what matched is reported with the number of candidates.

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

// seedGroupServices are further services of Windows 7 to 11 by their group, as their settings on
// ordinary machines name them. Not all were met in a real file.
var seedGroupServices = []struct{ group, services string }{
	{"netsvcs", "AeLookupSvc AppMgmt Appinfo AppXSvc BDESVC BITS CertPropSvc DcpSvc dmwappushservice DmEnrollmentSvc DsmSvc " +
		"EapHost DoSvc fhsvc gpsvc hkmsvc IKEEXT InstallService iphlpsvc lfsvc LanmanServer LanmanWorkstation MMCSS " +
		"MSiSCSI NaturalAuthentication NcaSvc NetSetupSvc ProfSvc PushToInstall RasAuto RasMan RemoteAccess RetailDemo " +
		"SCPolicySvc Schedule seclogon SENS SessionEnv SharedAccess ShellHWDetection shpamsvc StorSvc TokenBroker " +
		"Themes TrkWks UsoSvc UserManager UserDataSvc wercplsupport WManSvc wisvc wlidsvc WpnService Winmgmt wuauserv " +
		"XblAuthManager XblGameSave XboxNetApiSvc XboxGipSvc LxssManager AppReadiness WdiServiceHost SystemEventsBroker " +
		"TimeBrokerSvc BcastDVRUserService MapsBroker NcdAutoSetup DevicesFlowUserSvc AssignedAccessManagerSvc VacSvc " +
		"WaaSMedicSvc DiagTrack diagsvc LicenseManager ClipSVC tzautoupdate wlpasvc TroubleshootingSvc " +
		"McpManagementService InventorySvc whesvc dcsvc refsdedupsvc"},
	{"utcsvc", "DiagTrack"},
	{"diagnostics", "diagsvc DiagSvc"},
	{"DcomLaunch", "Power PlugPlay DeviceInstall DcomLaunch LSM BrokerInfrastructure SystemEventsBroker"},
	{"RPCSS", "RpcSs RpcEptMapper"},
	{"LocalService", "AJRouter BthHFSrv bthserv EventSystem fdPHost FontCache LltdSvc lltdsvc LicenseManager netprofm nsi PhoneSvc " +
		"RemoteRegistry SstpSvc W32Time WdiServiceHost WebClient WinHttpAutoProxySvc workfolderssvc SharedRealitySvc " +
		"NfsClnt Netlogon BluetoothUserService BthAvctpSvc perceptionsimulation spectrum WFDSConMgrSvc CDPSvc " +
		"DispBrokerDesktopSvc GraphicsPerfSvc tzautoupdate icssvc MapsBroker EventLog"},
	{"LocalServiceNetworkRestricted", "AppIDSvc Audiosrv BthAvctpSvc BthHFSrv btagservice BTAGService Dhcp EventLog HomeGroupProvider icssvc lmhosts " +
		"NgcCtnrSvc p2pimsvc p2psvc PNRPsvc RmSvc TimeBrokerSvc vmictimesync WFDSConMgrSvc WPCSvc WpcMonSvc wscsvc " +
		"SmsRouter wcncsvc WinHttpAutoProxySvc wlpasvc tzautoupdate AudioSrv TimeBroker SEMgrSvc NPSMSvc " +
		"DevicePickerUserSvc"},
	{"LocalServiceNoNetwork", "BFE CoreMessagingRegistrar CoreMessaging DPS MpsSvc pla wbengine WdiServiceHost NcbService " +
		"DisplayEnhancementService"},
	{"LocalServiceNoNetworkFirewall", "BFE mpssvc MpsSvc"},
	{"LocalServiceAndNoImpersonation", "BthHFSrv FDResPub QWAVE SCardSvr SensrSvc SSDPSRV TBS upnphost wcncsvc AxInstSV SensorService"},
	{"LocalServicePeerNet", "PNRPAutoReg PNRPsvc p2pimsvc p2psvc"},
	{"LocalSystemNetworkRestricted", "AudioEndpointBuilder DeviceAssociationService dot3svc DsSvc DevQueryBroker DisplayEnhancementService hidserv " +
		"HomeGroupListener HvHost IPxlatCfgSvc irmon NcbService Netman NgcSvc PcaSvc ScDeviceEnum SensorService " +
		"SensorDataService StorSvc SysMain SuperfetchSvc SensrSvc svsvc tiledatamodelsvc TabletInputService " +
		"TextInputManagementService TrkWks UmRdpService UxSms vmickvpexchange vmicguestinterface vmicshutdown " +
		"vmicheartbeat vmicrdv vmicvss WdiSystemHost WiaRpc Wlansvc WlanSvc wudfsvc WUDFSvc WPDBusEnum WwanSvc wwansvc " +
		"EmbeddedMode DeviceInstall IpOverUsbSvc MixedRealityOpenXRSvc fhsvc wcmsvc"},
	{"NetworkService", "CryptSvc DnsCache Dnscache DoSvc KtmRm LanmanWorkstation MapsBroker napagent NlaSvc TapiSrv TermService WinRM " +
		"Wecsvc hns PolicyAgent sysmonlog"},
	{"NetworkServiceNetworkRestricted", "PolicyAgent"},
	{"NetworkServiceAndNoImpersonation", "KtmRm MSDTC"},
	{"NetworkServiceDnscache", "Dnscache"},
	{"LocalServiceDns", "Dnscache"},
	{"appmodel", "StateRepository tiledatamodelsvc EntAppSvc camsvc WalletService"},
	{"AppReadiness", "AppReadiness"},
	{"wsappx", "AppXSvc AppXSVC ClipSVC WSService"},
	{"UnistackSvcGroup", "CDPUserSvc MessagingService OneSyncSvc PimIndexMaintenanceSvc UnistoreSvc UserDataSvc WpnUserService " +
		"DevicesFlowUserSvc CaptureService cbdhsvc"},
	{"DevicesFlow", "DevicesFlowUserSvc DevicePickerUserSvc ConsentUxUserSvc DeviceAssociationBrokerSvc"},
	{"BthAppGroup", "BluetoothUserService"},
	{"BcastDVRUserService", "BcastDVRUserService"},
	{"ClipboardSvcGroup", "cbdhsvc"},
	{"PrintWorkflow", "PrintWorkflowUserSvc"},
	{"AarSvcGroup", "AarSvc"},
	{"UdkSvcGroup", "UdkUserSvc"},
	{"CameraMonitor", "FrameServerMonitor FrameServer"},
	{"Camera", "FrameServer FrameServerMonitor"},
	{"GraphicsPerfSvcGroup", "GraphicsPerfSvc"},
	{"smbsvcs", "LanmanServer"},
	{"smphost", "smphost"},
	{"swprv", "swprv"},
	{"print", "PrintNotify"},
	{"wusvcs", "WaaSMedicSvc uhssvc"},
	{"WbioSvcGroup", "WbioSrvc"},
	{"WerSvcGroup", "WerSvc"},
	{"defragsvc", "defragsvc"},
	{"secsvcs", "WinDefend"},
	{"SDRSVC", "SDRSVC"},
	{"sdrsvc", "SDRSVC"},
	{"imgsvc", "StiSvc stisvc"},
	{"bthsvcs", "bthserv"},
	{"regsvc", "RemoteRegistry"},
	{"autoTimeSvc", "autotimesvc"},
	{"wcssvc", "WcsPlugInService"},
	{"ICService", "vmicheartbeat vmicrdv"},
	{"KpsSvcGroup", "KPSSVC"},
	{"PeerDist", "PeerDistSvc"},
	{"AxInstSVGroup", "AxInstSV"},
	{"AssignedAccessManagerSvc", "AssignedAccessManagerSvc"},
	{"rdxgroup", "RetailDemo RDXService"},
	{"LxssManagerUser", "LxssManagerUser"},
	{"InvSvcGroup", "InventorySvc"},
	{"WepHostSvcGroup", "WEPHOSTSVC"},
	{"wephost", "WEPHOSTSVC"},
	{"WebThreatDefense", "webthreatdefsvc webthreatdefusersvc"},
}

// seedSurrogates are application ids of COM servers that DllHost runs.
var seedSurrogates = []string{
	"AB8902B4-09CA-4BB6-B78D-A8F59079A8D5", "E10F6C3A-F1AE-4ADC-AA9D-2FE65525666E", "133EAC4F-5891-4D04-BADA-D84870380A80",
	"3EB3C877-1F16-487C-9050-104DBCD66683", "338B40F9-9D68-4B53-A793-6B9AA0C5F63B", "4D111E08-CBF7-4F12-A926-2C7920AF52FC",
	"7966B4D8-4FDC-4126-A10B-39A3209AD251", "973D20D7-562D-44B9-B70B-5A0F49CCDF3F", "06622D85-6856-4460-8DE1-A81921B41C4B",
	"F9717507-6651-4EDB-BFF7-AE615179BCCF", "BA126F01-2166-11D1-B1D0-00805FC1270E", "02D4B3F1-FD88-11D1-960D-00805FC79235",
	"F32D97DF-E3E5-4CB9-9E3E-0EB5B4E49801", "DFB65C4C-B34F-435D-AFE9-A86218684AA8", "A4B07E49-6567-4FB8-8D39-01920E3B2357",
	// Shell extensions of packaged applications: Terminal, Notepad, three of PowerToys.
	"9F156763-7844-4DC4-B2B1-901F640F5155", "CA6CC9F1-867A-481E-951E-A28C5E4F01EA", "69824FC6-4660-4A09-9E7C-48DA63C6CC0F",
	"AAF1E27D-4976-49C2-8895-AAFA743C0A7E", "8F491918-259F-451A-950F-8C3EBF4864AF",
	// Not seen in a real file, but abused to run programs elevated: CMSTPLUA.
	"3E5FC7F9-9A51-4367-9063-A120244FBEC7",
}

// seedRundll are command lines of rundll32.exe; R is the system folder. Each is also tried with its program in double quotes.
var seedRundll = []string{
	`rundll32.exe AppXDeploymentExtensions.OneCore.dll,ShellRefresh`,
	`rundll32.exe AppXDeploymentExtensions.dll,ShellRefresh`,
	`rundll32.exe aeinv.dll,UpdateSoftwareInventory`,
	`R\system32\rundll32.exe Startupscan.dll,SusRunTask`,
	`R\system32\rundll32.exe sysmain.dll,PfSvWsSwapAssessmentTask`,
	`R\System32\rundll32.exe R\System32\shell32.dll,SHCreateLocalServerRunDll {9aa46009-3ce0-458a-a354-715610a075e6} -Embedding`,
	`R\System32\rundll32.exe R\System32\shell32.dll,SHCreateLocalServerRunDll {995C996E-D918-4a8c-A302-45719A6F4EA7} -Embedding`,
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
