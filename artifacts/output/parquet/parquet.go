// Package parquet writes a timeline as a Parquet file for DuckDB, ClickHouse,
// Spark and pandas: Zstandard, row groups of 100,000 rows. [Tables] writes what
// stands beside it: the tables findings, files and hosts. Programs that do not
// import this package do not link its library.
//
// Columns are only ever added, as optional ones; readers of several files use
// union_by_name.
package parquet

import (
	"fmt"
	"io"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// Schema is the version of the layout, in the metadata of each file.
const Schema = "1"

// rowGroup is how many rows are held in memory, as columns.
const rowGroup = 100_000

// event is the layout of the table timeline. Times are microseconds: older
// readers refuse nanoseconds. The exact ticks are in filetime.
type event struct {
	Host       string            `parquet:"host,dict"`
	Datetime   int64             `parquet:"datetime,timestamp(microsecond)"`
	Filetime   *int64            `parquet:"filetime,optional"`
	Timestamp  int64             `parquet:"timestamp"`
	Kind       string            `parquet:"timestamp_desc,dict"`
	DataType   string            `parquet:"data_type,dict"`
	Parser     string            `parquet:"parser,dict"`
	Message    *string           `parquet:"message,optional"`
	Source     *string           `parquet:"source_file,optional,dict"`
	SHA256     *string           `parquet:"source_sha256,optional,dict"`
	Snapshot   string            `parquet:"snapshot,dict"`
	Path       *string           `parquet:"path,optional,dict"`
	Executable *string           `parquet:"executable,optional,dict"`
	User       *string           `parquet:"username,optional,dict"`
	SID        *string           `parquet:"user_sid,optional,dict"`
	Key        *string           `parquet:"key_path,optional"`
	Value      *string           `parquet:"value_name,optional"`
	Proof      string            `parquet:"confidence,dict"`
	RunCount   *int64            `parquet:"run_count,optional"`
	Tags       []string          `parquet:"tag,list"`
	Extra      map[string]string `parquet:"extra"`
	ID         *string           `parquet:"id,optional"`
	Offset     *int64            `parquet:"offset,optional"`
	State      *string           `parquet:"state,optional,dict"`
	Local      *bool             `parquet:"local_time,optional"`
	RecordID   string            `parquet:"record_id"`
	Level      string            `parquet:"level,dict"`
	Rules      []string          `parquet:"rules,list"`
	FindingIDs []string          `parquet:"finding_ids,list"`
	TimeKind   *string           `parquet:"time_kind,optional,dict"`
	Session    *string           `parquet:"session,optional,dict"`
	ProgramID  *string           `parquet:"program_id,optional,dict"`
	StartID    *string           `parquet:"start_id,optional,dict"`
	Window     *string           `parquet:"window,optional,dict"`
}

// A Writer writes the table timeline.
type Writer struct {
	w    *parquet.GenericWriter[event]
	rows []event
}

// Format is the entry for a list of formats.
func Format() output.Format {
	return output.Format{Name: "parquet", Ext: ".parquet", About: "columns for DuckDB, ClickHouse, Spark and pandas",
		Events: func(w io.Writer, o *output.Options) output.EventWriter { return New(w, o) }, Tables: Tables()}
}

// New starts a file.
func New(w io.Writer, o *output.Options) *Writer {
	return &Writer{w: parquet.NewGenericWriter[event](w, options(o)...), rows: make([]event, 0, 256)}
}

func options(o *output.Options) []parquet.WriterOption {
	if o == nil {
		o = &output.Options{}
	}
	return []parquet.WriterOption{
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
		parquet.MaxRowsPerRowGroup(rowGroup),
		parquet.KeyValueMetadata("artifactdump.version", o.Version),
		parquet.KeyValueMetadata("artifactdump.schema", Schema),
		parquet.KeyValueMetadata("artifactdump.run_id", o.RunID),
		parquet.CreatedBy("artifactdump", o.Version, ""),
	}
}

// opt is a text, or nothing. Columns hold UTF-8.
func opt(s string) *string {
	if s == "" {
		return nil
	}
	return new(text(s))
}

func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// Event adds one row.
func (w *Writer) Event(r *output.Row) error {
	e := event{
		Host: text(r.Host), Datetime: r.Time.UnixMicro(), Filetime: new(wire.FileTime(r.Time)), Timestamp: r.Time.UnixMicro(),
		Kind: text(r.Kind), DataType: r.DataType, Parser: r.Parser, Message: opt(r.Message), Source: opt(r.Source),
		SHA256: opt(r.SHA256), Snapshot: text(r.Snapshot),
		Path: opt(r.Path), Executable: opt(r.Executable), User: opt(r.User), SID: opt(r.SID), Key: opt(r.Key), Value: opt(r.Value),
		Proof: string(r.Proof),
		ID:    opt(r.ID), Offset: new(r.Offset), State: opt(string(r.State)), Extra: map[string]string{},
	}
	for _, t := range r.Tags {
		e.Tags = append(e.Tags, text(t))
	}
	for k, v := range r.Extras() {
		e.Extra[text(k)] = text(v)
		var n int64
		if k == "run_count" {
			if _, err := fmt.Sscan(v, &n); err == nil {
				e.RunCount = &n
			}
		}
	}
	if r.Local {
		e.Local = new(true)
	}
	e.RecordID, e.Level, e.Rules, e.FindingIDs, e.TimeKind = r.RecordID, r.Level, r.Rules, r.FindingIDs, opt(r.TimeKind)
	e.Session = opt(r.Session)
	e.ProgramID, e.StartID, e.Window = opt(r.ProgramID), opt(r.StartID), opt(r.Window)
	w.rows = append(w.rows, e)
	if len(w.rows) < cap(w.rows) {
		return nil
	}
	return w.flush()
}

func (w *Writer) flush() error {
	_, err := w.w.Write(w.rows)
	clear(w.rows)
	w.rows = w.rows[:0]
	return err
}

// Close writes the last row group and the footer.
func (w *Writer) Close() error {
	if err := w.flush(); err != nil {
		return err
	}
	return w.w.Close()
}
