package execution

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/srum"
	"github.com/artifactdump/artifactdump/artifacts/internal/databases"
)

// A SRUMOther is a row of a table of SRUDB.dat that is not about the processor, the
// network or a connection.
type SRUMOther struct {
	artifacts.Origin
	databases.SRUMRow
	Table    string    `json:"table"` // GUID
	Name     string    `json:"table_name,omitempty"`
	End      time.Time `json:"end,omitzero"`               // of the timeline's span
	Duration int64     `json:"duration_ms,omitempty"`      // of the timeline
	InFocus  int64     `json:"in_focus_s,omitempty"`       // seconds with the focus
	Keyboard int64     `json:"keyboard_s,omitempty"`       // seconds with keyboard input
	Mouse    int64     `json:"mouse_s,omitempty"`          // seconds with mouse input
	Values   []string  `json:"values,omitempty" extra:"-"` // "name=value"
}

var srumOther = artifacts.Define(artifacts.Artifact{
	Name:     "srumother",
	Title:    "SRUM timeline and other tables",
	DataType: "windows:srum:other",
	About: `The other tables of SRUDB.dat: the timeline of programs (how long each ran, had the focus, and got input), push notifications,
energy, and on servers volumes, disks and processors. A row of the timeline proves that the program ran within the span that ended at End Time,
and whether somebody used keyboard or mouse in it. The other tables show only that a program, or for servers the machine, was accounted for. It
does not prove what was typed. Times are UTC: the end of the period. Most values of the timeline are often missing.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1204.002"},
	Refs: []string{
		"https://github.com/libyal/esedb-kb/blob/main/documentation/System%20Resource%20Usage%20Monitor%20(SRUM).asciidoc",
	},
	Sources: databases.SRUMSources,
}, decodeSRUMOther)

func decodeSRUMOther(in artifacts.Input, yield func(SRUMOther) bool) error {
	db, err := databases.OpenSRUM(in)
	if db == nil {
		return err
	}
	name := db.Extension(srum.TableTimeline)
	for row, err := range db.Timelines() {
		if err != nil {
			continue // in the damage of the database
		}
		r := SRUMOther{Table: srum.TableTimeline, Name: name, End: row.End, Duration: value(row.Duration), InFocus: value(row.InFocus),
			Keyboard: value(row.KeyboardInput), Mouse: value(row.MouseInput)}
		r.SRUMRow, r.Origin = db.Row(row.Row)
		if !yield(r) {
			return nil
		}
	}
	names := map[string]string{}
	for row, err := range db.Others() {
		if err != nil {
			continue
		}
		if _, ok := names[row.Table]; !ok {
			names[row.Table] = db.Extension(row.Table)
		}
		r := SRUMOther{Table: row.Table, Name: names[row.Table]}
		for _, v := range row.Values {
			r.Values = append(r.Values, v.Name+"="+v.Text)
		}
		r.SRUMRow, r.Origin = db.Row(row.Row)
		if !yield(r) {
			return nil
		}
	}
	return db.End()
}

// value returns a number that may be NULL, which counts as 0.
func value(p *int64) int64 {
	if p == nil {
		return 0
	}
	return *p
}

// Proof narrows what tables prove that are not about a program.
func (r SRUMOther) Proof() artifacts.Proof {
	if r.Table == srum.TableTimeline && r.App != "" {
		return artifacts.Executed
	}
	return artifacts.Present
}

// Events gives the end of the span, or else of the period.
func (r SRUMOther) Events() []artifacts.Event {
	t := r.End
	if t.IsZero() {
		t = r.Time
	}
	if t.IsZero() {
		return nil
	}
	return []artifacts.Event{{Time: t, Kind: "End Time"}}
}

// Summary shows the values.
func (r SRUMOther) Summary() string {
	s := r.Who() + " " + r.Name
	if r.Name == "" {
		s = r.Who() + " table " + r.Table
	}
	if r.Table == srum.TableTimeline {
		return s + fmt.Sprintf(": %d ms, %d s in focus, keyboard %d s, mouse %d s", r.Duration, r.InFocus, r.Keyboard, r.Mouse)
	}
	return s + ": " + strings.Join(r.Values, " ")
}
