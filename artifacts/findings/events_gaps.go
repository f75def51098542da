package findings

import (
	"slices"
	"strings"
	"time"
)

// A backStep is a record whose time is before that of the record with the number
// before it.
type backStep struct {
	from, to time.Time
	row      *row
}

const (
	maxSteps = 16          // of each file
	minBack  = time.Minute // by which the time goes back
)

// step compares a record with the one before it in the same file.
func (f *logFile) step(x *eventLook, n uint64) {
	if at := x.now(); !at.IsZero() {
		if n == f.before+1 && f.at.Sub(at) > minBack && len(f.back) < maxSteps {
			f.back = append(f.back, backStep{f.at, at, x.keep()})
		}
		f.at, f.before = at, n
	}
}

// backInTime reports times that go back without a boot and without a change of
// the clock that some log has.
func (x *eventLook) backInTime() {
	l := &x.ev.logs
	for _, path := range sortedKeys(l.files) {
		for _, b := range l.files[path].back {
			known := slices.ContainsFunc(l.clocks, func(at time.Time) bool {
				return !at.Before(b.to.Add(-10*time.Minute)) && !at.After(b.from.Add(10*time.Minute))
			})
			if known || !x.ev.covers(chSystem, b.from) || !x.ev.covers(chSystem, b.to) {
				continue
			}
			name := strings.TrimSuffix(baseOf(path), ".evtx")
			x.hit(x.setting("event log "+name), Medium, "the times of its records go back by %s, from %s to %s, without a boot or a change of the clock",
				b.from.Sub(b.to).Round(time.Second), stampWords(b.from), stampWords(b.to)).from(b.row)
		}
	}
}

// A gapState follows how long Security and System are silent, and in which hours
// the other channels write.
type gapState struct {
	log   map[channel]*pauses
	hours map[int64]uint8 // since 1970, by bit: 1 Security, 2 System, 4 any other channel
}

// A pauses is what is known of the pauses of one channel.
type pauses struct {
	last time.Time
	day  map[int64]time.Duration // the longest pause that ended on each day
	long []pause                 // the longest ones
}

type pause struct{ from, to time.Time }

const (
	maxHours  = 1 << 18 // of gapState.hours: thirty years
	maxPauses = 32
	minDays   = 7             // with records, for a usual pause to be known
	minSilent = 6 * time.Hour // whatever is usual
)

func (g *gapState) add(x *eventLook) {
	at := x.now()
	if at.IsZero() {
		return
	}
	bit := uint8(4)
	if x.ch == chSecurity || x.ch == chSystem {
		bit = uint8(x.ch) // 1 and 2
	}
	if g.hours == nil {
		g.hours, g.log = map[int64]uint8{}, map[channel]*pauses{}
	}
	if h := at.Unix() / 3600; len(g.hours) < maxHours {
		g.hours[h] |= bit
	}
	if bit == 4 {
		return
	}
	s := g.log[x.ch]
	if s == nil {
		s = &pauses{day: map[int64]time.Duration{}}
		g.log[x.ch] = s
	}
	if d := at.Sub(s.last); d > 0 && !s.last.IsZero() {
		if day := at.Unix() / 86400; len(s.day) < maxNoted {
			s.day[day] = max(s.day[day], d)
		}
		if d > minSilent {
			s.note(pause{s.last, at})
		}
	}
	s.last = at
}

// note keeps the longest pauses.
func (s *pauses) note(p pause) {
	if len(s.long) < maxPauses {
		s.long = append(s.long, p)
		return
	}
	i := 0
	for j := range s.long {
		if s.long[j].length() < s.long[i].length() {
			i = j
		}
	}
	if p.length() > s.long[i].length() {
		s.long[i] = p
	}
}

func (p pause) length() time.Duration { return p.to.Sub(p.from) }

// silent reports pauses of Security and System that are longer than twenty times
// the median of the longest pause of each day, while other channels write.
func (x *eventLook) silent() {
	g := &x.ev.logs.gaps
	for _, c := range []channel{chSecurity, chSystem} {
		s := g.log[c]
		if s == nil || len(s.day) < minDays {
			continue
		}
		var days []time.Duration
		for _, d := range s.day {
			days = append(days, d)
		}
		slices.Sort(days)
		usual := days[len(days)/2]
		slices.SortFunc(s.long, func(a, b pause) int { return a.from.Compare(b.from) })
		for _, p := range s.long {
			if p.length() <= 20*usual || p.to.Unix()-p.from.Unix() > maxHours*3600 {
				continue
			}
			others, own, all := 0, 0, 0
			for h := p.from.Unix()/3600 + 1; h < p.to.Unix()/3600; h++ {
				all++
				if b := g.hours[h]; b&uint8(c) != 0 {
					own++
				} else if b != 0 {
					others++
				}
			}
			if own == 0 && others > all/2 {
				x.hit(x.setting("event log "+c.String()), Medium,
					"it has no record from %s to %s, while other logs have records in %d of the hours; its usual pause is %s",
					stampWords(p.from), stampWords(p.to), others, usual.Round(time.Second))
			}
		}
	}
}
