package hive

import (
	"math/bits"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

//go:generate go run gen_upcase.go

// upcase maps one UTF-16 unit as Windows does when it compares names: each unit alone, so that surrogates map
// to themselves. regf section 10.
func upcase(u uint16) uint16 { return u + upcaseDelta[upcasePage[u>>8]][u&0xFF] }

// Fold returns the name in upper case by the rule with which Windows compares names of keys and values: two
// names are the same when their folded forms are equal. It differs from [strings.ToUpper] for 217 characters
// and for everything beyond U+FFFF.
func Fold(name string) string {
	b := make([]byte, 0, len(name))
	for _, r := range name {
		if r <= 0xFFFF {
			r = rune(upcase(uint16(r)))
		}
		b = utf8.AppendRune(b, r)
	}
	return string(b)
}

// A name is the stored bytes of a name and the form in which they are stored.
type name struct {
	raw    []byte
	narrow bool // one byte per unit, Latin-1
}

// len returns the number of units; an odd last byte of a wide name is not part of it.
func (n name) len() int {
	if n.narrow {
		return len(n.raw)
	}
	return len(n.raw) / 2
}

// ascii reports whether the stored bytes are the name in UTF-8.
func (n name) ascii() bool { return n.narrow && narrowRun(n.raw) == len(n.raw) }

func (n name) unit(i int) uint16 {
	if n.narrow {
		return uint16(n.raw[i])
	}
	return le.Uint16(n.raw[2*i:])
}

// equal compares with units that are in upper case already.
func (n name) equal(upper []uint16) bool {
	if n.len() != len(upper) {
		return false
	}
	if n.narrow {
		for i, c := range n.raw {
			if u := upper[i]; uint16(c) != u && upcase(uint16(c)) != u {
				return false
			}
		}
		return true
	}
	for i, u := range upper {
		if upcase(le.Uint16(n.raw[2*i:])) != u {
			return false
		}
	}
	return true
}

// compareUpper is compare for a name in upper case.
func (n name) compareUpper(upper []uint16) int {
	nl := n.len()
	if n.narrow {
		for i, c := range n.raw[:min(nl, len(upper))] {
			if a, b := upcase(uint16(c)), upper[i]; a != b {
				return int(a) - int(b)
			}
		}
		return nl - len(upper)
	}
	for i := range min(nl, len(upper)) {
		if a, b := upcase(n.unit(i)), upper[i]; a != b {
			return int(a) - int(b)
		}
	}
	return nl - len(upper)
}

// compare orders two names unit by unit in upper case, as subkey lists are ordered.
func (n name) compare(m name) int {
	nl, ml := n.len(), m.len()
	for i := range min(nl, ml) {
		a, b := upcase(n.unit(i)), upcase(m.unit(i))
		if a != b {
			return int(a) - int(b)
		}
	}
	return nl - ml
}

// hash is the hash of "lh" lists; regf section 6.
func (n name) hash() uint32 {
	var h uint32
	for i := range n.len() {
		h = h*37 + uint32(upcase(n.unit(i)))
	}
	return h
}

func (n name) append(dst []byte) []byte {
	if n.narrow {
		return appendNarrow(dst, n.raw)
	}
	return appendUTF16(dst, n.raw)
}

// appendFold appends a form of the name that is the same for names that Windows takes for the same.
func (n name) appendFold(dst []byte) []byte {
	for i := range n.len() {
		dst = le.AppendUint16(dst, upcase(n.unit(i)))
	}
	return dst
}

// appendNarrow appends the UTF-8 form of 8-bit names: every byte is one unit. It is not UTF-8 and not a code page.
func appendNarrow(dst, b []byte) []byte {
	i := narrowRun(b)
	dst = append(dst, b[:i]...)
	for _, c := range b[i:] {
		dst = utf8.AppendRune(dst, rune(c))
	}
	return dst
}

func (n name) units() []uint16 {
	u := make([]uint16, n.len())
	for i := range u {
		u[i] = n.unit(i)
	}
	return u
}

// narrowRun returns how many bytes from the start are ASCII.
func narrowRun(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if le.Uint64(b[i:i+8])&high != 0 {
			break
		}
	}
	if n := len(b); n >= 8 && i+8 > n && le.Uint64(b[n-8:])&high == 0 {
		return n // the last eight bytes once more instead of one by one
	}
	for ; i < len(b) && b[i] < utf8.RuneSelf; i++ {
	}
	return i
}

