package activity

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/shellitem"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// LastVisited is the folder in which a program's dialog was last confirmed.
type LastVisited struct {
	artifacts.Origin
	Application string    `json:"application"`
	Folder      string    `json:"folder,omitempty"`
	List        string    `json:"list"` // the key's name
	Position    int       `json:"mru_position,omitempty"`
	Written     time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var lastVisited = artifacts.Define(artifacts.Artifact{
	Name:     "lastvisited",
	Title:    "Folders last visited in dialogs",
	DataType: "windows:registry:mrulistex",
	About: `For each program that showed the common dialogs Open and Save as: the folder in which the dialog was
last confirmed, and in CIDSizeMRU only that it showed one. Proves that a program of this name ran on
this account's desktop and showed a file dialog, even if it was deleted since. Usually only the name
is stored, rarely a path. It does not prove which file was chosen. The key's time dates the newest
entry only.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1083", "T1204.002"},
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/explorer-keys/Most-recently-used.md",
		"https://github.com/libyal/libfwsi/blob/main/documentation/Windows%20Shell%20Item%20format.asciidoc",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\ComDlg32\LastVisitedPidlMRU`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\ComDlg32\LastVisitedPidlMRULegacy`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\ComDlg32\LastVisitedMRU`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\ComDlg32\CIDSizeMRU`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\ComDlg32\FirstFolder`),
	},
}, decodeLastVisited)

func decodeLastVisited(in artifacts.Input, yield func(LastVisited) bool) error {
	entries, err := mru(in)
	errs := []error{err}
	list := in.Source.Key[strings.LastIndexByte(in.Source.Key, '\\')+1:]

	for _, e := range entries {
		b, err := e.value.Bytes()
		if err != nil {
			errs = append(errs, in.Wrap(in.At(e.value), err))
		}
		r := LastVisited{Origin: in.At(e.value), Application: wire.UTF16Z(b), List: list, Position: e.pos, Written: mruWritten(in, e.pos)}
		rest := b[wire.UTF16Len(b):]
		switch {
		case list == "CIDSizeMRU": // what follows is the size of the window
		case strings.Contains(list, "Pidl"):
			items, _, err := shellitem.List(rest)
			if err != nil {
				errs = append(errs, in.Wrap(in.At(e.value), err))
			}
			r.Folder = userItemPath(items)
		default:
			r.Folder = wire.UTF16Z(rest)
		}
		if !yield(r) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// Program returns the program's name as stored; the id of a packaged or
// unnamed one is none.
func (l LastVisited) Program() string {
	if strings.HasPrefix(l.Application, "{") && !strings.Contains(l.Application, `\`) {
		return ""
	}
	return l.Application
}

// Summary names the program and the folder.
func (l LastVisited) Summary() string {
	if l.Folder == "" {
		return fmt.Sprintf("[%s] showed a dialog, position %d in %s", l.Application, l.Position, l.List)
	}
	return fmt.Sprintf("[%s] in folder [%s], position %d in %s", l.Application, l.Folder, l.Position, l.List)
}
