package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/output/hivefile"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/shell"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
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
				return usagef("unknown hive command %q: see artifactdump hive --help%s", c.Args().First(),
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

// openHive opens the hive that the first argument names and says what was
// found: damage, and what its logs did.
func (s *session) openHive(path string) (*hive.Hive, error) {
	b, err := hivefile.ReadFile(path)
	if err != nil {
		return nil, err
	}
	opts := &hive.Options{NoLogs: s.c.Bool("no-logs"), Strict: s.strict}
	names := s.c.StringSlice("log")
	if len(names) == 0 && !opts.NoLogs {
		names = hivefile.LogsBeside(path)
	}
	for _, n := range names {
		lb, err := hivefile.ReadFile(n)
		if err != nil {
			if len(s.c.StringSlice("log")) > 0 {
				return nil, err
			}
			s.damage(err)
			continue
		}
		opts.Logs = append(opts.Logs, hive.Log{Name: filepath.Base(n), Data: lb})
	}
	h, err := hive.Open(b, opts)
	if h == nil || err != nil && s.strict {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err != nil {
		s.damageIn(path, fmt.Errorf("%s: %w", path, err))
	}
	for _, d := range h.Damage() {
		s.hiveDamage(path, d)
	}
	if rec := h.Recovery(); rec.Applied {
		s.note("%s: dirty hive: replayed %s", path, terminal.Count(rec.Entries, "log entry", "log entries"))
	}
	return h, nil
}

// hiveDamage names damage; a place where the format is broken but nothing is
// lost is only a note.
func (s *session) hiveDamage(path string, d *hive.FormatError) {
	what := path + ": " + d.Error()
	if s.named[what] {
		return
	}
	if s.named == nil {
		s.named = map[string]bool{}
	}
	s.named[what] = true
	if d.Warning {
		s.note("%s: %v", path, d)
		return
	}
	s.damageIn(path, fmt.Errorf("%s: %w", path, d))
}

// itemDamage names what an iterator could not read.
func (s *session) itemDamage(path string, err error) {
	if fe, ok := errors.AsType[*hive.FormatError](err); ok {
		s.hiveDamage(path, fe)
		return
	}
	s.damageIn(path, fmt.Errorf("%s: %w", path, err))
}

// A hiveJob is one command's work on one hive: its first argument names the
// file, args are the others, "" where one was left out.
type hiveJob struct {
	*session
	file string
	args []string
	h    *hive.Hive
	o    *files.Out
}

// onHive is the action of a command of hive that takes min to max arguments:
// it opens the hive and the output, lets the command do its work, and ends it.
// What work returns is done when the output is complete.
func onHive(min, max int, usage string, work func(j *hiveJob) (then func(), err error)) cli.ActionFunc {
	return func(c *cli.Context) error {
		a := c.Args().Slice()
		if len(a) < min || len(a) > max {
			return usagef("usage: artifactdump hive %s %s", c.Command.Name, usage)
		}
		for len(a) < max {
			a = append(a, "")
		}
		s := newSession(c)
		h, err := s.openHive(a[0])
		if err != nil {
			return err
		}
		j := &hiveJob{session: s, file: a[0], args: a[1:], h: h}
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
		return s.end()
	}
}

// open opens the output, once nothing can be wrong with the arguments.
func (j *hiveJob) open() (err error) {
	j.o, err = openOutput(j.c, j.file)
	return err
}

// check names everything in the hive that is damaged.
func (j *hiveJob) check() {
	for d := range j.h.Check() {
		j.hiveDamage(j.file, d)
	}
}
