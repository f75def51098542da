package system

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// USBDevice is one device that was plugged in.
type USBDevice struct {
	artifacts.Origin
	Bus           string    `json:"bus"` // "USBSTOR", "USB", "SCSI", "WPDBUSENUM"
	Device        string    `json:"device"`
	Serial        string    `json:"serial,omitempty"`
	MadeUp        bool      `json:"serial_made_up,omitempty"` // by Windows: the device has none
	Vendor        string    `json:"vendor,omitempty"`
	Product       string    `json:"product,omitempty"`
	Revision      string    `json:"revision,omitempty"`
	Name          string    `json:"friendly_name,omitempty"`
	Description   string    `json:"device_description,omitempty"`
	Class         string    `json:"class,omitempty"`
	Service       string    `json:"service,omitempty"`
	ParentPrefix  string    `json:"parent_id_prefix,omitempty"`
	Container     string    `json:"container_id,omitempty"`
	DiskID        string    `json:"disk_id,omitempty"`
	Installed     time.Time `json:"installed,omitzero" event:"Installation Time"`
	FirstInstall  time.Time `json:"first_installed,omitzero" event:"First Connection Time"`
	LastArrival   time.Time `json:"last_arrival,omitzero" event:"Last Connection Time"`
	LastRemoval   time.Time `json:"last_removal,omitzero" event:"Last Disconnection Time"`
	StillAttached bool      `json:"still_attached,omitempty"` // arrived after its last removal
	Written       time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var usb = artifacts.Define(artifacts.Artifact{
	Name:     "usb",
	Title:    "Attached devices",
	DataType: "windows:registry:usbstor",
	About: `Devices that Windows installed: flash drives and disks (USBSTOR), everything on USB, disks on other
buses (SCSI), phones and cameras (WPDBUSENUM). Proves that a device with this make and serial number
was attached, when it was first installed, and on Windows 8 and later when it was last attached and
removed. It does not prove that a file was copied, nor which user was present: drive letters and the
users' mount points link it to a person. A serial number with & as its second character is generated
by Windows and may differ for the same device in another port. Windows upgrades reset installation
times; the key's own time changes for many reasons. A removal older than the arrival means that the
device was attached when the hive was written.`,
	Proves: artifacts.Present,
	Attack: []string{"T1091", "T1052.001", "T1200"},
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/system-keys/USB-storage.md",
		"https://learn.microsoft.com/windows-hardware/drivers/install/devpkey-device-lastarrivaldate",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Enum\USBSTOR\*\*`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Enum\USB\*\*`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Enum\SCSI\*\*`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Enum\SWD\WPDBUSENUM\*`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Enum\WpdBusEnumRoot\UMB\*`),
	},
}, decodeUSB)

// usbTimes is the property set that holds the times of a device, as a key
// below Properties; each property is a key named by its number: four digits
// on Windows 8 and later with the time as nameless value, eight digits and a
// key 00000000 with a value Data on 7, which has the first two only.
const usbTimes = `Properties\{83da6326-97a6-4088-9453-a1923f573b29}`

func decodeUSB(in artifacts.Input, yield func(USBDevice) bool) error {
	if in.Partial() || len(in.Match) == 0 {
		return nil
	}
	parts := strings.Split(in.Source.Key, `\`)
	u := USBDevice{
		Origin: in.AtKey(), Bus: parts[2], Name: in.Text("FriendlyName"), Description: resourceText(in.Text("DeviceDesc")),
		Class: in.Text("Class"), Service: in.Text("Service"), ParentPrefix: in.Text("ParentIdPrefix"), Container: in.Text("ContainerID"),
		Written: in.Written(),
	}
	u.Device = in.Match[0]
	if len(in.Match) > 1 {
		u.Serial = in.Match[1]
		u.MadeUp = len(u.Serial) > 1 && u.Serial[1] == '&'
	} else {
		u.Bus = "WPDBUSENUM"
	}
	for part := range strings.SplitSeq(u.Device, "&") {
		for _, f := range []struct {
			prefix string
			to     *string
		}{{"Ven_", &u.Vendor}, {"Prod_", &u.Product}, {"Rev_", &u.Revision}, {"VID_", &u.Vendor}, {"PID_", &u.Product}} {
			if len(part) > len(f.prefix) && strings.EqualFold(part[:len(f.prefix)], f.prefix) {
				*f.to = part[len(f.prefix):]
			}
		}
	}
	if k, err := userBelow(in.Key, `Device Parameters\Partmgr`); err == nil {
		u.DiskID = in.Of(k).Text("DiskId")
	}
	u.Name = resourceText(u.Name)
	for _, t := range []struct {
		id string
		to *time.Time
	}{{"0064", &u.Installed}, {"0065", &u.FirstInstall}, {"0066", &u.LastArrival}, {"0067", &u.LastRemoval}} {
		*t.to = usbTime(in, t.id)
	}
	u.StillAttached = !u.LastArrival.IsZero() && !u.LastRemoval.IsZero() && u.LastRemoval.Before(u.LastArrival)
	yield(u)
	return nil
}

func usbTime(in artifacts.Input, id string) time.Time {
	k, err := userBelow(in.Key, usbTimes+`\`+id)
	name := ""
	if err != nil {
		k, err = userBelow(in.Key, usbTimes+`\0000`+id+`\00000000`)
		name = "Data"
	}
	if err != nil {
		return time.Time{}
	}
	return in.Of(k).Time(name)
}

// userBelow follows a path of several names.
func userBelow(k hive.Key, path string) (hive.Key, error) {
	for name := range strings.SplitSeq(path, `\`) {
		var err error
		if k, err = k.Subkey(name); err != nil {
			return k, err
		}
	}
	return k, nil
}

// resourceText leaves the reference to a resource away where the text stands
// behind it: "@disk.inf,%disk_devdesc%;Disk drive".
func resourceText(s string) string {
	if strings.HasPrefix(s, "@") {
		if i := strings.LastIndexByte(s, ';'); i >= 0 {
			return s[i+1:]
		}
	}
	return s
}

// Summary names the device.
func (u USBDevice) Summary() string {
	name := u.Name
	if name == "" {
		name = u.Description
	}
	s := fmt.Sprintf("[%s] %s %s", name, u.Bus, u.Device)
	if u.Serial != "" {
		s += " serial " + u.Serial
	}
	return s
}
