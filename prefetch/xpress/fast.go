package xpress

import "math/bits"

// What makes the bursts fast: one table lookup for nearly every symbol; a 64-bit
// register, refilled without a branch for two symbols at a time; and one way for
// literals and short matches alike, since which of them comes next is what a
// processor guesses wrong most often. Both write eight bytes, a literal those
// behind it too, and step on by their length. All of it needs room, in the input
// for reading ahead, in the output for writing past the end of a symbol, and the
// room is asked for once a turn.
//
// A table entry says all about a symbol. Its fields can be used as shifts as
// they are, since a shift of 64 bits looks at the low six bits only.
//
//	 31 30    24 23    16 15     8 7      0
//	+--+--------+--------+--------+--------+
//	| 0|   1    |  63-5  |  byte  |  code  |  literal
//	+--+--------+--------+--------+--------+
//	| 0| length | 63-off |  code  |code+off|  match of 3 to 17 bytes
//	+--+--------+--------+--------+--------+
//	| 1| length | 63-off |  code  |code+off|  match that is long, far or near: 18
//	+--+--------+--------+--------+--------+  stands for 18 and more bytes
//	|               all ones               |  the code is longer: look into long
//	+--+--------+--------+--------+--------+
//
// code and off are numbers of bits. The 5 gives a literal an offset between 32
// and 63, from where it loads bytes that nobody looks at. A match is far if code
// and off are more than 24 bits: the 48 bits that a refill guarantees then last
// for two symbols. It is near if off is less than 3: eight bytes at a time are
// then too many, for the offset is less than eight.
const (
	rootBits = 12
	farBits  = 24
	nearBits = 3
	isMatch  = 2 << 24 // and all above
	isOdd    = 9 << 24 // and all above: eight bytes are not enough
	isRare   = 1 << 31 // and all above
	isLong   = 1<<32 - 1
	litBack  = 64 // a literal needs so much output before it

	// In a burst a turn may read so many bytes ahead, and write so many behind
	// where it began.
	slackIn  = 32
	slackOut = 32
)

// tables are the lookup tables of one block's code. root is indexed by the next
// rootBits bits. Codes that are longer are the last ones in canonical order:
// one range of the values of the next 15 bits, from first to the end. Each of
// their prefixes of rootBits bits has at least two symbols, so that there are no
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
		e := 1<<24 | (63-5)<<16 | sym<<8
		if sym >= 256 {
			off, length := (sym-256)>>4, sym&15+minMatch
			e = length<<24 | (63-off)<<16 | off
			if length == 15+minMatch || off < nearBits {
				e |= isRare
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
			if e&63 > farBits {
				e |= isRare
			}
			if run >= 8 {
				for end := n + run; n < end; n += 8 {
					w := t.root[n : n+8]
					w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7] = e, e, e, e, e, e, e, e
				}
				continue
			}
			for end := n + run; n < end; n++ {
				t.root[n] = e
			}
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
			for end := n + run; n < end; n++ {
				t.long[n] = e
			}
		}
		i += count[length]
	}
}

func (t *tables) entry(sym uint16, length int) uint32 {
	// The length stands once in a literal's entry, twice in a match's.
	return t.base[sym%numSymbols] + uint32(length)*uint32(1+sym&256)
}

// refill64 fills the register b up from src[in:]. Of n, the number of valid bits
// in it, only the low six bits count: what is above them has been left by table
// entries that were subtracted whole. n is 48 to 63 afterwards, in whole words;
// the bits below are right too, and are put there once more by the next refill.
func refill64(src []byte, b, n uint64, in int) (uint64, uint64, int) {
	w := src[in : in+8]
	b |= (uint64(bits.RotateLeft32(le.Uint32(w), 16))<<32 | uint64(bits.RotateLeft32(le.Uint32(w[4:]), 16))) >> (n & 63)
	return b, n | 48, in + 6 - int(n>>3&6)
}

// burst decodes symbols as long as there is room and nothing strange comes up,
// and reports whether it decoded any. What it does not like it leaves untouched.
func (d *decoder) burst() bool {
	lastIn := len(d.src) - slackIn
	// Two symbols may begin in a turn, the second up to eight bytes later, and
	// none behind the block's end.
	lastOut := min(d.start+blockSize-9, len(d.dst)-slackOut)
	if d.pos > lastIn || d.out > lastOut || d.out < litBack {
		return false
	}
	b, n, in, out := d.turns(d.src[:lastIn+8], d.dst[:lastOut+slackOut])
	if out == d.out {
		return false
	}

	// Give back what was read ahead: the reader holds 16 to 31 bits.
	b, n, in = refill64(d.src, b, n, in)
	d.extra = int(n & 15)
	d.bits = uint32(b>>32) >> (16 - d.extra) << (16 - d.extra)
	d.pos = in - 4
	d.out = out
	return true
}

