package artifacts

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sync"
)

// A fileHash is the SHA-256 of a file that is read in one pass. Of a large file it
// takes copies of what is read, and a worker without a job hashes them while the
// decoder goes on. Where there is none, the decoder's goroutine does.
type fileHash struct {
	sum  hash.Hash
	help func(func() bool) bool // nil: everything is hashed at once
	part []byte                 // that is being filled

	mu     sync.Mutex
	done   sync.Cond
	queue  [][]byte
	free   [][]byte
	active bool // a block is being hashed
}

// Of a file that is hashed on the side, as much waits as maxBlocks hold.
const (
	hashBlock   = 64 << 10
	maxBlocks   = 8
	hashAsideOf = 1 << 20 // the least size of such a file
)

// newFileHash returns the hash of a file of some size, that is read by a decoder.
func newFileHash(in *Input, size int64) *fileHash {
	h := &fileHash{sum: sha256.New()}
	h.done.L = &h.mu
	if in.Workers() > 1 && size >= hashAsideOf {
		h.help = in.Help
	}
	return h
}

// Write implements [io.Writer].
func (h *fileHash) Write(p []byte) (int, error) {
	if h.help == nil {
		return h.sum.Write(p)
	}
	n := len(p)
	for len(p) > 0 {
		if h.part == nil {
			h.part = h.block()
		}
		k := min(len(p), hashBlock-len(h.part))
		h.part = append(h.part, p[:k]...)
		if p = p[k:]; len(h.part) == hashBlock {
			h.push()
		}
	}
	return n, nil
}

// block returns an empty block.
func (h *fileHash) block() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	if k := len(h.free) - 1; k >= 0 {
		b := h.free[k]
		h.free = h.free[:k]
		return b[:0]
	}
	if b, ok := hashBlocks.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, hashBlock)
}

// hashBlocks keeps blocks for the next file.
var hashBlocks sync.Pool

// push queues the full block. Where too many wait, it hashes some itself.
func (h *fileHash) push() {
	h.mu.Lock()
	h.queue = append(h.queue, h.part)
	h.part = nil
	idle := !h.active
	h.mu.Unlock()
	if idle {
		h.help(h.step)
	}
	h.drain(maxBlocks)
}

// step hashes the block that waits longest, unless another goroutine is at it. It
// reports whether more wait.
func (h *fileHash) step() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.active || len(h.queue) == 0 {
		return false
	}
	b := h.queue[0]
	h.queue = append(h.queue[:0], h.queue[1:]...)
	h.active = true
	h.mu.Unlock()
	h.sum.Write(b)
	h.mu.Lock()
	h.active = false
	h.free = append(h.free, b)
	h.done.Broadcast()
	return len(h.queue) > 0
}

// drain returns when fewer blocks wait than most, and with 1 when none is being
// hashed.
func (h *fileHash) drain(most int) {
	h.mu.Lock()
	for len(h.queue) >= most || most == 1 && h.active {
		if h.active {
			h.done.Wait()
			continue
		}
		h.mu.Unlock()
		h.step()
		h.mu.Lock()
	}
	h.mu.Unlock()
}

// hex returns the hash of all that was written. Nothing may be written after it.
func (h *fileHash) hex() string {
	h.drain(1)
	h.sum.Write(h.part)
	if h.part != nil {
		h.free = append(h.free, h.part)
	}
	for _, b := range h.free {
		hashBlocks.Put(&b)
	}
	h.part, h.free = nil, nil
	return hex.EncodeToString(h.sum.Sum(nil))
}
