package persistence

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A TypeLib is where one type library is loaded from.
type TypeLib struct {
	artifacts.Origin
	GUID     string    `json:"guid"`
	Version  string    `json:"version"`
	Platform string    `json:"platform"` // win32 or win64
	Path     string    `json:"path"`
	Moniker  bool      `json:"moniker,omitempty"` // no file: an address that runs code
	Written  time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

var typeLibs = artifacts.Define(artifacts.Artifact{
	Name:     "typelibs",
	Title:    "Type library",
	DataType: "windows:registry:typelib",
	About: `Where the descriptions of COM interfaces (type libraries) are loaded from: those that a user has for itself,
and those of the machine that are not an ordinary file. A program that loads one whose path is
"script:" with an address runs that script; Explorer does so at each start for the libraries of the
browser. Proves the entry when the hive was written. Does not prove that it was loaded. Installers for
a single user write ordinary paths. The time is that of the key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546.015"},
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/com/typelib",
		"https://cicada-8.medium.com/hijack-the-typelib-new-com-persistence-technique-32ae1d284661",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Classes\Typelib\*\*\*\*`),
		artifacts.Key(evidence.USRCLASS, `Typelib\*\*\*\*`),
		artifacts.Key(evidence.SOFTWARE, `Classes\Typelib\*\*\*\*`),
	},
}, decodeTypeLibs)

func decodeTypeLibs(in artifacts.Input, yield func(TypeLib) bool) error {
	platform := strings.ToLower(in.Matched(0))
	if platform != "win32" && platform != "win64" && platform != "win16" {
		return nil // FLAGS, HELPDIR
	}
	v, ok := in.Own().Find("")
	if !ok {
		return nil
	}
	t := TypeLib{Origin: in.At(v), GUID: in.Matched(3), Version: in.Matched(2), Platform: platform, Path: in.Own().TextOf(v)}
	t.Moniker = isMoniker(t.Path)
	if !in.Partial() {
		t.Written = in.Written()
	}
	if t.Path == "" || in.Source.Hive == evidence.SOFTWARE && !t.Moniker && !strings.HasPrefix(t.Path, `\\`) {
		return nil // the machine has a thousand of its own
	}
	yield(t)
	return nil
}

// isMoniker reports whether a path is not a file: it begins with a word and a
// colon, as script: and http: do.
func isMoniker(path string) bool {
	path = strings.Trim(path, ` "`)
	i := strings.IndexByte(path, ':')
	return i > 1 && !strings.ContainsAny(path[:i], `\/%.`)
}

// Tags marks an address that runs code.
func (t TypeLib) Tags() []string {
	if t.Moniker {
		return []string{"moniker"}
	}
	return nil
}

// Summary shows the library and its path.
func (t TypeLib) Summary() string {
	return fmt.Sprintf("[%s %s %s] %s", t.GUID, t.Version, t.Platform, t.Path)
}
