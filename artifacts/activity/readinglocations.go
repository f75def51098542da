package activity

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A ReadingLocation is where a user stopped reading one document.
type ReadingLocation struct {
	artifacts.Origin
	Path     string    `json:"path"`
	Program  string    `json:"application"`
	Version  string    `json:"version"`
	Position string    `json:"position,omitempty"`
	Closed   time.Time `json:"closed,omitzero" event:"Last Access Time,local"`
	Written  time.Time `json:"key_written,omitzero"`
}

var readingLocations = artifacts.Define(artifacts.Artifact{
	Name:     "readinglocations",
	Title:    "Word reading location",
	DataType: "windows:registry:office_reading_location",
	About: `The places at which Word 2013 and later offers to continue reading: document, position, and when the
document was closed. Proves that this account had the document open in Word until that minute. The
time is local, without seconds and without its zone; the key's own time is UTC and is that of a later
change as well. Does not prove that the document was read or edited. Documents at their first page are
listed, too. About fifty are kept, newest first.`,
	Proves:  artifacts.Interacted,
	Attack:  []string{"T1204.002", "T1005"},
	Refs:    []string{"https://dfir.pubpub.org/pub/4bhb1bqw"},
	Sources: []artifacts.Source{artifacts.Key(evidence.NTUSER, officeAppKey+`Reading Locations\*`)},
}, func(in artifacts.Input, yield func(ReadingLocation) bool) error {
	if in.Partial() {
		return nil
	}
	r := ReadingLocation{Origin: in.AtKey(), Path: in.Text("File Path"), Program: in.Matched(1), Version: in.Matched(2),
		Position: in.Text("Position"), Written: in.Written()}
	var err error
	if s := in.Text("Datetime"); s != "" {
		if r.Closed, err = time.Parse("2006-01-02T15:04", strings.TrimSpace(s)); err != nil {
			r.Closed, err = time.Time{}, in.Errorf(in.AtKey(), "Datetime %q is no date", s)
		}
	}
	if r.Path != "" {
		yield(r)
	}
	return err
})

// Summary names the document.
func (r ReadingLocation) Summary() string {
	return fmt.Sprintf("[%s] closed in %s %s at %s", r.Path, r.Program, r.Version, r.Position)
}
