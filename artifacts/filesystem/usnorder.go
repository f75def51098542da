package filesystem

import (
	"cmp"
	"slices"
)

// neighbours is how many files before and after a USN are asked.
const neighbours = 9

// maxOrdered bounds the USNs whose neighbours are kept, 300 bytes for each. The
// suspects of a volume are some hundreds.
const maxOrdered = 1 << 16

type usnTime struct {
	usn, changed uint64
	late         bool // its own record changed before its name
}

func (u usnTime) compare(o usnTime) int {
	return cmp.Or(cmp.Compare(u.usn, o.usn), cmp.Compare(u.changed, o.changed))
}

// A usnOrder keeps the nearest neighbours of some USNs among those of all files of a
// volume.
type usnOrder struct {
	usns []uint64 // sorted, each once
	gaps []usnGap // gap i lies before usns[i]; the last one after all
	left int      // USNs beyond the limit
}

// A usnGap is what is kept of the files from one USN, itself included, to the next.
type usnGap struct {
	first, last []usnTime // sorted
}

func newUSNOrder(usns []uint64) usnOrder {
	slices.Sort(usns)
	usns = slices.Compact(usns)
	left := max(0, len(usns)-maxOrdered)
	usns = usns[:len(usns)-left]
	return usnOrder{usns, make([]usnGap, len(usns)+1), left}
}

// add takes a file.
func (o *usnOrder) add(u usnTime) {
	if len(o.usns) == 0 {
		return
	}
	i, found := slices.BinarySearch(o.usns, u.usn)
	if found {
		i++
	}
	g := &o.gaps[i]
	// One more than the neighbours: the first can be the file itself.
	if n := len(g.first); n <= neighbours || u.compare(g.first[n-1]) < 0 {
		k, _ := slices.BinarySearchFunc(g.first, u, usnTime.compare)
		g.first = slices.Insert(g.first, k, u)[:min(n+1, neighbours+1)]
	}
	if n := len(g.last); n < neighbours || u.compare(g.last[0]) > 0 {
		k, _ := slices.BinarySearchFunc(g.last, u, usnTime.compare)
		if n == neighbours {
			copy(g.last, g.last[1:k])
			g.last[k-1] = u
			return
		}
		g.last = slices.Insert(g.last, k, u)
	}
}

// around returns up to nine files before a USN, and up to nine after the file that
// has it, in their order.
func (o *usnOrder) around(usn uint64) (before, after []usnTime) {
	at, found := slices.BinarySearch(o.usns, usn)
	if usn == 0 || !found {
		return nil, nil
	}
	for i := at; i >= 0 && len(before) < neighbours; i-- {
		l := o.gaps[i].last
		before = append(slices.Clone(l[max(0, len(l)-neighbours+len(before)):]), before...)
	}
	for i := at + 1; i < len(o.gaps) && len(after) <= neighbours; i++ {
		after = append(after, o.gaps[i].first...)
	}
	if len(after) > 0 {
		after = after[1:min(len(after), neighbours+1)]
	}
	return before, after
}

// median returns the median of the record changes of the nine files whose
// change the journal numbered before a USN; 0 when there are fewer.
func (o *usnOrder) median(usn uint64) uint64 {
	before, _ := o.around(usn)
	if len(before) < neighbours {
		return 0
	}
	var changed [neighbours]uint64
	for i := range changed {
		changed[i] = before[i].changed
	}
	slices.Sort(changed[:])
	return changed[neighbours/2]
}

// bounds returns two moments between which the change with a USN lies. A file
// that the journal numbered later changed later, and its record shows it unless
// it was dated back; the records of earlier files give the other bound as far
// as they lie before that.
func (o *usnOrder) bounds(usn uint64) (from, to uint64) {
	low := o.median(usn)
	if low == 0 {
		return 0, 0
	}
	before, after := o.around(usn)
	for _, u := range after {
		if !u.late && u.changed >= low && (to == 0 || u.changed < to) {
			to = u.changed
		}
	}
	for _, u := range before {
		if !u.late && u.changed <= to {
			from = max(from, u.changed)
		}
	}
	if from == 0 || to == 0 {
		return 0, 0
	}
	return from, to
}
