package xpress

import "math/bits"

// Plain LZ77, [MS-XCA] 2.3 and 2.4. A word of 32 flags says of the next 32
// symbols, from its top bit down, which are bytes (0) and which are matches
// (1). A match is a u16: offset less one in the upper 13 bits, length less
// three in the lower three. Longer lengths follow it: first half a byte, the
// low half of a fresh byte or the high half that an earlier match left over;
// then a whole byte; then a u16; then a u32. The end of the stream is a match
// flag without input behind it.

const (
	plainOffset = 1 << 13 // the farthest match
	plainLength = 7       // in the three bits of a match: more follows
	halfLength  = 15      // in half a byte: more follows
	byteLength  = 255     // in a byte: more follows
)

// DecodePlain fills dst with exactly len(dst) bytes decoded from src, a stream
// of plain LZ77: what Windows calls XPRESS without Huffman. It does not
// allocate unless it fails. The two must not overlap. The error is a
// *[CorruptError]; its Out says how many bytes at the start of dst are good.
func DecodePlain(dst, src []byte) error {
	_, err := AppendDecodePlain(dst[:0:len(dst)], src, len(dst))
	return err
}

// AppendDecodePlain appends size bytes decoded from src to dst and returns the
// longer slice. It allocates as bytes are produced, but a caller should still
// bound size: one match can stand for gigabytes. An error, always a
// *[CorruptError], comes with what was produced before it.
func AppendDecodePlain(dst, src []byte, size int) ([]byte, error) {
	if size < 0 {
		return dst, &CorruptError{Reason: "negative size"}
	}
	p := plain{src: src, start: len(dst)}
	end := len(dst) + size
	var flags uint32
	for left := 0; len(dst) < end; {
		if left == 0 {
			if len(src)-p.pos < 4 {
				return dst, p.truncated(dst, "in a word of flags")
			}
			flags, left = le.Uint32(src[p.pos:]), 32
			p.pos += 4
		}
		if n := min(bits.LeadingZeros32(flags), left, end-len(dst)); n > 0 {
			have := min(n, len(src)-p.pos)
			dst = append(dst, src[p.pos:p.pos+have]...)
			if have < n {
				return dst, p.truncated(dst, "in a literal")
			}
			p.pos += n
			flags <<= n
			left -= n
			continue
		}
		flags <<= 1
		left--
		if p.pos == len(src) {
			return dst, p.truncated(dst, "the stream is complete")
		}
		in := p.pos
		offset, length, err := p.match(dst)
		switch {
		case err != nil:
			return dst, err
		case offset > len(dst)-p.start:
			return dst, p.corrupt(dst, in, "match offset before the start of the output")
		}
		fits := int(min(length, int64(end-len(dst))))
		dst = appendMatch(dst, offset, fits)
		if int64(fits) < length {
			return dst, p.corrupt(dst, in, "match runs past the end of the output")
		}
	}
	return dst, nil
}

// A plain is the state of a plain LZ77 reader between two symbols.
type plain struct {
	src   []byte
	pos   int
	half  int // where the unused high half of a length byte is; 0 for none
	start int // of the output in dst
}

// match reads a match. [MS-XCA] 2.4.4, the else branch.
func (p *plain) match(dst []byte) (offset int, length int64, err error) {
	src := p.src
	if len(src)-p.pos < 2 {
		return 0, 0, p.truncated(dst, "in a match")
	}
	in := p.pos
	m := int(le.Uint16(src[p.pos:]))
	p.pos += 2
	offset, length = m>>3+1, int64(m&plainLength)
	if length < plainLength {
		return offset, length + minMatch, nil
	}
	var half byte
	switch {
	case p.half != 0:
		half, p.half = src[p.half]>>4, 0
	case p.pos < len(src):
		half, p.half = src[p.pos]&15, p.pos
		p.pos++
	default:
		return 0, 0, p.truncated(dst, "in a match length")
	}
	length = plainLength + int64(half)
	if half == halfLength {
		rest := src[p.pos:]
		switch {
		case len(rest) >= 1 && rest[0] < byteLength:
			length += int64(rest[0])
			p.pos++
		case len(rest) >= 3 && le.Uint16(rest[1:]) != 0:
			length = int64(le.Uint16(rest[1:]))
			p.pos += 3
		case len(rest) >= 7:
			length = int64(le.Uint32(rest[3:]))
			p.pos += 7
		default:
			return 0, 0, p.truncated(dst, "in a match length")
		}
		if length < plainLength+halfLength {
			return 0, 0, p.corrupt(dst, in, "match length below 22 in its long form")
		}
	}
	return offset, length + minMatch, nil
}

