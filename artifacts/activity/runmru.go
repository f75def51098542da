package activity

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// RunMRU is one command that a user gave to the Run dialog.
type RunMRU struct {
	artifacts.Origin
	Command  string    `json:"command"`
	Position int       `json:"mru_position,omitempty"` // 1 is the newest
	Empty    bool      `json:"empty,omitempty"`        // the key is there and holds no command
	Written  time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var runMRU = artifacts.Define(artifacts.Artifact{
	Name:     "runmru",
	Title:    "Run dialog",
	DataType: "windows:registry:mrulist",
	About: `Commands that a user typed or pasted into the Run dialog (Windows+R) and confirmed. Proves that the
command was entered under this account in an interactive session, and the order of the last 26. It
does not prove that the program started, and does not include commands entered in a shell. The key
has one time, which dates only the newest command. A repeated command moves to the front without a
new entry. A key without commands is also reported: it was emptied, or the dialog was opened without
confirming a command, at that time. Fake human-verification pages ask users to paste commands here.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1204.004", "T1059", "T1021.002"},
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/explorer-keys/Most-recently-used.md",
		"https://attack.mitre.org/techniques/T1204/004/",
	},
	Sources: []artifacts.Source{artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\RunMRU`)},
}, decodeRunMRU)

func decodeRunMRU(in artifacts.Input, yield func(RunMRU) bool) error {
	entries, err := mru(in)
	var recs []RunMRU
	for _, e := range entries {
		s, terr := e.value.Text()
		if terr != nil {
			err = errors.Join(err, in.Wrap(in.At(e.value), terr))
		}
		// The dialog marks each command with a last "\1".
		recs = append(recs, RunMRU{
			Origin: in.At(e.value), Command: strings.TrimSuffix(s, `\1`), Position: e.pos, Written: mruWritten(in, e.pos),
		})
	}
	if len(recs) == 0 && err == nil && !in.Partial() {
		recs = append(recs, RunMRU{Origin: in.AtKey(), Empty: true, Written: in.Written()})
	}
	for _, r := range recs {
		if !yield(r) {
			break
		}
	}
	return err
}

// Program returns what the command starts, as typed; a folder or an address is
// none.
func (r RunMRU) Program() string {
	if r.Command == "" || strings.HasPrefix(r.Command, `\\`) || strings.Contains(r.Command, "://") {
		return ""
	}
	return winpath.ParseCommand(r.Command, nil).Program
}

// Summary quotes the command.
func (r RunMRU) Summary() string {
	if r.Empty {
		return "the list is there and empty"
	}
	if r.Position == 0 {
		return fmt.Sprintf("[%s] not in the order", r.Command)
	}
	return fmt.Sprintf("[%s] position %d", r.Command, r.Position)
}
