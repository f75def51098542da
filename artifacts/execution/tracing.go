package execution

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// Tracing is one program that has loaded the remote access library.
type Tracing struct {
	artifacts.Origin
	Name    string    `json:"name"` // of the program, without extension
	Library string    `json:"library"`
	Written time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

var tracing = artifacts.Define(artifacts.Artifact{
	Name:     "tracing",
	Title:    "RAS tracing",
	DataType: "windows:registry:tracing",
	About: `When a process loads the remote access library, as programs that use WinINet or RAS do, the library
creates a tracing key named after the program. Proves that a program of this name ran and loaded the
library; the key's last write is near the first time, because the settings are written once and
rarely changed. The folder is not stored. Programs that use the network by other means are not
listed.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1105", "T1071"},
	Refs:   []string{"https://learn.microsoft.com/windows/win32/rras/enabling-tracing"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Tracing\*`),
	},
}, decodeTracing)

func decodeTracing(in artifacts.Input, yield func(Tracing) bool) error {
	if len(in.Match) == 0 || in.Partial() {
		return nil
	}
	for _, lib := range []string{"RASAPI32", "RASMANCS"} {
		if i := len(in.Match[0]) - len(lib) - 1; i > 0 && strings.EqualFold(in.Match[0][i:], "_"+lib) {
			yield(Tracing{in.AtKey(), in.Match[0][:i], lib, in.Written()})
			return nil
		}
	}
	return nil // other components trace, too
}

// Program returns the name; the key leaves the extension out.
func (t Tracing) Program() string {
	if strings.Contains(t.Name, ".") {
		return t.Name
	}
	return t.Name + ".exe"
}

// Summary says what the program did.
func (t Tracing) Summary() string { return fmt.Sprintf("[%s] loaded %s", t.Name, t.Library) }
