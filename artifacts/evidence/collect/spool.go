package collect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// A Spooled is the bytes of a file that could only be read from its beginning, to be read at any offset.
type Spooled struct {
	io.ReaderAt
	size int64
	file *os.File // nil when they are in memory
}

// Size is the number of bytes.
func (s *Spooled) Size() int64 { return s.size }

// Close gives up the memory, or removes the temporary file.
func (s *Spooled) Close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if rerr := os.Remove(s.file.Name()); !errors.Is(rerr, os.ErrNotExist) {
		err = errors.Join(err, rerr)
	}
	return err
}

// spoolInMemory is how many bytes [Spool] keeps in memory.
const spoolInMemory = 24 << 20

// Spool reads r to its end, and closes it if it can be: into memory up to 24 MiB, above that into a temporary file, which is removed when
// the result is closed. size is what is expected, most what is allowed. With an error the result is what came before it, unless that is
// a *LimitError, or the file cannot be written.
func Spool(r io.Reader, size, most int64) (*Spooled, error) {
	return spool(r, size, most, spoolInMemory)
}

func spool(r io.Reader, size, most, inMemory int64) (*Spooled, error) {
	if c, ok := r.(io.Closer); ok {
		defer c.Close()
	}
	if size > most {
		return nil, &LimitError{"MaxExpanded", most}
	}
	head := bytes.NewBuffer(make([]byte, 0, min(max(size, 0)+512, inMemory)))
	n, err := io.Copy(head, io.LimitReader(r, inMemory+1))
	if n > most {
		return nil, &LimitError{"MaxExpanded", most}
	}
	if err != nil || n <= inMemory {
		return &Spooled{ReaderAt: bytes.NewReader(head.Bytes()), size: n}, err
	}
	f, err := os.CreateTemp("", "artifactdump-*.tmp")
	if err != nil {
		return nil, fmt.Errorf("more than %d bytes, and no temporary file for them: %w", inMemory, err)
	}
	os.Remove(f.Name()) // where the system allows it the file has no name from now on, and is gone whatever happens
	s := &Spooled{ReaderAt: f, file: f}
	w := &countWriter{w: f}
	_, err = w.Write(head.Bytes())
	if err == nil {
		_, err = io.Copy(w, io.LimitReader(r, most-n+1))
	}
	s.size = w.n
	if w.err != nil {
		s.Close()
		return nil, w.err
	}
	if s.size > most {
		s.Close()
		return nil, &LimitError{"MaxExpanded", most}
	}
	return s, err
}

// A countWriter keeps errors of writing apart from those of reading.
type countWriter struct {
	w   io.Writer
	n   int64
	err error
}

func (c *countWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	c.err = err
	return n, err
}
