package timespan

import (
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

func TestParseTime(t *testing.T) {
	day := time.Date(2026, 3, 6, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		text string
		end  bool
		want time.Time
	}{
		{"", false, time.Time{}},
		{"2026-03-06", false, day},
		{"2026-03-06", true, day.AddDate(0, 0, 1)},
		{"2026-03-06T18:00", false, day.Add(18 * time.Hour)},
		{"2026-03-06 18:00", true, day.Add(18 * time.Hour)},
		{"2026-03-06T18:00:05", false, day.Add(18*time.Hour + 5*time.Second)},
		{"2026-03-06 18:00:05", false, day.Add(18*time.Hour + 5*time.Second)},
		{"2026-03-06T18:00:05.1234567Z", false, day.Add(18*time.Hour + 5*time.Second + 123456700)},
		{"2026-03-06T18:00:00+09:00", false, day.Add(9 * time.Hour)},
	} {
		got, err := ParseTime("from", c.text, c.end)
		if err != nil || !got.Equal(c.want) {
			t.Errorf("%q, end %v: %v, %v; want %v", c.text, c.end, got, err, c.want)
		}
		if got.Location() != time.UTC {
			t.Errorf("%q: in %v", c.text, got.Location())
		}
	}
	for _, text := range []string{"yesterday", "2026-13-01", "2026-03-06T25:00", "18:00"} {
		if _, err := ParseTime("to", text, false); err == nil || !strings.Contains(err.Error(), "--to") {
			t.Errorf("%q: %v, want an error that names the flag", text, err)
		}
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ from, to, last, problem string }{
		{"", "", "", ""},
		{"2026-03-06", "2026-03-06", "", ""}, // the whole day
		{"2026-03-07", "2026-03-06T12:00", "", "--from is after --to"},
		{"2026-03-06T12:00", "2026-03-06T12:00", "", "--from equals --to"},
		{"x", "", "", "--from"},
		{"", "x", "", "--to"},
		{"", "", "90m", ""},
		{"", "", "1.5d", ""},
		{"", "", "0d", "--last"},
		{"", "", "-2h", "--last"},
		{"", "", "36500d", "--last"},
		{"", "", "soon", "--last"},
		{"", "", "d", "--last"},
		{"", "", "7xd", "--last"}, // digits with something after them
		{"", "", "1.5.2d", "--last"},
		{"", "", "nand", "--last"},
		{"", "", "infd", "--last"},
		{"", "", "7D", "--last"},
	} {
		_, err := Parse(c.from, c.to, c.last)
		switch {
		case c.problem == "" && err != nil, c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)):
			t.Errorf("%q %q %q: %v, want %q", c.from, c.to, c.last, err, c.problem)
		}
	}
}

// TestRows has four events, an hour apart.
func TestRows(t *testing.T) {
	start := time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)
	s := &output.Sorter{Dir: t.TempDir()}
	defer s.Close()
	for i := range 4 {
		if err := s.AddRow(&output.Row{Time: start.Add(time.Duration(3-i) * time.Hour), ID: "id"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ from, to, last, want string }{
		{"", "", "", "18 19 20 21"},
		{"2026-03-06T19:00", "", "", "19 20 21"},
		{"", "2026-03-06T20:00", "", "18 19"}, // the end is not in it
		{"2026-03-06T18:30", "2026-03-06T20:30", "", "19 20"},
		{"", "", "90m", "20 21"}, // before the newest event
		{"2026-03-06T21:00", "", "90m", "21"},
		{"", "2026-03-06T21:00", "90m", "20"},
		{"2026-03-07", "", "", ""},
	} {
		span, err := Parse(c.from, c.to, c.last)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for r, err := range span.Rows(s.Rows(), s.Newest()) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, r.Time.Format("15"))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q %q %q: %v, want %s", c.from, c.to, c.last, got, c.want)
		}
		for range span.Rows(s.Rows(), s.Newest()) {
			break // must not be asked again
		}
	}
}
