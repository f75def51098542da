package artifacts

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// NetworkProfile is a network that the machine was connected to.
type NetworkProfile struct {
	Origin
	Name        string    `json:"ssid"` // plaso's name for it, also for cables
	Description string    `json:"description,omitempty"`
	GUID        string    `json:"guid"`
	Category    string    `json:"category,omitempty"`
	Type        string    `json:"connection_type,omitempty"`
	GatewayMAC  string    `json:"default_gateway_mac,omitempty"`
	DNSSuffix   string    `json:"dns_suffix,omitempty"`
	First       string    `json:"first_network,omitempty"`
	Managed     bool      `json:"managed,omitempty"` // by a domain
	Created     time.Time `json:"created,omitzero" event:"Creation Time,local"`
	Connected   time.Time `json:"last_connected,omitzero" event:"Last Connection Time,local"`
	Written     time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var networks = Define(Artifact{
	Name:     "networks",
	Title:    "Networks",
	DataType: "windows:registry:network",
	About: `The networks that Windows recognised: cables, wireless, tunnels. Proves that the machine was connected to a network with
this name, and by the hardware address of the gateway often where that was. Created is the first and last connected the latest
connection, both in the machine's local time without a zone: they are kept as written and are not UTC. Times between are not kept. It does not prove what was sent. A new name may be an old
network whose gateway changed.`,
	Proves: Configured,
	Attack: []string{"T1016"},
	Refs: []string{
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/networks.py",
		"https://learn.microsoft.com/windows/win32/api/netlistmgr/ne-netlistmgr-nlm_network_category",
	},
	Sources: []Source{Key(evidence.SOFTWARE, `Microsoft\Windows NT\CurrentVersion\NetworkList\Profiles\*`)},
}, decodeNetworks)

var (
	networkCategories = map[uint64]string{0: "public", 1: "private", 2: "domain"}
	networkTypes      = map[uint64]string{6: "wired", 23: "VPN", 71: "wireless", 243: "mobile broadband"}
)

func decodeNetworks(in Input, yield func(NetworkProfile) bool) error {
	if in.only != nil || len(in.Match) == 0 {
		return nil
	}
	n := NetworkProfile{
		Origin: in.AtKey(), GUID: in.Match[0], Name: in.Text("ProfileName"), Description: in.Text("Description"), Written: in.Written(),
	}
	if c, ok := in.Uint("Category"); ok {
		n.Category = networkWord(networkCategories, c)
	}
	if c, ok := in.Uint("NameType"); ok {
		n.Type = networkWord(networkTypes, c)
	}
	var errs []error
	for _, t := range []struct {
		name string
		to   *time.Time
	}{{"DateCreated", &n.Created}, {"DateLastConnected", &n.Connected}} {
		v, err := in.Value(t.name)
		if err != nil {
			continue
		}
		b, err := v.Bytes()
		if err == nil && len(b) < 16 {
			err = fmt.Errorf("%d bytes, a time of this kind has 16", len(b))
		}
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
			continue
		}
		*t.to = wire.SystemTime(b)
	}
	if s, ok := in.networkSignatures()[strings.ToUpper(n.GUID)]; ok {
		n.GatewayMAC, n.DNSSuffix, n.First, n.Managed = s.mac, s.suffix, s.first, s.managed
	}
	yield(n)
	return errors.Join(errs...)
}

type networkSignature struct {
	mac, suffix, first string
	managed            bool
}

// networkSignatures reads what the networks are recognised by, once for each
// hive.
func (in Input) networkSignatures() map[string]networkSignature {
	return in.Once("network signatures\x00"+in.From.Path+"\x00"+in.From.Snapshot, func() any {
		out := map[string]networkSignature{}
		for _, kind := range []string{"Managed", "Unmanaged"} {
			k, err := in.Hive.Key(`Microsoft\Windows NT\CurrentVersion\NetworkList\Signatures\` + kind)
			if err != nil {
				continue
			}
			for s := range in.Of(k).Subkeys() {
				out[strings.ToUpper(in.Of(s).Text("ProfileGuid"))] = networkSignature{
					mac: macText(in.Of(s).Bytes("DefaultGatewayMac")), suffix: in.Of(s).Text("DnsSuffix"), first: in.Of(s).Text("FirstNetwork"), managed: kind == "Managed",
				}
			}
		}
		return out
	}).(map[string]networkSignature)
}

// macText spells a hardware address of six bytes.
func macText(b []byte) string {
	if len(b) < 6 {
		return ""
	}
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5])
}

func networkWord(words map[uint64]string, n uint64) string {
	if s, ok := words[n]; ok {
		return s
	}
	return fmt.Sprintf("%#x", n)
}

// Summary names the network.
func (n NetworkProfile) Summary() string {
	s := fmt.Sprintf("[%s]", n.Name)
	if n.Type != "" {
		s += " " + n.Type
	}
	if n.GatewayMAC != "" {
		s += " gateway " + n.GatewayMAC
	}
	if n.DNSSuffix != "" && n.DNSSuffix != "<none>" {
		s += " " + n.DNSSuffix
	}
	return s
}

// Interface is the configuration of one network interface.
type Interface struct {
	Origin
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

var interfaces = Define(Artifact{
	Name:     "interfaces",
	Title:    "Network interfaces",
	DataType: "windows:registry:network_interface",
	About: `The addresses that each network interface had last, given by hand or by DHCP, and one set for each wireless network that
it was used with. Proves which address the machine held when the lease was obtained (seconds, UTC). Name servers that were set by hand
send all look-ups there. It does not prove that the address was in use at another moment; older leases are overwritten. The key's time is
mostly that of the last lease.`,
	Proves: Configured,
	Attack: []string{"T1016"},
	Refs:   []string{"https://learn.microsoft.com/troubleshoot/windows-client/networking/tcpip-and-nbt-configuration-parameters"},
	Sources: []Source{
		Key(evidence.SYSTEM, `{CS}\Services\Tcpip\Parameters\Interfaces\*`),
		Key(evidence.SYSTEM, `{CS}\Services\Tcpip\Parameters\Interfaces\*\*`),
		Key(evidence.SYSTEM, `{CS}\Services\Tcpip6\Parameters\Interfaces\*`),
	},
}, decodeInterfaces)

func decodeInterfaces(in Input, yield func(Interface) bool) error {
	if in.only != nil || len(in.Match) == 0 {
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
		if k, err := in.Hive.Key(in.ControlSet + `\Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}\` + i.GUID + `\Connection`); err == nil {
			i.Name = in.Of(k).Text("Name")
		}
	}
	dhcp, _ := in.Uint("EnableDHCP")
	i.DHCP = dhcp != 0
	i.Addresses = in.interfaceList("IPAddress", "DhcpIPAddress")
	i.Masks = in.interfaceList("SubnetMask", "DhcpSubnetMask")
	i.Gateways = in.interfaceList("DefaultGateway", "DhcpDefaultGateway")
	i.DNS, i.DHCPDNS, i.DHCPServer = in.Text("NameServer"), in.Text("DhcpNameServer"), in.Text("DhcpServer")
	i.Domain = in.Text("Domain")
	if i.Domain == "" {
		i.Domain = in.Text("DhcpDomain")
	}
	if n, ok := in.Uint("LeaseObtainedTime"); ok {
		i.Obtained = wire.UnixTime(uint32(n))
	}
	if n, ok := in.Uint("LeaseTerminatesTime"); ok {
		i.Terminates = wire.UnixTime(uint32(n))
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
func (in Input) interfaceList(names ...string) []string {
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
