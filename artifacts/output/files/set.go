package files

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"path"
	"path/filepath"
)

// A Set is a folder of outputs. Each file has the ending .partial until it
// is whole.
type Set struct {
	Dir   string
	Force bool // replace files that exist
	Mode  Mode
	open  []*setFile
}

// A setFile is one file being written; it counts and hashes what goes through.
type setFile struct {
	*bufio.Writer
	f    *os.File
	name string // below the folder, with slashes
	full string
	sum  hash.Hash
	n    int64
	line int // ends of lines: no value has one, so there is one for each row
}

// rows is how many rows a file of lines has; CSV has its header besides.
func (f *setFile) rows() int {
	switch path.Ext(f.name) {
	case ".csv":
		return max(0, f.line-1)
	case ".ndjson":
		return f.line / 2 // each document has its request before it
	}
	return f.line
}

func (f *setFile) count(p []byte) (int, error) {
	n, err := f.f.Write(p)
	f.sum.Write(p[:n])
	f.n += int64(n)
	f.line += bytes.Count(p[:n], []byte{'\n'})
	return n, err
}

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }

// Create opens one file of the set.
func (s *Set) Create(name string) (io.Writer, error) {
	full := filepath.Join(s.Dir, filepath.FromSlash(name))
	for i, c := range name {
		if c == '/' {
			if err := s.Mode.MkdirAll(filepath.Join(s.Dir, filepath.FromSlash(name[:i]))); err != nil {
				return nil, err
			}
		}
	}
	if _, err := os.Lstat(full); err == nil && !s.Force {
		return nil, &ExistsError{full}
	}
	f, err := CreatePartial(full+".partial", s.Mode)
	if err != nil {
		return nil, err
	}
	o := &setFile{f: f, name: name, full: full, sum: sha256.New()}
	o.Writer = bufio.NewWriterSize(writerFunc(o.count), 256<<10)
	s.open = append(s.open, o)
	return o, nil
}

// Commit gives the files their names.
func (s *Set) Commit() ([]File, error) {
	var out []File
	for len(s.open) > 0 {
		o := s.open[0]
		if err := errors.Join(o.Flush(), o.f.Close()); err != nil {
			return out, err
		}
		if err := os.Rename(o.f.Name(), o.full); err != nil {
			return out, err
		}
		s.open = s.open[1:]
		out = append(out, File{Name: o.name, Rows: o.rows(), Bytes: o.n, SHA256: hex.EncodeToString(o.sum.Sum(nil))})
	}
	return out, nil
}

// Abort closes what is not finished; it keeps its .partial name, unless nothing
// was written.
func (s *Set) Abort() {
	for _, o := range s.open {
		o.Flush()
		o.f.Close()
		if o.n == 0 {
			os.Remove(o.f.Name())
		}
	}
	s.open = nil
}

// A File is one finished output, as the manifest names it.
type File struct {
	Name   string   `json:"name"`
	Format string   `json:"format,omitempty"`
	Rows   int      `json:"rows"`
	Bytes  int64    `json:"bytes"`
	SHA256 string   `json:"sha256"`
	Notes  []string `json:"notes,omitempty"`
}
