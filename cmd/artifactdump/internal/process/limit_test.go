package process

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestLimitAt(t *testing.T) {
	for _, tt := range []struct{ bytes, live, others, want int64 }{
		{36, 0, 0, 36},
		{36, 20, 8, 36},
		{36, 24, 8, 38},
		{36, 100, 8, 133},
	} {
		if got := limitAt(tt.bytes, tt.live, tt.others); got != tt.want {
			t.Errorf("limit of %d with %d in use and %d beside: %d, want %d", tt.bytes, tt.live, tt.others, got, tt.want)
		}
	}
}

// TestLimitMemory: the limit grows with what is in use and falls again, and the one
// before comes back.
func TestLimitMemory(t *testing.T) {
	before := debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetMemoryLimit(before)
	end := LimitMemory(1 << 20)
	wait := func(what string, ok func(limit int64) bool) {
		t.Helper()
		for stop := time.Now().Add(time.Minute); ; runtime.Gosched() {
			runtime.GC()
			if limit := debug.SetMemoryLimit(-1); ok(limit) {
				return
			} else if time.Now().After(stop) {
				t.Fatalf("%s: a limit of %d after a minute", what, limit)
			}
		}
	}
	held := make([]byte, 64<<20)
	wait("64 MB in use", func(n int64) bool { return n >= 80<<20 && n < 120<<20 })
	runtime.KeepAlive(held)
	held = nil
	wait("nothing in use", func(n int64) bool { return n < 40<<20 })
	end()
	for range 3 { // whose finalizers change nothing any more
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	if n := debug.SetMemoryLimit(-1); n != math.MaxInt64 {
		t.Errorf("a limit of %d at the end", n)
	}
}

// TestLimitReplaced: a limit that others have set stays.
func TestLimitReplaced(t *testing.T) {
	before := debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetMemoryLimit(before)
	defer LimitMemory(1 << 20)()
	const other = int64(1 << 40)
	debug.SetMemoryLimit(other)
	for range 3 {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	if n := debug.SetMemoryLimit(-1); n != other {
		t.Errorf("a limit of %d, want %d", n, other)
	}
}
