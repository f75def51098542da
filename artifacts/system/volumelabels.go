package system

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// VolumeLabel is the name or the serial number of a volume that was attached.
type VolumeLabel struct {
	artifacts.Origin
	Label   string    `json:"label,omitempty"`
	Drive   string    `json:"drive,omitempty"`
	Serial  string    `json:"volume_serial,omitempty"`
	Device  string    `json:"device,omitempty"`
	Source  string    `json:"source"` // "portable devices", "search", "ReadyBoost"
	Written time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var volumeLabels = artifacts.Define(artifacts.Artifact{
	Name:     "volumelabels",
	Title:    "Volume labels",
	DataType: "windows:registry:volume_label",
	About: `Names and serial numbers of volumes that three parts of Windows recorded: the portable devices
service (label or drive letter of each device), the search index (label of each letter) and, up to
Windows 7, ReadyBoost (label and serial number). Proves that a volume of that name was attached; the
serial number also appears in shortcuts and Prefetch files, which links them to a device. It does
not prove that anything was read or copied. Keys are written when the volume is first or again
encountered, so a time is not always that of the last use; machines with fast disks do not test for
ReadyBoost.`,
	Proves: artifacts.Present,
	Attack: []string{"T1091", "T1052.001"},
	Refs:   []string{"https://github.com/libyal/winreg-kb/blob/main/docs/sources/system-keys/USB-storage.md"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows Portable Devices\Devices\*`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows Search\VolumeInfoCache\*`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows NT\CurrentVersion\EMDMgmt\*`),
	},
}, decodeVolumeLabels)

func decodeVolumeLabels(in artifacts.Input, yield func(VolumeLabel) bool) error {
	if in.Partial() || len(in.Match) == 0 {
		return nil
	}
	v := VolumeLabel{Origin: in.AtKey(), Device: in.Match[0], Written: in.Written()}
	switch {
	case strings.Contains(in.Source.Key, "Portable Devices"):
		v.Source, v.Label = "portable devices", in.Text("FriendlyName")
		if len(v.Label) == 3 && v.Label[1:] == `:\` {
			v.Drive, v.Label = v.Label[:2], ""
		}
	case strings.Contains(in.Source.Key, "VolumeInfoCache"):
		v.Source, v.Label, v.Drive, v.Device = "search", in.Text("VolumeLabel"), in.Match[0], ""
	default:
		// The name ends in "LABEL_1234567890": the serial number in decimal.
		v.Source = "ReadyBoost"
		if i := strings.LastIndexByte(v.Device, '_'); i >= 0 {
			if n, err := strconv.ParseUint(v.Device[i+1:], 10, 32); err == nil {
				v.Serial = fmt.Sprintf("%08X", n)
				v.Device = v.Device[:i]
				if j := strings.LastIndexByte(v.Device, '}'); j >= 0 {
					v.Device, v.Label = v.Device[:j+1], v.Device[j+1:]
				}
			}
		}
	}
	yield(v)
	return nil
}

// Summary names the volume.
func (v VolumeLabel) Summary() string {
	var s strings.Builder
	s.WriteString(fmt.Sprintf("[%s]", v.Label))
	for _, t := range []string{v.Drive, v.Device} {
		if t != "" {
			s.WriteString(" " + t)
		}
	}
	if v.Serial != "" {
		s.WriteString(" serial " + v.Serial)
	}
	return s.String()
}
