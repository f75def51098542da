package logons

import (
	"cmp"
	"fmt"
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
	Score     float64 // −log10 of the chance of such an hour in a log of this length, 0 where it has none
	Kind      ChangeKind
	About     string // what a row of the last two kinds rests on
}

// A ChangeKind says in what an hour stands out.
type ChangeKind string

// The kinds of changes. The last three are informational.
const (
	More   ChangeKind = "more"         // than at the same hour of other days
	Less   ChangeKind = "less"         // or nothing at all
	Hour   ChangeKind = "unusual hour" // of a session of an account with known habits
	Places ChangeKind = "two places"   // one account in two places at once
)

// minScore is the least score that is reported: once in a thousand such logs.
const minScore = 3

// Limits below which counts say nothing.
const (
	minHours = 24
	minDays  = 5
)

// Changes returns the hours that stand out, highest score first. Logs of
// less than a day give no scores.
func (a *Analysis) Changes() []Change {
	var out []Change
	hours := int(a.Last.Truncate(time.Hour).Sub(a.First.Truncate(time.Hour))/time.Hour) + 1
	if a.Attempts.Len() == 0 || hours < minHours || hours > 24*366*20 {
		return a.twoPlaces()
	}
	type seriesKey struct {
		id string
		o  Outcome
	}
	series := map[seriesKey]map[int]int{}
	labels := map[string]string{}
	start := a.First.Truncate(time.Hour)
	count := func(id, label string, at *Attempt) {
		hour := int(at.Time.Sub(start) / time.Hour)
		if at.Outcome == Started || hour < 0 || hour >= hours { // a record without a time is at no hour
			return
		}
		k := seriesKey{id, at.Outcome}
		if series[k] == nil {
			series[k] = map[int]int{}
		}
		series[k][hour]++
		labels[id] = label
	}
	for _, at := range a.tries().All() {
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
	out = append(out, a.unusualHours()...)
	out = append(out, a.twoPlaces()...)
	slices.SortStableFunc(out, func(x, y Change) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), x.Hour.Compare(y.Hour), cmp.Compare(x.ID, y.ID), cmp.Compare(x.Kind, y.Kind))
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
			out = append(out, outlier{Change{Count: counts[h], Expected: mean, Score: math.Min(math.Round(score*10)/10, 300), Kind: More}, h})
		}
	}
	return append(out, falls(counts, hours, sum[:], squares[:], len(active))...)
}

