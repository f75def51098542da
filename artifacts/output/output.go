// Package output writes events and records in the formats that analysts'
// tools read. Each format is one file; [Formats] lists them. Formats that need
// a library of their own have a package below this one.
//
// All times are UTC. Writers stream: none holds a timeline in memory. Their
// order is the caller's; a [Sorter] makes it within a fixed amount of memory.
package output

import (
	"io"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// An EventWriter writes a timeline, one event after the other. Close writes
// what is left; it does not close the writer below.
type EventWriter interface {
	Event(*Row) error
	Close() error
}

// A RecordWriter writes typed records.
type RecordWriter interface {
	Record(*artifacts.Record) error
	Close() error
}

// A Noter is a writer that has something to say when it is closed: events that
// the format cannot hold, a file that its reader will refuse.
type Noter interface{ Notes() []string }

// A Failer is a writer of records that has a row for a source that could not be
// read at all.
type Failer interface {
	Failed(*artifacts.DecodeError) error
}

// Options change what writers write. The zero value, and nil, mean the
// defaults.
type Options struct {
	BOM     bool // a byte order mark before CSV, for spreadsheets
	CSVSafe bool // an apostrophe before cells that a spreadsheet would calculate

	// For text on a terminal: All shows the rows that are folded otherwise, Color
	// marks levels, Several gives the machine a column, and EventRows says that
	// records of event logs are rows, so that the headers of the logs are folded.
	All, Color, Several, EventRows bool

	// BodyfileZero writes 0 for a time that is not set, as plaso wants it,
	// instead of the -1 that mactime wants.
	BodyfileZero bool

	Created time.Time // when the program ran, for formats that keep it
	Version string    // of the program
	RunID   string    // names the run

	// Times describes what the evidence keeps of a record's source file.
	Times func(*artifacts.Record) evidence.Times
	// Case describes what a file with several tables holds beside the timeline. It
	// is asked when the writer is closed, and by a [Table].
	Case func() *Case
	// MachineGUID tells the machine GUID of a host, or "" where it is not known, for
	// formats that name the machine in each event.
	MachineGUID func(host string) string
	// Values tells the texts of all values of the key that a record was read
	// from, by name.
	Values func(*artifacts.Record) map[string]string
}

// A Case is what is known beside the timeline.
type Case struct {
	Machines []Machine
	Files    []File
	Findings []Finding
}

// A Machine is one machine of a case.
type Machine struct {
	Name, OS, Build, TimeZone, MachineGUID string
	Input                                  string // the evidence it was read from
	SystemRoot                             string
	Bias                                   int // minutes, UTC = local + bias; means something where TimeZone is set
}

// A File is one source that was examined.
type File struct {
	Host, Path, Snapshot string
	Size                 int64
	SHA256               string
	Modified             time.Time // of the machine's own file, zero where the evidence did not keep it
	Parser               string
	Status               string // ok, partial, failed, skipped
	Error                string
	Offset               int64 // of the first error
	Records, Events      int
}

// A Finding is one line of the evaluation.
type Finding struct {
	ID, Host, RuleID, Level, Title, Subject, Why, FalsePositives string
	Techniques                                                   []string
	Tactics                                                      []string // of the techniques, short names: "persistence"
	First, Last                                                  time.Time
	Count                                                        int
	Evidence                                                     []string // ids of events
}

// TheCase returns what [Options.Case] tells, an empty case without it.
func (o *Options) TheCase() *Case {
	if o == nil || o.Case == nil {
		return &Case{}
	}
	return o.Case()
}

var defaults = &Options{}

func (o *Options) orDefault() *Options {
	if o == nil {
		return defaults
	}
	return o
}

// A Format is one way to write events, records or both.
type Format struct {
	Name    string // on the command line
	Ext     string // of a file in this format, with the dot
	About   string
	Events  func(io.Writer, *Options) EventWriter
	Records func(io.Writer, *Options) RecordWriter
	// EventFiles writes a timeline into several files.
	EventFiles func(create func(name string) (io.Writer, error), o *Options) EventWriter
	// File writes a timeline into a file that it opens itself, where a stream
	// does not do.
	File func(path string, o *Options) (EventWriter, error)
	// Files writes records into several files; create opens each by its name.
	Files func(create func(name string) (io.Writer, error), o *Options) RecordWriter
	// Tables are what the format writes beside the timeline, each into a file of
	// its own with the ending Ext.
	Tables []Table
}

// A Table is one table of what [Options.Case] tells. Write returns how many
// rows it wrote.
type Table struct {
	Name  string
	File  string // in a case, "" for a folder by machine below Name
	Write func(io.Writer, *Options) (rows int, err error)
}

// Formats lists the formats that need nothing but this package, the default
// first.
func Formats() []Format {
	return []Format{
		{Name: "text", Ext: ".txt", About: "for reading on a terminal", Events: newTextEvents, Records: newTextRecords},
		{Name: "lines", Ext: ".txt", About: "one line for each record", Records: newLineRecords},
		{Name: "jsonl", Ext: ".jsonl", About: "JSON lines, one object per event or record", Events: newJSONEvents, Records: newJSONRecords},
		{Name: "csv", Ext: ".csv", About: "comma-separated values with a header, RFC 4180", Events: newCSVEvents, Records: newCSVRecords},
		{Name: "timesketch", Ext: ".timesketch.jsonl", About: "JSON lines as Timesketch imports them", Events: newTimesketch},
		{Name: "timesketch-csv", Ext: ".timesketch.csv", About: "CSV as Timesketch imports it", Events: newTimesketchCSV},
		{Name: "bodyfile", Ext: ".body", About: "body file of The Sleuth Kit 3, for mactime", Events: newBodyfile, Records: newFileBody},
		{Name: "l2tcsv", Ext: ".l2t.csv", About: "the 17 columns of log2timeline, whole seconds", Events: newL2TCSV},
		{Name: "tln", Ext: ".tln", About: "five columns as RegRipper writes them, whole seconds", Events: newTLN},
		{Name: "ecs", Ext: ".ndjson", About: "bulk requests for Elasticsearch and OpenSearch in the Elastic Common Schema",
			Events: newECS, EventFiles: newECSFiles,
			Tables: []Table{{Name: "alerts", File: "ecs/alerts.ndjson", Write: writeECSAlerts}}},
		{Name: "xlsx", Ext: ".xlsx", About: "a workbook for Excel and LibreOffice", Events: newXLSX},
		{Name: "pecmd", About: "CSV pair as PECmd writes it, of Prefetch records", Files: newPECmd},
		{Name: "appcompatcacheparser", About: "CSV as AppCompatCacheParser writes it, of shimcache records",
			Files: newAppCompatCacheParser},
		{Name: "amcacheparser", About: "CSV files as AmcacheParser writes them, of Amcache records", Files: newAmcacheParser},
		{Name: "evtxecmd", About: "CSV as EvtxECmd writes it, of records of event logs", Files: newEvtxECmd},
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
