package system

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A DeviceClass is one device as a member of one class of interfaces.
type DeviceClass struct {
	artifacts.Origin
	Class   string    `json:"class"`
	GUID    string    `json:"class_guid"`
	Device  string    `json:"device"` // USBSTOR\Disk&Ven_…\serial
	Serial  string    `json:"serial,omitempty"`
	Written time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var deviceClasses = artifacts.Define(artifacts.Artifact{
	Name:     "deviceclasses",
	Title:    "Device interface",
	DataType: "windows:registry:device_class",
	About: `Devices as members of the classes of interfaces that matter to an investigation: disks, volumes, portable
devices, network adapters, keyboards, cameras, smart cards. Proves that Windows set up the device.
The time is that of the key: for removable devices it is usually the first connection since an
installation, an upgrade or a boot, and so often later than the first connection of all; setupapi and
usb say more. Does not prove that anybody used the device. A serial number whose second character is
"&" was made by Windows and is no property of the device. Classes of sensors and of Windows' own
parts are skipped.`,
	Proves:  artifacts.Present,
	Attack:  []string{"T1052.001", "T1091", "T1200"},
	Refs:    []string{"https://learn.microsoft.com/windows-hardware/drivers/install/device-interface-classes"},
	Sources: []artifacts.Source{artifacts.Key(evidence.SYSTEM, `{CS}\Control\DeviceClasses\*\*`)},
}, decodeDeviceClasses)

// deviceClassNames are the classes of interfaces that are read.
var deviceClassNames = map[string]string{
	"{53f56307-b6bf-11d0-94f2-00a0c91efb8b}": "disk",
	"{53f56308-b6bf-11d0-94f2-00a0c91efb8b}": "optical drive",
	"{53f5630d-b6bf-11d0-94f2-00a0c91efb8b}": "volume",
	"{6ac27878-a6fa-4155-ba85-f98f491d4f33}": "portable device",
	"{f33fdc04-d1ac-4e8e-9a30-19bbd4b108ae}": "portable device",
	"{a5dcbf10-6530-11d2-901f-00c04fb951ed}": "USB device",
	"{ad498944-762f-11d0-8dcb-00c04fc3358c}": "network adapter",
	"{4d1e55b2-f16f-11cf-88cb-001111000030}": "HID",
	"{884b96c3-56ef-11d1-bc8c-00a0c91405dd}": "keyboard",
	"{378de44c-56ef-11d1-bc8c-00a0c91405dd}": "mouse",
	"{65e8773d-8f56-11d0-a3b9-00a0c9223196}": "camera",
	"{e5323777-f976-4f5b-9b55-b94699c46e44}": "camera",
	"{0850302a-b344-4fda-9be9-90576b8d46f0}": "Bluetooth radio",
	"{86e0d1e0-8089-11d0-9ce4-08003e301f73}": "serial port",
	"{2c7089aa-2e0e-11d1-b114-00c04fc2aae4}": "modem",
	"{50dd5230-ba8a-11d1-bf5d-0000f805f530}": "smart card reader",
}

func decodeDeviceClasses(in artifacts.Input, yield func(DeviceClass) bool) error {
	class, ok := deviceClassNames[strings.ToLower(in.Matched(1))]
	if in.Partial() || !ok {
		return nil
	}
	d := DeviceClass{Origin: in.AtKey(), Class: class, GUID: in.Matched(1), Device: in.Text("DeviceInstance"), Written: in.Written()}
	if d.Device == "" { // the name is the path of the interface, with # for \
		d.Device = strings.TrimPrefix(in.Matched(0), "##?#")
		if i := strings.LastIndex(d.Device, "#{"); i > 0 {
			d.Device = d.Device[:i]
		}
		d.Device = strings.ReplaceAll(d.Device, "#", `\`)
	}
	if i := strings.LastIndexByte(d.Device, '\\'); i >= 0 {
		d.Serial = d.Device[i+1:]
	}
	yield(d)
	return nil
}

// Summary names the device.
func (d DeviceClass) Summary() string { return fmt.Sprintf("[%s] %s", d.Class, d.Device) }
