package system

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// Interface is the configuration of one network interface.
type Interface struct {
	artifacts.Origin
	GUID       string    `json:"guid"`
	Name       string    `json:"name,omitempty"`
	SSID       string    `json:"ssid,omitempty"` // of a wireless network that the interface was used with
	Protocol   string    `json:"protocol"`       // "IPv4" or "IPv6"
	DHCP       bool      `json:"dhcp"`
	Addresses  []string  `json:"addresses,omitempty"`
	Masks      []string  `json:"masks,omitempty"`
	Gateways   []string  `json:"gateways,omitempty"`
	DNS        string    `json:"name_servers,omitempty"` // set by hand
	DHCPDNS    string    `json:"dhcp_name_servers,omitempty"`
	DHCPServer string    `json:"dhcp_server,omitempty"`
	Domain     string    `json:"domain,omitempty"`
	GatewayMAC string    `json:"gateway_mac,omitempty"`
	Obtained   time.Time `json:"lease_obtained,omitzero" event:"Lease Obtained Time"`
	Terminates time.Time `json:"lease_terminates,omitzero"`
	Written    time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var interfaces = artifacts.Define(artifacts.Artifact{
	Name:     "interfaces",
	Title:    "Network interfaces",
	DataType: "windows:registry:network_interface",
	About: `The last addresses of each network interface, set manually or by DHCP, and one set for each wireless
network that it was used with. Proves which address the machine held when the lease was obtained
(seconds, UTC). Manually set name servers receive all queries. It does not prove that the address
was in use at another time; older leases are overwritten. The key's time is usually that of the last
lease.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1016"},
	Refs:   []string{"https://learn.microsoft.com/troubleshoot/windows-client/networking/tcpip-and-nbt-configuration-parameters"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Services\Tcpip\Parameters\Interfaces\*`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Services\Tcpip\Parameters\Interfaces\*\*`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Services\Tcpip6\Parameters\Interfaces\*`),
	},
}, decodeInterfaces)

func decodeInterfaces(in artifacts.Input, yield func(Interface) bool) error {
	if in.Partial() || len(in.Match) == 0 {
		return nil
	}
	i := Interface{Origin: in.AtKey(), GUID: in.Match[0], Protocol: "IPv4", Written: in.Written()}
	if strings.Contains(in.Source.Key, "Tcpip6") {
		i.Protocol = "IPv6"
	}
	if len(in.Match) > 1 {
		i.SSID = ssid(in.Match[1])
	}
	if in.ControlSet != "" {
		if k, err := in.Hive.Key(in.ControlSet + `\Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}\` + i.GUID +
			`\Connection`); err == nil {
			i.Name = in.Of(k).Text("Name")
		}
	}
	dhcp, _ := in.Uint("EnableDHCP")
	i.DHCP = dhcp != 0
	i.Addresses = interfaceList(in, "IPAddress", "DhcpIPAddress")
	i.Masks = interfaceList(in, "SubnetMask", "DhcpSubnetMask")
	i.Gateways = interfaceList(in, "DefaultGateway", "DhcpDefaultGateway")
	i.DNS, i.DHCPDNS, i.DHCPServer = in.Text("NameServer"), in.Text("DhcpNameServer"), in.Text("DhcpServer")
	i.Domain = in.Text("Domain")
	if i.Domain == "" {
		i.Domain = in.Text("DhcpDomain")
	}
	if n, ok := in.Uint("LeaseObtainedTime"); ok {
		i.Obtained = leaseTime(n)
	}
	if n, ok := in.Uint("LeaseTerminatesTime"); ok {
		i.Terminates = leaseTime(n)
	}
	// The gateway's address (4), the length of what follows (u32, 6), its
	// hardware address.
	if b := in.Bytes("DhcpGatewayHardware"); len(b) >= 14 && le.Uint32(b[4:]) == 6 {
		i.GatewayMAC = macText(b[8:])
	}
	if len(i.Addresses) == 0 && i.DNS == "" && i.DHCPServer == "" && i.Obtained.IsZero() && i.SSID == "" {
		return nil // an interface that never had an address
	}
	yield(i)
	return nil
}

// interfaceList is the texts of the values, without the empty ones and the
// address 0.0.0.0 that stands for none.
func interfaceList(in artifacts.Input, names ...string) []string {
	var out []string
	for _, name := range names {
		for _, s := range in.Texts(name) {
			if s != "" && s != "0.0.0.0" {
				out = append(out, s)
			}
		}
	}
	return out
}

// ssid decodes the name of a wireless network from the name of its key: two
// hex digits for each byte, in the wrong order.
func ssid(key string) string {
	if len(key)%2 != 0 {
		return key
	}
	digit := func(c byte) int {
		switch {
		case c >= '0' && c <= '9':
			return int(c - '0')
		case c >= 'A' && c <= 'F':
			return int(c-'A') + 10
		case c >= 'a' && c <= 'f':
			return int(c-'a') + 10
		}
		return -1
	}
	b := make([]byte, 0, len(key)/2)
	for i := 0; i < len(key); i += 2 {
		low, high := digit(key[i]), digit(key[i+1])
		if low < 0 || high < 0 {
			return key
		}
		b = append(b, byte(high<<4|low))
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

// Summary names interface and addresses.
func (i Interface) Summary() string {
	name := i.Name
	if name == "" {
		name = i.GUID
	}
	s := fmt.Sprintf("[%s] %s", name, strings.Join(i.Addresses, ", "))
	if i.SSID != "" {
		s += " on " + i.SSID
	}
	if i.DNS != "" {
		s += " name servers by hand " + i.DNS
	}
	return s
}

// leaseTime reads a time of a lease. Before the clock was set, Windows counts
// the seconds since its start: such a value, and 0xFFFFFFFF for a lease without
// an end, is no date.
func leaseTime(n uint64) time.Time {
	const firstDHCP = 946684800 // 2000-01-01, before any Windows that keeps the value
	if n < firstDHCP || n >= 1<<32-1 {
		return time.Time{}
	}
	return wire.UnixTime(uint32(n))
}
