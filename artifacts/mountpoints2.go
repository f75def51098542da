package artifacts

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/hive"
)

// MountPoint is a volume or share that a user's Explorer saw.
type MountPoint struct {
	Origin
	Name    string    `json:"name"`
	Kind    string    `json:"kind"` // "share", "volume", "drive"
	Share   string    `json:"share,omitempty"`
	Label   string    `json:"label,omitempty"`
	Drive   string    `json:"drive,omitempty"`  // that the volume has in MountedDevices of the same machine
	Device  string    `json:"device,omitempty"` // that stands behind the volume there
	Written time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var mountPoints = Define(Artifact{
	Name:     "mountpoints2",
	Title:    "Mount points",
	DataType: "windows:registry:mount_points2",
	About: `The volumes, drive letters and shares that a user's Explorer met. Proves that the volume or share was there while this
account was logged on, which links a device to a person: a volume's GUID is the one in MountedDevices, and ##server#share is a share
that was connected. The key's time is near the last time it was mounted or shown for this user, not the first. It does not prove that a file
was opened. Volumes are met without being used: every stick in the machine during the session is here.`,
	Proves: Interacted,
	Attack: []string{"T1021.002", "T1052.001", "T1091"},
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/explorer-keys/Mount-points.md",
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/mountpoints.py",
	},
	Sources: []Source{
		Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\MountPoints2\*`),
		Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\MountPoints2\CPC\Volume\*`),
	},
}, decodeMountPoints)

func decodeMountPoints(in Input, yield func(MountPoint) bool) error {
	if in.only != nil || len(in.Match) == 0 {
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
		v := in.mountedVolumes()[strings.ToLower(m.Name)]
		m.Drive, m.Device = v.drive, v.device
	}
	yield(m)
	return nil
}

type mountedVolume struct{ drive, device string }

// mountedVolumes is what the machine's SYSTEM hive says of its volumes: GUID
// to drive letter and device.
func (in Input) mountedVolumes() map[string]mountedVolume {
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
			k, err := hv.Key("MountedDevices")
			if err != nil {
				continue
			}
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
		return out
	}).(map[string]mountedVolume)
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

// MappedDrive is a network drive of a user, or an entry of the list of paths
// that were mapped before.
type MappedDrive struct {
	Origin
	Drive    string    `json:"drive_letter,omitempty"`
	Path     string    `json:"remote_path"`
	UserName string    `json:"connection_user,omitempty"` // other than the user's own
	Provider string    `json:"provider,omitempty"`
	Position int       `json:"mru_position,omitempty"`
	Written  time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var mappedDrives = Define(Artifact{
	Name:     "mappeddrives",
	Title:    "Network drives",
	DataType: "windows:registry:network_drive",
	About: `Network drives that a user set up to come back at each logon, and the paths that were given to the dialog Map Network
Drive. Proves that this account connected the share with that letter, and with another account's name where one is kept. Drives that were connected for one session only, and shares opened by their
path, are not here. The key's time is when the drive was set up or changed; it does not prove when files were used.`,
	Proves: Configured,
	Attack: []string{"T1021.002"},
	Refs:   []string{"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/network_drives.py"},
	Sources: []Source{
		Key(evidence.NTUSER, `Network\*`),
		Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\Map Network Drive MRU`),
	},
}, decodeMappedDrives)

func decodeMappedDrives(in Input, yield func(MappedDrive) bool) error {
	if len(in.Match) > 0 {
		if in.only != nil || in.Text("RemotePath") == "" {
			return nil
		}
		yield(MappedDrive{Origin: in.AtKey(), Drive: in.Match[0], Path: in.Text("RemotePath"), UserName: userName(in), Provider: in.Text("ProviderName"), Written: in.Written()})
		return nil
	}
	entries, err := in.mru()

	for _, e := range entries {
		s := in.Own().TextOf(e.value)
		if !yield(MappedDrive{Origin: in.At(e.value), Path: s, Position: e.pos, Written: in.mruWritten(e.pos)}) {
			return nil
		}
	}
	return err
}

// userName is the account that a drive is connected with; the number 0 stands
// for the user's own.
func userName(in Input) string {
	v, ok := in.Own().Find("UserName")
	if !ok || v.Type() == hive.DWord {
		return ""
	}
	return in.Own().TextOf(v)
}

// Summary names drive and share.
func (m MappedDrive) Summary() string {
	s := fmt.Sprintf("[%s]", m.Path)
	if m.Drive != "" {
		s += " as drive " + m.Drive
	}
	if m.UserName != "" {
		s += " by " + m.UserName
	}
	return s
}