// falls scores the hours in which a usually active account did far less than at the
// same hour of the other days: the lower tail of the same distribution. An account
// that stays silent for hours has one such row for each stretch, its worst hour.
func falls(counts map[int]int, hours int, sum, squares []float64, active int) (out []outlier) {
	days := (hours + 23) / 24
	if active < minDays || 2*active < days {
		return nil
	}
	others := float64(days - 1)
	score := func(n int, s, q float64) (mean, score float64) {
		mean = (s + 0.5) / (others + 1)
		p := lowerTail(n, mean, q/others-(s/others)*(s/others))
		return mean, math.Min(math.Round(-10*math.Log10(math.Min(1, p*float64(hours))))/10, 300)
	}
	var silence [24]float64 // the score of an hour with nothing
	for h := range silence {
		_, silence[h] = score(0, sum[h], squares[h])
	}
	last := -2
	for h := range hours {
		if silence[h%24] < minScore {
			continue
		}
		n := float64(counts[h])
		mean, at := (sum[h%24]-n+0.5)/(others+1), silence[h%24]
		if n >= mean {
			continue
		}
		if n > 0 {
			mean, at = score(counts[h], sum[h%24]-n, squares[h%24]-n*n)
		}
		if at < minScore {
			continue
		}
		o := outlier{Change{Count: counts[h], Expected: mean, Score: at, Kind: Less}, h}
		switch k := len(out) - 1; {
		case h != last+1:
			out = append(out, o)
		case at > out[k].Score:
			out[k] = o
		}
		last = h
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
	log := logChance(m, v)
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

// lowerTail is the chance of at most n events.
func lowerTail(n int, m, v float64) float64 {
	log, total := logChance(m, v), 0.0
	for k := n; k >= 0; k-- { // n is below the mean: the largest term comes first
		t := math.Exp(log(float64(k)))
		total += t
		if t < total*1e-12 {
			break
		}
	}
	return math.Min(1, math.Max(total, 1e-300))
}

// logChance is the logarithm of the chance of k events, by the negative binomial
// distribution of a mean and a variance, or Poisson's.
func logChance(m, v float64) func(k float64) float64 {
	if v <= m {
		return func(k float64) float64 {
			g, _ := math.Lgamma(k + 1)
			return k*math.Log(m) - m - g
		}
	}
	r := m * m / (v - m)
	q := r / (r + m)
	return func(k float64) float64 {
		a, _ := math.Lgamma(k + r)
		b, _ := math.Lgamma(r)
		c, _ := math.Lgamma(k + 1)
		return a - b - c + r*math.Log(q) + k*math.Log(1-q)
	}
}

// Habits are known of an account with so many interactive sessions on so many days.
const (
	minSessions = 30
	minHabit    = 10
	maxUnusual  = 1000 // rows of one kind
)

// interactive reports whether somebody sat at the session.
func (s *Session) interactive() bool {
	switch s.Type {
	case 2, 7, 10, 11, 12, 13:
		return true
	}
	return s.Kind == "rdp"
}

// A habitual is an interactive session.
type habitual struct {
	index        int
	begin        time.Time
	host, source *Host
}

// unusualHours are sessions at an hour of the day at which, or next to which, the
// account has no other session.
func (a *Analysis) unusualHours() (out []Change) {
	type habit struct {
		hours [24]int
		one   [24]habitual // the last of each hour
		days  map[int64]bool
		n     int
	}
	habits := map[*Account]*habit{}
	for i, s := range a.Sessions.All() {
		if s.Account.Kind != "user" || !s.interactive() {
			continue
		}
		h := habits[s.Account]
		if h == nil {
			h = &habit{days: map[int64]bool{}}
			habits[s.Account] = h
		}
		at := s.Begin.UTC().Hour()
		h.hours[at]++
		h.one[at] = habitual{i, s.Begin, s.Host, s.Source}
		h.days[s.Begin.Unix()/86400] = true
		h.n++
	}
	for _, x := range a.Accounts {
		h := habits[x]
		if h == nil || h.n < minSessions || len(h.days) < minHabit {
			continue
		}
		slices.SortFunc(h.one[:], func(x, y habitual) int { return cmp.Compare(x.index, y.index) })
		for _, s := range h.one {
			at := s.begin.UTC().Hour()
			if s.host != nil && h.hours[at]+h.hours[(at+1)%24]+h.hours[(at+23)%24] == 1 && len(out) < maxUnusual {
				out = append(out, Change{ID: x.ID, Label: x.Name, Hour: s.begin.Truncate(time.Hour), Outcome: Success, Count: 1, Kind: Hour,
					About: fmt.Sprintf("session on %s from %s; %d others on %d days at other hours", s.host.Label, s.source.Label,
						h.n-1, len(h.days))})
			}
		}
	}
	return out
}

// twoPlaces are sessions of one account that overlap with one from another public
// address, or at the console of another machine.
func (a *Analysis) twoPlaces() (out []Change) {
	open := map[*Account][]*Session{}
	place := func(s *Session) string {
		switch {
		case s.Source.External:
			return s.Source.ID
		case s.Source == s.Host && (s.Type == 2 || s.Type == 7 || s.Type == 11):
			return s.Host.ID
		}
		return ""
	}
	for _, s := range a.Sessions.All() { // by begin
		here := place(s)
		if here == "" || s.Account.Kind != "user" || s.End.IsZero() {
			continue
		}
		list := slices.DeleteFunc(open[s.Account], func(o *Session) bool { return o.End.Before(s.Begin) })
		for _, o := range list {
			// An address and a console can be one person; two of a kind cannot.
			if there := place(o); there != here && o.Source.External == s.Source.External && len(out) < maxUnusual {
				out = append(out, Change{ID: s.Account.ID, Label: s.Account.Name, Hour: s.Begin.Truncate(time.Hour), Outcome: Success, Count: 2,
					Kind: Places, About: fmt.Sprintf("from %s on %s while a session from %s on %s was open", s.Source.Label, s.Host.Label,
						o.Source.Label, o.Host.Label)})
				break
			}
		}
		if len(list) < maxTexts {
			kept := *s
			list = append(list, &kept)
		}
		open[s.Account] = list
	}
	return out
}

// changes gives each edge the highest score of its account and source.
func (a *Analysis) changes() {
	best := map[string]float64{}
	for _, c := range a.Changes() {
		if c.Kind == More {
			best[c.ID] = max(best[c.ID], c.Score)
		}
	}
	for _, e := range a.Edges {
		e.Change = max(best[e.Account.ID], best[e.Source.ID])
	}
}
