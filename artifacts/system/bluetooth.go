package system

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A BluetoothDevice is a device that the machine met or was paired with.
type BluetoothDevice struct {
	artifacts.Origin
	Address   string    `json:"address"` // 12 hexadecimal digits
	Name      string    `json:"name,omitempty"`
	Seen      time.Time `json:"last_seen,omitzero" event:"Last Connection Time"`
	Connected time.Time `json:"last_connected,omitzero" event:"Last Connection Time"`
	Written   time.Time `json:"written,omitzero"`
}

var bluetooth = artifacts.Define(artifacts.Artifact{
	Name:     "bluetooth",
	Title:    "Bluetooth device",
	DataType: "windows:registry:bluetooth_device",
	About: `Bluetooth devices that the machine knows: phones, headsets, keyboards. Proves that a device with this address was in reach and paired or was being paired.
Does not prove that a file was sent: Bluetooth file transfer leaves no list. Last Connection Time stands for two values, when the device was seen last and
when it was connected last, UTC. The name is what the device called itself.`,
	Proves:  artifacts.Present,
	Attack:  []string{"T1011.001"},
	Refs:    []string{"https://www.forensafe.com/blogs/bluetooth.html"},
	Sources: []artifacts.Source{artifacts.Key(evidence.SYSTEM, `{CS}\Services\BTHPORT\Parameters\Devices\*`)},
}, func(in artifacts.Input, yield func(BluetoothDevice) bool) error {
	if in.Partial() {
		return nil
	}
	name := in.Bytes("Name")
	if len(name) == 0 {
		name = in.Bytes("FriendlyName")
	}
	text, _, _ := strings.Cut(strings.ToValidUTF8(string(name), "?"), "\x00")
	yield(BluetoothDevice{Origin: in.AtKey(), Address: in.Matched(0), Name: text, Seen: in.Time("LastSeen"),
		Connected: in.Time("LastConnected"), Written: in.Written()})
	return nil
})

// Summary names the device.
func (r BluetoothDevice) Summary() string {
	return fmt.Sprintf("[%s] %s", r.Address, cmp.Or(r.Name, "without a name"))
}
