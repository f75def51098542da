package scan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/lists"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/report"
)

// A Manifest says what went in, what came out, and what was damaged: enough to
// repeat a run and to check every file of it. Keys are only ever added.
type Manifest struct {
	Tool     string              `json:"tool"`
	Schema   int                 `json:"schema"`
	Version  string              `json:"version"`
	Commit   string              `json:"commit,omitempty"`
	Go       string              `json:"go"`
	Platform string              `json:"platform"`
	Command  []string            `json:"command_line"`
	CaseID   string              `json:"case_id,omitempty"`
	Examiner string              `json:"examiner,omitempty"`
	Note     string              `json:"note,omitempty"`
	State    string              `json:"state"` // running, complete, interrupted, failed
	Error    string              `json:"error,omitempty"`
	Started  string              `json:"started"`
	Ended    string              `json:"ended,omitempty"`
	Seconds  float64             `json:"seconds,omitempty"`
	Options  ManifestOptions     `json:"options"`
	Evidence []*EvidenceManifest `json:"evidence"`
	Machines []*MachineManifest  `json:"hosts"`
	Outputs  []files.File        `json:"outputs,omitempty"` // beside those of the machines

	started time.Time
	damaged int
	worst   findings.Level
}

// Damaged is how much damage was met, in the machines and besides.
func (m *Manifest) Damaged() int { return m.damaged }

// Worst is the highest level of all findings, written or not.
func (m *Manifest) Worst() findings.Level { return m.worst }

// ManifestOptions are those that change what is in a case.
type ManifestOptions struct {
	Artifacts []string `json:"artifacts,omitempty"` // none means all
	Formats   []string `json:"formats"`
	Host      string   `json:"host,omitempty"`
	Rules     []string `json:"rules,omitempty"`
	Sigma     []string `json:"sigma,omitempty"`
	// Lists of indicators and hashes, with what they hold.
	Lists     []lists.Summary `json:"lists,omitempty"`
	ListLevel string          `json:"iocs_level,omitempty"`
	Events    string          `json:"events,omitempty"`
	NoDeleted bool            `json:"no_deleted,omitempty"`
	MFT       bool            `json:"mft,omitempty"`
	Timezone  string          `json:"evidence_timezone,omitempty"`
	NoLogs    bool            `json:"no_logs,omitempty"`
	NoShadows bool            `json:"no_shadows,omitempty"`
	Level     string          `json:"level,omitempty"`

	Lang          string `json:"lang,omitempty"` // "" is English
	BOM           bool   `json:"bom,omitempty"`
	CSVSafe       bool   `json:"csv_safe,omitempty"`
	BodyfileUnset string `json:"bodyfile_unset,omitempty"` // "" is -1
}

// An EvidenceManifest says what one piece of evidence was.
type EvidenceManifest struct {
	Path   string   `json:"path"`
	Kind   string   `json:"kind,omitempty"`
	Size   int64    `json:"size,omitempty"`
	SHA256 string   `json:"sha256,omitempty"` // of a file, when asked for
	Notes  []string `json:"notes,omitempty"`
	Error  string   `json:"error,omitempty"`
}

// A MachineManifest says what went in and what came out of one machine.
type MachineManifest struct {
	Name        string           `json:"name"`
	NameFrom    string           `json:"name_from"`
	HostID      string           `json:"host_id,omitempty"` // of the machine among many
	Shows       []string         `json:"shows,omitempty"`   // kinds of observations that its sources can show
	Folder      string           `json:"folder,omitempty"`
	Evidence    string           `json:"evidence"`
	Tree        int              `json:"tree,omitempty"`
	State       string           `json:"state"`
	RunID       string           `json:"run_id,omitempty"`
	Product     string           `json:"os,omitempty"`
	Build       string           `json:"build,omitempty"`
	MachineGUID string           `json:"machine_guid,omitempty"`
	TimeZone    string           `json:"timezone,omitempty"`
	Bias        int              `json:"timezone_bias_minutes"`
	SystemRoot  string           `json:"system_root,omitempty"`
	ControlSet  string           `json:"control_set,omitempty"`
	LocalTimes  string           `json:"local_times,omitempty"`          // the zone of local times, and what shows it
	LocalOffset *int             `json:"local_offset_minutes,omitempty"` // where times of the evidence show it
	Clock       *evidence.Clock  `json:"clock,omitempty"`                // of the SYSTEM hive
	Users       []User           `json:"users,omitempty"`
	Counts      Counts           `json:"counts"`
	Silenced    int              `json:"silenced,omitempty"` // hits that the rules file keeps out
	Seconds     Seconds          `json:"seconds"`
	Inputs      []*Input         `json:"inputs"`
	InputsHash  string           `json:"inputs_sha256,omitempty"` // see [InputsHash]
	Hives       []HiveState      `json:"hives,omitempty"`
	Problems    []string         `json:"problems,omitempty"` // what could not be opened
	Outputs     []files.File     `json:"outputs"`
	Damaged     []Damage         `json:"damaged"`
	More        int              `json:"damaged_more,omitempty"` // beyond those that are listed
	Notes       []string         `json:"notes,omitempty"`
	Artifacts   []ArtifactCounts `json:"artifacts"`
}

