package system

import (
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A WSL is a Linux distribution of a user.
type WSL struct {
	artifacts.Origin
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	BasePath string    `json:"base_path"` // folder with the disk or the files
	Package  string    `json:"package,omitempty"`
	Version  uint64    `json:"version,omitempty"` // 1 or 2
	UserID   uint64    `json:"default_uid"`       // 0: starts as root
	Written  time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var wsl = artifacts.Define(artifacts.Artifact{
	Name:     "wsl",
	Title:    "Linux distribution (WSL)",
	DataType: "windows:registry:lxss",
	About: `Distributions of the Windows Subsystem for Linux that a user installed, with the folder of their files. Proves that the distribution was
registered for this user. Does not prove that it was started. What ran inside leaves no trace in the rest of Windows: the disk in the folder
(ext4.vhdx) is evidence of its own and is not read here. The time is the last write of the key, near the installation.`,
	Proves:  artifacts.Present,
	Attack:  []string{"T1202", "T1564.006"},
	Refs:    []string{"https://learn.microsoft.com/windows/wsl/about", "https://lolbas-project.github.io/lolbas/OtherMSBinaries/Wsl/"},
	Sources: []artifacts.Source{artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Lxss\*`)},
}, func(in artifacts.Input, yield func(WSL) bool) error {
	r := WSL{Origin: in.AtKey(), ID: in.Matched(0), Name: in.Text("DistributionName"), BasePath: in.Text("BasePath"),
		Package: in.Text("PackageFamilyName"), Written: in.Written()}
	r.Version, _ = in.Uint("Version")
	r.UserID, _ = in.Uint("DefaultUid")
	if r.Name != "" || r.BasePath != "" {
		yield(r)
	}
	return nil
})

// Summary shows the distribution and its folder.
func (r WSL) Summary() string {
	return fmt.Sprintf("[%s] in %s, starts as user %d", r.Name, r.BasePath, r.UserID)
}
