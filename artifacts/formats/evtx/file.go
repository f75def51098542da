package evtx

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"iter"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// ErrNotEvtx is wrapped by the error for bytes that are not an event log.
var ErrNotEvtx = errors.New("not an event log")

// A Header is the header of a file. In a log that was copied from a running
// machine, which is dirty, its numbers are behind the truth; no reader of this
// package uses them.
type Header struct {
	FirstChunk uint64 // number of the oldest chunk
	LastChunk  uint64
	NextRecord uint64 // identifier
	Major      uint16
	Minor      uint16
	Chunks     uint16
	Flags      uint32
}

// Flags of a [Header].
const (
	Dirty       = 1 // the log was open
	Full        = 2 // no event is written any more
	NoChecksums = 4
)

// Options change what is read; nil means the defaults.
type Options struct {
	// Recover adds the records that are in the file but in no list of records:
	// hidden ones after the record that hides them, all others after the last
	// allocated one.
	Recover bool

	// Templates holds templates of other logs of the same machine. Recovery
	// adds those of this log, and reads a record whose template was overwritten
	// by them. nil means only those of the log itself.
	Templates *Templates

	// Want chooses the records, if it is not nil. It is called once the fields of
	// System are known, before the data are decoded, so that a record that it does
	// not want costs little; its argument has no data yet. An allocated record that an error
	// keeps from that point is delivered with the error. Where several goroutines
	// decode, they call it at the same time.
	Want func(Record) bool
}

// A File is an event log that can be read at any place.
type File struct {
	Header Header
	Damage []*wire.FormatError // of the header

	r       io.ReaderAt
	size    int64
	opts    Options
	regions []region // of a file without header
}

// A region is a part of a file that is read as a chunk.
type region struct {
	off int64
	n   int
	gap bool // between chunks, in a file without header
}

// Open reads the header of an event log of the given size. Bytes that do not
// begin with one give an error that wraps [ErrNotEvtx]; [Carve] reads them.
func Open(r io.ReaderAt, size int64, opts *Options) (*File, error) {
	f := newFile(r, size, opts)
	var b [fileHeader]byte
	n, err := r.ReadAt(b[:max(0, min(size, fileHeader))], 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	f.Header, f.Damage, err = readHeader(b[:n])
	if err != nil {
		return nil, err
	}
	if bad := f.Header.CheckSize(size); bad != nil {
		f.Damage = append(f.Damage, bad)
	}
	return f, nil
}

// CheckSize returns the damage of a log that is shorter than its header says, and
// otherwise nil. The header of a log that is dirty says nothing of its size.
func (h *Header) CheckSize(size int64) *wire.FormatError {
	if h.Flags&Dirty != 0 || int64(h.Chunks) <= (max(0, size-firstChunk)+ChunkSize-1)/ChunkSize {
		return nil
	}
	return headerDamage(fileChunks, "counts more chunks than the file has")
}

func newFile(r io.ReaderAt, size int64, opts *Options) *File {
	f := &File{r: r, size: size}
	if opts != nil {
		f.opts = *opts
	}
	return f
}

func readHeader(b []byte) (Header, []*wire.FormatError, error) {
	if len(b) < fileHeader || !bytes.HasPrefix(b, fileMagic) {
		return Header{}, nil, &wire.FormatError{Format: "evtx", Struct: "file header", Problem: "has no signature", Err: ErrNotEvtx}
	}
	h := Header{
		FirstChunk: le.Uint64(b[fileFirstChunk:]), LastChunk: le.Uint64(b[fileLastChunk:]), NextRecord: le.Uint64(b[fileNextRecord:]),
		Minor: le.Uint16(b[fileMinor:]), Major: le.Uint16(b[fileMajor:]), Chunks: le.Uint16(b[fileChunks:]),
		Flags: le.Uint32(b[fileFlags:]),
	}
	var damage []*wire.FormatError
	if h.Flags&NoChecksums == 0 && crc32.ChecksumIEEE(b[:fileFlags]) != le.Uint32(b[fileSum:]) {
		damage = append(damage, headerDamage(fileSum, "has a wrong checksum"))
	}
	if h.Major != 3 {
		damage = append(damage, headerDamage(fileMajor, "has an unknown version"))
	}
	return h, damage, nil
}

func headerDamage(at int64, problem string) *wire.FormatError {
	return &wire.FormatError{Format: "evtx", Offset: at, Struct: "file header", Problem: problem}
}

// Chunks returns the number of chunks in the file, a cut last one included. It
// is computed from the size of the file, not taken from the header.
func (f *File) Chunks() int {
	if f.regions != nil {
		return len(f.regions)
	}
	return int((max(f.size-firstChunk, 0) + ChunkSize - 1) / ChunkSize)
}

func (f *File) region(i int) region {
	if f.regions != nil {
		return f.regions[i]
	}
	at := int64(firstChunk) + int64(i)*ChunkSize
	return region{off: at, n: int(min(ChunkSize, f.size-at))}
}

// Records iterates over the records in the order of the file. An error comes
// with the record that it concerns, which then holds what could be read; with
// an error about anything else the record's Size is 0. The iteration continues
// after both.
func (f *File) Records() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		d := NewDecoder()
		var l *leftovers
		if f.opts.Recover {
			l = newLeftovers(&f.opts)
		}
		for i := range f.Chunks() {
			if !f.chunk(d, i, l, yield) {
				return
			}
		}
		f.unallocated(d, l, yield)
	}
}

// Chunk iterates over the allocated records of chunk i, and with
// [Options.Recover] over the hidden ones. Chunks do not depend on each other:
// several goroutines, each with its own decoder, can share a file.
func (f *File) Chunk(d *Decoder, i int) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		if i >= 0 && i < f.Chunks() {
			f.chunk(d, i, nil, yield)
		}
	}
}

// Recovered iterates over the records that are not allocated any more, for
// callers that read the others by [File.Chunk]. It reads the whole file.
func (f *File) Recovered(d *Decoder) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		l := newLeftovers(&f.opts)
		for i := range f.Chunks() {
			if err := f.load(d, i); err == nil {
				d.recover = true
				l.survey(d)
			}
		}
		f.unallocated(d, l, yield)
	}
}

// load reads chunk i into the decoder.
func (f *File) load(d *Decoder, i int) error {
	g := f.region(i)
	n, err := f.r.ReadAt(d.base[:g.n], g.off)
	if err == io.EOF && n < g.n {
		err = io.ErrUnexpectedEOF
	}
	if n == g.n {
		err = nil
	}
	d.sums = f.Header.Flags&NoChecksums == 0
	d.recover, d.gap, d.want = f.opts.Recover, g.gap, f.opts.Want
	d.load(n, i, g.off)
	return err
}

// chunk delivers one chunk. It reports whether to continue.
func (f *File) chunk(d *Decoder, i int, l *leftovers, yield func(Record, error) bool) bool {
	if err := f.load(d, i); err != nil && !yield(Record{}, err) {
		return false
	}
	return d.deliver(l, yield)
}

// unallocated delivers what recovery found.
func (f *File) unallocated(d *Decoder, l *leftovers, yield func(Record, error) bool) {
	if l == nil {
		return
	}
	for _, w := range l.waiting {
		if err := f.load(d, w.index); err != nil || !l.deliver(d, w.places, yield) {
			return
		}
	}
}
