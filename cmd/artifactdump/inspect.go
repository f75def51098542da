package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/inspect"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

func inspectCommand() *cli.Command {
	return &cli.Command{
		Name:      "inspect",
		Usage:     "list the contents of single files, row by row, with offsets",
		ArgsUsage: "FILE…",
		Description: "Recognises the format by its signature. No other file of the machine is needed.\n\n" +
			"Examples:\n" +
			"   artifactdump inspect Security.evtx\n" +
			"   artifactdump inspect --format jsonl --recovered System.evtx\n" +
			"   artifactdump inspect --table '*' SRUDB.dat\n" +
			"   artifactdump inspect --mft '$MFT' '$J'",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "output `FORMAT`: text, jsonl"},
			&cli.StringFlag{Name: "as", Usage: "read the files as `KIND`: " + strings.Join(inspect.Kinds(), ", ")},
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
	default:
		return usage.Errorf("unknown format %q; known: text, jsonl", f)
	}
	if kind := c.String("as"); kind != "" && !slices.Contains(inspect.Kinds(), kind) {
		return usage.Errorf("unknown kind %q; known: %s", kind, strings.Join(inspect.Kinds(), ", "))
	}
	opts := inspect.Options{Table: c.String("table"), Recovered: c.Bool("recovered")}
	if p := c.String("mft"); p != "" {
		f, err := inspect.Open(p)
		if err != nil {
			return err
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
		rows, err := inspect.Write(c.Context, o, p, c.String("as"), opts, write)
		read += rows
		if _, ok := errors.AsType[*inspect.WriteError](err); ok || c.Context.Err() != nil {
			o.Abort()
			return errors.Join(c.Context.Err(), err)
		}
		if err != nil {
			if _, ok := errors.AsType[*fs.PathError](err); !ok {
				err = fmt.Errorf("%s: %w", p, err)
			}
			l.Damage(err)
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
