package persistence

import (
	"errors"
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A StartupApproved says whether one autostart entry is switched on.
type StartupApproved struct {
	artifacts.Origin
	List       string    `json:"list"` // Run, Run32, StartupFolder
	Name       string    `json:"name"` // of the Run value, or of the file in the startup folder
	State      uint32    `json:"state"`
	Disabled   bool      `json:"disabled"`
	DisabledAt time.Time `json:"disabled_at,omitzero" event:"Disabled Time"`
	Written    time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

const startupApprovedKey = `Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\`

var startupApproved = artifacts.Define(artifacts.Artifact{
	Name:     "startupapproved",
	Title:    "Startup approval",
	DataType: "windows:registry:startupapproved",
	About: `Task Manager and Settings record here which entries of the Run keys and startup folders are disabled
(Windows 8 and later). Proves that an entry of this name existed when Explorer last looked; it does
not prove that the entry still exists: names stay after the entry was deleted. The disabling time is
when the entry was disabled; it is zero for entries that were never changed. The key's time dates
only the last change of the whole list.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1547.001"},
	Refs:   []string{"https://learn.microsoft.com/windows/win32/setupapi/run-and-runonce-registry-keys"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, startupApprovedKey+`*`),
		artifacts.Key(evidence.NTUSER, `Software\`+startupApprovedKey+`*`),
	},
}, decodeStartupApproved)

func decodeStartupApproved(in artifacts.Input, yield func(StartupApproved) bool) error {

	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		if v.Name() == "" {
			continue
		}
		b, err := v.Bytes()
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
			continue
		}
		state, off, at, err := parseStartupApproved(b)
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
			continue
		}
		if !yield(StartupApproved{
			Origin: in.At(v), List: in.Match[0], Name: v.Name(),
			State: state, Disabled: off, DisabledAt: at, Written: in.Written(),
		}) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// parseStartupApproved reads one state: u32 state whose lowest bit means
// switched off, then the FILETIME of that, zero when it is switched on. The
// length of twelve bytes and the state of untouched entries are as seen in
// real files.
func parseStartupApproved(b []byte) (state uint32, off bool, at time.Time, err error) {
	if len(b) < 4 {
		return 0, false, time.Time{}, fmt.Errorf("state of %d bytes, want 12", len(b))
	}
	state = le.Uint32(b)
	return state, state&1 != 0, wire.TimeAt(b, 4), nil
}

// Summary tells name and state.
func (s StartupApproved) Summary() string {
	word := "enabled"
	if s.Disabled {
		word = "disabled"
	}
	return fmt.Sprintf("[%s] %s is %s (state %d)", s.List, s.Name, word, s.State)
}

// Tags marks entries that are switched off.
func (s StartupApproved) Tags() []string {
	if s.Disabled {
		return []string{"disabled"}
	}
	return nil
}
