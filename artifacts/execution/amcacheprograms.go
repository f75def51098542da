package execution

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// AmcacheProgram is one installed program in the inventory.
type AmcacheProgram struct {
	artifacts.Origin
	ID          string    `json:"program_identifier"`
	Name        string    `json:"name,omitempty"`
	Version     string    `json:"version,omitempty"`
	Publisher   string    `json:"publisher,omitempty"`
	Source      string    `json:"source,omitempty"` // "AddRemoveProgram", "Msi", "AppxPackage", …
	Paths       []string  `json:"file_paths,omitempty"`
	Uninstall   []string  `json:"uninstall_key,omitempty"`
	Command     string    `json:"uninstall_command,omitempty"`
	Package     string    `json:"package,omitempty"`
	OS          string    `json:"os_at_install,omitempty"`
	SID         string    `json:"user_identifier,omitempty"` // Windows 11
	Files       int       `json:"files,omitempty"`           // generation A: how many it lists
	Installed   time.Time `json:"installed,omitzero"`
	InstalledAs string    `json:"install_date,omitempty"` // the text, of newer generations
	Removed     time.Time `json:"removed,omitzero" event:"Uninstallation Time"`
	Written     time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
	Generation  string    `json:"generation"`

	user evidence.User
}

var amcachePrograms = artifacts.Define(artifacts.Artifact{
	Name:     "amcacheprograms",
	Title:    "Amcache program",
	DataType: "windows:registry:amcache:programs",
	About: `The inventory of installed programs, from the registrations of installers and from packages. Proves
that a program was registered as installed when its key was written, with its folder and its
uninstall key. It does not prove that the program was started. The installation time of newer
versions is text; midnight means a date only, in local time, as the installer wrote it. Entries stay
for a while after a program is removed.`,
	Proves: artifacts.Present,
	Attack: []string{"T1219"},
	Refs:   []string{amcacheRef},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.AMCACHE, `Root\InventoryApplication\*`),
		artifacts.Key(evidence.AMCACHE, `Root\Programs\*`),
	},
}, decodeAmcachePrograms)

func decodeAmcachePrograms(in artifacts.Input, yield func(AmcacheProgram) bool) error {
	r := AmcacheProgram{Origin: in.AtKey(), Written: in.Written()}
	if len(in.Match) > 0 {
		r.ID = in.Match[0]
	}
	if strings.HasPrefix(in.Source.Key, `Root\Programs`) {
		r.Generation = "A"
		r.Name = in.Text("0")
		r.Version = in.Text("1")
		r.Publisher = in.Text("2")
		r.Source = in.Text("6")
		r.Uninstall = amcacheTexts(in, "7")
		r.Paths = amcacheTexts(in, "d")
		r.Files = len(amcacheTexts(in, "Files"))
		r.Installed = amcacheUnix(in, "a")
		r.Removed = amcacheUnix(in, "b")
	} else {
		r.Generation = "B-E"
		r.Name = in.Text("Name")
		r.Version = in.Text("Version")
		r.Publisher = in.Text("Publisher")
		r.Source = in.Text("Source")
		r.Command = in.Text("UninstallString")
		r.Package = in.Text("PackageFullName")
		r.OS = in.Text("OSVersionAtInstallTime")
		r.SID = in.Text("UserSid")
		if s := in.Text("RegistryKeyPath"); s != "" {
			r.Uninstall = []string{s}
		}
		if s := in.Text("RootDirPath"); s != "" {
			r.Paths = []string{s}
		}
		r.InstalledAs = in.Text("InstallDate")
		r.Installed = amcacheDate(r.InstalledAs)
		if r.SID != "" {
			r.user = bamUser(in, r.SID)
		}
	}
	if r.Name == "" && r.Package == "" && in.Remnant() {
		return nil
	}
	yield(r)
	return nil
}

// Owner is the account that the program was installed for, on Windows 11.
func (p AmcacheProgram) Owner() evidence.User { return p.user }

// Summary names the program.
func (p AmcacheProgram) Summary() string {
	s := fmt.Sprintf("[%s] version %s by %s", p.Name, p.Version, p.Publisher)
	if len(p.Paths) > 0 {
		s += " in " + strings.Join(p.Paths[:min(len(p.Paths), 3)], "; ")
	}
	return s
}

// Events gives the installation. Text with a time of midnight is a local day.
func (p AmcacheProgram) Events() []artifacts.Event {
	if p.Installed.IsZero() {
		return nil
	}
	h, m, s := p.Installed.Clock()
	return []artifacts.Event{{Time: p.Installed, Kind: "Installation Time", Local: p.InstalledAs != "" && h == 0 && m == 0 && s == 0}}
}
