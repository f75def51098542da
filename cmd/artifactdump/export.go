package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/evidence/image"
	"github.com/artifactdump/artifactdump/artifacts/export"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/exportview"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

func exportCommand() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "write a file out of a disk image, also a deleted one that is still whole",
		ArgsUsage: "IMAGE FILE",
		Description: "FILE is a path (\\Users\\x\\a.exe, with :stream for a stream), an entry number of $MFT\n" +
			"or a reference (entry-sequence). Prints for each run of clusters whether it belongs\n" +
			"to the file, is free, or was reused by another file, and the SHA-256. Without -o\n" +
			"only this report is printed. A deleted file with reused clusters is refused; with\n" +
			"--remains they are written as zeros, and the exit code is 3. Free clusters may have\n" +
			"belonged to a third file that was deleted too.\n\n" +
			"Examples:\n" +
			"   artifactdump export disk.E01 '\\Users\\x\\Downloads\\a.exe' -o results/a.exe\n" +
			"   artifactdump export disk.E01 81234-7 -o results/deleted.bin\n" +
			"   artifactdump export --deleted disk.E01 -o results/deleted",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "`FORMAT` of the report: text, jsonl"},
			&cli.BoolFlag{Name: "deleted", Usage: "write all deleted files that are whole into the folder of -o"},
			&cli.BoolFlag{Name: "remains", Usage: "write zeros for clusters that belong to another file now"},
			&cli.IntFlag{Name: "volume", Value: -1, DefaultText: "the only one", Usage: "`NUMBER` of the NTFS volume in the partition table"},
			&cli.StringFlag{Name: "shadow", Usage: "read the volume shadow copy `NAME` (vss1 is the oldest)"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print no notes"},
			verboseDamage(),
		}, outputFlags()),
		Action: exportAction,
	}
}

func exportAction(c *cli.Context) error {
	all := c.Bool("deleted")
	if c.NArg() != 2 && !all || c.NArg() != 1 && all {
		return usage.Errorf("usage: artifactdump export IMAGE FILE, or export --deleted IMAGE -o FOLDER")
	}
	if f := c.String("format"); f != "text" && f != "jsonl" {
		return usage.Errorf("unknown format %q; known: text, jsonl", f)
	}
	l, name := newLog(c), c.Args().First()
	d, err := image.Open(name, nil)
	if err != nil {
		return session.Missing(name, err)
	}
	defer d.Close()
	v, err := export.Select(d, export.Choice{Volume: c.Int("volume"), Shadow: c.String("shadow")})
	if _, ok := errors.AsType[*export.ChoiceError](err); ok {
		return usage.Errorf("%s: %v", name, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, err := range slices.Concat(d.Damage, v.Damage) {
		l.Damage(fmt.Errorf("%s: %w", name, err))
	}
	j := exportview.Job{Log: l, Volume: v, Image: name, Reports: c.App.Writer, JSON: c.String("format") == "jsonl",
		Force: c.Bool("force"), Remains: c.Bool("remains")}
	if all {
		err = j.Deleted(c.Context, c.String("output"))
	} else {
		err = j.One(c.Context, c.Args().Get(1), c.String("output"), c.App.Writer)
	}
	return errors.Join(err, l.End())
}
