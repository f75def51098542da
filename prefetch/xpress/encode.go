package xpress

import (
	"math/bits"
	"slices"
)

const (
	endMarker = 256
	maxOffset = 1<<16 - 1

	hashBits  = 15
	chain     = 48   // candidates to try at a place
	goodMatch = 64   // long enough to stop looking for better ones
	farShort  = 4096 // a match of three bytes from farther back is not worth its bits
)

// AppendEncode compresses src, appends the stream to dst and returns the longer
// slice. The same src always gives the same stream. It has the shape of the
// system's own: blocks of 64 KiB that may refer to earlier ones, and symbol 256
// behind the last byte. Of an empty src nothing is written.
func AppendEncode(dst, src []byte) []byte {
	e := &encoder{src: src, head: make([]uint32, 1<<hashBits), prev: make([]uint32, maxOffset+1)}
	for e.pos < len(src) {
		e.tokens = e.tokens[:0]
		for start := e.pos; e.pos-start < blockSize && e.pos < len(src); {
			e.next()
		}
		if e.pos == len(src) {
			e.tokens = append(e.tokens, token{sym: endMarker})
		}
		dst = appendBlock(dst, e.tokens)
	}
	return dst
}

// A token is one symbol with what follows it.
type token struct {
	sym    uint16
	offset uint16 // the bits below the highest one
	length int    // of a match, less minMatch
}

// An encoder looks for matches. head and prev are chains of the places with
// equal hashes, from the latest back; places are counted from 1, modulo 1<<32.
type encoder struct {
	src    []byte
	pos    int
	seen   int // places below are in the chains
	head   []uint32
	prev   []uint32
	tokens []token
}

// next adds the token for e.pos, and steps behind it.
func (e *encoder) next() {
	length, offset := e.find(e.pos, minMatch-1)
	if length >= minMatch && length < goodMatch {
		// A longer match one byte later is worth a literal.
		if l, _ := e.find(e.pos+1, length); l > length {
			length = 0
		}
	}
	if length < minMatch {
		e.tokens = append(e.tokens, token{sym: uint16(e.src[e.pos])})
		e.pos++
		return
	}
	offBits := bits.Len(uint(offset)) - 1
	e.tokens = append(e.tokens, token{
		sym:    uint16(256 + offBits<<4 + min(length-minMatch, 15)),
		offset: uint16(offset - 1<<offBits),
		length: length - minMatch,
	})
	e.pos += length
}

// find returns the longest match at i that is longer than best, or best.
func (e *encoder) find(i, best int) (length, offset int) {
	for ; e.seen < i; e.seen++ {
		// Inside a long match only the end is worth remembering.
		if i-e.seen > maxOffset {
			e.seen = i - maxOffset
		}
		if h, ok := e.hash(e.seen); ok {
			e.prev[e.seen&maxOffset] = e.head[h]
			e.head[h] = uint32(e.seen) + 1
		}
	}
	h, ok := e.hash(i)
	if !ok {
		return best, 0
	}
	b := e.src[i:]
	at := e.head[h]
	for range chain {
		back := int(uint32(i) + 1 - at)
		if at == 0 || back <= offset || back > maxOffset || back > i || best >= len(b) {
			break
		}
		if a := e.src[i-back:]; a[best] == b[best] {
			if n := matchLen(a, b); n > best && (n > minMatch || back <= farShort) {
				best, offset = n, back
				if n >= goodMatch {
					break
				}
			}
		}
		at = e.prev[(i-back)&maxOffset]
	}
	return best, offset
}

func (e *encoder) hash(i int) (uint32, bool) {
	if len(e.src)-i < minMatch {
		return 0, false
	}
	b := e.src[i:]
	return (uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16) * 0x9E3779B1 >> (32 - hashBits), true
}

