package scca

import (
	"encoding/binary"
	"time"
	"unicode/utf16"
)

var le = binary.LittleEndian

// maxName is the number of UTF-16 units that the header keeps of a program's name, without the NUL.
const maxName = 29

func utf16Units(s string) []uint16      { return utf16.Encode([]rune(s)) }
func utf16Runes(u []uint16) []rune      { return utf16.Decode(u) }
func units(s string) uint32             { return uint32(len(utf16Units(s))) }
func appendNUL(b []byte) []byte         { return append(b, 0, 0) }
func align8(b []byte) []byte            { return append(b, make([]byte, -len(b)&7)...) }
func put32(b []byte, off int, v uint32) { le.PutUint32(b[off:], v) }
func put64(b []byte, off int, v uint64) { le.PutUint64(b[off:], v) }

func appendText(b []byte, s string) []byte {
	for _, u := range utf16Units(s) {
		b = le.AppendUint16(b, u)
	}
	return b
}

// filetime counts 100 ns ticks since 1601-01-01; the zero Time is 0. It goes by seconds, since the span from 1601
// does not fit a time.Duration.
func filetime(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	const from1601to1970 = 11644473600
	return uint64(t.Unix()+from1601to1970)*1e7 + uint64(t.Nanosecond()/100)
}

func ntfsReference(entry uint64, sequence uint16) uint64 { return entry | uint64(sequence)<<48 }
