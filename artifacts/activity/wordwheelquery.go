package activity

import (
	"errors"
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/hive"
)

// Search is one text that a user looked for in Explorer.
type Search struct {
	artifacts.Origin
	Text     string    `json:"text"`
	Folder   string    `json:"category,omitempty"` // XP keeps searches by what was looked for
	Position int       `json:"mru_position,omitempty"`
	Written  time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var wordWheel = artifacts.Define(artifacts.Artifact{
	Name:     "wordwheelquery",
	Title:    "Explorer searches",
	DataType: "windows:registry:mrulistex",
	About: `Texts that a user typed into the search box of Explorer, or into the search assistant of Windows XP
(5001 texts on the Internet, 5603 names of files or folders, 5604 words inside files, 5647 people or
computers). Proves that this account searched for the text, and the order. It does not prove that
anything was found, and does not record the folder. The key's time dates only the newest search;
searches from the Start menu are not included.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1083"},
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/explorer-keys/Most-recently-used.md",
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/mrulistex.py",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\WordWheelQuery`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\WordWheelQuery\*`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Search Assistant\ACMru\*`),
	},
}, decodeWordWheel)

func decodeWordWheel(in artifacts.Input, yield func(Search) bool) error {
	entries, err := mru(in)
	errs := []error{err}
	folder := ""
	if len(in.Match) > 0 {
		folder = in.Match[0]
	}
	newest := 1
	if len(entries) > 0 && entries[0].pos == 0 {
		newest = 0 // ACMru keeps no order but its names: 000 is the newest
	}

	for _, e := range entries {
		v := e.value
		var s string
		if v.Type() == hive.Binary {
			b, err := v.Bytes()
			if err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
			} else if wire.UTF16Len(b) == len(b) && (len(b) < 2 || b[len(b)-1] != 0 || b[len(b)-2] != 0) {
				errs = append(errs, in.Errorf(in.At(v), "text of %d bytes has no end", len(b)))
			}
			s = wire.UTF16Z(b)
		} else {
			var err error
			if s, err = v.Text(); err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
			}
		}
		r := Search{Origin: in.At(v), Text: s, Folder: folder, Position: e.pos, Written: mruWritten(in, e.pos)}
		if newest == 0 && v.Name() == "000" && !in.Partial() {
			r.Position, r.Written = 1, in.Written()
		}
		if !yield(r) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// Summary quotes the text.
func (s Search) Summary() string {
	if s.Position == 0 {
		return fmt.Sprintf("[%s] not in the order", s.Text)
	}
	return fmt.Sprintf("[%s] position %d", s.Text, s.Position)
}
