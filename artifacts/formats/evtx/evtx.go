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

// A Header is the header of a file. Only its flags are to be relied on: of a
// log that was copied from a running machine the numbers are behind the truth.
type Header struct {
	FirstChunk uint64
	LastChunk  uint64
	NextRecord uint64
	Major      uint16
	Minor      uint16
	Chunks     uint16
	Flags      uint32
}

// Flags of a header.
const (
	Dirty      = 1 // the log was open
	Full       = 2 // no event is written any more
	NoCheckums = 4
)

// A File is an event log of which the header was read.
type File struct {
	Header Header
	Damage []*wire.FormatError // of the header

	r    io.ReaderAt
	size int64
	opts Options
}

// Options change what is read. nil means the defaults.
type Options struct {
	Recover bool // also find records that are not allocated any more
}

// Open reads the header of an event log of the given size.
func Open(r io.ReaderAt, size int64, opts *Options) (*File, error) {
	f := &File{r: r, size: size}
	if opts != nil {
		f.opts = *opts
	}
	var b [fileHeader]byte
	n, err := r.ReadAt(b[:min(size, fileHeader)], 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if err := f.header(b[:n]); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *File) header(b []byte) error {
	if len(b) < fileHeader || !bytes.HasPrefix(b, fileMagic) {
		return &wire.FormatError{Format: "evtx", Struct: "file header", Problem: "no signature", Err: ErrNotEvtx}
	}
	f.Header = Header{
		FirstChunk: le.Uint64(b[fileFirstChunk:]), LastChunk: le.Uint64(b[fileLastChunk:]), NextRecord: le.Uint64(b[fileNextRecord:]),
		Minor: le.Uint16(b[fileMinor:]), Major: le.Uint16(b[fileMajor:]), Chunks: le.Uint16(b[fileChunks:]), Flags: le.Uint32(b[fileFlags:]),
	}
	if f.Header.Flags&NoCheckums == 0 && crc32.ChecksumIEEE(b[:fileFlags]) != le.Uint32(b[fileSum:]) {
		f.Damage = append(f.Damage, &wire.FormatError{Format: "evtx", Offset: fileSum, Struct: "file header", Problem: "its checksum does not fit"})
	}
	return nil
}

// Chunks returns how many chunks the file has, a cut last one included. The
// header is not asked.
func (f *File) Chunks() int {
	return int((max(f.size-firstChunk, 0) + ChunkSize - 1) / ChunkSize)
}

// Records iterates over the records in the order of the file.
func (f *File) Records() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		d := NewDecoder()
		for i := range f.Chunks() {
			for rec, err := range f.Chunk(d, i) {
				if !yield(rec, err) {
					return
				}
			}
		}
	}
}

// Chunk iterates over the records of one chunk.
func (f *File) Chunk(d *Decoder, i int) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		at := int64(firstChunk) + int64(i)*ChunkSize
		n := int(min(ChunkSize, f.size-at))
		got, err := f.r.ReadAt(d.base[:n], at)
		if err != nil && err != io.EOF {
			yield(Record{d: d}, err)
			return
		}
		d.load(got, i, at)
		if got < chunkRecords {
			return
		}
		if !bytes.HasPrefix(d.base, chunkMagic) {
			return
		}
		d.each(yield)
	}
}
