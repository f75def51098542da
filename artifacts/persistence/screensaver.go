package persistence

import (
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A Screensaver is the program that a user's idle desktop starts.
type Screensaver struct {
	artifacts.Origin
	Entry
	Active  string `json:"active,omitempty"`  // ScreenSaveActive as stored: 0 or 1
	Timeout string `json:"timeout,omitempty"` // seconds
	Secure  string `json:"secure,omitempty"`  // 1: asks for the password when it ends
	Policy  bool   `json:"policy,omitempty"`  // set by a policy, which wins
	Unusual string `json:"unusual,omitempty"`
}

var screensaver = artifacts.Define(artifacts.Artifact{
	Name:     "screensaver",
	Title:    "Screen saver",
	DataType: "windows:registry:screensaver",
	About: `SCRNSAVE.EXE names the program that Windows starts after ScreenSaveTimeOut idle seconds. A screen
saver is an ordinary program. Proves that it was set for this user (or by a policy); with
ScreenSaveActive 0 it is not started. Does not prove that it ran. The key holds many settings of the
desktop: its time dates the last change of any of them.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546.002"},
	Refs:   []string{"https://attack.mitre.org/techniques/T1546/002/"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Control Panel\Desktop`),
		artifacts.Key(evidence.NTUSER, `Software\Policies\Microsoft\Windows\Control Panel\Desktop`),
		artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\Control Panel\Desktop`),
	},
}, decodeScreensaver)

func decodeScreensaver(in artifacts.Input, yield func(Screensaver) bool) error {
	v, ok := in.Own().Find("SCRNSAVE.EXE")
	if !ok {
		return nil
	}
	text, note, err := artifacts.AnyText(v)
	var errs error
	if err != nil {
		errs = in.Wrap(in.At(v), err)
	}
	if text == "" {
		return errs
	}
	r := Screensaver{Origin: in.At(v), Unusual: note}
	r.Entry = autostartCommand(in, "Screen saver", text)
	r.Active, r.Timeout, r.Secure = in.Text("ScreenSaveActive"), in.Text("ScreenSaveTimeOut"), in.Text("ScreenSaverIsSecure")
	r.Policy = in.Source.Key != `Control Panel\Desktop`
	r.Disabled = r.Active == "0"
	yield(r)
	return errs
}

// Summary shows the program and its settings.
func (r Screensaver) Summary() string {
	s := fmt.Sprintf("%s active: %s timeout: %s", r.Command, r.Active, r.Timeout)
	if r.Policy {
		s += " (policy)"
	}
	return s + r.state()
}
