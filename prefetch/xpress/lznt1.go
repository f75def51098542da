package xpress

import "math/bits"

// LZNT1, [MS-XCA] 2.5: chunks of at most 4,096 bytes of output, each with a
// header of two bytes, which has the number of bytes that follow less one in
// its low 12 bits, then 3 in three bits, then a flag that is set for a
// compressed chunk. A header of zero ends the stream. In a compressed chunk a
// byte of flags, from its low bit up, says of the next eight symbols which are
// bytes and which are matches. A match is a u16 that has offset less one in
// its upper and length less three in its lower bits: how many belong to the
// offset grows with the output of the chunk, from four to twelve.

const (
	ntChunk      = 4096
	ntHeader     = 2
	ntSize       = 0x0FFF
	ntSignature  = 3 << 12
	ntCompressed = 0x8000
)

// DecodeLZNT1 fills dst with exactly len(dst) bytes decoded from src, a stream
// of LZNT1. It does not allocate unless it fails. The two must not overlap.
// The error is a *[CorruptError]; its Out says how many bytes at the start of
// dst are good.
func DecodeLZNT1(dst, src []byte) error {
	out, in, err := appendLZNT1(dst[:0:len(dst)], src, len(dst))
	if err == nil && len(out) < len(dst) {
		err = &CorruptError{In: in, Out: len(out), Truncated: true, Reason: "the stream is complete"}
	}
	return err
}

// AppendDecodeLZNT1 appends what src decodes to, at most limit bytes, to dst
// and returns the longer slice. The stream itself says where it ends, so that
// a caller need not know the size. An error, always a *[CorruptError], comes
// with what was produced before it.
func AppendDecodeLZNT1(dst, src []byte, limit int) ([]byte, error) {
	if limit < 0 {
		return dst, &CorruptError{Reason: "negative size"}
	}
	out, _, err := appendLZNT1(dst, src, limit)
	return out, err
}

func appendLZNT1(dst, src []byte, size int) (out []byte, pos int, err error) {
	start, end := len(dst), len(dst)+size
	bad := func(in int, truncated bool, why string) error {
		return &CorruptError{In: in, Out: len(dst) - start, Truncated: truncated, Reason: why}
	}
	for len(dst) < end && pos < len(src) {
		if len(src)-pos < ntHeader {
			if src[pos] == 0 {
				break // half of an end mark
			}
			return dst, pos, bad(len(src), true, "in the header of a chunk")
		}
		head := le.Uint16(src[pos:])
		if head == 0 {
			break
		}
		// A chunk that is followed by another one counts for 4,096 bytes; a
		// shorter one was all zeros at its end.
		if n := (len(dst) - start) % ntChunk; n != 0 {
			dst = append(dst, make([]byte, min(ntChunk-n, end-len(dst)))...)
			if len(dst) == end {
				break
			}
		}
		if head&0x7000 != ntSignature {
			return dst, pos, bad(pos, false, "no signature in the header of a chunk")
		}
		n := int(head&ntSize) + 1
		body := src[pos+ntHeader:]
		short := len(body) < n
		body = body[:min(n, len(body))]
		if head&ntCompressed == 0 {
			dst = append(dst, body[:min(len(body), end-len(dst))]...)
		} else {
			var at int
			var why string
			if dst, at, why = appendChunk(dst, body, end-len(dst)); why != "" {
				truncated := short && at >= len(body)-1
				return dst, pos, bad(min(pos+ntHeader+at, len(src)), truncated, why)
			}
		}
		if short && len(dst) < end {
			return dst, pos, bad(len(src), true, "in a chunk")
		}
		pos += ntHeader + n
	}
	return dst, pos, nil
}

// appendChunk decodes one compressed chunk, and no more than size bytes. On
// damage it returns the place in the chunk and what is wrong with it.
func appendChunk(dst, src []byte, size int) (out []byte, in int, why string) {
	base := len(dst)
	end := base + min(size, ntChunk)
	for pos := 0; pos < len(src); {
		flags := src[pos]
		pos++
		for range 8 {
			if pos == len(src) || len(dst) == end && size <= ntChunk {
				return dst, pos, ""
			}
			if len(dst) == end {
				return dst, pos, "a chunk of more than 4,096 bytes"
			}
			literal := flags&1 == 0
			flags >>= 1
			if literal {
				dst = append(dst, src[pos])
				pos++
				continue
			}
			if len(src)-pos < 2 {
				return dst, pos, "half a match"
			}
			m := int(le.Uint16(src[pos:]))
			shift := lengthBits(len(dst) - base)
			offset, length := m>>shift+1, (m&(1<<shift-1))+minMatch
			if offset > len(dst)-base {
				return dst, pos, "match offset before the start of the chunk"
			}
			if length > base+ntChunk-len(dst) {
				return dst, pos, "match runs past the end of the chunk"
			}
			pos += 2
			dst = appendMatch(dst, offset, min(length, end-len(dst)))
		}
	}
	return dst, len(src), ""
}

// lengthBits is the number of bits of a match that hold the length when n
// bytes of the chunk are known: the offset needs to reach no farther.
func lengthBits(n int) int { return 12 - max(0, bits.Len(uint(max(n, 1)-1))-4) }

// AppendEncodeLZNT1 compresses src as LZNT1, appends the stream to dst and
// returns the longer slice. A chunk that does not get smaller is stored. The
// same src always gives the same stream, which ends in a header of zero.
func AppendEncodeLZNT1(dst, src []byte) []byte {
	for len(src) > 0 {
		chunk := src[:min(ntChunk, len(src))]
		src = src[len(chunk):]
		at := len(dst)
		dst = append(dst, 0, 0)
		dst = appendTokens(dst, chunk)
		head := uint16(ntSignature | ntCompressed)
		if len(dst)-at-ntHeader >= len(chunk) {
			dst = append(dst[:at+ntHeader], chunk...)
			head = ntSignature
		}
		le.PutUint16(dst[at:], head|uint16(len(dst)-at-ntHeader-1))
	}
	return append(dst, 0, 0)
}

func appendTokens(dst, chunk []byte) []byte {
	last := newFinder(chunk)
	for pos, n, at := 0, 8, 0; pos < len(chunk); n++ {
		if n == 8 {
			n, at = 0, len(dst)
			dst = append(dst, 0)
		}
		shift := lengthBits(pos)
		offset, length := last.find(pos, 1<<(16-shift), min(len(chunk)-pos, 1<<shift+minMatch-1))
		if length < minMatch {
			dst = append(dst, chunk[pos])
			pos++
			continue
		}
		dst[at] |= 1 << n
		dst = le.AppendUint16(dst, uint16((offset-1)<<shift|(length-minMatch)))
		pos += length
	}
	return dst
}
