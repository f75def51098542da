package main

import (
	"time"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/timespan"
)

func timeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "from", Usage: "print events at or after `TIME` (2026-03-06, 2026-03-06T18:00:00Z)"},
		&cli.StringFlag{Name: "to", Usage: "print events before `TIME`; a date alone includes that day"},
		&cli.StringFlag{Name: "last", Usage: "print events of the last `SPAN` before the newest: 90m, 48h, 7d"},
	}
}

func parseSpan(c *cli.Context) (timespan.Span, error) {
	s, err := timespan.Parse(c.String("from"), c.String("to"), c.String("last"))
	return s, usage(err)
}

// usage makes an error one of the command line.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

func parseTime(flag, v string, end bool) (time.Time, error) {
	t, err := timespan.ParseTime(flag, v, end)
	return t, usage(err)
}
