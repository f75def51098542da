package report

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

const (
	windowGap    = 30 * time.Minute // a window ends when nothing happened for so long
	stripAround  = 2 * time.Minute
	maxMinutes   = 180 // bins of the chart of a window
	stripWidth   = 960.0
	stripLeft    = 8.0
	stripRight   = 952.0
	maxStripRows = 400
)

// A window is a stretch of time in which the evidence of findings follows each other.
type window struct {
	host     string
	from, to time.Time
	findings []int // ranks, worst first
}

// windowsOf finds the windows of findings of level medium and above, that of the
// worst finding first. A window has two findings, or one of level high or above.
func windowsOf(list []Finding) []window {
	type moment struct {
		time time.Time
		host string
		rank int
	}
	var all []moment
	for rank := range list {
		f := &list[rank]
		if !strings.Contains(openLevels, f.Level) {
			continue
		}
		for _, t := range momentsOf(f) {
			all = append(all, moment{t, f.Host, rank})
		}
	}
	slices.SortStableFunc(all, func(a, b moment) int { return cmp.Or(cmp.Compare(a.host, b.host), a.time.Compare(b.time)) })
	var out []window
	for i, m := range all {
		if i == 0 || m.host != all[i-1].host || m.time.Sub(all[i-1].time) > windowGap {
			out = append(out, window{host: m.host, from: m.time})
		}
		w := &out[len(out)-1]
		w.to = m.time
		if !slices.Contains(w.findings, m.rank) {
			w.findings = append(w.findings, m.rank)
		}
	}
	out = slices.DeleteFunc(out, func(w window) bool {
		return len(w.findings) < 2 && list[w.findings[0]].Level == "medium"
	})
	for i := range out {
		slices.Sort(out[i].findings)
	}
	slices.SortStableFunc(out, func(a, b window) int {
		return cmp.Or(cmp.Compare(a.findings[0], b.findings[0]), cmp.Compare(len(b.findings), len(a.findings)), a.from.Compare(b.from))
	})
	return out
}

// momentsOf are the times at which the evidence of a finding happened.
func momentsOf(f *Finding) []time.Time {
	var out []time.Time
	for i := range f.Evidence {
		if e := &f.Evidence[i]; !e.Time.IsZero() && !foreign(e.TimeKind, "") {
			out = append(out, e.Time)
		}
	}
	if len(out) == 0 && !f.LastSeen.IsZero() && !foreign(f.TimeKind, "") {
		out = append(out, f.LastSeen)
	}
	return out
}

// minuteBins count the rows of a window.
type minuteBins struct {
	from  time.Time
	width time.Duration
	host  string
	n     []counts
}

// newMinutes returns empty bins for a window, the finest that fit.
func newMinutes(w window) *minuteBins {
	from, to := w.from.Add(-stripAround).Truncate(time.Minute), w.to.Add(stripAround)
	for _, width := range []time.Duration{1, 2, 5, 10, 15, 30, 60, 180, 720, 1440} {
		width *= time.Minute
		if n := int(to.Sub(from)/width) + 1; n <= maxMinutes || width == 24*time.Hour {
			return &minuteBins{from: from, width: width, host: w.host, n: make([]counts, min(n, maxMinutes))}
		}
	}
	return nil
}

func (b *minuteBins) add(t time.Time, host string, layer int) {
	if b == nil || host != b.host || t.Before(b.from) {
		return
	}
	if i := int(t.Sub(b.from) / b.width); i < len(b.n) {
		b.n[i][layer]++
	}
}

// minuteChart is the chart of the worst window: its bins fill the width.
type minuteChart struct {
	Bars     []rect
	Ticks    []tick
	Lines    []scaleLine
	From, To time.Time
	Minutes  int // that a bin holds
	Peak     int
	PeakAt   time.Time
}

func (b *minuteBins) draw() *minuteChart {
	if b == nil {
		return nil
	}
	c := &minuteChart{From: b.from, To: b.from.Add(b.width * time.Duration(len(b.n))), Minutes: int(b.width / time.Minute)}
	for i, n := range b.n {
		if s := sum(n); s > c.Peak {
			c.Peak, c.PeakAt = s, b.from.Add(b.width*time.Duration(i))
		}
	}
	if c.Peak == 0 {
		return nil
	}
	const top, bottom = 14.0, 110.0
	height := func(n int) float64 { return math.Sqrt(float64(n)/float64(c.Peak)) * (bottom - top) }
	for _, n := range []int{1, 10, 100, 1000, 10000, 100000} {
		if y := round(bottom - height(n)); n <= c.Peak && (len(c.Lines) == 0 || c.Lines[len(c.Lines)-1].Y-y > 14) {
			c.Lines = append(c.Lines, scaleLine{y, n})
		}
	}
	column := (chartRight - chartLeft) / float64(len(b.n))
	class := [layers]string{"ran", "used", "traced"}
	for i, n := range b.n {
		below := 0
		for l, k := range n {
			if k == 0 {
				continue
			}
			y0, y1 := bottom-height(below), bottom-height(below+k)
			below += k
			c.Bars = append(c.Bars, rect{round(chartLeft + float64(i)*column), round(y1), round(max(1, column-0.6)),
				round(max(0.6, y0-y1)), class[l]})
		}
	}
	last := chartLeft - 60
	for i := range b.n {
		t := b.from.Add(b.width * time.Duration(i))
		x := chartLeft + float64(i)*column
		if x-last < 60 || x > chartRight-30 || i > 0 && t.Unix()%300 != 0 && b.width < 5*time.Minute {
			continue
		}
		label := t.Format("15:04")
		if i == 0 || t.Day() != t.Add(-b.width).Day() {
			label = t.Format("01-02 15:04")
		}
		c.Ticks = append(c.Ticks, tick{round(x), label, i == 0})
		last = x
	}
	return c
}

