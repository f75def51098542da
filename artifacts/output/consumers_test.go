package output_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// The programs that read our files are asked how many events they see, and
// which is the oldest and the newest. A program that is not installed is
// skipped by name.

// written is one timeline in every format.
type written struct {
	dir            string
	rows           []*output.Row
	oldest, newest time.Time
}

func (w *written) file(format string) string { return filepath.Join(w.dir, format) }

// writeAll writes rows that every format can hold, hostile texts among them.
func writeAll(t *testing.T) *written {
	t.Helper()
	w := &written{dir: t.TempDir()}
	var s output.Sorter
	defer s.Close()
	for i, r := range output.SomeRows(2000, 11) {
		if r.Time.IsZero() {
			continue
		}
		r.ID = fmt.Sprintf("%016x", i)
		switch i % 50 {
		case 1:
			r.Message = "a | bar, a comma, \"quotes\"\nand <script>alert(1)</script>"
		case 2:
			r.Message = "=HYPERLINK(\"http://example.invalid\")"
		case 3:
			r.Time = time.Date(2049, 12, 31, 23, 59, 59, 999999900, time.UTC)
		}
		if err := s.AddRow(r); err != nil {
			t.Fatal(err)
		}
	}
	for r, err := range s.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		w.rows = append(w.rows, r)
	}
	w.oldest, w.newest = w.rows[0].Time, w.rows[len(w.rows)-1].Time
	for _, f := range formats() {
		if !forEvents(f) {
			continue
		}
		out, _ := open(t, f.Name, w.dir)
		for _, r := range w.rows {
			if err := out.Event(r); err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
		}
		if err := out.Close(); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		if n, ok := out.(output.Noter); ok && len(n.Notes()) > 0 {
			t.Errorf("%s: %q", f.Name, n.Notes())
		}
	}
	return w
}

// consumer runs a program, or skips the test.
func consumer(t *testing.T, name string, args ...string) string {
	t.Helper()
	exe, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	cmd := exec.Command(exe, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, stderr.Bytes())
	}
	return string(out)
}

func (w *written) check(t *testing.T, who string, n int, oldest, newest string, layout string) {
	t.Helper()
	if n != len(w.rows) {
		t.Errorf("%s sees %d events, want %d", who, n, len(w.rows))
	}
	if want := w.oldest.Format(layout); oldest != want {
		t.Errorf("%s: the oldest is %s, want %s", who, oldest, want)
	}
	if want := w.newest.Format(layout); newest != want {
		t.Errorf("%s: the newest is %s, want %s", who, newest, want)
	}
}

