package activity

import (
	"errors"
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/shellitem"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// RecentDoc is one document or folder that a user opened.
type RecentDoc struct {
	artifacts.Origin
	Name     string    `json:"name"`
	Link     string    `json:"link,omitempty"`      // the shortcut in the folder Recent
	Type     string    `json:"extension,omitempty"` // ".txt", "Folder"; empty in the list of all
	Position int       `json:"mru_position,omitempty"`
	Empty    bool      `json:"empty,omitempty"` // the list of all is there and holds nothing
	Written  time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var recentDocs = artifacts.Define(artifacts.Artifact{
	Name:     "recentdocs",
	Title:    "Recent documents",
	DataType: "windows:registry:mrulistex",
	About: `Names of files and folders that a user opened through Explorer or a dialog, newest first: one list
of all (150), and one for each extension (20) and for folders (30). Proves that this account opened
something of that name. It has no path; the shortcut of the given name in the folder Recent has it
while it exists. Each list has one time, which dates only its newest entry, so the newest file of
each extension is dated. An empty main list is also reported. Does not prove which program opened
the file, or that a person read it.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1083", "T1204.002"},
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/explorer-keys/Most-recently-used.md",
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/mrulistex.py",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\RecentDocs`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\RecentDocs\*`),
	},
}, decodeRecentDocs)

func decodeRecentDocs(in artifacts.Input, yield func(RecentDoc) bool) error {
	entries, err := mru(in)
	errs := []error{err}
	kind := ""
	if len(in.Match) > 0 {
		kind = in.Match[0]
	}
	var recs []RecentDoc
	for _, e := range entries {
		b, err := e.value.Bytes()
		if err != nil {
			errs = append(errs, in.Wrap(in.At(e.value), err))
		}
		// A name in UTF-16 with its NUL, then a list with one shell item.
		r := RecentDoc{Origin: in.At(e.value), Name: wire.UTF16Z(b), Type: kind, Position: e.pos, Written: mruWritten(in, e.pos)}
		n := wire.UTF16Len(b)
		if items, _, err := shellitem.List(b[n:]); err != nil {
			errs = append(errs, in.Wrap(in.At(e.value), err))
		} else if len(items) > 0 {
			r.Link = items[0].Name
		}
		recs = append(recs, r)
	}
	err = errors.Join(errs...)
	if len(recs) == 0 && err == nil && kind == "" && !in.Partial() {
		recs = append(recs, RecentDoc{Origin: in.AtKey(), Empty: true, Written: in.Written()})
	}
	for _, r := range recs {
		if !yield(r) {
			break
		}
	}
	return err
}

// Summary names the document.
func (r RecentDoc) Summary() string {
	if r.Empty {
		return "the list is there and empty"
	}
	list := "all"
	if r.Type != "" {
		list = r.Type
	}
	return fmt.Sprintf("[%s] position %d in %s", r.Name, r.Position, list)
}
