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

// readTar reads the headers of a tar, and where the bytes of each file stand. Behind a header that is damaged the next sound one is
// looked for.
func (a *archive) readTar(r io.ReaderAt, size int64) error {
	a.boundNodes(size)
	n := 0
	for from := int64(0); from < size; {
		next, err := a.tarPart(r, from, size, &n)
		if err != nil || next < 0 {
			return err
		}
		from = next
	}
	return nil
}

// tarPart reads headers from an offset up to the end, for which it returns -1, or up to one that is damaged, and then where the next
// sound one is.
func (a *archive) tarPart(r io.ReaderAt, from, size int64, n *int) (next int64, err error) {
	sr := io.NewSectionReader(r, from, size-from)
	t := tar.NewReader(sr)
	end := from // of the last file
	for {
		h, err := t.Next()
		pos, _ := sr.Seek(0, io.SeekCurrent)
		at := from + pos
		switch {
		case errors.Is(err, io.EOF):
			// Two blocks of zeros end a tar. Without them it was cut off between two entries, or a header was overwritten.
			if next := nextTarHeader(r, at, size); next < size {
				a.refuse(fmt.Sprintf("after entry %d", *n), fmt.Sprintf("%d bytes without a header", next-end), nil)
				return next, nil
			}
			if at < 2*tarBlock || !zeros(r, at-2*tarBlock, 2*tarBlock) {
				a.refuse(fmt.Sprintf("after entry %d", *n), "the archive has no end: it is cut off", nil)
			}
			return -1, nil
		case err != nil:
			next := nextTarHeader(r, end+1, size)
			if *n == 0 && next >= size {
				return 0, fmt.Errorf("tar: %w", err)
			}
			a.refuse(fmt.Sprintf("after entry %d", *n), "the archive is damaged or cut off", noEnd(err))
			return next, nil
		case *n >= a.opts.MaxEntries:
			return 0, &LimitError{"MaxEntries", int64(a.opts.MaxEntries)}
		}
		*n++
		if h.Size > 0 && h.Size <= size-at {
			end = at + h.Size
		} else {
			end = at
		}
		a.addTar(r, h, at, size)
	}
}

func (a *archive) addTar(r io.ReaderAt, h *tar.Header, at, size int64) {
	mode := fs.FileMode(0)
	switch h.Typeflag {
	case tar.TypeXGlobalHeader:
		return
	case tar.TypeDir:
		mode = fs.ModeDir
	case tar.TypeReg:
	default:
		a.refuse(h.Name, "a link, a device or a sparse file", nil)
		return
	}
	if h.Size > size-at {
		a.refuse(h.Name, "it runs past the archive's end", nil)
		return
	}
	a.add(h.Name, mode, h.Size, tarEntry{r, at, h.Size})
}

// nextTarHeader finds the next block that is a header with a right checksum, from an offset on; size when there is none.
func nextTarHeader(r io.ReaderAt, from, size int64) int64 {
	b := make([]byte, 1<<20)
	for at := (from + tarBlock - 1) / tarBlock * tarBlock; at < size; at += int64(len(b)) {
		n, _ := r.ReadAt(b, at)
		for i := 0; i+tarBlock <= n; i += tarBlock {
			if block := b[i : i+tarBlock]; isTar(block) && tarSum(block) {
				return at + int64(i)
			}
		}
	}
	return size
}

// tarSum reports whether the checksum of a header is right: the sum of its bytes, with blanks for the sum itself.
func tarSum(b []byte) bool {
	const sumAt, sumLen = 148, 8
	var want, sum int64
	for i, c := range b {
		if i >= sumAt && i < sumAt+sumLen {
			if c >= '0' && c <= '7' {
				want = want*8 + int64(c-'0')
			}
			c = ' '
		}
		sum += int64(c)
	}
	return sum == want
}
