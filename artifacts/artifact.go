package artifacts

import (
	"reflect"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
)

// A Proof is what a record shows about a program, and no more.
type Proof string

// What a record can prove, from strong to weak.
const (
	Executed   Proof = "executed"   // the program ran
	Interacted Proof = "interacted" // a user did something with it
	Present    Proof = "present"    // the file was there
	Configured Proof = "configured" // a setting names it
)

// An Artifact is one kind of trace that Windows leaves: where it lies, what it
// proves and what it does not, and how it is decoded. Each is declared in one
// file, together with its record type and its decoder.
type Artifact struct {
	Name     string // the short name on the command line
	Title    string
	Group    string // heading of the catalogue, set by [Chapter]
	About    string // what it proves, what it does not, what each time means
	Proves   Proof
	DataType string   // kind of its events in timelines: "windows:prefetch:execution"
	Attack   []string // ATT&CK technique ids that the trace can show
	Refs     []string // public documents about the format or its meaning
	Sources  []Source
	Beside   []string                 // patterns of further files that the decoder reads; a collection takes them too
	Indexes  func(folder string) bool // whether the decoder reads the NTFS index of a folder, \windows\temp; nil for none

	// First, if there is one, is called for a file with random access before the run
	// hashes it and calls the decoder. A decoder that reads the file from beginning to
	// end reads it there, with [Input.Hashing], and finds with [Input.Once] what it made
	// of it.
	First func(Input)

	// OnHive, if there is one, is called for each live hive that the run opens, before
	// other work on it. What it keeps of the hive with [Input.Once] is there for a
	// decoder of another file, for which the hive need not be opened again.
	OnHive func(Input)

	// Named finds further sources that settings of the machine name, such as the
	// folder of a log; nil for none. Of loose files it is not asked.
	Named func(*evidence.Tree) []Source

	// BesideNamed finds further patterns of Beside that settings of the machine name;
	// nil for none.
	BesideNamed func(*evidence.Tree) []string

	record reflect.Type
	plan   []eventField // which fields of the record are times, and what they mean
	decode func(Input, func(Decoded) bool) error
	family *family // that the artifact is decoded with
}

// SourcesIn returns the sources of the artifact on a machine: its own, then those
// that the machine's settings name.
func (a *Artifact) SourcesIn(tree *evidence.Tree) []Source {
	if a.Named == nil || tree.Loose() {
		return a.Sources
	}
	return slices.Concat(a.Sources, a.Named(tree))
}

// A Decoded is one record of some artifact's own type. Every record type
// embeds [Origin], which makes it one.
type Decoded interface{ origin() Origin }

// Record returns the zero value of the artifact's record type, the dynamic
// type of [Record.Data] of all its records.
func (a *Artifact) Record() any { return reflect.Zero(a.record).Interface() }

// Define makes an artifact of its declaration and its decoder. T is the record
// type, a struct that embeds [Origin].
//
// The decoder is called once for each file or key that the sources match, from
// several goroutines at a time. It passes each record to yield. After yield has
// returned false no more records are wanted, and the decoder's error is not
// read. The error names what could not be decoded; the records stand. Several
// errors are joined with [errors.Join].
func Define[T Decoded](a Artifact, decode func(in Input, yield func(T) bool) error) *Artifact {
	a.record = reflect.TypeFor[T]()
	a.plan = eventFields(a.record)
	a.decode = func(in Input, yield func(Decoded) bool) error {
		return decode(in, func(rec T) bool { return yield(rec) })
	}
	return &a
}

// Chapter puts artifacts under a heading of the catalogue and returns them.
func Chapter(title string, list ...*Artifact) []*Artifact {
	for _, a := range list {
		a.Group = title
	}
	return list
}

// A Source is a place where an artifact lives: files, or keys of a hive.
type Source struct {
	Glob string // Windows path pattern, see evidence.Tree.Glob
	Hive evidence.Kind
	Key  string // key path below the hive's root; `*` stands for one key, {CS} for the control set

	// Signature is what a file of this source begins with. Among loose
	// files it takes the place of the path.
	Signature collect.Signature

	// Access is how the decoder reads the file.
	Access Access
}

