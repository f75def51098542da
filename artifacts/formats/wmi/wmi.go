// Package wmi reads the repository of Windows Management Instrumentation
// (OBJECTS.DATA, INDEX.BTR, MAPPING1.MAP to MAPPING3.MAP) as far as permanent
// event subscriptions need it: event filters, consumers, the bindings between
// them and timers, with their properties, their creator and their times.
//
// Instances are found by the hash of their class, which begins each record, and
// not by searching for strings. So a class definition or the registration of a
// provider, which every Windows has, is never mistaken for a subscription.
// Their properties are decoded with the class definitions of the same
// repository. The layout is described in docs/formats/wmi.md.
package wmi

import (
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

var le = binary.LittleEndian

const (
	pageSize     = 8192
	maxPages     = 1 << 20 // 8 GiB
	maxRecord    = 4 << 20 // bytes; the largest seen have some 10 KiB
	maxInstances = 1 << 16
	maxClasses   = 4096 // definitions that are kept
	maxDamage    = 1000
)

// ErrNotWMI is returned by [Open] when no page of OBJECTS.DATA has records.
var ErrNotWMI = errors.New("wmi: not a WMI repository")

// Files are the files of one repository. Only Objects is required. Without the
// maps a deleted record is not known from a live one, and a record that
// continues on another page may be cut short; without the index the namespace
// is unknown.
type Files struct {
	Objects     io.ReaderAt // OBJECTS.DATA
	ObjectsSize int64
	Index       io.ReaderAt // INDEX.BTR, or nil
	IndexSize   int64
	Maps        [][]byte // MAPPING1.MAP and so on, in any order
}

// A State says whether a record is part of the repository.
type State int

const (
	Live    State = iota // on a page that the active map names, and in the index
	Deleted              // on a page of an older state, or not in the index, or in free space
	Unknown              // no map was given
)

func (s State) String() string { return [...]string{"live", "deleted", "unknown"}[s] }

// A Repository is what was read of one.
type Repository struct {
	Sequence  uint32 // of the active map, 0 without one
	XP        bool   // Windows XP or 2003: MD5 instead of SHA-256
	Instances []*Instance

	objects     io.ReaderAt
	pages       int
	active      *mapping
	older       []*mapping
	indexMap    *mapping            // of INDEX.BTR, nil: all its pages are looked at
	classes     map[string][]*class // by upper-case name
	definitions int
	spaces      []*Instance // the namespaces
	damage      []*wire.FormatError
}

// An Instance is an instance of a class.
type Instance struct {
	Class      string
	Namespace  string // "ROOT\subscription"; "" when unknown
	State      State
	Properties []Property // in the order of the class, those without a value left out

	// Stored is the time at which the run of the WMI service began that wrote
	// the record, to some seconds: records of one run differ by single ticks.
	// It is a lower bound of the time at which the instance was stored.
	Stored time.Time
	// ClassStored is the same for the class, usually the build of Windows.
	ClassStored time.Time

	// Strings are the texts of the record in order when the layout of its
	// class is unknown; Properties are empty then.
	Strings []string

	Offset int64  // of the record in OBJECTS.DATA
	Page   uint32 // physical page
	Size   int    // of the record in bytes

	logical uint32
	id      uint32
	raw     []byte
	indexed bool
}

// A Property is a property with its value: a string, bool, int64, uint64 or
// float64, []byte for an array of uint8, []string, or []int64, []uint64,
// []bool, []float64.
type Property struct {
	Name    string
	Value   any
	Default bool // the value is the default of the class
}

// Text returns the text of a property, or "".
func (i *Instance) Text(name string) string {
	s, _ := i.Value(name).(string)
	return s
}

// Value returns the value of a property, or nil.
func (i *Instance) Value(name string) any {
	for _, p := range i.Properties {
		if strings.EqualFold(p.Name, name) {
			return p.Value
		}
	}
	return nil
}

// Uint returns the number of an unsigned property.
func (i *Instance) Uint(name string) (uint64, bool) {
	n, ok := i.Value(name).(uint64)
	return n, ok
}

// CreatorSID returns the security identifier of the account that created the
// instance, or "".
func (i *Instance) CreatorSID() string {
	b, _ := i.Value("CreatorSID").([]byte)
	s, _ := wire.SID(b)
	return s
}

// Open reads a repository. Damage that leaves other records readable is in
// [Repository.Damage].
func Open(f Files) (*Repository, error) {
	r := &Repository{objects: f.Objects, pages: int(min(f.ObjectsSize/pageSize, maxPages)), classes: map[string][]*class{}}
	if f.ObjectsSize < pageSize {
		return nil, ErrNotWMI
	}
	if f.ObjectsSize > maxPages*pageSize {
		r.note(maxPages*pageSize, "OBJECTS.DATA", "is larger than 8 GiB; the rest is not read")
	}
	r.setMaps(f.Maps)
	if r.eachRecord(r.addClass, nil) == 0 {
		return nil, ErrNotWMI
	}
	wanted := r.wanted()
	add := func(rec *record) { r.addInstance(rec, wanted) }
	r.eachRecord(add, func(rec *record) { r.addFree(rec, wanted) })
	if f.Index != nil {
		r.readIndex(f.Index, f.IndexSize)
	}
	r.finish()
	return r, nil
}

// Damage returns what was found broken, at most 1,000 places.
func (r *Repository) Damage() []*wire.FormatError { return r.damage }

func (r *Repository) note(off int64, what, problem string) {
	if len(r.damage) < maxDamage {
		r.damage = append(r.damage, &wire.FormatError{Format: "wmi", Offset: off, Struct: what, Problem: problem})
	}
}

// finish drops deleted records that repeat a live one, and sorts by place.
func (r *Repository) finish() {
	type key struct{ class, raw string }
	seen := map[key]bool{}
	for _, i := range r.Instances {
		if i.State != Deleted {
			seen[key{i.Class, string(i.raw)}] = true
		}
	}
	r.Instances = slices.DeleteFunc(r.Instances, func(i *Instance) bool {
		k := key{i.Class, string(i.raw)}
		if i.State == Deleted && seen[k] {
			return true
		}
		seen[k] = true
		return false
	})
	for _, i := range r.Instances {
		i.raw = nil
	}
	slices.SortStableFunc(r.Instances, func(a, b *Instance) int { return int(min(max(a.Offset-b.Offset, -1), 1)) })
}
