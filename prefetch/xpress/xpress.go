package xpress

import (
	"fmt"
	"slices"
	"sync"
)

// A CorruptError says where a stream breaks the format. What was produced
// before that place is good and stays in the caller's buffer.
type CorruptError struct {
	// In is an offset in the input: of the table that is wrong, or of the
	// first byte that was not yet read when the wrong symbol began (its bits
	// stand in the four bytes before). It is the length of the input when
	// Truncated is set.
	In int
	// Out is the number of bytes that were produced.
	Out int
	// Truncated is set when nothing is wrong but the input ends too early.
	Truncated bool
	// Reason says what is wrong.
	Reason string
}

func (e *CorruptError) Error() string {
	if e.Truncated {
		return fmt.Sprintf("xpress: input ends at offset %d, after %d bytes of output: %s", e.In, e.Out, e.Reason)
	}
	return fmt.Sprintf("xpress: corrupt input near offset %d, after %d bytes of output: %s", e.In, e.Out, e.Reason)
}

// Decode fills dst with exactly len(dst) bytes decoded from src. It writes
// nowhere else, keeps nothing, and does not allocate unless it fails.
//
// The error is a *[CorruptError]; its Out says how many bytes at the start of
// dst are good. Input behind the last symbol that is needed is not an error:
// see [AppendDecodePrefix].
func Decode(dst, src []byte) error {
	d := decoders.Get().(*decoder)
	d.src, d.dst, d.size, d.out, d.pos = src, dst, len(dst), 0, 0
	err := d.run(true)
	d.put()
	return err
}

// AppendDecode appends size decoded bytes to dst and returns the longer slice.
// It allocates as bytes are really produced, so that size may come straight
// from an untrusted header, but a caller should still bound it: a few bytes of
// valid input can stand for gigabytes. An error, always a *[CorruptError],
// comes with what was produced before it.
func AppendDecode(dst, src []byte, size int) ([]byte, error) {
	dst, _, err := AppendDecodePrefix(dst, src, size)
	return dst, err
}

// AppendDecodePrefix is [AppendDecode] for a caller who wants to know where
// the stream ended: n is the number of bytes of src that were read. Real
// writers leave none or two behind it, for the end marker that a reader who
// knows the size never needs. More than two are not part of the stream.
func AppendDecodePrefix(dst, src []byte, size int) (out []byte, n int, err error) {
	if size < 0 {
		return dst, 0, &CorruptError{Reason: "negative size"}
	}
	d := decoders.Get().(*decoder)
	d.src, d.dst, d.size, d.out, d.pos = src, nil, size, 0, 0
	d.buf, d.prefix = dst, len(dst)
	d.grow(8 * min(size/8, len(src)))
	err = d.run(true)
	out, n = d.buf[:d.prefix+d.out], min(d.pos, len(src))
	d.put()
	return out, n, err
}

// decoders holds decoders that are not in use, for their tables.
var decoders = sync.Pool{New: func() any { return newDecoder() }}

// put gives the decoder back, without the caller's memory.
func (d *decoder) put() {
	d.src, d.dst, d.buf = nil, nil, nil
	decoders.Put(d)
}

// grow makes d.dst at least need bytes long, need being at most d.size, and
// doubles it where it can.
func (d *decoder) grow(need int) {
	n := min(max(need, 2*len(d.dst), 2*blockSize), d.size)
	d.buf = slices.Grow(d.buf[:d.prefix+d.out], n-d.out)
	n = min(cap(d.buf)-d.prefix, d.size)
	d.buf = d.buf[:d.prefix+n]
	d.dst = d.buf[d.prefix:]
}
