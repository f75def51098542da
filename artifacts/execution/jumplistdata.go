package execution

import (
	"errors"
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// JumplistData is one program whose use the search bar has noted.
type JumplistData struct {
	artifacts.Origin
	App      string    `json:"app"`
	Path     string    `json:"path,omitempty"`
	LastUsed time.Time `json:"last_used,omitzero" event:"Last Time Executed"`
}

var jumplistData = artifacts.Define(artifacts.Artifact{
	Name:     "jumplistdata",
	Title:    "Search JumplistData",
	DataType: "windows:registry:jumplistdata",
	About: `Windows 10 and 11 search records when a user last used a program that has a jump list. Proves that
this user had the program running at that time. It has one time per program and no count, identifies
many programs by their id instead of their path, and does not list programs without a taskbar entry.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1204.002"},
	Refs:   []string{"https://github.com/keydet89/RegRipper4.0"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Search\JumplistData`),
	},
}, decodeJumplistData)

func decodeJumplistData(in artifacts.Input, yield func(JumplistData) bool) error {

	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		b, err := v.Bytes()
		if err == nil && len(b) != 8 {
			err = fmt.Errorf("%d bytes, a time has 8", len(b))
		}
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
			continue
		}
		if !yield(JumplistData{in.At(v), v.Name(), knownPath(in, v.Name()), wire.TimeAt(b, 0)}) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// Program returns the path where the entry is one.
func (j JumplistData) Program() string { return pathOf(j.Path) }

// Summary names the program.
func (j JumplistData) Summary() string { return fmt.Sprintf("[%s] was used", j.App) }
