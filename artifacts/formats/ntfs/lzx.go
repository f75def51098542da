package ntfs

import "errors"

// LZX as Windows keeps it in images and in files compressed for the system: chunks of 32 KiB that know nothing of
// each other ([MS-PATCH] describes the codes, for cabinets, in which a stream goes on over all chunks).
//
// A chunk is a row of blocks. A block begins with its type (3 bits) and its size (one bit for 32,768, or else 16 bits
// more). Its symbols are bytes below 256, and above that matches: the low three bits are the length less two, 7 for
// a symbol of a second code, and the rest says the distance, of which 0, 1 and 2 are the last three. The lengths of
// the codes are written as differences to those of the block before. In the end, the target of each x86 call is made
// relative again: writers make it absolute, because equal targets then look alike.
const (
	lzxChunk  = 32 << 10
	lzxSlots  = 30 // of distances, in a window of 32 KiB
	lzxMain   = 256 + 8*lzxSlots
	lzxLong   = 249 // symbols of the second code
	lzxTarget = 12_000_000

	lzxVerbatim     = 1
	lzxAligned      = 2
	lzxUncompressed = 3
)

var errLZX = errors.New("LZX data is corrupt")

// lzxBase and lzxExtra are the first distance of each slot, two above what it means, and its further bits.
var lzxBase, lzxExtra = func() (base, extra [lzxSlots]uint32) {
	for i, at := 0, uint32(0); i < lzxSlots; i++ {
		if i >= 4 {
			extra[i] = uint32(i/2 - 1)
		}
		base[i] = at
		at += 1 << extra[i]
	}
	return base, extra
}()

// An lzxReader expands one chunk after the other.
type lzxReader struct {
	in   []byte
	pos  int    // of the next word
	acc  uint64 // bits that were read and not used, the last ones lowest
	n    uint   // of them
	past int    // words after the end, which are zero

	last             [3]uint32 // distances
	main, long, near lzxCode
	lens             [lzxMain + lzxLong]byte // of the codes main and long, from block to block
}

// A lzxCode is a canonical Huffman code of at most 16 bits.
type lzxCode struct {
	fast   [1 << lzxFast]uint16 // symbol and length of the codes that begin an index
	count  [17]uint16           // codes of each length
	sorted [lzxMain]uint16      // symbols by their codes
}

const lzxFast = 9

// build makes a code of the lengths of its symbols. A code may be incomplete: what it lacks is an error when it is read.
func (c *lzxCode) build(lens []byte) error {
	clear(c.fast[:])
	clear(c.count[:])
	for _, l := range lens {
		c.count[l]++
	}
	c.count[0] = 0
	var next [17]uint16
	var code [17]uint32
	left := 1 << 16
	for l := 1; l <= 16; l++ {
		left -= int(c.count[l]) << (16 - l)
		next[l] = next[l-1] + c.count[l-1]
		code[l] = (code[l-1] + uint32(c.count[l-1])) << 1
	}
	if left < 0 {
		return errLZX
	}
	for s, l := range lens {
		if l == 0 {
			continue
		}
		c.sorted[next[l]] = uint16(s)
		next[l]++
		if l <= lzxFast {
			first := code[l] << (lzxFast - l)
			for i := range uint32(1) << (lzxFast - l) {
				c.fast[first+i] = uint16(s)<<4 | uint16(l)
			}
		}
		code[l]++
	}
	return nil
}

// fill sees to it that there are k bits, at most 32.
func (r *lzxReader) fill(k uint) {
	for r.n < k {
		word := uint64(0)
		if r.pos+2 <= len(r.in) {
			word = uint64(le.Uint16(r.in[r.pos:]))
		} else {
			r.past++
		}
		r.pos += 2
		r.acc = r.acc<<16 | word
		r.n += 16
	}
}

// bits reads k bits, at most 17.
func (r *lzxReader) bits(k uint) uint32 {
	r.fill(k)
	r.n -= k
	return uint32(r.acc>>r.n) & (1<<k - 1)
}

// overrun reports whether bits were used that the input does not have.
func (r *lzxReader) overrun() bool { return r.past*16 > int(r.n) }

// symbol reads a symbol; -1 is a code that there is not.
func (r *lzxReader) symbol(c *lzxCode) int {
	r.fill(16)
	ahead := uint32(r.acc>>(r.n-16)) & 0xFFFF
	if e := c.fast[ahead>>(16-lzxFast)]; e != 0 {
		r.n -= uint(e & 15)
		return int(e >> 4)
	}
	first, index := uint32(0), uint32(0)
	for l := uint(1); l <= 16; l++ {
		n := uint32(c.count[l])
		if code := ahead >> (16 - l); code-first < n {
			r.n -= l
			return int(c.sorted[index+code-first])
		}
		index += n
		first = (first + n) << 1
	}
	return -1
}

