package evtx

import (
	"iter"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A State says how a record lies in its file.
type State uint8

const (
	Allocated State = iota // in the chunk's list of records
	Hidden                 // in the rest of a record that was made larger: the log was edited
	Recovered              // whole, but in no list any more
	Partial                // recovered without all of its templates or names
)

var states = [...]string{"allocated", "hidden", "recovered", "partial"}

func (s State) String() string {
	if int(s) < len(states) {
		return states[s]
	}
	return "invalid"
}

// A Record is one event. What is asked of it is read from the decoder's buffer:
// a Record is valid until the iteration that gave it continues. [Record.Event]
// returns what may be kept.
type Record struct {
	ID          uint64 // in the record's header
	Written     uint64 // FILETIME in the record's header
	Offset      int64  // in the file
	Size        int
	Chunk       int // index of the chunk in the file, from 0
	ChunkOffset int // of the record in its chunk
	State       State
	Borrowed    bool // a template that was overwritten was taken from another place

	d *Decoder
}

// Created returns the FILETIME of TimeCreated: when the provider made the event.
// It is 0 when the event has none.
func (r Record) Created() uint64 {
	ft, _ := r.slot(slotCreated).FileTime()
	return ft
}

// Time returns [Record.Created] as a time.
func (r Record) Time() time.Time { return wire.Time(r.Created()) }

// WrittenTime returns r.Written as a time.
func (r Record) WrittenTime() time.Time { return wire.Time(r.Written) }

// EventID returns the 16-bit identifier of the event.
func (r Record) EventID() uint16 { return uint16(r.number(slotEventID)) }

// Qualifiers returns the upper half of the identifier of a classic event.
func (r Record) Qualifiers() uint16 { return uint16(r.number(slotQualifiers)) }

// Version returns the version of the event's template.
func (r Record) Version() uint8 { return uint8(r.number(slotVersion)) }

// Level returns the level: 1 critical, 2 error, 3 warning, 4 information, 5
// verbose, 0 always logged.
func (r Record) Level() uint8 { return uint8(r.number(slotLevel)) }

// Task returns the number of the provider's task.
func (r Record) Task() uint16 { return uint16(r.number(slotTask)) }

// Opcode returns the operation code.
func (r Record) Opcode() uint8 { return uint8(r.number(slotOpcode)) }

// Keywords returns the bits of the event's keywords.
func (r Record) Keywords() uint64 { return r.number(slotKeywords) }

// RecordID returns the EventRecordID of System, which forwarded events keep
// from the log they come from.
func (r Record) RecordID() uint64 { return r.number(slotRecordID) }

// ProcessID returns the process that wrote the event.
func (r Record) ProcessID() uint32 { return uint32(r.number(slotProcess)) }

// ThreadID returns the thread that wrote the event.
func (r Record) ThreadID() uint32 { return uint32(r.number(slotThread)) }

// Provider returns the name of the provider.
func (r Record) Provider() string { return r.common(slotProvider) }

// ProviderGUID returns the GUID of the provider in braces, or "".
func (r Record) ProviderGUID() string { return r.common(slotGUID) }

// EventSource returns the name of the event source of a classic provider.
func (r Record) EventSource() string { return r.common(slotSource) }

// Channel returns the name of the log.
func (r Record) Channel() string { return r.common(slotChannel) }

// Computer returns the name of the machine that made the event.
func (r Record) Computer() string { return r.common(slotComputer) }

// UserSID returns the SID of the user, or "".
func (r Record) UserSID() string { return r.common(slotUser) }

// ActivityID returns the GUID of the activity in braces, or "".
func (r Record) ActivityID() string { return r.slot(slotActivity).String() }

// RelatedActivityID returns the GUID of the related activity in braces, or "".
func (r Record) RelatedActivityID() string { return r.slot(slotRelated).String() }

// Len returns the number of pairs.
func (r Record) Len() int {
	if r.d == nil {
		return 0
	}
	return len(r.d.pairs)
}

// At returns pair i.
func (r Record) At(i int) (name string, v Value) {
	p := &r.d.pairs[i]
	return r.d.texts[p.name], r.d.value(p.v)
}

// Data iterates over the pairs of the event in the order of the document. Names
// may repeat, and those of classic events are empty.
func (r Record) Data() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		d := r.d
		for i := range r.Len() {
			p := &d.pairs[i]
			if !yield(d.texts[p.name], d.value(p.v)) {
				return
			}
		}
	}
}

func (r Record) slot(s slot) Value {
	if r.d == nil {
		return Value{}
	}
	return r.d.value(r.d.slots[s])
}

func (r Record) number(s slot) uint64 {
	n, _ := r.slot(s).Uint()
	return n
}

// common returns a text that many records share. The decoder keeps it.
func (r Record) common(s slot) string {
	d := r.d
	v := r.slot(s)
	if v.Type == Null {
		return ""
	}
	if len(v.Data) > maxInternedKey {
		return v.String()
	}
	d.key = v.Append(d.key[:0])
	if id, ok := d.ids[string(d.key)]; ok {
		return d.texts[id]
	}
	if d.interned > maxInterned {
		return string(d.key)
	}
	return d.texts[d.keep(d.key)]
}
