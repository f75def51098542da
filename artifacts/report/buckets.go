package report

import (
	"maps"
	"slices"
	"time"
)

// The layers of the charts: what a moment proves.
const (
	ran    = iota // a program ran
	used          // a user did something
	traced        // anything else: a file was there, a setting was written
	layers
)

type counts [layers]int

// Widths of buckets in hours, from an hour to ten years.
var widths = []int64{1, 3, 6, 12, 24, 7 * 24, 30 * 24, 365 * 24, 3652 * 24, 36525 * 24}

// buckets count moments. There are never more than limit of them: when there
// would be, they grow wider. Whether they do depends on the moments alone and
// not on their order.
type buckets struct {
	limit int
	width int // index in widths
	n     map[int64]counts
}

// hourOf counts hours since 1970, downwards before.
func hourOf(t time.Time) int64 { return floorDiv(t.Unix(), 3600) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func (b *buckets) add(t time.Time, layer int) {
	if b.n == nil {
		b.n = map[int64]counts{}
	}
	k := floorDiv(hourOf(t), widths[b.width])
	c := b.n[k]
	c[layer]++
	b.n[k] = c
	for len(b.n) > b.limit && b.width+1 < len(widths) {
		*b = b.coarser(b.width + 1)
	}
}

// coarser returns the same moments in wider buckets. A wide bucket holds whole
// narrow ones or, from weeks on, those that begin in it.
func (b buckets) coarser(width int) buckets {
	out := buckets{b.limit, width, map[int64]counts{}}
	for k, c := range b.n {
		k = floorDiv(k*widths[b.width], widths[width])
		sum := out.n[k]
		for i := range sum {
			sum[i] += c[i]
		}
		out.n[k] = sum
	}
	return out
}

func (b *buckets) keys() []int64 { return slices.Sorted(maps.Keys(b.n)) }

// start is the time at which a bucket begins.
func start(k int64, width int) time.Time { return time.Unix(k*widths[width]*3600, 0).UTC() }

// A mark is one moment of a program, to the hour or wider.
type mark struct {
	hour int64
	ran  bool
}

// marks are the moments of one program. There are never more than maxMarks of
// them; when there would be, they are merged into wider steps.
type marks struct {
	step int64 // hours; 0 means 1
	at   []mark
}

// maxMarks is enough for a lane: it is 700 pixels long.
const maxMarks = 256

func (m *marks) add(t time.Time, ran bool) {
	m.step = max(m.step, 1)
	m.insert(mark{floorDiv(hourOf(t), m.step) * m.step, ran})
	for len(m.at) > maxMarks {
		m.step *= 4
		old := m.at
		m.at = nil
		for _, o := range old {
			m.insert(mark{floorDiv(o.hour, m.step) * m.step, o.ran})
		}
	}
}

func (m *marks) insert(n mark) {
	i, found := slices.BinarySearchFunc(m.at, n.hour, func(a mark, h int64) int {
		switch {
		case a.hour < h:
			return -1
		case a.hour > h:
			return 1
		}
		return 0
	})
	if found {
		m.at[i].ran = m.at[i].ran || n.ran
		return
	}
	m.at = slices.Insert(m.at, i, n)
}
