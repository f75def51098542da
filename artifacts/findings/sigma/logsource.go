package sigma

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Channels of event logs that several log sources name.
const (
	chSecurity = "Security"
	chSysmon   = "Microsoft-Windows-Sysmon/Operational"
	chPSClass  = "Windows PowerShell"
	chPS       = "Microsoft-Windows-PowerShell/Operational"
	chPSCore   = "PowerShellCore/Operational"
)

// services are the log source services of product windows and their channels
// (SigmaHQ, documentation of log sources).
var services = map[string][]string{
	"application":           {"Application"},
	"security":              {chSecurity},
	"system":                {"System"},
	"sysmon":                {chSysmon},
	"powershell":            {chPS, chPSCore},
	"powershell-classic":    {chPSClass},
	"taskscheduler":         {"Microsoft-Windows-TaskScheduler/Operational"},
	"wmi":                   {"Microsoft-Windows-WMI-Activity/Operational"},
	"windefend":             {"Microsoft-Windows-Windows Defender/Operational"},
	"firewall-as":           {"Microsoft-Windows-Windows Firewall With Advanced Security/Firewall"},
	"bits-client":           {"Microsoft-Windows-Bits-Client/Operational"},
	"dns-client":            {"Microsoft-Windows-DNS Client Events/Operational", "Microsoft-Windows-DNS-Client/Operational"},
	"dns-server":            {"DNS Server"},
	"dns-server-analytic":   {"Microsoft-Windows-DNS-Server/Analytical"},
	"dns-server-audit":      {"Microsoft-Windows-DNS-Server/Audit"},
	"driver-framework":      {"Microsoft-Windows-DriverFrameworks-UserMode/Operational"},
	"ntlm":                  {"Microsoft-Windows-NTLM/Operational"},
	"dhcp":                  {"Microsoft-Windows-DHCP-Server/Operational"},
	"appmodel-runtime":      {"Microsoft-Windows-AppModel-Runtime/Admin"},
	"appxdeployment-server": {"Microsoft-Windows-AppXDeploymentServer/Operational"},
	"appxpackaging-om":      {"Microsoft-Windows-AppxPackaging/Operational"},
	"applocker": {"Microsoft-Windows-AppLocker/MSI and Script", "Microsoft-Windows-AppLocker/EXE and DLL",
		"Microsoft-Windows-AppLocker/Packaged app-Deployment", "Microsoft-Windows-AppLocker/Packaged app-Execution"},
	"lsa-server":                               {"Microsoft-Windows-LSA/Operational"},
	"openssh":                                  {"OpenSSH/Operational"},
	"smbclient-security":                       {"Microsoft-Windows-SmbClient/Security"},
	"smbclient-connectivity":                   {"Microsoft-Windows-SmbClient/Connectivity"},
	"smbserver-connectivity":                   {"Microsoft-Windows-SMBServer/Connectivity"},
	"smbserver-security":                       {"Microsoft-Windows-SMBServer/Security"},
	"terminalservices-localsessionmanager":     {"Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"},
	"terminalservices-remoteconnectionmanager": {"Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational"},
	"msexchange-management":                    {"MSExchange Management"},
	"printservice-admin":                       {"Microsoft-Windows-PrintService/Admin"},
	"printservice-operational":                 {"Microsoft-Windows-PrintService/Operational"},
	"codeintegrity-operational":                {"Microsoft-Windows-CodeIntegrity/Operational"},
	"security-mitigations": {"Microsoft-Windows-Security-Mitigations/Kernel Mode",
		"Microsoft-Windows-Security-Mitigations/User Mode"},
	"ldap":               {"Microsoft-Windows-LDAP-Client/Debug"},
	"ldap_debug":         {"Microsoft-Windows-LDAP-Client/Debug"},
	"diagnosis-scripted": {"Microsoft-Windows-Diagnosis-Scripted/Operational"},
	"shell-core":         {"Microsoft-Windows-Shell-Core/Operational"},
	"capi2":              {"Microsoft-Windows-CAPI2/Operational"},
	"certificateservicesclient-lifecycle-system": {"Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational"},
	"vhdmp":                       {"Microsoft-Windows-VHDMP-Operational", "Microsoft-Windows-VHDMP/Operational"},
	"hyper-v-worker":              {"Microsoft-Windows-Hyper-V-Worker-Admin", "Microsoft-Windows-Hyper-V-Worker/Admin"},
	"kernel-event-tracing":        {"Microsoft-Windows-Kernel-EventTracing/Admin"},
	"kernel-shimengine":           {"Microsoft-Windows-Kernel-ShimEngine/Operational"},
	"microsoft-servicebus-client": {"Microsoft-ServiceBus-Client/Admin", "Microsoft-ServiceBus-Client/Operational"},
	"iis-configuration":           {"Microsoft-IIS-Configuration/Operational"},
	"sense":                       {"Microsoft-Windows-SENSE/Operational"},
	"ntfs":                        {"Microsoft-Windows-Ntfs/Operational"},
	"windowsupdateclient":         {"Microsoft-Windows-WindowsUpdateClient/Operational"},
	"winrm":                       {"Microsoft-Windows-WinRM/Operational"},
}

