package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/hiveview"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/shell"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
	"github.com/artifactdump/artifactdump/hive"
)

func hiveCommand() *cli.Command {
	return &cli.Command{
		Name:  "hive",
		Usage: "read single registry hives",
		Description: "Reads one hive file. Transaction logs beside it (.LOG, .LOG1, .LOG2, in any case)\n" +
			"are replayed in memory. The files are never modified.",
		Subcommands: []*cli.Command{
			hiveInfoCommand(),
			hiveLsCommand(),
			hiveGetCommand(),
			hiveFindCommand(),
			hiveDumpCommand(),
			hiveDeletedCommand(),
			hiveRecoverCommand(),
			hiveExportCommand(),
		},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				var names []string
				for _, sub := range c.Command.Subcommands {
					names = append(names, sub.Name)
				}
				return usage.Errorf("unknown hive command %q: see artifactdump hive --help%s", c.Args().First(),
					shell.Meant(c.Args().First(), names))
			}
			return cli.ShowSubcommandHelp(c)
		},
	}
}

func hiveFlags(more ...cli.Flag) []cli.Flag {
	return slices.Concat(more, []cli.Flag{
		&cli.StringSliceFlag{Name: "log", Usage: "replay the log `FILE` instead of those beside the hive (repeatable)"},
		&cli.BoolFlag{Name: "no-logs", Usage: "do not replay logs: read the hive as it is"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print no notes; damage is still reported"},
		&cli.BoolFlag{Name: "strict", Usage: "stop at the first damage"},
		verboseDamage(),
	})
}

// A hiveJob is one command's work on one hive: args are the arguments after its
// name, "" where one was left out.
type hiveJob struct {
	*hiveview.File
	c    *cli.Context
	args []string
	o    *files.Out
}

// onHive is the action of a command of hive that takes min to max arguments:
// it opens the hive and the output, lets the command do its work, and ends it.
// What work returns is done when the output is complete.
func onHive(min, max int, synopsis string, work func(j *hiveJob) (then func(), err error)) cli.ActionFunc {
	return func(c *cli.Context) error {
		a := c.Args().Slice()
		if len(a) < min || len(a) > max {
			return usage.Errorf("usage: artifactdump hive %s %s", c.Command.Name, synopsis)
		}
		for len(a) < max {
			a = append(a, "")
		}
		l := newLog(c)
		f, err := hiveview.Open(a[0], l, hiveview.Options{NoLogs: c.Bool("no-logs"), Logs: c.StringSlice("log")})
		if err != nil {
			return err
		}
		j := &hiveJob{File: f, c: c, args: a[1:]}
		then, err := work(j)
		if err != nil {
			if j.o != nil {
				j.o.Abort()
			}
			return err
		}
		if err := j.o.Commit(); err != nil {
			return err
		}
		if then != nil {
			then()
		}
		return l.End()
	}
}

// open opens the output, once nothing can be wrong with the arguments.
func (j *hiveJob) open() (err error) {
	j.o, err = openOutput(j.c, j.Name)
	return err
}

// key finds the key that an argument names, and opens the output.
func (j *hiveJob) key(path string) (hive.Key, error) {
	k, err := j.Find(path)
	if err != nil {
		return k, err
	}
	return k, j.open()
}
