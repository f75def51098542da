package wire

// A Reader reads little-endian fields of a buffer one after the other. The
// first read past the end makes it fail: that read and all later ones return
// zero values, so that a decoder checks [Reader.Failed] once at the end.
type Reader struct {
	b      []byte
	off    int
	failed bool
}

// NewReader returns a reader of b that starts at an offset.
func NewReader(b []byte, off int) *Reader {
	return &Reader{b: b, off: off, failed: off < 0 || off > len(b)}
}

// Take returns the next n bytes, or nil when there are fewer.
func (r *Reader) Take(n int) []byte {
	if r.failed || n < 0 || n > len(r.b)-r.off {
		r.failed = true
		return nil
	}
	s := r.b[r.off : r.off+n : r.off+n]
	r.off += n
	return s
}

// Skip skips n bytes.
func (r *Reader) Skip(n int) { r.Take(n) }

// Uint8 reads one byte.
func (r *Reader) Uint8() uint8 {
	if s := r.Take(1); s != nil {
		return s[0]
	}
	return 0
}

// Uint16 reads two bytes.
func (r *Reader) Uint16() uint16 {
	if s := r.Take(2); s != nil {
		return le.Uint16(s)
	}
	return 0
}

// Uint32 reads four bytes.
func (r *Reader) Uint32() uint32 {
	if s := r.Take(4); s != nil {
		return le.Uint32(s)
	}
	return 0
}

// Uint64 reads eight bytes.
func (r *Reader) Uint64() uint64 {
	if s := r.Take(8); s != nil {
		return le.Uint64(s)
	}
	return 0
}

// Left returns the number of bytes after the current position.
func (r *Reader) Left() int { return len(r.b) - r.off }

// Offset returns the current position in the buffer.
func (r *Reader) Offset() int { return r.off }

// Failed reports whether a read went past the end.
func (r *Reader) Failed() bool { return r.failed }