// An Access is a way to read a file.
type Access int

// The ways to read a file.
const (
	Whole    Access = iota // [Input.Data] holds the file
	Streamed               // [Input.Stream] reads it from its beginning
	Random                 // [Input.Random] reads any part of it
)

// Files is a source of whole files, none larger than [Options.MaxWhole].
func Files(glob string) Source { return Source{Glob: glob} }

// LargeFiles is a source of files that are not held in memory: the decoder
// reads each once from its beginning.
func LargeFiles(glob string) Source { return Source{Glob: glob, Access: Streamed} }

// RandomFiles is a source of files that may be too large for memory and that
// are not read from beginning to end: databases, event logs, the file table.
func RandomFiles(glob string) Source { return Source{Glob: glob, Access: Random} }

// SignedFiles is a source of whole files that show by their first bytes what
// they are.
func SignedFiles(glob string, kind collect.Signature) Source {
	return Source{Glob: glob, Signature: kind}
}

// SignedLarge is a source of files as those of LargeFiles that show by their first bytes,
// or by their name, what they are.
func SignedLarge(glob string, kind collect.Signature) Source {
	return Source{Glob: glob, Signature: kind, Access: Streamed}
}

// Key is a source of registry keys: the decoder is called once for each key
// that the path matches. A `*` in a component stands for any part of one
// key's name, {CS} for each control set. The 32-bit view (Wow6432Node) of a
// SOFTWARE or NTUSER path is read too, and marked.
func Key(kind evidence.Kind, path string) Source { return Source{Hive: kind, Key: path} }

// SignedRandom is a source of files with random access that show by their first
// bytes what kind of container they are. Of a heap of loose files the decoder is
// given every file of that kind, and yields nothing for those of others.
func SignedRandom(glob string, kind collect.Signature) Source {
	return Source{Glob: glob, Signature: kind, Access: Random}
}

// String spells the source for people.
func (s Source) String() string {
	if s.Glob != "" {
		return s.Glob
	}
	return string(s.Hive) + ": " + s.Key
}

// A State says where in its file a record was found.
type State string

// The states of a record.
const (
	Live    State = "live"
	Log     State = "log"     // only a transaction log holds it
	Deleted State = "deleted" // recovered from free space
	Backup  State = "backup"  // an older copy: RegBack, a shadow copy, Windows.old

	// Unreachable is the state of a record that was not deleted but that the damaged tree of its hive does not lead to.
	Unreachable State = "unreachable"

	// The states of a record of an event log that is in no list of records.
	Hidden    State = "hidden"    // inside a record that was made larger: the log was edited
	Recovered State = "recovered" // overwritten in the list, and still whole
	Partial   State = "partial"   // recovered, without all of its names
)

// Recovered reports whether the record was found outside the tree of its hive or the lists of its log: what belongs to it may be missing.
func (s State) Recovered() bool {
	return s == Deleted || s == Unreachable || s == Hidden || s == Recovered || s == Partial
}

// A Locator leads from a record back to its bytes.
type Locator struct {
	Path     string `json:"source_file"`
	SHA256   string `json:"source_sha256,omitempty"`
	Snapshot string `json:"snapshot,omitempty"`
	Key      string `json:"key_path,omitempty"`
	Value    string `json:"value_name,omitempty"`
	Offset   int64  `json:"offset"`
	State    State  `json:"state"`
	Note     string `json:"state_note,omitempty"` // how a deleted record was found, and how sure its path is
}

// Copy reports whether the record comes from an older copy of the machine
// (RegBack, Windows.old, a shadow copy), deleted or not.
func (l *Locator) Copy() bool { return l.State == Backup || l.Snapshot != "" }

