package system

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	mp "github.com/artifactdump/artifactdump/artifacts/formats/defender"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A DefenderLogEntry is one entry of the engine's text log.
type DefenderLogEntry struct {
	artifacts.Origin
	Kind       string    `json:"kind"`
	Line       int       `json:"line"`
	Time       time.Time `json:"time,omitzero"`
	TimeBefore bool      `json:"time_of_line_before,omitempty"` // the entry itself has none
	Threat     string    `json:"threat,omitempty"`
	Source     string    `json:"source,omitempty"`
	Action     string    `json:"action,omitempty"`
	Result     string    `json:"result,omitempty"`
	Resources  []string  `json:"resources,omitempty"`
	Path       string    `json:"path,omitempty"`
	Original   string    `json:"original_name,omitempty"`
	PID        uint64    `json:"pid,omitempty"`
	Started    time.Time `json:"process_started,omitzero"`
	SHA256     string    `json:"sha256,omitempty"`
	Target     string    `json:"target,omitempty"`
	Count      uint64    `json:"count,omitempty"`
	Text       string    `json:"text,omitempty"`
}

var defenderLog = artifacts.Define(artifacts.Artifact{
	Name:     "defenderlog",
	Title:    "Defender log",
	DataType: "av:defender:mplog",
	About: `The text logs of Windows Defender's engine: detections and what was done about them, files whose version resource holds another name
than they have, processes that made the engine work, behaviour that a signature describes, verdicts on files, scans, exclusions, and when
the service started and stopped. An entry proves that the engine saw this file or process. That a process is named with its work shows that
it ran, but not when: its time is that of the heading before it, which the field time_of_line_before says. A scanned file need not have run.
Event Time is the time of the line, Start Time the start of a process that is noted; both are UTC.`,
	Proves: artifacts.Present,
	Attack: []string{"T1036.003", "T1562.001"},
	Refs: []string{
		"https://learn.microsoft.com/defender-endpoint/troubleshoot-microsoft-defender-antivirus",
		"https://www.crowdstrike.com/en-us/blog/how-to-use-microsoft-protection-logging-for-forensic-investigations/",
	},
	Sources: []artifacts.Source{
		artifacts.SignedLarge(`%ProgramData%\Microsoft\Windows Defender\Support\MPLog-*.log`, collect.DefenderLogFile),
		artifacts.LargeFiles(`%ProgramData%\Microsoft\Windows Defender\Support\MPDetection-*.log`),
	},
}, decodeDefenderLog)

// mpLogText bounds what is kept of a line.
const mpLogText = 400

func decodeDefenderLog(in artifacts.Input, yield func(DefenderLogEntry) bool) error {
	for e, err := range mp.ReadLog(in.Reader()) {
		if err != nil {
			return err
		}
		r := DefenderLogEntry{Origin: in.AtOffset(e.Offset), Kind: string(e.Kind), Line: e.Line, Time: e.Time, TimeBefore: e.TimeBefore,
			Threat: e.Threat,
			Source: e.Source, Action: e.Action, Result: e.Result, Resources: e.Resources, Path: e.Path, Original: e.Original, PID: e.PID,
			Started: e.Started, SHA256: e.SHA256, Target: e.Target, Count: e.Count, Text: e.Text}
		if len(r.Text) > mpLogText {
			r.Text = strings.ToValidUTF8(r.Text[:mpLogText], "") + "…"
		}
		if r.Path == "" {
			for _, res := range r.Resources {
				if kind, place, ok := strings.Cut(res, ":"); ok && kind == "file" {
					r.Path = place
					break
				}
			}
		}
		if !yield(r) {
			return nil
		}
	}
	return nil
}

// Proof is more for processes.
func (r DefenderLogEntry) Proof() artifacts.Proof {
	switch mp.LogKind(r.Kind) {
	case mp.LogProcess, mp.LogBehavior:
		return artifacts.Executed
	case mp.LogService, mp.LogVersion, mp.LogSignature, mp.LogExclusion:
		return artifacts.Configured
	}
	return artifacts.Present
}

// Program returns the file or the process.
func (r DefenderLogEntry) Program() string {
	if strings.Contains(r.Path, `\`) {
		return r.Path
	}
	return ""
}

// Detects reports whether the entry says that a threat was found.
func (r DefenderLogEntry) Detects() bool {
	k := mp.LogKind(r.Kind)
	return k == mp.LogDetection || k == mp.LogAdd || k == mp.LogScan
}

// Renamed reports whether the file has another name than it was built with, in
// a way that deserves a look: resources and the component store aside.
func (r DefenderLogEntry) Renamed() bool {
	if mp.LogKind(r.Kind) != mp.LogOriginalName || r.Original == "" || r.Path == "" {
		return false
	}
	stem := func(s string) string {
		s = strings.ToLower(winpath.Base(s))
		s = strings.TrimSuffix(s, ".mui")
		if i := strings.LastIndexByte(s, '.'); i > 0 {
			s = s[:i]
		}
		return s
	}
	low := strings.ToLower(r.Path)
	return !strings.Contains(low, `\winsxs\`) && !strings.HasSuffix(low, ".mui") &&
		!strings.HasSuffix(strings.ToLower(r.Original), ".mui") && stem(r.Path) != stem(r.Original)
}

// Events gives the line's time, and when a process started.
func (r DefenderLogEntry) Events() []artifacts.Event {
	var out []artifacts.Event
	if !r.Time.IsZero() {
		out = append(out, artifacts.Event{Time: r.Time, Kind: "Event Time", Estimate: r.TimeBefore})
	}
	if !r.Started.IsZero() {
		out = append(out, artifacts.Event{Time: r.Started, Kind: "Start Time", Proof: artifacts.Executed})
	}
	return out
}

// Summary shows what the entry says.
func (r DefenderLogEntry) Summary() string {
	switch mp.LogKind(r.Kind) {
	case mp.LogOriginalName:
		return fmt.Sprintf("[original name] %s was built as %s", r.Path, r.Original)
	case mp.LogProcess:
		return fmt.Sprintf("[process] %s (process %d): %d files scanned", r.Path, r.PID, r.Count)
	case mp.LogBehavior:
		return strings.TrimSpace(fmt.Sprintf("[behaviour] %s (process %d) %s", r.Path, r.PID, r.Target))
	}
	if r.Threat == "" {
		return "[" + r.Kind + "] " + r.Text
	}
	s := fmt.Sprintf("[%s] %s in %s", r.Kind, r.Threat, cmp.Or(strings.Join(r.Resources[:min(len(r.Resources), 4)], "; "), r.Path))
	if r.Action != "" {
		s += ", " + r.Action + " " + r.Result
	}
	return s
}
