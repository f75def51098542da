package execution

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A dateOrder says which of two numbers in a date with slashes is the month.
type dateOrder int

const (
	unknownOrder dateOrder = iota
	monthFirst
	dayFirst
)

// A date is a date and a time of day as a program of some language wrote them.
type date struct {
	at      int // in the text
	text    string
	numbers [3]int
	digits  [3]int
	sep     byte
	clock   time.Duration
}

var dateForm = regexp.MustCompile(`\b(\d{1,4})([/.\-])\s?(\d{1,2})[/.\-]\s?(\d{1,4})\.?,?[ \x{00A0}\x{202F}]+(\d{1,2})[:.](\d{2})[:.](\d{2})(?:[ \x{00A0}\x{202F}]*([AaPp])\.?[Mm])?`)

// findDate finds the first date with a time of day in a text.
func findDate(s string) (date, bool) {
	m := dateForm.FindStringSubmatchIndex(s)
	if m == nil {
		return date{}, false
	}
	group := func(i int) string {
		if m[2*i] < 0 {
			return ""
		}
		return s[m[2*i]:m[2*i+1]]
	}
	d := date{at: m[0], text: s[m[0]:m[1]], sep: group(2)[0]}
	for i, g := range []int{1, 3, 4} {
		d.numbers[i], _ = strconv.Atoi(group(g))
		d.digits[i] = len(group(g))
	}
	hour, _ := strconv.Atoi(group(5))
	minute, _ := strconv.Atoi(group(6))
	second, _ := strconv.Atoi(group(7))
	switch half := strings.ToUpper(group(8)); {
	case half != "" && (hour < 1 || hour > 12), hour > 23, minute > 59, second > 59:
		return date{}, false
	case half == "A" && hour == 12:
		hour = 0
	case half == "P" && hour < 12:
		hour += 12
	}
	d.clock = time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second
	return d, true
}

// ambiguous reports whether the form does not say which number is the month: a
// year in front is followed by the month, and dots and dashes by it, too.
func (d *date) ambiguous() bool { return d.sep == '/' && d.digits[0] < 3 }

// time returns the time; false when it is none in this order.
func (d *date) time(o dateOrder) (time.Time, bool) {
	day, month, year := d.numbers[0], d.numbers[1], d.numbers[2]
	switch {
	case d.digits[0] > 2:
		year, day = d.numbers[0], d.numbers[2]
	case !d.ambiguous() || o == dayFirst:
	case o == monthFirst:
		day, month = month, day
	default:
		return time.Time{}, false
	}
	if year < 100 {
		year += 2000
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if t.Day() != day || int(t.Month()) != month || year < 1980 || year > 9999 {
		return time.Time{}, false
	}
	return t.Add(d.clock), true
}
