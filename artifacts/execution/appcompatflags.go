package execution

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// AppCompatLayer is one program with compatibility settings.
type AppCompatLayer struct {
	artifacts.Origin
	Path    string    `json:"path"`
	Layers  []string  `json:"layers"`
	Index   int       `json:"index"`
	Written time.Time `json:"key_written,omitzero"`
}

var appCompatFlags = artifacts.Define(artifacts.Artifact{
	Name:     "appcompatflags",
	Title:    "Compatibility layer",
	DataType: "windows:registry:appcompatflags",
	About: `Compatibility settings of single programs, chosen in a file's properties, offered after a failed
start, or set by an installer. Proves that Windows was configured to run this path with these
settings (RUNASADMIN always requests elevation). It does not prove that the program ran, and a
user's entry survives the file. The key's last write dates only the newest entry.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546.011", "T1548.002"},
	Refs:   []string{"https://learn.microsoft.com/windows/win32/win7appqual/compatibility---application"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows NT\CurrentVersion\AppCompatFlags\Layers`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows NT\CurrentVersion\AppCompatFlags\Layers`),
	},
}, decodeAppCompatFlags)

func decodeAppCompatFlags(in artifacts.Input, yield func(AppCompatLayer) bool) error {
	var recs []AppCompatLayer
	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		if v.Name() == "" {
			continue
		}
		s, err := v.Text()
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
		}
		recs = append(recs, AppCompatLayer{
			Origin: in.At(v), Path: v.Name(), Layers: strings.Fields(s), Index: len(recs), Written: in.Written(),
		})
	}
	for _, r := range recs {
		if !yield(r) {
			break
		}
	}
	return errors.Join(errs...)
}

// Program returns the path.
func (l AppCompatLayer) Program() string { return l.Path }

// Summary shows the settings.
func (l AppCompatLayer) Summary() string {
	return fmt.Sprintf("[%s] runs with %s", l.Path, strings.Join(l.Layers, " "))
}

// Events gives the key's time, once.
func (l AppCompatLayer) Events() []artifacts.Event {
	return artifacts.KeyEvent(l.Index, l.Written, "Compatibility layers")
}
