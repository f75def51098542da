// Package xpress reads and writes LZXPRESS Huffman, the "LZ77+Huffman" of
// [MS-XCA] 2.1 and 2.2: what Windows 10 and 11 compress Prefetch files with,
// inside a MAM container, and much else that wants to be small and fast.
//
// The trap first. Bits come in little-endian words of 16 bits, and a reader is
// always one or two words ahead of the bits it has used. Among the words stand
// whole bytes: the long forms of match lengths. They stand behind the words that
// such a reader has fetched by then, not behind the bits it has used. So a reader
// that fetches more at a time, as this one does, must know at such a place, and
// at the end of each block, which of its words it should not have yet.
//
// A stream is a row of blocks without any framing. A block is 256 bytes of code
// lengths, four bits for each of 512 symbols, the even symbol in the low half;
// then bits, each word from its top, for at least 65,536 bytes of output, fewer
// only in the last block. Codes are canonical and complete, with at most 15 bits.
// Symbols below 256 are bytes. The others are matches: the low four bits are the
// length less three, 15 for "look into the bytes behind"; the next four bits say
// how many bits of the offset follow the code, below a one that goes without
// saying. A match may overlap what it writes, may reach back into any earlier
// block, and may run past the 65,536 bytes: the next block begins there, and
// counts from there. Nothing says where the output ends; the container knows.
// Writers put symbol 256 behind the last byte, which otherwise is a match of
// three bytes at offset 1.
//
// A word behind the end of the input counts as zero, for a writer need not write
// what nobody reads. But a stream whose output would depend on such a word is
// truncated, and Decode says so rather than make up bytes.
//
// The package also reads and writes the two relatives without Huffman codes:
// plain LZ77 ([DecodePlain]), which databases of Windows use, and LZNT1
// ([DecodeLZNT1]), which file systems and the registry use. It does not read
// the MAM container.
//
// [MS-XCA]: https://learn.microsoft.com/openspecs/windows_protocols/ms-xca/
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
// nowhere else, keeps nothing, and does not allocate unless it fails. The two
// must not overlap.
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