// matchLen returns how many bytes a and b have in common; b is the shorter.
// A length must fit the 32-bit form.
func matchLen(a, b []byte) int {
	n := 0
	limit := int(min(int64(len(b)), 1<<32-1))
	for ; n+8 <= limit; n += 8 {
		if x := le.Uint64(a[n:]) ^ le.Uint64(b[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
	}
	for n < limit && a[n] == b[n] {
		n++
	}
	return n
}

// appendBlock writes the table and the symbols of one block.
func appendBlock(dst []byte, tokens []token) []byte {
	var freq [numSymbols]int
	for _, t := range tokens {
		freq[t.sym]++
	}
	lengths := codeLengths(&freq)
	for i := 0; i < numSymbols; i += 2 {
		dst = append(dst, lengths[i]|lengths[i+1]<<4)
	}
	codes := canonical(&lengths)

	w := newBitWriter(dst)
	for _, t := range tokens {
		w.bits(uint32(codes[t.sym]), int(lengths[t.sym]))
		if t.sym < 256 {
			continue
		}
		if t.sym&15 == 15 {
			w.longLength(uint32(t.length))
		}
		w.bits(uint32(t.offset), int(t.sym-256)>>4)
	}
	return w.flush()
}

// canonical gives the codes that the lengths stand for.
func canonical(lengths *[numSymbols]uint8) (codes [numSymbols]uint16) {
	code := 0
	for n := uint8(1); n <= maxCode; n++ {
		for sym, l := range lengths {
			if l == n {
				codes[sym] = uint16(code)
				code++
			}
		}
		code <<= 1
	}
	return codes
}

// codeLengths makes a Huffman code without codes longer than maxCode.
func codeLengths(freq *[numSymbols]int) (lengths [numSymbols]uint8) {
	// A node is a symbol, or two nodes; up is the node above.
	type node struct{ freq, sym, up int }
	leaves := make([]node, 0, numSymbols)
	for sym, f := range freq {
		if f > 0 {
			leaves = append(leaves, node{freq: f, sym: sym})
		}
	}
	if len(leaves) == 1 {
		// A code of one symbol would be incomplete: give it a companion.
		leaves = append(leaves, node{freq: 1, sym: (leaves[0].sym + 1) % numSymbols})
	}
	for {
		slices.SortStableFunc(leaves, func(a, b node) int { return a.freq - b.freq })
		// Sorted leaves, then the inner nodes, which come out sorted too: the
		// two lightest are always at the front of the one or the other.
		nodes := slices.Grow(slices.Clone(leaves), len(leaves))
		leaf, inner := 0, len(leaves)
		lightest := func() int {
			if inner == len(nodes) || leaf < len(leaves) && nodes[leaf].freq <= nodes[inner].freq {
				leaf++
				return leaf - 1
			}
			inner++
			return inner - 1
		}
		for len(nodes) < 2*len(leaves)-1 {
			a, b := lightest(), lightest()
			nodes[a].up, nodes[b].up = len(nodes), len(nodes)
			nodes = append(nodes, node{freq: nodes[a].freq + nodes[b].freq})
		}

		// From the root down; depth replaces the frequency.
		longest := 0
		nodes[len(nodes)-1].freq = 0
		for i := len(nodes) - 2; i >= 0; i-- {
			nodes[i].freq = nodes[nodes[i].up].freq + 1
			longest = max(longest, nodes[i].freq)
		}
		if longest <= maxCode {
			for _, n := range nodes[:len(leaves)] {
				lengths[n.sym] = uint8(n.freq)
			}
			return lengths
		}
		// Too long: a flatter distribution has a flatter tree.
		for i := range leaves {
			leaves[i].freq = (leaves[i].freq + 1) / 2
		}
	}
}

// A bitWriter is the mirror of the decoder's reader. That one fetches words
// ahead of the bits it uses, and raw bytes from behind the words; so the places
// of the next two words are fixed before their bits are known.
type bitWriter struct {
	dst    []byte
	word   [2]int // places of the word that is filled and of the one after
	acc    uint32
	filled int // bits of acc, up to 16 between two calls
}

func newBitWriter(dst []byte) *bitWriter {
	n := len(dst)
	return &bitWriter{dst: append(dst, 0, 0, 0, 0), word: [2]int{n, n + 2}}
}

// bits writes the low n bits of v, at most 15.
func (w *bitWriter) bits(v uint32, n int) {
	w.acc = w.acc<<n | v
	w.filled += n
	if w.filled > 16 {
		w.filled -= 16
		le.PutUint16(w.dst[w.word[0]:], uint16(w.acc>>w.filled))
		w.word = [2]int{w.word[1], len(w.dst)}
		w.dst = append(w.dst, 0, 0)
	}
}

// longLength writes the bytes of a match length, less minMatch, of 15 or more.
func (w *bitWriter) longLength(n uint32) {
	switch {
	case n < 15+0xff:
		w.dst = append(w.dst, byte(n-15))
	case n < 1<<16:
		w.dst = le.AppendUint16(append(w.dst, 0xff), uint16(n))
	default:
		w.dst = le.AppendUint32(append(w.dst, 0xff, 0, 0), n)
	}
}

func (w *bitWriter) flush() []byte {
	le.PutUint16(w.dst[w.word[0]:], uint16(w.acc<<(16-w.filled)))
	return w.dst
}
