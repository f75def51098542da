package system

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A NetworkAdapter is one network adapter that was installed.
type NetworkAdapter struct {
	artifacts.Origin
	GUID      string    `json:"guid"` // of its interface
	Name      string    `json:"name,omitempty"`
	Adapter   string    `json:"adapter,omitempty"` // its description
	Device    string    `json:"device,omitempty"`
	Provider  string    `json:"provider,omitempty"`
	MAC       string    `json:"mac,omitempty"`           // in use
	Permanent string    `json:"permanent_mac,omitempty"` // burnt in
	SetMAC    string    `json:"configured_mac,omitempty"`
	Protocols []string  `json:"protocols,omitempty"`
	Installed time.Time `json:"installed,omitzero" event:"Installation Time"`
	Written   time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var networkAdapters = artifacts.Define(artifacts.Artifact{
	Name:     "networkadapters",
	Title:    "Network adapter",
	DataType: "windows:registry:network_adapter",
	About: `Network adapters that the machine has or had, with their hardware addresses: cards, virtual adapters of
VPN clients, tunnels and capture drivers. Proves that the adapter was installed; the installation time
(UTC) is that of Windows 8 and later. An address that is set by hand, or differs from the one of the
hardware, is marked "mac-changed"; Windows itself does so for wireless networks with random addresses.
Does not prove that the adapter was used, nor where. Which addresses it had is in interfaces.`,
	Proves: artifacts.Present,
	Attack: []string{"T1016", "T1133", "T1572"},
	Refs: []string{
		"https://learn.microsoft.com/windows-hardware/drivers/network/keywords-that-can-be-edited",
		"https://learn.microsoft.com/windows-hardware/drivers/install/system-defined-device-setup-classes-available-to-vendors",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\Class\{4D36E972-E325-11CE-BFC1-08002BE10318}\*`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\NetworkSetup2\Interfaces\*\Kernel`),
	},
}, decodeNetworkAdapters)

func decodeNetworkAdapters(in artifacts.Input, yield func(NetworkAdapter) bool) error {
	if in.Partial() {
		return nil
	}
	a := NetworkAdapter{Origin: in.AtKey(), Written: in.Written()}
	if strings.HasSuffix(in.Source.Key, `\Kernel`) {
		a.GUID, a.Name, a.Adapter, a.Protocols = in.Matched(0), in.Text("IfAlias"), in.Text("IfDescr"), in.Texts("ProtocolList")
		a.MAC, a.Permanent = adapterMAC(in.Bytes("CurrentAddress")), adapterMAC(in.Bytes("PermanentAddress"))
	} else {
		a.GUID, a.Adapter, a.Provider = in.Text("NetCfgInstanceId"), in.Text("DriverDesc"), in.Text("ProviderName")
		a.Device, a.SetMAC = cmp.Or(in.Text("DeviceInstanceID"), in.Text("MatchingDeviceId")), in.Text("NetworkAddress")
		a.Installed = in.Time("NetworkInterfaceInstallTimestamp")
	}
	if a.Adapter != "" || a.Name != "" {
		yield(a)
	}
	return nil
}

// adapterMAC spells a hardware address of six bytes.
func adapterMAC(b []byte) string {
	if len(b) != 6 || strings.Trim(string(b), "\x00") == "" {
		return ""
	}
	return macText(b)
}

// Tags marks an address that is not the hardware's own.
func (a NetworkAdapter) Tags() []string {
	if a.SetMAC != "" || a.MAC != "" && a.Permanent != "" && a.MAC != a.Permanent {
		return []string{"mac-changed"}
	}
	return nil
}

// Summary names the adapter.
func (a NetworkAdapter) Summary() string {
	s := fmt.Sprintf("[%s]", a.Adapter)
	if a.Name != "" {
		s += " " + a.Name
	}
	if a.MAC != "" {
		s += " " + a.MAC
		if a.Permanent != "" && a.Permanent != a.MAC {
			s += " instead of " + a.Permanent
		}
	}
	if a.SetMAC != "" {
		s += ", address set by hand: " + a.SetMAC
	}
	if a.Device != "" {
		s += " (" + a.Device + ")"
	}
	return s
}