// An Origin is the place inside the source that a record was read from. It is
// embedded in every record type; [Input.At] and its siblings make it.
type Origin struct {
	key, value string
	named      bool // a value is meant, be it the nameless one
	offset     int64
	state      State // other than the source's, or ""
	note       string
	file, sum  string // another file than the source's, and its SHA-256
}

// As returns the origin of a record that is in another state than its source: a
// deleted row of a live database. In an older copy it stays one.
func (o Origin) As(state State, note string) Origin {
	o.state, o.note = state, note
	return o
}

func (o Origin) origin() Origin { return o }

// In returns the origin of a record that was read from a file beside the source:
// the log of a database. path is spelled as Windows does; sum is its SHA-256 in
// hexadecimal, or "".
func (o Origin) In(path, sum string) Origin {
	o.file, o.sum = path, sum
	return o
}

// Position returns the offset in the file.
func (o Origin) Position() int64 { return o.offset }

// A Record is one decoded trace with the way back to its bytes.
type Record struct {
	ID       string
	Artifact *Artifact
	Host     string
	User     evidence.User
	From     Locator
	Data     Decoded // a value of the artifact's own record type, see [Artifact.Record] and [As]
	View32   bool    // read through the 32-bit view of the registry

	// Quiet is set for a record that rules and analyses see and that is not
	// shown: see [Options.Quiet].
	Quiet bool

	// Aside is set for a record that is only there because all were asked for: it is
	// written, and neither shown nor judged. See [Options.AllOf].
	Aside bool

	zone *Zone // of the machine
}

// As returns the data of a record as a T: the record type of an artifact, or an
// interface that several of them have.
func As[T any](r *Record) (T, bool) {
	data, ok := r.Data.(T)
	return data, ok
}

// Optional methods of a record type. What a record does not say itself follows
// from its fields and its artifact.
type (
	// A Summarizer tells in one line what the record says. The artifact's
	// title stands before it in messages.
	Summarizer interface{ Summary() string }
	// A Programmer names the program that the record is about, as written.
	Programmer interface{ Program() string }
	// A Prover narrows or widens what the artifact proves in general.
	Prover interface{ Proof() Proof }
	// A Tagger adds marks such as "seeded".
	Tagger interface{ Tags() []string }
	// An Identifier says what no other record of its source says: its id does
	// not depend on which records are decoded.
	Identifier interface{ Identity() string }
	// An Eventer gives times that are no plain fields of the record.
	Eventer interface{ Events() []Event }
	// A Finder says how a record was found, where that is not the state of its
	// source: "" means that it is. The note explains the state.
	Finder interface {
		Found() (state State, note string)
	}
	// A Distinct record of a hive repeats none: the run does not compare it with
	// the others, which costs memory for each.
	Distinct interface{ Distinct() }
	// A Completer fills in what only a shown record needs, and returns the
	// result. It is asked for records that are not quiet.
	Completer interface{ Complete() Decoded }
)

// Summary returns the record in one line.
func (r Record) Summary() string {
	if s, ok := r.Data.(Summarizer); ok {
		return s.Summary()
	}
	var parts []string
	for _, f := range Fields(r.Data) {
		if f.Value != "" {
			parts = append(parts, f.Name+": "+f.Value)
		}
	}
	return strings.Join(parts, " ")
}

// Program returns the path or name of the program that the record is about,
// as the record spells it, or "".
func (r Record) Program() string {
	if p, ok := r.Data.(Programmer); ok {
		return p.Program()
	}
	return ""
}

// Proof returns what the record proves.
func (r Record) Proof() Proof {
	if p, ok := r.Data.(Prover); ok {
		return p.Proof()
	}
	return r.Artifact.Proves
}

// Tags returns the marks of the record.
func (r Record) Tags() []string {
	var tags []string
	if t, ok := r.Data.(Tagger); ok {
		tags = t.Tags()
	}
	if r.View32 {
		tags = append(tags, "wow6432")
	}
	if r.From.State != Live {
		tags = append(tags, string(r.From.State))
	}
	return tags
}