func (p *plain) truncated(dst []byte, where string) error {
	return &CorruptError{In: len(p.src), Out: len(dst) - p.start, Truncated: true, Reason: where}
}

func (p *plain) corrupt(dst []byte, in int, why string) error {
	return &CorruptError{In: in, Out: len(dst) - p.start, Reason: why}
}

// appendMatch appends n bytes from offset bytes back. What it copies may be
// what it has just written: each turn doubles what there is of the pattern.
func appendMatch(dst []byte, offset, n int) []byte {
	from := len(dst) - offset
	for n > 0 {
		k := min(n, len(dst)-from)
		dst = append(dst, dst[from:from+k]...)
		n -= k
	}
	return dst
}

// AppendEncodePlain compresses src as plain LZ77, appends the stream to dst
// and returns the longer slice. The same src always gives the same stream.
func AppendEncodePlain(dst, src []byte) []byte {
	var flags uint32
	n, at := 0, len(dst) // flags used, and where their word is
	dst = append(dst, 0, 0, 0, 0)
	half := 0 // where the unused half of a length byte is
	last := newFinder(src)
	for pos := 0; pos < len(src); {
		flags <<= 1
		if offset, length := last.find(pos, plainOffset, len(src)-pos); length >= minMatch {
			flags |= 1
			dst, half = appendPlainMatch(dst, offset, length-minMatch, half)
			pos += length
		} else {
			dst = append(dst, src[pos])
			pos++
		}
		if n++; n == 32 {
			le.PutUint32(dst[at:], flags)
			n, at = 0, len(dst)
			dst = append(dst, 0, 0, 0, 0)
		}
	}
	flags = flags<<(32-n) | uint32(1<<(32-n)-1)
	le.PutUint32(dst[at:], flags)
	return dst
}

// appendPlainMatch writes a match, its length given less three, and returns
// the place of a half byte that is left for the next one. [MS-XCA] 2.3.4.
func appendPlainMatch(dst []byte, offset, length, half int) ([]byte, int) {
	dst = le.AppendUint16(dst, uint16((offset-1)<<3|min(length, plainLength)))
	if length < plainLength {
		return dst, half
	}
	h := byte(min(length-plainLength, halfLength))
	if half != 0 {
		dst[half] |= h << 4
		half = 0
	} else {
		half = len(dst)
		dst = append(dst, h)
	}
	rest := length - plainLength - halfLength
	switch {
	case rest < 0:
	case rest < byteLength:
		dst = append(dst, byte(rest))
	case length < 1<<16:
		dst = le.AppendUint16(append(dst, byteLength), uint16(length))
	default:
		dst = le.AppendUint32(append(dst, byteLength, 0, 0), uint32(length))
	}
	return dst, half
}

// A finder remembers the last place of each hash of three bytes.
type finder struct {
	src  []byte
	seen int
	last []int // place + 1
}

func newFinder(src []byte) *finder { return &finder{src: src, last: make([]int, 1<<12)} }

// find returns the latest match for what is at pos, at most far back and at
// most long bytes long. A length below three means that there is none.
func (f *finder) find(pos, far, long int) (offset, length int) {
	if len(f.src)-pos < minMatch {
		return 0, 0
	}
	for ; f.seen < pos; f.seen++ {
		f.last[f.hash(f.seen)] = f.seen + 1
	}
	at := f.last[f.hash(pos)] - 1
	if at < 0 || pos-at > far {
		return 0, 0
	}
	for length < long && f.src[at+length] == f.src[pos+length] {
		length++
	}
	return pos - at, length
}

func (f *finder) hash(pos int) uint32 {
	s := f.src[pos:]
	return (uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16) * 0x9E3779B1 >> 20
}
