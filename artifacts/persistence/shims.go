package persistence

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// Shim is one installed shim database, or one program that such a database
// changes.
type Shim struct {
	artifacts.Origin
	Target      string    `json:"program,omitempty"` // the program that is changed, a name without folder
	Database    string    `json:"database"`          // GUID
	Path        string    `json:"database_path,omitempty"`
	Description string    `json:"description,omitempty"`
	Type        uint64    `json:"database_type,omitempty"`
	Installed   time.Time `json:"installed,omitzero" event:"Installation Time"`
	Written     time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

var shims = artifacts.Define(artifacts.Artifact{
	Name:     "shims",
	Title:    "Shim database",
	DataType: "windows:registry:shim_database",
	About: `Shim databases change how Windows starts a program: which DLL to load into it, or which file to
start instead. Besides the built-in one a machine normally has none, or some that an administrator
installed. Proves that a database was registered with that file and description, for the programs
that are named; the installation time is stored with it. It does not prove that the program was
started since. The fixes themselves are in the .sdb file.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546.011"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1546/011/",
		"https://learn.microsoft.com/windows/deployment/planning/compatibility-administrator-users-guide",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows NT\CurrentVersion\AppCompatFlags\InstalledSDB\*`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows NT\CurrentVersion\AppCompatFlags\Custom\*`),
	},
}, decodeShims)

func decodeShims(in artifacts.Input, yield func(Shim) bool) error {
	name := ""
	if len(in.Match) > 0 {
		name = in.Match[0]
	}
	if strings.Contains(in.Source.Key, `\InstalledSDB\`) {
		r := Shim{
			Origin:      in.AtKey(),
			Database:    name,
			Path:        in.Text("DatabasePath"),
			Description: in.Text("DatabaseDescription"),
			Written:     in.Written(),
		}
		r.Type, _ = in.Uint("DatabaseType")
		n, _ := in.Uint("DatabaseInstallTimeStamp")
		r.Installed = wire.Time(n)
		if r.Path == "" && r.Description == "" && r.Installed.IsZero() && in.Remnant() {
			return nil
		}
		yield(r)
		return nil
	}

	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		guid, ok := strings.CutSuffix(strings.ToLower(v.Name()), ".sdb")
		if !ok {
			continue
		}
		n, _ := in.Own().UintOf(v)
		if !yield(Shim{
			Origin: in.At(v), Target: name, Database: guid, Installed: wire.Time(n), Written: in.Written(),
		}) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// Program returns the program that is changed, or the database's file.
func (s Shim) Program() string { return cmp.Or(s.Target, s.Path) }

// Summary names both.
func (s Shim) Summary() string {
	if s.Target != "" {
		return fmt.Sprintf("[%s] is changed by %s", s.Target, s.Database)
	}
	return fmt.Sprintf("[%s] %s is installed from %s", s.Database, s.Description, s.Path)
}
