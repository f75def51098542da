//go:build unix

package viewer

import (
	"fmt"
	"io"
	"testing"
)

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func BenchmarkWrite(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			in, _ := incident()
			long := *in
			long.Rows = many(n)
			var size counter
			b.ReportAllocs()
			for b.Loop() {
				size = 0
				if err := Write(io.Writer(&size), &long); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size)/float64(n), "bytes/row")
		})
	}
}
