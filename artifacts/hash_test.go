package artifacts

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"sync"
	"testing"
)

// TestFileHash writes pieces of all sizes, with helpers that come, go and never
// come.
func TestFileHash(t *testing.T) {
	data := make([]byte, 1<<20+12345)
	rng := rand.NewChaCha8([32]byte{1})
	rng.Read(data)
	sum := sha256.Sum256(data)
	want := hex.EncodeToString(sum[:])
	var all sync.WaitGroup
	until := func(f func() bool) {
		for f() {
			continue
		}
	}
	helpers := map[string]func(func() bool) bool{
		"at once": nil,
		"nobody":  func(func() bool) bool { return false },
		"one": func(f func() bool) bool {
			all.Go(func() { f() })
			return true
		},
		"eager": func(f func() bool) bool {
			all.Go(func() { until(f) })
			return true
		},
		"several": func(f func() bool) bool {
			for range 3 {
				all.Go(func() { until(f) })
			}
			return true
		},
	}
	for name, help := range helpers {
		for _, piece := range []int{7, 4096, hashBlock - 1, hashBlock, 3*hashBlock + 1, len(data)} {
			if piece == 7 && testing.Short() {
				continue
			}
			h := &fileHash{sum: sha256.New(), help: help}
			h.done.L = &h.mu
			for p := data; len(p) > 0; {
				n := min(piece, len(p))
				if m, err := h.Write(p[:n]); m != n || err != nil {
					t.Fatalf("%d of %d bytes written: %v", m, n, err)
				}
				h.mu.Lock()
				if len(h.queue) > maxBlocks {
					t.Errorf("%s: %d blocks wait", name, len(h.queue))
				}
				h.mu.Unlock()
				p = p[n:]
			}
			if got := h.hex(); got != want {
				t.Errorf("%s, pieces of %d: %s, want %s", name, piece, got, want)
			}
		}
	}
	all.Wait()
	h := newFileHash(&Input{}, 1<<30)
	if empty := sha256.Sum256(nil); h.help != nil || h.hex() != hex.EncodeToString(empty[:]) {
		t.Error("without a run there is nobody to help")
	}
}
