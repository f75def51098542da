package hive

import (
	"os"
	"path/filepath"
	"testing"
)

func BenchmarkTmp(b *testing.B) {
	data, _ := os.ReadFile(filepath.Join(evidence(b), "regipy/SYSTEM_WIN_10_1709"))
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Open(data, nil)
		}
	})
	h, _ := Open(data, nil)
	b.Run("keys", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for _, err := range h.Keys() {
				if err == nil {
					n++
				}
			}
		}
	})
	b.Run("values", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for k, err := range h.Keys() {
				if err == nil {
					for _, err := range k.Values() {
						if err == nil {
							n++
						}
					}
				}
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			walkSum(h)
		}
	})
	b.Run("cells", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for c := range h.cells() {
				if c.free {
					n++
				}
			}
		}
	})
}
