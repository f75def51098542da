package events

import (
	"encoding/json"
	"strings"
	"time"
	"unsafe"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/evtx"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/internal/jsontext"
)

// An Event is one record of an event log, in the terms of the catalogue. It is
// the record type of all artifacts of this package.
type Event struct {
	artifacts.Origin
	Record
	Kind    *Kind  `json:"-"`                           // nil for events that are not in the catalogue
	Name    string `json:"event,omitempty"`             // of the kind
	Text    string `json:"message,omitempty" extra:"-"` // the sentence of the event, once it is complete
	Written uint64 `json:"-"`                           // FILETIME in the record's own header

	// What rows show beside that, once the event is complete: provider and
	// computer under the names that plaso gives them, and the data as text.
	SourceName   string `json:"-" extra:"source_name"`
	ComputerName string `json:"-" extra:"computer_name"`
	Strings      string `json:"-" extra:"strings"`

	*Script // of a script block in several records, else nil

	logon    uint64 // of the process that the event is about
	state    evtx.State
	borrowed bool
	of       *artifacts.Artifact
	users    *users // of the machine, until the event is complete
	owner    evidence.User
}

// Of returns the record of decoded data that is an event, or nil. Other data
// costs no memory.
func Of(d artifacts.Decoded) *Record {
	if e, ok := d.(Event); ok {
		r := e.Record
		return &r
	}
	return nil
}

// As stores the record of decoded data that is an event in dst, and reports whether it
// is one. Unlike [Of] it allocates nothing.
func As(d artifacts.Decoded, dst *Record) bool {
	e, ok := d.(Event)
	if ok {
		*dst = e.Record
	}
	return ok
}

// FromEVTX returns a record of a log in plain values.
func FromEVTX(r evtx.Record) Record {
	return Record{
		Number: r.ID, ID: uint32(r.EventID()), Version: r.Version(), Level: r.Level(), Keywords: r.Keywords(), Channel: r.Channel(),
		Provider: r.Provider(), Computer: r.Computer(), UserSID: r.UserSID(), ProcessID: r.ProcessID(), ThreadID: r.ThreadID(),
		Activity: r.ActivityID(), Time: r.Time(), Data: r.Pairs(make([]Field, 0, r.Len())),
	}
}

// Pairs are names and values. In JSON they are a list of lists of two texts,
// because order counts and names may repeat.
type Pairs []Field

// MarshalJSON implements [json.Marshaler].
func (p Pairs) MarshalJSON() ([]byte, error) {
	return p.AppendJSON(make([]byte, 0, 64*len(p)+2))
}

// AppendJSON appends what [Pairs.MarshalJSON] returns. Its error is nil.
func (p Pairs) AppendJSON(b []byte) ([]byte, error) {
	b = append(b, '[')
	for i := range p {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsontext.AppendHTML(append(b, '['), p[i].Name)
		b = append(jsontext.AppendHTML(append(b, ','), p[i].Value), ']')
	}
	return append(b, ']'), nil
}

// UnmarshalJSON implements [json.Unmarshaler].
func (p *Pairs) UnmarshalJSON(b []byte) error {
	var list [][2]string
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*p = make(Pairs, len(list))
	for i, f := range list {
		(*p)[i] = Field{Name: f[0], Value: f[1]}
	}
	return nil
}

// maxStrings bounds the text of all data, in bytes.
const maxStrings = 8000

// String returns the pairs as "name: value; value; …", each in one line.
func (p Pairs) String() string {
	var room [1024]byte
	b := room[:0]
	for i := range p {
		f := &p[i]
		if f.Value == "" || f.Value == "-" {
			continue
		}
		if len(b) > 0 {
			b = append(b, "; "...)
		}
		if b = appendField(b, f); len(b) > maxStrings {
			break
		}
	}
	return clip(string(b), maxStrings)
}

// appendField appends "name: value" in one line, the name without the elements
// that it is in.
func appendField(dst []byte, f *Field) []byte {
	if name := f.Name[strings.LastIndexByte(f.Name, '/')+1:]; name != "" {
		dst = append(append(dst, name...), ": "...)
	}
	return appendLine(dst, f.Value)
}

// artifact returns the artifact that the event belongs to.
func (e *Event) artifact() *artifacts.Artifact {
	if e.of == nil {
		e.of = route(e.Channel, e.Provider, e.ID)
	}
	return e.of
}

