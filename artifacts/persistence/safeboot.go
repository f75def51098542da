package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// A SafeBoot is one thing that Windows starts in safe mode.
type SafeBoot struct {
	Hook
	Mode string `json:"mode,omitempty"` // Minimal, Network
}

var safeBoot = artifacts.Define(artifacts.Artifact{
	Name:     "safeboot",
	Title:    "Safe mode",
	DataType: "windows:registry:safe_boot",
	About: `Programs that start in safe mode: the shell of its command line variant (AlternateShell), the
services and drivers of the lists Minimal and Network, and the last requested boot mode (Option).
Proves that these were configured. Does not prove that the machine ever started in safe mode. Most
security products are missing from the lists, so safe mode bypasses them; a program that was added
to a list also runs there. The time of an entry is that of its own key: an entry much newer than its
neighbours was added later.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1562.009"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1562/009/",
		"https://learn.microsoft.com/windows-hardware/drivers/install/service-start-types",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\SafeBoot`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\SafeBoot\Option`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\SafeBoot\Minimal\*`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\SafeBoot\Network\*`),
	},
}, decodeSafeBoot)

func decodeSafeBoot(in artifacts.Input, yield func(SafeBoot) bool) error {
	_, key, _ := strings.Cut(in.Source.Key, `Control\`)
	h := hooksOf(in, key)
	mode := ""
	named := false // the entry has a default value, which says what it is
	h.each(func(v hive.Value) {
		name := strings.ToLower(v.Name())
		switch {
		case len(in.Match) > 0:
			if name != "" {
				return
			}
			named = true
			_, mode, _ = strings.Cut(strings.TrimSuffix(in.Source.Key, `\*`), `SafeBoot\`)
			// Classes and groups of devices stand in the lists as well; what
			// is started by name is a service or a driver file.
			if text, _ := h.text(v); strings.EqualFold(text, "Service") || strings.EqualFold(text, "Driver") {
				r := h.add(v, autostartOf(in, "Safe mode "+strings.ToLower(text)))
				r.Name, r.Value = in.Matched(0), text
			}
		case name == "alternateshell":
			if r := h.command(v, "Safe mode shell"); r != nil {
				r.Default = hookSystem(in, r.Image, "cmd")
			}
		case name == "optionvalue" || name == "usealternateshell":
			h.fact(v, "Safe mode option")
		}
	})
	if len(in.Match) > 0 && !named && !in.Remnant() {
		// Real third parties leave the value out; Windows starts a service or
		// driver of that name all the same.
		_, mode, _ = strings.Cut(strings.TrimSuffix(in.Source.Key, `\*`), `SafeBoot\`)
		h.out = append(h.out, Hook{Origin: in.AtKey(), Entry: autostartOf(in, "Safe mode entry"), Key: h.key, Name: in.Matched(0),
			Value: "kind unknown"})
	}
	return hookRecords(h, func(r Hook) SafeBoot { return SafeBoot{r, mode} }, yield)
}
