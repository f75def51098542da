package events

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
)

// A span is a range of event identifiers.
type span struct {
	first, last uint32
	artifact    *artifacts.Artifact
}

// routes say which artifact the events of a channel belong to, and those of a
// provider in a channel that many share ("system|service control manager"). The
// first span that holds the identifier decides.
var routes = map[string][]span{
	"security": {
		{1100, 1108, auditEvents}, {4608, 4608, powerEvents}, {4616, 4616, clockEvents},
		{4624, 4627, logonEvents}, {4634, 4634, logonEvents}, {4647, 4649, logonEvents}, {4672, 4672, logonEvents},
		{4675, 4675, logonEvents},
		{4661, 4662, directoryEvents}, {4688, 4689, processEvents}, {4696, 4696, processEvents}, {4697, 4697, serviceEvents},
		{4698, 4702, taskEvents},
		{4704, 4707, accountEvents}, {4713, 4713, accountEvents}, {4716, 4718, accountEvents}, {4715, 4715, auditEvents},
		{4719, 4719, auditEvents},
		{4720, 4767, accountEvents}, {4768, 4779, logonEvents}, {4780, 4799, accountEvents}, {4800, 4803, logonEvents},
		{4817, 4817, auditEvents},
		{4822, 4825, logonEvents}, {4826, 4826, powerEvents}, {4865, 4867, accountEvents}, {4902, 4907, auditEvents},
		{4912, 4912, auditEvents},
		{4908, 4908, auditEvents}, {4928, 4937, directoryEvents}, {4944, 4958, firewallEvents}, {4964, 4964, logonEvents},
		{5024, 5037, firewallEvents},
		{5136, 5139, directoryEvents}, {5141, 5141, directoryEvents}, {5140, 5145, shareEvents}, {5148, 5159, firewallEvents},
		{5447, 5447, firewallEvents},
		{5376, 5378, logonEvents}, {5632, 5633, logonEvents}, {6272, 6280, logonEvents}, {6416, 6424, deviceEvents},
	},
	"system|eventlog":                      {{6005, 6013, powerEvents}},
	"system|microsoft-windows-eventlog":    {{104, 104, auditEvents}},
	"system|microsoft-windows-kernel-boot": all(powerEvents),
	"system|microsoft-windows-kernel-general": {{1, 1, clockEvents}, {20, 24, clockEvents},
		{12, 13, powerEvents}},
	"system|microsoft-windows-kernel-power":         all(powerEvents),
	"system|microsoft-windows-power-troubleshooter": all(powerEvents),
	"system|user32":                         all(powerEvents),
	"system|microsoft-windows-time-service": all(clockEvents),
	"system|microsoft-windows-terminalservices-remoteconnectionmanager": all(remoteDesktopEvents),
	"system|termdd":                                                          all(remoteDesktopEvents),
	"system|microsoft-windows-userpnp":                                       all(deviceEvents),
	"system|microsoft-windows-filtermanager":                                 all(deviceEvents),
	"system|microsoft-windows-ntfs":                                          all(deviceEvents),
	"system|microsoft-windows-whea-logger":                                   all(crashEvents),
	"system|microsoft-windows-windowsupdateclient":                           all(installEvents),
	"system|microsoft-windows-winlogon":                                      all(logonEvents),
	"system|lsasrv":                                                          all(logonEvents),
	"system|netlogon":                                                        all(logonEvents),
	"system|microsoft-windows-kerberos-key-distribution-center":              all(logonEvents),
	"system|microsoft-windows-security-kerberos":                             all(logonEvents),
	"system|microsoft-windows-directory-services-sam":                        all(accountEvents),
	"system|service control manager":                                         all(serviceEvents),
	"application|.net runtime":                                               all(crashEvents),
	"application|application error":                                          all(crashEvents),
	"application|application hang":                                           all(crashEvents),
	"application|windows error reporting":                                    all(crashEvents),
	"application|microsoft-windows-user profiles service":                    all(logonEvents),
	"application|microsoft-windows-wmi":                                      all(wmiEvents),
	"application|msiinstaller":                                               all(installEvents),
	"setup":                                                                  all(installEvents),
	"microsoft-windows-appxdeploymentserver/operational":                     all(installEvents),
	"microsoft-windows-bits-client/operational":                              all(bitsEvents),
	"microsoft-windows-devicesetupmanager/admin":                             all(deviceEvents),
	"microsoft-windows-kernel-pnp/configuration":                             all(deviceEvents),
	"microsoft-windows-ntfs/operational":                                     all(deviceEvents),
	"microsoft-windows-partition/diagnostic":                                 all(deviceEvents),
	"microsoft-windows-vhdmp-operational":                                    all(deviceEvents),
	"microsoft-windows-lsa/operational":                                      all(logonEvents),
	"microsoft-windows-ntlm/operational":                                     all(logonEvents),
	"microsoft-windows-user profile service/operational":                     all(logonEvents),
	"microsoft-windows-winlogon/operational":                                 all(logonEvents),
	"microsoft-windows-winrm/operational":                                    all(logonEvents),
	"openssh/operational":                                                    all(logonEvents),
	"microsoft-windows-powershell/operational":                               all(powerShellEvents),
	"powershellcore/operational":                                             all(powerShellEvents),
	"windows powershell":                                                     all(powerShellEvents),
	"microsoft-windows-remotedesktopservices-rdpcorets/operational":          all(remoteDesktopEvents),
	"microsoft-windows-terminalservices-gateway/operational":                 all(remoteDesktopEvents),
	"microsoft-windows-terminalservices-localsessionmanager/operational":     all(remoteDesktopEvents),
	"microsoft-windows-terminalservices-rdpclient/operational":               all(remoteDesktopEvents),
	"microsoft-windows-terminalservices-remoteconnectionmanager/admin":       all(remoteDesktopEvents),
	"microsoft-windows-terminalservices-remoteconnectionmanager/operational": all(remoteDesktopEvents),
	"microsoft-windows-smbserver/audit":                                      all(shareEvents),
	"microsoft-windows-smbserver/security":                                   all(shareEvents),
	"microsoft-windows-smbclient/connectivity":                               all(shareEvents),
	"microsoft-windows-smbclient/security":                                   all(shareEvents),
	"microsoft-windows-sysmon/operational":                                   all(sysmonEvents),
	"microsoft-windows-taskscheduler/operational":                            all(taskEvents),
	"microsoft-windows-wmi-activity/operational":                             all(wmiEvents),
	"microsoft-windows-windows defender/operational":                         all(defenderEvents),
	"microsoft-windows-windows firewall with advanced security/firewall":     all(firewallEvents),
}

func all(a *artifacts.Artifact) []span { return []span{{0, 1<<32 - 1, a}} }

// route returns the artifact that an event belongs to.
func route(channel, provider string, id uint32) *artifacts.Artifact {
	channel = strings.ToLower(channel)
	list, ok := routes[channel]
	if !ok {
		list = routes[channel+"|"+strings.ToLower(provider)]
	}
	for _, s := range list {
		if s.first <= id && id <= s.last {
			return s.artifact
		}
	}
	return otherEvents
}

// covered returns the artifacts that a channel can hold events of.
func covered(channel string) []*artifacts.Artifact {
	channel = strings.ToLower(channel)
	var out []*artifacts.Artifact
	for k, list := range routes {
		if k != channel && !strings.HasPrefix(k, channel+"|") {
			continue
		}
		for _, s := range list {
			out = append(out, s.artifact)
		}
	}
	return append(out, otherEvents)
}
