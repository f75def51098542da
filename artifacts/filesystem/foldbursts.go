package filesystem

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// burstFiles in burstWindow make one row of the changes of one kind below one
// folder.
const (
	burstFiles  = 100
	burstWindow = time.Minute
	maxBuckets  = 1 << 16
)

// A burstFolder holds back sessions until it is known whether they are part of
// a burst: unpacking, an installation, encryption. What is not is passed on in
// the order in which the windows end.
type burstFolder struct {
	open  map[burstKey]*bucket
	yield func(Change) bool
	seen  time.Time
	all   bool // what is part of a burst is wanted, too
}

type burstKey struct{ action, folder string }

type bucket struct {
	held  []Change
	burst Change
}

func newBurstFolder(yield func(Change) bool) *burstFolder {
	return &burstFolder{open: map[burstKey]*bucket{}, yield: yield}
}

// tree returns the folder of which changes are counted together: up to three
// levels below the root.
func tree(path string) string {
	dir := path[:max(0, strings.LastIndexByte(path, '\\'))]
	n := 0
	for i := range len(dir) {
		if dir[i] == '\\' {
			if n++; n == 4 {
				return dir[:i]
			}
		}
	}
	return dir
}

func (c *Change) action() string {
	switch {
	case !c.Deleted.IsZero():
		return "deleted"
	case !c.Renamed.IsZero():
		return "renamed"
	case !c.Created.IsZero():
		return "created"
	}
	return "changed"
}

func (b *burstFolder) add(c Change) bool {
	if c.First.After(b.seen) {
		b.seen = c.First
		if len(b.open) >= maxBuckets && !b.flush() {
			return false
		}
	}
	folder := tree(c.Path)
	key := burstKey{c.action(), strings.ToLower(folder)}
	x := b.open[key]
	if x != nil && c.First.Sub(x.burst.First) > burstWindow {
		delete(b.open, key)
		if !b.end(x) {
			return false
		}
		x = nil
	}
	if x == nil {
		x = &bucket{burst: Change{Origin: c.Origin, Kind: KindBurst, Path: folder, Action: key.action, First: c.First, USN: c.USN}}
		b.open[key] = x
	}
	x.burst.Files++
	x.burst.Last, x.burst.LastUSN = c.First, c.LastUSN
	if x.burst.Files <= burstFiles {
		x.held = append(x.held, c)
		return true
	}
	more := b.aside(x.held) && b.aside([]Change{c})
	x.held = nil
	return more
}

// aside passes on what is part of a burst, if that is wanted.
func (b *burstFolder) aside(part []Change) bool {
	if !b.all {
		return true
	}
	for _, c := range part {
		c.aside, c.Shown = true, ""
		if !b.yield(c) {
			return false
		}
	}
	return true
}

func (b *burstFolder) end(x *bucket) bool {
	if x.burst.Files > burstFiles {
		return b.yield(x.burst)
	}
	for _, c := range x.held {
		if !b.yield(c) {
			return false
		}
	}
	return true
}

// flush ends all windows, in the order in which they began.
func (b *burstFolder) flush() bool {
	all := slices.SortedFunc(maps.Values(b.open), func(x, y *bucket) int {
		return cmp.Or(x.burst.First.Compare(y.burst.First), cmp.Compare(x.burst.USN, y.burst.USN),
			cmp.Compare(x.burst.Action, y.burst.Action))
	})
	clear(b.open)
	for i, x := range all {
		if !b.end(x) {
			return false
		}
		all[i] = nil
	}
	return true
}