func TestConsumers(t *testing.T) {
	w := writeAll(t)
	t.Run("mactime", func(t *testing.T) {
		out := consumer(t, "mactime", "-b", w.file("bodyfile"), "-y", "-d")
		lines := strings.Split(strings.TrimSpace(out), "\n")[1:]
		if strings.Contains(out, "0000-00-00") {
			t.Error("a row without a time")
		}
		for i, r := range w.rows {
			if n := strings.Count(out, "{"+r.ID+"}"); n != 1 {
				t.Fatalf("event %d (%s) is there %d times", i, r.ID, n)
			}
		}
		w.check(t, "mactime", len(lines), lines[0][:20], lines[len(lines)-1][:20], "2006-01-02T15:04:05Z")
	})
	t.Run("sqlite3", func(t *testing.T) {
		out := consumer(t, "sqlite3", w.file("sqlite"), "pragma integrity_check; select count(*), min(timestamp), max(timestamp) from timeline; "+
			"select count(*) from timeline where json_valid(tags) and json_valid(extra); select count(*) from timeline t join source_file s on s.id=source_id join host h on h.id=t.host_id;")
		lines := strings.Fields(out)
		all := strconv.Itoa(len(w.rows))
		if want := []string{"ok", fmt.Sprintf("%s|%d|%d", all, w.oldest.UnixMicro(), w.newest.UnixMicro()), all, all}; !slices.Equal(lines, want) {
			t.Errorf("sqlite3 says %q, want %q", lines, want)
		}
	})
	t.Run("libreoffice", func(t *testing.T) {
		// It tells workbooks by their ending.
		x := filepath.Join(w.dir, "timeline.xlsx")
		if err := os.Rename(w.file("xlsx"), x); err != nil {
			t.Fatal(err)
		}
		defer os.Rename(x, w.file("xlsx"))
		consumer(t, "libreoffice", "-env:UserInstallation=file://"+w.dir+"/profile", "--headless", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,3", "--outdir", w.dir, x)
		f, err := os.Open(filepath.Join(w.dir, "timeline-Timeline.csv"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		rows, err := csv.NewReader(f).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		rows = rows[1:]
		for i, r := range rows {
			if r[15] != w.rows[i].ID {
				t.Fatalf("row %d: id %q, want %q", i, r[15], w.rows[i].ID)
			}
		}
		newest := slices.IndexFunc(w.rows, func(r *output.Row) bool { return r.Time.Equal(w.newest) && !r.Local })
		oldest := slices.IndexFunc(w.rows, func(r *output.Row) bool { return !r.Local })
		if got, want := rows[oldest][0], w.rows[oldest].Time.Format("2006-01-02 15:04:05.000"); got != want {
			t.Errorf("first time cell %q, want %q", got, want)
		}
		if got, want := rows[newest][0], w.newest.Format("2006-01-02 15:04:05.000"); got != want {
			t.Errorf("last time cell %q, want %q", got, want)
		}
		if len(rows) != len(w.rows) {
			t.Errorf("libreoffice sees %d events, want %d", len(rows), len(w.rows))
		}
	})
	t.Run("excelize", func(t *testing.T) { checkExcelize(t, w) })
	t.Run("timesketch", func(t *testing.T) { checkTimesketch(t, w) })
	t.Run("duckdb", func(t *testing.T) { checkDuckDB(t, w) })
	t.Run("lines", func(t *testing.T) {
		// Formats of one line for each event, whatever stands in it.
		for name, header := range map[string]int{"text": -1, "jsonl": 0, "csv": 1, "l2tcsv": 1, "tln": 0, "bodyfile": 0, "timesketch": 0, "timesketch-csv": 1, "ecs": len(w.rows)} {
			b, err := os.ReadFile(w.file(name))
			if err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(b, []byte("\n")); header >= 0 && n != len(w.rows)+header {
				t.Errorf("%s has %d lines, want %d", name, n, len(w.rows)+header)
			}
			if bytes.ContainsAny(b, "\x00\x01\r") {
				t.Errorf("%s has control characters", name)
			}
		}
		b, _ := os.ReadFile(w.file("l2tcsv"))
		for line := range strings.Lines(string(b)) {
			if strings.Count(line, ",") != 16 {
				t.Fatalf("l2tcsv: %q has not 17 fields", line)
			}
		}
		for name, bars := range map[string]int{"tln": 4, "bodyfile": 10} {
			b, _ := os.ReadFile(w.file(name))
			for line := range strings.Lines(string(b)) {
				if strings.Count(line, "|") != bars {
					t.Fatalf("%s: %q has not %d fields", name, line, bars+1)
				}
			}
		}
	})
	t.Run("bulk", func(t *testing.T) { checkBulk(t, w) })
}

// checkTimesketch holds the files to what the importer asks: required fields,
// one type for a field over all lines, years, and not too many names.
func checkTimesketch(t *testing.T, w *written) {
	b, err := os.ReadFile(w.file("timesketch"))
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]string{}
	n := 0
	var first, last string
	for line := range strings.Lines(string(b)) {
		dec := json.NewDecoder(strings.NewReader(line))
		dec.UseNumber()
		var m map[string]any
		if err := dec.Decode(&m); err != nil {
			t.Fatalf("line %d: %v", n+1, err)
		}
		for _, k := range []string{"message", "datetime", "timestamp_desc", "timestamp", "data_type"} {
			if _, ok := m[k]; !ok {
				t.Fatalf("line %d has no %s", n+1, k)
			}
		}
		for k, v := range m {
			if strings.HasPrefix(k, "_") || k == "timesketch_label" {
				t.Errorf("the field name %s is not allowed", k)
			}
			ty := fmt.Sprintf("%T", v)
			if num, ok := v.(json.Number); ok {
				if _, err := num.Int64(); err != nil {
					t.Errorf("line %d: %s is no integer: %s", n+1, k, num)
				}
			}
			if old := types[k]; old != "" && old != ty {
				t.Fatalf("line %d: %s is a %s, was a %s before", n+1, k, ty, old)
			}
			types[k] = ty
			if s, ok := v.(string); ok && len(s) > 32766 {
				t.Errorf("line %d: %s has %d bytes", n+1, k, len(s))
			}
		}
		last = m["datetime"].(string)
		if first == "" {
			first = last
		}
		when, err := time.Parse("2006-01-02T15:04:05.000000-07:00", last)
		if us, _ := m["timestamp"].(json.Number).Int64(); err != nil || when.UnixMicro() != us || when.Year() < 1700 {
			t.Fatalf("line %d: datetime %s, timestamp %v", n+1, last, m["timestamp"])
		}
		n++
	}
	if len(types) > 300 {
		t.Errorf("%d field names", len(types))
	}
	w.check(t, "Timesketch", n, first, last, "2006-01-02T15:04:05.000000+00:00")

	f, err := os.Open(w.file("timesketch-csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(rows[0], ","); got != "message,datetime,timestamp_desc,timestamp,hostname,username,data_type,parser,source_file,path,tag,extra,record_id,level,rules,finding_ids,time_kind,session,program_id,start_id,window" {
		t.Errorf("header %s", got)
	}
	w.check(t, "Timesketch CSV", len(rows)-1, rows[1][1], rows[len(rows)-1][1], "2006-01-02T15:04:05.000000+00:00")
}

// checkBulk wants pairs of lines with ids that differ.
func checkBulk(t *testing.T, w *written) {
	b, err := os.ReadFile(w.file("ecs"))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	for i := 0; i < len(lines); i += 2 {
		var action struct {
			Index struct {
				ID string `json:"_id"`
			}
		}
		var doc struct {
			Time  time.Time `json:"@timestamp"`
			Event struct{ Category, Type []string }
			ECS   struct{ Version string }
		}
		if err := json.Unmarshal([]byte(lines[i]), &action); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(lines[i+1]), &doc); err != nil {
			t.Fatal(err)
		}
		ids[action.Index.ID] = true
		if !doc.Time.Equal(w.rows[i/2].Time) || len(doc.Event.Category) != 1 || len(doc.Event.Type) != 1 || doc.ECS.Version == "" {
			t.Fatalf("document %d: %s", i/2, lines[i+1])
		}
	}
	if len(ids) != len(w.rows) {
		t.Errorf("%d ids for %d events", len(ids), len(w.rows))
	}
}

// checkDuckDB asks DuckDB for count, oldest, newest, type of the time, and types of
// the nested columns.
func checkDuckDB(t *testing.T, w *written) {
	duckdb := os.Getenv("ARTIFACTDUMP_DUCKDB")
	if duckdb == "" {
		t.Skip("ARTIFACTDUMP_DUCKDB names no program (.ci/tools/duckdb)")
	}
	host := filepath.Join(w.dir, "timeline", "host=HOST-1")
	if err := os.MkdirAll(host, 0o777); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(w.file("parquet"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(host, "part-0000.parquet"), b, 0o666); err != nil {
		t.Fatal(err)
	}
	q := func(from string) string {
		return "select count(*), min(timestamp), max(timestamp), any_value(typeof(datetime)) from " + from
	}
	out := consumer(t, duckdb,
		q("read_json_auto('"+w.file("jsonl")+"')"),
		q("read_csv('"+w.file("csv")+"', header=true)"),
		q("read_parquet('"+w.file("parquet")+"')"),
		"select any_value(typeof(tag)), any_value(typeof(extra)), count(distinct host), max(epoch_us(datetime)) from read_parquet('"+w.file("parquet")+"')",
		"select count(*), max(host), 0, 0 from read_parquet('"+w.dir+"/timeline/*/*.parquet', hive_partitioning=true)",
	)
	all := fmt.Sprintf("%d|%d|%d|", len(w.rows), w.oldest.UnixMicro(), w.newest.UnixMicro())
	for i, line := range strings.Split(strings.TrimSpace(out), "\n") {
		want := []string{all + "TIMESTAMP", all, all + "TIMESTAMP WITH TIME ZONE", fmt.Sprintf("VARCHAR[]|MAP(VARCHAR, VARCHAR)|2|%d", w.newest.UnixMicro()), fmt.Sprintf("%d|HOST-1|0|0", len(w.rows))}[i]
		if i == 1 && strings.HasPrefix(line, want) {
			continue // a few local times make it text
		}
		if i == 0 && strings.HasPrefix(line, all) {
			continue
		}
		if line != want {
			t.Errorf("DuckDB, query %d: %s, want %s", i+1, line, want)
		}
	}
}
