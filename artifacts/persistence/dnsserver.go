package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// A DNSServer is a DLL that the DNS server or the DHCP server loads.
type DNSServer struct{ Hook }

var dnsServer = artifacts.Define(artifacts.Artifact{
	Name:     "dnsserver",
	Title:    "DNS or DHCP server plug-in",
	DataType: "windows:registry:dns_server_plugin",
	About: `DLLs that the DNS server (ServerLevelPluginDll) and the DHCP server (CalloutDlls) load as SYSTEM
when they start; the path may be a network path. Proves that the plug-in was configured; on a domain
controller members of DnsAdmins can do so remotely. Does not prove that the service was started
since. Servers without a plug-in do not have the value. The time is that of the whole key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1574"},
	Refs:   []string{"https://learn.microsoft.com/openspecs/windows_protocols/ms-dnsp/c9d38538-8827-44e6-aa5e-022a016ed723"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Services\DNS\Parameters`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Services\DHCPServer\Parameters`),
	},
}, func(in artifacts.Input, yield func(DNSServer) bool) error {
	h := hooksOf(in, strings.TrimPrefix(in.Source.Key, `{CS}\Services\`))
	h.each(func(v hive.Value) {
		switch strings.ToLower(v.Name()) {
		case "serverlevelplugindll", "calloutdlls":
			h.dlls(v, "Server plug-in", "")
		case "calloutenabled":
			h.fact(v, "Server plug-in")
		}
	})
	return hookRecords(h, func(r Hook) DNSServer { return DNSServer{r} }, yield)
})
