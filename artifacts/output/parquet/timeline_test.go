package parquet_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/parquet"
	pq "github.com/parquet-go/parquet-go"
)

// event is the table timeline as docs/outputs.md lists it.
type event struct {
	Host       string            `parquet:"host"`
	Datetime   int64             `parquet:"datetime"`
	Filetime   *int64            `parquet:"filetime,optional"`
	Timestamp  int64             `parquet:"timestamp"`
	Kind       string            `parquet:"timestamp_desc"`
	DataType   string            `parquet:"data_type"`
	Parser     string            `parquet:"parser"`
	Message    *string           `parquet:"message,optional"`
	Source     *string           `parquet:"source_file,optional"`
	SHA256     *string           `parquet:"source_sha256,optional"`
	Snapshot   string            `parquet:"snapshot"`
	Path       *string           `parquet:"path,optional"`
	Executable *string           `parquet:"executable,optional"`
	User       *string           `parquet:"username,optional"`
	SID        *string           `parquet:"user_sid,optional"`
	Key        *string           `parquet:"key_path,optional"`
	Value      *string           `parquet:"value_name,optional"`
	Proof      string            `parquet:"confidence"`
	RunCount   *int64            `parquet:"run_count,optional"`
	Tags       []string          `parquet:"tag,list"`
	Extra      map[string]string `parquet:"extra"`
	ID         *string           `parquet:"id,optional"`
	Offset     *int64            `parquet:"offset,optional"`
	State      *string           `parquet:"state,optional"`
	Local      *bool             `parquet:"local_time,optional"`
	RecordID   string            `parquet:"record_id"`
	Level      string            `parquet:"level"`
	Rules      []string          `parquet:"rules,list"`
	FindingIDs []string          `parquet:"finding_ids,list"`
	TimeKind   *string           `parquet:"time_kind,optional"`
	Session    *string           `parquet:"session,optional"`
	ProgramID  *string           `parquet:"program_id,optional"`
	StartID    *string           `parquet:"start_id,optional"`
	Window     *string           `parquet:"window,optional"`
}

