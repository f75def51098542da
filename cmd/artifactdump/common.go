package main

import (
	"cmp"
	"fmt"
	"iter"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/parquet"
	"github.com/artifactdump/artifactdump/artifacts/output/sqlite"
)

// version is stamped by the linker in releases; a build from a checkout says
// what the module system knows.
var stamped = ""

// stampedCommit and stampedDate are the commit and its day, stamped in releases, too.
var stampedCommit, stampedDate = "", ""

func version() string {
	if stamped != "" {
		return stamped
	}
	if bi, ok := debug.ReadBuildInfo(); ok && bi.Main.Version != "" {
		return bi.Main.Version
	}
	return "(devel)"
}

// commit is what the program was built from, and the day of it; a build that
// knows neither has none.
func commit() (id, date string) {
	id, date = stampedCommit, stampedDate
	bi, ok := debug.ReadBuildInfo()
	if !ok {
		return id, date
	}
	for _, kv := range bi.Settings {
		switch kv.Key {
		case "vcs.revision":
			id = cmp.Or(id, kv.Value)
		case "vcs.time":
			day, _, _ := strings.Cut(kv.Value, "T")
			date = cmp.Or(date, day)
		}
	}
	return id, date
}

// Flags that several commands share.
func outputFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to `FILE` instead of standard output"},
		&cli.BoolFlag{Name: "force", Usage: "replace FILE if it exists"},
	}
}

// csvFlags are for commands that write CSV.
func csvFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "bom", Usage: "begin CSV with a byte order mark, for spreadsheets"},
		&cli.BoolFlag{Name: "csv-safe", Usage: "put an apostrophe before CSV cells that a spreadsheet would calculate"},
	}
}

// outputOptions are what the flags say about formats.
func outputOptions(c *cli.Context) *output.Options {
	return &output.Options{BOM: c.Bool("bom"), CSVSafe: c.Bool("csv-safe"), BodyfileZero: c.String("bodyfile-unset") == "0", Version: version()}
}

// formatFlag names the formats that fit.
func formatFlag(value string, fits func(output.Format) bool) cli.Flag {
	var names []string
	for _, f := range formats() {
		if fits(f) {
			names = append(names, f.Name)
		}
	}
	return &cli.StringFlag{Name: "format", Value: value, Usage: "`FORMAT` of the output: " + strings.Join(names, ", ")}
}

// formats are all that this program knows.
func formats() []output.Format {
	return append(output.Formats(), parquet.Format(), sqlite.Format())
}

// format returns the format with this name, if it fits.
func format(name string, fits func(output.Format) bool) (output.Format, bool) {
	for _, f := range formats() {
		if f.Name == name && fits(f) {
			return f, true
		}
	}
	return output.Format{}, false
}

func forEvents(f output.Format) bool  { return f.Events != nil || f.File != nil }
func forRecords(f output.Format) bool { return f.Records != nil || f.Files != nil }

func evidenceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "artifact", Aliases: []string{"a"}, Usage: "only the artifact or group `NAME` (repeat for more; see artifactdump list)"},
		&cli.StringFlag{Name: "host", Usage: "`NAME` of the machine when its SYSTEM hive does not tell"},
		&cli.BoolFlag{Name: "no-deleted", Usage: "leave deleted keys and values aside"},
		&cli.BoolFlag{Name: "no-logs", Usage: "leave transaction logs aside"},
		&cli.BoolFlag{Name: "no-shadows", Usage: "leave the volume shadow copies of disk images aside"},
		passwordFlag(),
		&cli.IntFlag{Name: "jobs", Usage: "decode `N` sources at a time", DefaultText: "one for each processor", Action: fromOne("jobs")},
		&cli.BoolFlag{Name: "verify", Usage: "first compare a disk image with the hashes that it stores (reads all of it)"},
		&cli.BoolFlag{Name: "strict", Usage: "stop at the first damage"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "no progress, no notes; damage is still named"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "name each source as it is read"},
	}
}

func passwordFlag() cli.Flag {
	return &cli.StringFlag{Name: "password", Usage: "open encrypted zips with `PASSWORD`"}
}

// withoutPassword is a command line as it may be written down.
func withoutPassword(args []string) []string {
	out := slices.Clone(args)
	for i, a := range out {
		name, _, ok := strings.Cut(a, "=")
		switch {
		case name != "--password" && name != "-password":
		case ok:
			out[i] = name + "=***"
		case i+1 < len(out):
			out[i+1] = "***"
		}
	}
	return out
}

// fromOne refuses a number that is given and is not one of things to do at a
// time.
func fromOne(name string) func(*cli.Context, int) error {
	return func(_ *cli.Context, n int) error {
		if n < 1 {
			return usagef("--%s %d: want a number from 1 on", name, n)
		}
		return nil
	}
}

func timeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "from", Usage: "only events at or after `TIME` (2026-03-06, 2026-03-06T18:00:00Z)"},
		&cli.StringFlag{Name: "to", Usage: "only events before `TIME`; a date alone includes that day"},
		&cli.StringFlag{Name: "last", Usage: "only the last `SPAN` before the newest event: 90m, 48h, 7d"},
	}
}

// A span bounds the events that are wanted.
type span struct {
	from, to time.Time
	last     time.Duration
}

func parseSpan(c *cli.Context) (s span, err error) {
	if s.from, err = parseTime("from", c.String("from"), false); err != nil {
		return s, err
	}
	if s.to, err = parseTime("to", c.String("to"), true); err != nil {
		return s, err
	}
	if v := c.String("last"); v != "" {
		days, isDays := strings.CutSuffix(v, "d")
		if isDays {
			var n float64
			if _, err := fmt.Sscanf(days, "%g", &n); err == nil && n > 0 && n < 36500 {
				s.last = time.Duration(n * 24 * float64(time.Hour))
			}
		} else if d, err := time.ParseDuration(v); err == nil {
			s.last = d
		}
		if s.last <= 0 {
			return s, usagef("--last %q: want a span such as 90m, 48h or 7d", v)
		}
	}
	if !s.from.IsZero() && !s.to.IsZero() && !s.from.Before(s.to) {
		return s, usagef("--from %s is not before --to %s", c.String("from"), c.String("to"))
	}
	return s, nil
}

func parseTime(flag, v string, end bool) (time.Time, error) {
	if v == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err := time.Parse(layout, v); err == nil {
			return t.UTC(), nil
		}
	}
	if t, err := time.Parse("2006-01-02", v); err == nil {
		if end {
			t = t.AddDate(0, 0, 1)
		}
		return t, nil
	}
	return time.Time{}, usagef("--%s %q: want a UTC time such as 2026-03-06 or 2026-03-06T18:00:00Z", flag, v)
}

// rows yields the sorted events inside the span.
func (s span) rows(sorter *output.Sorter) iter.Seq2[*output.Row, error] {
	from := s.from
	if s.last > 0 {
		if t := sorter.Newest().Add(-s.last); t.After(from) {
			from = t
		}
	}
	return func(yield func(*output.Row, error) bool) {
		for r, err := range sorter.Rows() {
			switch {
			case err != nil:
				yield(nil, err)
				return
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
