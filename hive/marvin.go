package hive

import "math/bits"

// logSeed is the seed with which Windows hashes log entries.
const logSeed = 0x82EF4D887A4E55C5

// marvin32 is the hash of new-format log entries; regf section 12.
func marvin32(seed uint64, b []byte) uint64 {
	lo, hi := uint32(seed), uint32(seed>>32)
	for len(b) >= 4 {
		lo, hi = marvinMix(lo, hi, le.Uint32(b))
		b = b[4:]
	}
	last := [4]byte{}
	last[copy(last[:], b)] = 0x80
	lo, hi = marvinMix(lo, hi, le.Uint32(last[:]))
	lo, hi = marvinMix(lo, hi, 0)
	return uint64(hi)<<32 | uint64(lo)
}

func marvinMix(lo, hi, v uint32) (uint32, uint32) {
	lo += v
	hi ^= lo
	lo = bits.RotateLeft32(lo, 20) + hi
	hi = bits.RotateLeft32(hi, 9) ^ lo
	lo = bits.RotateLeft32(lo, 27) + hi
	hi = bits.RotateLeft32(hi, 19)
	return lo, hi
}
