package inspect

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
)

// An Opened file is open until it is closed.
type Opened struct {
	File
	file   *os.File
	beside []*os.File
}

// Open opens a file, and on demand those beside it, for reading only.
func Open(path string) (*Opened, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	in := &Opened{file: f, File: File{Path: path, ReaderAt: f, Size: size}}
	open := func(path string) (File, error) {
		g, size, err := openRegular(path)
		if err != nil {
			return File{}, err
		}
		in.beside = append(in.beside, g)
		return File{Path: path, ReaderAt: g, Size: size}, nil
	}
	in.Beside = func(suffix string) (File, error) { return open(path + suffix) }
	in.Sibling = func(name string) (File, error) { return open(filepath.Join(filepath.Dir(path), name)) }
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

// Close closes the file and those that were opened beside it.
func (f *Opened) Close() {
	f.file.Close()
	for _, b := range f.beside {
		b.Close()
	}
}
