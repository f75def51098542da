package corpus

import (
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// A windowsService is one key of Services. Those of svchost have a group with its switches and a DLL.
type windowsService struct {
	name    string
	display string
	group   string // "netsvcs -p": svchost's
	dll     string // below C:\Windows\System32
	image   string // of all others
	account string
	kind    uint32
	start   uint32
	written time.Time // zero: when Windows was installed
}

// Kinds and starts, [MS-SCMR] 2.2.15.
const (
	kernelDriver = 0x01
	fileSystem   = 0x02
	ownProcess   = 0x10
	shareProcess = 0x20
	userService  = 0x60

	atBoot   = 0
	atSystem = 1
	auto     = 2
	onDemand = 3
)

const (
	localSystem    = "LocalSystem"
	localService   = `NT AUTHORITY\LocalService`
	networkService = `NT AUTHORITY\NetworkService`
)

var services = []windowsService{
	{name: "BITS", display: "Background Intelligent Transfer Service", group: "netsvcs -p", dll: "qmgr.dll", account: localSystem,
		kind: shareProcess, start: onDemand},
	{name: "wuauserv", display: "Windows Update", group: "netsvcs -p", dll: "wuaueng.dll", account: localSystem, kind: shareProcess,
		start: onDemand},
	{name: "UsoSvc", display: "Update Orchestrator Service", group: "netsvcs -p", dll: "usosvc.dll", account: localSystem,
		kind: shareProcess, start: auto},
	{name: "Schedule", display: "Task Scheduler", group: "netsvcs -p", dll: "schedsvc.dll", account: localSystem, kind: shareProcess,
		start: auto},
	{name: "Appinfo", display: "Application Information", group: "netsvcs -p", dll: "appinfo.dll", account: localSystem,
		kind: shareProcess, start: onDemand},
	{name: "wlidsvc", display: "Microsoft Account Sign-in Assistant", group: "netsvcs -p", dll: "wlidsvc.dll", account: localSystem,
		kind: shareProcess, start: onDemand},
	{name: "gpsvc", display: "Group Policy Client", group: "netsvcs -p", dll: "gpsvc.dll", account: localSystem, kind: shareProcess,
		start: auto},
	{name: "W32Time", display: "Windows Time", group: "LocalService -p", dll: "w32time.dll", account: localService, kind: shareProcess,
		start: onDemand},
	{name: "lmhosts", display: "TCP/IP NetBIOS Helper", group: "LocalServiceNetworkRestricted -p", dll: "lmhsvc.dll",
		account: localService, kind: shareProcess, start: onDemand},
	{name: "wscsvc", display: "Security Center", group: "LocalServiceNetworkRestricted -p", dll: "wscsvc.dll", account: localService,
		kind: shareProcess, start: auto},
	{name: "StorSvc", display: "Storage Service", group: "LocalSystemNetworkRestricted -p", dll: "storsvc.dll", account: localSystem,
		kind: shareProcess, start: auto},
	{name: "DoSvc", display: "Delivery Optimization", group: "NetworkService -p", dll: "dosvc.dll", account: networkService,
		kind: shareProcess, start: auto},
	{name: "TermService", display: "Remote Desktop Services", group: "NetworkService", dll: "termsrv.dll", account: networkService,
		kind: shareProcess, start: onDemand},
	{name: "AppXSvc", display: "AppX Deployment Service (AppXSVC)", group: "wsappx -p", dll: "appxdeploymentserver.dll",
		account: localSystem, kind: shareProcess, start: onDemand},
	{name: "ClipSVC", display: "Client License Service (ClipSVC)", group: "wsappx -p", dll: "ClipSVC.dll", account: localSystem,
		kind: shareProcess, start: onDemand},
	{name: "CDPUserSvc", display: "Connected Devices Platform User Service", group: "UnistackSvcGroup", dll: "cdpusersvc.dll",
		kind: userService, start: auto},
	{name: "WerSvc", display: "Windows Error Reporting Service", group: "WerSvcGroup", dll: "wersvc.dll", account: localSystem,
		kind: ownProcess, start: onDemand},
	{name: "swprv", display: "Microsoft Software Shadow Copy Provider", group: "swprv", dll: "swprv.dll", account: localSystem,
		kind: ownProcess, start: onDemand},

	{name: "Spooler", display: "Print Spooler", image: `%SystemRoot%\System32\spoolsv.exe`, account: localSystem, kind: ownProcess,
		start: auto},
	{name: "TrustedInstaller", display: "Windows Modules Installer", image: `%SystemRoot%\servicing\TrustedInstaller.exe`,
		account: localSystem, kind: ownProcess, start: onDemand},
	{name: "VSS", display: "Volume Shadow Copy", image: `%systemroot%\system32\vssvc.exe`, account: localSystem, kind: ownProcess,
		start: onDemand},
	{name: "WinDefend", display: "Microsoft Defender Antivirus Service",
		image: `"C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.24090.11-0\MsMpEng.exe"`, account: localSystem,
		kind: ownProcess, start: auto},
	{name: "gupdate", display: "Google Update Service (gupdate)", image: `"C:\Program Files (x86)\Google\Update\GoogleUpdate.exe" /svc`,
		account: localSystem, kind: ownProcess, start: auto, written: utc(2025, 1, 16, 2, 40, 19, 8830127)},
	{name: "Ntfs", image: "", kind: fileSystem, start: atBoot},
	{name: "Tcpip", display: "TCP/IP Protocol Driver", image: `System32\drivers\tcpip.sys`, kind: kernelDriver, start: atBoot},
	{name: "bam", display: "Background Activity Moderator Driver", image: `system32\drivers\bam.sys`, kind: kernelDriver, start: atSystem},

	// PsExec takes its service away when it ends. This time the connection was cut.
	{name: ServiceName, display: ServiceName, image: `%SystemRoot%\PSEXESVC.exe`, account: localSystem, kind: ownProcess,
		start: onDemand, written: PsExecStart},
}

// servicesCase writes the services, and the groups of svchost in SOFTWARE.
func servicesCase(m *Machine) {
	keys := m.Hive(systemHive).Sub(controlSet + "Services")
	groups := m.Hive(softwareHive).Sub(`Microsoft\Windows NT\CurrentVersion\Svchost`)
	members := make(map[string][]string)
	for _, s := range services {
		k := keys.Sub(s.name)
		if !s.written.IsZero() {
			k.At(s.written)
		}
		k.Set("Type", regf.DWord(s.kind)).Set("Start", regf.DWord(s.start)).Set("ErrorControl", regf.DWord(1))
		if s.display != "" {
			k.Set("DisplayName", regf.String(s.display))
		}
		if s.account != "" {
			k.Set("ObjectName", regf.String(s.account))
		}
		if s.image != "" {
			k.Set("ImagePath", regf.Expand(s.image))
		}
		if s.group == "" {
			continue
		}
		k.Set("ImagePath", regf.Expand(s.imagePath()))
		k.Sub("Parameters").Set("ServiceDll", regf.Expand(`%SystemRoot%\System32\`+s.dll))
		group, _, _ := strings.Cut(s.group, " ")
		members[group] = append(members[group], s.name)
		groups.Set(group, regf.Multi(members[group]...))
	}
}

func (s windowsService) imagePath() string {
	if s.group == "" {
		return s.image
	}
	return `%SystemRoot%\system32\svchost.exe -k ` + s.group
}
