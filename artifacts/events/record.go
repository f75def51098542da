package events

import (
	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/evtx"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// An Event is one record of an event log, in the terms of the catalogue. It is
// the record type of all artifacts of this package.
type Event struct {
	artifacts.Origin
	Record
	Kind *Kind  `json:"-"`                 // nil for events that are not in the catalogue
	Name string `json:"event,omitempty"`   // of the kind
	Text string `json:"message,omitempty"` // what the event says, in one sentence
}

// FromEVTX returns a record of a log in plain values.
func FromEVTX(r evtx.Record) Record {
	e := r.Event()
	return Record{
		Number: e.RecordID, ID: uint32(e.EventID), Version: e.Version, Level: e.Level, Channel: e.Channel, Provider: e.Provider,
		Computer: e.Computer, UserSID: e.UserSID, ProcessID: e.ProcessID, ThreadID: e.ThreadID, Activity: e.ActivityID,
		Time: wire.Time(e.Created), Data: e.Data,
	}
}

// Summary returns the sentence of the event.
func (e Event) Summary() string { return e.Text }
