package ese

import (
	"errors"

	"github.com/artifactdump/artifactdump/prefetch/xpress"
)

// Compression schemes: the upper five bits of the first byte of the data.
const (
	scheme7Ascii = 1 // 7 bits a character, of 8-bit text
	scheme7UTF16 = 2 // 7 bits a character, of UTF-16 text
	schemeXpress = 3 // plain LZ77, [MS-XCA] 2.4
	scheme8      = 4 // scrubbed: no data
	schemeXpr9   = 5
	schemeXpr10  = 6
)

var (
	errScheme  = errors.New("unknown compression")
	errXpress9 = errors.New("compressed with XPRESS9, which is not supported")
	errXpr10   = errors.New("compressed with XPRESS10, which is not supported")
	errShortIn = errors.New("compressed data is cut short")
)

// decompress decodes the data of a compressed value. narrow reports that each
// byte of the result is one ASCII character of UTF-16 text.
func decompress(b []byte) (out []byte, narrow bool, err error) {
	if len(b) == 0 {
		return nil, false, errShortIn
	}
	switch b[0] >> 3 {
	case scheme7Ascii, scheme7UTF16:
		return decode7(b), b[0]>>3 == scheme7UTF16, nil
	case schemeXpress:
		if len(b) < 3 {
			return nil, false, errShortIn
		}
		out := make([]byte, le.Uint16(b[1:]))
		if err := xpress.DecodePlain(out, b[3:]); err != nil {
			return nil, false, err
		}
		return out, false, nil
	case schemeXpr9:
		return nil, false, errXpress9
	case schemeXpr10:
		return nil, false, errXpr10
	}
	return nil, false, errScheme
}

// decode7 unpacks characters of 7 bits, from the lowest bit on. The low three
// bits of the first byte are the bits used in the last one, less 1.
func decode7(b []byte) []byte {
	used := int(b[0]&7) + 1
	b = b[1:]
	if len(b) == 0 {
		return []byte{}
	}
	out := make([]byte, ((len(b)-1)*8+used)/7)
	var acc, n uint
	for i := range out {
		if n < 7 {
			if len(b) >= 4 && n <= 24 {
				acc |= uint(le.Uint32(b)&0xFFFFFF) << n // three bytes at a time
				b, n = b[3:], n+24
			} else {
				acc |= uint(b[0]) << n
				b, n = b[1:], n+8
			}
		}
		out[i] = byte(acc & 0x7F)
		acc, n = acc>>7, n-7
	}
	return out
}
