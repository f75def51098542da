package collect

import (
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// A zipEntry is a file of a zip.
type zipEntry struct {
	a       *archive
	r       io.ReaderAt
	name    string
	mode    fs.FileMode
	method  uint16
	flags   uint16
	modTime uint16
	aes     *aesExtra // of WinZip's encryption
	crc     uint32
	noCRC   bool  // none is known
	size    int64 // of the file
	packed  int64 // of its data in the archive
	at      int64 // where that begins; -1 when it is not known
}

// Methods (APPNOTE 4.4.5).
const (
	zipStore   = 0
	zipDeflate = 8
	zipBzip2   = 12
	zipZstd    = 93
	zipAES     = 99

	flagEncrypted  = 1
	flagDescriptor = 8 // sizes and CRC follow the data
)

var errZipFormat = errors.New("not a valid entry of a zip file")

func (e *zipEntry) encrypted() bool { return e.flags&flagEncrypted != 0 || e.method == zipAES }

// open opens the entry: one that is stored can be read at any offset, a packed one from its beginning. What is read to its end is checked
// against its CRC-32.
func (e *zipEntry) open() (fs.File, error) {
	if e.size > e.a.opts.MaxEntry {
		return nil, &LimitError{"MaxEntry", e.a.opts.MaxEntry}
	}
	if e.at < 0 {
		return nil, fmt.Errorf("its local header is damaged, and its data was not found: %w", errZipFormat)
	}
	data := io.NewSectionReader(e.r, e.at, e.packed)
	if e.encrypted() {
		return e.openEncrypted(data)
	}
	if e.method == zipStore {
		if e.packed != e.size {
			return nil, errZipFormat
		}
		return &storedFile{SectionReader: data, crc: e.sum()}, nil
	}
	return e.unpack(data, e.method, e.sum())
}

// sum is the checksum to hold what is read to, nil when none is known.
func (e *zipEntry) sum() *checksum {
	if e.noCRC {
		return nil
	}
	return &checksum{Hash32: crc32.NewIEEE(), want: e.crc}
}

// A checksum follows what is read from a file's beginning to its end.
type checksum struct {
	hash.Hash32
	want uint32
	n    int64
}

// check looks at the sum when all has been read.
func (c *checksum) check() error {
	if c != nil && c.Sum32() != c.want {
		return fmt.Errorf("its CRC-32 is %08x, and %08x is stored", c.Sum32(), c.want)
	}
	return nil
}

// A storedFile is an entry whose bytes are in the archive uncompressed.
type storedFile struct {
	*io.SectionReader
	crc *checksum
}

func (*storedFile) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }
func (*storedFile) Close() error               { return nil }

func (f *storedFile) Read(p []byte) (int, error) {
	at, _ := f.Seek(0, io.SeekCurrent)
	n, err := f.SectionReader.Read(p)
	if f.crc != nil && at == f.crc.n {
		f.crc.Write(p[:n])
		if f.crc.n += int64(n); errors.Is(err, io.EOF) && f.crc.n == f.Size() {
			if bad := f.crc.check(); bad != nil {
				return n, bad
			}
		}
	}
	return n, err
}

// unpack opens packed data.
func (e *zipEntry) unpack(data io.Reader, method uint16, crc *checksum) (fs.File, error) {
	f := &expandedFile{a: e.a, left: e.size, crc: crc, tail: data}
	switch method {
	case zipStore:
		f.r = data
	case zipDeflate:
		f.z = flates.Get().(*flater)
		if err := f.z.reset(data); err != nil {
			return nil, err
		}
		f.r = f.z.r
	case zipBzip2:
		f.r = bzip2.NewReader(data)
	case zipZstd:
		d, err := zstd.NewReader(data, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(128<<20))
		if err != nil {
			return nil, err
		}
		f.r, f.closer = d, d.IOReadCloser()
	default:
		return nil, fmt.Errorf("compression method %d is not read; repack the archive with Deflate", method)
	}
	return f, nil
}

// A flater inflates one entry after the other in the same memory.
type flater struct{ r io.ReadCloser }

var flates = sync.Pool{New: func() any { return new(flater) }}

func (f *flater) reset(r io.Reader) error {
	if f.r == nil {
		f.r = flate.NewReader(r)
		return nil
	}
	return f.r.(flate.Resetter).Reset(r, nil)
}

// An expandedFile is read from its beginning only.
type expandedFile struct {
	a      *archive
	r      io.Reader
	z      *flater // given back by Close
	closer io.Closer
	crc    *checksum
	tail   io.Reader // the packed data: what checks it stands at its end, which the inflater has no need to reach
	left   int64     // of the size that the entry claims
	err    error
}

func (f *expandedFile) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }

func (f *expandedFile) Close() error {
	if f.z != nil {
		f.z.reset(bytes.NewReader(nil))
		flates.Put(f.z)
		f.z = nil
	}
	if f.closer != nil {
		f.closer.Close()
	}
	f.r, f.err = nil, fs.ErrClosed
	return nil
}

func (f *expandedFile) Read(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.r.Read(p)
	if f.left -= int64(n); f.left < 0 {
		n, err = 0, fmt.Errorf("expands to more than it claims: %w", errZipFormat)
	} else if f.a.expanded.Add(int64(n)) > f.a.opts.MaxExpanded {
		n, err = 0, &LimitError{"MaxExpanded", f.a.opts.MaxExpanded}
	}
	if f.crc != nil {
		f.crc.Write(p[:n])
	}
	if errors.Is(err, io.EOF) {
		if f.left > 0 {
			err = io.ErrUnexpectedEOF
		} else if bad := f.crc.check(); bad != nil {
			err = bad
		} else if _, bad := io.Copy(io.Discard, f.tail); bad != nil {
			err = bad
		}
	}
	f.err = err
	return n, err
}
