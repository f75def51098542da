package system

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// Defender is one setting or one exclusion of Windows' own antivirus.
type Defender struct {
	artifacts.Origin
	Kind    string    `json:"kind"`           // "setting", "exclusion", "threat"
	List    string    `json:"list,omitempty"` // of an exclusion: "Paths", "Extensions", "Processes", …
	Name    string    `json:"name"`           // the setting, or what is excluded
	Value   string    `json:"value,omitempty"`
	Meaning string    `json:"meaning,omitempty"`
	Weak    bool      `json:"weakens,omitempty"`
	Policy  bool      `json:"policy,omitempty"`
	Written time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var defender = artifacts.Define(artifacts.Artifact{
	Name:     "defender",
	Title:    "Windows Defender",
	DataType: "windows:registry:windows_defender",
	About: `The settings of Windows Defender Antivirus: disabled parts, allowed threats, and one record for each
exclusion. Proves that the antivirus, if it honoured the setting, did not scan these files,
processes, extensions or addresses. The key's time is when the last exclusion of that list was added
or removed. It does not prove who set it: installers of server software exclude their folders
legitimately. With tamper protection, values that disable the antivirus are ignored. Another
antivirus product disables this one without these values.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1562.001"},
	Refs: []string{
		"https://learn.microsoft.com/defender-endpoint/configure-exclusions-microsoft-defender-antivirus",
		"https://learn.microsoft.com/windows-hardware/customize/desktop/unattend/security-malware-windows-defender",
	},
	Sources: defenderSources(),
}, decodeDefender)

func defenderSources() []artifacts.Source {
	var out []artifacts.Source
	for _, root := range []string{`Microsoft\Windows Defender`, `Policies\Microsoft\Windows Defender`} {
		for _, key := range []string{"", `\Real-Time Protection`, `\Features`, `\Spynet`, `\Reporting`, `\MpEngine`, `\Exclusions\*`,
			`\Threats\ThreatIDDefaultAction`, `\Threats\ThreatSeverityDefaultAction`,
			`\Windows Defender Exploit Guard\Controlled Folder Access`, `\Windows Defender Exploit Guard\ASR\Rules`, `\Windows Defender Exploit Guard\ASR\ASROnlyExclusions`} {
			out = append(out, artifacts.Key(evidence.SOFTWARE, root+key))
		}
	}
	return out
}

// defenderSettings explains the values that are known; a value that Windows
// comes with does not weaken.
var defenderSettings = map[string][]settingMeaning{
	"disableantispyware":                  {weakens("1", "the scanner is off"), normal("0", "the scanner is on")},
	"disableantivirus":                    {weakens("1", "the scanner is off"), normal("0", "the scanner is on")},
	"disableroutinelytakingaction":        {weakens("1", "nothing is done about what is found")},
	"disablerealtimemonitoring":           {weakens("1", "files are not scanned on access")},
	"disablebehaviormonitoring":           {weakens("1", "behaviour is not watched")},
	"disableonaccessprotection":           {weakens("1", "files are not scanned on access")},
	"disablescanonrealtimeenable":         {weakens("1", "running programs are not scanned when protection is switched on")},
	"disableioavprotection":               {weakens("1", "downloads are not scanned")},
	"disablescriptscanning":               {weakens("1", "scripts are not scanned")},
	"disableintrusionpreventionsystem":    {weakens("1", "known network attacks are not blocked")},
	"disablerawwritenotification":         {weakens("1", "writes past the file system are not watched")},
	"disableinformationprotectioncontrol": {},
	"tamperprotection": {weakens("0", "tamper protection is off"), weakens("4", "tamper protection is off"),
		normal("1", "tamper protection is on"), normal("5", "tamper protection is on")},
	"spynetreporting":              {weakens("0", "nothing is asked of the cloud")},
	"disableblockatfirstseen":      {weakens("1", "unknown files are not held until the cloud has answered"), normal("0", "unknown files are held")},
	"disableenhancednotifications": {weakens("1", "warnings are not shown")},
	"submitsamplesconsent":         {weakens("2", "samples are never sent")},
	"mpcloudblocklevel":            {},
	"puaprotection": {weakens("0", "unwanted programs are not blocked"),
		normal("1", "unwanted programs are blocked")},
	"enablecontrolledfolderaccess":             {},
	"disabledefenderexploitguardnetworkfilter": {},
}

// defenderActions are what is done about a threat.
var defenderActions = map[string]string{"1": "clean", "2": "quarantine", "3": "remove", "6": "allow", "8": "ask the user",
	"9": "do nothing", "10": "block"}

func decodeDefender(in artifacts.Input, yield func(Defender) bool) error {
	policy := strings.HasPrefix(in.Source.Key, "Policies")

	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		if v.Name() == "" {
			continue
		}
		d := Defender{Origin: in.At(v), Kind: "setting", Name: v.Name(), Value: in.Own().AnyOf(v), Policy: policy}
		if !in.Partial() {
			d.Written = in.Written()
		}
		switch {
		case strings.Contains(in.Source.Key, `\Exclusions\`) && len(in.Match) > 0:
			d.Kind, d.List, d.Weak = "exclusion", in.Match[0], true
			d.Meaning = "is not scanned"
		case strings.HasSuffix(in.Source.Key, "ASROnlyExclusions"):
			d.Kind, d.List, d.Weak = "exclusion", "attack surface reduction", true
			d.Meaning = "is not held to the rules"
		case strings.Contains(in.Source.Key, `\Threats\`):
			d.Kind, d.Meaning = "threat", defenderActions[d.Value]
			d.Weak = d.Value == "6" || d.Value == "9"
		default:
			means, known := defenderSettings[strings.ToLower(v.Name())]
			if !known && !strings.Contains(in.Source.Key, `\ASR\`) {
				continue // versions, folders, counters
			}
			for _, m := range means {
				if m.value == d.Value {
					d.Meaning, d.Weak = m.says, m.weak
				}
			}
		}
		if !yield(d) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// Program returns an excluded program.
func (d Defender) Program() string {
	if d.Kind == "exclusion" && strings.EqualFold(d.List, "Processes") {
		return d.Name
	}
	return ""
}

// Tags marks what takes protection away.
func (d Defender) Tags() []string {
	if d.Weak {
		return []string{"weakens"}
	}
	return nil
}

// Summary tells the setting or the exclusion.
func (d Defender) Summary() string {
	if d.Kind == "exclusion" {
		return fmt.Sprintf("[%s] %s (%s)", d.Name, d.Meaning, d.List)
	}
	s := fmt.Sprintf("[%s] is %s", d.Name, d.Value)
	if d.Meaning != "" {
		s += ": " + d.Meaning
	}
	return s
}
