package execution

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// AmcacheDriver is one driver file in the inventory.
type AmcacheDriver struct {
	artifacts.Origin
	Path       string    `json:"path,omitempty"`
	Name       string    `json:"driver_name,omitempty"`
	SHA1       string    `json:"sha1,omitempty"`
	Service    string    `json:"service,omitempty"`
	Company    string    `json:"company_name,omitempty"`
	Product    string    `json:"product_name,omitempty"`
	Version    string    `json:"driver_version,omitempty"`
	Inf        string    `json:"inf,omitempty"`
	Package    string    `json:"driver_package,omitempty"`
	Signed     string    `json:"signed,omitempty"`      // "yes", "no"
	InBox      string    `json:"in_box,omitempty"`      // "yes", "no"
	KernelMode string    `json:"kernel_mode,omitempty"` // "yes", "no"
	Size       uint64    `json:"image_size,omitempty"`
	CheckSum   uint64    `json:"checksum,omitempty"`
	TimeStamp  uint64    `json:"pe_timestamp,omitempty"` // raw: reproducible builds put a hash here
	Modified   time.Time `json:"modified,omitzero" event:"File Last Modification Time"`
	Written    time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

var amcacheDrivers = artifacts.Define(artifacts.Artifact{
	Name:     "amcachedrivers",
	Title:    "Amcache driver",
	DataType: "windows:registry:amcache:driver",
	About: `The inventory's list of drivers that were loaded or installed, each with SHA-1, service and whether
it is signed and part of Windows. Proves that the driver file was on the machine no later than the
time of its key. A service name shows that it was meant to be loaded, but not when it was loaded.
The key's time is that of a scan, the same for most entries. The modification time is a copy of the
file's. Vulnerable drivers installed by intruders are signed but not part of Windows.`,
	Proves: artifacts.Present,
	Attack: []string{"T1543.003", "T1068", "T1014"},
	Refs:   []string{amcacheRef},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.AMCACHE, `Root\InventoryDriverBinary\*`),
	},
}, decodeAmcacheDrivers)

func decodeAmcacheDrivers(in artifacts.Input, yield func(AmcacheDriver) bool) error {
	r := AmcacheDriver{
		Origin:     in.AtKey(),
		Name:       in.Text("DriverName"),
		SHA1:       amcacheSHA1(in.Text("DriverId")),
		Service:    in.Text("Service"),
		Company:    in.Text("DriverCompany"),
		Product:    in.Text("Product"),
		Version:    in.Text("DriverVersion"),
		Inf:        in.Text("Inf"),
		Package:    in.Text("DriverPackageStrongName"),
		Signed:     amcacheYes(in, "DriverSigned"),
		InBox:      amcacheYes(in, "DriverInBox"),
		KernelMode: amcacheYes(in, "DriverIsKernelMode"),
		Size:       amcacheUint(in, "ImageSize"),
		CheckSum:   amcacheUint(in, "DriverCheckSum"),
		TimeStamp:  amcacheUint(in, "DriverTimeStamp"),
		Modified:   amcacheDate(in.Text("DriverLastWriteTime")),
		Written:    in.Written(),
	}
	if len(in.Match) > 0 {
		name := in.Match[0]
		switch {
		case strings.Contains(name, "/"): // the path, with the separator that a key's name can hold
			r.Path = strings.ReplaceAll(name, "/", `\`)
		case r.SHA1 == "": // generation B names the key by the hash
			r.SHA1 = amcacheSHA1(name)
		}
	}
	if r.Name == "" && r.Path == "" && in.Remnant() {
		return nil
	}
	yield(r)
	return nil
}

// Program returns the driver's path, or its name where only that is known.
func (d AmcacheDriver) Program() string {
	if d.Path != "" {
		return d.Path
	}
	return d.Name
}

// Summary shows what is unusual about a driver.
func (d AmcacheDriver) Summary() string {
	s := fmt.Sprintf("[%s] driver of service %s by %s", d.Program(), d.Service, d.Company)
	if d.Signed == "no" {
		s += ", not signed"
	}
	if d.InBox == "no" {
		s += ", not part of Windows"
	}
	if d.SHA1 != "" {
		s += ", SHA-1: " + d.SHA1
	}
	return s
}
