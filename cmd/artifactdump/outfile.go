package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"

	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/urfave/cli/v2"
)

// An out is where a command writes: standard output, or a file that gets its
// name only when it is whole.
type out struct {
	*bufio.Writer
	file *os.File // nil for standard output
	name string   // empty for standard output, devices and pipes: what is written has gone
}

// openOutput opens what -o names. evidence are paths that must stay untouched.
func openOutput(c *cli.Context, evidence ...string) (*out, error) {
	name := c.String("output")
	if name == "" || name == "-" {
		return &out{Writer: bufio.NewWriterSize(c.App.Writer, 64<<10)}, nil
	}
	if err := files.Outside(name, evidence); err != nil {
		return nil, err
	}
	if st, err := os.Stat(name); err == nil {
		switch {
		case st.IsDir():
			return nil, fmt.Errorf("%s is a folder, not a file", name)
		case !st.Mode().IsRegular(): // a device or a pipe is written to; a file in its place would replace it
			f, err := os.OpenFile(name, os.O_WRONLY, 0)
			if err != nil {
				return nil, err
			}
			return &out{Writer: bufio.NewWriterSize(f, 64<<10), file: f}, nil
		}
		if !c.Bool("force") {
			return nil, &files.ExistsError{Name: name}
		}
	}
	f, err := files.CreatePartial(name+".partial", files.Usual)
	if err != nil {
		return nil, err
	}
	return &out{bufio.NewWriterSize(f, 64<<10), f, name}, nil
}

// commit finishes the output: only now the file gets its name.
func (o *out) commit() error {
	err := o.Flush()
	if o.file == nil {
		return err
	}
	if err = errors.Join(err, o.file.Close()); err != nil {
		return err
	}
	if o.name == "" {
		return nil
	}
	return os.Rename(o.file.Name(), o.name)
}

// abort leaves the unfinished file under its .partial name, unless nothing
// was written to it.
func (o *out) abort() {
	if o.file == nil {
		o.Flush()
		return
	}
	o.Flush()
	st, err := o.file.Stat()
	o.file.Close()
	if err == nil && st.Size() == 0 && o.name != "" {
		os.Remove(o.file.Name())
	}
}