// timeline writes rows and reads them with the layout above.
func timeline(t *testing.T, rows ...*output.Row) (*pq.File, []event) {
	t.Helper()
	var b bytes.Buffer
	w := parquet.New(&b, nil)
	for _, r := range rows {
		if err := w.Event(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := pq.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	got, err := pq.Read[event](bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return f, got
}

var at = time.Date(2026, 3, 6, 23, 59, 59, 999999900, time.UTC)

// TestTimelineColumns holds the names and their order to the documentation: columns
// are only ever added.
func TestTimelineColumns(t *testing.T) {
	f, _ := timeline(t)
	var got []string
	for _, field := range f.Schema().Fields() {
		got = append(got, field.Name())
	}
	const documented = "host, datetime, filetime, timestamp, timestamp_desc, data_type, parser, message, source_file, source_sha256, snapshot, path, " +
		"executable, username, user_sid, key_path, value_name, confidence, run_count, tag, extra, id, offset, state, local_time, record_id, level, " +
		"rules, finding_ids, time_kind, session, program_id, start_id, window"
	if want := strings.Split(documented, ", "); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestTimelineRow has each field in its column, and nothing where there is nothing.
func TestTimelineRow(t *testing.T) {
	full := &output.Row{
		Time: at, ID: "id", Kind: "kind", Message: "message", DataType: "type", Parser: "parser", Host: "PC", User: "user", SID: "sid", Source: "source",
		SHA256: "sum", Snapshot: "snap", Path: "path", Executable: "exe", Key: "key", Value: "value", Proof: artifacts.Executed, State: artifacts.Live,
		Offset: 1 << 40, Tags: []string{"a", "b"}, Extra: []artifacts.Field{{Name: "run_count", Value: "7"}, {Name: "x", Value: "y"}}, RecordID: "record",
		TimeKind: "zone", Level: "high", Rules: []string{"X-01"}, FindingIDs: []string{"f"}, Session: "session", ProgramID: "program", StartID: "start",
		Window: "window", Local: true,
	}
	_, got := timeline(t, full, &output.Row{Time: time.Unix(0, 0)})
	e := got[0]
	for name, pair := range map[string][2]string{
		"host": {e.Host, "PC"}, "kind": {e.Kind, "kind"}, "data_type": {e.DataType, "type"}, "parser": {e.Parser, "parser"}, "message": {*e.Message, "message"},
		"source": {*e.Source, "source"}, "sum": {*e.SHA256, "sum"}, "snapshot": {e.Snapshot, "snap"}, "path": {*e.Path, "path"}, "exe": {*e.Executable, "exe"},
		"user": {*e.User, "user"}, "sid": {*e.SID, "sid"}, "key": {*e.Key, "key"}, "value": {*e.Value, "value"}, "id": {*e.ID, "id"},
		"state": {*e.State, string(artifacts.Live)}, "proof": {e.Proof, string(artifacts.Executed)}, "record": {e.RecordID, "record"}, "level": {e.Level, "high"},
		"zone": {*e.TimeKind, "zone"}, "session": {*e.Session, "session"}, "program": {*e.ProgramID, "program"}, "start": {*e.StartID, "start"},
		"window": {*e.Window, "window"}, "rules": {strings.Join(e.Rules, " "), "X-01"}, "findings": {strings.Join(e.FindingIDs, " "), "f"},
		"tags": {strings.Join(e.Tags, " "), "a b"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %q, want %q", name, pair[0], pair[1])
		}
	}
	if e.Datetime != at.UnixMicro() || e.Timestamp != e.Datetime || *e.Filetime != at.UnixNano()/100+116444736000000000 || *e.Offset != 1<<40 {
		t.Errorf("times %d %d %d, offset %d", e.Datetime, e.Timestamp, *e.Filetime, *e.Offset)
	}
	if *e.RunCount != 7 || !*e.Local || !maps.Equal(e.Extra, map[string]string{"run_count": "7", "x": "y"}) {
		t.Errorf("run count %d, local %t, extra %v", *e.RunCount, *e.Local, e.Extra)
	}
	bare := got[1]
	if bare.Message != nil || bare.Source != nil || bare.SHA256 != nil || bare.Path != nil || bare.User != nil || bare.Key != nil || bare.RunCount != nil ||
		bare.Local != nil || bare.Session != nil || len(bare.Tags)+len(bare.Rules)+len(bare.Extra) != 0 || bare.Datetime != 0 {
		t.Errorf("a row of nothing is %+v", bare)
	}
}

// TestTimelineHostile keeps every text that UTF-8 can hold, and replaces the bytes
// that it cannot.
func TestTimelineHostile(t *testing.T) {
	const evil = "a\x00b\xff\u202egnp.exe\x1b[31m'); DROP TABLE x; --\n=1+1"
	want := strings.ToValidUTF8(evil, "\uFFFD")
	_, got := timeline(t, &output.Row{
		Time: at, Message: evil, Host: evil, User: evil, Path: evil, Executable: evil, Key: evil, Value: evil, Source: evil, Snapshot: evil,
		Tags: []string{evil}, Extra: []artifacts.Field{{Name: evil, Value: evil}, {Name: "run_count", Value: "many"}},
	})
	e := got[0]
	for _, s := range []string{*e.Message, e.Host, *e.User, *e.Path, *e.Executable, *e.Key, *e.Value, *e.Source, e.Snapshot, e.Tags[0], e.Extra[want]} {
		if s != want || !utf8.ValidString(s) {
			t.Errorf("%q, want %q", s, want)
		}
	}
	if e.RunCount != nil {
		t.Errorf("%q is the run count %d", "many", *e.RunCount)
	}
}

// TestTimelineMany writes more rows than one batch, in their order, with the ends of
// the calendar.
func TestTimelineMany(t *testing.T) {
	var rows []*output.Row
	for i := range 700 {
		rows = append(rows, &output.Row{Time: at.Add(time.Duration(i)), ID: fmt.Sprint(i)})
	}
	rows[0].Time = time.Date(1601, 1, 1, 0, 0, 0, 100, time.UTC)
	rows[699].Time = time.Date(9999, 12, 31, 23, 59, 59, 999999900, time.UTC)
	f, got := timeline(t, rows...)
	if f.NumRows() != 700 || len(got) != 700 {
		t.Fatalf("%d rows", f.NumRows())
	}
	for i, e := range got {
		if *e.ID != fmt.Sprint(i) {
			t.Fatalf("row %d is %s", i, *e.ID)
		}
	}
	if *got[0].Filetime != 1 || got[699].Datetime != rows[699].Time.UnixMicro() {
		t.Errorf("filetime %d, datetime %d", *got[0].Filetime, got[699].Datetime)
	}
}

// TestTableOfAnyLayout is how a program writes a table of its own.
func TestTableOfAnyLayout(t *testing.T) {
	type bird struct {
		Name string  `parquet:"name"`
		Note *string `parquet:"note,optional"`
		Seen *int64  `parquet:"seen,optional"`
	}
	var b bytes.Buffer
	table := parquet.NewTable[bird](&b, &output.Options{Version: "v9"})
	for i := range 6000 {
		if err := table.Row(bird{fmt.Sprint("heron ", i), parquet.Optional(""), parquet.Micros("2026-03-06T00:00:00.000001Z")}); err != nil {
			t.Fatal(err)
		}
	}
	if err := table.Row(bird{"last", parquet.Optional("x"), parquet.Micros("no time")}); err != nil {
		t.Fatal(err)
	}
	if table.Rows() != 6001 {
		t.Errorf("%d rows", table.Rows())
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := pq.Read[bird](bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil || len(got) != 6001 {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	seen := time.Date(2026, 3, 6, 0, 0, 0, 1000, time.UTC).UnixMicro()
	if got[5999].Name != "heron 5999" || got[5999].Note != nil || *got[5999].Seen != seen || *got[6000].Note != "x" || got[6000].Seen != nil {
		t.Errorf("%+v %+v", got[5999], got[6000])
	}
}
