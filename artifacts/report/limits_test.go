package report

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

var day = time.Date(2026, 3, 6, 0, 0, 0, 0, time.UTC)

// many yields rows of many programs, all over the years that a FILETIME knows.
func many(n int, yield func(*output.Row)) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		r := output.Row{
			ID: fmt.Sprintf("%016x", i), Time: time.Unix(-11644473600+rnd.Int64N(1<<38), 0).UTC(), Host: "H", Kind: "Last Time Executed",
			Message: strings.Repeat("x", 100), Path: fmt.Sprintf(`\p%d.exe`, i%300), Proof: artifacts.Executed,
		}
		if i%2 == 0 {
			r.Time = day.Add(time.Duration(rnd.Int64N(int64(20 * time.Minute))))
			r.Proof = artifacts.Present
		}
		yield(&r)
	}
}

func TestLimits(t *testing.T) {
	opts := &Options{Rows: 50, Programs: 100}
	c := NewCollector(opts)
	c.Focus([]Finding{{Level: "high", Host: "H", LastSeen: day.Add(10 * time.Minute)}})
	const n = 60000
	many(n, c.Row)
	many(n, c.Near)
	if c.events != n || len(c.programs) != 100 || c.unlisted != n*2/3 {
		t.Errorf("%d events, %d programs, %d events of others; want %d, 100, %d", c.events, len(c.programs), c.unlisted, n, n*2/3)
	}
	if len(c.near) != 50 || c.nearLeft != n/2-50 {
		t.Errorf("%d rows kept, %d left out; want 50, %d", len(c.near), c.nearLeft, n/2-50)
	}
	for _, e := range c.near {
		if e.distance > 5*time.Second {
			t.Errorf("a row %v from the finding was kept before closer ones", e.distance)
		}
	}
	if len(c.hours.n) > maxBuckets {
		t.Errorf("%d buckets", len(c.hours.n))
	}
	total := counts{}
	for _, v := range c.hours.n {
		for i := range v {
			total[i] += v[i]
		}
	}
	if total != (counts{ran: n / 2, traced: n / 2}) {
		t.Errorf("the buckets hold %v", total)
	}
	for _, p := range c.programs {
		if len(p.marks.at) > maxMarks {
			t.Errorf("%d marks", len(p.marks.at))
		}
	}
	p := page(t, Input{Collected: c, Findings: []Finding{{Level: "high", Host: "H", LastSeen: day.Add(10 * time.Minute)}}}, opts)
	checkStructure(t, p, elements(t, p))
	text := visible(p)
	for _, want := range []string{fmt.Sprint(c.nearLeft, " more events"), fmt.Sprint(c.unlisted, " events belong")} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if len(p) > 400<<10 {
		t.Errorf("the page has %d bytes", len(p))
	}
}

// TestOrder feeds the same moments in two orders.
func TestOrder(t *testing.T) {
	var rows []output.Row
	many(20000, func(r *output.Row) { rows = append(rows, *r) })
	near := func(c *Collector) []string {
		var ids []string
		for _, e := range c.near {
			ids = append(ids, e.ID)
		}
		slices.Sort(ids)
		return ids
	}
	feed := func() *Collector {
		c := NewCollector(&Options{Rows: 70})
		c.Focus([]Finding{{Level: "low", Host: "H", LastSeen: day.Add(15 * time.Minute)}, {Level: "low", Host: "H", LastSeen: day.Add(time.Minute)}})
		for i := range rows {
			c.Row(&rows[i])
			c.Near(&rows[i])
		}
		return c
	}
	a := feed()
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	b := feed()
	if !slices.Equal(near(a), near(b)) {
		t.Error("which rows are kept depends on their order")
	}
	if a.hours.width != b.hours.width || !maps.Equal(a.hours.n, b.hours.n) {
		t.Error("the buckets depend on the order of the rows")
	}
	for k, p := range a.programs {
		if q := b.programs[k]; !reflect.DeepEqual(p.marks, q.marks) || p.counts != q.counts || !p.first.Time.Equal(q.first.Time) {
			t.Errorf("%s depends on the order of the rows", k)
		}
	}
}

