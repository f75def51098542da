package xpress

import "math/bits"

// What makes the bursts fast: one table lookup for nearly every symbol, a 64-bit
// register that is refilled without a branch for two literals and a match at a
// time, and matches copied in steps of eight bytes. All of it needs room, in
// the input for reading ahead and in the output for writing past the end of a
// match, and the room is asked for once a turn.
//
// A table entry says all about a symbol; every field can be used as a shift
// without masking, since a shift of 64 bits looks at the low six bits only.
//
//	     31    30    24 23    16 15     8 7      0
//	+---------+--------+--------+--------+--------+
//	|    0    |   0    |   0    |  byte  |  code  |  literal
//	+---------+--------+--------+--------+--------+
//	|    0    | length | 63-off |  code  |code+off|  match of 3 to 17 bytes
//	+---------+--------+--------+--------+--------+
//	|    1    |   0    | 63-off |  code  |code+off|  match of 18 or more
//	+---------+--------+--------+--------+--------+
//	|                 all ones                    |  look into long
//	+---------+--------+--------+--------+--------+
//
// code and off are numbers of bits. A turn needs 11+11 bits for its literals
// and 11+15 for its match: exactly the 48 bits that a refill guarantees.
const (
	rootBits = 11
	isMatch  = 1 << 24 // and all above
	isRare   = 1 << 31 // and all above
	isLong   = 1<<32 - 1

	// In a burst a turn may read so many bytes ahead and write so many past
	// what it produces.
	slackIn  = 32
	slackOut = 32
)

// tables are the lookup tables of one block's code. root is indexed by the next
// rootBits bits. Codes that are longer are the last ones in canonical order:
// one range of the values of the next 15 bits, from first to the end. Each of
// their prefixes of 11 bits has at least two symbols, so that the range has no
// more than 256 prefixes.
type tables struct {
	base  [numSymbols]uint32 // entries without the length of the code
	root  [1 << rootBits]uint32
	long  [numSymbols / 2 << (maxCode - rootBits)]uint32
	first int
}

func newDecoder() *decoder {
	d := new(decoder)
	for sym := range uint32(numSymbols) {
		e := sym << 8
		if sym >= 256 {
			off, length := (sym-256)>>4, sym&15+minMatch
			e = off | (63-off)<<16 | length<<24
			if length == 15+minMatch {
				e = off | (63-off)<<16 | isRare
			}
		}
		d.fast.base[sym] = e
	}
	return d
}

// build fills the tables. The code is known to be complete.
func (t *tables) build(count *[maxCode + 1]int, sorted *[numSymbols]uint16) {
	n, i := 0, 0 // filled entries, symbols used
	for length := 1; length <= rootBits; length++ {
		run := 1 << (rootBits - length)
		for _, sym := range sorted[i : i+count[length]] {
			e := t.entry(sym, length)
			for j := range t.root[n : n+run] {
				t.root[n+j] = e
			}
			n += run
		}
		i += count[length]
	}
	t.first = n << (maxCode - rootBits)
	for ; n < len(t.root); n++ {
		t.root[n] = isLong
	}
	n = 0
	for length := rootBits + 1; length <= maxCode; length++ {
		run := 1 << (maxCode - length)
		for _, sym := range sorted[i : i+count[length]] {
			e := t.entry(sym, length)
			for j := range t.long[n : n+run] {
				t.long[n+j] = e
			}
			n += run
		}
		i += count[length]
	}
}

func (t *tables) entry(sym uint16, length int) uint32 {
	// The length stands once in a literal's entry, twice in a match's.
	return t.base[sym%numSymbols] + uint32(length)*uint32(1+sym&256)
}

