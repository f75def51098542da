// Package output writes events and records in the formats that analysts'
// tools read. Each format is one file; [Formats] lists them.
//
// All times are UTC. The order of events is the caller's: writers stream and
// hold no timeline in memory.
package output

import (
	"io"

	"github.com/artifactdump/artifactdump/artifacts"
)

// An EventWriter writes a timeline, one event after the other. Close writes
// what is left; it does not close the writer below.
type EventWriter interface {
	Event(*artifacts.Event) error
	Close() error
}

// A RecordWriter writes typed records.
type RecordWriter interface {
	Record(*artifacts.Record) error
	Close() error
}

// A Format is one way to write events, records or both.
type Format struct {
	Name    string // on the command line
	Ext     string // of a file in this format, with the dot
	About   string
	Events  func(io.Writer) EventWriter
	Records func(io.Writer) RecordWriter
}

// Formats lists the formats that stream to any writer, the default first.
func Formats() []Format {
	return []Format{
		{"text", ".txt", "for reading on a terminal", newTextEvents, newTextRecords},
		{"lines", ".txt", "one line for each record", nil, newLineRecords},
		{"jsonl", ".jsonl", "JSON lines, one object per event or record", newJSONEvents, newJSONRecords},
		{"csv", ".csv", "comma-separated values with a header, RFC 4180", newCSVEvents, newCSVRecords},
	}
}

// Lookup returns the format with this name.
func Lookup(name string) (Format, bool) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}
