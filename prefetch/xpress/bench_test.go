package xpress

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	peer "www.velocidex.com/golang/go-prefetch"
)

// A stream is compressed bytes and the size they decode to.
type stream struct {
	name string
	src  []byte
	size int
}

// evidence returns the streams of the MAM files whose path matches the pattern
// below the folder that ARTIFACTDUMP_EVIDENCE names.
func evidence(t testing.TB, pattern string) []stream {
	root := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if root == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	paths, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil {
		t.Fatal(err)
	}
	var all []stream
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		// "MAM", 4 for LZXPRESS Huffman, the size; no checksum.
		if len(b) < 8 || string(b[:4]) != "MAM\x04" {
			continue
		}
		all = append(all, stream{filepath.Base(p), b[8:], int(binary.LittleEndian.Uint32(b[4:]))})
	}
	if len(all) == 0 {
		t.Skipf("no MAM file matches %s", pattern)
	}
	return all
}

func BenchmarkDecode(b *testing.B) {
	var synthetic []stream
	for _, name := range []string{"text", "mixed", "block and 1"} {
		data := samples()[name]
		synthetic = append(synthetic, stream{name, AppendEncode(nil, data), len(data)})
	}
	benchDecode(b, "case=synthetic", func(testing.TB) []stream { return synthetic })
	benchDecode(b, "case=win10", func(t testing.TB) []stream { return evidence(t, "prefetch/art-win10/*.pf") })
}

func benchDecode(b *testing.B, name string, load func(testing.TB) []stream) {
	b.Run(name, func(b *testing.B) {
		streams := load(b)
		total, largest := 0, 0
		for _, s := range streams {
			total += s.size
			largest = max(largest, s.size)
		}
		dst, other := make([]byte, largest), make([]byte, largest)
		run := func(impl string, decode func(s stream) error) {
			b.Run("impl="+impl, func(b *testing.B) {
				b.SetBytes(int64(total))
				b.ReportAllocs()
				for b.Loop() {
					for _, s := range streams {
						if err := decode(s); err != nil {
							b.Fatal(s.name, err)
						}
					}
				}
			})
		}
		run("ours", func(s stream) error { return Decode(dst[:s.size], s.src) })
		run("slow", func(s stream) error { return decodeSlowly(dst[:s.size], s.src) })
		run("go-prefetch", func(s stream) error {
			out, err := peer.LZXpressHuffmanDecompress(s.src, s.size)
			if err == nil && len(out) != s.size {
				b.Fatal(s.name, "peer: size")
			}
			return err
		})
		run("memcpy", func(s stream) error { copy(dst[:s.size], other); return nil })
	})
}
