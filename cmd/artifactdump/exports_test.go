package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Velocidex/ordereddict"
	velocidex "www.velocidex.com/golang/evtx"

	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/formats/evtx"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// An exporter writes records as another program does, and says what it loses.
type exporter struct {
	name  string
	write func(t *testing.T, log string, records []events.Record) []byte
	tick  time.Duration // the precision of its times
}

// exporters are written after the public documentation of each program, but for
// Velociraptor, whose own library makes the rows.
var exporters = []exporter{
	{"winlogbeat", exportWinlogbeat, time.Millisecond},
	{"evtx_dump", exportEvtxDump, time.Microsecond},
	{"evtxecmd", exportEvtxECmd, 100},
	{"velociraptor", exportVelociraptor, 2 * time.Microsecond},
}

type member struct {
	key   string
	value any
}

// object is JSON whose members keep their order.
type object []member

func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, m := range o {
		b.WriteByte("{,"[min(i, 1)])
		k, _ := json.Marshal(m.key)
		v, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(append(append(k, ':'), v...))
	}
	if len(o) == 0 {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func jsonLine(t *testing.T, out []byte, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return append(append(out, b...), '\n')
}

// tree puts values below UserData into objects.
func tree(fields []events.Field) object {
	var o object
	for _, f := range fields {
		path, ok := strings.CutPrefix(f.Name, "UserData/")
		if !ok {
			continue
		}
		o = o.set(strings.Split(path, "/"), f.Value)
	}
	return o
}

func (o object) set(path []string, v string) object {
	if len(path) == 1 {
		return append(o, member{path[0], v})
	}
	for i := range o {
		if sub, ok := o[i].value.(object); ok && o[i].key == path[0] {
			o[i].value = sub.set(path[1:], v)
			return o
		}
	}
	return append(o, member{path[0], object(nil).set(path[1:], v)})
}

// exportWinlogbeat: one document for each event, with sorted members and times in
// milliseconds. Empty values are left out, unnamed ones are called param1, param2 …
func exportWinlogbeat(t *testing.T, _ string, records []events.Record) (out []byte) {
	for _, r := range records {
		w := map[string]any{"channel": r.Channel, "provider_name": r.Provider, "event_id": strconv.Itoa(int(r.ID)), "record_id": r.Number,
			"computer_name": r.Computer, "version": r.Version, "api": "wineventlog", "process": map[string]any{"pid": r.ProcessID, "thread": map[string]any{"id": r.ThreadID}}}
		if r.UserSID != "" {
			w["user"] = map[string]any{"identifier": r.UserSID}
		}
		data, user := map[string]string{}, map[string]any{}
		for i, f := range r.Data {
			v := strings.TrimSpace(strings.ReplaceAll(f.Value, "\r\n", "\n"))
			path, isUser := strings.CutPrefix(f.Name, "UserData/")
			switch {
			case v == "":
			case isUser:
				root, name, _ := strings.Cut(path, "/")
				user["xml_name"] = root
				user[name] = v
			case f.Name == "":
				data[fmt.Sprintf("param%d", i+1)] = v
			default:
				if _, ok := data[f.Name]; !ok {
					data[f.Name] = v
				}
			}
		}
		if len(data) > 0 {
			w["event_data"] = data
		}
		if len(user) > 0 {
			w["user_data"] = user
		}
		out = jsonLine(t, out, map[string]any{"_index": "winlogbeat", "_id": r.Number, "_source": map[string]any{
			"@timestamp": r.Time.Format("2006-01-02T15:04:05.000Z"), "agent": map[string]any{"type": "winlogbeat", "version": "8.15.0"},
			"log": map[string]any{"level": "information"}, "winlog": w, "event": map[string]any{"code": strconv.Itoa(int(r.ID)), "kind": "event"}}})
	}
	return out
}

// number is a value as programs write it that know its type: only integers matter.
func number(s string) any {
	if n, err := strconv.ParseUint(s, 10, 63); err == nil && strconv.FormatUint(n, 10) == s {
		return n
	}
	return s
}

// exportEvtxDump: the XML as JSON, attributes apart, one line for each record.
func exportEvtxDump(t *testing.T, _ string, records []events.Record) (out []byte) {
	attr := func(kv ...any) object {
		var o object
		for i := 0; i < len(kv); i += 2 {
			o = append(o, member{kv[i].(string), kv[i+1]})
		}
		return object{{"#attributes", o}}
	}
	for _, r := range records {
		var security any
		if r.UserSID != "" {
			security = attr("UserID", r.UserSID)
		}
		system := object{{"Provider", attr("Name", r.Provider)}, {"EventID", r.ID}, {"Version", r.Version}, {"Level", r.Level},
			{"TimeCreated", attr("SystemTime", r.Time.Format("2006-01-02T15:04:05.000000Z"))}, {"EventRecordID", r.Number},
			{"Execution", attr("ProcessID", r.ProcessID, "ThreadID", r.ThreadID)}, {"Channel", r.Channel}, {"Computer", r.Computer}, {"Security", security}}
		event := object{{"#attributes", map[string]string{"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"}}, {"System", system}}
		var data object
		var unnamed []string
		for _, f := range r.Data {
			switch {
			case strings.HasPrefix(f.Name, "UserData/"):
			case f.Name == "":
				unnamed = append(unnamed, f.Value)
			default:
				data = append(data, member{f.Name, number(f.Value)})
			}
		}
		if unnamed != nil {
			data = append(data, member{"Data", object{{"#text", unnamed}}})
		}
		if data != nil {
			event = append(event, member{"EventData", data})
		}
		if u := tree(r.Data); u != nil {
			event = append(event, member{"UserData", u})
		}
		out = jsonLine(t, out, object{{"Event", event}})
	}
	return out
}

// exportEvtxECmd: columns, and the payload as JSON in a text.
func exportEvtxECmd(t *testing.T, _ string, records []events.Record) (out []byte) {
	for _, r := range records {
		var list []object
		for _, f := range r.Data {
			switch {
			case strings.HasPrefix(f.Name, "UserData/"):
			case f.Name == "":
				list = append(list, object{{"#text", f.Value}})
			default:
				list = append(list, object{{"@Name", f.Name}, {"#text", f.Value}})
			}
		}
		payload := object{{"EventData", object{{"Data", list}}}}
		if u := tree(r.Data); u != nil {
			payload = object{{"UserData", u}}
		}
		p, err := json.Marshal(payload)
		if err != nil {
			t.Fatal(err)
		}
		out = jsonLine(t, out, object{{"PayloadData1", "x"}, {"ChunkNumber", 0}, {"Computer", r.Computer}, {"Payload", string(p)}, {"UserId", r.UserSID},
			{"Channel", r.Channel}, {"Provider", r.Provider}, {"EventId", r.ID}, {"EventRecordId", strconv.FormatUint(r.Number, 10)},
			{"ProcessId", r.ProcessID}, {"ThreadId", r.ThreadID}, {"Level", "LogAlways"}, {"Keywords", "Audit success"},
			{"SourceFile", `C:\x.evtx`}, {"TimeCreated", r.Time.Format("2006-01-02T15:04:05.0000000+00:00")}, {"RecordNumber", r.Number}})
	}
	return out
}

// exportVelociraptor: the rows of parse_evtx.
func exportVelociraptor(t *testing.T, log string, records []events.Record) (out []byte) {
	want := map[uint64]bool{}
	for _, r := range records {
		want[r.Number] = true
	}
	f, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	chunks, err := velocidex.GetChunks(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range chunks {
		list, err := c.Parse(0)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if d, ok := r.Event.(*ordereddict.Dict); ok && want[r.Header.RecordID] {
				inner, _ := d.Get("Event")
				if x, ok := inner.(*ordereddict.Dict); ok {
					if sys, ok := x.Get("System"); ok { // logs that were saved to a file number their records anew
						sys.(*ordereddict.Dict).Set("EventRecordID", r.Header.RecordID)
					}
				}
				out = jsonLine(t, out, inner)
			}
		}
	}
	return out
}

// TestExports: logs as other programs export them give the same log-ons, rows and
// findings as the logs themselves.
func TestExports(t *testing.T) {
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	for i, log := range []string{
		"museum-server2022-aptsimulatorvm/Security.evtx", "museum-server2022-aptsimulatorvm/System.evtx",
		"museum-server2022-aptsimulatorvm/Microsoft-Windows-TerminalServices-LocalSessionManager%4Operational.evtx",
		"velociraptor/RDPAuth_RemoteConnectionManager.evtx", "velociraptor/EID4104_PowershellScriptblock.evtx",
		"golden/EVTX-ATTACK-SAMPLES/Lateral Movement/MSSQL_15281_xp_cmdshell_exec_failed_attempt.evtx",
	} {
		name := filepath.Join(dir, "evtx", log)
		var records []events.Record
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		l, err := evtx.Open(bytes.NewReader(b), int64(len(b)), nil)
		if err != nil {
			t.Fatal(err)
		}
		for r, err := range l.Records() {
			if err == nil {
				records = append(records, events.FromEVTX(r))
			}
		}
		if len(records) == 0 {
			t.Fatalf("%s: no records", log)
		}
		want := saidOf(t, name)
		if len(want["timeline"]) == 0 {
			t.Errorf("%s: no rows", log)
		}
		for _, x := range testcost.Sample(slices.Concat(exporters[i%4:], exporters[:i%4]), len(exporters)) { // each of them, in a sample, too
			file := filepath.Join(t.TempDir(), "export.json")
			if err := os.WriteFile(file, x.write(t, name, records), 0o666); err != nil {
				t.Fatal(err)
			}
			got := saidOf(t, file)
			for what, rows := range want {
				if len(got[what]) != len(rows) {
					t.Errorf("%s of %s as %s: %d rows, want %d", what, log, x.name, len(got[what]), len(rows))
				}
				for i, r := range rows[:min(len(rows), len(got[what]))] {
					g := got[what][i]
					if strings.ContainsRune(g.text, '\uFFFD') {
						continue // the library writes a small integer as a byte of text
					}
					if g.text != r.text || g.at.Sub(r.at).Abs() > x.tick {
						t.Errorf("%s of %s as %s: row %d is\n%v %s\nwant\n%v %s", what, log, x.name, i, g.at, g.text, r.at, r.text)
						break
					}
				}
			}
		}
	}
}

// A saidRow is a row that a command printed, without what depends on the file that a
// record was read from.
type saidRow struct {
	text string
	at   time.Time
}

// What not all exporters keep: times in texts beyond the millisecond, the name of a
// whole payload, whether a number was hexadecimal, and the order of values.
var (
	finer = regexp.MustCompile(`(T\d\d:\d\d:\d\d\.\d\d\d)\d+Z`)
	whole = regexp.MustCompile(`@?Name: [A-Z_]{8,} ?`)
	hexa  = regexp.MustCompile(`\b0x[0-9a-fA-F]{1,15}\b`)
)

func plainText(s string) string {
	s = whole.ReplaceAllString(finer.ReplaceAllString(s, "${1}Z"), "")
	s = hexa.ReplaceAllStringFunc(s, func(h string) string {
		n, _ := strconv.ParseUint(h[2:], 16, 64)
		return strconv.FormatUint(n, 10)
	})
	words := strings.Fields(strings.NewReplacer("{", "", "}", "").Replace(s)) // braces of a GUID
	slices.Sort(words)
	return strings.Join(words, " ")
}

// saidOf returns what three commands say of evidence.
func saidOf(t *testing.T, path string) map[string][]saidRow {
	t.Helper()
	out := map[string][]saidRow{}
	for what, c := range map[string]struct {
		args []string
		time string
		keys []string
	}{
		"timeline": {[]string{"timeline", "--events", "all", "--no-deleted", "--format", "jsonl"}, "datetime", []string{"parser", "message", "event_identifier", "channel", "record_number", "computer", "provider", "username"}},
		"logons":   {[]string{"logons", "--view", "timeline", "--no-deleted", "--format", "jsonl"}, "time", []string{"host", "channel", "event_id", "record", "outcome", "kind", "account", "account_sid", "actor", "source", "source_address", "dest", "type", "auth", "status", "reason", "logon_id", "linked_logon_id", "process"}},
		"findings": {[]string{"findings", "--no-deleted", "--format", "jsonl"}, "first", []string{"title", "level", "rule_ids", "subject", "count"}},
	} {
		stdout, stderr, code := runArgs(t, append(c.args, path)...)
		if code != exitOK {
			t.Fatalf("%s %s: exit %d\n%s", what, path, code, stderr)
		}
		for line := range strings.Lines(stdout) {
			var row map[string]any
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatal(err)
			}
			if what == "timeline" && row["timestamp_desc"] != "Creation Time" || what == "findings" && (row["rule_ids"] == nil || row["rule_id"] == "D-06") {
				continue // an export has no record of the log
			}
			var r saidRow
			if at, ok := row[c.time].(string); ok {
				r.at, _ = time.Parse(time.RFC3339Nano, at)
			}
			var texts []string
			for _, k := range c.keys {
				if v := row[k]; v != nil {
					texts = append(texts, fmt.Sprint(v))
				} else {
					texts = append(texts, "-")
				}
			}
			r.text = plainText(strings.Join(texts, " "))
			out[what] = append(out[what], r)
		}
		slices.SortFunc(out[what], func(x, y saidRow) int { return cmp.Or(strings.Compare(x.text, y.text), x.at.Compare(y.at)) })
	}
	return out
}
