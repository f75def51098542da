package execution

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// FeatureUsage is one counter of the taskbar for one program.
type FeatureUsage struct {
	artifacts.Origin
	Feature string    `json:"feature"` // "AppLaunch", "AppSwitched", …
	App     string    `json:"app"`
	Path    string    `json:"path,omitempty"`
	Count   uint64    `json:"count"`
	Index   int       `json:"index"`
	Written time.Time `json:"key_written,omitzero"`
}

var featureUsage = artifacts.Define(artifacts.Artifact{
	Name:     "featureusage",
	Title:    "FeatureUsage",
	DataType: "windows:registry:featureusage",
	About: `Windows 10 from 1903 and Windows 11 count what a user does with the taskbar: AppLaunch (a pinned
program was started), AppSwitched (its window was brought to the front by a click), ShowJumpView
(its menu was opened), AppBadgeUpdated (it showed a badge) and TrayButtonClicked (a tray button was
used). Proves that this user did so, how often, and for AppSwitched and AppLaunch that the program
ran. The time is unknown: the key's last write dates only the newest entry. Entries stay after the
program is removed. Starts from elsewhere than the taskbar are not counted.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1204.002"},
	Refs:   []string{"https://www.crowdstrike.com/en-us/blog/how-to-employ-featureusage-for-windows-10-taskbar-forensics/"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\FeatureUsage\*`),
	},
}, decodeFeatureUsage)

func decodeFeatureUsage(in artifacts.Input, yield func(FeatureUsage) bool) error {
	feature := ""
	if len(in.Match) > 0 {
		feature = in.Match[0]
	}
	var recs []FeatureUsage
	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		n, err := v.Uint()
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
			continue
		}
		recs = append(recs, FeatureUsage{
			Origin: in.At(v), Feature: feature, App: v.Name(), Path: knownPath(in, v.Name()), Count: n, Index: len(recs),
			Written: in.Written(),
		})
	}
	for _, r := range recs {
		if !yield(r) {
			break
		}
	}
	return errors.Join(errs...)
}

// Program returns the path where the entry is one.
func (f FeatureUsage) Program() string { return pathOf(f.Path) }

// Proof is a start for the two counters that need one.
func (f FeatureUsage) Proof() artifacts.Proof {
	if f.Count > 0 && (f.Feature == "AppLaunch" || f.Feature == "AppSwitched") {
		return artifacts.Executed
	}
	return artifacts.Interacted
}

// Summary names the counter.
func (f FeatureUsage) Summary() string {
	return fmt.Sprintf("[%s] %s: %d times", f.App, f.Feature, f.Count)
}

// Events gives the key's time, once.
func (f FeatureUsage) Events() []artifacts.Event {
	return artifacts.KeyEvent(f.Index, f.Written, "FeatureUsage "+f.Feature)
}

// pathOf returns a text that is a path, and nothing for the id of a packaged
// program or a bare name.
func pathOf(s string) string {
	if !strings.ContainsAny(s, `\/`) {
		return ""
	}
	return s
}
