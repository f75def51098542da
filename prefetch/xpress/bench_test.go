package xpress

import (
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	peer "www.velocidex.com/golang/go-prefetch"
)

// A stream is compressed bytes and the size they decode to.
type stream struct {
	name string
	src  []byte
	size int
}

// evidence returns the streams of the MAM files in a folder of the evidence that
// ARTIFACTDUMP_EVIDENCE names.
func evidence(t testing.TB, folder string) []stream {
	root := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if root == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	var all []stream
	err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		// "MAM", 4 for LZXPRESS Huffman, the size; no checksum.
		if len(b) >= 8 && string(b[:4]) == "MAM\x04" {
			all = append(all, stream{path, b[8:], int(binary.LittleEndian.Uint32(b[4:]))})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Skipf("no MAM file in %s", folder)
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
	benchDecode(b, "case=win10", func(t testing.TB) []stream { return evidence(t, "prefetch/art-win10") })
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
		run("slow", func(s stream) error { _, err := decodeSlowly(dst[:s.size], s.src); return err })
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

// BenchmarkRatio compares on a machine that others use too: every stream is
// decoded by each in turn, and of each only its best time with every stream
// counts. The metric is how often Decode is done while go-prefetch, or a plain
// copy of the output, is done once.
func BenchmarkRatio(b *testing.B) {
	b.Run("case=win10", func(b *testing.B) {
		streams := evidence(b, "prefetch/art-win10")
		largest := 0
		for _, s := range streams {
			largest = max(largest, s.size)
		}
		dst, other := make([]byte, largest), make([]byte, largest)
		impls := []func(dst []byte, s stream) error{
			func(dst []byte, s stream) error { return Decode(dst, s.src) },
			func(dst []byte, s stream) error {
				_, err := peer.LZXpressHuffmanDecompress(s.src, s.size)
				return err
			},
			func(dst []byte, s stream) error { copy(dst, other); return nil },
		}
		best := make([][3]time.Duration, len(streams))
		for round := 0; b.Loop(); round++ {
			for i, s := range streams {
				for j, decode := range impls {
					start := time.Now()
					if err := decode(dst[:s.size], s); err != nil {
						b.Fatal(s.name, err)
					}
					if d := time.Since(start); round == 0 || d < best[i][j] {
						best[i][j] = d
					}
				}
			}
		}
		var sum [3]float64
		for _, t := range best {
			for j := range sum {
				sum[j] += t[j].Seconds()
			}
		}
		b.ReportMetric(sum[1]/sum[0], "x-go-prefetch")
		b.ReportMetric(sum[2]/sum[0], "x-memcpy")
	})
}
