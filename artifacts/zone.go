package artifacts

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A Zone says how the local times of one machine become UTC. The zero value, and
// nil, is an unknown zone: local times stay as they are, and are marked.
type Zone struct {
	word   string // "assumed", "inferred"
	from   string // what shows the zone
	offset func(local time.Time) time.Duration
	hints  map[time.Duration]int // by offset, for [Zone.Infer]
}

// UnknownZone is the mark of local times that cannot be turned into UTC.
const UnknownZone = "local, zone unknown"

// ParseZone returns the zone of a name of the IANA database ("Asia/Tokyo") or an
// offset from UTC ("+09:00"). Its times are marked as assumed.
func ParseZone(name string) (*Zone, error) {
	loc, err := Location(name)
	if err != nil {
		return nil, err
	}
	return &Zone{word: "assumed", from: name, offset: func(t time.Time) time.Duration {
		_, sec := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, loc).Zone()
		return time.Duration(sec) * time.Second
	}}, nil
}

// Location returns the zone of a name of the IANA database ("Asia/Tokyo") or an offset
// from UTC ("+05:30"). It is never the zone of the examiner's machine.
func Location(name string) (*time.Location, error) {
	if t, err := time.Parse("-07:00", name); err == nil {
		_, sec := t.Zone()
		return time.FixedZone(name, sec), nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "" || strings.EqualFold(name, "local") {
		return nil, fmt.Errorf("unknown time zone %q: use a name such as Europe/Berlin or an offset such as +01:00", name)
	}
	return loc, nil
}

// ZoneOf returns the zone that the SYSTEM hive of a machine holds, or an unknown
// one. It is the zone of the last boot, which earlier times may not have had, so
// its times are marked as inferred.
func ZoneOf(m *evidence.Machine) *Zone {
	c := m.Clock
	if c == nil {
		return &Zone{}
	}
	std := -time.Duration(c.Bias+c.StandardBias) * time.Minute
	z := &Zone{word: "inferred", from: "SYSTEM", offset: func(time.Time) time.Duration { return std }}
	dst := -time.Duration(c.Bias+c.DaylightBias) * time.Minute
	to, ok := season(c.DaylightStart)
	back, ok2 := season(c.StandardStart)
	if c.NoDaylight || !ok || !ok2 || dst == std {
		return z
	}
	z.offset = func(t time.Time) time.Duration {
		a, b := to(t.Year()), back(t.Year())
		if summer := !t.Before(a) && t.Before(b); a.Before(b) && summer || !a.Before(b) && (!t.Before(a) || t.Before(b)) {
			return dst
		}
		return std
	}
	return z
}

// season reads the start of a season: u16 year (0 means every year), month, week
// of the month (5 is the last), hour, minute, second, milliseconds, day of the
// week. Seen in real hives; the order is not that of SYSTEMTIME.
func season(b []byte) (func(year int) time.Time, bool) {
	if len(b) < 16 {
		return nil, false
	}
	f := func(i int) int { return int(binary.LittleEndian.Uint16(b[2*i:])) }
	month, week, hour, minute, day := f(1), f(2), f(3), f(4), f(7)
	if month < 1 || month > 12 || week < 1 || week > 5 || day > 6 || hour > 23 || minute > 59 {
		return nil, false
	}
	return func(year int) time.Time {
		t := time.Date(year, time.Month(month), 1, hour, minute, 0, 0, time.UTC)
		t = t.AddDate(0, 0, (day-int(t.Weekday())+7)%7+7*(week-1))
		for t.Month() != time.Month(month) {
			t = t.AddDate(0, 0, -7)
		}
		return t
	}, true
}

// Known reports whether local times can be turned into UTC.
func (z *Zone) Known() bool { return z != nil && z.offset != nil }

// UTC turns the digits of a local time into UTC and returns the mark that the
// time carries: "local, assumed −05:00". With an unknown zone it returns the
// digits and [UnknownZone].
func (z *Zone) UTC(local time.Time) (time.Time, string) {
	if !z.Known() {
		return local, UnknownZone
	}
	d := z.offset(local)
	return local.Add(-d), "local, " + z.word + " " + offsetText(d)
}

// String describes the zone and what it was taken from.
func (z *Zone) String() string {
	if !z.Known() {
		return "unknown"
	}
	return z.word + " from " + z.from
}

func offsetText(d time.Duration) string {
	sign := "+"
	if d < 0 {
		sign, d = "−", -d
	}
	return fmt.Sprintf("%s%02d:%02d", sign, d/time.Hour, d%time.Hour/time.Minute)
}

// Limits of an inferred offset: zones are at most fourteen hours from UTC, in
// steps of a quarter of an hour, and two records of one moment differ by
// seconds.
const (
	maxOffset  = 14 * time.Hour
	offsetStep = 15 * time.Minute
	hintSlack  = 2 * time.Second
)

// Hint takes in one moment that the evidence states twice, once in local time
// and once in UTC. It returns whether the two can be one moment.
func (z *Zone) Hint(local, utc time.Time) bool {
	d := local.Sub(utc).Round(offsetStep)
	if rest := local.Sub(utc) - d; d.Abs() > maxOffset || rest.Abs() > hintSlack {
		return false
	}
	if z.hints == nil {
		z.hints = map[time.Duration]int{}
	}
	z.hints[d]++
	return true
}

// Infer makes an unknown zone known where all hints agree. what describes them,
// for people. It must not be called before the run has ended.
func (z *Zone) Infer(what string) bool {
	if z.Known() || len(z.hints) != 1 {
		return false
	}
	for d := range z.hints {
		z.word, z.from, z.offset = "inferred", what, func(time.Time) time.Duration { return d }
	}
	return true
}
