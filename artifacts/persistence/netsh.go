package persistence

import (
	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// A Netsh is one helper DLL of the program netsh.
type Netsh struct{ Hook }

var netsh = artifacts.Define(artifacts.Artifact{
	Name:     "netsh",
	Title:    "Netsh helper",
	DataType: "windows:registry:netsh_helper",
	About: `DLLs that the program netsh loads at each start. Proves that they were registered. Does not prove
that netsh was ever started since; VPN clients and other software start it automatically, so a
helper can persist. Windows has about twenty helpers, all in System32. The time is that of the whole
key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546.007"},
	Refs: []string{"https://attack.mitre.org/techniques/T1546/007/",
		"https://learn.microsoft.com/windows/win32/netshell/netshell-start-page"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, `Microsoft\NetSh`),
	},
}, func(in artifacts.Input, yield func(Netsh) bool) error {
	h := hooksOf(in, "NetSh")
	h.each(func(v hive.Value) {
		if r := h.dll(v, "Netsh helper"); r != nil {
			r.Default = hookSystem(in, r.Image, netshUsual...)
		}
	})
	return hookRecords(h, func(r Hook) Netsh { return Netsh{r} }, yield)
})

// netshUsual are the helpers of Windows XP to 11 and the servers, by
// Microsoft's documentation of netsh contexts.
var netshUsual = []string{"aaaamon", "authfwcfg", "dgnet", "dhcpcmonitor", "dhcpmon", "dot3cfg", "fwcfg", "hnetmon", "ifmon", "ipmontr",
	"ippromon", "ipxmontr", "ipxpromn",
	"napmontr", "netiohlp", "netprofm", "nettrace", "nshhttp", "nshipsec", "nshwfp", "p2pnetsh", "peerdistsh", "rasmontr", "rpcnsh",
	"wcnnetsh", "wdsutil",
	"whhelper", "wlancfg", "wshelper", "wwancfg", "winsmon", "dnsclientpsprovider", "mbnetsh", "bridgemigplugin"}