// starts are the kinds of events that record the start of a program, or that a
// program ran.
func (e *Event) starts() bool {
	if e.Kind == nil {
		return false
	}
	switch e.artifact() {
	case processEvents, crashEvents:
		return true
	case sysmonEvents:
		return e.ID == 1
	case taskEvents:
		return e.ID == 129 || e.ID == 200 || e.ID == 201
	}
	return false
}

// Program returns the program that an event shows to have run.
func (e Event) Program() string {
	if !e.starts() {
		return ""
	}
	list := e.Role(e.Kind, Process)
	for _, marks := range [...]string{`\/`, "."} {
		for _, p := range list {
			if strings.ContainsAny(p, marks) {
				return p
			}
		}
	}
	return ""
}

// Proof returns what the event proves: of tasks and processes only a start proves
// that a program ran.
func (e Event) Proof() artifacts.Proof {
	switch a := e.artifact(); {
	case e.starts():
		return artifacts.Executed
	case a == taskEvents:
		return artifacts.Configured
	default:
		return a.Proves
	}
}

// Summary returns the sentence of the event.
func (e Event) Summary() string {
	if e.Text == "" {
		return e.sentence()
	}
	return e.Text
}

func (e *Event) sentence() string {
	s := e.Message(e.Kind)
	if e.Script != nil {
		s += e.said()
	}
	return s
}

// Complete fills in what a row shows.
func (e Event) Complete() artifacts.Decoded {
	e.Text, e.SourceName, e.ComputerName, e.Strings = e.sentence(), e.Provider, e.Computer, e.Data.String()
	if e.users != nil {
		e.owner, e.users = e.users.user(e.about()), nil
	}
	return e
}

// Restored finds the kind of an event that was read from JSON, and fills in what
// a row shows.
func (e *Event) Restored() {
	var f Finder
	e.Kind = f.Kind(e.Channel, e.Provider, e.ID)
	e.SourceName, e.ComputerName, e.Strings = e.Provider, e.Computer, e.Data.String()
}

// Size estimates the memory that the event needs.
func (e Event) Size() int64 {
	n := int64(unsafe.Sizeof(e)) + int64(len(e.Text)+len(e.Channel)+len(e.Provider)+len(e.Computer)+len(e.UserSID)+len(e.Activity))
	for i := range e.Data {
		n += int64(unsafe.Sizeof(e.Data[i])) + int64(len(e.Data[i].Name)+len(e.Data[i].Value))
	}
	return n
}

// about returns the account that the event is about: who logged on, else who did
// it, else the account of the header, which of most providers is that of the program
// that wrote the event.
func (e *Event) about() Account {
	for _, role := range [...]Role{Target, Actor} {
		if role == Target && e.artifact() != logonEvents && e.artifact() != remoteDesktopEvents {
			continue
		}
		if a := e.Account(e.Kind, role); a.SID != "" || a.Name != "" {
			return a
		}
	}
	if e.Provider == sysmonProvider && e.ID != sysmonConfigured {
		return Account{} // the header names the account of the service that watches
	}
	return Account{SID: e.UserSID}
}

const (
	sysmonProvider   = "Microsoft-Windows-Sysmon"
	sysmonConfigured = 16 // which the program writes that changes the configuration
)

// Owner returns the user that the event is about.
func (e Event) Owner() evidence.User { return e.owner }

// Found returns how the record lies in its log.
func (e Event) Found() (state artifacts.State, note string) {
	switch e.state {
	case evtx.Hidden:
		state, note = artifacts.Hidden, "inside a record that was made larger"
	case evtx.Recovered:
		state, note = artifacts.Recovered, "in no list of records any more"
	case evtx.Partial:
		state, note = artifacts.Partial, "in no list of records any more; its template was overwritten, so that values have no names"
	}
	if e.borrowed {
		note += "; the template was taken from another place"
	}
	return state, note
}

// writtenLater is how far the time in a record's header has to be from that of
// the event to be shown.
const writtenLater = time.Minute

// Events gives the time of writing where it differs from that of the event.
func (e Event) Events() []artifacts.Event {
	w := wire.Time(e.Written)
	if w.IsZero() || !e.Time.IsZero() && w.Sub(e.Time).Abs() <= writtenLater {
		return nil
	}
	return []artifacts.Event{{Time: w, Kind: "Content Modification Time", Message: "Written to the log: " + e.Summary()}}
}
