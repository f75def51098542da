package activity

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/shellitem"
	"github.com/artifactdump/artifactdump/hive"
)

// OpenSave is one file that a user chose in a dialog.
type OpenSave struct {
	artifacts.Origin
	Path      string    `json:"path"`
	Type      string    `json:"extension,omitempty"` // "*" is the list of all
	Entry     uint64    `json:"mft_entry,omitempty"`
	Sequence  uint16    `json:"mft_sequence,omitempty"`
	Reference uint64    `json:"file_reference,omitempty"` // of a volume or share that is not NTFS
	Position  int       `json:"mru_position,omitempty"`
	Written   time.Time `json:"written,omitzero" event:"Content Modification Time"`
	Modified  time.Time `json:"file_modified,omitzero"`
	Created   time.Time `json:"file_created,omitzero"`
	Accessed  time.Time `json:"file_accessed,omitzero"`
}

var openSave = artifacts.Define(artifacts.Artifact{
	Name:     "opensave",
	Title:    "Open and Save dialogs",
	DataType: "windows:registry:mrulistex",
	About: `Files that a user chose in the common dialogs Open and Save as, twenty for each extension and twenty
for all. Proves that this account confirmed a dialog with the file, from the path shown: on Windows
Vista and later as shell items, with the file's times when it was chosen, in steps of two seconds.
It does not record whether the file was read or written, nor the program (the list of last visited
folders does). The key's time dates the newest file of its list only. Programs with their own
dialogs do not appear here.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1204.002", "T1083"},
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/explorer-keys/Most-recently-used.md",
		"https://github.com/libyal/libfwsi/blob/main/documentation/Windows%20Shell%20Item%20format.asciidoc",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\ComDlg32\OpenSavePidlMRU`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\ComDlg32\OpenSavePidlMRU\*`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\ComDlg32\OpenSaveMRU`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\ComDlg32\OpenSaveMRU\*`),
	},
}, decodeOpenSave)

func decodeOpenSave(in artifacts.Input, yield func(OpenSave) bool) error {
	entries, err := mru(in)
	errs := []error{err}
	kind := ""
	if len(in.Match) > 0 {
		kind = in.Match[0]
	}

	for _, e := range entries {
		v := e.value
		r := OpenSave{Origin: in.At(v), Type: kind, Position: e.pos, Written: mruWritten(in, e.pos)}
		if v.Type() == hive.Binary {
			b, err := v.Bytes()
			if err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
			}
			items, _, err := shellitem.List(b)
			if err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
			}
			r.Path = userItemPath(items)
			if len(items) > 0 {
				it := items[len(items)-1]
				r.Entry, r.Sequence, r.Reference = fileReference(it)
				r.Modified, r.Created, r.Accessed = it.Modified, it.Created, it.Accessed
			}
		} else {
			var err error
			if r.Path, err = v.Text(); err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
			}
		}
		if !yield(r) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// userItemPath is a list of shell items as a path of files where it is one,
// else as the shell names it.
func userItemPath(items []shellitem.Item) string {
	if p := shellitem.FilePath(items); p != "" {
		return p
	}
	return shellitem.Path(items)
}

// Program returns the file when it is a program.
func (o OpenSave) Program() string {
	if runs(o.Type) {
		return o.Path
	}
	return ""
}

// FileReferences returns the file's.
func (o OpenSave) FileReferences() []artifacts.FileReference {
	return fileReferences(o.Path, o.Entry, o.Sequence, o.Created)
}

// runs reports whether files with an extension, without its dot, are programs or
// scripts.
func runs(ext string) bool {
	switch strings.ToLower(ext) {
	case "exe", "dll", "msi", "bat", "cmd", "ps1", "vbs", "js", "scr", "com", "hta":
		return true
	}
	return false
}

// Summary names the file.
func (o OpenSave) Summary() string {
	return fmt.Sprintf("[%s] position %d in %s", o.Path, o.Position, o.Type)
}

// Events gives the times that the file had when it was chosen.
func (o OpenSave) Events() []artifacts.Event {
	return ShellBag{Modified: o.Modified, Created: o.Created, Accessed: o.Accessed}.Events()
}
