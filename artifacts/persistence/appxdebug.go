package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// An AppXDebug is the debugger of a packaged app.
type AppXDebug struct {
	Hook
	Package string `json:"package"`
}

var appxDebug = artifacts.Define(artifacts.Artifact{
	Name:     "appxdebug",
	Title:    "Debugger of a packaged app",
	DataType: "windows:registry:appx_debug",
	About: `Debuggers that Windows starts in place of a packaged app of this user: PackagedAppXDebug, and DebugPath below the classes of the
package. Proves that the entry was set; the command then runs at each start of the app, and many apps (Cortana, People) start at log-on. Does not
prove that it ran. Only developers set it, with the debugging tools of Windows. The time is the last write of the key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546", "T1546.012"},
	Refs: []string{
		"https://oddvar.moe/2018/09/06/persistence-using-universal-windows-platform-apps-appx/",
		"https://www.hexacorn.com/blog/2018/03/15/beyond-good-ol-run-key-part-73/",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\PackagedAppXDebug\*`),
		artifacts.Key(evidence.NTUSER, `Software\Classes\ActivatableClasses\Package\*\DebugInformation\*`),
		artifacts.Key(evidence.USRCLASS, `ActivatableClasses\Package\*\DebugInformation\*`),
	},
}, decodeAppXDebug)

func decodeAppXDebug(in artifacts.Input, yield func(AppXDebug) bool) error {
	value, name := "", in.Matched(0)
	if strings.HasSuffix(in.Source.Key, `\DebugInformation\*`) {
		value, name = "DebugPath", in.Matched(1)
	}
	v, ok := in.Own().Find(value)
	if !ok {
		return nil
	}
	line := in.Own().TextOf(v)
	if line == "" {
		return nil
	}
	h := Hook{Origin: in.At(v), Entry: autostartCommand(in, "debugger of a packaged app", line), Key: "PackagedAppXDebug", Name: name}
	if value != "" {
		h.Key = "DebugInformation"
	}
	yield(AppXDebug{Hook: h, Package: name})
	return nil
}
