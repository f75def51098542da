package filesystem

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestUSNOrder compares the neighbours that are kept with those of the sorted list
// of all files.
func TestUSNOrder(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		all := make([]usnTime, 1+rnd.IntN(120))
		for i := range all {
			all[i] = usnTime{1 + rnd.Uint64N(100), rnd.Uint64N(1000), false}
		}
		var usns []uint64
		for range 1 + rnd.IntN(12) {
			usns = append(usns, all[rnd.IntN(len(all))].usn)
		}
		o := newUSNOrder(slices.Clone(usns))
		for _, u := range all {
			o.add(u)
		}
		slices.SortFunc(all, usnTime.compare)
		for _, usn := range usns {
			i := slices.IndexFunc(all, func(u usnTime) bool { return u.usn == usn })
			before, after := o.around(usn)
			if want := all[max(0, i-neighbours):i]; !slices.Equal(before, want) {
				t.Fatalf("before %d: %v, want %v", usn, before, want)
			}
			if want := all[i+1 : min(len(all), i+1+neighbours)]; !slices.Equal(after, want) {
				t.Fatalf("after %d: %v, want %v", usn, after, want)
			}
		}
	}
}

// TestUSNOrderLimit keeps the neighbours of a number of USNs, and counts the rest.
func TestUSNOrderLimit(t *testing.T) {
	usns := make([]uint64, maxOrdered+3)
	for i := range usns {
		usns[i] = uint64(i + 1)
	}
	if o := newUSNOrder(usns); o.left != 3 || len(o.gaps) != maxOrdered+1 {
		t.Errorf("%d left, %d gaps", o.left, len(o.gaps))
	}
}

// TestChangesWithoutTimes: each kind of change may have lost all of its times.
func TestChangesWithoutTimes(t *testing.T) {
	for _, kind := range []string{"", KindStart, KindClock, KindJournal, KindWiped, KindBurst, KindMass} {
		if list := (Change{Kind: kind, Path: `C:\a.exe`}).Events(); len(list) > 0 {
			t.Errorf("%q: %v", kind, list)
		}
	}
}
