// Package timespan reads the times that bound what a command shows.
package timespan

import (
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// A Span bounds the events that are wanted.
type Span struct {
	from, to time.Time
	last     time.Duration
}

// Parse reads the three texts that bound a span; empty ones bound nothing.
func Parse(from, to, last string) (s Span, err error) {
	if s.from, err = ParseTime("from", from, false); err != nil {
		return s, err
	}
	if s.to, err = ParseTime("to", to, true); err != nil {
		return s, err
	}
	if v := last; v != "" {
		days, isDays := strings.CutSuffix(v, "d")
		if isDays {
			if n, err := strconv.ParseFloat(days, 64); err == nil && n > 0 && n < 36500 {
				s.last = time.Duration(n * 24 * float64(time.Hour))
			}
		} else if d, err := time.ParseDuration(v); err == nil {
			s.last = d
		}
		if s.last <= 0 {
			return s, fmt.Errorf("--last %q: want a span such as 90m, 48h or 7d", v)
		}
	}
	if !s.from.IsZero() && !s.to.IsZero() && !s.from.Before(s.to) {
		if s.from.After(s.to) {
			return s, errors.New("--from is after --to")
		}
		return s, errors.New("--from equals --to: no event can match")
	}
	return s, nil
}

// ParseTime reads a time in UTC, or a day: its begin, or with end its end. An
// error names the flag that the text is from.
func ParseTime(flag, v string, end bool) (time.Time, error) {
	return ParseTimeIn(flag, v, end, time.UTC)
}

// ParseTimeIn is [ParseTime] for times that are in a zone, unless they have an offset.
func ParseTimeIn(flag, v string, end bool, zone *time.Location) (time.Time, error) {
	if v == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04",
		"2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, v, zone); err == nil {
			return t.UTC(), nil
		}
	}
	if t, err := time.ParseInLocation("2006-01-02", v, zone); err == nil {
		if end {
			t = t.AddDate(0, 0, 1)
		}
		return t.UTC(), nil
	}
	return time.Time{}, fmt.Errorf("--%s %q: want a UTC time such as 2026-03-06 or 2026-03-06T18:00:00Z", flag, v)
}

// Rows yields those of sorted events that are inside the span. newest is the time of
// the last of all events.
func (s Span) Rows(rows iter.Seq2[*output.Row, error], newest time.Time) iter.Seq2[*output.Row, error] {
	from := s.from
	if s.last > 0 {
		if t := newest.Add(-s.last); t.After(from) {
			from = t
		}
	}
	return func(yield func(*output.Row, error) bool) {
		for r, err := range rows {
			switch {
			case err != nil:
				if !yield(nil, err) {
					return
				}
				continue
			case r.Time.Before(from):
				continue
			case !s.to.IsZero() && !r.Time.Before(s.to):
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}
