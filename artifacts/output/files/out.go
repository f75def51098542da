package files

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
)

// An Out is where a command writes: standard output, or a file that gets its
// name only when it is whole.
type Out struct {
	*bufio.Writer
	file  *os.File // nil for standard output
	name  string   // empty for standard output, devices and pipes: what is written has gone
	force bool     // a file of this name is replaced
}

// OpenOut opens an output; an empty name or "-" is the writer. evidence are paths
// that must stay untouched. Only with force a file is replaced.
func OpenOut(name string, force bool, stdout io.Writer, evidence []string) (*Out, error) {
	if name == "" || name == "-" {
		return &Out{Writer: bufio.NewWriterSize(stdout, 64<<10)}, nil
	}
	if err := Outside(name, evidence); err != nil {
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
			return &Out{Writer: bufio.NewWriterSize(f, 64<<10), file: f}, nil
		}
		if !force {
			return nil, &ExistsError{Name: name}
		}
	}
	f, err := CreatePartial(name+".partial", Usual)
	if err != nil {
		return nil, err
	}
	return &Out{bufio.NewWriterSize(f, 64<<10), f, name, force}, nil
}

// Commit finishes the output: only now the file gets its name.
func (o *Out) Commit() error {
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
	if _, err := os.Lstat(o.name); err == nil && !o.force {
		return &ExistsError{Name: o.name} // it came while this one was written
	}
	return os.Rename(o.file.Name(), o.name)
}

// Abort leaves the unfinished file under its .partial name, unless nothing
// was written to it.
func (o *Out) Abort() {
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

// Standard reports whether the output is standard output.
func (o *Out) Standard() bool { return o.file == nil }

// Named reports whether the output is a regular file, which gets its name in the
// end.
func (o *Out) Named() bool { return o.name != "" }

// Path is where the file lies until it is whole.
func (o *Out) Path() string { return o.file.Name() }
