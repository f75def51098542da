package activity

import (
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// TypedPath is one path that a user typed into Explorer's address bar.
type TypedPath struct {
	artifacts.Origin
	Path     string    `json:"path"`
	Position int       `json:"position"`        // 1 is the newest
	Empty    bool      `json:"empty,omitempty"` // the key is there and holds no path
	Written  time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var typedPaths = artifacts.Define(artifacts.Artifact{
	Name:     "typedpaths",
	Title:    "Typed paths",
	DataType: "windows:registry:typedpaths",
	About: `Paths that a user typed or pasted into the address bar of Explorer, url1 being the newest, at most
25. Proves that a user of this account entered the path, which may be a folder, a share or a
command. The list is written when the window closes, so the key's time, which dates the newest path
only, may be later than the visit. A key without paths is also reported: it was emptied at that time
or never filled. Does not prove that the path existed or what was done there.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1083", "T1021.002"},
	Refs:   []string{"https://github.com/libyal/winreg-kb/blob/main/docs/sources/explorer-keys/Typed-paths.md"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\TypedPaths`),
	},
}, decodeTypedPaths)

func decodeTypedPaths(in artifacts.Input, yield func(TypedPath) bool) error {
	return typed(in, yield, func(t typedValue) (TypedPath, error) {
		return TypedPath{Origin: t.Origin, Path: t.text, Position: t.position, Empty: t.empty, Written: t.written}, nil
	})
}

// Summary quotes the path.
func (t TypedPath) Summary() string {
	if t.Empty {
		return "the list is there and empty"
	}
	return fmt.Sprintf("[%s] url%d", t.Path, t.Position)
}
