package system

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// NetworkProfile is a network that the machine was connected to.
type NetworkProfile struct {
	artifacts.Origin
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

var networks = artifacts.Define(artifacts.Artifact{
	Name:     "networks",
	Title:    "Networks",
	DataType: "windows:registry:network",
	About: `The networks that Windows recognised: wired, wireless, tunnels. Proves that the machine was
connected to a network with this name; the hardware address of the gateway often shows where.
Created is the first and last connected the latest connection, both in the machine's local time
without a zone: they are kept as written and are not UTC. Times in between are not kept. It does not
prove any traffic. A new name may be an old network whose gateway changed.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1016"},
	Refs: []string{
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/networks.py",
		"https://learn.microsoft.com/windows/win32/api/netlistmgr/ne-netlistmgr-nlm_network_category",
	},
	Sources: []artifacts.Source{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows NT\CurrentVersion\NetworkList\Profiles\*`)},
}, decodeNetworks)

var (
	networkCategories = map[uint64]string{0: "public", 1: "private", 2: "domain"}
	networkTypes      = map[uint64]string{6: "wired", 23: "VPN", 71: "wireless", 243: "mobile broadband"}
)

func decodeNetworks(in artifacts.Input, yield func(NetworkProfile) bool) error {
	if in.Partial() || len(in.Match) == 0 {
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
	if s, ok := networkSignatures(in)[strings.ToUpper(n.GUID)]; ok {
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
func networkSignatures(in artifacts.Input) map[string]networkSignature {
	return in.Once("network signatures\x00"+in.From.Path+"\x00"+in.From.Snapshot, func() any {
		out := map[string]networkSignature{}
		for _, kind := range []string{"Managed", "Unmanaged"} {
			k, err := in.Hive.Key(`Microsoft\Windows NT\CurrentVersion\NetworkList\Signatures\` + kind)
			if err != nil {
				continue
			}
			for s := range in.Of(k).Subkeys() {
				out[strings.ToUpper(in.Of(s).Text("ProfileGuid"))] = networkSignature{
					mac: macText(in.Of(s).Bytes("DefaultGatewayMac")), suffix: in.Of(s).Text("DnsSuffix"),
					first: in.Of(s).Text("FirstNetwork"), managed: kind == "Managed",
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
