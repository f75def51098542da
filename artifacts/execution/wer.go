package execution

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/textfile"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// Wer is one report of Windows Error Reporting.
type Wer struct {
	artifacts.Origin
	Type       string            `json:"event_type"`
	AppPath    string            `json:"app_path,omitempty"`
	AppName    string            `json:"app_name,omitempty"`
	SHA1       string            `json:"sha1,omitempty"`
	ProgramID  string            `json:"program_identifier,omitempty"`
	Time       time.Time         `json:"event_time,omitzero" event:"Event Time"`
	Uploaded   time.Time         `json:"upload_time,omitzero"`
	Report     string            `json:"report,omitempty"`
	Signature  map[string]string `json:"signature,omitempty"` // "Fault Module Name": …
	Modules    int               `json:"modules,omitempty"`   // how many loaded modules it lists
	Suspicious []string          `json:"modules_in_profiles,omitempty"`
}

var wer = artifacts.Define(artifacts.Artifact{
	Name:     "wer",
	Title:    "Windows Error Reporting",
	DataType: "windows:wer:report",
	About: `When a program crashes or hangs Windows writes a report with the program's path, often the SHA-1 of
its file, and the modules that were loaded. Proves that the program ran and failed at the event
time. Reports are also written for other events, such as failed updates; the event type shows which.
They do not record who started the program, and are deleted after a while. The SHA-1 covers the
first 31,457,280 bytes, as in Amcache.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1204.002"},
	Refs:   []string{"https://learn.microsoft.com/windows/win32/wer/windows-error-reporting"},
	Sources: []artifacts.Source{
		artifacts.RandomFiles(`%ProgramData%\Microsoft\Windows\WER\Report*\*\Report.wer`),
		artifacts.RandomFiles(`%UserProfile%\AppData\Local\Microsoft\Windows\WER\Report*\*\Report.wer`),
	},
}, decodeWer)

func decodeWer(in artifacts.Input, yield func(Wer) bool) error {
	if in.Tree != nil && in.Tree.Loose() && in.Source != in.Artifact.Sources[0] {
		return nil // in a heap of files both sources find the same
	}
	lines, _, err := textfile.Split(in.ReaderAt())
	if err != nil {
		return err
	}
	r := Wer{Origin: in.AtOffset(0)}
	names := map[string]string{}
	skipped, seen := 0, false
	for l := range lines {
		key, value, ok := strings.Cut(l.Text, "=")
		key = strings.TrimSpace(key)
		seen = seen || ok && key == "EventType"
		if ok && !r.set(key, strings.TrimSpace(value), names) {
			skipped++
		}
	}
	if !seen {
		return in.Errorf(in.AtOffset(0), "no EventType: this is no report")
	}
	yield(r)
	if skipped > 0 {
		return in.Errorf(in.AtOffset(0), "%d lines skipped: a report has at most %d parameters and %d modules in profiles", skipped,
			werParameters, werModules)
	}
	return nil
}

// What is kept of one report. Windows writes at most ten parameters.
const (
	werParameters = 100
	werModules    = 4096
)

// set takes one line of the report. It returns false for one beyond the limits.
func (w *Wer) set(key, value string, names map[string]string) bool {
	switch key {
	case "EventType":
		w.Type = value
	case "EventTime":
		w.Time = werTime(value)
	case "UploadTime":
		w.Uploaded = werTime(value)
	case "ReportIdentifier":
		w.Report = value
	case "AppName":
		w.AppName = value
	case "AppPath":
		w.AppPath = value
	case "TargetAppId":
		w.ProgramID, w.SHA1 = werTarget(value)
	default:
		return w.setIndexed(key, value, names)
	}
	return true
}

// setIndexed takes a line that is one of several.
func (w *Wer) setIndexed(key, value string, names map[string]string) bool {
	switch {
	case strings.HasPrefix(key, "Sig[") && strings.HasSuffix(key, "].Name"):
		if len(names) == werParameters {
			return false
		}
		names[strings.TrimSuffix(key, ".Name")] = value
	case strings.HasPrefix(key, "Sig[") && strings.HasSuffix(key, "].Value"):
		if name := names[strings.TrimSuffix(key, ".Value")]; name != "" {
			if w.Signature == nil {
				w.Signature = map[string]string{}
			}
			w.Signature[name] = value
		}
	case strings.HasPrefix(key, "LoadedModule["):
		w.Modules++
		if p := winpath.Key(value); strings.HasPrefix(p, `\users\`) || strings.HasPrefix(p, `\programdata\`) {
			if len(w.Suspicious) == werModules {
				return false
			}
			w.Suspicious = append(w.Suspicious, value)
		}
	}
	return true
}

// werTime reads a FILETIME in decimal digits.
func werTime(s string) time.Time {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return wire.Time(n)
}

// werTarget reads W:<program id>!<0000 and SHA-1>!<file name>.
func werTarget(s string) (program, sha1 string) {
	f := strings.Split(s, "!")
	if len(f) < 2 {
		return "", ""
	}
	_, program, _ = strings.Cut(f[0], ":")
	if id := strings.ToLower(f[1]); len(id) == 44 {
		sha1 = amcacheSHA1(id)
	}
	return program, sha1
}

// Program returns the path.
func (w Wer) Program() string { return cmp.Or(w.AppPath, w.Signature["Application Name"]) }

// Proof is a start for crashes and hangs.
func (w Wer) Proof() artifacts.Proof {
	switch strings.ToUpper(w.Type) {
	case "APPCRASH", "BEX", "BEX64", "APPHANGB1", "APPHANGXPROCB1", "CLR20R3", "MOAPPCRASH", "MOBEX", "MOAPPHANG", "CRITICAL_PROCESS_FAULT2":
		return artifacts.Executed
	}
	if w.AppPath != "" {
		return artifacts.Executed
	}
	return artifacts.Present
}

// Summary names the type and where it failed.
func (w Wer) Summary() string {
	s := fmt.Sprintf("[%s] %s", cmp.Or(w.AppPath, w.AppName), w.Type)
	if m := w.Signature["Fault Module Name"]; m != "" {
		s += " in " + m
	}
	return s
}
