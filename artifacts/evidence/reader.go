package evidence

import (
	"errors"
	"fmt"
	"io"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/evidence/image"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// OpenReader opens evidence whose bytes the caller has: an archive of a
// collection or a disk image of one file, in memory, in a store of objects, in
// another archive. name is for messages, and names the machine when nothing
// inside does; what r holds is known by its contents. Further segments of an
// image cannot be reached. Closing the evidence leaves r alone.
func OpenReader(r io.ReaderAt, size int64, name string, opts *Options) (*Evidence, error) {
	if isSealed(r) {
		plain, n, err := opts.unseal(r, size)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if isSealed(plain) {
			return nil, fmt.Errorf("%s: encrypted twice: decrypt it once with age", name)
		}
		e, err := OpenReader(plain, n, name, opts)
		if err == nil {
			e.Kind = "encrypted " + e.Kind
		}
		return e, err
	}
	c, err := collect.OpenArchive(r, size, opts.collect())
	var e *Evidence
	switch {
	case err == nil:
		e, err = fromCollection(c, name, opts)
	case errors.Is(err, collect.ErrNotCollection):
		var d *image.Disk
		if d, err = image.OpenReader(r, size, name, opts.image()); err == nil {
			e, err = fromDisk(d, name, opts)
		}
		if errors.Is(err, image.ErrNotImage) {
			err = fmt.Errorf("%s: %w: neither an archive of a collection nor a disk image", name, ErrNothing)
		}
	default:
		err = notRecognised(name, err)
	}
	if err != nil {
		return nil, err
	}
	e.Path = name
	if len(e.Trees) == 0 {
		e.Close()
		return nil, fmt.Errorf("%s: %w", name, ErrNothing)
	}
	return e, nil
}

// A Data is the bytes of one file, to be read at any offset.
type Data struct {
	io.ReaderAt
	size   int64
	close  func() error
	copied bool
}

// Size is the number of bytes.
func (d *Data) Size() int64 { return d.size }

// Close gives up what holds the bytes.
func (d *Data) Close() error { return d.close() }

// Copied reports whether the bytes are not read where they are: they were expanded, into
// memory or into a temporary file.
func (d *Data) Copied() bool { return d.copied }

// Lend returns the same bytes for one of several readers. Its Close calls back, and gives
// up nothing else.
func (d *Data) Lend(back func()) *Data {
	return &Data{d.ReaderAt, d.size, func() error { back(); return nil }, d.copied}
}

// maxSpool is how much of a file that can only be read from its beginning is
// kept in a temporary file.
const maxSpool = 64 << 30

// OpenAt opens the file to read it at any offset, of any size: a database,
// an event log, the $MFT. In a folder, an image, and where an archive stores
// files without compression the bytes are read where they are. A compressed
// file is expanded: in memory up to 64 MiB, above that into a temporary file,
// which is removed by Close. With an error that is not nil the Data, when there
// is one, is what could be read before it.
func (f *File) OpenAt() (*Data, error) {
	r, err := f.Open()
	if err != nil {
		return nil, plain(err)
	}
	st, err := r.Stat()
	if err == nil && st.IsDir() {
		err = errors.New("is a directory")
	}
	if err != nil {
		r.Close()
		return nil, plain(err)
	}
	if s, ok := r.(sparse); ok {
		return openSparse(s, r, st.Size())
	}
	if at, ok := r.(io.ReaderAt); ok {
		return &Data{at, st.Size(), r.Close, false}, nil
	}
	s, err := collect.Spool(r, st.Size(), maxSpool)
	if s == nil {
		return nil, plain(err)
	}
	if err == nil && s.Size() < st.Size() {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		err = plain(err)
	}
	return &Data{s, s.Size(), s.Close, true}, err
}

// A sparse file of a collection is stored without its holes.
type sparse interface {
	io.ReaderAt
	StoredRanges() [][2]int64
	Spool(most int64) error
}

// ranged is a sparse file that shows where its data is, as a file of an image does.
type ranged struct {
	io.ReaderAt
	ranges []ntfs.Range
}

// DataRanges returns the pieces of the file that are stored.
func (r *ranged) DataRanges() []ntfs.Range { return r.ranges }

func openSparse(s sparse, c io.Closer, size int64) (*Data, error) {
	if err := s.Spool(maxSpool); err != nil {
		c.Close()
		return nil, plain(err)
	}
	out := &ranged{ReaderAt: s}
	for _, r := range s.StoredRanges() {
		out.ranges = append(out.ranges, ntfs.Range{Offset: r[0], Length: r[1]})
	}
	return &Data{out, size, c.Close, false}, nil
}

// parts reads a file of which some bytes cannot be read, as where a chunk of an
// image is damaged: they are zeros, and the error counts them and names the
// first. why is the error of the first try, which comes back when nothing can
// be read.
func (f *File) parts(why error) ([]byte, error) {
	const block = 4096
	d, err := f.OpenAt()
	if d == nil || err != nil || d.Size() > f.tree.opts.maxFile() || d.Size() > 1<<30 {
		return nil, why
	}
	defer d.Close()
	b := make([]byte, d.Size())
	bad, first := 0, int64(-1)
	for at := int64(0); at < d.Size(); at += block {
		p := b[at:min(at+block, d.Size())]
		if n, err := d.ReadAt(p, at); n < len(p) && err != nil {
			clear(p)
			bad += len(p)
			if first < 0 {
				first = at
			}
		}
	}
	if bad == len(b) {
		return nil, why
	}
	return b, fmt.Errorf("%d of %d bytes cannot be read, the first at %#x; they are taken for zeros: %w", bad, len(b), first, why)
}
