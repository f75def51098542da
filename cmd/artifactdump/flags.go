package main

import (
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/findings/sigma"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/story"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/arguments"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/formats"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
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

// fromOne refuses a number below 1.
func fromOne(name string) func(*cli.Context, int) error {
	return func(_ *cli.Context, n int) error {
		if n < 1 {
			return usage.Errorf("--%s must be at least 1", name)
		}
		return nil
	}
}

// verboseDamage is for commands that read nothing but single files.
func verboseDamage() cli.Flag {
	return &cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "print each problem on its own line"}
}

// timeFlags bound the events that are printed.
func timeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "from", Usage: "print events at or after `TIME` (2026-03-06, 2026-03-06T18:00:00Z)"},
		&cli.StringFlag{Name: "to", Usage: "print events before `TIME`; a date alone includes that day"},
		&cli.StringFlag{Name: "last", Usage: "print events of the last `SPAN` before the newest: 90m, 48h, 7d"},
	}
}

// sigmaFlags are for commands that judge by Sigma rules.
func sigmaFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "sigma", Usage: "judge by the Sigma rules in `PATH`: a folder, zip or file (repeat for more)"},
		&cli.StringFlag{Name: "sigma-status", Value: "stable,test", Usage: "judge by Sigma rules with a status in `LIST`, or all"},
		&cli.StringFlag{Name: "sigma-placeholders", Usage: "read values of placeholders from `FILE`: lines NAME VALUE, VALUE…"},
	}
}

// sigmaRules reads the rules that the flags name; nil when they name none.
func sigmaRules(c *cli.Context) (*sigma.Set, error) {
	return arguments.Sigma(c.StringSlice("sigma"), c.String("sigma-status"), c.String("sigma-placeholders"))
}

// listFlags are for commands that compare with lists.
func listFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "iocs", Usage: "compare with the indicators in `FILE`: one a line, CSV, STIX, MISP (repeatable)"},
		&cli.StringSliceFlag{Name: "hashes",
			Usage: "compare with the hashes of `ROLE=FILE`: bad=FILE, or good=FILE for known files (repeatable)"},
		&cli.StringFlag{Name: "iocs-level", Value: "high", Usage: "`LEVEL` of hits on entries of lists that state none"},
	}
}

// compare has a session compare with the lists that the flags name.
func compare(c *cli.Context, s *session.Session) (err error) {
	s.Lists, err = arguments.Lists(c.StringSlice("iocs"), c.StringSlice("hashes"), c.String("iocs-level"), s.Notef)
	return err
}

// windowGapFlag is for commands that cut time into windows.
func windowGapFlag() cli.Flag {
	return &cli.DurationFlag{Name: "window-gap", Value: story.DefaultGap, Usage: "end an incident window when nothing happens for `SPAN`"}
}

// formatFlag names the formats that fit.
func formatFlag(value string, fits func(output.Format) bool) cli.Flag {
	return &cli.StringFlag{Name: "format", Value: value, Usage: "output `FORMAT`: " + strings.Join(formats.Names(fits), ", ")}
}

func bodyfileFlag() cli.Flag {
	return &cli.StringFlag{Name: "bodyfile-unset", Value: "-1", Usage: "`VALUE` for unset times in a body file: -1 (mactime) or 0 (plaso)"}
}

// outputOptions returns the options of the writers from the flags.
func outputOptions(c *cli.Context) *output.Options {
	return &output.Options{BOM: c.Bool("bom"), CSVSafe: c.Bool("csv-safe"), BodyfileZero: c.String("bodyfile-unset") == "0",
		Version: version()}
}

// colored reports whether an output is a terminal whose user has not switched
// colours off: https://no-color.org.
func colored(c *cli.Context, o *files.Out) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && o.Standard() && terminal.Is(c.App.Writer)
}

// openOutput opens what -o names. evidence are paths that must stay untouched.
func openOutput(c *cli.Context, evidence ...string) (*files.Out, error) {
	return files.OpenOut(c.String("output"), c.Bool("force"), c.App.Writer, evidence)
}
