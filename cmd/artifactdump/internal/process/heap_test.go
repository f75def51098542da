package process

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

// TestCollectAt: the goal that follows from the percentage is the floor for what is
// small, half as much more above it, and a part of the percentage in the end.
func TestCollectAt(t *testing.T) {
	const floor = 128 << 20
	for _, live := range []uint64{0, 1, 1 << 20, 3 << 20, 4 << 20, 40 << 20, 85 << 20, 86 << 20, 127 << 20, 128 << 20,
		200 << 20, 255 << 20, 256 << 20, 1 << 30, 1 << 50} {
		percent := collectAt(floor, 50, live, false)
		goal := max(live+live/100*uint64(percent), smallestHeap/100*uint64(percent))
		want := max(floor, live+live/2)
		if live >= floor {
			least := live * 16 / 100
			if live >= 2*floor {
				least = live / 4
			}
			want = live + least
			if live < floor*3/2 {
				want = max(want, min(live+floor/2, floor*3/2))
			}
		}
		if goal < want-want/50 || goal > want+want/50 {
			t.Errorf("%d bytes in use: %d percent, a goal of %d, want %d", live, percent, goal, want)
		}
	}
}

// TestCollectLong: the goal of a run of many collections is a quarter above the floor,
// while that leaves room, and the floor for what is small.
func TestCollectLong(t *testing.T) {
	const floor = 128 << 20
	for _, live := range []uint64{0, 1, 1 << 20, 4 << 20, 7 << 20, 8 << 20, 40 << 20, 85 << 20, 127 << 20, 128 << 20, 137 << 20, 138 << 20, 200 << 20,
		1 << 30} {
		percent := collectAt(floor, 50, live, true)
		goal := max(live+live/100*uint64(percent), smallestHeap/100*uint64(percent))
		want := max(floor*5/4, live+live*16/100)
		if live < floor/16 {
			want = floor
		}
		if live >= 2*floor {
			want = live + live/4
		}
		if goal < want-want/50 || goal > want+want/50 {
			t.Errorf("%d bytes in use: %d percent, a goal of %d, want %d", live, percent, goal, want)
		}
	}
}

// TestKeepHeap: after each collection the percentage is set anew.
func TestKeepHeap(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	(&sentinel{floor: 1 << 20, percent: 50}).collected() // less than what the test has in use
	held := make([]byte, 8<<20)
	for range 3 {
		debug.SetGCPercent(100)
		runtime.GC()
		for end := time.Now().Add(time.Minute); gogc() != 25; runtime.Gosched() {
			if time.Now().After(end) {
				t.Fatalf("%d percent a minute after a collection, want 25", gogc())
			}
		}
	}
	runtime.KeepAlive(held)
}

func gogc() uint64 {
	s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
