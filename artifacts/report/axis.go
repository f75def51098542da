package report

import (
	"fmt"
	"slices"
	"time"
)

// An axis lays time out from left to right. Stretches without anything to
// show are cut out: each becomes a narrow gap that says how long it was.
type axis struct {
	width  int // index in widths: what one column holds
	left   float64
	column float64 // its width in pixels
	spans  []stretch
}

// A stretch is a run of columns without a cut.
type stretch struct {
	from, to int64 // the first column and the one after the last
	x        float64
}

const (
	gapWidth   = 26.0 // pixels of a cut
	maxColumns = 190
)

// quiet is how many empty columns make a gap: a day of hours, two weeks of days.
func quiet(width int) int64 {
	switch h := widths[width]; {
	case h < 24:
		return 24 / h * 2
	case h < 7*24:
		return 10
	}
	return 4
}

// newAxis chooses the finest columns with which all buckets fit, and returns
// the buckets in these columns.
func newAxis(b buckets, left, right float64) (*axis, buckets) {
	for {
		a := &axis{width: b.width, left: left}
		columns := int64(0)
		q := quiet(b.width)
		for _, k := range b.keys() {
			if n := len(a.spans); n > 0 && k-a.spans[n-1].to < q {
				a.spans[n-1].to = k + 1
				continue
			}
			a.spans = append(a.spans, stretch{from: k, to: k + 1})
		}
		for _, s := range a.spans {
			columns += s.to - s.from
		}
		gaps := max(0, len(a.spans)-1)
		if (columns > maxColumns || gaps > 12) && b.width+1 < len(widths) {
			b = b.coarser(b.width + 1)
			continue
		}
		gap := min(gapWidth, (right-left)/2/float64(max(1, gaps)))
		a.column = min(40, (right-left-gap*float64(gaps))/float64(max(1, columns)))
		x := left
		for i := range a.spans {
			a.spans[i].x = x
			x += float64(a.spans[i].to-a.spans[i].from)*a.column + gap
		}
		return a, b
	}
}

// x is the place of a moment, and whether the axis shows it.
func (a *axis) x(t time.Time) (float64, bool) {
	hours := float64(hourOf(t)) + float64(t.Unix()-hourOf(t)*3600)/3600
	c := hours / float64(widths[a.width])
	for _, s := range a.spans {
		if c >= float64(s.from) && c < float64(s.to) {
			return s.x + (c-float64(s.from))*a.column, true
		}
	}
	return 0, false
}

func (s stretch) end(a *axis) float64 { return s.x + float64(s.to-s.from)*a.column }

// A tick is a labelled place on the axis.
type tick struct {
	X     float64
	Label string
	First bool // of a stretch
}

// ticks puts labels where they do not touch each other.
func (a *axis) ticks() []tick {
	const apart = 74
	var out []tick
	last := a.left - apart
	year := 0
	for _, s := range a.spans {
		for c := s.from; c < s.to; c++ {
			t := start(c, a.width)
			if c != s.from && widths[a.width] < 24 && t.Hour() != 0 {
				continue
			}
			x := s.x + float64(c-s.from)*a.column
			if x-last < apart {
				continue
			}
			label := t.Format("01-02")
			switch {
			case widths[a.width] >= 30*24:
				label = t.Format("2006-01")
			case t.Year() != year:
				label = t.Format("2006-01-02")
			}
			if c == s.from && widths[a.width] < 24 && t.Hour() != 0 {
				label += t.Format(" 15h")
			}
			year, last = t.Year(), x
			out = append(out, tick{round(x), label, c == s.from})
		}
	}
	return out
}

// A gap is a cut in the axis.
type gap struct {
	X, Width, Mid float64
	Short         string
	From, To      time.Time // the column that ended, the one that began
}

func (a *axis) gaps() []gap {
	var out []gap
	for i := 1; i < len(a.spans); i++ {
		p, n := a.spans[i-1], a.spans[i]
		from, to := start(p.to, a.width), start(n.from, a.width)
		x := p.end(a)
		out = append(out, gap{round(x), round(n.x - x), round((x + n.x) / 2), short(to.Sub(from)), from, to})
	}
	return out
}

// short writes how long a gap is, in the largest unit that says enough.
func short(d time.Duration) string {
	h := int64(d / time.Hour)
	switch {
	case h < 48:
		return fmt.Sprintf("%dh", h)
	case h < 730*24:
		return fmt.Sprintf("%dd", h/24)
	}
	return fmt.Sprintf("%dy", h/24/365)
}

func round(x float64) float64 { return float64(int64(x*10+0.5)) / 10 }

// window keeps the buckets that the charts show: from the first to the last
// moment at which something ran or was used, and a little around it. What
// only settings and files tell of other times is counted, not drawn.
func (b buckets) window() (shown buckets, before, after int) {
	keys := b.keys()
	alive := func(k int64) bool { return b.n[k][ran]+b.n[k][used] > 0 }
	i := slices.IndexFunc(keys, alive)
	if i < 0 {
		return b, 0, 0
	}
	day := max(1, 24/widths[b.width])
	lo, hi := keys[i]-day, keys[i]
	for _, k := range keys {
		if alive(k) {
			hi = k
		}
	}
	hi += day
	shown = buckets{b.limit, b.width, map[int64]counts{}}
	for _, k := range keys {
		switch {
		case k < lo:
			before += b.n[k][traced]
		case k > hi:
			after += b.n[k][traced]
		default:
			shown.n[k] = b.n[k]
		}
	}
	return shown, before, after
}
