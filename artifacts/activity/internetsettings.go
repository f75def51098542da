package activity

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// An InternetZone is what one security zone allows.
type InternetZone struct {
	artifacts.Origin
	Zone     string    `json:"zone"` // number
	ZoneName string    `json:"zone_name"`
	Lockdown bool      `json:"lockdown,omitempty"` // the zone as it is for programs that ask for the locked-down settings
	Policy   bool      `json:"policy,omitempty"`   // set by a policy
	Level    string    `json:"level,omitempty"`    // the template that the zone was set to last
	Settings []string  `json:"settings,omitempty"` // all actions as stored: "1200=0x0"
	Changed  []string  `json:"changed,omitempty"`  // actions that differ from every default known, in words
	Weaker   []string  `json:"weaker,omitempty"`   // those of them that allow more than any default
	Written  time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

var internetSettings = artifacts.Define(artifacts.Artifact{
	Name:     "internetsettings",
	Title:    "Security zone settings",
	DataType: "windows:registry:msie_zone_settings",
	About: `What each security zone of Internet Explorer allows, for a user, for the machine or by policy. Windows
and Office use the zones too. Proves the settings when the hive was written. Actions that differ from
the defaults are listed; "weakens" marks a zone that allows more than by default. Does not prove who
changed an action, nor that a site made use of it: users, administrators and malware all change them.
The defaults are those of Windows XP to 10; those of an action that no table here has are not judged.
The sites of the zones are the artifact zonemap. The time is that of the whole zone.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1112", "T1562.001"},
	Refs: []string{
		"https://learn.microsoft.com/troubleshoot/developer/browsers/security-privacy/ie-security-zones-registry-entries",
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/msie_zones.py",
	},
	Sources: internetSources(),
}, decodeInternetSettings)

func internetSources() []artifacts.Source {
	var out []artifacts.Source
	for _, zones := range []string{`Zones\*`, `Lockdown_Zones\*`} {
		const settings = `Microsoft\Windows\CurrentVersion\Internet Settings\`
		out = append(out, artifacts.Key(evidence.NTUSER, `Software\`+settings+zones), artifacts.Key(evidence.SOFTWARE, settings+zones),
			artifacts.Key(evidence.NTUSER, `Software\Policies\`+settings+zones), artifacts.Key(evidence.SOFTWARE, `Policies\`+settings+zones))
	}
	return out
}

// internetZones are the zones by their numbers.
var internetZones = []string{"my computer", "local intranet", "trusted sites", "Internet", "restricted sites"}

// internetLevels are the templates of a zone.
var internetLevels = map[uint64]string{0: "custom", 0x10000: "low", 0x10500: "medium-low", 0x11000: "medium", 0x11500: "medium-high",
	0x12000: "high"}

// An internetAction is one thing that a zone allows or not.
type internetAction struct {
	code, name string
	// The defaults of the zones 0 to 4, in hexadecimal; a slash parts those
	// of several versions of Windows, a dash stands for a zone without the action.
	zones string
	// switches are 0 for on and 3 for off: the larger number allows more.
	protects bool
}

// internetActions are named in the first reference. The defaults are those that six
// users' hives of Windows XP, 7 and 10 have in common.
var internetActions = []internetAction{
	{code: "1001", name: "download signed ActiveX controls", zones: "0 1 0/1 1 3"},
	{code: "1004", name: "download unsigned ActiveX controls", zones: "0 3 0/1/3 3 3"},
	{code: "1200", name: "run ActiveX controls and plug-ins", zones: "0 0 0 0 3"},
	{code: "1201", name: "script ActiveX controls that are not marked safe", zones: "1 3 1/3 3 3"},
	{code: "1206", name: "script the browser control", zones: "0 0 0/3 3 3"},
	{code: "1208", name: "run ActiveX controls that were never used before", zones: "0 0 0 3 3"},
	{code: "1209", name: "run scriptlets", zones: "0 0 0/3 3 3"},
	{code: "1400", name: "run scripts", zones: "0 0 0 0 3"},
	{code: "1402", name: "script Java applets", zones: "0 0 0 0 3"},
	{code: "1405", name: "script ActiveX controls that are marked safe", zones: "0 0 0 0 3"},
	{code: "1406", name: "read data of other domains", zones: "0 1 0/3 3 3"},
	{code: "1407", name: "read the clipboard from scripts", zones: "0 0 0/1 1 3"},
	{code: "1409", name: "filter cross-site scripting", zones: "0/3 3 0/3 0 0", protects: true},
	{code: "1601", name: "send forms unencrypted", zones: "0 0 0 0/1 1"},
	{code: "1607", name: "open windows of other domains", zones: "0 0 0/3 0/3 3"},
	{code: "1800", name: "install desktop items", zones: "0 1 0/1 1 3"},
	{code: "1802", name: "drag and copy files", zones: "0 0 0 0 1"},
	{code: "1803", name: "download files", zones: "0 0 0 0 3"},
	{code: "1804", name: "start programs in a frame", zones: "0 1 0/1 1 3"},
	{code: "1806", name: "start programs and unsafe files", zones: "0 0 0/1 1 3"},
	{code: "1809", name: "block pop-up windows", zones: "3 3 0/3 0 0", protects: true},
	{code: "1A00", name: "log on", zones: "0 20000 0/20000 20000 10000"},
	{code: "1C00", name: "Java", zones: "0/20000/30000 0/20000/30000 0/10000/20000/30000 0/10000/20000 0"},
	{code: "2000", name: "run binary behaviors", zones: "0/10000 0/10000 0/10000 0/10000 3"},
	{code: "2001", name: "run .NET components that are signed", zones: "0/3 0 0 0 3"},
	{code: "2004", name: "run .NET components that are not signed", zones: "0/3 0 0 0 3"},
	{code: "2100", name: "open files by their content and not by their extension", zones: "0 0 0 0 3"},
	{code: "2101", name: "let sites of a lower zone lead into this one", zones: "3 0 0/1 0 3"},
	{code: "2102", name: "let scripts open windows of any size", zones: "0 0 0/3 3 3"},
	{code: "2200", name: "ask for downloads without being told to", zones: "0 0 0/3 3 3"},
	{code: "2201", name: "ask for ActiveX controls without being told to", zones: "0 0 0/3 3 3"},
	{code: "2301", name: "check sites with SmartScreen", zones: "0/3 0/3 0/3 0 0", protects: true},
	{code: "2500", name: "protected mode", zones: "3 3 0/3 0 0", protects: true},
}

// internetLocked are the defaults of the locked-down zones for those actions
// that differ from the ordinary zones.
var internetLocked = map[string]string{
	"1001": "0 1 0 1 3", "1004": "3 3 3 3 3", "1200": "3 3 3 3 3", "1201": "3 3 3 3 3", "1206": "0 0 0 3 3", "1400": "1 1 1 1 3",
	"1406": "0 1 0 3 3", "1407": "0 0 0 0 3", "1601": "0 0 0 1 1", "1607": "0 0 0 0 3", "1800": "0 1 0 1 3", "1804": "0 1 0 1 3",
	"1806": "0 0 0 1 3", "1809": "3 3 3 0 0", "1A00": "0 20000 0 20000 10000", "1C00": "0 0 0 0 0", "2000": "10000 10000 10000 10000 3",
	"2100": "3 3 3 3 3", "2101": "3 3 3 3 3", "2102": "3 3 3 3 3", "2200": "3 3 3 3 3", "2201": "3 3 3 3 3",
}

func decodeInternetSettings(in artifacts.Input, yield func(InternetZone) bool) error {
	if in.Partial() {
		return nil
	}
	z := InternetZone{Origin: in.AtKey(), Zone: in.Matched(0), ZoneName: "custom", Lockdown: strings.Contains(in.Source.Key, `\Lockdown_`),
		Policy: strings.Contains(in.Source.Key, `Policies\`), Written: in.Written()}
	number, err := strconv.Atoi(z.Zone)
	known := err == nil && number >= 0 && number < len(internetZones)
	if known {
		z.ZoneName = internetZones[number]
	}
	if n, ok := in.Uint("CurrentLevel"); ok {
		z.Level = cmp.Or(internetLevels[n], fmt.Sprintf("%#x", n))
	}
	var errs []error
	for v := range in.Own().All() {
		if !internetCode(v.Name()) {
			continue
		}
		n, err := v.Uint()
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
			continue
		}
		z.Settings = append(z.Settings, fmt.Sprintf("%s=%#x", strings.ToUpper(v.Name()), n))
		if known {
			z.judge(strings.ToUpper(v.Name()), n, number)
		}
	}
	slices.Sort(z.Settings)
	if len(z.Settings) > 0 || z.Level != "" {
		yield(z)
	}
	return errors.Join(errs...)
}

// internetCode reports whether the name of a value is the number of an action.
func internetCode(name string) bool {
	_, err := strconv.ParseUint(name, 16, 16)
	return err == nil && len(name) == 4
}

// judge notes an action that differs from every default of the zone.
func (z *InternetZone) judge(code string, n uint64, zone int) {
	i := slices.IndexFunc(internetActions, func(a internetAction) bool { return a.code == code })
	if i < 0 {
		return
	}
	a := internetActions[i]
	usual := internetDefaults(a, zone, z.Lockdown)
	if len(usual) == 0 || slices.Contains(usual, n) {
		return
	}
	text := fmt.Sprintf("%s %s: %s (default: %s)", code, a.name, a.says(n), a.says(usual[len(usual)-1]))
	z.Changed = append(z.Changed, text)
	if a.protects && n > slices.Max(usual) || !a.protects && n < slices.Min(usual) {
		z.Weaker = append(z.Weaker, text)
	}
}

// internetDefaults returns what an action is by default in a zone.
func internetDefaults(a internetAction, zone int, locked bool) []uint64 {
	row := a.zones
	if locked {
		row = cmp.Or(internetLocked[a.code], row)
	}
	var out []uint64
	for s := range strings.SplitSeq(strings.Fields(row)[zone], "/") {
		if n, err := strconv.ParseUint(s, 16, 32); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// internetSays are the answers of the actions that have more than yes, ask and no.
var internetSays = map[string]map[uint64]string{
	"1A00": {0: "by itself, as the current user", 0x10000: "asks for the name", 0x20000: "by itself in the intranet", 0x30000: "anonymously"},
	"1C00": {0: "off", 0x10000: "high safety", 0x20000: "medium safety", 0x30000: "low safety"},
	"2000": {0x10000: "approved ones"},
}

// says spells a setting.
func (a internetAction) says(n uint64) string {
	if s, ok := internetSays[a.code][n]; ok {
		return s
	}
	words := map[uint64]string{0: "allowed", 1: "asks", 3: "denied"}
	if a.protects {
		words = map[uint64]string{0: "on", 3: "off"}
	}
	return cmp.Or(words[n], fmt.Sprintf("%#x", n))
}

// Tags marks a zone that allows more than by default.
func (z InternetZone) Tags() []string {
	var tags []string
	if len(z.Changed) > 0 {
		tags = append(tags, "changed")
	}
	if len(z.Weaker) > 0 {
		tags = append(tags, "weakens")
	}
	return tags
}

// Summary names the zone and what was changed in it.
func (z InternetZone) Summary() string {
	s := fmt.Sprintf("[zone %s, %s]", z.Zone, z.ZoneName)
	if z.Lockdown {
		s += " locked down"
	}
	if z.Policy {
		s += " by policy"
	}
	if z.Level != "" {
		s += ", level " + z.Level
	}
	s += fmt.Sprintf(", %d actions", len(z.Settings))
	if len(z.Changed) > 0 {
		s += fmt.Sprintf(", %d changed: %s", len(z.Changed), strings.Join(z.Changed, "; "))
	}
	return s
}
