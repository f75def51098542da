package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

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

// eventsFlag chooses which events of logs a command shows.
func eventsFlag() cli.Flag {
	return &cli.StringFlag{Name: "events", Value: "default",
		Usage: "show event log records: all, none, default (rated high or medium), or a `LIST` of channels and provider:id; rules see all"}
}

func evidenceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "artifact", Aliases: []string{"a"}, Usage: "only the artifact or group `NAME` (repeat for more; see artifactdump list)"},
		&cli.StringFlag{Name: "host", Usage: "`NAME` of the machine when its SYSTEM hive does not tell"},
		&cli.StringFlag{Name: "evidence-timezone", Usage: "`ZONE` of the evidence's local times: Europe/Berlin, +01:00", DefaultText: "from the SYSTEM hive"},
		&cli.BoolFlag{Name: "no-deleted", Usage: "leave deleted keys and values aside"},
		&cli.BoolFlag{Name: "no-logs", Usage: "leave transaction logs aside"},
		&cli.BoolFlag{Name: "no-shadows", Usage: "leave the volume shadow copies of disk images aside"},
		passwordFlag(),
		&cli.IntFlag{Name: "jobs", Usage: "decode `N` sources at a time", DefaultText: "one for each processor", Action: fromOne("jobs")},
		&cli.BoolFlag{Name: "verify", Usage: "first compare a disk image with the hashes that it stores (reads all of it)"},
		&cli.BoolFlag{Name: "strict", Usage: "stop at the first damage"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "no progress, no notes; damage is still named"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "name each source as it is read, and all damage"},
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

// zoneFlag returns the zone of a machine's local times: what the flag assumes, or
// what the SYSTEM hive holds.
func zoneFlag(c *cli.Context, m *evidence.Machine) (*artifacts.Zone, error) {
	if v := c.String("evidence-timezone"); v != "" {
		z, err := artifacts.ParseZone(v)
		if err != nil {
			return nil, usagef("--evidence-timezone: %v", err)
		}
		return z, nil
	}
	if m == nil {
		return &artifacts.Zone{}, nil
	}
	return artifacts.ZoneOf(m), nil
}
