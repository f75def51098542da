package system

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/textfile"
)

// A BootRename is one line of the log of what was renamed and deleted at a boot.
type BootRename struct {
	artifacts.Origin
	Line   int       `json:"line"`
	Time   time.Time `json:"time,omitzero" event:"Recorded Time,local"`
	Kind   string    `json:"kind"` // failed, succeeded
	Path   string    `json:"path,omitempty"`
	Target string    `json:"target,omitempty"` // new path; none for a file to delete
	Delete bool      `json:"delete,omitempty"`
	Status string    `json:"status,omitempty"` // NTSTATUS
	Count  int       `json:"count,omitempty"`  // of operations that succeeded
}

var pfro = artifacts.Define(artifacts.Artifact{
	Name:     "pfro",
	Title:    "Renames at boot",
	DataType: "windows:pfro:log:line",
	About: `PFRO.log: what the session manager did at each boot with the files that programs had asked to rename or delete then (artifact pendingrenames
shows what is still to do). Operations that failed are named with their path; of those that succeeded only the number is kept. Proves that the
machine booted at that time, and that some program had asked for the operation before. Does not prove that the file was ever there: most failures are files that were
gone already. Installers and updates are the usual cause. Times are local time of the machine, written early in the boot.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1070.004"},
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-movefileexa",
		"https://attack.mitre.org/techniques/T1070/004/",
	},
	Sources: []artifacts.Source{
		artifacts.Files(`%SystemRoot%\PFRO.log`),
	},
}, decodePFRO)

// Limits of logs that Windows writes as text.
const (
	maxLogRecords = 1 << 20
	oldestLog     = 1980 // a year before it is none that a machine wrote
)

func decodePFRO(in artifacts.Input, yield func(BootRename) bool) error {
	lines, _, err := textfile.Split(bytes.NewReader(in.Data), int64(len(in.Data)))
	if err != nil {
		return err
	}
	number, bad, n := 0, 0, 0
	var first error
	for l := range lines {
		number++
		s := strings.TrimSpace(strings.TrimPrefix(l.Text, "\ufeff"))
		if s == "" || n == maxLogRecords {
			continue
		}
		r, ok := bootRename(s)
		if !ok {
			if bad++; first == nil {
				first = in.Errorf(in.AtOffset(l.Offset), "line %d is not a line of PFRO.log", number)
			}
			continue
		}
		r.Origin, r.Line = in.AtOffset(l.Offset), number
		n++
		if !yield(r) {
			return nil
		}
	}
	if in.Loose() && n == 0 {
		return nil
	}
	return first
}

// bootRename reads "month/day/year hour:minute:second - text", without zeros in front.
func bootRename(s string) (BootRename, bool) {
	clock, text, ok := strings.Cut(s, " - ")
	if !ok {
		return BootRename{}, false
	}
	t, err := time.Parse("1/2/2006 15:4:5", clock)
	if err != nil || t.Year() < oldestLog {
		return BootRename{}, false
	}
	r := BootRename{Time: t, Kind: "failed"}
	if n, rest, _ := strings.Cut(text, " "); rest == "Successful PFRO operations" {
		r.Count, err = strconv.Atoi(n)
		r.Kind = "succeeded"
		return r, err == nil
	}
	rest, ok := strings.CutPrefix(text, "PFRO Error: ")
	if !ok {
		return BootRename{}, false
	}
	// Paths may have commas: the status is the last part, and the target is a path or a word in bars.
	if i := strings.LastIndex(rest, ", "); i >= 0 {
		rest, r.Status = rest[:i], rest[i+2:]
	}
	r.Path = rest
	for _, mark := range []string{`, \??\`, ", !", ", |"} {
		if i := strings.LastIndex(rest, mark); i >= 0 {
			r.Path, r.Target = rest[:i], strings.Trim(rest[i+2:], "!")
			break
		}
	}
	if strings.HasPrefix(r.Target, "|") {
		r.Delete, r.Target = r.Target == "|delete operation|", ""
	}
	r.Path, r.Target = strings.TrimPrefix(r.Path, `\??\`), strings.TrimPrefix(r.Target, `\??\`)
	return r, true
}

// Summary shows the operation.
func (r BootRename) Summary() string {
	switch {
	case r.Kind == "succeeded":
		return fmt.Sprintf("[boot] %d files were renamed or deleted", r.Count)
	case r.Target != "":
		return fmt.Sprintf("[%s] was not renamed to %s: %s", r.Path, r.Target, r.Status)
	}
	return fmt.Sprintf("[%s] was not deleted: %s", r.Path, r.Status)
}
