package activity

import (
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// MappedDrive is a network drive of a user, or an entry of the list of paths
// that were mapped before.
type MappedDrive struct {
	artifacts.Origin
	Drive    string    `json:"drive_letter,omitempty"`
	Path     string    `json:"remote_path"`
	UserName string    `json:"connection_user,omitempty"` // other than the user's own
	Provider string    `json:"provider,omitempty"`
	Position int       `json:"mru_position,omitempty"`
	Written  time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var mappedDrives = artifacts.Define(artifacts.Artifact{
	Name:     "mappeddrives",
	Title:    "Network drives",
	DataType: "windows:registry:network_drive",
	About: `Network drives that are reconnected at each logon, and the paths entered in the dialog Map Network
Drive. Proves that this account connected the share with that letter, and the name of another
account if one is stored. Drives of a single session and shares opened by path are not included. The
key's time is when the drive was created or changed; it does not prove when files were used.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1021.002"},
	Refs:   []string{"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/network_drives.py"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Network\*`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\Map Network Drive MRU`),
	},
}, decodeMappedDrives)

func decodeMappedDrives(in artifacts.Input, yield func(MappedDrive) bool) error {
	if len(in.Match) > 0 {
		if in.Partial() || in.Text("RemotePath") == "" {
			return nil
		}
		yield(MappedDrive{Origin: in.AtKey(), Drive: in.Match[0], Path: in.Text("RemotePath"), UserName: userName(in),
			Provider: in.Text("ProviderName"), Written: in.Written()})
		return nil
	}
	entries, err := mru(in)

	for _, e := range entries {
		s := in.Own().TextOf(e.value)
		if !yield(MappedDrive{Origin: in.At(e.value), Path: s, Position: e.pos, Written: mruWritten(in, e.pos)}) {
			return nil
		}
	}
	return err
}

// userName is the account that a drive is connected with; the number 0 stands
// for the user's own.
func userName(in artifacts.Input) string {
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
