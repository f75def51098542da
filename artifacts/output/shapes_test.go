package output_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// hostile is text that has what ends a field or a line in one of the formats.
const hostile = "a|b,c;\"d\"\t'e'\r\nf\x00g\x1b[31m\xff\u202eh\u2028=1+1"

// hostileRow has it in each of its texts.
func hostileRow(at time.Time) *output.Row {
	return &output.Row{Time: at, ID: "0123456789abcdef", Kind: "Last Time Executed", Message: hostile, DataType: "windows:prefetch:execution",
		Parser: "prefetch", Host: hostile, User: hostile, SID: hostile, Source: hostile, SHA256: hostile, Snapshot: hostile, Path: hostile,
		Executable: hostile, Key: hostile, Value: hostile, Tags: []string{hostile, "b"}, Proof: artifacts.Executed, State: artifacts.Live, Offset: 1 << 40,
		Extra: []artifacts.Field{{Name: hostile, Value: hostile}, {Name: "run_count", Value: "7"}}, RecordID: "fedcba9876543210",
		Level: "high", Rules: []string{"X-01", "P-02"}, FindingIDs: []string{hostile}}
}

// stream writes rows in a format, or nothing where it needs a file.
func stream(t *testing.T, name string, opts *output.Options, rows ...*output.Row) string {
	t.Helper()
	f, ok := output.Lookup(name)
	if !ok || f.Events == nil {
		t.Fatalf("no format %s for events", name)
	}
	var b bytes.Buffer
	w := f.Events(&b, opts)
	for _, r := range rows {
		if err := w.Event(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// at has all 100 nanoseconds, in a second that is a day's last.
var at = time.Date(2026, 3, 6, 23, 59, 59, 999999900, time.UTC)

// TestFieldsPerLine: whatever the evidence says, a line has as many fields as its
// format has columns, and there is one line for each event.
func TestFieldsPerLine(t *testing.T) {
	for _, c := range []struct {
		format, sep  string
		fields, head int
	}{
		{"bodyfile", "|", 11, 0}, // Sleuth Kit 3: MD5|name|inode|mode|UID|GID|size|atime|mtime|ctime|crtime
		{"tln", "|", 5, 0},       // Time|Source|Host|User|Description
		{"l2tcsv", ",", 17, 1},
	} {
		text := stream(t, c.format, nil, hostileRow(at), hostileRow(at.Add(time.Hour)))
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		if len(lines) != 2+c.head {
			t.Errorf("%s: %d lines: %q", c.format, len(lines), text)
			continue
		}
		for i, l := range lines {
			if got := strings.Split(l, c.sep); len(got) != c.fields {
				t.Errorf("%s: line %d has %d fields, want %d: %q", c.format, i, len(got), c.fields, l)
			}
			if strings.ContainsAny(l, "\r\x00\x1b") {
				t.Errorf("%s: line %d holds what moves a cursor: %q", c.format, i, l)
			}
		}
	}
	for _, format := range []string{"csv", "timesketch-csv"} {
		records, err := csv.NewReader(strings.NewReader(stream(t, format, nil, hostileRow(at), hostileRow(at)))).ReadAll() // one width for all
		if err != nil || len(records) != 3 {
			t.Errorf("%s: %d records, %v", format, len(records), err)
		}
	}
	for _, format := range []string{"jsonl", "timesketch"} {
		text := stream(t, format, nil, hostileRow(at), hostileRow(at))
		if n := strings.Count(text, "\n"); n != 2 || !utf8.ValidString(text) {
			t.Errorf("%s: %d lines, valid: %t", format, n, utf8.ValidString(text))
		}
		for line := range strings.Lines(text) {
			var m map[string]any
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				t.Errorf("%s: %v: %q", format, err, line)
			}
		}
	}
}

// TestTimesPerFormat has the one time in the shape that each format's readers want.
func TestTimesPerFormat(t *testing.T) {
	r := &output.Row{Time: at, ID: "0123456789abcdef", Kind: "Creation Time", Message: "m", DataType: "windows:x", Parser: "p", Host: "PC",
		Proof: artifacts.Present, State: artifacts.Live}
	seconds := strconv.FormatInt(at.Unix(), 10)
	body := strings.Split(strings.TrimSpace(stream(t, "bodyfile", nil, r)), "|")
	if got := strings.Join(body[7:], "|"); got != "-1|-1|-1|"+seconds { // born
		t.Errorf("bodyfile: %s", got)
	}
	body = strings.Split(strings.TrimSpace(stream(t, "bodyfile", &output.Options{BodyfileZero: true}, r)), "|")
	if got := strings.Join(body[7:], "|"); got != "0|0|0|"+seconds {
		t.Errorf("bodyfile with zeros: %s", got)
	}
	if got, _, _ := strings.Cut(stream(t, "tln", nil, r), "|"); got != seconds {
		t.Errorf("tln: %s", got)
	}
	_, l2t, _ := strings.Cut(stream(t, "l2tcsv", nil, r), "\n")
	if !strings.HasPrefix(l2t, "03/06/2026,23:59:59,UTC,...B,") {
		t.Errorf("l2tcsv: %s", l2t)
	}
	var sketch struct {
		Datetime  string `json:"datetime"`
		Timestamp int64  `json:"timestamp"`
		Kind      string `json:"timestamp_desc"`
		Message   string `json:"message"`
	}
	if err := json.Unmarshal([]byte(stream(t, "timesketch", nil, r)), &sketch); err != nil {
		t.Fatal(err)
	}
	if when, err := time.Parse(time.RFC3339Nano, sketch.Datetime); err != nil || when.Unix() != at.Unix() || sketch.Timestamp != at.UnixMicro() ||
		sketch.Kind != "Creation Time" || sketch.Message != "m" {
		t.Errorf("timesketch: %+v, %v", sketch, err)
	}
}

// TestMACB has kinds of event with the letter of the four times that they resemble.
func TestMACB(t *testing.T) {
	for kind, want := range map[string]string{"Creation Time": "...B", "Installation Time": "...B", "Last Access Time": ".A..", "Last Visited Time": ".A..",
		"Content Modification Time": "M...", "Last Time Executed": "M...", "Metadata Modification Time": "..C.", "Deletion Time": "..C.", "": "M..."} {
		_, line, _ := strings.Cut(stream(t, "l2tcsv", nil, &output.Row{Time: at, Kind: kind}), "\n")
		if got := strings.Split(line, ",")[3]; got != want {
			t.Errorf("%q: %s, want %s", kind, got, want)
		}
	}
}

// TestRowsReadBack: what JSON lines hold of an event is the event, at both ends of
// the calendar, before 1970, and in local time.
func TestRowsReadBack(t *testing.T) {
	for _, when := range []time.Time{
		at, time.Date(1601, 1, 1, 0, 0, 0, 100, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999999900, time.UTC), time.Unix(0, 0).UTC(),
		time.Date(9999, 12, 31, 23, 59, 59, 999999900, time.UTC), time.Date(2026, 3, 6, 0, 0, 0, 123456700, time.UTC),
	} {
		for _, local := range []bool{false, true} {
			want := &output.Row{Time: when, ID: "0123456789abcdef", Kind: "Start Time", Message: "ä \"quoted\"\n", DataType: "windows:x", Parser: "p", Host: "PC",
				User: "mira", Source: `C:\x`, Path: `\x`, Tags: []string{"a", "b"}, Proof: artifacts.Present, State: artifacts.Backup, Offset: -1, Local: local,
				Extra: []artifacts.Field{{Name: "b", Value: "1"}, {Name: "a", Value: ""}}}
			line := stream(t, "jsonl", nil, want)
			got, err := output.ReadRow([]byte(line))
			if err != nil {
				t.Fatalf("%v: %v: %s", when, err, line)
			}
			if !got.Time.Equal(when) || got.Local != local || got.Message != want.Message || got.Offset != -1 || got.State != artifacts.Backup ||
				len(got.Extra) < 2 || got.Extra[0] != want.Extra[0] || got.Extra[1] != want.Extra[1] {
				t.Errorf("%v, local %t: %+v of %s", when, local, got, line)
			}
			if again := stream(t, "jsonl", nil, got); again != line {
				t.Errorf("written again:\n%s\nwant\n%s", again, line)
			}
		}
	}
	for _, bad := range []string{"", "{}", "null", "[]", `{"id":"x"}`, `{"id":"x","datetime":"y","extra":[]}`, `{"id":"x","datetime":"y","extra":{"a":1}}`} {
		if r, err := output.ReadRow([]byte(bad)); err == nil {
			t.Errorf("%q is an event: %+v", bad, r)
		}
	}
}

// A fullDisk takes some bytes and fails.
type fullDisk struct{ left int }

var errFull = errors.New("disk full")

func (d *fullDisk) Write(p []byte) (int, error) {
	n := min(len(p), d.left)
	if d.left -= n; n < len(p) {
		return n, errFull
	}
	return n, nil
}

// TestFullDisk: a format that could not write all says so at the latest when it is
// closed, wherever the disk was full.
func TestFullDisk(t *testing.T) {
	rows := output.SomeRows(40, 3)
	for _, f := range formats() {
		if f.Events == nil {
			continue
		}
		write := func(out io.Writer) error {
			w := f.Events(out, nil)
			for _, r := range rows {
				if err := w.Event(r); err != nil {
					w.Close()
					return err
				}
			}
			return w.Close()
		}
		var whole bytes.Buffer
		if err := write(&whole); err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		size := whole.Len()
		for _, n := range []int{0, 1, size / 3, size / 2, size - 1} {
			if err := write(&fullDisk{n}); !errors.Is(err, errFull) {
				t.Errorf("%s: %d of %d bytes were written, and the error is %v", f.Name, n, size, err)
			}
		}
	}
}

// TestNoEvents: a timeline without events is a whole file of its format.
func TestNoEvents(t *testing.T) {
	for name, want := range map[string]string{"jsonl": "", "tln": "", "bodyfile": "", "timesketch": "", "l2tcsv": "date,", "csv": "datetime,", "timesketch-csv": ""} {
		text := stream(t, name, nil)
		if !strings.HasPrefix(text, want) || strings.Count(text, "\n") > 1 || text != "" && !strings.HasSuffix(text, "\n") {
			t.Errorf("%s: %q", name, text)
		}
	}
}

// TestFileNames: texts of the evidence make names that every file system takes.
func TestFileNames(t *testing.T) {
	for in, want := range map[string]string{
		"PC-01":               "PC-01",
		`a\b/c:d*e?f"g<h>i|j`: "a_b_c_d_e_f_g_h_i_j",
		"..":                  "",
		"a. . ":               "a",
		"tab\there":           "tab\uFFFDhere",
		"ä б 日":               "ä б 日",
		"":                    "",
	} {
		if got := output.FileName(in); got != want {
			t.Errorf("FileName(%q) = %q, want %q", in, got, want)
		}
	}
	if got := output.FileName(strings.Repeat("ä", 500)); utf8.RuneCountInString(got) > 81 || !utf8.ValidString(got) {
		t.Errorf("a long name: %d characters", utf8.RuneCountInString(got))
	}
}
