package artifacts

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/hive"
)

// USBDevice is one device that was plugged in.
type USBDevice struct {
	Origin
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

var usb = Define(Artifact{
	Name:     "usb",
	Title:    "Attached devices",
	DataType: "windows:registry:usbstor",
	About: `Devices that Windows installed: sticks and disks (USBSTOR), everything on USB, disks on other buses (SCSI), phones and cameras
(WPDBUSENUM). Proves that a device with this make and serial number was plugged in, when it was installed first, and on Windows 8 and later when it came and went last. It does not
prove that a file was copied, nor who was at the desk: drive letters and the users' mount points are the link to a person. A serial number
with & as its second character is made up by Windows and may differ for the same device in another socket. Installation times are set
again by upgrades of Windows; the key's own time changes for many reasons. A removal older than the arrival means that the device was attached when the hive was written.`,
	Proves: Present,
	Attack: []string{"T1091", "T1052.001", "T1200"},
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/system-keys/USB-storage.md",
		"https://learn.microsoft.com/windows-hardware/drivers/install/devpkey-device-lastarrivaldate",
	},
	Sources: []Source{
		Key(evidence.SYSTEM, `{CS}\Enum\USBSTOR\*\*`),
		Key(evidence.SYSTEM, `{CS}\Enum\USB\*\*`),
		Key(evidence.SYSTEM, `{CS}\Enum\SCSI\*\*`),
		Key(evidence.SYSTEM, `{CS}\Enum\SWD\WPDBUSENUM\*`),
		Key(evidence.SYSTEM, `{CS}\Enum\WpdBusEnumRoot\UMB\*`),
	},
}, decodeUSB)

// usbTimes is the property set that holds the times of a device, as a key
// below Properties; each property is a key named by its number: four digits
// on Windows 8 and later with the time as nameless value, eight digits and a
// key 00000000 with a value Data on 7, which has the first two only.
const usbTimes = `Properties\{83da6326-97a6-4088-9453-a1923f573b29}`

func decodeUSB(in Input, yield func(USBDevice) bool) error {
	if in.only != nil || len(in.Match) == 0 {
		return nil
	}
	parts := strings.Split(in.Source.Key, `\`)
	u := USBDevice{
		Origin: in.AtKey(), Bus: parts[2], Name: in.Text("FriendlyName"), Description: resourceText(in.Text("DeviceDesc")),
		Class: in.Text("Class"), Service: in.Text("Service"), ParentPrefix: in.Text("ParentIdPrefix"), Container: in.Text("ContainerID"), Written: in.Written(),
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
		*t.to = in.usbTime(t.id)
	}
	u.StillAttached = !u.LastArrival.IsZero() && !u.LastRemoval.IsZero() && u.LastRemoval.Before(u.LastArrival)
	yield(u)
	return nil
}

func (in Input) usbTime(id string) time.Time {
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

// MountedDevice is one drive letter or volume name and what stands behind it.
type MountedDevice struct {
	Origin
	Name      string `json:"name"`
	Drive     string `json:"drive,omitempty"`
	Volume    string `json:"volume_guid,omitempty"`
	Signature string `json:"disk_signature,omitempty"` // MBR disk
	Start     uint64 `json:"partition_offset,omitempty"`
	Partition string `json:"partition_guid,omitempty"` // GPT disk
	Device    string `json:"device,omitempty"`
	Raw       string `json:"raw,omitempty"`
}

var mountedDevices = Define(Artifact{
	Name:     "mounteddevices",
	Title:    "Mounted devices",
	DataType: "windows:registry:mounted_devices",
	About: `Which partition or device each drive letter and volume name stands for. Proves that the device was mounted here at some
time; a letter keeps only the device that had it last. The entries have no times of their own. A volume's GUID leads to the users'
mount points, the device's path to its entry among the attached devices; a disk signature that disks share (clones) cannot tell them apart. It does not prove that anything was read.`,
	Proves:  Present,
	Attack:  []string{"T1091", "T1052.001"},
	Refs:    []string{"https://github.com/libyal/winreg-kb/blob/main/docs/sources/system-keys/Mounted-devices.md"},
	Sources: []Source{Key(evidence.SYSTEM, `MountedDevices`)},
}, decodeMountedDevices)

func decodeMountedDevices(in Input, yield func(MountedDevice) bool) error {

	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		b, err := v.Bytes()
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
		}
		m := MountedDevice{Origin: in.At(v), Name: v.Name()}
		if d, ok := strings.CutPrefix(m.Name, `\DosDevices\`); ok {
			m.Drive = d
		} else if i := strings.IndexByte(m.Name, '{'); i >= 0 {
			m.Volume = m.Name[i:]
		}
		switch {
		case len(b) == 12: // disk signature, offset of the partition in bytes
			m.Signature, m.Start = fmt.Sprintf("%08X", le.Uint32(b)), le.Uint64(b[4:])
		case len(b) == 24 && string(b[:8]) == "DMIO:ID:":
			m.Partition = guidText(b[8:])
		case len(b) >= 8 && len(b)%2 == 0 && b[1] == 0:
			m.Device = wire.UTF16Z(b)
		case len(b) > 0:
			m.Raw = hex.EncodeToString(b[:min(len(b), 64)])
		}
		if !yield(m) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// guidText spells 16 bytes as Windows does.
func guidText(b []byte) string {
	return fmt.Sprintf("{%08x-%04x-%04x-%x-%x}", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:16])
}

// Summary names both sides.
func (m MountedDevice) Summary() string {
	switch {
	case m.Device != "":
		return fmt.Sprintf("[%s] is %s", m.Name, m.Device)
	case m.Partition != "":
		return fmt.Sprintf("[%s] is partition %s", m.Name, m.Partition)
	case m.Signature != "":
		return fmt.Sprintf("[%s] is disk %s from offset %d", m.Name, m.Signature, m.Start)
	}
	return fmt.Sprintf("[%s]", m.Name)
}