// A findingGroup is the findings of one window, by folder.
type findingGroup struct {
	From, To time.Time // zero for findings outside of windows
	Host     string
	N        int
	Folders  []folderGroup
}

type folderGroup struct {
	Folder   string // "" where the subject is no file
	Findings []findingView
}

// groupFindings puts findings into the windows that hold most of their evidence.
func groupFindings(list []findingView, windows []window) []findingGroup {
	groups := make([]findingGroup, len(windows)+1)
	for i, w := range windows {
		groups[i].From, groups[i].To, groups[i].Host = w.from, w.to, w.host
	}
	for _, f := range list {
		best, most := len(windows), 0
		for i, w := range windows {
			n := 0
			for _, t := range momentsOf(f.Finding) {
				if f.Host == w.host && !t.Before(w.from) && !t.After(w.to) {
					n++
				}
			}
			if n > most {
				best, most = i, n
			}
		}
		groups[best].add(f)
	}
	return slices.DeleteFunc(groups, func(g findingGroup) bool { return g.N == 0 })
}

func (g *findingGroup) add(f findingView) {
	g.N++
	folder := folderOf(f.Subject)
	i := slices.IndexFunc(g.Folders, func(x folderGroup) bool { return x.Folder == folder })
	if i < 0 {
		i = len(g.Folders)
		g.Folders = append(g.Folders, folderGroup{Folder: folder})
	}
	g.Folders[i].Findings = append(g.Folders[i].Findings, f)
}

// folderOf is the folder of a subject that is a file, in the spelling that all
// sources share.
func folderOf(subject string) string {
	if !strings.Contains(subject, `\`) || strings.ContainsAny(subject, "\r\n") {
		return ""
	}
	key := winpath.Key(subject)
	i := strings.LastIndexByte(key, '\\')
	if i <= 0 {
		return ""
	}
	return key[:i]
}

// A strip shows the rows around the last moment of a finding.
type strip struct {
	At          time.Time
	Marks       []stripMark
	Ticks       []tick
	Own, Others int
}

type stripMark struct {
	X     float64
	Own   bool
	Title string
}

// drawStrips gives each finding its strip. near are sorted by time.
func drawStrips(list []findingView, windows []window, near []nearEvent) {
	for i := range list {
		f := &list[i]
		at := stripTime(f.Finding, windows)
		if at.IsZero() {
			continue
		}
		own := map[string]bool{}
		for _, e := range f.Evidence {
			own[e.ID] = true
		}
		s := &strip{At: at}
		from := at.Add(-stripAround)
		k, _ := slices.BinarySearchFunc(near, from, func(n nearEvent, t time.Time) int { return n.Time.Compare(t) })
		for ; k < len(near) && !near[k].Time.After(at.Add(stripAround)); k++ {
			n := &near[k]
			if n.Host != f.Host || len(s.Marks) == maxStripRows {
				continue
			}
			m := stripMark{X: round(stripX(n.Time.Sub(from))), Own: own[n.Record]}
			if m.Own {
				s.Own++
				m.Title = n.Time.UTC().Format("15:04:05") + " " + n.Message
			} else {
				s.Others++
			}
			if last := len(s.Marks) - 1; last < 0 || m.Own || s.Marks[last].Own || m.X-s.Marks[last].X >= 1.5 {
				s.Marks = append(s.Marks, m)
			}
		}
		if s.Own == 0 {
			continue
		}
		for d := time.Duration(0); d <= 2*stripAround; d += time.Minute {
			s.Ticks = append(s.Ticks, tick{round(stripX(d)), from.Add(d).UTC().Format("15:04:05"), d == 0})
		}
		f.Strip = s
	}
}

func stripX(d time.Duration) float64 {
	return stripLeft + float64(d)/float64(2*stripAround)*(stripRight-stripLeft)
}

// stripTime is the moment of a finding that has most of its others around it: of
// those in windows, else of all. It is the zero time where there is none.
func stripTime(f *Finding, windows []window) time.Time {
	moments := momentsOf(f)
	slices.SortFunc(moments, time.Time.Compare)
	inside := slices.DeleteFunc(slices.Clone(moments), func(t time.Time) bool {
		return !slices.ContainsFunc(windows, func(w window) bool {
			return f.Host == w.host && !t.Before(w.from) && !t.After(w.to)
		})
	})
	if len(inside) > 0 {
		return densest(inside)
	}
	return densest(moments)
}

// densest returns the first of the sorted times around which most others are.
func densest(list []time.Time) time.Time {
	var best time.Time
	most, lo, hi := 0, 0, 0
	for _, t := range list {
		for list[lo].Before(t.Add(-stripAround)) {
			lo++
		}
		for hi < len(list) && !list[hi].After(t.Add(stripAround)) {
			hi++
		}
		if hi-lo > most {
			best, most = t, hi-lo
		}
	}
	return best
}
