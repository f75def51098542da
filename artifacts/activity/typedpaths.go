package activity

import (
	"errors"
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
	var recs []TypedPath
	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		n, ok := userNumbered(v.Name(), "url")
		if !ok {
			continue
		}
		s, err := v.Text()
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
		}
		r := TypedPath{Origin: in.At(v), Path: s, Position: n}
		if n == 1 && !in.Partial() {
			r.Written = in.Written()
		}
		recs = append(recs, r)
	}
	if len(recs) == 0 && len(errs) == 0 && !in.Partial() {
		recs = append(recs, TypedPath{Origin: in.AtKey(), Empty: true, Written: in.Written()})
	}
	for _, r := range recs {
		if !yield(r) {
			break
		}
	}
	return errors.Join(errs...)
}

// Summary quotes the path.
func (t TypedPath) Summary() string {
	if t.Empty {
		return "the list is there and empty"
	}
	return fmt.Sprintf("[%s] url%d", t.Path, t.Position)
}
