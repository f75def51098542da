package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/fleet"
	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/arguments"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/process"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

func fleetCommand() *cli.Command {
	return &cli.Command{
		Name:      "fleet",
		Usage:     "compare many machines: what is rare, what came first, where it went",
		ArgsUsage: "CASE…",
		Description: "Reads each CASE, a folder that scan wrote for one machine or several, and writes\n" +
			"the folder FLEET:\n\n" +
			"   fleet.html           a page to read: ranking, spread, stack\n" +
			"   stack.jsonl, .csv, .parquet  each key with the number of machines that have it\n" +
			"   spread.jsonl         keys on few machines, in the order of their first times\n" +
			"   hosts.jsonl          machines in the order of reading, with reasons\n" +
			"   alike.jsonl          keys that findings name on several machines\n" +
			"   edges.jsonl          log-ons between machines, by time\n" +
			"   manifest.json        what was compared, and each output with its SHA-256\n\n" +
			"Keys are equal on every machine: users, versions and random names are masked. The\n" +
			"number of machines that could show a key is given beside those that have it. The\n" +
			"evidence is not needed.\n\n" +
			"Examples:\n" +
			"   artifactdump fleet cases/* -o fleet\n" +
			"   artifactdump fleet cases/* -o fleet --baseline golden --kind service --kind task\n" +
			"   artifactdump fleet cases/* -o fleet --max-hosts 3",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to the new folder `FLEET`"},
			&cli.StringSliceFlag{Name: "baseline", Usage: "leave out what the machines of `CASE` have (repeatable)"},
			&cli.StringSliceFlag{Name: "kind", Usage: "restrict stack and spread to `KIND` (repeatable): " +
				strings.Join(observations.Kinds(), ", ")},
			&cli.IntFlag{Name: "max-hosts", Usage: "restrict stack and spread to keys on at most `N` machines", Action: fromOne("max-hosts")},
			&cli.Float64Flag{Name: "spread-share", Value: fleet.DefaultShare,
				Usage: "follow the spread of keys on up to this `SHARE` of the machines, and on up to five"},
			&cli.BoolFlag{Name: "force", Usage: "replace FLEET if it holds results of fleet"},
			&cli.BoolFlag{Name: "group-readable", Usage: "let your group read FLEET (default: only you)"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print no notes; damage is still reported"},
		}, csvFlags()),
		Action: fleetAction,
	}
}

// fleetMemory is what the collector of garbage tries to stay below: what is in use does not grow with the machines.
const fleetMemory = 24 << 20

func fleetAction(c *cli.Context) error {
	if o := c.String("output"); o == "" || o == "-" {
		return usage.Errorf("missing -o FLEET: name a new folder for the results")
	}
	if !c.Args().Present() {
		return usage.Errorf("missing CASE: a folder that artifactdump scan wrote")
	}
	if s := c.Float64("spread-share"); !(s > 0 && s <= 1) { // NaN is neither
		return usage.Errorf("--spread-share %v: want more than 0 and at most 1", s)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		defer process.LimitMemory(fleetMemory)()
	}
	l := newLog(c)
	m, err := fleet.Run(c.Context, fleet.Options{
		Cases: c.Args().Slice(), Baseline: c.StringSlice("baseline"), Dir: c.String("output"), Force: c.Bool("force"),
		Group: c.Bool("group-readable"), Kinds: c.StringSlice("kind"), MaxHosts: c.Int("max-hosts"), Share: c.Float64("spread-share"),
		Output:  output.Options{BOM: c.Bool("bom"), CSVSafe: c.Bool("csv-safe")},
		Version: version(), Command: arguments.WithoutPassword(os.Args),
		Note: l.Note, Damage: func(err error) { fmt.Fprintf(l.Writer(), "damaged: %s\n", terminal.Clean(err.Error())) },
	})
	if e, ok := errors.AsType[*fleet.OptionError](err); ok {
		return usage.Of(e)
	}
	if e, ok := errors.AsType[*files.LockedError](err); ok {
		return fmt.Errorf("%w: wait for it, or name another folder with -o", e)
	}
	if err != nil {
		return err
	}
	l.Say("%s: %s, %s, %s", c.String("output"), terminal.Count(m.Counts.Machines, "machine", "machines"),
		terminal.Count(int(m.Counts.Observations), "observation", "observations"), terminal.Count(int(m.Counts.Keys), "key", "keys"))
	if m.Damaged() > 0 {
		return errDamaged
	}
	return nil
}
