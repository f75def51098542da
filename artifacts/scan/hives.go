package scan

import (
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/report"
	"github.com/artifactdump/artifactdump/hive"
)

// A HiveState says of a registry hive what became of its transaction logs.
type HiveState struct {
	Path           string     `json:"path"`
	Kind           string     `json:"kind"`
	SHA256         string     `json:"sha256,omitempty"`
	Snapshot       string     `json:"snapshot,omitempty"`
	Backup         bool       `json:"backup,omitempty"`
	Dirty          bool       `json:"dirty,omitempty"`
	Applied        bool       `json:"applied,omitempty"`
	HeaderRepaired bool       `json:"header_repaired,omitempty"`
	Entries        int        `json:"entries,omitempty"`
	Pages          int        `json:"pages,omitempty"`
	Problem        string     `json:"problem,omitempty"`
	Logs           []LogState `json:"logs,omitempty"`
	Error          string     `json:"error,omitempty"`
}

// A LogState says of a transaction log whether it was used, and why not.
type LogState struct {
	Name   string `json:"name"`
	Used   bool   `json:"used"`
	Reason string `json:"reason,omitempty"`
}

func hiveStates(list []report.Hive) []HiveState {
	out := make([]HiveState, len(list))
	for i, h := range list {
		r := &h.Recovery
		out[i] = HiveState{Path: h.Path, Kind: h.Kind, SHA256: h.SHA256, Snapshot: h.Snapshot, Backup: h.Backup, Dirty: r.Dirty,
			Applied: r.Applied, HeaderRepaired: r.HeaderRepaired, Entries: r.Entries, Pages: r.Pages, Problem: r.Problem, Error: h.Error}
		for _, l := range r.Logs {
			out[i].Logs = append(out[i].Logs, LogState{l.Name, l.Used, l.Reason})
		}
	}
	return out
}

// ReportHives returns what a report says of the machine's hives.
func (m *MachineManifest) ReportHives() []report.Hive {
	out := make([]report.Hive, len(m.Hives))
	for i, h := range m.Hives {
		out[i] = report.Hive{Path: h.Path, Kind: h.Kind, SHA256: h.SHA256, Snapshot: h.Snapshot, Backup: h.Backup, Error: h.Error,
			Recovery: hive.Recovery{Dirty: h.Dirty, Applied: h.Applied, HeaderRepaired: h.HeaderRepaired, Entries: h.Entries,
				Pages: h.Pages, Problem: h.Problem}}
		for _, l := range h.Logs {
			out[i].Recovery.Logs = append(out[i].Recovery.Logs, hive.LogReport{Name: l.Name, Used: l.Used, Reason: l.Reason})
		}
	}
	return out
}

// setZone keeps the zone of local times, so that [MachineManifest.Zone] can make it
// again.
func (m *MachineManifest) setZone(z *artifacts.Zone, assumed string) {
	m.LocalTimes = z.String()
	if z.Known() && assumed == "" && m.Clock == nil {
		noon := time.Date(2000, 1, 1, 12, 0, 0, 0, time.UTC)
		utc, _ := z.UTC(noon)
		minutes := int(noon.Sub(utc).Minutes())
		m.LocalOffset = &minutes
	}
}

// Zone returns the zone of the machine's local times as the scan had it. assumed is
// that of its options.
func (m *MachineManifest) Zone(assumed string) *artifacts.Zone {
	z := new(artifacts.Zone)
	switch {
	case assumed != "":
		if a, err := artifacts.ParseZone(assumed); err == nil {
			return a
		}
	case m.Clock != nil:
		return artifacts.ZoneOf(&evidence.Machine{Clock: m.Clock})
	case m.LocalOffset != nil:
		noon := time.Date(2000, 1, 1, 12, 0, 0, 0, time.UTC)
		if z.Hint(noon, noon.Add(-time.Duration(*m.LocalOffset)*time.Minute)) {
			_, from, _ := strings.Cut(m.LocalTimes, " from ")
			z.Infer(from)
		}
	}
	return z
}
