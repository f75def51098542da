package artifacts

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// An Event is one time with one meaning.
type Event struct {
	ID      string
	Time    time.Time
	Kind    string // what the time means: "Last Time Executed"
	Message string
	Proof   Proof
	// DataType overrides the artifact's for this event.
	DataType string
	// Local is set where the source keeps local time without a zone: Time
	// then holds the digits as written, and they are not UTC.
	Local bool
	// Zone says how a local time became UTC: "local, inferred −05:00". It is ""
	// for times that are stored as UTC, and for those that are Local.
	Zone string
	// Estimate is set where the time is derived, not stored.
	Estimate bool
	Extra    []Field // what only this event knows

	Record *Record
}

// A Field is one named value of a record.
type Field struct{ Name, Value string }

// An eventField is one time.Time field of a record type with an event tag.
type eventField struct {
	index []int
	kind  string
	local bool
}

var timeType = reflect.TypeFor[time.Time]()

// eventFields finds the fields of a record type that are events: time.Time
// with a tag `event:"what the time means"`. A second word after a comma says
// that the source keeps local time: `event:"Last Time Executed,local"`.
func eventFields(t reflect.Type) []eventField {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var out []eventField
	for _, f := range reflect.VisibleFields(t) {
		tag, ok := f.Tag.Lookup("event")
		if !ok || f.Type != timeType {
			continue
		}
		kind, opt, _ := strings.Cut(tag, ",")
		out = append(out, eventField{f.Index, kind, opt == "local"})
	}
	return out
}

// Times returns the times of the record with what each of them means, and
// without what rows show beside: ids and messages. Those of the fields have no
// data type and no proof either.
func (r *Record) Times() []Event {
	var out []Event
	v := reflect.Indirect(reflect.ValueOf(r.Data))
	for _, f := range r.Artifact.plan {
		t := v.FieldByIndex(f.index).Interface().(time.Time)
		if !t.IsZero() {
			out = append(out, Event{Time: t, Kind: f.kind, Local: f.local})
		}
	}
	if e, ok := r.Data.(Eventer); ok {
		out = append(out, e.Events()...)
	}
	return out
}

// Events returns the events of the record, in the order of its fields.
func (r *Record) Events() []Event {
	out := r.Times()
	message := ""
	var filetime [20]byte // its text stays on the stack
	seen := make(map[string]int, len(out))
	for i := range out {
		e := &out[i]
		e.Record = r
		if e.DataType == "" {
			e.DataType = r.Artifact.DataType
		}
		if e.Proof == "" {
			e.Proof = r.Proof()
		}
		if e.Message == "" {
			if message == "" {
				message = r.Artifact.Title + " " + r.Summary()
			}
			e.Message = message
		}
		e.ID = id(r.ID, e.Kind, string(strconv.AppendInt(filetime[:0], wire.FileTime(e.Time), 10)))
		// Two equal times of one kind in one record are two events.
		if n := seen[e.ID]; n > 0 {
			e.ID = id(e.ID, strconv.Itoa(n))
		}
		seen[e.ID]++
		if e.Local && r.zone.Known() {
			e.Time, e.Zone = r.zone.UTC(e.Time)
			e.Local = false
		}
	}
	return out
}

// Compare orders events as timelines are: by time, host, data type, source
// file and message, and by id where all of these agree.
func (e *Event) Compare(o *Event) int {
	return cmp.Or(
		e.Time.Compare(o.Time),
		cmp.Compare(e.Record.Host, o.Record.Host),
		cmp.Compare(e.DataType, o.DataType),
		cmp.Compare(e.Record.From.Path, o.Record.From.Path),
		cmp.Compare(e.Message, o.Message),
		cmp.Compare(e.ID, o.ID),
	)
}

// Path returns the program that the event is about in the spelling that all
// sources share (see [winpath.Key]), or "".
func (e *Event) Path() string {
	p := e.Record.Program()
	if p == "" {
		return ""
	}
	return winpath.Key(p)
}

