package scan

import (
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
