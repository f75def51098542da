package system

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// MountedDevice is one drive letter or volume name and what stands behind it.
type MountedDevice struct {
	artifacts.Origin
	Name      string `json:"name"`
	Drive     string `json:"drive,omitempty"`
	Volume    string `json:"volume_guid,omitempty"`
	Signature string `json:"disk_signature,omitempty"` // MBR disk
	Start     uint64 `json:"partition_offset,omitempty"`
	Partition string `json:"partition_guid,omitempty"` // GPT disk
	Device    string `json:"device,omitempty"`
	Raw       string `json:"raw,omitempty"`
}

var mountedDevices = artifacts.Define(artifacts.Artifact{
	Name:     "mounteddevices",
	Title:    "Mounted devices",
	DataType: "windows:registry:mounted_devices",
	About: `The partition or device of each drive letter and volume name. Proves that the device was mounted
here at some time; a letter keeps only its last device. The entries have no times. The GUID of a
volume links to the users' mount points, the path of the device to its entry among the attached
devices. Clones with the same disk signature cannot be distinguished. It does not prove that
anything was read.`,
	Proves:  artifacts.Present,
	Attack:  []string{"T1091", "T1052.001"},
	Refs:    []string{"https://github.com/libyal/winreg-kb/blob/main/docs/sources/system-keys/Mounted-devices.md"},
	Sources: []artifacts.Source{artifacts.Key(evidence.SYSTEM, `MountedDevices`)},
}, decodeMountedDevices)

func decodeMountedDevices(in artifacts.Input, yield func(MountedDevice) bool) error {

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
			m.Partition = strings.ToLower(wire.ClassID(b[8:]))
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
