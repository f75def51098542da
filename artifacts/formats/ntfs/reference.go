package ntfs

import (
	"strconv"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A Reference names one use of a file record: its entry number in the low 48
// bits, its sequence number in the high 16. An entry number alone names
// nothing, because records are reused.
type Reference uint64

// NewReference combines an entry and a sequence number.
func NewReference(entry uint64, sequence uint16) Reference {
	return Reference(entry&(1<<48-1) | uint64(sequence)<<48)
}

// Entry returns the position of the record in $MFT.
func (r Reference) Entry() uint64 { return uint64(r) & (1<<48 - 1) }

// Sequence returns the number that grows with each reuse of the record.
func (r Reference) Sequence() uint16 { return uint16(r >> 48) }

// String returns "entry-sequence" in decimal.
func (r Reference) String() string { return string(r.Append(nil)) }

// Append appends r as [Reference.String] writes it.
func (r Reference) Append(b []byte) []byte {
	b = strconv.AppendUint(b, r.Entry(), 10)
	b = append(b, '-')
	return strconv.AppendUint(b, uint64(r.Sequence()), 10)
}

// Times are four FILETIMEs in the order in which NTFS stores them. A zero is
// a time that is not set.
type Times [4]uint64

// Created returns the time of creation.
func (t Times) Created() time.Time { return wire.Time(t[0]) }

// Modified returns the time of the last write of the main stream.
func (t Times) Modified() time.Time { return wire.Time(t[1]) }

// Changed returns the time of the last change of the file record.
func (t Times) Changed() time.Time { return wire.Time(t[2]) }

// Accessed returns the time of the last access.
func (t Times) Accessed() time.Time { return wire.Time(t[3]) }

func timesAt(b []byte) Times {
	_ = b[31]
	return Times{le.Uint64(b), le.Uint64(b[8:]), le.Uint64(b[16:]), le.Uint64(b[24:])}
}

// appendUTF16 appends UTF-16LE as UTF-8. An unpaired surrogate, which a name on
// disk may hold, becomes the three bytes that its number would have, so that
// two different names stay different. An odd last byte is dropped.
func appendUTF16(dst, b []byte) []byte {
	for len(b) >= 8 {
		u := le.Uint64(b)
		if u&0xFF80_FF80_FF80_FF80 != 0 {
			break
		}
		dst = append(dst, byte(u), byte(u>>16), byte(u>>32), byte(u>>48))
		b = b[8:]
	}
	for len(b) >= 2 {
		c := rune(le.Uint16(b))
		b = b[2:]
		switch {
		case c < 0x80:
			dst = append(dst, byte(c))
			continue
		case c < 0x800:
			dst = append(dst, 0xC0|byte(c>>6), 0x80|byte(c&0x3F))
			continue
		case c&0xFC00 == 0xD800 && len(b) >= 2:
			if low := rune(le.Uint16(b)); low&0xFC00 == 0xDC00 {
				b = b[2:]
				c = (c-0xD800)<<10 + (low - 0xDC00) + 0x10000
				dst = append(dst, 0xF0|byte(c>>18), 0x80|byte(c>>12&0x3F), 0x80|byte(c>>6&0x3F), 0x80|byte(c&0x3F))
				continue
			}
		}
		dst = append(dst, 0xE0|byte(c>>12), 0x80|byte(c>>6&0x3F), 0x80|byte(c&0x3F))
	}
	return dst
}

// stringUTF16 is appendUTF16 to nothing.
func stringUTF16(b []byte) string {
	var room [256]byte
	return string(appendUTF16(room[:0], b))
}
