package execution

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// Consent is one program that has asked for a device or for personal data.
type Consent struct {
	artifacts.Origin
	Capability string    `json:"capability"` // "microphone", "webcam", "location", …
	App        string    `json:"app"`        // path, or package family name
	Value      string    `json:"value,omitempty"`
	Packaged   bool      `json:"packaged"`
	Start      time.Time `json:"last_used_start,omitzero" event:"Start Time"`
	Stop       time.Time `json:"last_used_stop,omitzero" event:"End Time"`
	InUse      bool      `json:"in_use,omitempty"` // started and not yet ended when the hive was written
	Written    time.Time `json:"key_written,omitzero"`
}

var consentStore = artifacts.Define(artifacts.Artifact{
	Name:     "consentstore",
	Title:    "Capability access",
	DataType: "windows:registry:capability_access",
	About: `Windows 10 from 1903 and Windows 11 record which program last used the microphone, camera, location
and other capabilities, with start and end. A start time proves that the program ran and had the
capability open; a start without an end means that it was in use when the hive was written or when
the machine stopped. An entry without times is only a permission and does not prove use. Only the
last use is kept.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1123", "T1125"},
	Refs:   []string{"https://thinkdfir.com/2022/02/20/can-you-track-processes-accessing-the-camera-and-microphone/"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\*\*`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\*\NonPackaged\*`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\*\*`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\*\NonPackaged\*`),
	},
}, decodeConsentStore)

func decodeConsentStore(in artifacts.Input, yield func(Consent) bool) error {
	if len(in.Match) != 2 || strings.EqualFold(in.Match[1], "NonPackaged") {
		return nil
	}
	r := Consent{
		Origin:     in.AtKey(),
		Capability: in.Match[0],
		App:        in.Match[1],
		Value:      in.Text("Value"),
		Packaged:   !strings.Contains(in.Source.Key, `\NonPackaged\`),
		Start:      amcacheTime(in, "LastUsedTimeStart"),
		Stop:       amcacheTime(in, "LastUsedTimeStop"),
		Written:    in.Written(),
	}
	if !r.Packaged {
		r.App = strings.ReplaceAll(r.App, "#", `\`) // a key's name cannot hold a backslash
	}
	r.InUse = !r.Start.IsZero() && r.Stop.IsZero()
	if r.Start.IsZero() && r.Value == "" {
		return nil
	}
	yield(r)
	return nil
}

// Program returns the path; a packaged program has none.
func (c Consent) Program() string {
	if c.Packaged {
		return ""
	}
	return c.App
}

// Proof is a start only where a use is recorded.
func (c Consent) Proof() artifacts.Proof {
	if c.Start.IsZero() {
		return artifacts.Configured
	}
	return artifacts.Executed
}

// Tags marks a use that has no end.
func (c Consent) Tags() []string {
	if c.InUse {
		return []string{"in-use"}
	}
	return nil
}

// Summary names the capability.
func (c Consent) Summary() string {
	if c.Start.IsZero() {
		return fmt.Sprintf("[%s] %s: %s", c.App, c.Capability, c.Value)
	}
	return fmt.Sprintf("[%s] used the %s", c.App, c.Capability)
}
