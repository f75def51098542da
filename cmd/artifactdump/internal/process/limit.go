package process

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// LimitMemory has the runtime collect garbage sooner when the program comes near a
// number of bytes, and returns a function that ends that. Where what is in use needs
// more, the limit leaves a quarter above it: the runtime would otherwise do little
// but collect. A limit that is set later by others ends it, too.
func LimitMemory(bytes int64) (end func()) {
	l := &limit{bytes: bytes, set: bytes, before: debug.SetMemoryLimit(bytes)}
	l.collected()
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.ended = true
		debug.SetMemoryLimit(l.before)
	}
}

type limit struct {
	bytes, before int64

	mu    sync.Mutex
	set   int64 // the present limit
	ended bool
}

// A bell is garbage from its birth, so that its finalizer follows each collection.
type bell struct{ of *limit }

func (l *limit) collected() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended || debug.SetMemoryLimit(-1) != l.set {
		return
	}
	used := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}, // which counts in the total
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(used)
	n := func(i int) int64 { return int64(used[i].Value.Uint64()) }
	l.set = limitAt(l.bytes, n(0), n(1)-n(2)-n(3)-n(4))
	debug.SetMemoryLimit(l.set)
	runtime.SetFinalizer(&bell{l}, func(b *bell) { b.of.collected() })
}

// limitAt is the limit when so many bytes of the heap are in use, and others beside it.
func limitAt(bytes, live, others int64) int64 { return max(bytes, live+live/4+others) }
