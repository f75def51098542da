package execution

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/textfile"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A PSCommand is one command that was typed into PowerShell.
type PSCommand struct {
	artifacts.Origin
	Shell   string    `json:"host"`                   // ConsoleHost, Visual Studio Code Host …
	Line    int       `json:"line"`                   // of its beginning, from 1
	Rank    int       `json:"rank"`                   // from the end: 1 is the last command
	Command string    `json:"command"`                // lines that belong together are joined by a newline
	Written time.Time `json:"file_modified,omitzero"` // of the file; only the last command was typed then
	Last    bool      `json:"last,omitempty"`
}

var psHistory = artifacts.Define(artifacts.Artifact{
	Name:     "pshistory",
	Title:    "PowerShell history",
	DataType: "powershell:history:command",
	About: `What each user typed into interactive PowerShell consoles, as the module PSReadLine keeps it, oldest first. Proves that this user's
console took the line. It does not prove that the command succeeded, and scripts, the parameter -Command and hosts without PSReadLine leave
nothing here. Lines that look like secrets are left out by PSReadLine 2.0.4 and later. The file holds no times: rank counts from the end,
and the last change of the file, in UTC, is the time of the last command alone. It is an event only where the evidence keeps the times of
the original files. By default the 4,096 last commands are kept.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1059.001"},
	Refs: []string{
		"https://learn.microsoft.com/powershell/module/psreadline/about/about_psreadline",
		"https://attack.mitre.org/techniques/T1059/001/",
	},
	Sources: []artifacts.Source{
		artifacts.SignedFiles(`%UserProfile%\AppData\Roaming\Microsoft\Windows\PowerShell\PSReadLine\*_history.txt`, collect.HistoryFile),
	},
}, decodePSHistory)

// Limits of a history: PSReadLine keeps 4,096 commands unless it is told
// otherwise, and nobody types a command of this length.
const (
	psHistoryMax  = 1 << 18 // commands
	psCommandSize = 64 << 10
)

func decodePSHistory(in artifacts.Input, yield func(PSCommand) bool) error {
	type entry struct {
		at   int64
		line int
		text string
	}
	var list []entry
	var b strings.Builder
	start, first, line := int64(0), 0, 0
	for at, text := range textfile.Lines(bytes.NewReader(in.Data)) {
		line++
		if b.Len() == 0 {
			start, first = at, line
		}
		part, more := strings.CutSuffix(text, "`")
		if b.Len()+len(part) < psCommandSize {
			b.WriteString(part)
		}
		if more {
			b.WriteByte('\n')
			continue
		}
		if s := b.String(); strings.TrimSpace(s) != "" && len(list) < psHistoryMax {
			list = append(list, entry{start, first, s})
		}
		b.Reset()
	}
	if s := b.String(); strings.TrimSpace(s) != "" && len(list) < psHistoryMax {
		list = append(list, entry{start, first, s})
	}
	name := winpath.Base(in.From.Path)
	host := strings.TrimSuffix(name[:len(name)-len(winpath.Ext(name))], "_history")
	var written time.Time
	if in.File != nil {
		if t, err := in.File.Times(); err == nil && t.Original {
			written = t.Modified
		}
	}
	for i, e := range list {
		r := PSCommand{Origin: in.AtOffset(e.at), Shell: host, Line: e.line, Rank: len(list) - i, Command: e.text, Written: written,
			Last: i == len(list)-1}
		if !yield(r) {
			return nil
		}
	}
	return nil
}

// CommandLine returns what was typed.
func (r PSCommand) CommandLine() string { return r.Command }

// Events gives the last change of the file to the last command.
func (r PSCommand) Events() []artifacts.Event {
	if !r.Last || r.Written.IsZero() {
		return nil
	}
	return []artifacts.Event{{Time: r.Written, Kind: "Content Modification Time"}}
}

// Summary shows the command.
func (r PSCommand) Summary() string {
	return fmt.Sprintf("[%s line %d] %s", r.Shell, r.Line, r.Command)
}
