package catalogue_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

// A fieldsOf is a record as its JSON has it.
type fieldsOf = map[string]any

// TestTruth compares the fields of the records of databases, jump lists and
// detections with the shared truth table, line by line: what it says of a file
// must be in a record, and no live record may be left over.
func TestTruth(t *testing.T) {
	dir := testtree.Evidence(t, "artifacts2")
	checks := map[string]func(*truthFile){
		"bits": (*truthFile).bits, "detectionhistory": (*truthFile).detection, "automatic": (*truthFile).automatic,
		"custom": (*truthFile).custom, "srum": (*truthFile).srum, "ual": (*truthFile).ual, "sqlite": (*truthFile).sqlite,
	}
	seen := map[string]int{}
	for line := range testtree.Lines(t, filepath.Join(dir, "truth/artifacts2.jsonl.gz")) {
		var want fieldsOf
		if err := json.Unmarshal(line, &want); err != nil {
			t.Fatal(err)
		}
		kind, _ := want["kind"].(string)
		check := checks[kind]
		if check == nil {
			continue // a container: its reader is compared
		}
		seen[kind]++
		t.Run(want["file"].(string), func(t *testing.T) {
			f := &truthFile{t, want, "artifacts2/" + want["file"].(string), 0}
			check(f)
			if f.compared == 0 && kind != "custom" && kind != "ual" && kind != "sqlite" {
				t.Error("nothing was compared")
			}
		})
	}
	if want := map[string]int{"bits": 2, "detectionhistory": 2, "automatic": 12, "custom": 10, "srum": 3, "ual": 4, "sqlite": 13}; !maps.Equal(seen, want) {
		t.Errorf("lines of the truth table: %v", seen)
	}
}

// A truthFile is one line of the table with the file that it is about.
type truthFile struct {
	*testing.T
	want     fieldsOf
	path     string
	compared int // values
}

