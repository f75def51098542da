package output

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Timesketch asks for message, datetime and timestamp_desc. It maps the type
// of each field once for all lines, drops rows with years it does not know, and
// breaks over too many field names: so a few fields stand on their own, always
// with one type, and the rest is one text.

// tsFields are the fields that plaso writes too, which saved searches and
// analyzers go by.
var tsFields = []struct {
	name string
	kind byte // t text, n number, x number written in hex
}{
	{"run_count", 'n'}, {"prefetch_hash", 'x'}, {"image_path", 't'}, {"command_line", 't'}, {"entry_index", 'n'},
	{"number_of_executions", 'n'},
	{"application_focus_count", 'n'}, {"application_focus_duration", 'n'}, {"full_path", 't'}, {"sha1", 't'}, {"product_name", 't'},
	{"company_name", 't'},
	{"file_version", 't'}, {"file_size", 'n'}, {"program_identifier", 't'}, {"publisher", 't'}, {"service_name", 't'}, {"task_name", 't'},
	{"task_identifier", 't'}, {"device_path", 't'}, {"serial_number", 't'},
	{"record_number", 'n'}, {"event_level", 'n'}, {"source_name", 't'}, {"channel", 't'}, {"computer_name", 't'}, {"strings", 't'},
}

// maxText is the longest text that OpenSearch indexes as a whole, in bytes.
const maxText = 32766

// tsRange keeps what a reader of this module would not take: Timesketch drops rows
// with years outside 1700 to 9999 without a word.
type tsRange struct{ rows, left int }

func (t *tsRange) ok(r *Row) bool {
	if y := r.Time.Year(); y < 1700 || y > 9999 {
		t.left++
		return false
	}
	t.rows++
	return true
}

// Notes says what was left out.
func (t *tsRange) Notes() []string {
	var out []string
	if t.left > 0 {
		out = append(out, fmt.Sprintf("%s with a year before 1700 or after 9999 left out: Timesketch does not take them",
			plural(t.left, "event")))
	}
	if t.rows < 3 {
		out = append(out, "Timesketch has refused files with fewer than 3 events")
	}
	return out
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

type timesketch struct {
	tsRange
	w *bufio.Writer
	b []byte
}

func newTimesketch(w io.Writer, _ *Options) EventWriter {
	return &timesketch{w: bufio.NewWriterSize(w, 64<<10)}
}

func (t *timesketch) Event(r *Row) error {
	if !t.ok(r) {
		return nil
	}
	o := object{b: append(t.b[:0], '{')}
	o.str("message", clip(r.unzoned()))
	o.str("datetime", tsTime(r))
	o.int("timestamp", r.Time.UnixMicro())
	o.str("timestamp_desc", r.Kind)
	o.str("data_type", r.DataType)
	o.str("hostname", r.Host)
	o.str("username", r.User)
	o.str("user_sid", r.SID)
	o.str("parser", r.Parser)
	o.str("source_file", clip(r.Source))
	o.str("source_sha256", r.SHA256)
	o.str("snapshot", r.Snapshot)
	o.str("path", clip(r.Path))
	o.str("executable", clip(r.Executable))
	o.str("key_path", clip(r.Key))
	o.str("value_name", clip(r.Value))
	o.strs("tag", r.judgedTags())
	o.str("confidence", string(r.Proof))
	o.str("id", r.ID)
	if r.isEvent() { // rules and analyzers look for the number of an event here, a number as plaso has it
		if n, ok := r.eventNumber("event_identifier"); ok {
			o.int("event_identifier", n)
		}
	}
	o.str("state", string(r.State))
	o.str("record_id", r.RecordID)
	o.str("level", r.Level)
	o.str("rules", strings.Join(r.Rules, ","))
	o.str("finding_ids", strings.Join(r.FindingIDs, ","))
	o.str("time_kind", r.TimeKind)
	o.str("session", r.Session)
	o.str("program_id", r.ProgramID)
	o.str("start_id", r.StartID)
	o.str("window", r.Window)
	for _, f := range tsFields {
		v := r.field(f.name)
		if v == "" {
			continue
		}
		switch f.kind {
		case 'n':
			if n, err := strconv.ParseInt(v, 10, 64); err == nil {
				o.int(f.name, n)
			}
		case 'x':
			if n, err := strconv.ParseUint(v, 16, 32); err == nil {
				o.int(f.name, int64(n))
			}
		default:
			o.str(f.name, clip(v))
		}
	}
	o.str("extra", clip(r.pairs()))
	t.b = append(o.b, "}\n"...)
	_, err := t.w.Write(t.b)
	return err
}

func (t *timesketch) Close() error { return t.w.Flush() }

// tsTime has microseconds, and a zone always: local time is marked by its tag.
func tsTime(r *Row) string { return r.Time.UTC().Format("2006-01-02T15:04:05.000000+00:00") }

// clip cuts a text to what is indexed, between characters.
func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	n := maxText - len("…")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

type timesketchCSV struct {
	tsRange
	*table
}

func newTimesketchCSV(w io.Writer, o *Options) EventWriter {
	return &timesketchCSV{table: newTable(w, o, false, []string{
		"message", "datetime", "timestamp_desc", "timestamp", "hostname", "username", "data_type", "parser", "source_file", "path",
		"tag", "extra",
		"record_id", "level", "rules", "finding_ids", "time_kind", "session", "program_id", "start_id", "window",
	})}
}

func (t *timesketchCSV) Event(r *Row) error {
	if !t.ok(r) {
		return nil
	}
	tags := "-"
	if list := r.judgedTags(); len(list) > 0 {
		tags = strings.Join(list, ",")
	}
	return t.row(clip(r.unzoned()), tsTime(r), r.Kind, strconv.FormatInt(r.Time.UnixMicro(), 10), r.Host, r.User,
		r.DataType, r.Parser, r.Source, r.Path, tags, clip(r.pairs()),
		r.RecordID, r.Level, strings.Join(r.Rules, ","), strings.Join(r.FindingIDs, ","), r.TimeKind, r.Session,
		r.ProgramID, r.StartID, r.Window)
}

// judgedTags are the tags with the level and the rules of the findings, by which
// Timesketch filters.
func (r *Row) judgedTags() []string {
	if r.Level == "" {
		return r.Tags
	}
	return slices.Concat(r.Tags, []string{"level:" + r.Level}, r.Rules)
}
