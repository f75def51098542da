package main

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// scanned is a case of the incident with its tables, and what its lines say.
type scanned struct {
	dir      string
	host     *scan.MachineManifest
	findings []findingLine
}

type findingLine struct {
	ID       string `json:"id"`
	Rule     string `json:"rule_id"`
	Level    string `json:"level"`
	Evidence []struct {
		Events []string `json:"events"`
	} `json:"evidence"`
	Techniques []string  `json:"techniques"`
	LastSeen   time.Time `json:"last_seen"`
}

func scanTables(t *testing.T, ev, dir string) *scanned {
	t.Helper()
	if code, said := runs(t.Context(), ev, "-o", dir, "--format", "parquet,sqlite,ecs"); code != exitOK {
		t.Fatalf("exit %d: %s", code, said)
	}
	m, err := scan.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &scanned{dir: dir, host: m.Machines[0]}
	b, err := os.ReadFile(filepath.Join(dir, "findings.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		var f findingLine
		if err := json.Unmarshal(line, &f); err != nil {
			t.Fatal(err)
		}
		s.findings = append(s.findings, f)
	}
	return s
}

func (s *scanned) part(table string) string {
	return filepath.Join(s.dir, table, "host="+s.host.Name, "part-0000.parquet")
}

// The columns that the test reads, under the names that users know.
type (
	eventRow struct {
		ID *string `parquet:"id,optional"`
	}
	findingRow struct {
		Host     string   `parquet:"host"`
		ID       string   `parquet:"id"`
		Rule     string   `parquet:"rule_id"`
		Evidence []string `parquet:"evidence,list"`
	}
	fileRow struct {
		Path     string  `parquet:"path"`
		Size     int64   `parquet:"size"`
		SHA256   *string `parquet:"sha256,optional"`
		Modified *int64  `parquet:"modified,optional"`
		Status   string  `parquet:"status"`
		Events   int64   `parquet:"events"`
	}
	hostRow struct {
		Host     string  `parquet:"host"`
		OS       *string `parquet:"os,optional"`
		TimeZone *string `parquet:"timezone,optional"`
		Bias     *int64  `parquet:"timezone_bias_minutes,optional"`
		GUID     *string `parquet:"machine_guid,optional"`
	}
)

func readParquet[R any](t *testing.T, name string) []R {
	t.Helper()
	rows, err := parquet.ReadFile[R](name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return rows
}

// TestScanParquetTables holds the four tables to the lines, the manifest and
// the database of the same case, row by row.
func TestScanParquetTables(t *testing.T) {
	testcost.Again(t)
	s := scanTables(t, sameIncidents(t, 1)[0], filepath.Join(t.TempDir(), "case"))
	for _, o := range s.host.Outputs {
		want, ok := map[string]int{"findings": len(s.findings), "files": len(s.host.Inputs), "hosts": 1, "timeline": s.host.Counts.Events}[strings.Split(o.Name, "/")[0]]
		if ok && o.Format == "parquet" && (o.Rows != want || want == 0) {
			t.Errorf("the manifest says %d rows of %s, want %d", o.Rows, o.Name, want)
		}
	}

	events := map[string]bool{}
	for _, r := range readParquet[eventRow](t, s.part("timeline")) {
		events[*r.ID] = true
	}
	if len(events) != s.host.Counts.Events {
		t.Errorf("timeline: %d ids, want %d", len(events), s.host.Counts.Events)
	}
	rows := readParquet[findingRow](t, s.part("findings"))
	if len(rows) != len(s.findings) {
		t.Fatalf("findings: %d rows, %d lines", len(rows), len(s.findings))
	}
	for i, r := range rows {
		f := s.findings[i]
		var ids []string
		for _, e := range f.Evidence {
			ids = append(ids, e.Events...)
		}
		if r.ID != f.ID || r.Rule != f.Rule || r.Host != corpus.Computer || !slices.Equal(r.Evidence, ids) {
			t.Fatalf("finding %d: %v, want %+v", i, r, f)
		}
		for _, id := range ids {
			if !events[id] {
				t.Errorf("finding %s names the event %s, which the timeline has not", f.ID, id)
			}
		}
	}
	files := readParquet[fileRow](t, s.part("files"))
	if len(files) != len(s.host.Inputs) {
		t.Fatalf("files: %d rows, %d inputs", len(files), len(s.host.Inputs))
	}
	for i, r := range files {
		in := s.host.Inputs[i]
		if r.Path != in.Path || *r.SHA256 != in.SHA256 || r.Size != in.Size || r.Status != in.Status || r.Events != int64(in.Events) || r.Modified != nil {
			t.Fatalf("file %d: %v, want %+v", i, r, in)
		}
	}
	hosts := readParquet[hostRow](t, s.part("hosts"))
	if len(hosts) != 1 || *hosts[0].GUID != corpus.MachineGUID || *hosts[0].TimeZone != corpus.TimeZone || *hosts[0].Bias != -540 {
		t.Errorf("hosts: %+v", hosts)
	}

	db, err := sql.Open("sqlite", filepath.Join(s.dir, "timeline.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for q, want := range map[string]string{
		"SELECT count(*) FROM finding":                                        fmt.Sprint(len(s.findings)),
		"SELECT count(*) FROM source_file":                                    fmt.Sprint(len(s.host.Inputs)),
		"SELECT count(*) FROM timeline":                                       fmt.Sprint(s.host.Counts.Events),
		"SELECT machine_guid FROM host":                                       corpus.MachineGUID,
		"SELECT count(*) FROM host WHERE os IS NULL OR build IS NULL":         "0",
		"SELECT count(*) FROM source_file WHERE error='' OR mtime=''":         "0",
		"SELECT count(*) FROM source_file WHERE status='ok' AND size IS NULL": "0",
	} {
		var got string
		if err := db.QueryRow(q).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %s (%v), want %s", q, got, err, want)
		}
	}
	ecsHostID(t, filepath.Join(s.dir, "ecs", "part-0000.ndjson"), corpus.MachineGUID)
	t.Run("duckdb", func(t *testing.T) { duckTables(t, s) })
}

// TestScanAlerts wants an alert for each finding, which leads to rows of the
// timeline and to the matrix of ATT&CK.
func TestScanAlerts(t *testing.T) {
	testcost.Again(t)
	s := scanTables(t, sameIncidents(t, 1)[0], filepath.Join(t.TempDir(), "case"))
	b, err := os.ReadFile(filepath.Join(s.dir, "ecs", "alerts.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	ecsHostID(t, filepath.Join(s.dir, "ecs", "alerts.ndjson"), corpus.MachineGUID)
	severity := map[string]int{"critical": 99, "high": 73, "medium": 47, "low": 21, "informational": 1}
	ids := map[string]bool{}
	lines := slices.Collect(bytes.Lines(b))
	if len(lines) != 2*len(s.findings) || len(lines) == 0 {
		t.Fatalf("%d lines for %d findings", len(lines), len(s.findings))
	}
	for i, f := range s.findings {
		var action struct {
			Index struct {
				Index string `json:"_index"`
				ID    string `json:"_id"`
			}
		}
		if err := json.Unmarshal(lines[2*i], &action); err != nil || action.Index.Index != "artifactdump-alerts" {
			t.Fatalf("%s: %v", lines[2*i], err)
		}
		ids[action.Index.ID] = true
		var doc struct {
			Time  time.Time `json:"@timestamp"`
			Event struct {
				Kind     string
				Severity int
			}
			Rule   struct{ ID, Name string }
			Threat struct {
				Framework string
				Technique struct {
					ID           []string
					Subtechnique struct{ ID []string }
				}
				Tactic struct{ ID, Name []string }
			}
			Ours struct {
				ID       string
				Evidence []string
			} `json:"artifactdump"`
		}
		if err := json.Unmarshal(lines[2*i+1], &doc); err != nil {
			t.Fatal(err)
		}
		if doc.Event.Kind != "alert" || doc.Event.Severity != severity[f.Level] || doc.Rule.ID != f.Rule || doc.Rule.Name == "" || doc.Ours.ID != f.ID {
			t.Errorf("%s: %s", f.ID, lines[2*i+1])
		}
		if !f.LastSeen.IsZero() && !doc.Time.Equal(f.LastSeen) || doc.Time.IsZero() {
			t.Errorf("%s: time %s, last seen %s", f.ID, doc.Time, f.LastSeen)
		}
		var events []string
		for _, e := range f.Evidence {
			events = append(events, e.Events...)
		}
		if !slices.Equal(events, doc.Ours.Evidence) {
			t.Errorf("%s: evidence %v, want %v", f.ID, doc.Ours.Evidence, events)
		}
		subs := 0
		for _, id := range f.Techniques {
			parent, _, sub := strings.Cut(id, ".")
			if !slices.Contains(doc.Threat.Technique.ID, parent) || sub && !slices.Contains(doc.Threat.Technique.Subtechnique.ID, id) {
				t.Errorf("%s: %s is not in %+v", f.ID, id, doc.Threat.Technique)
			}
			if sub {
				subs++
			}
		}
		if len(doc.Threat.Technique.Subtechnique.ID) != subs || len(f.Techniques) > 0 && (doc.Threat.Framework != "MITRE ATT&CK" || len(doc.Threat.Tactic.ID) == 0) ||
			len(doc.Threat.Tactic.ID) != len(doc.Threat.Tactic.Name) {
			t.Errorf("%s: %+v", f.ID, doc.Threat)
		}
	}
	if len(ids) != len(s.findings) {
		t.Errorf("%d ids for %d findings", len(ids), len(s.findings))
	}
}

// ecsHostID wants the machine GUID in each document, "" for none.
func ecsHostID(t *testing.T, name, want string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range bytes.Lines(b) {
		if n++; n%2 == 1 {
			continue
		}
		var doc struct{ Host map[string]string }
		if err := json.Unmarshal(line, &doc); err != nil {
			t.Fatal(err)
		}
		if id, ok := doc.Host["id"]; id != want || ok != (want != "") {
			t.Fatalf("line %d: host.id %q, want %q", n, id, want)
		}
	}
	if n == 0 {
		t.Error("no documents")
	}
}

// TestScanNoMachineGUID takes SOFTWARE away: what it told is null, not a
// guess and not an empty text.
func TestScanNoMachineGUID(t *testing.T) {
	testcost.Again(t)
	ev := incident(t)
	for _, name := range []string{"System32/config/SOFTWARE", "System32/config/RegBack/SOFTWARE", "System32/config/SOFTWARE.LOG1", "System32/config/SOFTWARE.LOG2"} {
		if err := os.Remove(filepath.Join(ev, "C", "Windows", filepath.FromSlash(name))); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	s := scanTables(t, ev, filepath.Join(t.TempDir(), "case"))
	if got := readParquet[hostRow](t, s.part("hosts")); len(got) != 1 || got[0].GUID != nil || got[0].OS != nil || got[0].Host != corpus.Computer {
		t.Errorf("hosts: %v", got)
	}
	db, err := sql.Open("sqlite", filepath.Join(s.dir, "timeline.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	n := 0
	if err := db.QueryRow("SELECT count(*) FROM host WHERE machine_guid IS NULL AND os IS NULL AND build IS NULL").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d hosts without what SOFTWARE tells (%v), want 1", n, err)
	}
	ecsHostID(t, filepath.Join(s.dir, "ecs", "part-0000.ndjson"), "")
}

// duckTables has DuckDB join the tables with each other and with the lines.
func duckTables(t *testing.T, s *scanned) {
	duckdb := os.Getenv("ARTIFACTDUMP_DUCKDB")
	if duckdb == "" {
		t.Skip("ARTIFACTDUMP_DUCKDB names no program (.ci/tools/duckdb)")
	}
	p := func(table string) string {
		return "read_parquet('" + s.dir + "/" + table + "/*/*.parquet', hive_partitioning=true)"
	}
	queries := []struct{ q, want string }{
		{"select count(*), count(distinct host), max(host) from " + p("findings"), fmt.Sprintf("%d|1|%s", len(s.findings), corpus.Computer)},
		{"select (select count(*) from " + p("findings") + ") = (select count(*) from read_json_auto('" + s.dir + "/findings.jsonl'))", "true"},
		{"select (select min(first_seen) from " + p("findings") + ")::timestamp = (select min(first_seen::timestamptz) from read_json_auto('" + s.dir + "/findings.jsonl'))::timestamp", "true"},
		{"select count(*) from (select unnest(evidence) id from " + p("findings") + ") e anti join " + p("timeline") + " t on e.id = t.id", "0"},
		{"select count(*), count(distinct path), sum(events) from " + p("files"), fmt.Sprintf("%d|%d|%s", len(s.host.Inputs), len(s.host.Inputs), s.events())},
		{"select count(*) from (select distinct source_file from " + p("timeline") + " where snapshot = '') t anti join " + p("files") + " f on t.source_file = f.path", "0"},
		{"select host, machine_guid, timezone, timezone_bias_minutes from " + p("hosts"), corpus.Computer + "|" + corpus.MachineGUID + "|" + corpus.TimeZone + "|-540"},
		{"select count(*) from " + p("timeline") + " join " + p("hosts") + " using (host)", fmt.Sprint(s.host.Counts.Events)},
		{"select any_value(typeof(techniques)), any_value(typeof(first_seen)), any_value(typeof(count)) from " + p("findings"), "VARCHAR[]|TIMESTAMP WITH TIME ZONE|BIGINT"},
		{"select count(*) from parquet_kv_metadata('" + s.dir + "/*/*/*.parquet') where decode(key) = 'artifactdump.schema' and decode(value) = '1'", "4"},
	}
	args := make([]string, len(queries))
	for i, q := range queries {
		args[i] = q.q
	}
	cmd := exec.Command(duckdb, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", duckdb, err, stderr.Bytes())
	}
	sc := bufio.NewScanner(bytes.NewReader(out))
	for _, q := range queries {
		if !sc.Scan() || sc.Text() != q.want {
			t.Errorf("%s: %s, want %s", q.q, sc.Text(), q.want)
		}
	}
}

// events is how many events the inputs gave before older copies were joined.
func (s *scanned) events() string {
	n := 0
	for _, in := range s.host.Inputs {
		n += in.Events
	}
	return fmt.Sprint(n)
}

// TestScanFileTimes keeps the times of files where the collector wrote them
// down, and the sizes of files in older copies of the machine.
func TestScanFileTimes(t *testing.T) {
	ev := filepath.Join(t.TempDir(), "evidence")
	pf := "Windows/Prefetch/TASKMGR.EXE-4C8500BA.pf"
	b, ok := incidentFiles()[pf]
	if !ok {
		t.Fatalf("the incident has no %s", pf)
	}
	for name, b := range map[string][]byte{
		"C/" + pf:    b,
		"VSS1/" + pf: b[:len(b)-1], // not the same file
		"C/Windows/Prefetch/DLLHOST.EXE-C60C3853.pf": incidentFiles()["Windows/Prefetch/DLLHOST.EXE-C60C3853.pf"],
		"2026-03-08T10_00_00_0000000_Prefetch_copylog.csv": []byte("CopiedTimestamp,SourceFile,DestinationFile,FileSize,SourceFileSha1,DeferredCopy,CreatedOnUtc,ModifiedOnUtc,LastAccessedOnUtc,CopyDuration\r\n" +
			`2026-03-08 10:00:00.0000000,C:\Windows\Prefetch\TASKMGR.EXE-4C8500BA.pf,E:\C\Windows\Prefetch\TASKMGR.EXE-4C8500BA.pf,1,,False,2026-03-01 01:02:03.0000000,2026-03-05 04:05:06.1234567,2026-03-05 04:05:06.0000000,00:00:00` + "\r\n"),
	} {
		p := filepath.Join(ev, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "case")
	if code, said := runs(t.Context(), ev, "-o", dir, "--format", "parquet,sqlite"); code != exitOK && code != exitDamaged {
		t.Fatalf("exit %d: %s", code, said)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "timeline.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for q, want := range map[string]string{
		"SELECT count(*) FROM source_file":                                                        "3",
		"SELECT mtime FROM source_file WHERE path LIKE '%TASKMGR%' AND snapshot=''":               "2026-03-05T04:05:06.1234567Z",
		"SELECT count(*) FROM source_file WHERE mtime IS NULL":                                    "2",
		"SELECT size FROM source_file WHERE path LIKE '%TASKMGR%' AND snapshot='vss1'":            fmt.Sprint(len(b) - 1),
		"SELECT size FROM source_file WHERE path LIKE '%TASKMGR%' AND snapshot=''":                fmt.Sprint(len(b)),
		"SELECT count(*) FROM host WHERE machine_guid IS NULL AND timezone IS NULL AND os ISNULL": "1",
	} {
		var got string
		if err := db.QueryRow(q).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %s (%v), want %s", q, got, err, want)
		}
	}
	parts, _ := filepath.Glob(filepath.Join(dir, "files", "*", "*.parquet"))
	if len(parts) != 1 {
		t.Fatalf("files: %q", parts)
	}
	times := 0
	for _, r := range readParquet[fileRow](t, parts[0]) {
		if r.Modified != nil {
			times++
			if at := time.UnixMicro(*r.Modified).UTC(); !at.Equal(time.Date(2026, 3, 5, 4, 5, 6, 123456000, time.UTC)) {
				t.Errorf("%s: modified %s", r.Path, at)
			}
		}
	}
	if times != 1 {
		t.Errorf("%d files have a time, want 1", times)
	}
}
