package activity

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// OfficeDocument is one document or folder of an Office program's list.
type OfficeDocument struct {
	artifacts.Origin
	Path        string    `json:"path"`
	Application string    `json:"application"`
	Version     string    `json:"version"`
	Identity    string    `json:"identity,omitempty"` // the account that was signed in to Office
	Place       bool      `json:"place,omitempty"`    // a folder
	Position    int       `json:"mru_position,omitempty"`
	Opened      time.Time `json:"last_opened,omitzero" event:"Last Access Time"`
}

const officeAppKey = `Software\Microsoft\Office\*\*\`

var officeMRU = artifacts.Define(artifacts.Artifact{
	Name:     "officemru",
	Title:    "Recent Office documents",
	DataType: "windows:registry:office_mru",
	About: `Documents and folders that a user opened with Word, Excel, PowerPoint and the other programs of
Office, newest first, for each account that was signed in. Proves that this account opened or saved
the document, from the path or address shown, and when last: each entry has its own time (UTC) since
Office 2007. It does not prove that macros ran. Documents opened from other programs or in Protected
View may not be listed.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1204.002"},
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/application-keys/Microsoft-Office.md",
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/officemru.py",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, officeAppKey+"File MRU"),
		artifacts.Key(evidence.NTUSER, officeAppKey+"Place MRU"),
		artifacts.Key(evidence.NTUSER, officeAppKey+`User MRU\*\File MRU`),
		artifacts.Key(evidence.NTUSER, officeAppKey+`User MRU\*\Place MRU`),
		artifacts.Key(evidence.NTUSER, officeAppKey+"Recent Files"),
	},
}, decodeOfficeMRU)

func decodeOfficeMRU(in artifacts.Input, yield func(OfficeDocument) bool) error {
	if len(in.Match) < 2 {
		return nil
	}

	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		n, ok := userNumbered(v.Name(), "Item ")
		if !ok {
			if n, ok = userNumbered(v.Name(), "File"); !ok { // Office 2003 and older
				continue
			}
		}
		s, err := v.Text()
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
		}
		d := OfficeDocument{Origin: in.At(v), Version: in.Match[0], Application: in.Match[1], Position: n,
			Place: strings.HasSuffix(in.Source.Key, "Place MRU")}
		if len(in.Match) > 2 {
			d.Identity = in.Match[2]
		}
		d.Path, d.Opened, err = officeItem(s)
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
		}
		if !yield(d) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// officeItem takes an entry apart: "[F00000000][T01D8…][O00000000]*path". The
// number behind T is a FILETIME in hex. Entries of old versions are a path alone.
func officeItem(s string) (path string, at time.Time, err error) {
	if !strings.HasPrefix(s, "[") {
		return s, at, nil
	}
	head, path, ok := strings.Cut(s, "*")
	if !ok {
		return s, at, fmt.Errorf("entry %q has no *", s[:min(len(s), 60)])
	}
	_, rest, ok := strings.Cut(head, "[T")
	if !ok {
		return path, at, nil
	}
	digits, _, _ := strings.Cut(rest, "]")
	n, perr := strconv.ParseUint(digits, 16, 64)
	if perr != nil {
		return path, at, fmt.Errorf("time %q is no number in hex", digits)
	}
	return path, wire.Time(n), nil
}

// Summary names program and document.
func (d OfficeDocument) Summary() string {
	return fmt.Sprintf("[%s] %s %s", d.Path, d.Application, d.Version)
}
