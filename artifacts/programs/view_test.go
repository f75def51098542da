package programs_test

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/communication"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// busy is a program of which every kind of evidence speaks, and a quiet one.
func busy() *programs.Model {
	run := persistence.RunKey{Name: "Updater"}
	run.Mechanism, run.Image, run.Command, run.Written = "Run", `C:\Tools\a.exe`, `"C:\Tools\a.exe" -q`, day.Add(-time.Hour)
	auto := rec("runkeys", run)
	auto.From.Value = "Updater"
	sent := communication.SRUMNetwork{Sent: 5000, Received: 70}
	sent.Kind, sent.Path, sent.Time, sent.SID = "program", `C:\Tools\a.exe`, day.Add(time.Hour), "S-1-5-21-1-2-3-1001"
	list := []artifacts.Record{
		rec("amcachefiles", execution.AmcacheFile{Path: `C:\Tools\a.exe`, SHA1: strings.Repeat("AB", 20), Size: 4096, OriginalName: "psexec.c", Company: "=Vendor", Version: "2.2", MFTEntry: 77, MFTSequence: 3, Written: day, Generation: "10"}),
		rec("usnjrnl", filesystem.Change{Kind: filesystem.KindSession, Path: `C:\Tools\a.exe`, Reference: "77-3", Created: day.Add(-10 * time.Minute), First: day.Add(-10 * time.Minute)}),
		rec("zoneid", filesystem.Mark{Path: `C:\Tools\a.exe`, HostURL: "http://203.0.113.9/a.exe", Zone: "Internet", Exists: true}),
		pf(`\VOLUME{1}\TOOLS\A.EXE`, 5, day, day.Add(-5*time.Minute)),
		bam(day.Add(time.Second), `\Device\HarddiskVolume3\Tools\a.exe`, "S-1-5-21-1-2-3-1001"),
		entry(sysmonLog, 22, 1, `Image=C:\Tools\a.exe`, "QueryName=heron.example"),
		entry(defenderLog, 1116, 2, "Threat Name=HackTool:Win32/Heron", `Path=file:_C:\Tools\a.exe`),
		rec("usnjrnl", filesystem.Change{Kind: filesystem.KindSession, Path: `C:\Tools\a.exe`, Reference: "77-3", Deleted: day.Add(3 * time.Hour), First: day.Add(3 * time.Hour)}),
		auto, rec("srumnetwork", sent),
		pf(`\VOLUME{1}\PROGRAM FILES\B\B.EXE`, 1, day.AddDate(0, 0, -3)),
	}
	m := build(list)
	for _, p := range m.Programs {
		if p.Key == `\tools\a.exe` {
			p.Level, p.Score, p.Rules = "high", 77, []string{"X-02", "N-01"}
		}
	}
	return m
}

// table returns the rows of a table by the names of its columns.
func table(t *testing.T, m *programs.Model, starts, safe bool, v *programs.View) []map[string]string {
	t.Helper()
	var b bytes.Buffer
	w, err := programs.NewTable(&b, starts, safe)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Add(m, v); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, l := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = l[i]
		}
		out = append(out, row)
	}
	return out
}

