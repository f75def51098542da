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
// outside of chunks. Without any chunk, or record to recover, the error wraps
// [ErrNotEvtx].
func Carve(r io.ReaderAt, size int64, opts *Options) (*File, error) {
	f := newFile(r, size, opts)
	chunks, err := findChunks(r, size)
	if err != nil {
		return nil, err
	}
	if len(chunks) == 0 {
		f.addGap(0, size)
		if f.holdsRecord() {
			return f, nil
		}
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

// gapStep is how far the parts of a gap are from each other. They overlap, so
// that a record at the end of one is whole in the next; recovery gives each
// record once.
const gapStep = ChunkSize / 2

// addGap adds what lies between two chunks. Records in it are of interest to
// recovery only.
func (f *File) addGap(from, to int64) {
	for f.opts.Recover && from < to {
		f.regions = append(f.regions, region{off: from, n: int(min(ChunkSize, to-from)), gap: true})
		if to-from <= ChunkSize {
			break
		}
		from += gapStep
	}
}

// holdsRecord reports whether any region has a place that may be a record.
func (f *File) holdsRecord() bool {
	d := NewDecoder()
	for i := range f.regions {
		if f.load(d, i) != nil {
			continue
		}
		if d.scan(0, d.n, 0); len(d.places) > 0 {
			return true
		}
	}
	return false
}

// CarveStream is [Carve] for bytes that are read once. What [Carve] reports as an
// error comes with the records.
func CarveStream(r io.Reader, opts *Options) *Stream {
	s := &Stream{r: r, carve: true}
	if opts != nil {
		s.opts = *opts
	}
	return s
}

// carved delivers the chunks of a stream at multiples of 512 bytes, and with
// recovery what lies between them.
func (s *Stream) carved(d *Decoder, l *leftovers, yield func(Record, error) bool) bool {
	w := carveWindow{r: s.r, b: make([]byte, 0, ChunkSize+sector)}
	found, index := false, 0
	part := func(n int, gap bool) bool {
		d.gap = gap
		copy(d.base[:n], w.b[:n])
		d.load(n, index, w.at)
		index++
		if !gap {
			found = true
		} else if d.scan(0, n, 0); len(d.places) > 0 {
			found = true
		}
		return d.deliver(l, yield) && (l == nil || len(l.waiting) <= maxWaiting || l.next(d, yield))
	}
	for w.fill() {
		n, step, gap := w.region()
		if (!gap || l != nil) && !part(n, gap) {
			return false
		}
		w.skip(step)
	}
	d.gap = false
	if w.err != nil && !yield(Record{}, w.err) {
		return false
	}
	if !found && w.err == nil {
		return yield(Record{}, &wire.FormatError{Format: "evtx", Struct: "file", Problem: "has no chunk", Err: ErrNotEvtx})
	}
	return true
}

// A carveWindow is the part of a stream at hand: a chunk and the begin of the
// next.
type carveWindow struct {
	r   io.Reader
	b   []byte
	at  int64 // of the part in the stream
	end bool
	err error // other than the end
}

// fill reads on. It returns false when nothing is left.
func (w *carveWindow) fill() bool {
	for !w.end && len(w.b) < cap(w.b) {
		n, err := w.r.Read(w.b[len(w.b):cap(w.b)])
		w.b = w.b[:len(w.b)+n]
		if err != nil {
			w.end = true
			if err != io.EOF {
				w.err = err
			}
		}
	}
	return len(w.b) > 0
}

// region returns how much of the window is a chunk or a gap, and how far to go
// on from its begin.
func (w *carveWindow) region() (n, step int, gap bool) {
	gap = !bytes.HasPrefix(w.b, chunkMagic) || len(w.b) < chunkRecords
	n = min(len(w.b), ChunkSize)
	for at := sector; at <= n && at+len(chunkMagic) <= len(w.b); at += sector {
		if bytes.HasPrefix(w.b[at:], chunkMagic) && (!w.end || at+chunkRecords <= len(w.b)) {
			return at, at, gap
		}
	}
	if gap && len(w.b) > ChunkSize {
		return n, gapStep, gap
	}
	return n, n, gap
}

func (w *carveWindow) skip(n int) {
	w.b = w.b[:copy(w.b, w.b[n:])]
	w.at += int64(n)
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
