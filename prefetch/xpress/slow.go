package xpress

import "encoding/binary"

// This file is the whole decoder, one symbol at a time, in the words of
// [MS-XCA] 2.2.4. fast.go does the same in bursts, wherever input and output
// have room, and leaves everything else to this file: ends, errors, rarities.

var le = binary.LittleEndian

const (
	tableSize  = 256     // bytes of code lengths before each block's bits
	numSymbols = 512     // 256 literals, 256 matches
	maxCode    = 15      // bits
	blockSize  = 1 << 16 // bytes of output, at least, but for the last block
	minMatch   = 3
)

// A decoder is the state of one stream between two symbols.
type decoder struct {
	src, dst []byte
	size     int // of the whole output; dst is shorter while it may grow
	out      int // bytes produced
	start    int // of the block, in dst

	// The reader. bits is left aligned and filled in whole words from src.
	//
	//	31              16 15               0
	//	+-----------------+-----------------+
	//	| 16 bits or more to read  | 0 .. 0 |
	//	+-----------------+-----------------+
	//	                   <-extra->
	bits    uint32
	extra   int // bits that are there beyond the 16 that always are; 0 to 16
	pos     int // the next byte to read
	phantom int // bits behind the end of src, at the low end of the valid ones

	// The code of the block. Codes are canonical: it is enough to know how many
	// there are of each length, and their symbols in order.
	count  [maxCode + 1]int
	sorted [numSymbols]uint16

	fast tables

	// No bursts: they are not wanted, or one has met an error. It has changed
	// nothing but bytes of dst behind out, and the symbols before the error are
	// decoded again, one by one, to find out where it is.
	careful bool

	// For AppendDecode: dst is buf[prefix:].
	buf    []byte
	prefix int
}

// run decodes blocks until the output has its size. Without the bursts it is the
// slow and obvious decoder that tests hold the fast one against.
func (d *decoder) run(bursts bool) error {
	d.careful = !bursts
	for d.out < d.size {
		if err := d.readTable(); err != nil {
			return err
		}
		if !d.careful {
			d.fast.build(&d.count, &d.sorted)
		}
		// The end of the block is looked for before each symbol; a match may
		// run past it, and the next block is counted from there.
		for d.start = d.out; d.out-d.start < blockSize && d.out < d.size; {
			if !d.careful && d.burst() {
				continue
			}
			if err := d.symbol(); err != nil {
				return err
			}
		}
	}
	return nil
}

// readTable reads the code lengths of a block and the first bits behind them.
// [MS-XCA] 2.2.4, "build the decoding table".
func (d *decoder) readTable() error {
	if len(d.src)-d.pos < tableSize {
		return d.truncated("in a table of code lengths")
	}
	lengths := d.src[d.pos:][:tableSize]
	var low, high [maxCode + 1]int // apart, so that one need not wait for the other
	for _, b := range lengths {
		low[b&15]++
		high[b>>4]++
	}
	for n := 1; n <= maxCode; n++ { // 0 is a symbol that is not used
		d.count[n] = low[n] + high[n]
	}

	// A code that leaves nothing open sums up to 1<<15.
	var next [maxCode + 1]int
	sum, n := 0, 0
	for i, c := range d.count {
		next[i] = n
		n += c
		sum += c << (maxCode - i)
	}
	switch {
	case sum > 1<<maxCode:
		return d.corrupt(d.pos, "code lengths are over-subscribed")
	case sum < 1<<maxCode:
		return d.corrupt(d.pos, "code lengths are incomplete")
	}
	next[0] = n // symbols that are not used, to the end: a branch would cost more
	for i, b := range lengths {
		low, high := &next[b&15], &next[b>>4]
		d.sorted[*low%numSymbols] = uint16(2 * i)
		*low++
		d.sorted[*high%numSymbols] = uint16(2*i + 1)
		*high++
	}

	d.pos += tableSize
	d.bits, d.extra, d.phantom = 0, -16, 0
	d.refill()
	d.refill()
	return nil
}

