package activity

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/lnk"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A Shortcut is one shortcut file outside the startup folders.
type Shortcut struct {
	artifacts.Origin
	Name  string `json:"name"`
	Place string `json:"place"` // recent, office recent, desktop, start menu, quick launch, loose
	// The times of the shortcut file itself, where the evidence keeps them.
	First  time.Time `json:"shortcut_created,omitzero"`
	Last   time.Time `json:"shortcut_modified,omitzero"`
	Volume string    `json:"droid_volume,omitempty"`
	FileID string    `json:"droid_file,omitempty"`
	LinkFields
}

var shortcuts = artifacts.Define(artifacts.Artifact{
	Name:     "shortcuts",
	Title:    "Shortcut",
	DataType: "windows:lnk:link",
	About: `Shortcuts of the folder Recent and of Office's, of the desktop, the Start menu and the quick launch bar; those of startup folders
are in startupfolder. One in Recent proves that this user opened the item through the shell, and that it existed then: Last Visited Time is
the shortcut's own last change, the last opening, and its creation the first opening under that name; both in UTC, and only where the
evidence keeps the times of the original files. One elsewhere proves only that it was placed there, not that anybody opened it. The times of
the target, its size, volume and machine are copies from the moment when the shortcut was last changed, not of today.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1204.002", "T1547.009"},
	Refs: []string{
		"https://learn.microsoft.com/openspecs/windows_protocols/ms-shllink/",
		"https://attack.mitre.org/techniques/T1547/009/",
	},
	Sources: []artifacts.Source{
		artifacts.Files(`%UserProfile%\AppData\Roaming\Microsoft\Windows\Recent\*.lnk`),
		artifacts.Files(`%UserProfile%\Recent\*.lnk`),
		artifacts.Files(`%UserProfile%\AppData\Roaming\Microsoft\Office\Recent\*.lnk`),
		artifacts.Files(`%UserProfile%\Application Data\Microsoft\Office\Recent\*.lnk`),
		artifacts.Files(`%UserProfile%\Desktop\*.lnk`),
		artifacts.Files(`%UserProfile%\AppData\Roaming\Microsoft\Windows\Start Menu\**\*.lnk`),
		artifacts.Files(`%UserProfile%\Start Menu\**\*.lnk`),
		artifacts.Files(`%ProgramData%\Microsoft\Windows\Start Menu\**\*.lnk`),
		artifacts.Files(`%UserProfile%\AppData\Roaming\Microsoft\Internet Explorer\Quick Launch\**\*.lnk`),
		artifacts.Files(`%UserProfile%\Application Data\Microsoft\Internet Explorer\Quick Launch\**\*.lnk`),
	},
}, decodeShortcut)

func decodeShortcut(in artifacts.Input, yield func(Shortcut) bool) error {
	place := shortcutPlace(in)
	if place == "startup" {
		return nil // of the artifact startupfolder
	}
	l, err := lnk.Parse(in.Data)
	if l == nil {
		return err
	}
	r := Shortcut{Origin: in.AtOffset(0), Name: winpath.Base(in.From.Path), Place: place, LinkFields: linkFieldsOf(l)}
	r.FileID, r.Volume = r.file, r.volume
	if in.File != nil {
		if t, terr := in.File.Times(); terr == nil && t.Original {
			r.First, r.Last = t.Created, t.Modified
		}
	}
	yield(r)
	var errs []error
	for _, d := range l.Damage {
		errs = append(errs, in.Wrap(in.AtOffset(d.Offset), d))
	}
	if len(errs) == 0 {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// shortcutPlace tells by the path what kind of folder a shortcut lies in.
func shortcutPlace(in artifacts.Input) string {
	dir := strings.ToLower(winpath.Dir(in.From.Path)) + `\`
	switch {
	case strings.HasSuffix(dir, `\startup\`):
		return "startup"
	case strings.Contains(dir, `\office\recent\`):
		return "office recent"
	case strings.HasSuffix(dir, `\recent\`):
		return "recent"
	case strings.Contains(dir, `\quick launch\`):
		return "quick launch"
	case strings.Contains(dir, `\start menu\`):
		return "start menu"
	case strings.Contains(dir, `\desktop\`):
		return "desktop"
	}
	return "loose"
}

// used reports whether the shell made the shortcut because the item was opened.
func (r Shortcut) used() bool { return strings.HasSuffix(r.Place, "recent") }

// Proof is less for shortcuts that only lie there.
func (r Shortcut) Proof() artifacts.Proof {
	if r.used() {
		return artifacts.Interacted
	}
	return artifacts.Present
}

// Program returns the target when it is a program.
func (r Shortcut) Program() string {
	if runs(strings.TrimPrefix(winpath.Ext(r.Target), ".")) {
		return r.Target
	}
	return ""
}

// Summary shows where the shortcut leads.
func (r Shortcut) Summary() string {
	return strings.TrimSpace("[" + r.Name + "] in " + r.Place + " leads to " + cmp.Or(r.Target, "(no path)") + " " + r.Arguments)
}

// Events gives the first and the last opening of items in Recent.
func (r Shortcut) Events() []artifacts.Event {
	if !r.used() {
		return nil
	}
	var out []artifacts.Event
	if !r.First.IsZero() && r.First.Before(r.Last) {
		out = append(out, artifacts.Event{Time: r.First, Kind: "Creation Time"})
	}
	if !r.Last.IsZero() {
		out = append(out, artifacts.Event{Time: r.Last, Kind: "Last Visited Time"})
	}
	return out
}
