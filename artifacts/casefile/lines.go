package casefile

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
)

// maxLine bounds one line of a file. The longest that a scan writes are records
// with the text of a script.
const maxLine = 256 << 20

// lines yields the lines of a file of the machine, nothing where the scan wrote no
// such file. A line is valid until the next one. An error ends the sequence.
func (m *Machine) lines(ctx context.Context, name string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		err := m.whole(name, func(r io.Reader) error {
			return readLines(ctx, r, filepath.Ext(name) == ".gz", func(line []byte) bool { return yield(line, nil) })
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	}
}

// whole reads a file of the machine, and compares it with the manifest when it was
// read without an error. It reads nothing where the scan wrote no such file.
func (m *Machine) whole(name string, read func(io.Reader) error) error {
	stored, ok := m.output(name)
	if !ok {
		return nil
	}
	path := filepath.Join(m.Dir, filepath.FromSlash(name))
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	raw := io.TeeReader(f, sum)
	if err := read(raw); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return compare(raw, sum, stored.SHA256, path)
}

// compare reads what is left and compares the hash of all.
func compare(raw io.Reader, sum hash.Hash, want, path string) error {
	if _, err := io.Copy(io.Discard, raw); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != want {
		return &ChangedError{path}
	}
	return nil
}

// errStopped ends readLines when no more lines are wanted.
var errStopped = errors.New("stopped")

func readLines(ctx context.Context, r io.Reader, packed bool, yield func([]byte) bool) error {
	if packed {
		z, err := gzip.NewReader(r)
		if err != nil {
			return err
		}
		defer z.Close()
		r = z
	}
	in := bufio.NewReaderSize(r, 256<<10)
	var long []byte
	for n := 1; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line, err := in.ReadSlice('\n')
		for errors.Is(err, bufio.ErrBufferFull) {
			if long = append(long, line...); len(long) > maxLine {
				return fmt.Errorf("line %d is longer than %d bytes", n, maxLine)
			}
			line, err = in.ReadSlice('\n')
		}
		if len(long) > 0 {
			line = append(long, line...)
			long = line[:0]
		}
		if err != nil && err != io.EOF {
			return err
		}
		if len(line) > 0 && line[len(line)-1] == '\n' {
			line = line[:len(line)-1]
		}
		if len(line) > 0 && !yield(line) {
			return errStopped
		}
		if err == io.EOF {
			return nil
		}
	}
}