// burst decodes symbols as long as there is room and nothing rare comes up, and
// reports whether it decoded any. What it does not like it leaves untouched.
func (d *decoder) burst() bool {
	src, dst := d.src, d.dst
	in, out := d.pos, d.out
	lastIn := len(src) - slackIn
	// Three symbols may begin in a turn, and none behind the block's end.
	lastOut := min(d.start+blockSize-3, len(dst)-slackOut)
	if in > lastIn || out > lastOut {
		return false
	}

	// b is the reader's register made longer: left aligned, n bits valid. Of n
	// only the low six bits count; the rest is what entries leave there.
	b, n := uint64(d.bits)<<32, uint64(16+d.extra)
	t := &d.fast

	// refill
	w := src[in : in+8]
	b |= (uint64(bits.RotateLeft32(le.Uint32(w), 16))<<32 | uint64(bits.RotateLeft32(le.Uint32(w[4:]), 16))) >> (n & 63)
	in += 6 - int(n>>3&6)
	n |= 48

	e := t.root[b>>(64-rootBits)]
	for in <= lastIn && out <= lastOut {
		if e < isMatch {
			dst[out] = byte(e >> 8)
			out++
			b <<= e & 63
			n -= uint64(e)
			e = t.root[b>>(64-rootBits)]
			if e < isMatch {
				dst[out] = byte(e >> 8)
				out++
				b <<= e & 63
				n -= uint64(e)
				e = t.root[b>>(64-rootBits)]
				if e < isMatch {
					w := src[in : in+8]
					b |= (uint64(bits.RotateLeft32(le.Uint32(w), 16))<<32 | uint64(bits.RotateLeft32(le.Uint32(w[4:]), 16))) >> (n & 63)
					in += 6 - int(n>>3&6)
					n |= 48
					continue
				}
			}
		}
		if e >= isRare {
			w := src[in : in+8]
			b |= (uint64(bits.RotateLeft32(le.Uint32(w), 16))<<32 | uint64(bits.RotateLeft32(le.Uint32(w[4:]), 16))) >> (n & 63)
			in += 6 - int(n>>3&6)
			n |= 48
			if e == isLong {
				e = t.long[(int(b>>(64-maxCode))-t.first)&(len(t.long)-1)]
				if e < isMatch {
					dst[out] = byte(e >> 8)
					out++
					b <<= e & 63
					n -= uint64(e)
					w := src[in : in+8]
					b |= (uint64(bits.RotateLeft32(le.Uint32(w), 16))<<32 | uint64(bits.RotateLeft32(le.Uint32(w[4:]), 16))) >> (n & 63)
					in += 6 - int(n>>3&6)
					n |= 48
					e = t.root[b>>(64-rootBits)]
					continue
				}
			}
			if e >= isRare {
				// The bytes of the length stand behind the words that a reader
				// of 16 bits holds when it has dropped the code.
				offset := int((b<<(e>>8&63)>>1 | 1<<63) >> (e >> 16 & 63))
				n1 := n - uint64(e>>8)
				p := in - int(n1>>3&6) + 2
				length := int(src[p]) + 15 + minMatch
				p++
				if length == 255+15+minMatch {
					length = int(le.Uint16(src[p:p+2])) + minMatch
					p += 2
				}
				if length < 15+minMatch || length > len(dst)-out-8 || offset > out {
					break
				}
				code := e >> 8 & 63
				valid := 16 + n1&15
				b = b << code >> (64 - valid) << (64 - valid)
				b <<= (63 - e>>16) & 63
				n = valid - uint64(63-e>>16&63)
				in = p
				w := src[in : in+8]
				b |= (uint64(bits.RotateLeft32(le.Uint32(w), 16))<<32 | uint64(bits.RotateLeft32(le.Uint32(w[4:]), 16))) >> (n & 63)
				in += 6 - int(n>>3&6)
				n |= 48
				e = t.root[b>>(64-rootBits)]
				from := out - offset
				end := out + length
				if offset >= 8 && length <= 64 {
					for out < end {
						le.PutUint64(dst[out:out+8], le.Uint64(dst[from:from+8]))
						out += 8
						from += 8
					}
				} else {
					for out < end {
						out += copy(dst[out:end], dst[from:out])
					}
				}
				out = end
				continue
			}
		}
		offset := int((b<<(e>>8&63)>>1 | 1<<63) >> (e >> 16 & 63))
		if offset > out {
			break
		}
		length := int(e >> 24)
		b <<= e & 63
		n -= uint64(e)
		w := src[in : in+8]
		b |= (uint64(bits.RotateLeft32(le.Uint32(w), 16))<<32 | uint64(bits.RotateLeft32(le.Uint32(w[4:]), 16))) >> (n & 63)
		in += 6 - int(n>>3&6)
		n |= 48
		e = t.root[b>>(64-rootBits)]
		from := out - offset
		if offset >= 8 {
			le.PutUint64(dst[out:out+8], le.Uint64(dst[from:from+8]))
			if length > 8 {
				le.PutUint64(dst[out+8:out+16], le.Uint64(dst[from+8:from+16]))
				if length > 16 {
					dst[out+16] = dst[from+16]
				}
			}
		} else {
			for i := range length {
				dst[out+i] = dst[from+i]
			}
		}
		out += length
	}
	if out == d.out {
		return false
	}
	n &= 63
	d.extra = int(n & 15)
	d.bits = uint32(b>>32) >> (16 - d.extra) << (16 - d.extra)
	d.pos = in - int(n>>3&6) + 2
	d.out = out
	return true
}