// records returns the records of one artifact that are no remains.
func (f *truthFile) records(name string) []fieldsOf {
	f.Helper()
	var out []fieldsOf
	list := func(a *artifacts.Artifact) []artifacts.Record { return testtree.RealRecords(f.T, f.path, a) }
	if name == "defenderdetections" { // known by its place
		list = func(a *artifacts.Artifact) []artifacts.Record {
			recs, errs := testtree.Found(f.T, fstest.MapFS{"Windows/System32/ntdll.dll": {},
				"ProgramData/Microsoft/Windows Defender/Scans/History/Service/DetectionHistory/02/" + filepath.Base(f.path): {
					Data: testtree.ReadFile(f.T, filepath.Join(testtree.EvidenceDir(f.T), f.path))}}, a)
			testtree.NoErrors(f.T, errs)
			return recs
		}
	}
	for _, r := range list(testtree.Named(f.T, catalogue.All(), name)) {
		if r.From.State != artifacts.Live {
			continue
		}
		b, err := json.Marshal(r.Data)
		if err != nil {
			f.Fatal(err)
		}
		var m fieldsOf
		if err := json.Unmarshal(b, &m); err != nil {
			f.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

// same compares fields of a record, nil standing for what is absent.
func (f *truthFile) same(of string, got, want fieldsOf) {
	f.Helper()
	for _, k := range slices.Sorted(maps.Keys(want)) {
		f.compared++
		g, w := plainValue(got[k]), plainValue(want[k])
		if !reflect.DeepEqual(g, w) {
			f.Errorf("%s: %s = %v, want %v", of, k, g, w)
		}
	}
}

// plainValue makes numbers and times comparable, and empty what is absent.
func plainValue(v any) any {
	switch v := v.(type) {
	case nil, bool:
		if v == true {
			return true
		}
		return ""
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return t.UTC().Format("2006-01-02T15:04:05.0000000Z")
		}
		return v
	case float64:
		if v == 0 {
			return ""
		}
		return v
	case int:
		return plainValue(float64(v))
	case []any:
		out := []any{}
		for _, x := range v {
			out = append(out, plainValue(x))
		}
		return out
	case []string:
		out := []any{}
		for _, x := range v {
			out = append(out, plainValue(x))
		}
		return out
	}
	return v
}

func (f *truthFile) list(name string) []fieldsOf {
	var out []fieldsOf
	list, _ := f.want[name].([]any)
	for _, x := range list {
		out = append(out, x.(fieldsOf))
	}
	return out
}

func (f *truthFile) bits() {
	got := f.records("bits")
	jobs := f.list("jobs")
	if len(got) != len(jobs) {
		f.Errorf("%d live jobs, want %d", len(got), len(jobs))
	}
	states := []string{"queued", "connecting", "transferring", "suspended", "error", "transient error", "transferred", "acknowledged", "cancelled"}
	for _, w := range jobs {
		i := slices.IndexFunc(got, func(m fieldsOf) bool { return m["job_id"] == w["id"] })
		if i < 0 {
			f.Errorf("job %v is missing", w["id"])
			continue
		}
		times, done := w["times"].([]any), w["t56"].([]any)
		f.same(fmt.Sprint(w["id"]), got[i], fieldsOf{
			"name": w["name"], "description": w["description"], "command": w["command"], "arguments": w["arguments"], "user_identifier": w["user"],
			"error_count": w["error_count"], "created": times[0], "modified": times[1], "completed": done[0], "expires": done[1],
			"type":      []string{"download", "upload", "upload-reply"}[int(w["type"].(float64))],
			"priority":  []string{"foreground", "high", "normal", "low"}[int(w["priority"].(float64))],
			"job_state": states[int(w["state"].(float64))],
		})
		files, _ := got[i]["files"].([]any)
		list := w["files"].([]any)
		if len(files) != len(list) {
			f.Errorf("job %v: %d files, want %d", w["id"], len(files), len(list))
			continue
		}
		for j, x := range list {
			x := x.(fieldsOf)
			f.same(fmt.Sprint(w["id"], j), files[j].(fieldsOf), fieldsOf{"url": x["url"], "local": x["destination"],
				"temporary": x["temporary"], "size": x["size"], "transferred": x["transferred"]})
		}
	}
}

func (f *truthFile) detection() {
	got := f.records("defenderdetections")
	if len(got) != 1 {
		f.Fatalf("%d detections", len(got))
	}
	w := f.want
	var places []string
	for _, r := range w["resources"].([]any) {
		pair := r.([]any)
		places = append(places, fmt.Sprint(pair[0], ": ", pair[1]))
	}
	f.same("detection", got[0], fieldsOf{
		"threat": w["threat"], "threat_id": fmt.Sprintf("%.0f", w["threat_id"]), "detection_id": w["id"], "first_detected": w["first_seen"],
		"status_time": w["status_time"], "remediated": w["remediated"], "account": w["user"], "process": w["process"], "resources": places,
	})
}

func (f *truthFile) automatic() {
	got := f.records("jumplists")
	list := f.list("entries")
	if len(list) == 0 {
		f.compared++
	}
	if len(got) != len(list) {
		f.Errorf("%d items, want %d", len(got), len(list))
	}
	for i, w := range list {
		if i >= len(got) {
			return
		}
		fields := fieldsOf{"host": w["host"], "last_opened": w["last_used"], "path": w["path"], "pinned": w["pin"].(float64) >= 0,
			"pin_position": max(0, w["pin"].(float64)), "version": f.want["version"], "position": i + 1}
		if n, ok := w["access_count"]; ok {
			fields["access_count"] = n
		}
		if w["has_stream"] == true {
			fields["stream"] = w["stream"]
		}
		f.same(fmt.Sprint("item ", i), got[i], fields)
	}
}

func (f *truthFile) custom() {
	if got := f.records("jumplists"); len(got) != int(f.want["links"].(float64)) {
		f.Errorf("%d links, want %v", len(got), f.want["links"])
	}
}

// srum compares counts, times and sums of each table, and the times of programs in odd places.
func (f *truthFile) srum() {
	names := map[string]string{
		"{D10CA2FE-6FCF-4F6D-848E-B2E99266FA89}": "srumapps", "{973F5D5C-1D90-4944-BE8E-24B94231A174}": "srumnetwork",
		"{DD6636C4-8929-4683-974E-22C046A43763}": "srumconnections",
	}
	sums := map[string]string{
		"sum_BytesSent": "bytes_sent", "sum_BytesRecvd": "bytes_received", "sum_ForegroundCycleTime": "foreground_cycles",
		"sum_BackgroundCycleTime": "background_cycles", "sum_ConnectedTime": "connected_s", "sum_DurationMS": "duration_ms",
	}
	other := map[any][]fieldsOf{}
	for _, m := range f.records("srumother") {
		other[m["table"]] = append(other[m["table"]], m)
	}
	for table, w := range f.want["tables"].(fieldsOf) {
		w := w.(fieldsOf)
		rows := other[table]
		if name := names[table]; name != "" {
			rows = f.records(name)
		}
		got := fieldsOf{"rows": len(rows), "apps": distinct(rows, "app_id"), "users": distinct(rows, "user_id")}
		want := fieldsOf{"rows": w["rows"], "first": w["first"], "last": w["last"], "apps": w["apps"], "users": w["users"]}
		for key, field := range sums {
			if n, ok := w[key]; ok {
				want[key] = n
				sum := 0.0
				for _, m := range rows {
					x, _ := m[field].(float64)
					sum += x
				}
				got[key] = sum
			}
		}
		times := []string{}
		for _, m := range rows {
			if s, ok := m["time"].(string); ok {
				times = append(times, plainValue(s).(string))
			}
		}
		if len(times) > 0 {
			got["first"], got["last"] = slices.Min(times), slices.Max(times)
		}
		f.same(table, got, want)
	}
	rows := append(f.records("srumapps"), f.records("srumnetwork")...)
	for path, want := range f.want["programs_below_users_or_tmp"].(fieldsOf) {
		times := map[string]bool{}
		for _, m := range rows {
			if m["path"] == path {
				times[plainValue(m["time"]).(string)] = true
			}
		}
		for _, at := range want.([]any) {
			f.compared++
			if !times[plainValue(at).(string)] {
				f.Errorf("%s: no row of %v", path, at)
			}
		}
	}
}

func distinct(rows []fieldsOf, field string) int {
	seen := map[any]bool{}
	for _, m := range rows {
		seen[m[field]] = true
	}
	return len(seen)
}

// ual compares clients with their days, roles and names.
func (f *truthFile) ual() {
	by := map[any][]fieldsOf{}
	for _, m := range f.records("ual") {
		by[m["kind"]] = append(by[m["kind"]], m)
	}
	for kind, table := range map[string]string{"client": "CLIENTS", "role": "ROLE_ACCESS", "name": "DNS", "machine": "VIRTUALMACHINES"} {
		list := f.list(table)
		if len(by[kind]) != len(list) {
			f.Errorf("%s: %d records, want %d", table, len(by[kind]), len(list))
			continue
		}
		for i, w := range list {
			got := by[kind][i]
			var want fieldsOf
			switch kind {
			case "client":
				days := []string{}
				for n := 1; n <= 366; n++ {
					if c, ok := w[fmt.Sprint("Day", n)].(float64); ok && c > 0 {
						days = append(days, fmt.Sprintf("%s: %.0f", time.Date(2022, 1, n, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), c))
					}
				}
				want = fieldsOf{"role": braces(w["RoleGuid"]), "account": w["AuthenticatedUserName"], "address": w["Address"], "accesses": w["TotalAccesses"],
					"first": w["InsertDate"], "last": w["LastAccess"], "days": days, "client_name": w["ClientName"]}
			case "role":
				want = fieldsOf{"role": braces(w["RoleGuid"]), "first": w["FirstSeen"], "last": w["LastSeen"]}
			case "name":
				want = fieldsOf{"client_name": w["HostName"], "address": w["Address"], "last": w["LastSeen"]}
			}
			f.same(fmt.Sprint(table, " ", i), got, want)
		}
	}
}

// braces is how records spell a GUID.
func braces(guid any) string { return fmt.Sprintf("{%v}", guid) }

// sqlite compares what the table says beside the counts of rows.
func (f *truthFile) sqlite() {
	rows, _ := f.want["with_wal"].(fieldsOf)
	switch {
	case strings.HasPrefix(f.path, "artifacts2/browser/"):
		visits := f.records("browserhistory")
		count := func(table string) int { n, _ := rows[table].(float64); return int(n) }
		if want := count("visits") + count("moz_historyvisits"); len(visits) != want {
			f.Errorf("%d visits, want %d", len(visits), want)
		}
		if got, want := len(f.records("browserdownloads")), count("downloads")+count("moz_downloads"); got != want {
			f.Errorf("%d downloads, want %d", got, want)
		}
		times := []string{}
		urls := map[any]float64{}
		for _, m := range visits {
			times = append(times, plainValue(m["time"]).(string))
			n, _ := m["visit_count"].(float64)
			urls[m["url"]] = n
		}
		if n, ok := f.want["max_last_visit"].(float64); ok {
			// The address keeps the time apart from that of its last visit, by up to a microsecond.
			last := time.UnixMicro(int64(n) - 11644473600000000).UTC()
			newest, err := time.Parse(time.RFC3339Nano, slices.Max(times))
			if err != nil {
				f.Fatal(err)
			}
			sum := 0.0
			for _, n := range urls {
				sum += n
			}
			if d := newest.Sub(last).Abs(); d > time.Microsecond || sum != f.want["sum_visit_count"] {
				f.Errorf("last visit %s, want %s; %v visits in all, want %v", newest, last, sum, f.want["sum_visit_count"])
			}
		}
		if v, ok := f.want["visits"].([]any); ok {
			if at := time.UnixMicro(int64(v[1].(float64))).UTC().Format("2006-01-02T15:04:05.0000000Z"); times[0] != at {
				f.Errorf("visit at %s, want %s", times[0], at)
			}
		}
	case strings.HasPrefix(f.path, "artifacts2/timeline/"):
		f.activities()
	case strings.HasPrefix(f.path, "artifacts2/notifications/"):
		got := f.records("notifications")
		list := f.list("notifications")
		if len(got) != len(list) {
			f.Errorf("%d notifications, want %d", len(got), len(list))
		}
		at := func(v any) any {
			n, _ := v.(float64)
			if n == 0 {
				return nil
			}
			// A float64 of this size is exact to 16 ticks.
			return time.UnixMicro(int64(n)/10 - 11644473600000000).UTC().Truncate(10 * time.Microsecond).Format(time.RFC3339Nano)
		}
		coarse := func(v any) any {
			s, _ := v.(string)
			if s == "" {
				return nil
			}
			t, _ := time.Parse(time.RFC3339Nano, s)
			return t.Truncate(10 * time.Microsecond).Format(time.RFC3339Nano)
		}
		for _, w := range list {
			i := slices.IndexFunc(got, func(m fieldsOf) bool { return m["notification_id"] == w["id"] })
			if i < 0 {
				f.Errorf("notification %v is missing", w["id"])
				continue
			}
			got[i]["arrival"], got[i]["expiry"] = coarse(got[i]["arrival"]), coarse(got[i]["expiry"])
			f.same(fmt.Sprint("notification ", w["id"]), got[i], fieldsOf{"app": w["handler"], "type": w["type"], "arrival": at(w["arrival"]), "expiry": at(w["expiry"])})
		}
	}
}

func (f *truthFile) activities() {
	types := fieldsOf{}
	var first, last, ends float64
	for _, m := range f.records("timeline") {
		if m["table"] != "Activity" {
			continue
		}
		key := fmt.Sprintf("%.0f", m["activity_type"])
		n, _ := types[key].(float64)
		types[key] = n + 1
		unix := func(name string) float64 {
			s, _ := m[name].(string)
			if s == "" {
				return 0
			}
			t, err := time.Parse(time.RFC3339Nano, s)
			if err != nil {
				f.Fatal(err)
			}
			return float64(t.Unix())
		}
		start := unix("start")
		if first == 0 || start < first {
			first = start
		}
		last, ends = max(last, start), ends+unix("end")
	}
	f.same("activities", fieldsOf{"first_start": first, "last_start": last, "sum_end": ends},
		fieldsOf{"first_start": f.want["first_start"], "last_start": f.want["last_start"], "sum_end": f.want["sum_end"]})
	f.same("types of activities", types, f.want["activity_types"].(fieldsOf))
}
