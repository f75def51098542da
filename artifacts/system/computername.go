package system

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// ComputerName is one of the names that a machine has or had.
type ComputerName struct {
	artifacts.Origin
	Name    string    `json:"name"`
	Meaning string    `json:"meaning"`
	Written time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var computerName = artifacts.Define(artifacts.Artifact{
	Name:     "computername",
	Title:    "Computer name",
	DataType: "windows:registry:computername",
	About: `The names of the machine: the NetBIOS name, the DNS name and domain, and those assigned by DHCP and
a domain. Proves the name of the machine when the hive was written. Different names show a renaming
since the last boot or since the other control set was used. The times are those of the keys, which
also hold other settings: the name's own key dates the naming, Tcpip\Parameters does not.`,
	Proves: artifacts.Configured,
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/sysinfo/computer-names",
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/system-keys/Current-control-set.md",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\ComputerName\ComputerName`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\ComputerName\ActiveComputerName`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Services\Tcpip\Parameters`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Group Policy\History`),
	},
}, decodeComputerName)

// computerNames are the values that hold a name, and what it is.
var computerNames = []struct{ value, meaning string }{
	{"ComputerName", "NetBIOS name"},
	{"NV Hostname", "host name to be"},
	{"Hostname", "host name"},
	{"NV Domain", "DNS domain to be"},
	{"Domain", "DNS domain"},
	{"DhcpDomain", "DNS domain from DHCP"},
	{"NetworkName", "network of the last group policy"},
	{"MachineDomain", "domain of the machine's account"},
}

func decodeComputerName(in artifacts.Input, yield func(ComputerName) bool) error {

	var errs []error
	for _, n := range computerNames {
		v, err := in.Value(n.value)
		if err != nil {
			continue
		}
		s, err := v.Text()
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
		}
		if s == "" {
			continue
		}
		r := ComputerName{Origin: in.At(v), Name: s, Meaning: n.meaning}
		if strings.Contains(in.Source.Key, `\ComputerName`) && !in.Partial() {
			r.Written = in.Written()
		}
		if !yield(r) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// Summary names the machine.
func (c ComputerName) Summary() string { return fmt.Sprintf("[%s] %s", c.Name, c.Meaning) }
