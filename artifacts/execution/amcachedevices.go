package execution

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// AmcacheDevice is one device, driver package or group of devices in the
// inventory.
type AmcacheDevice struct {
	artifacts.Origin
	Kind         string    `json:"kind"` // "device", "container", "driver package"
	ID           string    `json:"device_id"`
	Model        string    `json:"model,omitempty"`
	Name         string    `json:"friendly_name,omitempty"`
	Manufacturer string    `json:"manufacturer,omitempty"`
	Description  string    `json:"description,omitempty"`
	Class        string    `json:"class,omitempty"`
	Service      string    `json:"service,omitempty"`
	DriverName   string    `json:"driver_name,omitempty"`
	DriverSHA1   string    `json:"driver_sha1,omitempty"`
	Inf          string    `json:"inf,omitempty"`
	Provider     string    `json:"provider,omitempty"`
	Parent       string    `json:"parent,omitempty"`
	Container    string    `json:"container,omitempty"`
	Installed    string    `json:"install_date,omitempty"`       // a day, as written
	First        string    `json:"first_install_date,omitempty"` // a day, as written
	Connected    bool      `json:"connected,omitempty"`
	Written      time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

var amcacheDevices = artifacts.Define(artifacts.Artifact{
	Name:     "amcachedevices",
	Title:    "Amcache device",
	DataType: "windows:registry:amcache:device",
	About: `The inventory's list of devices, device containers and driver packages. Proves that the device was
known to Windows when the inventory wrote the entry; a removable one had been plugged in before that
time. The time is that of the inventory; it does not show when the device was attached or used.
Install dates are text without a time and are not events.`,
	Proves: artifacts.Present,
	Attack: []string{"T1091", "T1052.001", "T1200"},
	Refs:   []string{amcacheRef},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.AMCACHE, `Root\InventoryDevicePnp\*`),
		artifacts.Key(evidence.AMCACHE, `Root\InventoryDeviceContainer\*`),
		artifacts.Key(evidence.AMCACHE, `Root\InventoryDriverPackage\*`),
	},
}, decodeAmcacheDevices)

func decodeAmcacheDevices(in artifacts.Input, yield func(AmcacheDevice) bool) error {
	r := AmcacheDevice{
		Origin:       in.AtKey(),
		Kind:         "device",
		Model:        cmp.Or(in.Text("Model"), in.Text("ModelName")),
		Name:         in.Text("FriendlyName"),
		Manufacturer: in.Text("Manufacturer"),
		Description:  cmp.Or(in.Text("BusReportedDescription"), in.Text("Description")),
		Class:        cmp.Or(in.Text("Class"), in.Text("PrimaryCategory")),
		Service:      in.Text("Service"),
		DriverName:   cmp.Or(in.Text("DriverName"), in.Text("SYSFILE")),
		DriverSHA1:   amcacheSHA1(in.Text("DriverId")),
		Inf:          in.Text("Inf"),
		Provider:     in.Text("Provider"),
		Parent:       in.Text("ParentId"),
		Container:    in.Text("ContainerId"),
		Installed:    in.Text("InstallDate"),
		First:        in.Text("FirstInstallDate"),
		Connected:    amcacheUint(in, "IsConnected") == 1,
		Written:      in.Written(),
	}
	if len(in.Match) > 0 {
		r.ID = in.Match[0]
	}
	switch {
	case strings.HasPrefix(in.Source.Key, `Root\InventoryDeviceContainer`):
		r.Kind = "container"
	case strings.HasPrefix(in.Source.Key, `Root\InventoryDriverPackage`):
		r.Kind = "driver package"
	default:
		r.ID = strings.ReplaceAll(r.ID, "/", `\`)
	}
	yield(r)
	return nil
}

// Summary names the device.
func (d AmcacheDevice) Summary() string {
	return fmt.Sprintf("%s [%s] %s by %s", d.Kind, d.ID, cmp.Or(d.Name, d.Model, d.Description, d.Class),
		cmp.Or(d.Manufacturer, d.Provider))
}
