package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

func dumpCommand() *cli.Command {
	return &cli.Command{
		Name:      "dump",
		Usage:     "typed records, with all their fields",
		ArgsUsage: "EVIDENCE…",
		Description: "Prints one record for each trace, artifact by artifact. Each leads back to its\n" +
			"file, its key and value, and its byte offset.\n\n" +
			"Examples:\n" +
			"   artifactdump dump -a prefetch /mnt/image\n" +
			"   artifactdump dump -a prefetch --format csv -o prefetch.csv case/C\n" +
			"   artifactdump dump -a userassist --hive NTUSER.DAT",
		Flags: slices.Concat([]cli.Flag{
			formatFlag("text", forRecords),
			&cli.StringSliceFlag{Name: "hive", Usage: "read the single hive `FILE`; its kind is known from its keys (repeat for more)"},
		}, outputFlags(), csvFlags(), evidenceFlags()),
		Action: dump,
	}
}

func dump(c *cli.Context) error {
	format, ok := output.Lookup(c.String("format"))
	if !ok || !forRecords(format) {
		return usagef("no format for records is called %q", c.String("format"))
	}
	paths := slices.Concat(c.Args().Slice(), c.StringSlice("hive"))
	s := newSession(c)
	o, err := openOutput(c, paths...)
	if err != nil {
		return err
	}
	w := format.Records(o, outputOptions(c))
	n := 0
	err = s.each(paths, c.StringSlice("artifact"), func(_ *evidence.Tree, res artifacts.Result) error {
		n += len(res.Records)
		for i := range res.Records {
			if err := w.Record(&res.Records[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		o.abort()
		return err
	}
	if n == 0 {
		s.note("no records")
	}
	if err := o.commit(); err != nil {
		return err
	}
	return s.end()
}
