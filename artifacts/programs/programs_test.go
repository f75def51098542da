package programs_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

var day = time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)

func rec(name string, d artifacts.Decoded) artifacts.Record {
	for _, a := range catalogue.All() {
		if a.Name == name {
			return artifacts.Record{Artifact: a, Data: d, From: artifacts.Locator{Path: `C:\` + name, State: artifacts.Live}}
		}
	}
	panic("no artifact is called " + name)
}

func pf(path string, count uint32, runs ...time.Time) artifacts.Record {
	r := rec("prefetch", execution.Prefetch{Executable: strings.ToUpper(path[strings.LastIndexByte(path, '\\')+1:]), ImagePath: path,
		HashStatus: "verified", RunCount: count, LastRuns: runs, Files: []string{`\VOLUME{1}\WINDOWS\SYSTEM32\NTDLL.DLL`}})
	r.From.Path = `C:\Windows\Prefetch\` + fmt.Sprint(path, len(runs)) + ".pf"
	return r
}

func sysmon(at time.Time, pid int, image, user, command string) artifacts.Record {
	return rec("eventsysmon", events.Event{Record: events.Record{ID: 1, Channel: "Microsoft-Windows-Sysmon/Operational", Computer: "PC1",
		Time: at.Add(8 * time.Minute), // the machine slept: the record's own time says nothing
		Data: []events.Field{{Name: "UtcTime", Value: at.Format("2006-01-02 15:04:05.000")}, {Name: "ProcessId", Value: fmt.Sprint(pid)},
			{Name: "Image", Value: image}, {Name: "User", Value: user}, {Name: "CommandLine", Value: command}}}})
}

func audit(at time.Time, pid int, image string) artifacts.Record {
	return rec("eventprocesses", events.Event{Record: events.Record{ID: 4688, Channel: "Security", Computer: "PC1", Time: at,
		Data: []events.Field{{Name: "NewProcessName", Value: image}, {Name: "NewProcessId", Value: fmt.Sprintf("%#x", pid)},
			{Name: "SubjectUserSid", Value: "S-1-5-21-1-2-3-1001"}, {Name: "SubjectUserName", Value: "bob"}}}})
}

func bam(at time.Time, path, sid string) artifacts.Record {
	r := rec("bam", execution.Bam{Path: path, SID: sid, LastRun: at, Service: "bam"})
	r.User = evidence.User{SID: sid, Name: "bob"}
	return r
}

// build makes the model of records, with ids by their place.
func build(list []artifacts.Record) *programs.Model {
	b := programs.New(programs.Facts{Host: "PC1"})
	for i := range list {
		if list[i].ID == "" {
			list[i].ID = fmt.Sprintf("r%04d", i)
		}
		b.Add(&artifacts.Result{Artifact: list[i].Artifact, Records: list[i : i+1]})
	}
	return b.Model()
}

func only(t *testing.T, m *programs.Model, key string) *programs.Program {
	t.Helper()
	list := m.Program(key)
	if len(list) != 1 {
		t.Fatalf("%d programs at %s", len(list), key)
	}
	return list[0]
}

// TestOneStartOfFiveSources: what five sources say of one start is one start, and
// it is proved.
func TestOneStartOfFiveSources(t *testing.T) {
	m := build([]artifacts.Record{
		pf(`\VOLUME{1}\TMP\A.EXE`, 1, day.Add(5*time.Millisecond)), sysmon(day, 77, `C:\TMP\a.exe`, `PC1\bob`, "a.exe x"),
		audit(day.Add(time.Second), 77, `C:\TMP\a.exe`), bam(day.Add(time.Second), `\Device\HarddiskVolume3\TMP\a.exe`,
			"S-1-5-21-1-2-3-1001"),
		rec("pca", execution.Pca{Path: `C:\TMP\a.exe`, Time: day.Add(-time.Second), Launch: true}),
	})
	p := only(t, m, `\tmp\a.exe`)
	if len(p.Starts) != 1 || p.Counts.Known != 1 || p.Counts.AtLeast != 1 {
		t.Fatalf("%d starts: %+v", len(p.Starts), p.Starts)
	}
	s := p.Starts[0]
	if s.Certainty != programs.Proved || len(s.Proofs) != 5 || s.Command != "a.exe x" {
		t.Errorf("start %+v", s)
	}
	if !s.Time.Equal(day.Add(5 * time.Millisecond)) {
		t.Errorf("time %s is not that of the most exact source", s.Time)
	}
	if s.Account.SID != "S-1-5-21-1-2-3-1001" || s.Account.Certainty != programs.Proved {
		t.Errorf("account %+v", s.Account)
	}
	if p.Volume != "" || len(p.Aliases) < 2 {
		t.Errorf("volume %q, aliases %v", p.Volume, p.Aliases)
	}
}

// TestBurst: forty starts in two seconds stay forty, matched one to one.
func TestBurst(t *testing.T) {
	var list []artifacts.Record
	var slots []time.Time
	for i := range 40 {
		at := day.Add(time.Duration(i) * 50 * time.Millisecond)
		list = append(list, sysmon(at, 100+i, `C:\TMP\a.exe`, `PC1\bob`, fmt.Sprint("a.exe ", i)))
		if i >= 32 {
			slots = append(slots, at.Add(20*time.Millisecond))
		}
	}
	list = append(list, pf(`\VOLUME{1}\TMP\A.EXE`, 24, slots...))
	p := only(t, build(list), `\tmp\a.exe`)
	if p.Counts.Known != 40 || p.Counts.AtLeast != 40 {
		t.Errorf("counts %+v, want 40", p.Counts)
	}
	if n := p.Counts.Sources["prefetch"]; n != 8 {
		t.Errorf("%d slots matched, want 8", n)
	}
}

// TestRunCount: a run count above the starts that are known is a lower bound of
// its own.
func TestRunCount(t *testing.T) {
	p := only(t, build([]artifacts.Record{pf(`\VOLUME{1}\TMP\A.EXE`, 15, day)}), `\tmp\a.exe`)
	if p.Counts.Known != 1 || p.Counts.AtLeast != 15 {
		t.Errorf("counts %+v", p.Counts)
	}
}

// TestNamesJoinNothing: the same name in another folder, or on another drive, is
// another program.
func TestNamesJoinNothing(t *testing.T) {
	m := build([]artifacts.Record{pf(`\VOLUME{1}\TMP\A.EXE`, 1, day), sysmon(day, 1, `C:\Other\a.exe`, "x", ""), sysmon(day, 2,
		`E:\TMP\a.exe`, "x", "")})
	if n := len(m.Program(`\tmp\a.exe`)); n != 2 {
		t.Errorf(`%d programs at \tmp\a.exe, want one for each volume`, n)
	}
	only(t, m, `\other\a.exe`)
}

// TestRename: a file that was renamed and ran under its last name is one program;
// one that ran under both names afterwards is not.
func TestRename(t *testing.T) {
	renamed := rec("usnjrnl", filesystem.Change{Path: `C:\TMP\svc.exe`, OldPath: `C:\TMP\x.tmp`, Renamed: day})
	m := build([]artifacts.Record{sysmon(day.Add(-time.Minute), 1, `C:\TMP\x.tmp`, "x", ""), sysmon(day.Add(time.Minute), 2,
		`C:\TMP\svc.exe`, "x", ""), renamed})
	p := only(t, m, `\tmp\svc.exe`)
	if len(p.Starts) != 2 || len(m.Program(`\tmp\x.tmp`)) != 0 {
		t.Errorf("starts %d, other %v", len(p.Starts), m.Program(`\tmp\x.tmp`))
	}
	renamed.ID = ""
	m = build([]artifacts.Record{sysmon(day.Add(time.Hour), 1, `C:\TMP\x.tmp`, "x", ""), sysmon(day.Add(time.Minute), 2,
		`C:\TMP\svc.exe`, "x", ""), renamed})
	only(t, m, `\tmp\x.tmp`)
}

// TestIncarnations: two contents under one path are two files of one program, and
// one content under two paths links two programs.
func TestIncarnations(t *testing.T) {
	file := func(path, sum string) artifacts.Record {
		return rec("amcachefiles", execution.AmcacheFile{Path: path, SHA1: sum, Size: 7})
	}
	m := build([]artifacts.Record{file(`C:\TMP\a.exe`, "aa"), file(`C:\TMP\a.exe`, "bb"), file(`C:\Other\b.exe`, "bb")})
	if p := only(t, m, `\tmp\a.exe`); len(p.Files) != 2 || !slices.Contains(p.SameFile, `\other\b.exe`) {
		t.Errorf("files %+v, same %v", p.Files, p.SameFile)
	}
}

// story is the records of a small machine.
func story() []artifacts.Record {
	var list []artifacts.Record
	for i := range 5 {
		at := day.Add(time.Duration(i) * time.Minute)
		list = append(list, sysmon(at, 10+i, `C:\TMP\p.exe`, `PC1\bob`, "p.exe"), sysmon(at.Add(100*time.Millisecond), 50+i,
			`C:\Windows\PSEXESVC.exe`, `NT AUTHORITY\SYSTEM`, ""),
			audit(at.Add(30*time.Millisecond), 10+i, `C:\TMP\p.exe`))
	}
	return append(list, pf(`\VOLUME{1}\TMP\P.EXE`, 5, day, day.Add(time.Minute)), bam(day.Add(4*time.Minute),
		`\Device\HarddiskVolume3\TMP\p.exe`, "S-1-5-21-1-2-3-1001"))
}

func written(t *testing.T, m *programs.Model) string {
	var b bytes.Buffer
	if err := m.WriteJSON(&b, &programs.View{All: true}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestOrder: the order in which records come does not change the model.
func TestOrder(t *testing.T) {
	list := story()
	want := written(t, build(list))
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		if got := written(t, build(list)); got != want {
			t.Fatalf("another order gives another model:\n%s\n%s", got, want)
		}
	}
}

// TestLessSources: without one source nothing becomes surer, and a record that is
// there twice adds no start.
func TestLessSources(t *testing.T) {
	rank := map[programs.Certainty]int{programs.Inferred: 1, programs.Recorded: 2, programs.Proved: 3}
	full := only(t, build(story()), `\tmp\p.exe`)
	for _, without := range []string{"eventsysmon", "eventprocesses", "prefetch", "bam"} {
		var list []artifacts.Record
		for i, r := range story() {
			r.ID = fmt.Sprintf("r%04d", i)
			if r.Artifact.Name != without {
				list = append(list, r)
			}
		}
		p := only(t, build(list), `\tmp\p.exe`)
		if p.Counts.Known > full.Counts.Known {
			t.Errorf("without %s more starts: %d", without, p.Counts.Known)
		}
		for _, s := range p.Starts {
			i := slices.IndexFunc(full.Starts, func(o programs.Start) bool { return o.Time.Sub(s.Time).Abs() < 2*time.Second })
			if i < 0 || rank[s.Certainty] > rank[full.Starts[i].Certainty] {
				t.Errorf("without %s a start is surer: %+v", without, s)
			}
		}
	}
	twice := append(story(), story()...)
	if p := only(t, build(twice), `\tmp\p.exe`); p.Counts.Known != full.Counts.Known {
		t.Errorf("every record twice gives %d starts, want %d", p.Counts.Known, full.Counts.Known)
	}
}

// TestCouple: two programs whose starts follow each other are coupled.
func TestCouple(t *testing.T) {
	p := only(t, build(story()), `\tmp\p.exe`)
	if len(p.Coupled) != 1 || p.Coupled[0].Starts != 5 || !p.Coupled[0].First || p.Coupled[0].Path != `C:\Windows\PSEXESVC.exe` {
		t.Errorf("coupled %+v", p.Coupled)
	}
}

// TestCoupleOfTwoFiles: of two programs with two Prefetch files each, the files start
// together, and so do the programs. The longest list counts, in every run.
func TestCoupleOfTwoFiles(t *testing.T) {
	runs := func(from, n int, late time.Duration) (out []time.Time) {
		for i := range n {
			out = append(out, day.Add(time.Duration(from+i)*time.Hour+late))
		}
		return out
	}
	for range 20 {
		const late = 100 * time.Millisecond
		p := only(t, build([]artifacts.Record{
			pf(`\VOLUME{1}\TMP\A.EXE`, 8, runs(0, 8, 0)...), pf(`\VOLUME{1}\TMP\A.EXE`, 3, runs(100, 3, 0)...),
			pf(`\VOLUME{1}\TMP\B.EXE`, 8, runs(0, 8, late)...), pf(`\VOLUME{1}\TMP\B.EXE`, 3, runs(100, 3, late)...),
		}), `\tmp\a.exe`)
		if len(p.Coupled) != 1 || p.Coupled[0].Starts != 11 {
			t.Fatalf("coupled %+v", p.Coupled)
		}
	}
}

// TestManyStarts: of very many starts the first and the last stay, and the others
// are counted.
func TestManyStarts(t *testing.T) {
	b := programs.New(programs.Facts{Host: "PC1"})
	const n = 20_000
	for i := range n {
		r := sysmon(day.Add(time.Duration(i)*time.Second), i+1, `C:\Windows\System32\svchost.exe`, "x", "")
		r.ID = fmt.Sprint("r", i)
		b.Add(&artifacts.Result{Artifact: r.Artifact, Records: []artifacts.Record{r}})
	}
	p := only(t, b.Model(), `\windows\system32\svchost.exe`)
	if len(p.Starts) > 400 || p.Counts.Known != n {
		t.Errorf("%d starts kept, %d known", len(p.Starts), p.Counts.Known)
	}
	if first, last := p.Span(); !first.Equal(day) || !last.Equal(day.Add((n-1)*time.Second)) {
		t.Errorf("span %s to %s", first, last)
	}
}

// TestHostile: paths and command lines that mean harm make no panic and no line
// of their own.
func TestHostile(t *testing.T) {
	bad := []string{"", `\`, `\\`, "a", strings.Repeat(`\a`, 40_000), "C:\\x\n\x1b[31m.exe", `\\?\`, `%%%`,
		`C:\` + strings.Repeat("é", 20_000) + ".exe", "\xff\xfe\\x"}
	var list []artifacts.Record
	for i, s := range bad {
		list = append(list, sysmon(day, i, s, s, s), pf(s, 1<<31, day), bam(day, s, s), rec("usnjrnl", filesystem.Change{Path: s,
			OldPath: s + "x", Renamed: day}))
	}
	m := build(list)
	var b bytes.Buffer
	if err := m.WriteText(&b, &programs.View{All: true}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsRune(b.String(), 0x1b) {
		t.Error("an escape sequence reaches the terminal")
	}
	if err := m.WriteText(&b, &programs.View{Names: []string{`C:\x`, "", "zz"}}); err != nil {
		t.Fatal(err)
	}
	table, err := programs.NewTable(&b, true, true)
	if err != nil || table.Add(m, &programs.View{All: true}) != nil {
		t.Fatal(err)
	}
}