// An eventKind is a channel with event ids, and the fields that Sigma's
// categories name otherwise than the event does.
type eventKind struct {
	channel string
	ids     []string
	fields  func(*Event, []Field) []Field
}

// categories are the log source categories of product windows.
var categories = map[string][]eventKind{
	"process_creation":     {{chSysmon, []string{"1"}, nil}, {chSecurity, []string{"4688"}, processFields}},
	"process_termination":  {{chSysmon, []string{"5"}, nil}, {chSecurity, []string{"4689"}, nil}},
	"process_access":       {{chSysmon, []string{"10"}, nil}},
	"process_tampering":    {{chSysmon, []string{"25"}, nil}},
	"create_remote_thread": {{chSysmon, []string{"8"}, nil}},
	"raw_access_thread":    {{chSysmon, []string{"9"}, nil}},
	"create_stream_hash":   {{chSysmon, []string{"15"}, nil}},
	"driver_load":          {{chSysmon, []string{"6"}, nil}},
	"image_load":           {{chSysmon, []string{"7"}, nil}},
	"dns_query": {{chSysmon, []string{"22"}, nil},
		{"Microsoft-Windows-DNS Client Events/Operational", []string{"3008"}, nil},
		{"Microsoft-Windows-DNS-Client/Operational", []string{"3008"}, nil}},
	"network_connection":        {{chSysmon, []string{"3"}, nil}, {chSecurity, []string{"5156"}, connectionFields}},
	"pipe_created":              {{chSysmon, []string{"17", "18"}, nil}},
	"wmi_event":                 {{chSysmon, []string{"19", "20", "21"}, nil}},
	"sysmon_status":             {{chSysmon, []string{"4", "16"}, nil}},
	"sysmon_error":              {{chSysmon, []string{"255"}, nil}},
	"file_event":                {{chSysmon, []string{"11"}, nil}},
	"file_change":               {{chSysmon, []string{"2"}, nil}},
	"file_delete":               {{chSysmon, []string{"23", "26"}, nil}},
	"file_delete_detected":      {{chSysmon, []string{"26"}, nil}},
	"file_block_executable":     {{chSysmon, []string{"27"}, nil}},
	"file_block_shredding":      {{chSysmon, []string{"28"}, nil}},
	"file_executable_detected":  {{chSysmon, []string{"29"}, nil}},
	"file_access":               nil,
	"file_rename":               nil,
	"clipboard_change":          {{chSysmon, []string{"24"}, nil}},
	"clipboard_capture":         {{chSysmon, []string{"24"}, nil}},
	"registry_event":            {{chSysmon, []string{"12", "13", "14"}, nil}, {chSecurity, []string{"4657"}, registryFields}},
	"registry_add":              {{chSysmon, []string{"12"}, nil}, {chSecurity, []string{"4657"}, registryFields}},
	"registry_delete":           {{chSysmon, []string{"12"}, nil}, {chSecurity, []string{"4657"}, registryFields}},
	"registry_set":              {{chSysmon, []string{"13"}, nil}, {chSecurity, []string{"4657"}, registryFields}},
	"registry_rename":           {{chSysmon, []string{"14"}, nil}},
	"ps_module":                 {{chPS, []string{"4103"}, nil}, {chPSCore, []string{"4103"}, nil}},
	"ps_script":                 {{chPS, []string{"4104"}, nil}, {chPSCore, []string{"4104"}, nil}},
	"ps_classic_start":          {{chPSClass, []string{"400"}, nil}},
	"ps_classic_provider_start": {{chPSClass, []string{"600"}, nil}},
	"ps_classic_script":         {{chPSClass, []string{"800"}, nil}},
}

