package fleet

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
)

// maxLine bounds one line: a key has 512 bytes, a spelling 1,024.
const maxLine = 64 << 10

// A reader yields the observations of one sorted file.
type reader struct {
	name string
	host string // of every line, "" in runs
	f    *os.File
	z    *gzip.Reader
	buf  *bufio.Reader
	now  observations.Observation
	was  observations.Observation // only kind, key and host
	byID map[string]string        // one copy of each host of a run
	line int
	raw  []byte // the line of now, without its end
	long []byte
}

func openReader(name, host string) (*reader, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	r := &reader{name: name, host: host, f: f}
	if r.z, err = gzip.NewReader(bufio.NewReaderSize(f, 8<<10)); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r.buf = bufio.NewReaderSize(r.z, 8<<10)
	return r, nil
}

func (r *reader) close() {
	r.z.Close()
	r.f.Close()
}

// next reads the next observation into now; io.EOF ends the file.
func (r *reader) next() error {
	line, err := r.text()
	if err == io.EOF && len(line) == 0 {
		return io.EOF
	}
	if err != nil && err != io.EOF {
		return fmt.Errorf("%s: line %d: %w", r.name, r.line+1, err)
	}
	r.line++
	r.raw = bytes.TrimRight(line, "\r\n")
	r.was.Kind, r.was.Key, r.was.Host = r.now.Kind, r.now.Key, r.now.Host
	if err := r.now.Parse(line); err != nil {
		return fmt.Errorf("%s: line %d: %w", r.name, r.line, err)
	}
	switch {
	case r.line > 1 && r.was.Compare(&r.now) >= 0:
		return fmt.Errorf("%s: line %d is not in order", r.name, r.line)
	case r.host != "" && r.now.Host != r.host:
		return fmt.Errorf("%s: line %d is of the machine %q, not %q", r.name, r.line, r.now.Host, r.host)
	case r.now.Key == "" || r.now.Count < 0 || !observations.Plain(r.now.Key) || !observations.Plain(r.now.Host):
		return fmt.Errorf("%s: line %d has no key, no count, or a control character", r.name, r.line)
	}
	r.intern()
	return nil
}

// intern keeps one copy of the name of each machine: rows and ranking refer to
// many.
func (r *reader) intern() {
	if r.host != "" {
		r.now.Host = r.host
		return
	}
	if r.byID == nil {
		r.byID = map[string]string{}
	}
	id, ok := r.byID[r.now.Host]
	if !ok {
		id = strings.Clone(r.now.Host)
		r.byID[id] = id
	}
	r.now.Host = id
}

// text returns the next line, which may lie in the buffer.
func (r *reader) text() ([]byte, error) {
	line, err := r.buf.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return line, err
	}
	r.long = append(r.long[:0], line...)
	for {
		line, err = r.buf.ReadSlice('\n')
		r.long = append(r.long, line...)
		if len(r.long) > maxLine {
			return nil, errors.New("the line is too long")
		}
		if err != bufio.ErrBufferFull {
			return r.long, err
		}
	}
}

// A readerHeap holds readers, the one with the smallest observation first.
type readerHeap []*reader

func (h readerHeap) less(i, j int) bool { return h[i].now.Compare(&h[j].now) < 0 }

func (h readerHeap) down(i int) {
	for {
		c := 2*i + 1
		if c >= len(h) {
			return
		}
		if c+1 < len(h) && h.less(c+1, c) {
			c++
		}
		if !h.less(c, i) {
			return
		}
		h[i], h[c] = h[c], h[i]
		i = c
	}
}

// A part is a sorted file to merge.
type part struct{ name, host string }

// merge yields the observations of sorted files in order. An observation is good
// until the next one.
func merge(ctx context.Context, parts []part) iter.Seq2[*observations.Observation, error] {
	return func(yield func(*observations.Observation, error) bool) {
		for r, err := range mergeReaders(ctx, parts) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(&r.now, nil) {
				return
			}
		}
	}
}

