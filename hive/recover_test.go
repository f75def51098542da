package hive

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// history is a hive in three states.
func history() []*regf.Hive {
	one := regf.Sound()
	two := one.Clone()
	two.Root.Sub("Alpha").Set("Text", regf.String("changed")).At(one.Written.Add(time.Hour))
	three := two.Clone()
	three.Root.Sub(`New\Key`).Set("Data", regf.Binary(bytes.Repeat([]byte("new"), 9000)))
	return []*regf.Hive{one, two, three}
}

// TestRecovery looks at the report, for logs that stand in the wrong order.
func TestRecovery(t *testing.T) {
	j := regf.Journal{States: regf.History(history()...), Split: 1, Swap: true}
	stale := regf.Diff(j.States[1], j.States[0])
	stale.Number = 7
	j.Stale = []regf.Entry{stale}
	primary, log1, log2 := j.Files()
	h, err := Open(primary, &Options{Logs: []Log{{"LOG1", log1}, {"LOG2", log2}, {"LOG", nil}}})
	if err != nil {
		t.Fatal(err)
	}
	r := h.Recovery()
	if !r.Dirty || !r.Applied || r.Entries != 2 || r.Last != r.First+1 || r.Problem != "" || r.HeaderRepaired || r.Header.Dirty || !h.Header().Dirty {
		t.Errorf("Recovery() = %+v", r)
	}
	if r.NewBins <= r.OldBins {
		t.Errorf("bins from %d to %d bytes", r.OldBins, r.NewBins)
	}
	var used, reasons []string
	for _, l := range r.Logs {
		if l.Used {
			used = append(used, l.Name)
		}
		reasons = append(reasons, l.Name+": "+l.Reason)
		if l.Name == "LOG1" && l.Remnants != 1 {
			t.Errorf("%d remnants in %s, want 1", l.Remnants, l.Name)
		}
	}
	if strings.Join(used, " ") != "LOG2 LOG1" {
		t.Errorf("logs used: %v, %q", used, reasons)
	}
	for _, want := range []string{"LOG: empty", "LOG1: stopped at offset", "LOG2: applied to its end"} {
		if !strings.Contains(strings.Join(reasons, "\n"), want) {
			t.Errorf("no %q in %q", want, reasons)
		}
	}
	k, err := h.Key(`New\Key`)
	if err != nil {
		t.Fatal(err)
	}
	log, at, ok := h.FromLog(k.Offset())
	src := map[string][]byte{"LOG1": log1, "LOG2": log2}[log]
	if !ok || !bytes.Equal(src[at:at+80], h.Bytes()[k.Offset():k.Offset()+80]) {
		t.Errorf("FromLog(%d) = %s, %d, %v", k.Offset(), log, at, ok)
	}
	if _, _, ok := h.FromLog(100); ok {
		t.Error("FromLog: the base block comes from a log")
	}
	if h, err = Open(primary, &Options{Logs: []Log{{"LOG1", log1}}, NoLogs: true}); err != nil || &h.Bytes()[0] != &primary[0] {
		t.Errorf("NoLogs: %v", err)
	}
	if len(h.Damage()) != 1 || !h.Damage()[0].Warning {
		t.Errorf("NoLogs: Damage() = %v", h.Damage())
	}
}

// TestGrowthLimit wants a log refused that makes a small hive grow out of all proportion.
func TestGrowthLimit(t *testing.T) {
	j := regf.Journal{States: regf.History(history()...)}
	primary, _, _ := j.Files()
	e := regf.Entry{Number: 40, BinsSize: 1 << 30, Pages: []regf.Page{{Offset: 1<<30 - 4096, Data: make([]byte, 4096)}}}
	log := regf.NewLog(j.States[0], e)
	h, err := Open(primary, &Options{Logs: []Log{{"LOG1", log}}})
	if err != nil {
		t.Fatal(err)
	}
	if r := h.Recovery(); r.Applied || !strings.Contains(r.Logs[0].Reason, "MaxSize") {
		t.Errorf("Recovery() = %+v", r)
	}
}

// TestWindowsRecovered compares with what Windows 10 and Windows 7 made of the same hives: the bins are equal,
// but for the first bin's time and one "longest value name" that Windows 7 wrote in a run of its own.
func TestWindowsRecovered(t *testing.T) {
	for _, tt := range []struct {
		dirty, clean string
		differ       int
	}{
		{"yarp/NewDirtyHive1/NewDirtyHive", "yarp/NewDirtyHive1/RecoveredHive_Windows10", 0},
		{"yarp/OldDirtyHive/OldDirtyHive", "yarp/OldDirtyHive/RecoveredHive_Windows7", 9},
	} {
		h := openEvidence(t, tt.dirty)
		want, err := os.ReadFile(filepath.Join(evidence(t), tt.clean))
		if err != nil {
			t.Fatal(err)
		}
		got := h.Bytes()
		if len(got) != len(want) {
			t.Errorf("%s: %d bytes, want %d", tt.dirty, len(got), len(want))
			continue
		}
		var at []int
		for i := baseSize; i < len(got); i++ {
			if got[i] != want[i] {
				at = append(at, i)
			}
		}
		for _, i := range at {
			if i >= baseSize+20 && i < baseSize+28 {
				continue
			}
			t.Logf("%s: differs at %d", tt.dirty, i)
		}
		if len(at) > tt.differ {
			t.Errorf("%s: %d bytes of the bins differ, want at most %d", tt.dirty, len(at), tt.differ)
		}
	}
}
