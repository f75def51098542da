package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/evidence/image"
	"github.com/artifactdump/artifactdump/artifacts/export"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
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

// An exportJob is one run of the command.
type exportJob struct {
	s      *session
	v      *export.Volume
	image  string
	write  func(io.Writer, *export.Report) error
	report io.Writer
}

func exportAction(c *cli.Context) error {
	all := c.Bool("deleted")
	if c.NArg() != 2 && !all || c.NArg() != 1 && all {
		return usagef("usage: artifactdump export IMAGE FILE, or export --deleted IMAGE -o FOLDER")
	}
	j := &exportJob{s: newSession(c), image: c.Args().First(), report: c.App.Writer}
	switch f := c.String("format"); f {
	case "text":
		j.write = func(w io.Writer, r *export.Report) error { return r.Text(w) }
	case "jsonl":
		j.write = func(w io.Writer, r *export.Report) error { return writeJSON(w, r) }
	default:
		return usagef("unknown format %q; known: text, jsonl", f)
	}
	d, err := image.Open(j.image, nil)
	if err != nil {
		return missing(j.image, err)
	}
	defer d.Close()
	j.v, err = export.Select(d, export.Choice{Volume: c.Int("volume"), Shadow: c.String("shadow")})
	if _, ok := errors.AsType[*export.ChoiceError](err); ok {
		return usagef("%s: %v", j.image, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", j.image, err)
	}
	for _, err := range slices.Concat(d.Damage, j.v.Damage) {
		j.s.damage(fmt.Errorf("%s: %w", j.image, err))
	}
	if all {
		err = j.deleted(c.String("output"))
	} else {
		err = j.one(c.Args().Get(1), c.String("output"))
	}
	return errors.Join(err, j.s.end())
}

// one writes the file that a name stands for.
func (j *exportJob) one(name, output string) error {
	list, err := j.v.Find(name)
	switch {
	case err != nil:
		return fmt.Errorf("%s: $MFT: %w", j.image, err)
	case len(list) == 0:
		return fmt.Errorf("%s: no file record has the name or reference %q", j.image, name)
	case len(list) > 1:
		var all []string
		for i := range list {
			all = append(all, list[i].String())
		}
		return fmt.Errorf("%s: %d files had the name %q: give the reference of one: %s", j.image, len(list), name, strings.Join(all, "; "))
	}
	if output == "-" {
		j.report = j.s.stderr
	}
	return j.file(list[0], output)
}

// file writes one file, or reads it when there is no output.
func (j *exportJob) file(f export.Found, output string) error {
	c := j.s.c
	var w io.Writer = io.Discard
	var o *files.Out
	if output != "" {
		// What lies beside an image is evidence, too.
		if err := files.Outside(output, []string{filepath.Dir(j.image)}); err != nil && output != "-" {
			return err
		}
		var err error
		if o, err = openOutput(c, j.image); err != nil {
			return err
		}
		w = o
	}
	r, err := j.v.Write(c.Context, w, f, c.Bool("remains"))
	if err != nil {
		err = fmt.Errorf("%s: %s: %w", j.image, f.String(), err)
	}
	if o != nil {
		if err != nil {
			o.Abort()
		} else if err = o.Commit(); err == nil && output != "-" {
			r.Output = output
		}
	}
	if r != nil {
		err = errors.Join(err, j.write(j.report, r))
	}
	if err == nil && r.Lost > 0 {
		j.s.damage(fmt.Errorf("%s: %s: %d bytes are zeros in place of reused clusters", j.image, f.String(), r.Lost))
	}
	return err
}

// deleted writes all deleted files that are whole.
func (j *exportJob) deleted(folder string) error {
	if folder == "" || folder == "-" {
		return usagef("--deleted writes several files: use -o FOLDER")
	}
	if err := files.OutsideFolder(folder, []string{filepath.Dir(j.image)}); err != nil {
		return err
	}
	sum, err := j.v.WriteDeleted(j.s.c.Context, folder, j.s.c.Bool("force"), j.s.c.Bool("remains"), func(r *export.Report, err error) error {
		if err != nil && !errors.Is(err, export.ErrNotWhole) {
			j.s.damage(fmt.Errorf("%s: %w", j.image, err))
		}
		if r == nil {
			return nil
		}
		return j.write(j.report, r)
	})
	j.s.note("%s written, %d not whole, %d failed", terminal.Count(sum.Written, "file", "files"), sum.NotWhole, sum.Failed)
	return err
}
