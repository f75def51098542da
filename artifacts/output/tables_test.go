package output_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// alerts writes the findings of a case as alerts and reads them as Elasticsearch
// does: two lines for each.
func alerts(t *testing.T, opts *output.Options, list ...output.Finding) (actions, docs []map[string]any) {
	t.Helper()
	opts.Case = func() *output.Case { return &output.Case{Findings: list} }
	f, _ := output.Lookup("ecs")
	var b bytes.Buffer
	n, err := f.Tables[0].Write(&b, opts)
	if err != nil || n != len(list) {
		t.Fatalf("%d alerts, %v", n, err)
	}
	if b.Len() > 0 && !strings.HasSuffix(b.String(), "\n") {
		t.Error("the last line does not end")
	}
	for i, line := range strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n") {
		if line == "" {
			continue
		}
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("line %d: %v: %s", i, err, line)
		}
		if i%2 == 0 {
			actions = append(actions, m)
		} else {
			docs = append(docs, m)
		}
	}
	return actions, docs
}

// inside follows a path in a document.
func inside(v any, path string) any {
	for name := range strings.SplitSeq(path, "/") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// TestAlerts has each part of a finding under the name that Elastic gives it.
func TestAlerts(t *testing.T) {
	first, last := time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC), time.Date(2026, 3, 7, 18, 0, 0, 0, time.UTC)
	opts := &output.Options{Created: last.Add(time.Hour), MachineGUID: func(host string) string { return "guid of " + host }}
	f := output.Finding{
		ID: "f1", Host: "PC", RuleID: "X-01", Level: "critical", Title: "title", Subject: hostile, Why: "why", FalsePositives: "benign",
		Techniques: []string{"T1036.005", "T1036", "T1204.002"}, Tactics: []string{"defense-evasion", "no tactic"}, First: first, Last: last, Count: 3,
		Evidence: []string{"e1", "e2"},
	}
	same, elsewhere, bare := f, f, output.Finding{ID: "f2", Host: "PC", Level: "low"}
	elsewhere.Host = "PC-2"
	actions, docs := alerts(t, opts, f, same, elsewhere, bare)
	d := docs[0]
	for path, want := range map[string]any{
		"@timestamp": "2026-03-07T18:00:00.0000000Z", "event/kind": "alert", "event/severity": 99.0, "event/start": "2026-03-06T18:00:00.0000000Z",
		"event/end": "2026-03-07T18:00:00.0000000Z", "event/reason": "why", "host/name": "PC", "host/id": "guid of PC", "rule/id": "X-01", "rule/name": "title",
		"artifactdump/id": "f1", "artifactdump/count": 3.0, "artifactdump/false_positives": "benign", "artifactdump/level": "critical",
		"message": "title: " + strings.ToValidUTF8(hostile, "\uFFFD"),
	} {
		if got := inside(d, path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	for path, want := range map[string]string{
		"threat/technique/id": `["T1036","T1204"]`, "threat/technique/subtechnique/id": `["T1036.005","T1204.002"]`,
		"threat/tactic/id": `["TA0005"]`, "threat/tactic/name": `["Defense Evasion"]`, "artifactdump/evidence": `["e1","e2"]`,
	} {
		if got, _ := json.Marshal(inside(d, path)); string(got) != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	id := func(i int) any { return inside(actions[i], "index/_id") }
	if id(0) != id(1) || id(0) == id(2) || id(0) == id(3) || inside(actions[0], "index/_index") != "artifactdump-alerts" {
		t.Errorf("ids %v %v %v %v", id(0), id(1), id(2), id(3))
	}
	// Without a time of its own, when the tool ran; without techniques, no threat.
	if got := inside(docs[3], "@timestamp"); got != "2026-03-07T19:00:00.0000000Z" || inside(docs[3], "threat") != nil || inside(docs[3], "event/severity") != 21.0 {
		t.Errorf("%v", docs[3])
	}
	if actions, _ := alerts(t, &output.Options{}); len(actions) != 0 {
		t.Errorf("%d alerts of nothing", len(actions))
	}
}

// TestAlertsFullDisk returns the error of the writer.
func TestAlertsFullDisk(t *testing.T) {
	f, _ := output.Lookup("ecs")
	opts := &output.Options{Case: func() *output.Case { return &output.Case{Findings: make([]output.Finding, 500)} }}
	if n, err := f.Tables[0].Write(&fullDisk{1000}, opts); err == nil {
		t.Errorf("%d alerts on a full disk", n)
	}
}

// TestCSVTable has a header without a row, and cells that no spreadsheet calculates
// when that is asked for.
func TestCSVTable(t *testing.T) {
	write := func(o *output.Options, rows ...[]string) string {
		t.Helper()
		var b bytes.Buffer
		c := output.NewCSV(&b, o, []string{"a", "b"})
		for _, r := range rows {
			if err := c.Row(r...); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if got := write(nil); got != "a,b\n" {
		t.Errorf("%q", got)
	}
	if got := write(&output.Options{BOM: true}); got != "\uFEFFa,b\n" {
		t.Errorf("%q", got)
	}
	for _, start := range []string{"=", "+", "-", "@", "\t", "\r"} {
		cell := start + `cmd|' /C calc'!A0`
		for _, safe := range []bool{false, true} {
			rows, err := csv.NewReader(strings.NewReader(write(&output.Options{CSVSafe: safe}, []string{cell, "x" + cell}))).ReadAll()
			if err != nil || len(rows) != 2 || len(rows[1]) != 2 {
				t.Fatalf("%q: %q, %v", cell, rows, err)
			}
			if got := rows[1][0][0]; safe != (got == '\'') || strings.ContainsAny(rows[1][0], "\t\r") {
				t.Errorf("safe %t: %q became %q", safe, cell, rows[1][0])
			}
			if strings.HasPrefix(rows[1][1], "'") {
				t.Errorf("%q was changed, which is no formula", "x"+cell)
			}
		}
	}
}

// TestHexDump has 16 bytes a line, offsets from the base, and dots for what a
// terminal would obey.
func TestHexDump(t *testing.T) {
	b := append([]byte("ABCDEFGHIJKLMNOP"), 0x1B, '[', 0x7F, 0xFF, '~', ' ')
	want := "          00001000  41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50  ABCDEFGHIJKLMNOP\n" +
		"          00001010  1b 5b 7f ff 7e 20                                .[..~ \n"
	if got := output.HexDump(b, 0x1000); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := output.HexDump(nil, 5); got != "" {
		t.Errorf("nothing is %q", got)
	}
}

// TestSetMachines: of two machines with one name, what they differ in is not told.
func TestSetMachines(t *testing.T) {
	var o output.Options
	o.SetMachines([]output.Machine{
		{Name: "PC", OS: "Windows 10", MachineGUID: "1", Bias: 60, TimeZone: "W. Europe Standard Time", Input: "a.zip"}, {Name: "DC", MachineGUID: "3"},
		{Name: "PC", OS: "Windows 10", MachineGUID: "2", Bias: 0, TimeZone: "W. Europe Standard Time", Input: "b.zip"},
	})
	if o.MachineGUID("PC") != "" || o.MachineGUID("DC") != "3" || o.MachineGUID("other") != "" {
		t.Errorf("GUIDs %q %q", o.MachineGUID("PC"), o.MachineGUID("DC"))
	}
	m := o.TheCase().Machines
	if len(m) != 2 || m[0].OS != "Windows 10" || m[0].TimeZone != "" || m[0].Bias != 0 || m[0].Input != "" || m[1].Name != "DC" {
		t.Errorf("%+v", m)
	}
	o.Case = func() *output.Case { return &output.Case{Findings: make([]output.Finding, 1)} }
	if o.SetMachines(nil); len(o.TheCase().Findings) != 1 {
		t.Error("what is known of the case was replaced")
	}
}