// judgeable reports why rules of a log source are never judged here, or nil.
func judgeable(l LogSource) error {
	if l.Product != "" && l.Product != "windows" {
		return fmt.Errorf("log source product %s: Windows does not record it", l.Product)
	}
	if l.Category != "" {
		if _, ok := categories[l.Category]; !ok {
			return fmt.Errorf("log source category %s: not known", l.Category)
		}
	}
	if l.Service != "" {
		if _, ok := services[l.Service]; !ok {
			return fmt.Errorf("log source service %s: not known", l.Service)
		}
	}
	if l == (LogSource{}) {
		return errors.New("has no log source")
	}
	return nil
}

// An eventSource is the categories and services that one kind of event belongs
// to.
type eventSource struct {
	categories, services []string
	fields               func(*Event, []Field) []Field
}

func sourceOf(e *Event) eventSource {
	var s eventSource
	if e.Category != "" {
		s.categories = append(s.categories, e.Category)
		if r := strings.HasPrefix(e.Category, "registry_"); r && e.Category != "registry_event" {
			s.categories = append(s.categories, "registry_event")
		}
	}
	for name, channels := range services {
		if slices.ContainsFunc(channels, func(c string) bool { return strings.EqualFold(c, e.Channel) }) {
			s.services = append(s.services, name)
		}
	}
	for name, kinds := range categories {
		for _, k := range kinds {
			if strings.EqualFold(k.channel, e.Channel) && slices.Contains(k.ids, e.ID) {
				s.categories = append(s.categories, name)
				if k.fields != nil {
					s.fields = k.fields
				}
			}
		}
	}
	return s
}

// fits reports whether rules of a log source are made for the event.
func (s *eventSource) fits(l LogSource) bool {
	return (l.Category == "" || slices.Contains(s.categories, l.Category)) && (l.Service == "" || slices.Contains(s.services, l.Service))
}

// value returns a field's value, or "".
func value(fs []Field, name string) string {
	for i := range fs {
		if fs[i].Name == name {
			return fs[i].Value
		}
	}
	return ""
}

// integrity are the labels of Security 4688 as Sysmon spells them ([MS-DTYP]
// 2.4.2.4, well-known SIDs).
var integrity = map[string]string{
	"S-1-16-0": "Untrusted", "S-1-16-4096": "Low", "S-1-16-8192": "Medium", "S-1-16-8448": "MediumPlus",
	"S-1-16-12288": "High", "S-1-16-16384": "System", "S-1-16-20480": "Protected",
}

// processFields gives Security 4688 the names of Sysmon 1.
func processFields(_ *Event, fs []Field) []Field {
	n := len(fs)
	for _, p := range [...][2]string{{"Image", "NewProcessName"}, {"ParentImage", "ParentProcessName"}, {"LogonId", "SubjectLogonId"}} {
		if v := value(fs[:n], p[1]); v != "" {
			fs = append(fs, Field{p[0], v})
		}
	}
	if u := value(fs[:n], "SubjectUserName"); u != "" {
		fs = append(fs, Field{"User", value(fs[:n], "SubjectDomainName") + `\` + u})
	}
	if l := integrity[value(fs[:n], "MandatoryLabel")]; l != "" {
		fs = append(fs, Field{"IntegrityLevel", l})
	}
	return fs
}

// connectionFields gives Security 5156 the names of Sysmon 3.
func connectionFields(_ *Event, fs []Field) []Field {
	n := len(fs)
	for _, p := range [...][2]string{
		{"Image", "Application"}, {"SourceIp", "SourceAddress"}, {"DestinationIp", "DestAddress"}, {"DestinationPort", "DestPort"},
	} {
		if v := value(fs[:n], p[1]); v != "" {
			fs = append(fs, Field{p[0], v})
		}
	}
	initiated := "false"
	if value(fs[:n], "Direction") == "%%14593" { // outbound
		initiated = "true"
	}
	return append(fs, Field{"Initiated", initiated})
}

// registryFields gives Security 4657 the names of Sysmon 13.
func registryFields(_ *Event, fs []Field) []Field {
	n := len(fs)
	key := value(fs[:n], "ObjectName")
	for _, p := range [...][2]string{{`\REGISTRY\MACHINE`, "HKLM"}, {`\REGISTRY\USER`, "HKU"}} {
		if len(key) >= len(p[0]) && strings.EqualFold(key[:len(p[0])], p[0]) {
			key = p[1] + key[len(p[0]):]
		}
	}
	if v := value(fs[:n], "ObjectValueName"); v != "" {
		key += `\` + v
	}
	return append(fs, Field{"TargetObject", key}, Field{"Details", value(fs[:n], "NewValue")}, Field{"Image", value(fs[:n], "ProcessName")})
}