// A User is an account of the machine.
type User struct {
	Name    string `json:"name"`
	SID     string `json:"sid,omitempty"`
	Profile string `json:"profile,omitempty"`
}

// Seconds are how long the parts of the work took.
type Seconds struct {
	Reading float64 `json:"reading"`
	Writing float64 `json:"writing"`
}

// Counts are the totals of one machine.
type Counts struct {
	Inputs   int            `json:"inputs"`
	Records  int            `json:"records"`
	Hidden   int            `json:"repeated_records"` // that only repeat one of another control set or of the live hive
	Events   int            `json:"events"`
	Joined   int            `json:"joined_events"` // that older copies told, too
	Oldest   string         `json:"oldest,omitempty"`
	Newest   string         `json:"newest,omitempty"`
	Findings map[string]int `json:"findings"`
	Damaged  int            `json:"damaged"`
	// Unresolved are records that name a program without its folder and belong to none.
	Unresolved int `json:"unresolved_programs,omitempty"`
	Dropped    int `json:"dropped_programs,omitempty"` // records of programs beyond the limits
}

func (c Counts) String() string {
	n := 0
	var levels []string
	for _, l := range slices.Backward(findings.Levels()) {
		if k := c.Findings[l]; k > 0 {
			n += k
			levels = append(levels, fmt.Sprintf("%d %s", k, l))
		}
	}
	s := fmt.Sprintf("%s, %s, %s", count(c.Events, "event"), count(c.Records, "record"), count(n, "finding"))
	if n > 0 {
		s += " (" + strings.Join(levels, ", ") + ")"
	}
	if c.Damaged > 0 {
		s += fmt.Sprintf(", %d damaged", c.Damaged)
	}
	return s
}

