package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

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
	if err := outside(name, evidence); err != nil {
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
			return nil, fmt.Errorf("%s exists: use --force to replace it", name)
		}
	}
	f, err := createPartial(name + ".partial")
	if err != nil {
		return nil, err
	}
	return &out{bufio.NewWriterSize(f, 64<<10), f, name}, nil
}

// createPartial opens a new file for what is not whole yet. What an earlier run
// left under the name is dropped; a link that somebody put there is not
// followed.
func createPartial(name string) (*os.File, error) {
	if st, err := os.Lstat(name); err == nil && st.Mode().IsRegular() {
		if err := os.Remove(name); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
}

// outside refuses an output that lies inside evidence.
func outside(name string, evidence []string) error {
	dir, err := realPath(filepath.Dir(name))
	if err != nil {
		return err
	}
	for _, e := range evidence {
		ev, err := realPath(e)
		if err != nil {
			continue
		}
		if within(dir, ev) {
			if st, err := os.Stat(ev); err == nil && st.IsDir() {
				return fmt.Errorf("%s lies inside the evidence %s, which is never written to", name, e)
			}
		}
		if target, err := realPath(name); err == nil && target == ev {
			return fmt.Errorf("%s is the evidence itself", name)
		}
	}
	return nil
}

// within tells whether a path is that of a folder, or of something below it.
func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

func realPath(p string) (string, error) {
	abs, err := filepath.Abs(p)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
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
