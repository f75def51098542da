package search

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// timeForm is a time of a query: a year, or as much of a date and time as is known.
var timeForm = regexp.MustCompile(
	`^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[Tt ](\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?)?)?([Zz]|[+-]\d\d:\d\d)?$`)

// parseTime reads a time in UTC and returns the ticks at which its period begins and
// ends: the whole day for a date, the whole second for a time without a fraction.
func parseTime(s string) (from, to int64, err error) {
	bad := fmt.Errorf("%q: want a UTC time such as 2026-03-06 or 2026-03-06T18:09:02", s)
	m := timeForm.FindStringSubmatch(s)
	if m == nil {
		return 0, 0, bad
	}
	var n [6]int
	known := 0
	for i := range n {
		if i < 3 {
			n[i] = 1
		}
		if m[i+1] != "" {
			n[i], _ = strconv.Atoi(m[i+1])
			known = i + 1
		}
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
	if n[0] < 1601 || int(t.Month()) != n[1] || t.Day() != n[2] || t.Hour() != n[3] || t.Minute() != n[4] || t.Second() != n[5] {
		return 0, 0, bad
	}
	end := [...]time.Time{
		time.Date(n[0]+1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(n[0], time.Month(n[1]+1), 1, 0, 0, 0, 0, time.UTC), t.AddDate(0, 0, 1),
		t.Add(time.Hour), t.Add(time.Minute), t.Add(time.Second),
	}[known-1]
	from, to = ticks(t), ticks(end)
	if f := m[7]; f != "" {
		unit := int64(math.Pow10(max(0, 7-len(f))))
		digits, _ := strconv.ParseInt((f + "0000000")[:7], 10, 64)
		from += digits
		to = from + unit
	}
	shift, err := zoneTicks(m[8])
	if err != nil || m[8] != "" && known < 4 && len(m[8]) > 1 {
		return 0, 0, bad
	}
	return from - shift, to - shift, nil
}

// zoneTicks reads an offset such as +09:00.
func zoneTicks(s string) (int64, error) {
	if len(s) < len("+09:00") {
		return 0, nil
	}
	h, _ := strconv.Atoi(s[1:3])
	m, _ := strconv.Atoi(s[4:6])
	if h > 14 || m > 59 {
		return 0, errors.New("not an offset")
	}
	n := int64(h*60+m) * 60 * 10_000_000
	if s[0] == '-' {
		n = -n
	}
	return n, nil
}

func parseAfter(t *token) (matcher, error) {
	from, _, err := parseTime(t.text)
	if err == nil && t.form == slashed {
		err = errSlashed
	}
	if err != nil {
		return nil, fmt.Errorf("after:%w", err)
	}
	return period{from, math.MaxInt64}, nil
}

func parseBefore(t *token) (matcher, error) {
	from, _, err := parseTime(t.text)
	if err == nil && t.form == slashed {
		err = errSlashed
	}
	if err != nil {
		return nil, fmt.Errorf("before:%w", err)
	}
	return period{math.MinInt64, from}, nil
}

var errSlashed = errors.New("want a UTC time, not a regular expression")

// defaultSpan is what around: has without a span.
const defaultSpan = 5 * 60 * 10_000_000

// parseAround reads ID±SPAN or TIME±SPAN; +- can be typed for ±.
func parseAround(t *token) (matcher, error) {
	a := &around{span: defaultSpan}
	id, span, ok := strings.Cut(t.text, "±")
	if !ok {
		id, span, ok = strings.Cut(t.text, "+-")
	}
	if ok {
		if a.span = parseSpan(span); a.span < 0 {
			return nil, fmt.Errorf("around:%s: want a span such as 30s, 5m, 2h or 1d", t.text)
		}
	}
	id = fold(id)
	if isID(id) {
		a.id = id
		return a, nil
	}
	from, _, err := parseTime(id)
	if err != nil || t.form == slashed {
		return nil, fmt.Errorf("around:%s: want an id of at least 4 hexadecimal digits, or a time", t.text)
	}
	a.times = []int64{from}
	return a, nil
}

// isID reports whether s is an id or the beginning of one. Four digits are a year.
func isID(s string) bool {
	return len(s) >= 4 && len(s) <= 16 && strings.Trim(s, "0123456789abcdef") == ""
}

var spanForm = regexp.MustCompile(`^(\d{1,6})(ms|s|m|h|d)$`)

// parseSpan reads a span in ticks, -1 when it is none.
func parseSpan(s string) int64 {
	m := spanForm.FindStringSubmatch(fold(s))
	if m == nil {
		return -1
	}
	n, _ := strconv.ParseInt(m[1], 10, 64)
	return n * map[string]int64{"ms": 1e4, "s": 1e7, "m": 6e8, "h": 36e9, "d": 864e9}[m[2]]
}