// lengths reads lengths of a code, as differences to those that are there.
func (r *lzxReader) lengths(lens []byte) error {
	var pre lzxCode
	var own [20]byte
	for i := range own {
		own[i] = byte(r.bits(4))
	}
	if err := pre.build(own[:]); err != nil {
		return err
	}
	const zeros, moreZeros, same = 17, 18, 19
	for i := 0; i < len(lens); {
		run, s := 1, r.symbol(&pre)
		switch s {
		case zeros:
			run = 4 + int(r.bits(4))
		case moreZeros:
			run = 20 + int(r.bits(5))
		case same:
			run = 4 + int(r.bits(1))
			if s = r.symbol(&pre); s > 16 {
				return errLZX
			}
		}
		if s < 0 {
			return errLZX
		}
		length := byte(0)
		if s <= 16 {
			length = byte((int(lens[i]) - s + 17) % 17)
		}
		for ; run > 0 && i < len(lens); run-- {
			lens[i] = length
			i++
		}
	}
	return nil
}

// expand fills dst, at most 32 KiB, with what src holds.
func (r *lzxReader) expand(dst, src []byte) error {
	r.in, r.pos, r.acc, r.n, r.past = src, 0, 0, 0, 0
	r.last = [3]uint32{1, 1, 1}
	clear(r.lens[:])
	for at := 0; at < len(dst); {
		kind := r.bits(3)
		size := lzxChunk
		if r.bits(1) == 0 {
			size = int(r.bits(16))
		}
		if size == 0 || size > len(dst)-at {
			return errLZX
		}
		var err error
		switch kind {
		case lzxVerbatim, lzxAligned:
			err = r.block(dst, at, at+size, kind == lzxAligned)
		case lzxUncompressed:
			err = r.stored(dst[at : at+size])
		default:
			return errLZX
		}
		if err != nil {
			return err
		}
		if r.overrun() {
			return errLZX
		}
		at += size
	}
	lzxCalls(dst)
	return nil
}

// stored reads a block that is not compressed: at the next word, or the one after it, the three distances, and its bytes.
func (r *lzxReader) stored(dst []byte) error {
	at := r.pos - int(r.n/16)*2
	if r.n%16 == 0 {
		at += 2
	}
	end := at + 12 + len(dst)
	if end > len(r.in) {
		return errLZX
	}
	for i := range r.last {
		r.last[i] = le.Uint32(r.in[at+4*i:])
	}
	copy(dst, r.in[at+12:end])
	r.pos, r.acc, r.n, r.past = end+len(dst)%2, 0, 0, 0
	return nil
}

// block reads a block of symbols, dst[at:end].
func (r *lzxReader) block(dst []byte, at, end int, aligned bool) error {
	if aligned {
		var lens [8]byte
		for i := range lens {
			lens[i] = byte(r.bits(3))
		}
		if err := r.near.build(lens[:]); err != nil {
			return err
		}
	}
	for _, part := range [][]byte{r.lens[:256], r.lens[256:lzxMain], r.lens[lzxMain:]} {
		if err := r.lengths(part); err != nil {
			return err
		}
	}
	if err := errors.Join(r.main.build(r.lens[:lzxMain]), r.long.build(r.lens[lzxMain:])); err != nil {
		return err
	}
	for at < end {
		s := r.symbol(&r.main)
		switch {
		case s < 0:
			return errLZX
		case s < 256:
			dst[at] = byte(s)
			at++
			continue
		}
		length := s & 7
		if length == 7 {
			more := r.symbol(&r.long)
			if more < 0 {
				return errLZX
			}
			length += more
		}
		length += 2
		back, ok := r.distance((s-256)>>3, aligned)
		if !ok || int64(back) > int64(at) || back == 0 || length > end-at {
			return errLZX
		}
		for ; length > 0; length-- {
			dst[at] = dst[at-int(back)]
			at++
		}
	}
	return nil
}

// distance reads the rest of a distance, and keeps it among the last three.
func (r *lzxReader) distance(slot int, aligned bool) (uint32, bool) {
	if slot < len(r.last) {
		r.last[0], r.last[slot] = r.last[slot], r.last[0]
		return r.last[0], true
	}
	back, extra := lzxBase[slot]-2, uint(lzxExtra[slot])
	if aligned && extra >= 3 {
		back += r.bits(extra-3) << 3
		low := r.symbol(&r.near)
		if low < 0 {
			return 0, false
		}
		back += uint32(low)
	} else {
		back += r.bits(extra)
	}
	r.last = [3]uint32{back, r.last[0], r.last[1]}
	return back, true
}

// lzxCalls makes the targets of calls (E8) relative again.
func lzxCalls(b []byte) {
	const length, tail = 5, 10 // a call in the last ten bytes is as it was
	for i := 0; i < len(b)-tail; i++ {
		if b[i] != 0xE8 {
			continue
		}
		target := int32(le.Uint32(b[i+1:]))
		switch {
		case target >= 0 && target < lzxTarget:
			le.PutUint32(b[i+1:], uint32(target-int32(i)))
		case target < 0 && target >= -int32(i):
			le.PutUint32(b[i+1:], uint32(target+lzxTarget))
		}
		i += length - 1
	}
}
