package process

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// smallestHeap is the runtime's first goal of a heap at 100 percent.
const smallestHeap = 4 << 20

// KeepHeap sets when memory is collected: never while the heap has less than
// floor bytes, and above that when it has grown by percent since the last time.
// A short run is then not collected at all. A heap of more than floor bytes grows by
// no more than one of floor bytes would, and to no more than one and a half times
// floor; a heap that needs that much itself grows by a part of percent (see [part]).
// Few collections of a run meet the largest heap, and its peak is what the machine
// must have.
//
// After many collections the run is taken for a long one. Its heap may then grow to one
// and a quarter of floor at once, and no further.
func KeepHeap(floor uint64, percent int) {
	s := &sentinel{floor: floor, percent: percent}
	s.collected() // packages may have much in use before main begins
}

// often is how many collections make a run a long one.
const often = 16

// A sentinel is garbage from its birth, so that its finalizer follows each
// collection.
type sentinel struct {
	floor   uint64
	percent int
	times   int // that the heap was collected
}

func (s *sentinel) collected() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	debug.SetGCPercent(collectAt(s.floor, s.percent, live[0].Value.Uint64(), s.times > often))
	s.times++
	runtime.SetFinalizer(s, (*sentinel).collected)
}

// collectAt is the percentage by which a heap of so many bytes in use may grow.
// The runtime has a goal of its own for small heaps, which grows with the
// percentage: that is to be the floor, too.
func collectAt(floor uint64, percent int, live uint64, long bool) int {
	most := int(floor * 100 / smallestHeap)
	switch {
	case long && live >= floor/16:
		room := uint64(0)
		if most := floor + floor/4; live < most {
			room = most - live
		}
		return max(part(floor, percent, live), int(room*100/live))
	case live >= floor:
		room := uint64(0)
		if most := floor + floor/2; live < most {
			room = min(floor*uint64(percent)/100, most-live)
		}
		return max(part(floor, percent, live), int(room*100/live))
	}
	if live*uint64(most) <= (floor-live)*100 {
		return most
	}
	return max(percent, int((floor-live)*100/live))
}

// part is the least percentage by which a heap may grow: a third of percent, and half of
// it from twice the floor on, where a collection takes long and the machine must have
// much in any case.
func part(floor uint64, percent int, live uint64) int {
	if live < 2*floor {
		return percent / 3
	}
	return percent / 2
}
