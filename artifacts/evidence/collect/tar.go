package collect

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const tarBlock = 512

// A tarEntry is a file of a tar: a part of it.
type tarEntry struct {
	r        io.ReaderAt
	at, size int64
}

func (e tarEntry) open() (fs.File, error) {
	return plainFile{io.NewSectionReader(e.r, e.at, e.size)}, nil
}

func isTar(head []byte) bool { return len(head) == tarBlock && string(head[257:262]) == "ustar" }

// readPacked reads a tar that is compressed as a whole. It is expanded once: into memory when it is small, into a temporary file otherwise.
func (a *archive) readPacked(r io.ReaderAt, size int64, head []byte) (Container, error) {
	kind, src, err := unpacker(io.NewSectionReader(r, 0, size), head)
	if err != nil {
		return "", err
	}
	first := make([]byte, tarBlock)
	if n, err := io.ReadFull(src, first); err != nil || !isTar(first) {
		if n > 0 && err == nil || errors.Is(err, io.ErrUnexpectedEOF) && n < tarBlock {
			err = nil
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", kind, err)
		}
		return "", fmt.Errorf("compressed as a whole (%s), and no tar is inside; unpack it first: %w", kind, ErrUnsupported)
	}
	s, err := Spool(io.MultiReader(bytes.NewReader(first), src), 0, a.opts.MaxExpanded)
	if s == nil {
		return "", fmt.Errorf("%s: %w", kind, err)
	}
	a.closers = append(a.closers, s)
	if err != nil {
		a.problem("the archive", fmt.Sprintf("damaged or cut off after %d bytes of what it expands to", s.Size()), err)
	}
	return Container("tar." + kind), a.readTar(s, s.Size())
}

func unpacker(r io.Reader, head []byte) (kind string, src io.Reader, err error) {
	r = bufio.NewReaderSize(r, 1<<20)
	switch head[0] {
	case 0x1F:
		src, err = gzip.NewReader(r)
		return "gz", src, err
	case 'B':
		return "bz2", bzip2.NewReader(r), nil
	}
	src, err = zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(512<<20))
	return "zst", src, err
}

func zeros(r io.ReaderAt, at, n int64) bool {
	b := make([]byte, n)
	k, _ := r.ReadAt(b, at)
	return int64(k) == n && len(bytes.TrimLeft(b, "\x00")) == 0
}

// noEnd names an early end as such.
func noEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// readTar reads the headers of a tar, and where the bytes of each file stand.
func (a *archive) readTar(r io.ReaderAt, size int64) error {
	sr := io.NewSectionReader(r, 0, size)
	t := tar.NewReader(sr)
	a.boundNodes(size)
	for n := 0; ; n++ {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			// Two blocks of zeros end a tar. Without them it was cut off between two entries.
			if at, err := sr.Seek(0, io.SeekCurrent); err != nil || at < 2*tarBlock || !zeros(r, at-2*tarBlock, 2*tarBlock) {
				a.refuse(fmt.Sprintf("after entry %d", n), "the archive has no end: it is cut off", nil)
			}
			return nil
		}
		if err != nil {
			if n == 0 {
				return fmt.Errorf("tar: %w", err)
			}
			a.refuse(fmt.Sprintf("after entry %d", n), "the archive is damaged or cut off", noEnd(err))
			return nil
		}
		if n >= a.opts.MaxEntries {
			return &LimitError{"MaxEntries", int64(a.opts.MaxEntries)}
		}
		at, err := sr.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		switch h.Typeflag {
		case tar.TypeReg, tar.TypeDir:
		case tar.TypeXGlobalHeader:
			continue
		default:
			a.refuse(h.Name, "a link, a device or a sparse file", nil)
			continue
		}
		mode := fs.FileMode(0)
		if h.Typeflag == tar.TypeDir {
			mode = fs.ModeDir
		}
		if h.Size > size-at {
			a.refuse(h.Name, "it runs past the archive's end", nil)
			continue
		}
		a.add(h.Name, mode, h.Size, tarEntry{r, at, h.Size})
	}
}
