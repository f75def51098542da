package logons

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// TestMemory holds what a log-on needs, with its end and a start in its session, to
// some bytes: while the records come in, and in the analysis; where all is in memory, and
// where most is in a file.
func TestMemory(t *testing.T) {
	t.Run("in memory", func(t *testing.T) { memory(t, &Options{}, 200, 200) })
	t.Run("in a file", func(t *testing.T) { memory(t, &Options{Dir: t.TempDir(), memory: 256 << 10}, 40, 32) })
}

func memory(t *testing.T, opts *Options, reading, analysed int64) {
	const n = 40_000
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // what finalizers kept
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	b := New(opts)
	for i := range n {
		id := fmt.Sprintf("0x%x", 0x10000+i)
		record := func(event uint32, k int, data ...string) {
			b.Add("", sec(uint64(3*i+k), event, i, data...), fmt.Sprintf("%016x", 3*i+k))
		}
		record(4624, 0, "TargetUserSid", bob, "TargetUserName", "bob", "TargetDomainName", "CORP", "TargetLogonId", id, "LogonType", "3",
			"IpAddress", fmt.Sprintf("10.0.0.%d", i%200), "WorkstationName", fmt.Sprintf("PC%d", i%100))
		record(4688, 1, "SubjectLogonId", id)
		record(4634, 2, "TargetUserSid", bob, "TargetUserName", "bob", "TargetLogonId", id)
	}
	if per := (heap() - before) / n; per > reading {
		t.Errorf("%d bytes for each log-on while records come in, want at most %d", per, reading)
	} else {
		t.Logf("%d bytes for each log-on while records come in", per)
	}
	a := b.Analyse()
	defer a.Close()
	if per := (heap() - before) / n; per > analysed {
		t.Errorf("%d bytes for each log-on in the analysis, want at most %d", per, analysed)
	} else {
		t.Logf("%d bytes for each log-on in the analysis", per)
	}
	last := a.Sessions.At(n - 1)
	if a.Sessions.Len() != n || last.EndKind != "logoff" || last.Processes != 1 || last.EndRef.ID != fmt.Sprintf("%016x", 3*n-1) {
		t.Errorf("%d sessions, the last %+v", a.Sessions.Len(), last)
	}
	runtime.KeepAlive(b)
}

// TestRecordIDs packs ids that this program does not make, the zero time and times too
// far from 1970 to be counted in nanoseconds: all come back unchanged.
func TestRecordIDs(t *testing.T) {
	times := []time.Time{{}, time.Date(60056, 5, 28, 5, 36, 10, 955161500, time.UTC), t0.Add(999_999_999)}
	for i, id := range []string{"", "0", "00000000deadbeef", "00000000DEADBEEF", "ffffffffffffffff", "fffffffffffffffg", "0000000000000000", "winlogbeat/7"} {
		at := times[i%len(times)]
		r := sec(uint64(i+1), 4624, 0, "TargetUserSid", bob, "TargetUserName", "bob", "TargetLogonId", "0x5001", "LogonType", "3")
		r.Time = at
		b := New(nil)
		b.Add("", r, id)
		a := b.Analyse()
		x, s := a.Attempts.At(0), a.Sessions.At(0)
		if want := (Ref{id, "Security", uint64(i + 1)}); x.Ref != want || s.BeginRef != want || x.Time != at || s.Begin != at {
			t.Errorf("%+v at %v, %+v at %v, want %+v at %v", x.Ref, x.Time, s.BeginRef, s.Begin, want, at)
		}
	}
}

// TestTwins: log-ons of one moment with one id are listed in the order of their records.
func TestTwins(t *testing.T) {
	const n = 40
	b := New(nil)
	for i := range n {
		r := sec(uint64(i+1), 4624, 0, "TargetUserSid", bob, "TargetUserName", "bob", "TargetLogonId", "0x5001", "LogonType", "2")
		b.Add("", r, fmt.Sprintf("%016x", i+1))
	}
	a := b.Analyse()
	for i, s := range a.Sessions.All() {
		if s.BeginRef.Number != uint64(i+1) {
			t.Fatalf("session %d is of record %d", i, s.BeginRef.Number)
		}
	}
	if a.Sessions.Len() != n {
		t.Errorf("%d sessions", a.Sessions.Len())
	}
}
