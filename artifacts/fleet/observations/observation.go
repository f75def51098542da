// Package observations makes of everything that one machine recorded the lines
// that many machines are compared by: one for each program, autostart, service,
// task, origin, account, device and finding, under a key that is equal on every
// machine (package normal).
//
// A [Builder] takes in the records, findings and log-ons of a scan and writes a
// file that depends on nothing but the evidence: sorted, one line for each kind
// and key, packed without a time. Package fleet reads the files of many machines.
package observations

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// FileName is the name of the file in the folder of a machine.
const FileName = "observations.jsonl.gz"

// The kinds of observations.
const (
	Program   = "program"   // path of a program that ran or was there
	Name      = "name"      // its last component
	Hash      = "hash"      // sha1:… or sha256:…
	Publisher = "publisher" // company / product
	Autostart = "autostart" // mechanism = command
	Service   = "service"   // name = command or DLL
	Driver    = "driver"    // the same
	Task      = "task"      // path = commands
	Origin    = "origin"    // host or address that something came from
	Device    = "device"    // serial number of a disk
	Account   = "account"   // domain\name
	Edge      = "edge"      // account → source → type
	Finding   = "finding"   // rule and subject
)

// Kinds returns all kinds, sorted.
func Kinds() []string {
	return []string{Account, Autostart, Device, Driver, Edge, Finding, Hash, Name, Origin, Program, Publisher, Service, Task}
}

// maxIDs is the number of records that an observation leads to.
const maxIDs = 3

// An Observation is what one machine shows of one thing.
type Observation struct {
	Kind  string   `json:"kind"`
	Key   string   `json:"key"`
	Host  string   `json:"host"`            // id of the machine
	First string   `json:"first,omitempty"` // smallest time that is UTC, of fixed width: texts compare as times
	Last  string   `json:"last,omitempty"`
	Count int64    `json:"count"`           // records
	Level string   `json:"level,omitempty"` // highest of the findings about it
	Where string   `json:"where,omitempty"` // smallest of the raw spellings
	IDs   []string `json:"ids,omitempty"`   // smallest ids of the records
}

// Compare orders observations by kind, key and machine, as bytes.
func (o *Observation) Compare(p *Observation) int {
	return cmp.Or(cmp.Compare(o.Kind, p.Kind), cmp.Compare(o.Key, p.Key), cmp.Compare(o.Host, p.Host))
}

// Merge takes in another observation of the same kind, key and machine. The
// order of merging does not matter.
func (o *Observation) Merge(p *Observation) {
	o.First, o.Last = Earlier(o.First, p.First), max(o.Last, p.Last)
	o.Count += p.Count
	o.Level = Higher(o.Level, p.Level)
	o.Where = Earlier(o.Where, p.Where)
	o.IDs = Smallest(o.IDs, p.IDs, maxIDs)
}

// Earlier returns the smaller of two texts that are not empty.
func Earlier(a, b string) string {
	if a == "" || b != "" && b < a {
		return b
	}
	return a
}

// Higher returns the higher of two levels.
func Higher(a, b string) string {
	x, _ := findings.ParseLevel(a)
	y, _ := findings.ParseLevel(b)
	if y > x {
		return b
	}
	return a
}

// Smallest returns the n smallest of two sorted lists, each once.
func Smallest(a, b []string, n int) []string {
	if len(b) == 0 || len(a) == n && a[n-1] <= b[0] {
		return a
	}
	out := slices.Concat(a, b)
	slices.Sort(out)
	out = slices.Compact(out)
	return slices.Clip(out[:min(n, len(out))])
}

// Append appends the line of an observation, with its line feed.
func (o *Observation) Append(b []byte) ([]byte, error) {
	line, err := output.Marshal(o)
	if err != nil {
		return b, err
	}
	return append(append(b, line...), '\n'), nil
}

// Parse reads one line. Lines as [Observation.Append] writes them are read
// without reflection; any other JSON is understood, too.
func (o *Observation) Parse(line []byte) error {
	if o.parse(line) {
		return nil
	}
	*o = Observation{}
	return json.Unmarshal(line, o)
}
