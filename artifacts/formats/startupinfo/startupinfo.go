// Package startupinfo reads <SID>_StartupInfoN.xml, in which Windows 8 and
// later note every process that started in the first 90 seconds after a user
// logged on, with its command line. The last five log-ons are kept. No real
// file was at hand; the layout is the published one.
package startupinfo

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// ErrNotStartupInfo is returned for files without the root element.
var ErrNotStartupInfo = errors.New("not startup information: no StartupData element")

// Limits, for hostile files. A real file has some hundred processes.
const (
	maxSize      = 4 << 20
	maxProcesses = 1 << 14
)

// A Process is one process.
type Process struct {
	Name        string // of the program, with its path
	CommandLine string
	PID         uint64
	Start       time.Time // UTC
	Trace       bool      // it started while the trace ran
	ParentPID   uint64
	ParentName  string
	ParentStart time.Time
	DiskUsage   uint64        // bytes
	CPU         time.Duration // used
}

// Parse reads a file of UTF-16LE or UTF-8 text. With an error come the
// processes in front of the damage.
func Parse(b []byte) ([]Process, error) {
	if len(b) > maxSize {
		return nil, &wire.LimitError{Format: "startup information", Option: "maxSize", Limit: maxSize, Need: int64(len(b))}
	}
	text := string(b)
	if strings.HasPrefix(text, "\xFF\xFE") || len(b) > 1 && b[1] == 0 {
		text = strings.TrimPrefix(wire.UTF16(b), "\uFEFF")
	}
	d := xml.NewDecoder(strings.NewReader(text))
	// The text is UTF-8 by now, whatever its declaration says.
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var out []Process
	for root := false; ; {
		t, err := d.Token()
		switch {
		case err == io.EOF && root:
			return out, nil
		case err != nil && !root:
			return nil, ErrNotStartupInfo
		case err != nil:
			return out, &wire.FormatError{Format: "startup information", Offset: d.InputOffset(), Struct: "XML",
				Problem: "not well-formed", Err: err}
		}
		e, ok := t.(xml.StartElement)
		switch {
		case !ok:
		case !root && e.Name.Local != "StartupData":
			return nil, ErrNotStartupInfo
		case !root:
			root = true
		case e.Name.Local == "Process":
			if len(out) == maxProcesses {
				return out, &wire.LimitError{Format: "startup information", Option: "maxProcesses", Limit: maxProcesses,
					Need: maxProcesses + 1}
			}
			p, err := process(d, e)
			if err != nil {
				return append(out, p), &wire.FormatError{Format: "startup information", Offset: d.InputOffset(), Struct: "Process",
					Problem: "not well-formed", Err: err}
			}
			out = append(out, p)
		}
	}
}

func process(d *xml.Decoder, e xml.StartElement) (Process, error) {
	var x struct {
		Name         string `xml:"Name,attr"`
		PID          string `xml:"PID,attr"`
		StartedInSec string `xml:"StartedInTraceSec,attr"`
		StartTime    string
		CommandLine  string
		DiskUsage    string
		CpuUsage     string
		ParentPID    string
		ParentStart  string `xml:"ParentStartTime"`
		ParentName   string
	}
	err := d.DecodeElement(&x, &e)
	p := Process{Name: x.Name, CommandLine: strings.TrimSpace(x.CommandLine), PID: number(x.PID), Start: parseTime(x.StartTime),
		ParentPID:  number(x.ParentPID),
		ParentName: strings.TrimSpace(x.ParentName), ParentStart: parseTime(x.ParentStart), DiskUsage: number(x.DiskUsage),
		CPU: time.Duration(min(number(x.CpuUsage), 1<<52)) * time.Microsecond}
	if sec, err := strconv.ParseFloat(x.StartedInSec, 64); err == nil && sec > 0 {
		p.Trace = true
	}
	return p, err
}

func number(s string) uint64 {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// parseTime reads yyyy/mm/dd:hh:mm:ss.fffffff.
func parseTime(s string) time.Time {
	t, err := time.Parse("2006/01/02:15:04:05.0000000", strings.TrimSpace(s))
	if err != nil {
		return time.Time{}
	}
	return t
}

// String writes the process for people.
func (p Process) String() string { return fmt.Sprintf("%s (%d)", p.Name, p.PID) }
