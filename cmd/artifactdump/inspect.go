package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/inspect"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/inspectview"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

func inspectCommand() *cli.Command {
	return &cli.Command{
		Name:      "inspect",
		Usage:     "list the contents of single files, row by row, with offsets",
		ArgsUsage: "FILE…",
		Description: "Recognises the format by its signature, or by the name of the file where it has none. No\n" +
			"other file of the machine is needed. A file that is not a container is read by the artifact\n" +
			"for it: scheduled tasks, text logs, the history of Windows Defender. The bitmap cache of the Remote\n" +
			"Desktop client becomes a picture with --format png.\n\n" +
			"Examples:\n" +
			"   artifactdump inspect Security.evtx\n" +
			"   artifactdump inspect --format jsonl --recovered System.evtx\n" +
			"   artifactdump inspect --table '*' SRUDB.dat\n" +
			"   artifactdump inspect --mft '$MFT' '$J'\n" +
			"   artifactdump inspect --as weblogs access.txt\n" +
			"   artifactdump inspect --format png -o screen.png Cache0000.bin",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "output `FORMAT`: text, jsonl; png of a bitmap cache"},
			&cli.StringFlag{Name: "as", Usage: "read the files as `KIND`: " + strings.Join(inspectview.Kinds(), ", ") +
				", or the name of an artifact"},
			&cli.StringFlag{Name: "table", Usage: "list the rows of table `NAME` of a database ('*': all)"},
			&cli.StringFlag{Name: "mft", Usage: "resolve the paths of a change journal with the $MFT in `FILE`"},
			&cli.BoolFlag{Name: "recovered", Usage: "also list deleted, hidden and carved rows"},
			verboseDamage(),
		}, outputFlags()),
		Action: inspectFiles,
	}
}

func inspectFiles(c *cli.Context) error {
	paths := c.Args().Slice()
	if len(paths) == 0 {
		return usage.Errorf("missing FILE: at least one file")
	}
	write := (*inspect.Row).AppendText
	switch f := c.String("format"); f {
	case "text":
	case "jsonl":
		write = nil
	case "png":
		return drawFile(c, paths)
	default:
		return usage.Errorf("unknown format %q; known: text, jsonl, png", f)
	}
	if kind := c.String("as"); kind != "" && !inspectview.Known(kind) {
		return usage.Errorf("unknown kind %q; known: %s, and the names of artifacts in files", kind, strings.Join(inspectview.Kinds(), ", "))
	}
	opts := inspect.Options{Table: c.String("table"), Recovered: c.Bool("recovered")}
	if p := c.String("mft"); p != "" {
		f, err := inspect.Open(p)
		if err != nil {
			return session.Missing(p, err)
		}
		defer f.Close()
		opts.MFT = &f.File
	}
	o, err := openOutput(c, paths...)
	if err != nil {
		return err
	}
	l := newLog(c)
	read, failed := 0, 0
	for _, p := range paths {
		rows, err := inspectview.Write(c.Context, o, p, c.String("as"), opts, write)
		read += rows
		if _, ok := errors.AsType[*inspect.WriteError](err); ok || c.Context.Err() != nil {
			o.Abort()
			return errors.Join(c.Context.Err(), err)
		}
		if err != nil {
			if _, ok := errors.AsType[*fs.PathError](err); !ok {
				err = fmt.Errorf("%s: %w", p, err)
			}
			l.Damage(session.Missing(p, err))
			if rows == 0 {
				failed++
			}
		}
	}
	if err := o.Commit(); err != nil {
		return err
	}
	switch {
	case failed == len(paths) && read == 0:
		return errors.New("nothing could be read")
	case l.Damages() > 0:
		return errDamaged
	}
	return nil
}

// drawFile writes the pieces of one bitmap cache as one picture.
func drawFile(c *cli.Context, paths []string) error {
	if len(paths) != 1 {
		return usage.Errorf("--format png draws one FILE at a time")
	}
	f, err := inspect.Open(paths[0])
	if err != nil {
		return session.Missing(paths[0], err)
	}
	defer f.Close()
	o, err := openOutput(c, paths...)
	if err != nil {
		return err
	}
	n, err := inspect.Picture(o, f.File)
	if n == 0 {
		o.Abort()
		if err == nil {
			err = errors.New("the file has no pieces")
		}
		return fmt.Errorf("%s: %w", paths[0], err)
	}
	if err != nil {
		newLog(c).Damage(fmt.Errorf("%s: %w", paths[0], err))
	}
	if failed := o.Commit(); failed != nil {
		return failed
	}
	if err != nil {
		return errDamaged
	}
	return nil
}
