package activity

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/tabstate"
)

// A NotepadTab is one tab that Notepad of Windows 11 keeps open.
type NotepadTab struct {
	artifacts.Origin
	Path        string    `json:"path,omitempty"` // of the file; a tab that was never saved has none
	Text        string    `json:"text,omitempty"` // up to 64 KiB
	Stored      string    `json:"text_before_changes,omitempty" extra:"-"`
	Length      int       `json:"text_bytes"` // of the whole text
	Unsaved     bool      `json:"unsaved"`    // the text is not, or not so, in the file
	Changes     int       `json:"changes,omitempty"`
	BadChecksum bool      `json:"checksum_mismatch,omitempty"`
	FileWritten time.Time `json:"file_modified,omitzero"` // last write of the file, as Notepad saw it
	FileSize    uint64    `json:"file_size,omitempty"`
	FileSHA256  string    `json:"file_sha256,omitempty"`
	Encoding    string    `json:"encoding,omitempty"`
	LineEnds    string    `json:"line_ends,omitempty"`
	Written     time.Time `json:"state_modified,omitzero"` // of the file of the tab
}

var notepad = artifacts.Define(artifacts.Artifact{
	Name:     "notepad",
	Title:    "Notepad tab",
	DataType: "windows:notepad:tab",
	About: `Tabs that Notepad of Windows 11 keeps so that they are there again at its next start, with their text: of files, and of notes that were
never saved anywhere. Proves that this user's Notepad had the tab open and, where it is unsaved, that the text was typed or pasted there. Does
not prove who did it, and a tab that was closed is deleted with its file. file_modified, file_size and file_sha256 are those of the text file when
Notepad read or saved it last, and outlive the file. The event is the last change of the tab's own file, in UTC, where the evidence keeps the times of the
original files. Text is shown up to 64 KiB. The format was measured by others and not published by its vendor; no file of a real machine was at hand.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1552.001", "T1074.001"},
	Refs: []string{
		"https://github.com/ogmini/Notepad-State-Library",
		"https://attack.mitre.org/techniques/T1552/001/",
	},
	Sources: []artifacts.Source{
		artifacts.Files(`%UserProfile%\AppData\Local\Packages\Microsoft.WindowsNotepad_8wekyb3d8bbwe\LocalState\TabState\*.bin`),
	},
}, decodeNotepad)

// notepadText bounds the text of a record.
const notepadText = 64 << 10

func decodeNotepad(in artifacts.Input, yield func(NotepadTab) bool) error {
	tab, err := tabstate.Parse(in.Data)
	if tab == nil {
		if errors.Is(err, tabstate.ErrNotTabState) && len(in.Data) == 0 {
			return nil // a tab that was opened and never written
		}
		return in.Wrap(in.AtOffset(0), err)
	}
	if tab.Kind == tabstate.View {
		return nil
	}
	r := NotepadTab{
		Origin: in.AtOffset(0), Path: tab.Path, Text: head(tab.Text, notepadText), Length: len(tab.Text),
		Unsaved: tab.Unsaved || len(tab.Changes) > 0,
		Changes: len(tab.Changes), BadChecksum: tab.BadSum, FileWritten: tab.Written, FileSize: tab.FileSize,
		Encoding: tab.Encoding, LineEnds: tab.LineEnds,
		FileSHA256: hex.EncodeToString(tab.SHA256),
	}
	if tab.Stored != tab.Text {
		r.Stored = head(tab.Stored, notepadText)
	}
	if in.File != nil {
		if t, err := in.File.Times(); err == nil && t.Original {
			r.Written = t.Modified
		}
	}
	yield(r)
	return in.Wrap(in.AtOffset(0), err)
}

// head returns the first bytes of a text, at most n and no part of a character.
func head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// Events gives the last change of the tab.
func (r NotepadTab) Events() []artifacts.Event {
	if r.Written.IsZero() {
		return nil
	}
	return []artifacts.Event{{Time: r.Written, Kind: "Content Modification Time"}}
}

// Summary shows the file and the beginning of the text.
func (r NotepadTab) Summary() string {
	name, mark := r.Path, ""
	if name == "" {
		name = "never saved"
	}
	if r.Unsaved && r.Path != "" {
		mark = ", not saved"
	}
	text := strings.Join(strings.Fields(r.Text), " ")
	if short := head(text, 200); short != text {
		text = short + "…"
	}
	return fmt.Sprintf("[%s]%s %s", name, mark, text)
}
