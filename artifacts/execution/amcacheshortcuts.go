package execution

import (
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// AmcacheShortcut is one shortcut of the Start menu in the inventory.
type AmcacheShortcut struct {
	artifacts.Origin
	Path      string    `json:"shortcut_path"`
	Target    string    `json:"target_path,omitempty"`
	AUMID     string    `json:"app_user_model_id,omitempty"`
	ProgramID string    `json:"program_identifier,omitempty"`
	Written   time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

var amcacheShortcuts = artifacts.Define(artifacts.Artifact{
	Name:     "amcacheshortcuts",
	Title:    "Amcache shortcut",
	DataType: "windows:registry:amcache:shortcut",
	About: `The inventory's list of shortcuts, mostly those of the Start menus. Proves that the .lnk file
existed no later than the time of its key. The entry may outlive both the shortcut and its target.
The time is when the inventory wrote the entry, not when the shortcut was created or used; it does
not prove that anybody started it.`,
	Proves: artifacts.Present,
	Attack: []string{"T1547.009", "T1204.002"},
	Refs:   []string{amcacheRef},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.AMCACHE, `Root\InventoryApplicationShortcut\*`),
	},
}, decodeAmcacheShortcuts)

func decodeAmcacheShortcuts(in artifacts.Input, yield func(AmcacheShortcut) bool) error {
	r := AmcacheShortcut{
		Origin:    in.AtKey(),
		Path:      in.Text("ShortcutPath"),
		Target:    in.Text("ShortcutTargetPath"),
		AUMID:     in.Text("ShortcutAumid"),
		ProgramID: in.Text("ShortcutProgramId"),
		Written:   in.Written(),
	}
	if r.Path == "" {
		if in.Remnant() {
			return nil
		}
		return in.Errorf(in.AtKey(), "no ShortcutPath")
	}
	yield(r)
	return nil
}

// Program returns what the shortcut starts, or the shortcut where that is not
// recorded.
func (s AmcacheShortcut) Program() string {
	if s.Target != "" {
		return s.Target
	}
	return s.Path
}

// Summary names both ends.
func (s AmcacheShortcut) Summary() string {
	if s.Target != "" {
		return fmt.Sprintf("[%s] leads to %s", s.Path, s.Target)
	}
	return fmt.Sprintf("[%s] was seen", s.Path)
}
