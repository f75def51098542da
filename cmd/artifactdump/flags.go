package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
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
		&cli.BoolFlag{Name: "bom", Usage: "start CSV with a byte order mark, for spreadsheets"},
		&cli.BoolFlag{Name: "csv-safe", Usage: "prefix CSV cells that a spreadsheet would evaluate with an apostrophe"},
	}
}

// eventsFlag chooses which events of logs a command shows.
func eventsFlag() cli.Flag {
	return &cli.StringFlag{Name: "events", Value: "default",
		Usage: "show event log records: all, none, default (rated high or medium), or a `LIST` of channels and provider:id; rules see all"}
}

func evidenceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "artifact", Aliases: []string{"a"},
			Usage: "read only the artifact or group `NAME` (repeatable; see artifactdump list)"},
		&cli.BoolFlag{Name: "full", Usage: "show all records of artifacts that show a selection by default, as -a NAME does for one"},
		&cli.StringFlag{Name: "host", Usage: "machine `NAME` to use when the SYSTEM hive has none"},
		&cli.StringFlag{Name: "evidence-timezone", Usage: "time `ZONE` of local times in the evidence: Europe/Berlin, +01:00",
			DefaultText: "from the SYSTEM hive"},
		&cli.BoolFlag{Name: "no-deleted", Usage: "skip deleted keys and values"},
		&cli.BoolFlag{Name: "no-logs", Usage: "skip transaction logs"},
		&cli.BoolFlag{Name: "no-shadows", Usage: "skip volume shadow copies"},
		passwordFlag(),
		identityFlag(),
		&cli.IntFlag{Name: "jobs", Usage: "number `N` of parallel decoders", DefaultText: "one per processor", Action: fromOne("jobs")},
		&cli.BoolFlag{Name: "verify", Usage: "verify the hashes stored in a disk image first (reads all of it)"},
		&cli.BoolFlag{Name: "strict", Usage: "stop at the first damage"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print no progress and no notes; damage is still reported"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "print each source as it is read, and all damage"},
	}
}

func passwordFlag() cli.Flag {
	return &cli.StringFlag{Name: "password", Usage: "open encrypted zips, and files of age with a pass phrase, with `PASSWORD`"}
}

func identityFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "identity", Usage: "open files encrypted with age with the secret keys in `FILE`, of age or SSH (repeatable)"}
}

// withoutPassword is a command line as it may be written down.
func withoutPassword(args []string) []string {
	out := slices.Clone(args)
	for i, a := range out {
		name, _, ok := strings.Cut(a, "=")
		switch {
		case !slices.Contains([]string{"--password", "-password", "--passphrase", "-passphrase"}, name):
		case ok:
			out[i] = name + "=***"
		case i+1 < len(out):
			out[i+1] = "***"
		}
	}
	return out
}

// fromOne refuses a number below 1.
func fromOne(name string) func(*cli.Context, int) error {
	return func(_ *cli.Context, n int) error {
		if n < 1 {
			return usagef("--%s must be at least 1", name)
		}
		return nil
	}
}

// zoneFlag returns the zone of a machine's local times: the value of
// the flag, or what the SYSTEM hive holds.
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

// openOutput opens what -o names. evidence are paths that must stay untouched.
func openOutput(c *cli.Context, evidence ...string) (*files.Out, error) {
	return files.OpenOut(c.String("output"), c.Bool("force"), c.App.Writer, evidence)
}