// turns is the loop of burst. src and dst are cut so that a turn may begin as
// long as there are eight bytes to read, and slackOut to write. It is a function
// of its own, and its conditions are put as they are, because the compiler then
// knows that the slices of eight bytes lie inside: out >= litBack says that out
// is not negative; from and out are never above len(dst)-8.
//
// The next entry depends on this one alone: register, shift, table, and again.
// These few instructions are what a symbol takes, so they come first, and the
// rest, which is done meanwhile, works on copies.
func (d *decoder) turns(src, dst []byte) (b, n uint64, in, out int) {
	// b is the reader's register made longer, still left aligned.
	b, n = uint64(d.bits)<<32, uint64(16+d.extra)
	in, out = d.pos, d.out
	t := &d.fast
	e := t.root[b>>(64-rootBits)]
	for in >= 0 && in <= len(src)-8 && out >= litBack && out <= len(dst)-slackOut {
		b, n, in = refill64(src, b, n, in)
		if e >= isOdd {
			goto odd
		}
		{
			this, x := e, b
			b <<= e & 63
			e = t.root[b>>(64-rootBits)]
			// The offset is a one with the bits behind the code.
			x <<= this >> 8 & 63
			n -= uint64(this)
			from := out - int((x>>1|1<<63)>>(this>>16&63))
			if from < 0 || from > len(dst)-8 {
				d.careful = true
				return b, n, in, d.out
			}
			lit := uint64(byte(this >> 8))
			v := le.Uint64(dst[from : from+8])
			if this < isMatch { // a conditional move
				v = lit
			}
			le.PutUint64(dst[out:out+8], v)
			out += int(this >> 24)
		}
		if e >= isOdd {
			goto odd
		}
		if out > len(dst)-8 {
			break
		}
		{
			// The same again.
			this, x := e, b
			b <<= e & 63
			e = t.root[b>>(64-rootBits)]
			x <<= this >> 8 & 63
			n -= uint64(this)
			from := out - int((x>>1|1<<63)>>(this>>16&63))
			if from < 0 || from > len(dst)-8 {
				d.careful = true
				return b, n, in, d.out
			}
			lit := uint64(byte(this >> 8))
			v := le.Uint64(dst[from : from+8])
			if this < isMatch {
				v = lit
			}
			le.PutUint64(dst[out:out+8], v)
			out += int(this >> 24)
		}
		continue

	odd: // mostly a match of 9 to 17 bytes
		if e < isRare {
			from := out - int((b<<(e>>8&63)>>1|1<<63)>>(e>>16&63))
			if from < 0 || from > len(dst)-17 || out < 0 || out > len(dst)-17 {
				goto rare
			}
			w, r := dst[out:out+17], dst[from:from+17]
			le.PutUint64(w, le.Uint64(r))
			le.PutUint64(w[8:], le.Uint64(r[8:]))
			w[16] = r[16]
			out += int(e >> 24)
			b <<= e & 63
			n -= uint64(e)
			e = t.root[b>>(64-rootBits)]
			continue
		}

	rare:
		var ok bool
		if b, n, in, out, ok = d.rare(b, n, in, out); !ok {
			break
		}
		e = t.root[b>>(64-rootBits)]
	}
	return b, n, in, out
}

// rare decodes one symbol that turns does not, or leaves all as it was. It leaves
// enough bits to look up the next one.
func (d *decoder) rare(b0, n0 uint64, in0, out int) (b, n uint64, in, end int, ok bool) {
	src, dst := d.src, d.dst
	b, n, in = refill64(src, b0, n0, in0)
	e := d.fast.root[b>>(64-rootBits)]
	if e == isLong {
		e = d.fast.long[(int(b>>(64-maxCode))-d.fast.first)&(len(d.fast.long)-1)]
		if e < isMatch {
			dst[out] = byte(e >> 8)
			return b << (e & 63), n - uint64(e), in, out + 1, true
		}
	}
	offset := int((b<<(e>>8&63)>>1 | 1<<63) >> (e >> 16 & 63))
	if offset > out {
		return b0, n0, in0, out, false
	}
	length := int(e >> 24 & 127)
	if length < 15+minMatch {
		b <<= e & 63
		n -= uint64(e)
	} else {
		// The bytes of the length stand behind the words that a reader of 16
		// bits holds when it has dropped the code. What the register has from
		// there on was read too early.
		code, off := e>>8&63, 63-e>>16&63
		n -= uint64(code)
		in += 2 - int(n>>3&6)
		n = 16 + n&15
		b = b << code >> (64 - n) << (64 - n) << off
		n -= uint64(off)
		length = int(src[in]) + 15 + minMatch
		in++
		if length == 255+15+minMatch {
			length = int(le.Uint16(src[in:])) + minMatch
			in += 2
		}
		if length < 15+minMatch || length > len(dst)-out {
			return b0, n0, in0, out, false
		}
		b, n, in = refill64(src, b, n, in)
	}
	end = out + length
	from := out - offset
	if offset >= 8 && length <= 64 && out <= len(dst)-64-8 {
		// Most of these have up to 32 bytes: no loop whose end must be guessed.
		w, r := dst[out:out+32], dst[from:from+32]
		le.PutUint64(w, le.Uint64(r))
		le.PutUint64(w[8:], le.Uint64(r[8:]))
		le.PutUint64(w[16:], le.Uint64(r[16:]))
		le.PutUint64(w[24:], le.Uint64(r[24:]))
		for i := 32; i < length; i += 8 {
			le.PutUint64(dst[out+i:out+i+8], le.Uint64(dst[from+i:from+i+8]))
		}
		return b, n, in, end, true
	}
	for out < end {
		out += copy(dst[out:end], dst[from:out])
	}
	return b, n, in, end, true
}
