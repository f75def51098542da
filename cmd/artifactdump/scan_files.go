package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A fileSet is a folder of outputs. Each file has the ending .partial until it
// is whole.
type fileSet struct {
	dir   string
	force bool
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

// create opens one file of the set.
func (s *fileSet) create(name string) (io.Writer, error) {
	full := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
		return nil, err
	}
	if _, err := os.Lstat(full); err == nil && !s.force {
		return nil, fmt.Errorf("%s exists: use --force to replace it", full)
	}
	f, err := createPartial(full + ".partial")
	if err != nil {
		return nil, err
	}
	o := &setFile{f: f, name: name, full: full, sum: sha256.New()}
	o.Writer = bufio.NewWriterSize(writerFunc(o.count), 256<<10)
	s.open = append(s.open, o)
	return o, nil
}

// commit gives the files their names.
func (s *fileSet) commit() ([]outputFile, error) {
	var out []outputFile
	for len(s.open) > 0 {
		o := s.open[0]
		if err := errors.Join(o.Flush(), o.f.Close()); err != nil {
			return out, err
		}
		if err := os.Rename(o.f.Name(), o.full); err != nil {
			return out, err
		}
		s.open = s.open[1:]
		out = append(out, outputFile{Name: o.name, Rows: o.rows(), Bytes: o.n, SHA256: hex.EncodeToString(o.sum.Sum(nil))})
	}
	return out, nil
}

// abort closes what is not finished; it keeps its .partial name, unless nothing
// was written.
func (s *fileSet) abort() {
	for _, o := range s.open {
		o.Flush()
		o.f.Close()
		if o.n == 0 {
			os.Remove(o.f.Name())
		}
	}
	s.open = nil
}

// An outputFile is one finished output, as the manifest names it.
type outputFile struct {
	Name   string   `json:"name"`
	Format string   `json:"format,omitempty"`
	Rows   int      `json:"rows"`
	Bytes  int64    `json:"bytes"`
	SHA256 string   `json:"sha256"`
	Notes  []string `json:"notes,omitempty"`
}

// A lookup answers what records do not hold, from the evidence they came from:
// the times of their files, all values of their keys.
type lookup struct{ tree *evidence.Tree }

func (l *lookup) times(r *artifacts.Record) evidence.Times {
	if l.tree == nil || r.From.Snapshot != "" {
		return evidence.Times{}
	}
	f, ok := l.tree.Lookup(r.From.Path)
	if !ok {
		return evidence.Times{}
	}
	t, _ := f.Times()
	return t
}

func (l *lookup) values(r *artifacts.Record) map[string]string {
	if l.tree == nil || r.From.Key == "" {
		return nil
	}
	hives, _ := l.tree.Hives()
	for _, h := range hives {
		if h.Path != r.From.Path || h.Snapshot != r.From.Snapshot {
			continue
		}
		hv, _ := h.Open()
		if hv == nil {
			return nil
		}
		k, err := hv.Key(r.From.Key)
		if err != nil {
			return nil
		}
		m := map[string]string{}
		for v, err := range k.Values() {
			if err != nil {
				continue
			}
			if s, err := v.Texts(); err == nil {
				m[v.Name()] = strings.Join(s, " ")
			} else if n, err := v.Uint(); err == nil {
				m[v.Name()] = fmt.Sprint(n)
			}
		}
		return m
	}
	return nil
}

// outsideFolder refuses a folder for outputs that lies inside evidence, be it
// there already or not.
func outsideFolder(name string, evidence []string) error {
	at, err := filepath.Abs(name)
	if err != nil {
		return err
	}
	for {
		if _, err := os.Stat(at); err == nil || at == filepath.Dir(at) {
			for _, e := range evidence {
				if outside(filepath.Join(at, "x"), []string{e}) != nil {
					return fmt.Errorf("%s lies inside the evidence %s, which is never written to", name, e)
				}
			}
			return nil
		}
		at = filepath.Dir(at)
	}
}
