package fleet

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
)

// A Manifest says what was compared and what came out. Keys are only ever added.
type Manifest struct {
	Tool     string          `json:"tool"`
	Kind     string          `json:"kind"` // fleet
	Schema   int             `json:"schema"`
	Version  string          `json:"version"`
	Commit   string          `json:"commit,omitempty"`
	Go       string          `json:"go"`
	Platform string          `json:"platform"`
	Command  []string        `json:"command_line"`
	State    string          `json:"state"` // complete
	Started  string          `json:"started"`
	Ended    string          `json:"ended,omitempty"`
	Seconds  float64         `json:"seconds,omitempty"`
	Options  ManifestOptions `json:"options"`
	Machines []Input         `json:"hosts"`
	Baseline []Input         `json:"baseline,omitempty"`
	Errors   []CaseError     `json:"errors"` // cases and machines that could not be read
	Notes    []string        `json:"notes,omitempty"`
	Counts   Counts          `json:"counts"`
	Outputs  []files.File    `json:"outputs"`
}

// ManifestOptions are those that change the outputs.
type ManifestOptions struct {
	Kinds    []string `json:"kinds,omitempty"` // none means all
	MaxHosts int      `json:"max_hosts,omitempty"`
	Share    float64  `json:"spread_share"`
}

// An Input is one machine that was read.
type Input struct {
	Host   string   `json:"host"`
	Name   string   `json:"name"`
	Case   string   `json:"case"`
	Shows  []string `json:"shows"`
	SHA256 string   `json:"observations_sha256"`
}

// A CaseError is a case, or a machine of it, that could not be read.
type CaseError struct {
	Case  string `json:"case"`
	Error string `json:"error"`
}

// Counts are the totals of a comparison.
type Counts struct {
	Machines     int `json:"machines"`
	Observations int `json:"observations"`
	Keys         int `json:"keys"`
	Baseline     int `json:"keys_of_baseline,omitempty"` // that were left out
}

// Damaged is the number of cases and machines that could not be read.
func (m *Manifest) Damaged() int { return len(m.Errors) }

// ManifestName is the name of the manifest in the folder of the results.
const ManifestName = "manifest.json"

func newManifest(r *run) *Manifest {
	return &Manifest{
		Tool: "artifactdump", Kind: "fleet", Schema: 1, Version: r.o.Version, Commit: r.o.Commit, Go: runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH, Command: r.o.Command, Started: output.FormatTime(r.started),
		Options: ManifestOptions{r.o.Kinds, r.o.MaxHosts, r.o.Share}, Errors: []CaseError{}, Outputs: []files.File{},
	}
}

// end completes the manifest.
func (m *Manifest) end(started time.Time) {
	now := time.Now()
	m.State, m.Ended, m.Seconds = "complete", output.FormatTime(now), float64(now.Sub(started).Milliseconds())/1000
}

func (r *run) inputs(list []*Machine) []Input {
	out := []Input{}
	for _, m := range list {
		out = append(out, Input{m.ID, m.Name, r.relative(m.Case), m.Shows, m.SHA256})
	}
	return out
}

// IsFleet reports whether a folder holds the results of a comparison, and so may
// be replaced.
func IsFleet(dir string) bool {
	b, err := os.ReadFile(filepath.Join(dir, ManifestName))
	if err != nil {
		return false
	}
	var m struct{ Tool, Kind string }
	return json.Unmarshal(b, &m) == nil && m.Tool == "artifactdump" && m.Kind == "fleet"
}

func jsonIndent(out *bytes.Buffer, b []byte) error { return json.Indent(out, b, "", "  ") }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