// id hashes the parts to 16 hex digits: enough that among ten million events
// two with the same id have a chance of three in a million.
func id(parts ...string) string {
	var room [512]byte
	b := room[:0]
	for _, p := range parts {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	sum := sha256.Sum256(b)
	var text [16]byte
	hex.Encode(text[:], sum[:8])
	return string(text[:])
}

// recordID is stable for the same evidence: it does not depend on where the
// evidence lies, on the host's name or on the order of work.
//
// A record that knows its identity has the same id when fewer records of its
// source are decoded.
// path is that of the source in lower case.
func recordID(a *Artifact, from *Locator, path string, n int, d Decoded) string {
	if x, ok := d.(Identifier); ok {
		return id(a.Name, path, from.Snapshot, x.Identity())
	}
	var offset, number [20]byte // their texts stay on the stack
	return id(a.Name, path, from.Snapshot, from.Key, from.Value, string(strconv.AppendInt(offset[:0], from.Offset, 10)),
		string(from.State), string(strconv.AppendInt(number[:0], int64(n), 10)))
}

// Fields returns the plain fields of a record (texts, numbers, booleans) under
// their JSON names, in the order of the type: what a row of a timeline can
// show beside its message. Times are left out, lists of texts are joined when
// they are short. A field tagged `extra:"-"` is not for rows, one tagged
// `extra:"name"` has that name there. Empty ones are there with an empty value.
func Fields(data any) []Field { return AppendFields(nil, data) }

// AppendFields appends what [Fields] returns.
func AppendFields(to []Field, data any) []Field {
	v := reflect.Indirect(reflect.ValueOf(data))
	if v.Kind() != reflect.Struct {
		return to
	}
	plan := shownFields(v.Type())
	out := slices.Grow(to, len(plan))
	for _, f := range plan {
		name := f.name
		fv, err := v.FieldByIndexErr(f.index)
		if err != nil {
			continue
		}
		switch fv.Kind() {
		case reflect.String:
			out = append(out, Field{name, fv.String()})
		case reflect.Bool:
			s := ""
			if fv.Bool() {
				s = "true"
			}
			out = append(out, Field{name, s})
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
			out = append(out, Field{name, number(fv.Int() == 0, strconv.FormatInt(fv.Int(), 10))})
		case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			out = append(out, Field{name, number(fv.Uint() == 0, strconv.FormatUint(fv.Uint(), 10))})
		case reflect.Slice:
			if fv.Type().Elem().Kind() == reflect.String && fv.Len() > 0 && fv.Len() <= 16 {
				out = append(out, Field{name, strings.Join(fv.Interface().([]string), "; ")})
			}
		}
	}
	return out
}

// A shownField is a field of a record type that [Fields] returns.
type shownField struct {
	name  string
	index []int
}

// shownPlans keeps what shownFields found for each type: a timeline asks for
// each of its rows, and there are no more types than artifacts.
var shownPlans sync.Map

func shownFields(t reflect.Type) []shownField {
	if plan, ok := shownPlans.Load(t); ok {
		return plan.([]shownField)
	}
	var plan []shownField
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if x := f.Tag.Get("extra"); x != "" {
			name = x
		}
		if name == "-" {
			continue
		}
		plan = append(plan, shownField{cmp.Or(name, f.Name), f.Index})
	}
	shownPlans.Store(t, plan)
	return plan
}

func number(zero bool, s string) string {
	if zero {
		return ""
	}
	return s
}

// A DecodeError is one part of one source that could not be decoded.
type DecodeError struct {
	Artifact string
	From     Locator
	Err      error
}

func (e *DecodeError) Error() string {
	s := e.Artifact
	if p := e.From.place(); p != "" {
		s += ": " + p
	}
	if e.From.Key != "" {
		s += " " + e.From.Key
	}
	if e.From.Value != "" {
		s += " value " + strconv.Quote(e.From.Value)
	}
	if e.From.Offset != 0 {
		s += fmt.Sprintf(" at offset %#x", e.From.Offset)
	}
	return s + ": " + e.Err.Error()
}

// place is the path, behind the name of the older copy that it lies in.
func (l *Locator) place() string { return strings.TrimSpace(l.Snapshot + " " + l.Path) }

func (e *DecodeError) Unwrap() error { return e.Err }