// mergeReaders is merge with the reader that has each observation and its line.
func mergeReaders(ctx context.Context, parts []part) iter.Seq2[*reader, error] {
	return func(yield func(*reader, error) bool) {
		var h readerHeap
		defer func() {
			for _, r := range h {
				r.close()
			}
		}()
		for _, p := range parts {
			r, err := openReader(p.name, p.host)
			if err != nil {
				yield(nil, err)
				return
			}
			h = append(h, r)
			if err := r.next(); err == io.EOF {
				r.close()
				h = h[:len(h)-1]
			} else if err != nil {
				yield(nil, err)
				return
			}
		}
		for i := len(h)/2 - 1; i >= 0; i-- {
			h.down(i)
		}
		for n := 0; len(h) > 0; n++ {
			if n%4096 == 0 && ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			r := h[0]
			if !yield(r, nil) {
				return
			}
			switch err := r.next(); {
			case err == io.EOF:
				r.close()
				h[0] = h[len(h)-1]
				h = h[:len(h)-1]
			case err != nil:
				yield(nil, err)
				return
			}
			h.down(0)
		}
	}
}

// observed yields the observations of machines in order. More files than can be
// open at a time are merged in passes.
func (r *run) observed(machines []*Machine) iter.Seq2[*observations.Observation, error] {
	parts := make([]part, len(machines))
	for i, m := range machines {
		parts[i] = part{m.observations(), m.ID}
	}
	return func(yield func(*observations.Observation, error) bool) {
		for pass := 0; len(parts) > r.o.FanIn; pass++ {
			var next []part
			for len(parts) > 0 {
				n := min(r.o.FanIn, len(parts))
				name := filepath.Join(r.part, fmt.Sprintf("run-%d-%d.tmp", pass, len(next)))
				if err := writeRun(name, mergeReaders(r.ctx, parts[:n])); err != nil {
					yield(nil, err)
					return
				}
				if pass > 0 {
					for _, p := range parts[:n] {
						os.Remove(p.name)
					}
				}
				next, parts = append(next, part{name: name}), parts[n:]
			}
			parts = next
		}
		for o, err := range merge(r.ctx, parts) {
			if !yield(o, err) || err != nil {
				return
			}
		}
		for _, p := range parts {
			if p.host == "" {
				os.Remove(p.name)
			}
		}
	}
}

// writeRun writes observations to a temporary sorted file.
func writeRun(name string, list iter.Seq2[*reader, error]) error {
	w, err := newRunWriter(name)
	if err != nil {
		return err
	}
	defer w.f.Close()
	for r, err := range list {
		if err != nil {
			return err
		}
		if _, err := w.Write(r.raw); err != nil {
			return err
		}
		if err := w.WriteByte('\n'); err != nil {
			return err
		}
	}
	return w.close()
}

// A runWriter writes a packed file of lines.
type runWriter struct {
	*bufio.Writer
	f *os.File
	z *gzip.Writer
}

func newRunWriter(name string) (*runWriter, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &runWriter{bufio.NewWriterSize(z, 32<<10), f, z}, nil
}

func (w *runWriter) close() error { return errors.Join(w.Flush(), w.z.Close(), w.f.Close()) }

// WriteSorted sorts lines of observations, in any order, into one packed file for
// [ReadSorted]. Many lines are sorted on disk, beside the file.
func WriteSorted(ctx context.Context, name string, lines iter.Seq2[string, error]) error {
	s := lineSorter{dir: filepath.Dir(name), name: filepath.Base(name)}
	var o observations.Observation
	for line, err := range lines {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = o.Parse([]byte(line))
		}
		if err != nil {
			return err
		}
		// No part has a control character, so that these texts compare as the parts do.
		if err := s.add(o.Kind+"\x01"+o.Key+"\x01"+o.Host, line); err != nil {
			return err
		}
	}
	w, err := newRunWriter(name)
	if err != nil {
		return err
	}
	defer w.f.Close()
	for line, err := range s.sorted() {
		if err != nil {
			return err
		}
		if _, err := w.WriteString(line + "\n"); err != nil {
			return err
		}
	}
	return w.close()
}

// ReadSorted yields the observations of one file that an engine sorted: lines of
// JSON, packed with gzip.
func ReadSorted(ctx context.Context, name string) iter.Seq2[*observations.Observation, error] {
	return merge(ctx, []part{{name: name}})
}

// indented is JSON for people.
func indented(b []byte) []byte {
	var out bytes.Buffer
	if err := jsonIndent(&out, b); err != nil {
		return b
	}
	out.WriteByte('\n')
	return out.Bytes()
}
