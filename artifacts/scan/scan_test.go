package scan

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestStatusLine draws what stands on a terminal, while no time passes.
func TestStatusLine(t *testing.T) { synctest.Test(t, statusLine) }

func statusLine(t *testing.T) {
	m := func(name, phase string, done, planned int) *MachineStatus {
		return &MachineStatus{Machine: name, Folder: name, Phase: phase, Done: done, Planned: planned}
	}
	for _, c := range []struct {
		name string
		st   *Status
		want string
	}{
		{"opening", &Status{Machines: []*MachineStatus{m("", "opening a.zip", 0, 0)}}, "opening a.zip"},
		{"one", &Status{MachinesAll: 1, Machines: []*MachineStatus{{Machine: "PC", Phase: phaseReading, Done: 3, Planned: 9, Left: 70, Path: `C:\x`}}},
			`PC reading 3 of 9, about 1m10s left  C:\x`},
		{"two", &Status{MachinesAll: 3, MachinesDone: 1, kept: 1, began: time.Now(), Machines: []*MachineStatus{
			m("PC", phaseReading, 1, 3), m("PC-2", phaseJudging, 0, 0),
		}}, "1 of 3 | PC reading 33% | PC-2 judging"},
		{"time", &Status{MachinesAll: 2, MachinesDone: 1, began: time.Now().Add(-time.Minute), Machines: []*MachineStatus{
			m("PC", phaseReading, 1, 1),
		}}, "1 of 2, 20s left | PC reading 100%"},
		{"bytes", &Status{s: &run{started: time.Now().Add(-65 * time.Second)}, MachinesAll: 1, Machines: []*MachineStatus{
			{Machine: "PC", Phase: phaseReading, Done: 3, Planned: 9, Bytes: 1_234_000_000, Path: `C:\x`}}},
			`PC reading 3 of 9, 1.2 GB, 1m5s  C:\x`},
		{"no room", &Status{MachinesAll: 9, began: time.Now(), Machines: []*MachineStatus{
			m("A-MACHINE-WITH-A-NAME", phaseTimeline, 1, 2), m("ANOTHER-MACHINE", phaseTimeline, 1, 2), m("C", phaseReading, 1, 2),
		}}, "0 of 9 | A-MACHINE-WITH-A-NAME writing the timeline 50% | and 2 more"},
	} {
		if got := c.st.Line(79); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestPartition keeps names that evidence chose to one folder that every file
// system takes.
func TestPartition(t *testing.T) {
	for name, want := range map[string]string{
		"KESTREL-PC":             "host=KESTREL-PC",
		"":                       "host=",
		"..":                     "host=.%2E",
		"a/b\\c:d":               "host=a%2Fb%5Cc%3Ad",
		"x=1&y+2 z":              "host=x%3D1%26y%2B2%20z",
		"日本":                     "host=%E6%97%A5%E6%9C%AC",
		strings.Repeat("本", 100): "host=" + strings.Repeat("%E6%9C%AC", 21),
	} {
		if got := partition(name); got != want {
			t.Errorf("partition(%q) = %q, want %q", name, got, want)
		}
	}
}

// TestTotal adds up machines, without those that are not complete.
func TestTotal(t *testing.T) {
	m := &Manifest{Machines: []*MachineManifest{
		{State: "complete", Counts: Counts{Events: 3, Records: 2, Findings: map[string]int{"high": 1}}}, nil,
		{State: "complete", Counts: Counts{Events: 4, Records: 1, Findings: map[string]int{"high": 1, "low": 2}, Damaged: 1}},
		{State: "failed", Counts: Counts{Events: 9}},
	}}
	if got, want := m.Total(), "total: 2 machines, 7 events, 3 records, 4 findings (2 high, 2 low), 1 damaged"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