// refill adds a word to the reader. A word that is not there counts as zero:
// only who needs its bits has a truncated stream.
func (d *decoder) refill() {
	if len(d.src)-d.pos >= 2 {
		d.bits |= uint32(le.Uint16(d.src[d.pos:])) << -d.extra
	} else {
		d.phantom += 16
	}
	d.pos += 2
	d.extra += 16
}

// consume drops n bits, at most 15, and reports whether they were there.
func (d *decoder) consume(n int) bool {
	if n > 16+d.extra-d.phantom {
		return false
	}
	d.bits <<= n
	d.extra -= n
	if d.extra < 0 {
		d.refill()
	}
	return true
}

// peek returns the next symbol and the length of its code.
func (d *decoder) peek() (sym, n int) {
	code, i := 0, 0 // the first of the codes of n bits, and its index in sorted
	for n = 1; ; n++ {
		c := int(d.bits>>(32-n)) - code
		if c < d.count[n] {
			return int(d.sorted[i+c]), n
		}
		i += d.count[n]
		code = (code + d.count[n]) << 1
	}
}

// symbol decodes one symbol. [MS-XCA] 2.2.4, the inner loop.
func (d *decoder) symbol() error {
	in := d.pos
	sym, n := d.peek()
	if !d.consume(n) {
		return d.truncated("in a code")
	}
	if d.out == len(d.dst) {
		d.grow(d.out + 1)
	}
	if sym < 256 {
		d.dst[d.out] = byte(sym)
		d.out++
		return nil
	}

	// Symbol 256 is the end marker too, but only behind the end of the output,
	// where nobody asks for it.
	length, offBits := int64(sym&15), (sym-256)>>4
	if length == 15 {
		length = d.longLength()
		switch {
		case length < 0:
			return d.truncated("in a match length")
		case length < 15:
			return d.corrupt(in, "match length below 15 in its long form")
		}
	}
	length += minMatch

	offset := 1<<offBits + int(d.bits>>(32-offBits))
	if !d.consume(offBits) {
		return d.truncated("in a match offset")
	}
	if offset > d.out {
		return d.corrupt(in, "match offset before the start of the output")
	}
	fits := int(min(length, int64(d.size-d.out)))
	if fits > len(d.dst)-d.out {
		d.grow(d.out + fits)
	}
	d.copyMatch(offset, fits)
	if int64(fits) < length {
		return d.corrupt(in, "match runs past the end of the output")
	}
	return nil
}

// longLength reads the bytes that follow a length of 15, or returns -1 at the
// end of the input. They are whole bytes behind the words that the reader
// already holds, and a longer form replaces a shorter one.
func (d *decoder) longLength() int64 {
	rest := d.src[min(d.pos, len(d.src)):]
	if len(rest) < 1 {
		return -1
	}
	if b := rest[0]; b < 0xff {
		d.pos++
		return int64(b) + 15
	}
	if len(rest) < 3 {
		return -1
	}
	if w := le.Uint16(rest[1:]); w != 0 {
		d.pos += 3
		return int64(w)
	}
	if len(rest) < 7 {
		return -1
	}
	d.pos += 7
	return int64(le.Uint32(rest[3:]))
}

// copyMatch repeats n bytes from offset bytes back. What it copies may be what
// it has just written: each turn doubles what there is of the pattern.
func (d *decoder) copyMatch(offset, n int) {
	from := d.out - offset
	for n > 0 {
		k := copy(d.dst[d.out:d.out+n], d.dst[from:d.out])
		d.out += k
		n -= k
	}
}

func (d *decoder) truncated(where string) error {
	return &CorruptError{In: len(d.src), Out: d.out, Truncated: true, Reason: where}
}

func (d *decoder) corrupt(in int, why string) error {
	return &CorruptError{In: min(in, len(d.src)), Out: d.out, Reason: why}
}
