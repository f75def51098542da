package parquet

import (
	"io"
	"slices"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/parquet-go/parquet-go"
)

// finding is the layout of the table findings.
type finding struct {
	Host           string   `parquet:"host,dict"`
	ID             string   `parquet:"id"`
	Rule           string   `parquet:"rule_id,dict"`
	Level          string   `parquet:"level,dict"`
	Title          *string  `parquet:"title,optional,dict"`
	Subject        *string  `parquet:"subject,optional"`
	Why            *string  `parquet:"why,optional"`
	FalsePositives *string  `parquet:"false_positives,optional,dict"`
	Techniques     []string `parquet:"techniques,list"`
	First          *int64   `parquet:"first_seen,optional,timestamp(microsecond)"`
	Last           *int64   `parquet:"last_seen,optional,timestamp(microsecond)"`
	Count          int64    `parquet:"count"`
	Evidence       []string `parquet:"evidence,list"` // ids of rows of the table timeline
}

// file is the layout of the table files: one row for each source that was
// examined.
type file struct {
	Host     string  `parquet:"host,dict"`
	Path     string  `parquet:"path"`
	Snapshot string  `parquet:"snapshot,dict"`
	Size     int64   `parquet:"size"`
	SHA256   *string `parquet:"sha256,optional"`
	Modified *int64  `parquet:"modified,optional,timestamp(microsecond)"` // where the evidence kept the machine's own time
	Parser   *string `parquet:"parser,optional,dict"`
	Status   string  `parquet:"status,dict"`
	Error    *string `parquet:"error,optional"`
	Offset   *int64  `parquet:"error_offset,optional"` // of the first error
	Records  int64   `parquet:"records"`
	Events   int64   `parquet:"events"`
}

// host is the layout of the table hosts.
type host struct {
	Host        string  `parquet:"host,dict"`
	OS          *string `parquet:"os,optional"`
	Build       *string `parquet:"build,optional"`
	TimeZone    *string `parquet:"timezone,optional"`
	Bias        *int64  `parquet:"timezone_bias_minutes,optional"` // UTC = local + bias, in standard time
	MachineGUID *string `parquet:"machine_guid,optional"`
	SystemRoot  *string `parquet:"system_root,optional"`
	Input       *string `parquet:"input,optional"`
}

// Tables are what stands beside the timeline: findings, files and hosts.
func Tables() []output.Table {
	return []output.Table{
		{Name: "findings", Write: func(w io.Writer, o *output.Options) (int, error) {
			return write(w, o, o.TheCase().Findings, findingRow)
		}},
		{Name: "files", Write: func(w io.Writer, o *output.Options) (int, error) {
			return write(w, o, o.TheCase().Files, fileRow)
		}},
		{Name: "hosts", Write: func(w io.Writer, o *output.Options) (int, error) {
			return write(w, o, o.TheCase().Machines, hostRow)
		}},
	}
}

// batch is how many rows are turned into columns at a time.
const batch = 256

// write writes one table; a table without rows is a file with its columns.
func write[T, R any](w io.Writer, o *output.Options, list []T, row func(*T) R) (int, error) {
	pw := parquet.NewGenericWriter[R](w, options(o)...)
	rows := make([]R, 0, batch)
	for part := range slices.Chunk(list, batch) {
		rows = rows[:0]
		for i := range part {
			rows = append(rows, row(&part[i]))
		}
		if _, err := pw.Write(rows); err != nil {
			return 0, err
		}
	}
	return len(list), pw.Close()
}

func findingRow(f *output.Finding) finding {
	return finding{
		Host: text(f.Host), ID: text(f.ID), Rule: text(f.RuleID), Level: text(f.Level), Title: opt(f.Title), Subject: opt(f.Subject),
		Why:            opt(f.Why),
		FalsePositives: opt(f.FalsePositives), Techniques: texts(f.Techniques), First: micros(f.First), Last: micros(f.Last),
		Count:    int64(f.Count),
		Evidence: texts(f.Evidence),
	}
}

func fileRow(f *output.File) file {
	r := file{
		Host: text(f.Host), Path: text(f.Path), Snapshot: text(f.Snapshot), Size: f.Size, SHA256: opt(f.SHA256),
		Modified: micros(f.Modified),
		Parser:   opt(f.Parser), Status: text(f.Status), Error: opt(f.Error), Records: int64(f.Records), Events: int64(f.Events),
	}
	if f.Error != "" {
		r.Offset = new(f.Offset)
	}
	return r
}

func hostRow(h *output.Machine) host {
	r := host{
		Host: text(h.Name), OS: opt(h.OS), Build: opt(h.Build), TimeZone: opt(h.TimeZone), MachineGUID: opt(h.MachineGUID),
		SystemRoot: opt(h.SystemRoot), Input: opt(h.Input),
	}
	if h.TimeZone != "" {
		r.Bias = new(int64(h.Bias))
	}
	return r
}

// micros is a time, or nothing.
func micros(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	return new(t.UnixMicro())
}

func texts(list []string) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		out = append(out, text(s))
	}
	return out
}
