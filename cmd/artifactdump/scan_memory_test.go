package main

import (
	"math"
	"path/filepath"
	"runtime/debug"
	"testing"
)

// TestScanMemoryLimit looks at the limit that a scan sets for the runtime. It can be
// above what was asked for where more is in use, as by the tests before.
func TestScanMemoryLimit(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	ev := sameIncidents(t, 1)[0]
	for _, c := range []struct {
		memory, environment string
		want                int64
	}{{"700", "", 700 << 20}, {"1", "", memoryFloor}, {"700", "off", math.MaxInt64}} {
		t.Setenv("GOMEMLIMIT", c.environment)
		debug.SetMemoryLimit(math.MaxInt64)
		args := []string{ev, "-o", filepath.Join(t.TempDir(), "case"), "-a", "prefetch", "--memory", c.memory, "--sort-memory", "1"}
		if code, said := runs(t.Context(), args...); code != exitOK {
			t.Fatalf("exit %d: %s", code, said)
		}
		got := debug.SetMemoryLimit(-1)
		if got < c.want || got > 2*c.want && c.want < math.MaxInt64 {
			t.Errorf("--memory %s, GOMEMLIMIT=%s: limit %d, want %d", c.memory, c.environment, got, c.want)
		}
	}
}
