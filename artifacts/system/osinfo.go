package system

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// OSInfo is a version of Windows that runs, or ran before an upgrade.
type OSInfo struct {
	artifacts.Origin
	Product      string    `json:"product_name"` // as stored: Windows 11 says "Windows 10"
	Name         string    `json:"name"`         // by the build
	Edition      string    `json:"edition,omitempty"`
	Version      string    `json:"version,omitempty"`
	Build        string    `json:"build_number,omitempty"`
	Revision     uint64    `json:"revision,omitempty"`
	ServicePack  string    `json:"service_pack,omitempty"`
	Type         string    `json:"installation_type,omitempty"`
	Owner        string    `json:"owner,omitempty"`
	Organization string    `json:"organization,omitempty"`
	Root         string    `json:"system_root,omitempty"`
	ProductID    string    `json:"product_id,omitempty"`
	Replaced     string    `json:"replaced,omitempty"` // when the next version was installed over it, as the key's name says
	Installed    time.Time `json:"installed,omitzero" event:"Installation Time"`
	Written      time.Time `json:"written,omitzero"`
}

var osInfo = artifacts.Define(artifacts.Artifact{
	Name:     "osinfo",
	Title:    "Windows version",
	DataType: "windows:registry:installation",
	About: `The version of Windows, and the versions that feature upgrades replaced. Proves which build was
installed and when the installation finished. Each feature upgrade resets the installation date, so
it is not when the machine was first used; the keys "Source OS", one for each version that was
replaced, keep the older dates. The date in the name of such a key is local time in the machine's
own spelling. The product name says Windows 10 on Windows 11 too: the name here follows the build,
22000 and later being 11.`,
	Proves: artifacts.Configured,
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/system-keys/Windows-product-information.md",
		"https://learn.microsoft.com/windows/release-health/release-information",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows NT\CurrentVersion`),
		artifacts.Key(evidence.SYSTEM, `Setup\Source OS*`),
	},
}, decodeOSInfo)

func decodeOSInfo(in artifacts.Input, yield func(OSInfo) bool) error {
	if in.Partial() {
		return nil // one deleted value of many says nothing by itself
	}
	o := OSInfo{
		Origin:       in.AtKey(),
		Product:      in.Text("ProductName"),
		Edition:      in.Text("EditionID"),
		Version:      in.Text("DisplayVersion"),
		Build:        in.Text("CurrentBuild"),
		ServicePack:  in.Text("CSDVersion"),
		Type:         in.Text("InstallationType"),
		Owner:        in.Text("RegisteredOwner"),
		Organization: in.Text("RegisteredOrganization"),
		Root:         in.Text("SystemRoot"),
		ProductID:    in.Text("ProductId"),
		Written:      in.Written(),
	}
	if o.Version == "" {
		o.Version = in.Text("ReleaseId")
	}
	if o.Version == "" {
		o.Version = in.Text("CurrentVersion")
	}
	// XP has the number in the second value and rubbish in the first.
	if n := in.Text("CurrentBuildNumber"); n != "" {
		o.Build = n
	}
	o.Revision, _ = in.Uint("UBR")
	if n, ok := in.Uint("InstallTime"); ok {
		o.Installed = wire.Time(n)
	}
	if n, ok := in.Uint("InstallDate"); ok && o.Installed.IsZero() {
		o.Installed = wire.UnixTime(uint32(n))
	}
	if o.Product == "" && o.Build == "" {
		return nil // the 32-bit view has other things in this key
	}
	o.Name = o.Product
	if n, err := strconv.Atoi(o.Build); err == nil && n >= 22000 {
		o.Name = strings.Replace(o.Product, "Windows 10", "Windows 11", 1)
	}
	if len(in.Match) > 0 {
		o.Replaced = strings.Trim(strings.TrimPrefix(in.Match[0], "Source OS"), " ()")
		o.Replaced = strings.TrimPrefix(o.Replaced, "Updated on ")
	}
	yield(o)
	return nil
}

// Summary names the version.
func (o OSInfo) Summary() string {
	s := fmt.Sprintf("[%s] version %s build %s", o.Name, o.Version, o.Build)
	if o.Revision > 0 {
		s += "." + strconv.FormatUint(o.Revision, 10)
	}
	if o.ServicePack != "" {
		s += " " + o.ServicePack
	}
	if o.Replaced != "" {
		s += " replaced on " + o.Replaced
	}
	return s
}
