package persistence

import (
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// An ActiveSetup is a component that sets itself up once for each user, or
// the note that it did so for one.
type ActiveSetup struct {
	Hook
	Component    string `json:"component"` // the name of its key, mostly a GUID
	Title        string `json:"title,omitempty"`
	Version      string `json:"version,omitempty"`
	NotInstalled bool   `json:"not_installed,omitempty"` // IsInstalled is 0: the command is not run
	Done         bool   `json:"done,omitempty"`          // the note in a user's hive
}

const activeSetupKey = `Microsoft\Active Setup\Installed Components\*`

var activeSetup = artifacts.Define(artifacts.Artifact{
	Name:     "activesetup",
	Title:    "Active Setup",
	DataType: "windows:registry:active_setup",
	About: `Commands (StubPath, in SOFTWARE) that Windows runs at logon, before the desktop appears, for each
user whose hive does not yet have the component with the same or a higher version. The key in the
user's hive is written afterwards. Proves for the machine that the command was configured, and for a
user that it was started, at the time of the key or before. Does not prove that the command
succeeded. Windows has a dozen components; browsers add one. The time of a machine's component is
that of its own key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1547.014"},
	Refs:   []string{"https://attack.mitre.org/techniques/T1547/014/"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, activeSetupKey),
		artifacts.Key(evidence.NTUSER, `Software\`+activeSetupKey),
	},
}, decodeActiveSetup)

func decodeActiveSetup(in artifacts.Input, yield func(ActiveSetup) bool) error {
	r := ActiveSetup{Component: in.Matched(0), Title: in.Text(""), Version: in.Text("Version")}
	if n, ok := in.Uint("IsInstalled"); ok && n == 0 {
		r.NotInstalled = true
	}
	h := hooksOf(in, "Installed Components")
	if in.Source.Hive == evidence.NTUSER {
		r.Done = true
		r.Hook = Hook{Origin: in.AtKey(), Entry: autostartOf(in, "Active Setup done"), Key: h.key, Name: r.Component}
		yield(r)
		return nil
	}
	h.value("StubPath", func(v hive.Value) {
		c := h.command(v, "Active Setup")
		if c == nil {
			return
		}
		if r.NotInstalled {
			c.Inactive = "IsInstalled is 0"
		}
		c.Default = activeSetupUsual(in, *c)
	})
	return hookRecords(h, func(c Hook) ActiveSetup { r.Hook = c; return r }, yield)
}

// activeSetupUsual reports whether a program of Windows sets up a file of
// Windows: rundll32, regsvr32, ie4uinit, unregmp2.
func activeSetupUsual(in artifacts.Input, r Hook) bool {
	if hookSystem(in, r.Image, "ie4uinit", "unregmp2", "themeui") {
		return true
	}
	return hookSystem(in, r.Image, "rundll32", "regsvr32") &&
		(!strings.ContainsAny(r.Payload, `\`) || in.Machine.IsSystem32(r.Payload[:strings.LastIndexByte(r.Payload, '\\')]))
}

// Proof tells the machine's setting from the user's note.
func (r ActiveSetup) Proof() artifacts.Proof {
	if r.Done {
		return artifacts.Executed
	}
	return artifacts.Configured
}

// Summary names the component and its command.
func (r ActiveSetup) Summary() string {
	s := "[" + r.Component + "]"
	if r.Title != "" {
		s += " " + r.Title
	}
	if r.Version != "" {
		s += fmt.Sprintf(" version %s", r.Version)
	}
	if r.Done {
		return s + " was set up for the user"
	}
	return s + ": " + r.Command + r.state()
}
