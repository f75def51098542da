package export

import (
	"fmt"
	"io"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// A Report is what is known of a file that was read.
type Report struct {
	Path      string `json:"file_path,omitempty"`
	PathState string `json:"path_state,omitempty"`
	Reference string `json:"reference"`
	Stream    string `json:"stream,omitempty"`
	State     string `json:"state"` // "in use" or "deleted"
	Resident  bool   `json:"resident,omitempty"`
	Size      int64  `json:"size"`
	Lost      int64  `json:"lost,omitempty"` // bytes in clusters of another file
	Zero      bool   `json:"zero,omitempty"` // every byte is zero: trimmed, or never written
	SHA256    string `json:"sha256,omitempty"`
	Runs      []Run  `json:"runs,omitempty"`
	Output    string `json:"output,omitempty"` // the file that was written
}

// A Run is one run of clusters. Offsets and length are in bytes.
type Run struct {
	Offset   int64  `json:"offset"` // in the stream
	Length   int64  `json:"length"`
	Volume   *int64 `json:"volume_offset,omitempty"` // not of a hole
	Disk     *int64 `json:"disk_offset,omitempty"`   // not in a shadow copy
	Clusters string `json:"clusters"`                // "owned", "free", "reused" or "hole"
}

func newReport(v *Volume, f *Found, s *ntfs.FileStream) *Report {
	r := &Report{Path: f.Path, Reference: f.Reference.String(), Stream: f.Stream, State: "in use",
		Resident: s.Resident, Size: s.Size(), Lost: s.Lost}
	if f.Path != "" {
		r.PathState = f.State.String()
	}
	if s.Deleted {
		r.State = "deleted"
	}
	for _, e := range s.Extents {
		run := Run{Offset: e.Offset, Length: e.Length, Clusters: e.Clusters.String()}
		if at := e.Volume; at >= 0 {
			run.Volume = &at
			if disk := v.Offset + at; !v.Shadow {
				run.Disk = &disk
			}
		}
		r.Runs = append(r.Runs, run)
	}
	return r
}

// Text writes the report for a person.
func (r *Report) Text(w io.Writer) error {
	line := func(label, format string, args ...any) {
		fmt.Fprintf(w, "%-10s %s\n", label, output.Clean(fmt.Sprintf(format, args...)))
	}
	if r.Path != "" {
		line("path", "%s%s", r.Path, pathText[r.PathState])
	}
	line("reference", "%s", r.Reference)
	if r.Stream != "" {
		line("stream", "%s", r.Stream)
	}
	line("state", "%s", r.State)
	line("size", "%d", r.Size)
	if r.Resident {
		line("runs", "none: the data is in the file record")
	}
	label := "runs"
	for _, run := range r.Runs {
		where := ""
		switch {
		case run.Disk != nil:
			where = fmt.Sprintf(" from byte %d of the disk", *run.Disk)
		case run.Volume != nil:
			where = fmt.Sprintf(" from byte %d of the volume", *run.Volume)
		}
		line(label, "%d to %d: %s%s", run.Offset, run.Offset+run.Length, runText[run.Clusters], where)
		label = ""
	}
	if r.Lost > 0 {
		line("lost", "%d bytes: their clusters belong to another file now", r.Lost)
	}
	if r.Zero {
		line("note", "every byte is zero: the clusters were trimmed or never written")
	}
	if r.SHA256 != "" {
		line("sha256", "%s", r.SHA256)
	}
	if r.Output != "" {
		line("output", "%s", r.Output)
	}
	_, err := fmt.Fprintln(w)
	return err
}

// runText says what the state of clusters means.
var runText = map[string]string{
	"owned":  "in use by this file",
	"free":   "free",
	"reused": "reused by another file",
	"hole":   "a hole, zeros",
}

// pathText says what a path that is not whole went through.
var pathText = map[string]string{
	"deleted": " (through deleted folders)",
	"orphan":  " (its upper folders are unknown)",
}
