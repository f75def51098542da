package xpress

import (
	"bytes"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
	peer "www.velocidex.com/golang/go-prefetch"
)

// Every MAM file of the evidence decodes, and to the same bytes everywhere.
func TestEvidence(t *testing.T) {
	files, left := 0, map[int]int{}
	theirs, ours := 0, 0
	for _, s := range testcost.Sample(evidence(t, "prefetch"), 8) {
		if s.size < 0 || s.size > 1<<24 { // a broken file claims 2.4 GiB, which 32 bits take for a negative number
			s.size = 1 << 24
		}
		check(t, s.src, s.size)
		got, n, err := AppendDecodePrefix(nil, s.src, s.size)
		if err != nil {
			t.Logf("%s: %v", s.name, err)
			continue
		}
		left[len(s.src)-n]++
		want, err := peer.LZXpressHuffmanDecompress(s.src, s.size)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: other bytes than go-prefetch (%v)", s.name, err)
		}
		enc := AppendEncode(nil, got)
		back := make([]byte, len(got))
		if err := Decode(back, enc); err != nil || !bytes.Equal(back, got) {
			t.Errorf("%s: round trip: %v, or other bytes", s.name, err)
		}
		files++
		theirs += n
		ours += len(enc)
	}
	t.Logf("%d files; bytes left after the last symbol: %v", files, left)
	t.Logf("AppendEncode needs %d bytes, the system %d", ours, theirs)
	if ours > theirs+theirs/10 {
		t.Error("AppendEncode is more than a tenth worse than the system")
	}
}
