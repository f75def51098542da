package system

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// Installed is one program that is registered as installed.
type Installed struct {
	artifacts.Origin
	ID        string    `json:"identifier"`
	Name      string    `json:"name,omitempty"`
	Version   string    `json:"version,omitempty"`
	Publisher string    `json:"publisher,omitempty"`
	Location  string    `json:"install_location,omitempty"`
	Source    string    `json:"install_source,omitempty"`
	Uninstall string    `json:"uninstall_command,omitempty"`
	Hidden    bool      `json:"hidden,omitempty"` // SystemComponent: not shown to the user
	Day       string    `json:"install_date,omitempty"`
	Installed time.Time `json:"installed,omitzero" event:"Installation Time,local"`
	Written   time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var software = artifacts.Define(artifacts.Artifact{
	Name:     "software",
	Title:    "Installed software",
	DataType: "windows:registry:uninstall",
	About: `Programs that their installers registered for removal, for the machine or for one user. Proves that
an installer of that name ran, and the installed version. Programs that were only copied are not
included, and the record does not show whether the program ever ran or still exists. The date is a
day in local time, written by the installer; many write none. The key's time is the installation or
the last update.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1518", "T1219"},
	Refs:   []string{"https://learn.microsoft.com/windows/win32/msi/uninstall-registry-key"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Uninstall\*`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Uninstall\*`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Installer\UserData\*\Products\*\InstallProperties`),
	},
}, decodeSoftware)

func decodeSoftware(in artifacts.Input, yield func(Installed) bool) error {
	if in.Partial() || len(in.Match) == 0 {
		return nil
	}
	s := Installed{
		Origin: in.AtKey(), ID: in.Match[len(in.Match)-1], Name: in.Text("DisplayName"), Version: in.Text("DisplayVersion"),
		Publisher: in.Text("Publisher"), Location: in.Text("InstallLocation"), Source: in.Text("InstallSource"),
		Uninstall: in.Text("UninstallString"), Day: in.Text("InstallDate"), Written: in.Written(),
	}
	hidden, _ := in.Uint("SystemComponent")
	s.Hidden = hidden == 1
	if s.Name == "" && s.Uninstall == "" && s.Version == "" {
		return nil // a key without a program, such as AddressBook
	}
	if t, err := time.Parse("20060102", strings.TrimSpace(s.Day)); err == nil {
		s.Installed = t
	}
	yield(s)
	return nil
}

// Summary names the program.
func (s Installed) Summary() string {
	name := s.Name
	if name == "" {
		name = s.ID
	}
	return strings.TrimRight(fmt.Sprintf("[%s] %s %s", name, s.Version, s.Publisher), " ")
}
