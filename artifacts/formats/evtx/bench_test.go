//go:build unix

package evtx

import (
	"bytes"
	"fmt"
	"testing"
)

// BenchmarkParallel decodes the largest shared logs chunk by chunk on one and
// two goroutines.
func BenchmarkParallel(b *testing.B) {
	logs := benchLogs(b, 45<<20)
	for _, n := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", n), func(b *testing.B) {
			size := int64(0)
			for _, l := range logs {
				size += int64(len(l.data))
			}
			b.SetBytes(size)
			sum := 0
			for b.Loop() {
				for _, l := range logs {
					f, err := Open(bytes.NewReader(l.data), int64(len(l.data)), nil)
					if err != nil {
						b.Fatal(err)
					}
					for part := range Parallel(f, n, func(d *Decoder, chunk int) int {
						var out []byte
						written := 0
						for rec := range f.Chunk(d, chunk) {
							out = rec.AppendJSON(out[:0])
							written += len(out)
						}
						return written
					}) {
						sum += part
					}
				}
			}
			if sum == 0 {
				b.Error("nothing was read")
			}
		})
	}
}
