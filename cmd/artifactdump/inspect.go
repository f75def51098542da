package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/inspect"
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
		return usagef("missing FILE: at least one file")
	}
	write := (*inspect.Row).AppendText
	switch f := c.String("format"); f {
	case "text":
	case "jsonl":
		write = nil
	default:
		return usagef("unknown format %q; known: text, jsonl", f)
	}
	if kind := c.String("as"); kind != "" && !slices.Contains(inspect.Kinds(), kind) {
		return usagef("unknown kind %q; known: %s", kind, strings.Join(inspect.Kinds(), ", "))
	}
	opts := inspect.Options{Table: c.String("table"), Recovered: c.Bool("recovered")}
	if p := c.String("mft"); p != "" {
		f, err := openInspect(p)
		if err != nil {
			return err
		}
		defer f.close()
		opts.MFT = &f.File
	}
	o, err := openOutput(c, paths...)
	if err != nil {
		return err
	}
	s := newSession(c)
	read, failed := 0, 0
	for _, p := range paths {
		rows, err := inspectFile(c, o, p, opts, write)
		read += rows
		if _, ok := errors.AsType[*writeError](err); ok || c.Context.Err() != nil {
			o.abort()
			return errors.Join(c.Context.Err(), err)
		}
		if err != nil {
			if _, ok := errors.AsType[*fs.PathError](err); !ok {
				err = fmt.Errorf("%s: %w", p, err)
			}
			s.damage(err)
			if rows == 0 {
				failed++
			}
		}
	}
	if err := o.commit(); err != nil {
		return err
	}
	switch {
	case failed == len(paths) && read == 0:
		return errors.New("nothing could be read")
	case s.damages() > 0:
		return errDamaged
	}
	return nil
}

// A writeError is a failure of the output, not of the evidence.
type writeError struct{ error }

func (e *writeError) Unwrap() error { return e.error }

// inspectFile writes the rows of one file and counts them. A nil text writer
// means JSON lines.
func inspectFile(c *cli.Context, w io.Writer, path string, opts inspect.Options, text func(*inspect.Row, []byte) []byte) (rows int, err error) {
	f, err := openInspect(path)
	if err != nil {
		return 0, err
	}
	defer f.close()
	var buf []byte
	var werr error
	damaged := 0
	err = inspect.Read(f.File, c.String("as"), opts, func(r inspect.Row) bool {
		rows++
		if r.Damage != "" {
			damaged++
		}
		if text != nil {
			buf = text(&r, buf[:0])
		} else {
			buf = r.AppendJSON(buf[:0], path)
		}
		_, werr = w.Write(buf)
		return werr == nil && c.Context.Err() == nil
	})
	if werr != nil {
		return rows, &writeError{werr}
	}
	if err == nil && damaged > 0 {
		err = fmt.Errorf("%d of %d rows are damaged", damaged, rows)
	}
	return rows, err
}

// An inspected file is open until it is closed.
type inspected struct {
	inspect.File
	file   *os.File
	beside []*os.File
}

func openInspect(path string) (*inspected, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	in := &inspected{file: f, File: inspect.File{Path: path, ReaderAt: f, Size: size}}
	open := func(path string) (inspect.File, error) {
		g, size, err := openRegular(path)
		if err != nil {
			return inspect.File{}, err
		}
		in.beside = append(in.beside, g)
		return inspect.File{Path: path, ReaderAt: g, Size: size}, nil
	}
	in.Beside = func(suffix string) (inspect.File, error) { return open(path + suffix) }
	in.Sibling = func(name string) (inspect.File, error) { return open(filepath.Join(filepath.Dir(path), name)) }
	return in, nil
}

// openRegular opens a file that can be read at any offset.
func openRegular(path string) (*os.File, int64, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !st.Mode().IsRegular() {
		return nil, 0, &fs.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	f, err := collect.OpenFile(path)
	return f, st.Size(), err
}

func (f *inspected) close() {
	f.file.Close()
	for _, b := range f.beside {
		b.Close()
	}
}
