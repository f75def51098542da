package prefetch

import (
	"encoding/binary"
	"slices"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

var le = binary.LittleEndian

// appendUTF8 appends the UTF-16LE text src to dst as UTF-8. An unpaired surrogate becomes U+FFFD, and whole is false. Paths are
// nearly always ASCII, so four units are taken at a time. An odd last byte is not looked at.
func appendUTF8(dst, src []byte) (out []byte, whole bool) {
	whole = true
	dst = slices.Grow(dst, len(src)/2*3+utf8.UTFMax) // three bytes for a unit, and room to write four
	n, d := len(dst), dst[:cap(dst)]
	for i := 0; i+2 <= len(src); {
		for i+8 <= len(src) {
			x := le.Uint64(src[i : i+8])
			if x&0xFF80_FF80_FF80_FF80 != 0 {
				break
			}
			x = (x | x>>8) & 0x0000_FFFF_0000_FFFF
			le.PutUint32(d[n:n+4], uint32(x|x>>16))
			n += 4
			i += 8
		}
		if i+2 > len(src) {
			break
		}
		r := rune(le.Uint16(src[i:]))
		i += 2
		if r < utf8.RuneSelf {
			d[n] = byte(r)
			n++
			continue
		}
		if utf16.IsSurrogate(r) {
			pair := rune(utf8.RuneError)
			if i+2 <= len(src) {
				pair = utf16.DecodeRune(r, rune(le.Uint16(src[i:])))
			}
			if pair == utf8.RuneError {
				whole = false
			} else {
				i += 2
			}
			r = pair
		}
		n += utf8.EncodeRune(d[n:n+4], r)
	}
	return d[:n], whole
}

// appendASCII appends UTF-16LE text that is all ASCII, eight units at a time. Where it is not, ascii is false and nothing is appended.
func appendASCII(dst, src []byte) (out []byte, ascii bool) {
	n := len(dst)
	dst = slices.Grow(dst, len(src)/2)
	d := dst[:n+len(src)/2]
	for ; len(src) >= 16; src = src[16:] {
		x, y := le.Uint64(src[:8]), le.Uint64(src[8:16])
		if (x|y)&0xFF80_FF80_FF80_FF80 != 0 {
			return dst, false
		}
		x, y = (x|x>>8)&0x0000_FFFF_0000_FFFF, (y|y>>8)&0x0000_FFFF_0000_FFFF
		le.PutUint64(d[n:n+8], uint64(uint32(x|x>>16))|(y|y>>16)<<32)
		n += 8
	}
	for ; len(src) >= 2; src = src[2:] {
		if src[0] >= utf8.RuneSelf || src[1] != 0 {
			return dst, false
		}
		d[n] = src[0]
		n++
	}
	return d, true
}

// untilNUL returns the UTF-16LE text in b up to its first NUL, and whether there is one.
func untilNUL(b []byte) ([]byte, bool) {
	for i := 0; i+2 <= len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return b[:i], true
		}
	}
	return b[:len(b)&^1], false
}

// text takes UTF-16LE text into the scratch buffer and returns where it lies. An unpaired surrogate is noted as damage.
func (p *parser) text(src []byte, off int, structure string) span {
	lo := len(p.s.text)
	var ok bool
	if p.s.text, ok = appendUTF8(p.s.text, src); !ok && p.room(off) {
		p.f.Damage = append(p.f.Damage, &FormatError{
			Kind: UnpairedSurrogate, Offset: int64(off), Struct: structure,
			Problem: "text has an unpaired surrogate, shown as U+FFFD", Raw: slices.Clone(src),
		})
	}
	return span{lo, len(p.s.text)}
}

// FILETIME counts 100 ns from 1601.
const (
	filetimeUnix   = 116444736000000000  // 1970
	filetime1980   = 119600064000000000  // no earlier time is plausible
	filetime10000  = 2650467744000000000 // 10000-01-01
	ticksPerSecond = 10_000_000
)

// plausible reports whether ft is a time from 1980 to 9999.
func plausible(ft uint64) bool { return ft >= filetime1980 && ft < filetime10000 }

// filetime returns the time of a plausible FILETIME, else the zero time.
func filetime(ft uint64) time.Time {
	if !plausible(ft) {
		return time.Time{}
	}
	t := int64(ft) - filetimeUnix
	return time.Unix(t/ticksPerSecond, t%ticksPerSecond*100).UTC()
}