// high is the bit of each byte that ASCII does not have.
const high = 0x8080808080808080

// utf16String decodes little-endian UTF-16; an odd last byte is dropped and a lone surrogate becomes U+FFFD.
func utf16String(b []byte) string {
	var buf [256]byte
	dst := buf[:0]
	if len(b) > len(buf) {
		dst = make([]byte, 0, len(b)/2+len(b)/16)
	}
	return string(appendUTF16(dst, b))
}

// appendUTF16 appends the UTF-8 form of little-endian UTF-16.
func appendUTF16(dst, b []byte) []byte {
	for {
		dst, b = appendASCII(dst, b)
		for range 4 {
			if len(b) < 2 {
				return dst
			}
			dst, b = appendUnit(dst, b)
		}
	}
}

// appendText is appendUTF16 up to the first NUL unit.
func appendText(dst, b []byte) []byte {
	for {
		dst, b = appendASCII(dst, b)
		for range 4 {
			if len(b) < 2 || b[0] == 0 && b[1] == 0 {
				return dst
			}
			dst, b = appendUnit(dst, b)
		}
	}
}

// appendASCII appends units, eight or four at a time, for as long as they are ASCII other than NUL: nearly all text in a
// hive is.
func appendASCII(dst, b []byte) (to, rest []byte) {
	dst = slices.Grow(dst, len(b)/2)
	n, i := len(dst), 0
	room := dst[n:cap(dst)]
	for ; i+16 <= len(b) && i/2+8 <= len(room); i += 16 {
		v, w := le.Uint64(b[i:i+8:i+8]), le.Uint64(b[i+8:i+16:i+16])
		if notASCII(v)|notASCII(w) != 0 {
			break
		}
		le.PutUint64(room[i/2:i/2+8:i/2+8], uint64(pack(v))|uint64(pack(w))<<32)
	}
	for ; i+8 <= len(b) && i/2+4 <= len(room); i += 8 {
		v := le.Uint64(b[i : i+8 : i+8])
		le.PutUint32(room[i/2:i/2+4:i/2+4], pack(v))
		if other := notASCII(v); other != 0 {
			i += bits.TrailingZeros64(other) / 16 * 2
			break
		}
	}
	return dst[:n+i/2], b[i:]
}

// notASCII returns a word that is zero where all four units are ASCII other than NUL. Otherwise its lowest bit that is
// set is in the first unit that is not.
func notASCII(v uint64) uint64 {
	const ones = 0x0001000100010001
	return v&^(ones*0x7F) | (v-ones)&^v&(ones<<15)
}

// pack puts the low bytes of four units together.
func pack(v uint64) uint32 {
	v |= v >> 8 // bytes 0 and 1, 4 and 5 hold two units each
	return uint32(v&0xFFFF | v>>16&0xFFFF0000)
}

// appendUnit appends one character of at least one whole unit.
func appendUnit(dst, b []byte) (to, rest []byte) {
	r := rune(le.Uint16(b))
	b = b[2:]
	switch {
	case r < utf8.RuneSelf:
		return append(dst, byte(r)), b
	case utf16.IsSurrogate(r):
		if len(b) >= 2 {
			if d := utf16.DecodeRune(r, rune(le.Uint16(b))); d != utf8.RuneError {
				return utf8.AppendRune(dst, d), b[2:]
			}
		}
		r = utf8.RuneError
	}
	return utf8.AppendRune(dst, r), b
}

// upperUnits appends the units of a string in upper case.
func upperUnits(dst []uint16, s string) []uint16 {
	for _, r := range s {
		if r > 0xFFFF {
			hi, lo := utf16.EncodeRune(r)
			dst = append(dst, uint16(hi), uint16(lo))
			continue
		}
		dst = append(dst, upcase(uint16(r)))
	}
	return dst
}

// utf16Units returns a string as little-endian UTF-16.
func utf16Units(s string) []byte {
	b := make([]byte, 0, 2*len(s))
	for _, r := range s {
		if r > 0xFFFF {
			hi, lo := utf16.EncodeRune(r)
			b = le.AppendUint16(le.AppendUint16(b, uint16(hi)), uint16(lo))
			continue
		}
		b = le.AppendUint16(b, uint16(r))
	}
	return b
}
