package logons

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// A Change is an hour in which an account or a source did far more, or far
// less, than at the same hour of other days.
type Change struct {
	ID, Label string // of the account or host
	Hour      time.Time
	Outcome   Outcome
	Count     int
	Expected  float64
	Score     float64 // −log10 of the chance of such an hour in a log of this length
	Fall      bool    // less than expected
}

// minScore is the least score that is reported: once in a thousand such logs.
const minScore = 3

// Limits below which counts say nothing.
const (
	minHours = 24
	minDays  = 5
)

// Changes returns the hours that stand out, highest score first. It is empty
// for logs of less than a day.
func (a *Analysis) Changes() []Change {
	var out []Change
	hours := int(a.Last.Truncate(time.Hour).Sub(a.First.Truncate(time.Hour))/time.Hour) + 1
	if len(a.Attempts) == 0 || hours < minHours || hours > 24*366*20 {
		return nil
	}
	type seriesKey struct {
		id string
		o  Outcome
	}
	series := map[seriesKey]map[int]int{}
	labels := map[string]string{}
	start := a.First.Truncate(time.Hour)
	count := func(id, label string, at *Attempt) {
		if at.Outcome == Started {
			return
		}
		k := seriesKey{id, at.Outcome}
		if series[k] == nil {
			series[k] = map[int]int{}
		}
		series[k][int(at.Time.Sub(start)/time.Hour)]++
		labels[id] = label
	}
	for _, at := range a.Attempts {
		count(at.Account.ID, at.Account.Name, at)
		if !at.Local() {
			count(at.Source.ID, at.Source.Label, at)
		}
	}
	keys := make([]seriesKey, 0, len(series))
	for k := range series {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(x, y seriesKey) int { return cmp.Or(cmp.Compare(x.id, y.id), cmp.Compare(x.o, y.o)) })
	for _, k := range keys {
		for _, c := range outliers(series[k], hours) {
			c.ID, c.Label, c.Outcome, c.Hour = k.id, labels[k.id], k.o, start.Add(time.Duration(c.hour)*time.Hour)
			out = append(out, c.Change)
		}
	}
	slices.SortStableFunc(out, func(x, y Change) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), x.Hour.Compare(y.Hour), cmp.Compare(x.ID, y.ID))
	})
	return out
}

type outlier struct {
	Change
	hour int
}

// outliers scores the hours of one series: the upper tail of a negative
// binomial distribution whose mean and variance are those of the same hour of
// the other days, corrected for the number of hours (Bonferroni).
func outliers(counts map[int]int, hours int) []outlier {
	days := (hours + 23) / 24
	var sum, squares [24]float64 // by hour of the day
	var all, allSquares float64
	active := map[int]bool{}
	list := make([]int, 0, len(counts))
	for h, n := range counts {
		list = append(list, h)
		f := float64(n)
		sum[h%24] += f
		squares[h%24] += f * f
		all += f
		allSquares += f * f
		active[h/24] = true
	}
	slices.Sort(list)
	var out []outlier
	for _, h := range list {
		n := float64(counts[h])
		others, s, q := float64(days-1), sum[h%24]-n, squares[h%24]-n*n
		if len(active) < minDays {
			others, s, q = float64(hours-1), all-n, allSquares-n*n
		}
		if others < 1 {
			continue
		}
		mean := (s + 0.5) / (others + 1)
		variance := q/others - (s/others)*(s/others)
		p := upperTail(counts[h], mean, variance)
		score := -math.Log10(math.Min(1, p*float64(hours)))
		if score >= minScore {
			out = append(out, outlier{Change{Count: counts[h], Expected: mean, Score: math.Min(math.Round(score*10)/10, 300)}, h})
		}
	}
	return out
}

// upperTail is the chance of at least n events where the mean is m and the
// variance v. Where the variance is not above the mean it is Poisson's.
func upperTail(n int, m, v float64) float64 {
	if n <= 0 {
		return 1
	}
	// The sum runs from n up; its terms fall faster than a geometric series as
	// soon as they are beyond the mean.
	var log func(k float64) float64
	if v <= m {
		log = func(k float64) float64 {
			g, _ := math.Lgamma(k + 1)
			return k*math.Log(m) - m - g
		}
	} else {
		r := m * m / (v - m)
		q := r / (r + m)
		log = func(k float64) float64 {
			a, _ := math.Lgamma(k + r)
			b, _ := math.Lgamma(r)
			c, _ := math.Lgamma(k + 1)
			return a - b - c + r*math.Log(q) + k*math.Log(1-q)
		}
	}
	total := 0.0
	for k := n; k < n+10_000; k++ {
		t := math.Exp(log(float64(k)))
		total += t
		if t < total*1e-12 && float64(k) > m {
			break
		}
	}
	return math.Min(1, math.Max(total, 1e-300))
}

// changes gives each edge the highest score of its account and source.
func (a *Analysis) changes() {
	best := map[string]float64{}
	for _, c := range a.Changes() {
		best[c.ID] = max(best[c.ID], c.Score)
	}
	for _, e := range a.Edges {
		e.Change = max(best[e.Account.ID], best[e.Source.ID])
	}
}