func TestNearHost(t *testing.T) {
	c := NewCollector(nil)
	c.Focus([]Finding{{Level: "high", Host: "A", LastSeen: day}, {Level: "informational", Host: "A", LastSeen: day.Add(time.Hour)}})
	for _, r := range []output.Row{
		{ID: "in", Host: "A", Time: day.Add(10 * time.Minute)},
		{ID: "out", Host: "A", Time: day.Add(10*time.Minute + 100)},
		{ID: "other host", Host: "B", Time: day},
		{ID: "local", Host: "A", Time: day, Local: true},
		{ID: "context", Host: "A", Time: day.Add(time.Hour)},
		{ID: "before", Host: "A", Time: day.Add(-10 * time.Minute)},
	} {
		c.Near(&r)
	}
	var got []string
	for _, e := range c.near {
		got = append(got, e.ID)
	}
	slices.Sort(got)
	if want := []string{"before", "in"}; !slices.Equal(got, want) {
		t.Errorf("rows kept: %q, want %q", got, want)
	}
}

func TestAxis(t *testing.T) {
	for _, c := range []struct {
		name    string
		times   []time.Time
		hours   int64 // of a column
		stretch int
	}{
		{"one moment", []time.Time{day}, 1, 1},
		{"two days", []time.Time{day, day.Add(30 * time.Hour)}, 1, 1},
		{"a gap of a year", []time.Time{day, day.AddDate(1, 0, 0)}, 1, 2},
		{"every week of two years", every(day, 7*24*time.Hour, 104), 7 * 24, 1},
		{"before 1970 and after 60000", []time.Time{time.Unix(-11644473600, 0), time.Unix(1<<40, 0)}, 1, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := buckets{limit: maxBuckets}
			for _, at := range c.times {
				b.add(at, ran)
			}
			a, _ := newAxis(b, chartLeft, chartRight)
			if widths[a.width] != c.hours || len(a.spans) != c.stretch {
				t.Errorf("columns of %d h in %d stretches, want %d h in %d", widths[a.width], len(a.spans), c.hours, c.stretch)
			}
			last := -1.0
			for _, at := range c.times {
				x, ok := a.x(at)
				if !ok || x < last || x < chartLeft || x > chartRight+1 {
					t.Errorf("%v stands at %g (%v), after %g", at, x, ok, last)
				}
				last = x
			}
			if _, ok := a.x(day.AddDate(0, 6, 0)); ok && c.stretch == 2 {
				t.Error("a moment inside a gap has a place")
			}
		})
	}
}

func every(t time.Time, step time.Duration, n int) (out []time.Time) {
	for i := range n {
		out = append(out, t.Add(time.Duration(i)*step))
	}
	return out
}

// TestWindow: what only settings tell of other times is counted, not drawn.
func TestWindow(t *testing.T) {
	b := buckets{limit: maxBuckets}
	b.add(day.AddDate(-10, 0, 0), traced)
	b.add(day, ran)
	b.add(day.Add(time.Hour), traced)
	b.add(day.AddDate(1, 0, 0), traced)
	shown, before, after := b.window()
	if len(shown.n) != 2 || before != 1 || after != 1 {
		t.Errorf("%d columns, %d before, %d after; want 2, 1, 1", len(shown.n), before, after)
	}
}

func BenchmarkCollect(b *testing.B) {
	const n = 100000
	var rows []output.Row
	many(n, func(r *output.Row) { rows = append(rows, *r) })
	b.ReportAllocs()
	for b.Loop() {
		c := NewCollector(nil)
		c.Focus([]Finding{{Level: "high", Host: "H", LastSeen: day.Add(10 * time.Minute)}})
		for i := range rows {
			c.Row(&rows[i])
		}
		for i := range rows {
			c.Near(&rows[i])
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
