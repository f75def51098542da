package xpress

import (
	"bytes"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// Streams of random tokens, which no encoder would choose: every offset and
// length, and blocks that end in a match at any distance past their 64 KiB.
func TestRandomTokens(t *testing.T) {
	rounds := uint64(60)
	if testing.Short() {
		rounds = uint64(testcost.Rounds(5))
	}
	crossed := map[int]bool{}
	for seed := range rounds {
		r := rand.New(rand.NewPCG(seed, 7))
		var src, want []byte
		size := r.IntN(300_000)
		for len(want) < size {
			var tokens []token
			literals := r.IntN(100) // of a hundred
			longest := 1 << (2 + r.IntN(9))
			start := len(want)
			for len(want)-start < blockSize && len(want) < size {
				if len(want) == 0 || r.IntN(100) < literals {
					c := byte(r.ExpFloat64() * 20)
					tokens = append(tokens, token{sym: uint16(c)})
					want = append(want, c)
					continue
				}
				offset := 1 + r.IntN(min(len(want), 1<<r.IntN(17), maxOffset))
				length := r.IntN(longest)
				offBits := bits.Len(uint(offset)) - 1
				tokens = append(tokens, token{
					sym:    uint16(256 + offBits<<4 + min(length, 15)),
					offset: uint16(offset - 1<<offBits),
					length: length,
				})
				for range length + minMatch {
					want = append(want, want[len(want)-offset])
				}
			}
			if past := len(want) - start - blockSize; past >= 0 {
				crossed[past] = true
			}
			src = appendBlock(src, tokens)
		}

		got := make([]byte, len(want))
		if err := Decode(got, src); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("seed %d: %v, or other bytes", seed, err)
		}
		check(t, src, len(want))
		check(t, src, len(want)*2/3)
		if len(src) > 0 {
			check(t, src[:r.IntN(len(src))], len(want))
			for range 20 {
				broken := bytes.Clone(src)
				broken[r.IntN(len(broken))] ^= 1 << r.IntN(8)
				check(t, broken, len(want))
			}
		}
	}
	if len(crossed) < 10 && !testing.Short() {
		t.Errorf("blocks end in %d different places behind their 64 KiB, want 10", len(crossed))
	}
}