// Total adds up the counts of several machines: "total: 3 machines, 5,000 events, …".
func (m *Manifest) Total() string {
	all, n := Counts{Findings: map[string]int{}}, 0
	for _, h := range m.Machines {
		if h == nil || h.State != "complete" {
			continue
		}
		n++
		all.Events, all.Records, all.Damaged = all.Events+h.Counts.Events, all.Records+h.Counts.Records, all.Damaged+h.Counts.Damaged
		for l, k := range h.Counts.Findings {
			all.Findings[l] += k
		}
	}
	return fmt.Sprintf("total: %s, %s", count(n, "machine"), all)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// A Input is one file of the evidence that was read.
type Input struct {
	Path     string   `json:"path"`
	Snapshot string   `json:"snapshot,omitempty"`
	Size     int64    `json:"size"`
	SHA256   string   `json:"sha256,omitempty"`
	Kind     string   `json:"kind,omitempty"` // of a hive; "transaction log"
	Parsers  []string `json:"parsers,omitempty"`
	Status   string   `json:"status"` // ok, partial, failed, skipped
	Error    string   `json:"error,omitempty"`
	Offset   int64    `json:"error_offset,omitempty"`
	Records  int      `json:"records"`
	Events   int      `json:"events"`

	modified time.Time // of the machine's own file, where the evidence kept it
}

// Damage is one place of the evidence that could not be read.
type Damage struct {
	Path     string `json:"path"`
	Snapshot string `json:"snapshot,omitempty"`
	Parser   string `json:"parser"`
	Key      string `json:"key_path,omitempty"`
	Value    string `json:"value_name,omitempty"`
	Offset   int64  `json:"offset"`
	Error    string `json:"error"`
}

// ArtifactCounts are the totals of one artifact.
type ArtifactCounts struct {
	Name    string `json:"name"`
	Sources int    `json:"sources"`
	Records int    `json:"records"`
	Errors  int    `json:"errors"`
}

// maxDamage is how many pieces of damage are listed one by one.
const maxDamage = 10_000

func newManifest(s *run) *Manifest {
	m := &Manifest{
		Tool: "artifactdump", Schema: 1, Version: s.o.Version, Commit: s.o.Commit,
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Command: s.o.Command, CaseID: s.o.CaseID, Examiner: s.o.Examiner, Note: s.o.Note, State: "running",
		Started: output.FormatTime(s.started), started: s.started,
		Evidence: []*EvidenceManifest{}, Machines: []*MachineManifest{},
	}
	m.Options = ManifestOptions{
		Artifacts: s.o.Artifacts, Host: s.o.Open.Hostname, Rules: s.o.RuleFiles, Sigma: s.o.SigmaPaths,
		Events: s.o.Events, NoDeleted: s.o.NoDeleted, MFT: s.o.MFT, Timezone: s.o.Timezone,
		NoLogs: s.o.Open.NoLogs, NoShadows: s.o.Open.NoShadows,
		Level: s.o.Level.String(), BOM: s.o.Output.BOM, CSVSafe: s.o.Output.CSVSafe,
	}
	if s.o.Lang != "en" {
		m.Options.Lang = s.o.Lang
	}
	if s.o.Output.BodyfileZero {
		m.Options.BodyfileUnset = "0"
	}
	if s.o.Lists != nil {
		m.Options.ListLevel = s.o.Lists.Level
		for _, l := range s.o.Lists.Lists {
			m.Options.Lists = append(m.Options.Lists, l.Summary)
		}
	}
	for _, p := range s.o.Evidence {
		m.Evidence = append(m.Evidence, &EvidenceManifest{Path: p})
	}
	for _, f := range s.formats {
		m.Options.Formats = append(m.Options.Formats, f.Name)
	}
	return m
}

// ReportCase returns what a report says of the case at its foot: nil when nobody
// said anything of it and nothing was hashed as a whole. e is the evidence of the
// machine.
func (m *Manifest) ReportCase(e *EvidenceManifest, h *MachineManifest) *report.Case {
	if m == nil || e == nil || m.CaseID == "" && m.Examiner == "" && m.Note == "" && e.SHA256 == "" {
		return nil
	}
	hashed := 0
	for _, in := range h.Inputs {
		if in.SHA256 != "" {
			hashed++
		}
	}
	return &report.Case{ID: m.CaseID, Examiner: m.Examiner, Note: m.Note, Evidence: []report.EvidenceHash{
		{Path: e.Path, Size: e.Size, SHA256: e.SHA256, Files: hashed, Inputs: h.InputsHash},
	}}
}

func newMachineManifest(mach *evidence.Machine, h *machine, path string) *MachineManifest {
	m := &MachineManifest{
		Name: mach.Name, NameFrom: mach.NameFrom, Folder: h.folder, Evidence: path, Tree: h.tree, State: "running",
		Product: mach.Product, Build: mach.Build, MachineGUID: mach.GUID, TimeZone: mach.TimeZone, Bias: mach.Bias,
		SystemRoot: mach.SystemRoot, ControlSet: mach.ControlSet, Clock: mach.Clock,
		Inputs: []*Input{}, Outputs: []files.File{}, Damaged: []Damage{}, Artifacts: []ArtifactCounts{},
		Counts: Counts{Findings: map[string]int{}},
	}
	for _, u := range mach.Users {
		m.Users = append(m.Users, User{u.Name, u.SID, u.Profile})
	}
	return m
}

// ManifestName is the name of the manifest in a case folder.
const ManifestName = "manifest.json"

// write replaces the manifest in one step. Machines that were not begun, or
// are not done, are not in it.
func (m *Manifest) write(dir string, mode files.Mode) error {
	now := *m
	now.Machines = slices.DeleteFunc(slices.Clone(m.Machines), func(h *MachineManifest) bool { return h == nil })
	b, err := output.Marshal(&now)
	if err != nil {
		return err
	}
	return files.Replace(filepath.Join(dir, ManifestName), indented(b), mode)
}

func indented(b []byte) []byte {
	var v json.RawMessage = b
	out, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return b
	}
	return append(out, '\n')
}

// ReadManifest reads the manifest of a case folder.
func ReadManifest(dir string) (*Manifest, error) {
	b, err := os.ReadFile(filepath.Join(dir, ManifestName))
	if err != nil {
		return nil, err
	}
	m := new(Manifest)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("%s: %w", ManifestName, err)
	}
	if m.Tool != "artifactdump" {
		return nil, fmt.Errorf("%s was not written by artifactdump", ManifestName)
	}
	return m, nil
}

// IsCase reports whether a folder holds a case, whole or not, and so may be
// replaced.
func IsCase(dir string) bool {
	_, err := ReadManifest(dir)
	return err == nil
}

func (m *Manifest) end(err error) {
	now := time.Now()
	m.Ended = output.FormatTime(now)
	m.Seconds = wholeMillis(now.Sub(m.started))
	switch {
	case err == nil:
		m.State = "complete"
	case errors.Is(err, context.Canceled):
		m.State = "interrupted"
	default:
		m.State, m.Error = "failed", err.Error()
	}
}

// wholeMillis is a duration in seconds, to the millisecond.
func wholeMillis(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }
