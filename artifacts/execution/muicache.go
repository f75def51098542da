package execution

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// MuiCache is one program whose description Explorer has cached.
type MuiCache struct {
	artifacts.Origin
	Path    string    `json:"path"`
	Name    string    `json:"friendly_name,omitempty"`
	Company string    `json:"company_name,omitempty"`
	Index   int       `json:"index"`
	Written time.Time `json:"key_written,omitzero"`
}

var muiCache = artifacts.Define(artifacts.Artifact{
	Name:     "muicache",
	Title:    "MuiCache",
	DataType: "windows:registry:muicache",
	About: `When the shell shows or starts a program it caches the description and, since Windows 7, the company
from the file's version resource. Proves that a file of that path existed and that the shell handled
it for this user, usually because it was started. It does not prove a start, and it has no time of
its own: the key's last write dates only the newest entry. The texts outlive the file and show what
it claimed to be.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1204.002", "T1036.005"},
	Refs:   []string{"https://github.com/libyal/winreg-kb/blob/main/docs/sources/explorer-keys/MUI-cache.md"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.USRCLASS, `Local Settings\Software\Microsoft\Windows\Shell\MuiCache`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\ShellNoRoam\MUICache`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\Shell\MUICache`),
	},
}, decodeMuiCache)

func decodeMuiCache(in artifacts.Input, yield func(MuiCache) bool) error {
	var recs []MuiCache
	var errs []error
	byPath := map[string]int{}
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		path, company, ok := muiCachePath(v.Name())
		if !ok {
			continue
		}
		s, err := v.Text()
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
		}
		i, ok := byPath[path]
		if !ok {
			i = len(recs)
			byPath[path] = i
			recs = append(recs, MuiCache{Origin: in.At(v), Path: path, Index: i, Written: in.Written()})
		}
		if company {
			recs[i].Company = s
		} else {
			recs[i].Name = s
		}
	}
	for _, r := range recs {
		if !yield(r) {
			break
		}
	}
	return errors.Join(errs...)
}

// muiCachePath takes the suffix off a value's name; names of resources and
// settings are no paths.
func muiCachePath(name string) (path string, company, ok bool) {
	if strings.HasPrefix(name, "@") || !strings.ContainsAny(name, `\/`) {
		return "", false, false
	}
	if p, ok := strings.CutSuffix(name, ".FriendlyAppName"); ok {
		return p, false, true
	}
	if p, ok := strings.CutSuffix(name, ".ApplicationCompany"); ok {
		return p, true, true
	}
	return name, false, true
}

// Program returns the path.
func (m MuiCache) Program() string { return m.Path }

// Summary shows what the file called itself.
func (m MuiCache) Summary() string {
	return fmt.Sprintf("[%s] calls itself %q by %q", m.Path, m.Name, m.Company)
}

// Events gives the key's time, once.
func (m MuiCache) Events() []artifacts.Event {
	return artifacts.KeyEvent(m.Index, m.Written, "MuiCache")
}
