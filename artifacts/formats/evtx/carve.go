package evtx

import (
	"bytes"
	"io"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// sector is the alignment of chunks in what was carved from disks and memory.
const sector = 512

// Carve opens bytes that need not begin with a file header: a log whose header
// is lost, a chunk alone, unallocated space, a memory image. Every chunk at a
// multiple of 512 bytes is read; [Options.Recover] adds the records that lie
// outside of chunks. Without any chunk the error wraps [ErrNotEvtx].
func Carve(r io.ReaderAt, size int64, opts *Options) (*File, error) {
	f := newFile(r, size, opts)
	chunks, err := findChunks(r, size)
	if err != nil {
		return nil, err
	}
	if len(chunks) == 0 {
		return nil, &wire.FormatError{Format: "evtx", Struct: "file", Problem: "has no chunk", Err: ErrNotEvtx}
	}
	at := int64(0)
	for i, off := range chunks {
		f.addGap(at, off)
		end := min(off+ChunkSize, size)
		if i+1 < len(chunks) {
			end = min(end, chunks[i+1])
		}
		f.regions = append(f.regions, region{off: off, n: int(end - off)})
		at = end
	}
	f.addGap(at, size)
	return f, nil
}

// addGap adds what lies between two chunks. Records in it are of interest to
// recovery only.
func (f *File) addGap(from, to int64) {
	for ; f.opts.Recover && from < to; from += ChunkSize {
		f.regions = append(f.regions, region{off: from, n: int(min(ChunkSize, to-from)), gap: true})
	}
}

func findChunks(r io.ReaderAt, size int64) ([]int64, error) {
	var chunks []int64
	b := make([]byte, 1<<20)
	for at := int64(0); at < size; at += int64(len(b)) {
		n, err := r.ReadAt(b[:min(int64(len(b)), size-at)], at)
		if err != nil && err != io.EOF {
			return nil, err
		}
		for i := 0; i+chunkRecords <= n; i += sector {
			if bytes.HasPrefix(b[i:], chunkMagic) {
				chunks = append(chunks, at+int64(i))
			}
		}
	}
	return chunks, nil
}
