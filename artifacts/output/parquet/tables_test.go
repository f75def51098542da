package parquet_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/parquet"
	"github.com/google/go-cmp/cmp"
	pq "github.com/parquet-go/parquet-go"
)

// The layouts as users know them, apart from those that the writer uses.
type (
	finding struct {
		Host           string   `parquet:"host"`
		ID             string   `parquet:"id"`
		Rule           string   `parquet:"rule_id"`
		Level          string   `parquet:"level"`
		Title          *string  `parquet:"title,optional"`
		Subject        *string  `parquet:"subject,optional"`
		Why            *string  `parquet:"why,optional"`
		FalsePositives *string  `parquet:"false_positives,optional"`
		Techniques     []string `parquet:"techniques,list"`
		First          *int64   `parquet:"first_seen,optional"`
		Last           *int64   `parquet:"last_seen,optional"`
		Count          int64    `parquet:"count"`
		Evidence       []string `parquet:"evidence,list"`
	}
	file struct {
		Host     string  `parquet:"host"`
		Path     string  `parquet:"path"`
		Snapshot string  `parquet:"snapshot"`
		Size     int64   `parquet:"size"`
		SHA256   *string `parquet:"sha256,optional"`
		Modified *int64  `parquet:"modified,optional"`
		Parser   *string `parquet:"parser,optional"`
		Status   string  `parquet:"status"`
		Error    *string `parquet:"error,optional"`
		Offset   *int64  `parquet:"error_offset,optional"`
		Records  int64   `parquet:"records"`
		Events   int64   `parquet:"events"`
	}
	host struct {
		Host  string  `parquet:"host"`
		OS    *string `parquet:"os,optional"`
		Build *string `parquet:"build,optional"`
		Zone  *string `parquet:"timezone,optional"`
		Bias  *int64  `parquet:"timezone_bias_minutes,optional"`
		GUID  *string `parquet:"machine_guid,optional"`
		Root  *string `parquet:"system_root,optional"`
		Input *string `parquet:"input,optional"`
	}
)

// written writes the table of this name and reads it again.
func written[R any](t *testing.T, name string, c *output.Case) []R {
	t.Helper()
	for _, table := range parquet.Tables() {
		if table.Name != name {
			continue
		}
		var b bytes.Buffer
		n, err := table.Write(&b, &output.Options{Case: func() *output.Case { return c }, Version: "v1", RunID: "run"})
		if err != nil {
			t.Fatal(err)
		}
		f, err := pq.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		for k, want := range map[string]string{"artifactdump.version": "v1", "artifactdump.schema": parquet.Schema, "artifactdump.run_id": "run"} {
			if got, _ := f.Lookup(k); got != want {
				t.Errorf("%s: %s is %q, want %q", name, k, got, want)
			}
		}
		rows, err := pq.Read[R](bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil || n != len(rows) {
			t.Fatalf("%s: wrote %d rows, read %d: %v", name, n, len(rows), err)
		}
		return rows
	}
	t.Fatalf("no table %s", name)
	return nil
}

func TestTables(t *testing.T) {
	at := time.Date(2026, 3, 6, 1, 2, 3, 456789100, time.UTC)
	us := new(at.UnixMicro())
	c := &output.Case{
		Machines: []output.Machine{
			{Name: "PC", OS: "Windows 10 Pro", Build: "19045", TimeZone: "Tokyo Standard Time", Bias: -540, MachineGUID: "g", SystemRoot: `C:\Windows`, Input: "case"},
			{Name: "HEAP"},
		},
		Files: []output.File{
			{Host: "PC", Path: `C:\a.pf`, Size: 7, SHA256: "00", Modified: at, Parser: "prefetch", Status: "partial", Error: "broken", Offset: 0, Records: 1, Events: 2},
			{Host: "PC", Path: `C:\b.pf`, Snapshot: "vss1", Status: "ok"},
		},
		Findings: []output.Finding{
			{ID: "f1", Host: "PC", RuleID: "E-01", Level: "high", Title: "t", Subject: "s", Why: "w\xFF", FalsePositives: "fp", Techniques: []string{"T1", "T2"},
				First: at, Last: at, Count: 3, Evidence: []string{"e1"}},
			{ID: "f2", Host: "PC", RuleID: "E-02", Level: "low"},
		},
	}
	wantHosts := []host{
		{"PC", new("Windows 10 Pro"), new("19045"), new("Tokyo Standard Time"), new(int64(-540)), new("g"), new(`C:\Windows`), new("case")},
		{Host: "HEAP"},
	}
	wantFiles := []file{
		{"PC", `C:\a.pf`, "", 7, new("00"), us, new("prefetch"), "partial", new("broken"), new(int64(0)), 1, 2},
		{Host: "PC", Path: `C:\b.pf`, Snapshot: "vss1", Status: "ok"},
	}
	wantFindings := []finding{
		{"PC", "f1", "E-01", "high", new("t"), new("s"), new("w\uFFFD"), new("fp"), []string{"T1", "T2"}, us, us, 3, []string{"e1"}},
		{Host: "PC", ID: "f2", Rule: "E-02", Level: "low", Techniques: []string{}, Evidence: []string{}},
	}
	if diff := cmp.Diff(wantHosts, written[host](t, "hosts", c)); diff != "" {
		t.Errorf("hosts: -want +got\n%s", diff)
	}
	if diff := cmp.Diff(wantFiles, written[file](t, "files", c)); diff != "" {
		t.Errorf("files: -want +got\n%s", diff)
	}
	if diff := cmp.Diff(wantFindings, written[finding](t, "findings", c)); diff != "" {
		t.Errorf("findings: -want +got\n%s", diff)
	}
}

// TestTablesEmpty wants a file with its columns where there is nothing to say,
// also without any Case.
func TestTablesEmpty(t *testing.T) {
	if n := len(written[finding](t, "findings", &output.Case{})); n != 0 {
		t.Errorf("%d findings", n)
	}
	for _, table := range parquet.Tables() {
		if n, err := table.Write(io.Discard, nil); n != 0 || err != nil {
			t.Errorf("%s: %d rows, %v", table.Name, n, err)
		}
	}
}

// TestTablesMany crosses the batches of rows.
func TestTablesMany(t *testing.T) {
	c := &output.Case{}
	for i := range 100_003 {
		c.Files = append(c.Files, output.File{Path: fmt.Sprintf("C:\\%d\xFF", i), Events: i})
	}
	rows := written[file](t, "files", c)
	if len(rows) != len(c.Files) {
		t.Fatalf("%d rows, want %d", len(rows), len(c.Files))
	}
	for i, r := range rows {
		if r.Events != int64(i) || !utf8.ValidString(r.Path) {
			t.Fatalf("row %d: %+v", i, r)
		}
	}
}

func ExampleTables() {
	opts := &output.Options{Case: func() *output.Case {
		return &output.Case{Machines: []output.Machine{{Name: "KESTREL-PC", Build: "19045"}}}
	}}
	for _, table := range parquet.Tables() {
		n, err := table.Write(io.Discard, opts)
		fmt.Println(table.Name, n, err)
	}
	// Output:
	// findings 0 <nil>
	// files 0 <nil>
	// hosts 1 <nil>
}
