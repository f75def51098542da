package programs_test

import (
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/communication"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
)

func srum(path string, linked time.Time, sent int64) artifacts.Record {
	r := communication.SRUMNetwork{Sent: sent}
	r.Kind, r.Path, r.Time, r.Linked = "program", path, day, linked
	return rec("srumnetwork", r)
}

func inventory(path, linked string) artifacts.Record {
	return rec("amcachefiles", execution.AmcacheFile{Path: path, Linked: linked})
}

func taskStart(at time.Time, image string) artifacts.Record {
	return rec("eventtasks", events.Event{Record: events.Record{ID: 129, Channel: "Microsoft-Windows-TaskScheduler/Operational", Computer: "PC1", Time: at,
		Data: []events.Field{{Name: "TaskName", Value: `\x`}, {Name: "Path", Value: image}, {Name: "ProcessID", Value: "77"}}}})
}

// TestBareSRUM: a row of SRUM without a folder belongs to the program with its link
// time, and to none where that is not one.
func TestBareSRUM(t *testing.T) {
	linked := time.Date(2020, 5, 22, 7, 17, 28, 0, time.UTC)
	const inside, other = `C:\Windows\System32\tool.exe`, `C:\Users\Public\tool.exe`
	for name, c := range map[string]struct {
		list       []artifacts.Record
		to         string
		unresolved int
	}{
		"one":            {[]artifacts.Record{inventory(inside, "05/22/2020 07:17:28"), inventory(other, "05/22/2021 07:17:28")}, `\windows\system32\tool.exe`, 0},
		"the other":      {[]artifacts.Record{inventory(other, "05/22/2020 07:17:28"), inventory(inside, "")}, `\users\public\tool.exe`, 0},
		"two":            {[]artifacts.Record{inventory(inside, "05/22/2020 07:17:28"), inventory(other, "05/22/2020 07:17:28")}, "", 1},
		"the name alone": {[]artifacts.Record{inventory(inside, "")}, "", 1},
	} {
		m := build(append(c.list, srum("tool.exe", linked, 7)))
		if m.Unresolved != c.unresolved {
			t.Errorf("%s: %d records are attached to none, want %d", name, m.Unresolved, c.unresolved)
		}
		for _, p := range m.Programs {
			if want := p.Key == c.to; (len(p.Traffic) == 1) != want {
				t.Errorf("%s: %s has %d rows", name, p.Key, len(p.Traffic))
			}
		}
	}
	if m := build([]artifacts.Record{inventory(inside, "05/22/2020 07:17:28"), srum("tool.exe", time.Time{}, 7)}); m.Unresolved != 1 {
		t.Error("a name without a link time joins")
	}
}

// TestBareTask: a name of the task scheduler belongs to the only program that it can
// mean.
func TestBareTask(t *testing.T) {
	const system, other, third = `\VOLUME{1}\WINDOWS\SYSTEM32\TOOL.EXE`, `\VOLUME{1}\USERS\PUBLIC\TOOL.EXE`, `\VOLUME{1}\DATA\TOOL.EXE`
	near := day.Add(20 * time.Millisecond)
	for name, c := range map[string]struct {
		list []artifacts.Record
		to   string
	}{
		"only one, where Windows looks": {[]artifacts.Record{pf(system, 1, day.Add(-time.Hour))}, `\windows\system32\tool.exe`},
		"only one, elsewhere":           {[]artifacts.Record{pf(other, 1, day.Add(-time.Hour))}, ""},
		"started then":                  {[]artifacts.Record{pf(system, 1, day.Add(-time.Hour)), pf(other, 1, day)}, `\users\public\tool.exe`},
		"two started then":              {[]artifacts.Record{pf(third, 1, day), pf(other, 1, day)}, ""},
		"none started then":             {[]artifacts.Record{pf(third, 1, day.Add(-time.Hour)), pf(other, 1, day.Add(-time.Hour))}, ""},
	} {
		m := build(append(c.list, taskStart(near, "TOOL.EXE")))
		if (m.Unresolved == 0) != (c.to != "") {
			t.Errorf("%s: %d are attached to none", name, m.Unresolved)
		}
		for _, p := range m.Programs {
			if want := p.Key == c.to; (p.Counts.Sources["task scheduler"] == 1) != want {
				t.Errorf("%s: %s has %v", name, p.Key, p.Counts.Sources)
			}
		}
	}
}

// TestStartsOfIncarnations: each start belongs to the file that was there then.
func TestStartsOfIncarnations(t *testing.T) {
	const path = `C:\Data\a.exe`
	change := func(reference string, created, deleted time.Time) artifacts.Record {
		return rec("usnjrnl", filesystem.Change{Path: path, Reference: reference, Created: created, Deleted: deleted})
	}
	m := build([]artifacts.Record{
		change("10-1", day, day.Add(time.Hour)), change("20-4", day.Add(2*time.Hour), time.Time{}),
		pf(`\VOLUME{1}\DATA\A.EXE`, 4, day.Add(-time.Minute), day.Add(time.Minute), day.Add(90*time.Minute), day.Add(3*time.Hour)),
	})
	p := only(t, m, `\data\a.exe`)
	var got []string
	for _, s := range p.Starts {
		got = append(got, s.File)
	}
	want := []string{"", "10-1", "", "20-4"}
	if len(got) != len(want) {
		t.Fatalf("starts of %q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("start %d is of the file %q, want %q", i, got[i], want[i])
		}
	}
}

// TestShortNames: a path with short names is that of the file which has them on the
// volume. Where the volume does not say so, it stays apart.
func TestShortNames(t *testing.T) {
	file := rec("mft", filesystem.File{Path: `C:\Users\some one\Long Folder\installer.exe`, ShortPath: `C:\Users\SOMEON~1\LONGFO~1\INSTAL~1.EXE`,
		Reference: "10-1", Exists: true, NameCreated: day})
	const short = `C:\Users\SOMEON~1\LONGFO~1\INSTAL~1.EXE`
	mixed := `C:\Users\some one\LONGFO~1\installer.exe`
	m := build([]artifacts.Record{sysmon(day, 1, short, "x", ""), sysmon(day.Add(time.Minute), 2, mixed, "x", ""), file,
		sysmon(day, 3, `C:\Users\SOMEON~1\LONGFO~2\INSTAL~1.EXE`, "x", "")})
	p := only(t, m, `\users\some one\long folder\installer.exe`)
	if len(p.Starts) != 2 || len(p.Files) != 1 || len(p.Keys()) != 3 {
		t.Errorf("%d starts, files %+v, keys %q", len(p.Starts), p.Files, p.Keys())
	}
	only(t, m, `\users\someon~1\longfo~2\instal~1.exe`)
	if m := build([]artifacts.Record{sysmon(day, 1, short, "x", "")}); len(m.Programs) != 1 || m.Programs[0].Key != `\users\someon~1\longfo~1\instal~1.exe` {
		t.Error("a short name is guessed")
	}
}
