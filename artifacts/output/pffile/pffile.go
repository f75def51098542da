// Package pffile reads Prefetch files on their own, without the machine that they
// come from, and writes them as text or JSON lines.
package pffile

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"runtime"
	"slices"
	"sync"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/prefetch"
)

// A File is one Prefetch file. Prefetch is nil when nothing of it could be read;
// Err says why, and also what is wrong with one that could be read in part.
type File struct {
	Path     string
	SHA256   string
	Prefetch *prefetch.File
	Verify   prefetch.Verification
	Err      error
}

// Each reads files, so many in parallel (0 is one for each processor), and
// yields them in their order. What is wrong with a file is in the file; the
// error is that of the context.
func Each(ctx context.Context, paths []string, jobs int, opts *prefetch.Options, dict *prefetch.Dictionary) iter.Seq2[*File, error] {
	n := jobs
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	n = min(n, max(1, len(paths)))
	return func(yield func(*File, error) bool) {
		for chunk := range slices.Chunk(paths, 64*n) {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			for _, f := range readChunk(chunk, n, opts, dict) {
				if !yield(f, nil) {
					return
				}
			}
		}
	}
}

func readChunk(chunk []string, n int, opts *prefetch.Options, dict *prefetch.Dictionary) []*File {
	done := make([]*File, len(chunk))
	var wg sync.WaitGroup
	for w := range n {
		wg.Go(func() {
			for i := w; i < len(chunk); i += n {
				done[i] = Read(chunk[i], opts, dict)
			}
		})
	}
	wg.Wait()
	return done
}

// Read reads one file.
func Read(path string, opts *prefetch.Options, dict *prefetch.Dictionary) *File {
	out := &File{Path: path}
	st, err := os.Stat(path)
	if err == nil && st.Size() > maxFile {
		err = fmt.Errorf("%d bytes: no Prefetch file is larger than %d", st.Size(), int64(maxFile))
	}
	var b []byte
	if err == nil {
		b, err = readAtMost(path, maxFile)
	}
	if err != nil {
		if pe, ok := errors.AsType[*fs.PathError](err); ok {
			err = pe.Err
		}
		out.Err = err
		return out
	}
	sum := sha256.Sum256(b)
	out.SHA256 = hex.EncodeToString(sum[:])
	out.Prefetch, out.Err = prefetch.Parse(b, opts)
	if out.Prefetch != nil {
		out.Verify = out.Prefetch.Verify(dict, nil)
	}
	return out
}

// readAtMost reads a file whose size may not be known beforehand: a pipe, a
// device, or a file that grows.
func readAtMost(path string, limit int64) ([]byte, error) {
	f, err := collect.OpenNamed(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if st.Mode().IsRegular() && st.Size() <= limit {
		b.Grow(int(st.Size()) + bytes.MinRead)
	}
	n, err := b.ReadFrom(io.LimitReader(f, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("more than %d bytes", limit)
	}
	return b.Bytes(), err
}

// maxFile bounds what is read into memory: the largest genuine file
// seen has less than 2 MB.
const maxFile = 256 << 20

// Problems is everything that is wrong with the file.
func (f *File) Problems() []error {
	var out []error
	if f.Err != nil {
		out = append(out, f.Err)
	}
	if f.Prefetch != nil {
		for _, d := range f.Prefetch.Damage {
			if error(d) != f.Err {
				out = append(out, d)
			}
		}
	}
	return out
}
