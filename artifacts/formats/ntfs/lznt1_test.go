package ntfs

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"
)

func lznt1Bytes(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestLZNT1 expands the example of [MS-XCA] 3.3 and units that are worked out by hand.
func TestLZNT1(t *testing.T) {
	const tune = "F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E F# G F# E D E A " +
		"F# F# G A A G F# E D D E F# E D D\x00"
	for _, c := range []struct{ name, hex, want string }{
		{"the example", "38b0 8846232000204720410010a24701a045204400084501507900c045200524138805b4024a44ef0358028c091601484500be009e" +
			"000401189000", tune},
		{"not compressed", "0330 61626364", "abcd"},
		{"literals", "04b0 00 61626364", "abcd"},
		// Flags 02: a literal, then a tuple, of which 12 bits are the length less 3: one back, six times.
		{"a run", "03b0 02 61 0300", "aaaaaaa"},
		// After 16 bytes the length still has 12 bits, after 17 it has 11: 16 back is F in the upper 4, 17 back is 10 in the upper 5.
		{"16 back", "14b0 00 6162636465666768 00 696a6b6c6d6e6f70 01 00f0", "abcdefghijklmnopabc"},
		{"17 back", "15b0 00 6162636465666768 00 696a6b6c6d6e6f70 02 71 0080", "abcdefghijklmnopqabc"},
		{"two chunks", "0330 61626364 0330 65666768", "abcdefgh"},
		{"an end before the next", "0330 61626364 0000 0330 65666768", "abcd"},
		{"a short chunk before another", "04b0 00 61626364 0330 65666768", "abcd" + strings.Repeat("\x00", 4092) + "efgh"},
		{"nothing", "", ""},
		{"half a header", "03", ""},
	} {
		dst := bytes.Repeat([]byte{0xEE}, 1<<14)
		n, err := lznt1(dst, lznt1Bytes(t, c.hex))
		if err != nil || string(dst[:n]) != c.want {
			t.Errorf("%s: %.80q, %v; want %.80q", c.name, dst[:n], err, c.want)
		}
	}
	for _, c := range []struct {
		name, hex string
		room, n   int
	}{
		{"a chunk past the end", "0730 61626364", 100, 0},
		{"a tuple first", "02b0 01 0000", 100, 0},
		{"back before the start", "03b0 02 61 0010", 100, 0}, // two back, where one byte is
		{"half a tuple", "02b0 02 61 00", 100, 0},
		{"a run longer than the room", "03b0 02 61 ff0f", 100, 0},
		{"literals longer than the room", "04b0 00 61626364", 3, 0},
		{"a chunk too many", "0330 61626364 0330 65666768", 4, 4},
	} {
		if n, err := lznt1(make([]byte, c.room), lznt1Bytes(t, c.hex)); err != errLZNT1 || n != c.n {
			t.Errorf("%s: %d bytes, %v", c.name, n, err)
		}
	}
}

// packLZNT1 compresses chunk by chunk with the longest match that a plain search
// finds. It shares nothing with the reader: the bits of a tuple follow from how
// often the position can be halved.
func packLZNT1(b []byte) (out []byte) {
	for len(b) > 0 {
		chunk := b[:min(4096, len(b))]
		b = b[len(chunk):]
		var body []byte
		for at := 0; at < len(chunk); {
			flag := len(body)
			body = append(body, 0)
			for bit := 0; bit < 8 && at < len(chunk); bit++ {
				offsetBits := 4
				for at > 1<<offsetBits {
					offsetBits++
				}
				longest, from := 0, 0
				for back := 1; back <= min(at, 1<<offsetBits); back++ {
					n := 0
					for at+n < len(chunk) && n < 1<<(16-offsetBits)+2 && chunk[at+n] == chunk[at-back+n] {
						n++
					}
					if n > longest {
						longest, from = n, back
					}
				}
				if longest < 3 {
					body = append(body, chunk[at])
					at++
					continue
				}
				tuple := (from-1)<<(16-offsetBits) | (longest - 3)
				body[flag] |= 1 << bit
				body = append(body, byte(tuple), byte(tuple>>8))
				at += longest
			}
		}
		head := 0xB000
		if len(body) > 4096 {
			head, body = 0x3000, chunk
		}
		head |= len(body) - 1
		out = append(append(out, byte(head), byte(head>>8)), body...)
	}
	return out
}

// TestLZNT1RoundTrip expands what another hand compressed: texts, noise, runs.
func TestLZNT1RoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for n := range 40 {
		b := make([]byte, r.IntN(9000))
		letters := 1 + r.IntN(4<<(n%4*2))
		for i := range b {
			b[i] = byte(r.IntN(letters))
		}
		packed := packLZNT1(b)
		dst := make([]byte, len(b))
		got, err := lznt1(dst, packed)
		if err != nil || got != len(b) || !bytes.Equal(dst, b) {
			t.Fatalf("%d bytes of %d letters: %d, %v", len(b), letters, got, err)
		}
		// Cut anywhere: never more than there was, and what came before is right.
		if cut := r.IntN(len(packed) + 1); cut < len(packed) {
			dst := make([]byte, len(b))
			n, _ := lznt1(dst, packed[:cut])
			if !bytes.Equal(dst[:n], b[:n]) {
				t.Fatalf("cut at %d of %d: other bytes", cut, len(packed))
			}
		}
	}
}