// TestTableOfPrograms holds each column to what the records say: their names are a
// contract.
func TestTableOfPrograms(t *testing.T) {
	rows := table(t, busy(), false, false, &programs.View{All: true})
	if len(rows) != 2 || rows[0]["Path"] == rows[1]["Path"] {
		t.Fatalf("%d rows: %v", len(rows), rows)
	}
	for name, want := range map[string]string{
		"Level": "high", "Name": "a.exe", "FirstSeen": "2026-03-06 17:50:00.0000000", "FirstStart": "2026-03-06 17:55:00.0000000",
		"LastStart": "2026-03-06 18:00:00.0000000", "StartsKnown": "2", "StartsAtLeast": "5", "StartSources": "bam; prefetch",
		"AccountCertainty": "proved", "ArrivedFrom": "http://203.0.113.9/a.exe", "SHA1": strings.Repeat("ab", 20), "OriginalName": "psexec.c",
		"Company": "=Vendor", "Version": "2.2", "Size": "4096", "Verdicts": "HackTool:Win32/Heron", "Autostarts": "Run Updater", "BytesSent": "5000",
		"BytesReceived": "70", "RemoteHints": "heron.example", "Created": "2026-03-06 17:50:00.0000000", "Deleted": "2026-03-06 21:00:00.0000000",
		"Rules": "X-02; N-01", "Volume": "",
	} {
		if got := rows[0][name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if r := rows[1]; r["Name"] != "b.exe" || r["Level"] != "" || r["Size"] != "" || r["Deleted"] != "" || r["StartsKnown"] != "1" {
		t.Errorf("of the quiet program it says %v", r)
	}
	if safe := table(t, busy(), false, true, &programs.View{All: true}); safe[0]["Company"] != "'=Vendor" || safe[0]["Size"] != "4096" {
		t.Errorf("a cell that a spreadsheet evaluates is %q", safe[0]["Company"])
	}
}

// TestTableOfStarts: one row for each start, with its sources and records.
func TestTableOfStarts(t *testing.T) {
	rows := table(t, busy(), true, false, &programs.View{Names: []string{"a.exe"}})
	if len(rows) != 2 {
		t.Fatalf("%d starts", len(rows))
	}
	if r := rows[1]; r["Start"] != "2026-03-06 18:00:00.0000000" || r["Certainty"] != "proved" || r["Sources"] != "prefetch; bam" && r["Sources"] != "bam; prefetch" || r["AccountCertainty"] != "proved" {
		t.Errorf("the last start is %v", r)
	}
	if ids := strings.Split(rows[1]["RecordIDs"], "; "); len(ids) != 2 || ids[0] == ids[1] {
		t.Errorf("its records are %q", ids)
	}
	if rows[0]["ProgramID"] != rows[1]["ProgramID"] || rows[0]["ProgramID"] == "" {
		t.Errorf("the starts are of %q and %q", rows[0]["ProgramID"], rows[1]["ProgramID"])
	}
}

// TestNamedPrograms: by name, path, the beginning of the id, or a hash; never by a
// part of the name.
func TestNamedPrograms(t *testing.T) {
	m := busy()
	p := only(t, m, `\tools\a.exe`)
	for _, s := range []string{"a.exe", "A.EXE", "a", ` a.exe `, `C:\Tools\a.exe`, `\tools\a.exe`, `\Device\HarddiskVolume3\Tools\a.exe`, p.ID, p.ID[:8], strings.Repeat("ab", 20), strings.ToUpper(strings.Repeat("ab", 20))} {
		if !p.Named(s) {
			t.Errorf("it is not found as %q", s)
		}
	}
	for _, s := range []string{"", " ", "b.exe", ".exe", "xe", `C:\Tools`, `C:\Other\a.exe`, p.ID[:7], strings.Repeat("cd", 20)} {
		if p.Named(s) {
			t.Errorf("it is found as %q", s)
		}
	}
}

// TestTextOfPrograms: the list leaves out what no finding speaks of and says so; a
// name shows everything with the record behind it.
func TestTextOfPrograms(t *testing.T) {
	text := func(m *programs.Model, v *programs.View) string {
		var b bytes.Buffer
		if err := m.WriteText(&b, v); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	list := text(busy(), &programs.View{})
	for _, want := range []string{"# machine PC1: 2 programs, times are UTC\n", "high           2026-03-06 17:55 – 03-06 18:00  ≥5     C:\\Tools\\a.exe  ", "[bob]", "[marked http://203.0.113.9/a.exe]",
		"[autostart, detected, deleted]", "1 program without findings not shown"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list has no %q:\n%s", want, list)
		}
	}
	if strings.Contains(list, `B.EXE`) {
		t.Errorf("the list shows a program without findings:\n%s", list)
	}
	if all := text(busy(), &programs.View{All: true}); !strings.Contains(strings.ToUpper(all), `PROGRAM FILES\B\B.EXE`) || strings.Contains(all, "not shown") {
		t.Errorf("all programs are:\n%s", all)
	}
	one := text(busy(), &programs.View{Names: []string{"a.exe"}})
	for _, want := range []string{
		"level        high (X-02, N-01)", "original name psexec.c (recorded; r0000)", "file         77-3 " + strings.Repeat("ab", 20) + " 4096 bytes",
		"arrived      2026-03-06 17:50:00.0000000 created  (proved; r0001)", "arrived      at an unknown time marked http://203.0.113.9/a.exe (recorded; r0002)",
		"starts       2 known, at least 5", "start        2026-03-06 18:00:00.0000000 proved: ", "; account bob (proved)",
		"autostart    Run Updater: \"C:\\Tools\\a.exe\" -q (r0008)", "detected     2026-03-06 18:02:00.0000000 Defender: HackTool:Win32/Heron",
		"end          2026-03-06 21:00:00.0000000 deleted", "records      1 zoneid", "records      1 runkeys", "records      2 usnjrnl",
	} {
		if !strings.Contains(one, want) {
			t.Errorf("the details have no %q:\n%s", want, one)
		}
	}
	if none := text(busy(), &programs.View{Names: []string{"x.exe", "y\x1b[31m"}}); !strings.Contains(none, "no program has the name, path or hash x.exe or y\ufffd[31m") {
		t.Errorf("of a name that nothing has it says:\n%q", none)
	}
}

// TestSpanOfYears: a span that ends in another year says in which.
func TestSpanOfYears(t *testing.T) {
	m := build([]artifacts.Record{pf(`\VOLUME{1}\TOOLS\A.EXE`, 2, day, day.AddDate(-2, 0, 0))})
	m.Programs[0].Level = "high"
	var b bytes.Buffer
	if err := m.WriteText(&b, &programs.View{}); err != nil {
		t.Fatal(err)
	}
	if want := "2024-03-06 18:00 – 2026-03-06 18:00"; !strings.Contains(b.String(), want) {
		t.Errorf("the list has no %q:\n%s", want, b.String())
	}
}

// TestProgramsAreReadBack: what WriteJSON writes, ReadJSON reads, with all times.
func TestProgramsAreReadBack(t *testing.T) {
	m := busy()
	var b bytes.Buffer
	if err := m.WriteJSON(&b, &programs.View{Names: []string{"a.exe"}}); err != nil {
		t.Fatal(err)
	}
	host, p, err := programs.ReadJSON(b.Bytes())
	if err != nil || host != "PC1" {
		t.Fatalf("machine %q, %v", host, err)
	}
	was := only(t, m, `\tools\a.exe`)
	if p.ID != was.ID || p.Path != was.Path || p.Level != "high" || len(p.Starts) != len(was.Starts) || len(p.Files) != len(was.Files) {
		t.Errorf("it is read as %+v", p)
	}
	for i := range was.Starts {
		if !p.Starts[i].Time.Equal(was.Starts[i].Time) || len(p.Starts[i].Proofs) != len(was.Starts[i].Proofs) || len(p.Starts[i].Refs()) != len(was.Starts[i].Proofs) {
			t.Errorf("start %d is read as %+v, was %+v", i, p.Starts[i], was.Starts[i])
		}
	}
	if !p.Ends[0].Time.Equal(was.Ends[0].Time) || !p.Autostarts[0].Written.Equal(was.Autostarts[0].Written) || !p.Verdicts[0].Time.Equal(was.Verdicts[0].Time) || !p.Arrived[0].Time.Equal(was.Arrived[0].Time) {
		t.Error("times of ends, autostarts, verdicts or arrivals are lost")
	}
	for name, line := range map[string]string{"no JSON": "{", "no id": `{"host":"PC1","path":"C:\\a.exe"}`, "no path": `{"host":"PC1","id":"0011223344556677"}`} {
		if _, _, err := programs.ReadJSON([]byte(line)); err == nil {
			t.Errorf("%s is read as a program", name)
		}
	}
	if bytes.Contains(b.Bytes(), []byte("0001-01-01")) {
		t.Errorf("times that are not known are written: %s", b.Bytes())
	}
}

// TestWeakestCertainty orders the three words.
func TestWeakestCertainty(t *testing.T) {
	order := []programs.Certainty{programs.Inferred, programs.Recorded, programs.Proved}
	for i, a := range order {
		for j, b := range order {
			if got := programs.Weakest(a, b); got != order[min(i, j)] {
				t.Errorf("of %s and %s the weaker is %s", a, b, got)
			}
		}
	}
	if got := programs.Weakest("", programs.Inferred); got != "" {
		t.Errorf("nothing is stronger than inferred: %s", got)
	}
}

// TestLookupInWords is how a list's entry reads.
func TestLookupInWords(t *testing.T) {
	l := programs.Lookup{List: "bad.txt", Role: "bad", Kind: "sha1", Value: "ab", Name: "heron", Doubt: "expired"}
	if got := l.String(); got != "bad bad.txt: sha1 ab (heron) (expired)" {
		t.Errorf("it reads %q", got)
	}
	l.Name, l.Doubt = "", ""
	if got := l.String(); got != "bad bad.txt: sha1 ab" {
		t.Errorf("without name and doubt it reads %q", got)
	}
}

// TestWorstFirst: by level, then score, then the time of the first trace.
func TestWorstFirst(t *testing.T) {
	m := build([]artifacts.Record{
		pf(`\VOLUME{1}\TOOLS\LATE.EXE`, 1, day.Add(time.Hour)), pf(`\VOLUME{1}\TOOLS\EARLY.EXE`, 1, day), pf(`\VOLUME{1}\TOOLS\WORST.EXE`, 1, day.Add(2*time.Hour)),
		pf(`\VOLUME{1}\TOOLS\SCORED.EXE`, 1, day.Add(3*time.Hour)), pf(`\VOLUME{1}\TOOLS\CONTEXT.EXE`, 1, day),
	})
	for _, p := range m.Programs {
		switch p.Base() {
		case "worst.exe":
			p.Level = "critical"
		case "scored.exe":
			p.Level, p.Score = "medium", 59
		case "context.exe":
			p.Level = "informational"
		default:
			p.Level, p.Score = "medium", 50
		}
	}
	var got []string
	for p := range m.Choose(&programs.View{}) {
		got = append(got, p.Base())
	}
	if want := []string{"worst.exe", "scored.exe", "early.exe", "late.exe"}; !slices.Equal(got, want) {
		t.Errorf("the order is %q, want %q", got, want)
	}
}
