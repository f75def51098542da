package fleet

import (
	"bufio"
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A lineSorter sorts lines by a key, on disk where they are many.
type lineSorter struct {
	dir    string
	name   string
	budget int
	lines  []string // key, NUL, line
	size   int
	files  []string
	made   int   // files so far
	err    error // of whoever reads what was sorted
}

const (
	sortBudget = 2 << 20 // bytes that a sorter holds in memory
	sortFiles  = 64      // files that it reads at a time
)

func (s *lineSorter) add(key, line string) error {
	s.lines = append(s.lines, key+"\x00"+line)
	s.size += len(key) + len(line) + 17
	if s.size < cmp.Or(s.budget, sortBudget) {
		return nil
	}
	return s.spill()
}

// spill writes what is in memory to a file. Where there are many files, it makes one of them.
func (s *lineSorter) spill() error {
	slices.Sort(s.lines)
	lines := s.lines
	s.lines, s.size = nil, 0
	err := s.write(func(yield func(string, error) bool) {
		for _, l := range lines {
			if !yield(l, nil) {
				return
			}
		}
	})
	clear(lines)
	s.lines = lines[:0]
	if err != nil || len(s.files) < sortFiles {
		return err
	}
	old := s.files
	s.files = nil
	return s.write(mergeLines(old))
}

// write writes sorted lines to a file.
func (s *lineSorter) write(lines iter.Seq2[string, error]) error {
	name := filepath.Join(s.dir, fmt.Sprintf("%s-%d.tmp", s.name, s.made))
	s.made++
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	s.files = append(s.files, name)
	w := bufio.NewWriterSize(f, 64<<10)
	for l, err := range lines {
		if err != nil {
			return errors.Join(err, f.Close())
		}
		w.WriteString(l)
		w.WriteByte('\n')
	}
	return errors.Join(w.Flush(), f.Close())
}

// A lineFile is a sorted file that is being read.
type lineFile struct {
	f   *os.File
	buf *bufio.Reader
	now string
}

func (l *lineFile) next() error {
	s, err := l.buf.ReadString('\n')
	if err == io.EOF && s == "" {
		return io.EOF
	}
	l.now = strings.TrimSuffix(s, "\n")
	if err == io.EOF {
		return nil
	}
	return err
}

type lineHeap []*lineFile

func (h lineHeap) Len() int           { return len(h) }
func (h lineHeap) Less(i, j int) bool { return h[i].now < h[j].now }
func (h lineHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *lineHeap) Push(x any)        { *h = append(*h, x.(*lineFile)) }
func (h *lineHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// sorted yields the lines in order, without their keys.
func (s *lineSorter) sorted() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		rest := func(l string) string { _, after, _ := strings.Cut(l, "\x00"); return after }
		if len(s.files) == 0 {
			slices.Sort(s.lines)
			for _, l := range s.lines {
				if !yield(rest(l), nil) {
					return
				}
			}
			return
		}
		if len(s.lines) > 0 {
			if err := s.spill(); err != nil {
				yield("", err)
				return
			}
		}
		for l, err := range mergeLines(s.files) {
			if !yield(rest(l), err) || err != nil {
				return
			}
		}
	}
}

// mergeLines yields the lines of sorted files in order, and removes the files.
func mergeLines(names []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var h lineHeap
		defer func() {
			for _, l := range h {
				l.f.Close()
			}
			for _, name := range names {
				os.Remove(name)
			}
		}()
		for _, name := range names {
			f, err := os.Open(name)
			if err != nil {
				yield("", err)
				return
			}
			l := &lineFile{f: f, buf: bufio.NewReaderSize(f, 16<<10)}
			h = append(h, l)
			if err := l.next(); err != nil {
				yield("", err)
				return
			}
		}
		heap.Init(&h)
		for len(h) > 0 {
			l := h[0]
			if !yield(l.now, nil) {
				return
			}
			if err := l.next(); err == io.EOF {
				l.f.Close()
				heap.Pop(&h)
				continue
			} else if err != nil {
				yield("", err)
				return
			}
			heap.Fix(&h, 0)
		}
	}
}
