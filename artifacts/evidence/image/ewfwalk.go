package image

import (
	"errors"
	"hash/adler32"
	"io"
)

// A chunkWalk finds chunks that no table lists. A deflated chunk ends where its zlib stream ends; a plain one is as long as a chunk. Both
// have an Adler-32 behind them, so that what was found is certain.
type chunkWalk struct {
	e     *ewfImage
	f     *diskFile
	end   int64
	buf   []byte // of the file, from bufAt on
	bufAt int64
	spent int64 // bytes inflated in vain
}

// Marks in the offsets of ewfTable.walked.
const (
	walkedPlain = 1 << 62
	walkedBad   = 1 << 61 // it is damaged, and only its place is known
	walkedAt    = walkedBad - 1

	maxWalked = 16 << 20 // chunks; 512 GiB of disk in chunks of 32 KiB
	walkBlock = 4 << 20
)

// bytes returns up to n bytes of the file.
func (w *chunkWalk) bytes(at, n int64) []byte {
	n = min(n, w.end-at)
	if n <= 0 {
		return nil
	}
	if at < w.bufAt || at+n > w.bufAt+int64(len(w.buf)) {
		if int64(cap(w.buf)) < max(n, walkBlock) {
			w.buf = make([]byte, max(n, walkBlock))
		}
		k, _ := w.f.ReadAt(w.buf[:min(int64(cap(w.buf)), w.end-at)], at)
		w.buf, w.bufAt = w.buf[:k], at
	}
	b := w.buf[min(at-w.bufAt, int64(len(w.buf))):]
	return b[:min(n, int64(len(b)))]
}

// most is the longest that a chunk is in the file.
func (w *chunkWalk) most() int64 { return 2*w.e.chunk + 4096 }

// isZlib reports whether two bytes begin a zlib stream of one of the levels that are written.
func isZlib(b []byte) bool {
	return len(b) > 2 && b[0] == 0x78 && (b[1] == 0x01 || b[1] == 0x5E || b[1] == 0x9C || b[1] == 0xDA)
}

// chunkAt tells how long the chunk at an offset is. want is how many bytes of the disk it holds.
func (w *chunkWalk) chunkAt(at, want int64) (n int64, plain, ok bool) {
	b := w.bytes(at, w.most())
	if isZlib(b) {
		z := newInflater()
		defer z.release()
		if z.reset(b) == nil {
			got, err := io.CopyN(io.Discard, z, w.e.chunk+1)
			if errors.Is(err, io.EOF) && (got == want || got == w.e.chunk) {
				return int64(len(b) - z.rest()), false, true
			}
			w.spent += got
		}
	}
	for _, size := range []int64{w.e.chunk, want} {
		if int64(len(b)) >= size+4 && adler32.Checksum(b[:size]) == le.Uint32(b[size:]) {
			return size + 4, true, true
		}
	}
	return 0, false, false
}

// measure tells the size of a chunk by the first one: what it inflates to, or what its checksum is of.
func (w *chunkWalk) measure(at, otherwise int64) int64 {
	b := w.bytes(at, maxEWFChunk+4)
	if isZlib(b) {
		z := newInflater()
		defer z.release()
		if z.reset(b) == nil {
			if n, err := io.Copy(io.Discard, io.LimitReader(z, maxEWFChunk)); err == nil && n > 0 && n%512 == 0 {
				return n
			}
		}
	}
	for size := int64(512); size <= maxEWFChunk && size+4 <= int64(len(b)); size *= 2 {
		if adler32.Checksum(b[:size]) == le.Uint32(b[size:]) {
			return size
		}
	}
	return otherwise
}

// starts reports whether a chunk begins at an offset.
func (w *chunkWalk) starts(at int64) bool {
	_, _, ok := w.chunkAt(at, w.e.chunk)
	return ok
}

// walk finds the chunks from start on. It reports whether it came to the end of the section; a damaged chunk in between is passed over if
// the next one is found where the damaged one must have ended.
func (w *chunkWalk) walk(t *ewfTable, start int64) (whole bool) {
	budget := 4*(w.end-start) + 64<<20
	t.walked = []int64{}
	at := start
	defer func() { t.end = at }()
	for at < w.end {
		if len(t.walked) >= maxWalked || w.spent > budget {
			return false
		}
		want := w.e.chunk
		if i := t.first + int64(len(t.walked)); i == w.e.chunks-1 {
			want = w.e.size - i*w.e.chunk
		}
		if n, plain, ok := w.chunkAt(at, want); ok {
			entry := at
			if plain {
				entry |= walkedPlain
			}
			t.walked = append(t.walked, entry)
			at += n
			continue
		}
		next := w.next(at)
		if next < 0 {
			return false
		}
		t.walked = append(t.walked, at|walkedBad)
		at = next
	}
	return true
}

// next finds where the chunk after a damaged one begins, -1 when it is not found.
func (w *chunkWalk) next(at int64) int64 {
	if p := at + w.e.chunk + 4; p < w.end && w.starts(p) {
		return p
	}
	b := w.bytes(at, w.most())
	for i, tries := 1, 0; i < len(b) && tries < 1000; i++ {
		if !isZlib(b[i:]) {
			continue
		}
		tries++
		if w.starts(at + int64(i)) {
			return at + int64(i)
		}
		b = w.bytes(at, w.most())
	}
	if at+w.most() >= w.end && w.end < w.f.size {
		return w.end // the last one of the section
	}
	return -1
}

// walkedChunk is chunk for a table that was walked.
func (t *ewfTable) walkedChunk(i int64) (at, size int64, compressed bool) {
	at = t.walked[i] & walkedAt
	end := t.end
	if i+1 < int64(len(t.walked)) {
		end = t.walked[i+1] & walkedAt
	}
	return at, end - at, t.walked[i]&walkedPlain == 0
}
