package activity

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/hive"
)

// MountPoint is a volume or share that a user's Explorer saw.
type MountPoint struct {
	artifacts.Origin
	Name    string    `json:"name"`
	Kind    string    `json:"kind"` // "share", "volume", "drive"
	Share   string    `json:"share,omitempty"`
	Label   string    `json:"label,omitempty"`
	Drive   string    `json:"drive,omitempty"`  // that the volume has in MountedDevices of the same machine
	Device  string    `json:"device,omitempty"` // the device that holds the volume
	Written time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var mountPoints = artifacts.Define(artifacts.Artifact{
	Name:     "mountpoints2",
	Title:    "Mount points",
	DataType: "windows:registry:mount_points2",
	About: `The volumes, drive letters and shares that a user's Explorer encountered. Proves that the volume or
share was available while this account was logged on, which links a device to a person: a volume's
GUID is the one in MountedDevices, and ##server#share is a share that was connected. The key's time
is near the last time it was mounted or shown for this user, not the first. It does not prove that a
file was opened. Volumes appear without being used: every drive attached during the session is
listed.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1021.002", "T1052.001", "T1091"},
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/explorer-keys/Mount-points.md",
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/mountpoints.py",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\MountPoints2\*`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\MountPoints2\CPC\Volume\*`),
	},
}, decodeMountPoints)

func decodeMountPoints(in artifacts.Input, yield func(MountPoint) bool) error {
	if in.Partial() || len(in.Match) == 0 {
		return nil
	}
	m := MountPoint{Origin: in.AtKey(), Name: in.Match[0], Kind: "drive", Label: in.Text("_LabelFromReg"), Written: in.Written()}
	if m.Label == "" {
		m.Label = in.Text("_LabelFromDesktopINI")
	}
	switch {
	case m.Name == "CPC" || strings.EqualFold(m.Name, "LocalMOF"):
		return nil // holds the volumes of the second source
	case strings.HasPrefix(m.Name, "##"):
		m.Kind, m.Share = "share", strings.ReplaceAll(m.Name, "#", `\`)
	case strings.HasPrefix(m.Name, "{"):
		m.Kind = "volume"
		v := mountedVolumes(in)[strings.ToLower(m.Name)]
		m.Drive, m.Device = v.drive, v.device
	}
	yield(m)
	return nil
}

type mountedVolume struct{ drive, device string }

// mountedVolumes is what the machine's SYSTEM hive says of its volumes: GUID
// to drive letter and device.
func mountedVolumes(in artifacts.Input) map[string]mountedVolume {
	return in.Once("mounted volumes", func() any {
		out := map[string]mountedVolume{}
		if in.Tree == nil {
			return out
		}
		hives, _ := in.Tree.Hives()
		for _, h := range hives {
			if h.Kind != evidence.SYSTEM || h.Backup || h.Snapshot != "" {
				continue
			}
			hv, _ := h.Open()
			if hv == nil {
				continue
			}
			if k, err := hv.Key("MountedDevices"); err == nil {
				addMounted(out, k)
			}
		}
		return out
	}).(map[string]mountedVolume)
}

// addMounted adds the volumes of one MountedDevices key.
func addMounted(out map[string]mountedVolume, k hive.Key) {
	letters := map[string]string{}
	var volumes []hive.Value
	for v, err := range k.Values() {
		if err != nil {
			continue
		}
		if d, ok := strings.CutPrefix(v.Name(), `\DosDevices\`); ok {
			b, _ := v.Bytes()
			letters[string(b)] = d
		} else {
			volumes = append(volumes, v)
		}
	}
	for _, v := range volumes {
		i := strings.IndexByte(v.Name(), '{')
		if i < 0 {
			continue
		}
		b, _ := v.Bytes()
		m := mountedVolume{drive: letters[string(b)]}
		if len(b) != 12 && len(b) >= 8 && b[1] == 0 {
			m.device = wire.UTF16Z(b)
		}
		out[strings.ToLower(v.Name()[i:])] = m
	}
}

// Summary names what was mounted.
func (m MountPoint) Summary() string {
	switch {
	case m.Share != "":
		return fmt.Sprintf("[%s] share", m.Share)
	case m.Device != "":
		return fmt.Sprintf("[%s] %s %s %s", m.Name, m.Kind, m.Drive, m.Device)
	case m.Drive != "":
		return fmt.Sprintf("[%s] %s %s", m.Name, m.Kind, m.Drive)
	}
	return fmt.Sprintf("[%s] %s", m.Name, m.Kind)
}
