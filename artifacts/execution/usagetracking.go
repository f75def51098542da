package execution

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// UsageTracking is one switch that keeps Explorer from writing down what a
// user does.
type UsageTracking struct {
	artifacts.Origin
	Name    string    `json:"name"`
	Value   uint64    `json:"value"`
	Off     bool      `json:"off"` // traces of use are not kept, or are hidden
	Effect  string    `json:"effect"`
	Written time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

var usageTracking = artifacts.Define(artifacts.Artifact{
	Name:     "usagetracking",
	Title:    "Usage tracking",
	DataType: "windows:registry:usage_tracking",
	About: `Switches for the usage tracking of Explorer: UserAssist, recent documents and jump lists,
and for the timeline of activities and the history of the clipboard. Proves
whether tracking was on: where it was off, missing artifacts of that kind prove nothing. It does not
record who set a switch: privacy settings, policies, cleaners and intruders all do. The key's last
write dates only the last change of all its values, many of which are unrelated to tracking.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1070", "T1112"},
	Refs: []string{
		"https://learn.microsoft.com/windows/client-management/mdm/policy-csp-admx-startmenu",
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/explorer-keys/User-assist.md",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\UserAssist\Settings`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\Advanced`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Policies\Explorer`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Policies\Explorer`),
		artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\System`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\PolicyManager\default\Privacy\EnableActivityFeed`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\PolicyManager\default\Privacy\AllowCrossDeviceClipboard`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Clipboard`),
	},
}, decodeUsageTracking)

// usageSwitches are the switches by the last component of their key, and the
// value that turns the trace off.
var usageSwitches = []struct {
	key, name string
	off       uint64
	effect    string
}{
	{"Settings", "NoLog", 1, "UserAssist counts nothing"},
	{"Settings", "NoEncrypt", 1, "UserAssist writes names unrotated"},
	{"Advanced", "Start_TrackProgs", 0, "program starts are not tracked"},
	{"Advanced", "Start_TrackDocs", 0, "recent documents are not tracked"},
	{"Explorer", "NoInstrumentation", 1, "use is not tracked, by policy"},
	{"Explorer", "NoRecentDocsHistory", 1, "recent documents are not kept, by policy"},
	{"Explorer", "ClearRecentDocsOnExit", 1, "recent documents are cleared at each log-off, by policy"},
	{"System", "EnableActivityFeed", 0, "the timeline of activities is off, by policy"},
	{"System", "PublishUserActivities", 0, "activities are not kept, by policy"},
	{"System", "UploadUserActivities", 0, "activities are not sent to other machines, by policy"},
	{"System", "AllowClipboardHistory", 0, "the clipboard has no history, by policy"},
	{"System", "AllowCrossDeviceClipboard", 0, "the clipboard is not shared with other machines, by policy"},
	{"EnableActivityFeed", "value", 0, "the timeline of activities is off, by device management"},
	{"AllowCrossDeviceClipboard", "value", 0, "the clipboard is not shared with other machines, by device management"},
	{"Clipboard", "EnableClipboardHistory", 0, "the clipboard has no history"},
}

func decodeUsageTracking(in artifacts.Input, yield func(UsageTracking) bool) error {
	key := in.Source.Key[strings.LastIndexByte(in.Source.Key, '\\')+1:]

	for _, s := range usageSwitches {
		if s.key != key {
			continue
		}
		v, err := in.Value(s.name)
		if err != nil {
			continue
		}
		n, err := v.Uint()
		if err != nil {
			return in.Wrap(in.At(v), err)
		}
		if !yield(UsageTracking{
			Origin: in.At(v), Name: s.name, Value: n, Off: n == s.off && s.name != "NoEncrypt", Effect: s.effect, Written: in.Written(),
		}) {
			return nil
		}
	}
	return nil
}

// Tags marks what is switched off.
func (u UsageTracking) Tags() []string {
	if u.Off {
		return []string{"tracking-off"}
	}
	return nil
}

// Summary names the switch and, where it is set, what it does.
func (u UsageTracking) Summary() string {
	s := fmt.Sprintf("[%s] is %d", u.Name, u.Value)
	if u.Off || u.Name == "NoEncrypt" && u.Value == 1 {
		s += ": " + u.Effect
	}
	return s
}
