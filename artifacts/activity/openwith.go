package activity

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// An OpenWith is one program that a user opened files of an extension with.
type OpenWith struct {
	artifacts.Origin
	Extension string    `json:"extension"`
	Kind      string    `json:"kind"` // "opened with", "choice"
	Name      string    `json:"program"`
	Position  int       `json:"mru_position,omitempty"`
	Written   time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

const fileExtsKey = `Software\Microsoft\Windows\CurrentVersion\Explorer\FileExts\*\`

var openWith = artifacts.Define(artifacts.Artifact{
	Name:     "openwith",
	Title:    "Opened with",
	DataType: "windows:registry:fileexts",
	About: `The programs that a user opened files of an extension with, the newest first (OpenWithList), and the one
chosen as the default (UserChoice). Proves that the program was once picked for the extension in a
dialog or as the default. Does not prove which file was opened, nor how often: programs register
themselves here, too. The time of a list dates its newest entry; that of a choice dates the choice.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1204.002", "T1546.001"},
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/shell/fa-file-types",
		"https://github.com/EricZimmerman/RegistryPlugins",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, fileExtsKey+"OpenWithList"),
		artifacts.Key(evidence.NTUSER, fileExtsKey+"UserChoice"),
	},
}, func(in artifacts.Input, yield func(OpenWith) bool) error {
	if strings.HasSuffix(in.Source.Key, "UserChoice") {
		if name := in.Text("ProgId"); name != "" {
			o := OpenWith{Origin: in.AtKey(), Extension: in.Matched(0), Kind: "choice", Name: name}
			if !in.Partial() {
				o.Written = in.Written()
			}
			yield(o)
		}
		return nil
	}
	entries, err := mru(in)
	for _, e := range entries {
		o := OpenWith{Origin: in.At(e.value), Extension: in.Matched(0), Kind: "opened with", Name: in.Own().TextOf(e.value),
			Position: e.pos, Written: mruWritten(in, e.pos)}
		if o.Name != "" && !yield(o) {
			break
		}
	}
	return err
})

// Program returns the program's name; a class of files is none.
func (o OpenWith) Program() string {
	if o.Kind == "opened with" {
		return o.Name
	}
	return ""
}

// Summary names extension and program.
func (o OpenWith) Summary() string {
	if o.Kind == "choice" {
		return fmt.Sprintf("[%s] opens with %s by choice", o.Extension, o.Name)
	}
	return fmt.Sprintf("[%s] opened with %s, position %d", o.Extension, o.Name, o.Position)
}
