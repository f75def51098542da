package regf

import "math/bits"

// logSeed is the seed of both hashes of a log entry.
const logSeed = 0x82EF4D887A4E55C5

// Marvin32 is the hash of log entries, with all 64 bits of its result.
func Marvin32(seed uint64, b []byte) uint64 {
	lo, hi := uint32(seed), uint32(seed>>32)
	mix := func(v uint32) {
		lo += v
		hi ^= lo
		lo = bits.RotateLeft32(lo, 20) + hi
		hi = bits.RotateLeft32(hi, 9) ^ lo
		lo = bits.RotateLeft32(lo, 27) + hi
		hi = bits.RotateLeft32(hi, 19)
	}
	for ; len(b) >= 4; b = b[4:] {
		mix(le.Uint32(b))
	}
	last := [4]byte{}
	last[copy(last[:], b)] = 0x80
	mix(le.Uint32(last[:]))
	mix(0)
	return uint64(hi)<<32 | uint64(lo)
}
