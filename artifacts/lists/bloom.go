package lists

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
)

// The layout of a Bloom filter as hashlookup publishes it: six little-endian words of
// 64 bits, then the bits of the filter in words of 64 bits.
const (
	bloomVersion = 0  // u64; the low byte is the version, 1
	bloomN       = 8  // u64: entries for which it was made
	bloomP       = 16 // f64: the probability of a wrong yes
	bloomK       = 24 // u64: bits of one entry
	bloomM       = 32 // u64: bits of the filter
	bloomCount   = 40 // u64: entries
	bloomHeader  = 48

	bloomModulus    = 1<<64 - 59
	bloomGenerator  = 18446744073709550147
	maxBloomBits    = 1 << 40
	maxBloomRounds  = 64
	bloomVersionOne = 1
)

// isBloom reports whether a file of this size begins like a Bloom filter.
func isBloom(head []byte, size int64) bool {
	if len(head) < bloomHeader || head[bloomVersion] != bloomVersionOne || binary.LittleEndian.Uint32(head[bloomVersion+1:])>>0 != 0 {
		return false
	}
	k, m := binary.LittleEndian.Uint64(head[bloomK:]), binary.LittleEndian.Uint64(head[bloomM:])
	p := math.Float64frombits(binary.LittleEndian.Uint64(head[bloomP:]))
	return k > 0 && k <= maxBloomRounds && m > 0 && m <= maxBloomBits && p > 0 && p < 1 && size == bloomHeader+int64((m+63)/64)*8
}

// A bloom is a Bloom filter that is read in place.
type bloom struct {
	r    io.ReaderAt
	c    io.Closer
	k, m uint64
	n    uint64
	p    float64
}

func openBloom(path string) (*bloom, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := newBloom(f, f)
	if err != nil {
		f.Close()
	}
	return b, err
}

func newBloom(r io.ReaderAt, c io.Closer) (*bloom, error) {
	head := make([]byte, bloomHeader)
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("header of the Bloom filter: %w", err)
	}
	u := func(at int) uint64 { return binary.LittleEndian.Uint64(head[at:]) }
	b := &bloom{r: r, c: c, k: u(bloomK), m: u(bloomM), n: u(bloomCount), p: math.Float64frombits(u(bloomP))}
	if b.k == 0 || b.k > maxBloomRounds || b.m == 0 || b.m > maxBloomBits || !(b.p > 0 && b.p < 1) {
		return nil, fmt.Errorf("header of the Bloom filter: %d rounds, %d bits, probability %g", b.k, b.m, b.p)
	}
	return b, nil
}

// bits yields the places of an entry.
func (b *bloom) bits(sum []byte) []uint64 {
	h := uint64(14695981039346656037) // FNV-1 of 64 bits
	for _, c := range []byte(strings.ToUpper(hex.EncodeToString(sum))) {
		h = h*1099511628211 ^ uint64(c)
	}
	h %= bloomModulus
	out := make([]uint64, b.k)
	for i := range out {
		h = h * bloomGenerator % bloomModulus
		out[i] = h % b.m
	}
	return out
}

// Has implements [Known].
func (b *bloom) Has(kind Kind, sum []byte) (bool, string, error) {
	if kind != SHA1 {
		return false, "", nil
	}
	var one [1]byte
	for _, at := range b.bits(sum) {
		if _, err := b.r.ReadAt(one[:], bloomHeader+int64(at/8)); err != nil {
			return false, "", err
		}
		if one[0]>>(at%8)&1 == 0 {
			return false, "", nil
		}
	}
	return true, "", nil
}

// Kinds implements [Known].
func (b *bloom) Kinds() []Kind { return []Kind{SHA1} }

// Doubt implements [Known].
func (b *bloom) Doubt() string { return fmt.Sprintf("probably known (1 : %.0f)", 1/b.p) }

// Entries implements [Known].
func (b *bloom) Entries() int64 { return int64(min(b.n, math.MaxInt64)) }

// Notes implements [Known].
func (b *bloom) Notes() []string { return []string{"only SHA-1 is compared"} }

// Close implements [Known].
func (b *bloom) Close() error { return b.c.Close() }
