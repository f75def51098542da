package hive

import (
	"strings"
	"sync/atomic"
)

// Names and texts are many and short. They are cut from pieces of memory that several strings share, so that one
// allocation serves a hundred. A string keeps its whole piece alive: a piece is small, and long strings have memory of
// their own.
const (
	pieceSize  = 4096
	pieceShare = 512 // bytes of the longest string that shares a piece
)

// A pen makes strings. A goroutine takes the pen of the hive for as long as it makes one; another that finds it taken
// meanwhile does without. It is memory by itself: what writes to it does not disturb the fields of the hive.
type pen struct {
	taken   atomic.Bool
	b       strings.Builder  // never written over: what was written before stays where it is
	scratch [pieceShare]byte // for what has to be decoded first
}

func newPen() *pen { return new(pen) }

// take reports whether the pen is the caller's until it is put back.
func (p *pen) take() bool { return p.taken.CompareAndSwap(false, true) }

func (p *pen) put() { p.taken.Store(false) }

// string returns b as a string. The pen must have been taken.
func (p *pen) string(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > pieceShare {
		return string(b)
	}
	from := p.b.Len()
	if p.b.Cap()-from < len(b) {
		p.b.Reset() // leaves the old piece to its strings
		p.b.Grow(pieceSize)
		from = 0
	}
	p.b.Write(b)
	return p.b.String()[from:]
}

// string returns the string of a name.
func (h *Hive) string(n name) string {
	if len(n.raw) == 0 {
		return ""
	}
	p := h.pen
	if !p.take() {
		return string(n.append(nil))
	}
	b := n.raw
	if !n.ascii() {
		b = n.append(p.scratch[:0])
	}
	s := p.string(b)
	p.put()
	return s
}

// text returns the string of little-endian UTF-16 up to the first NUL unit.
func (h *Hive) text(b []byte) string {
	if len(b) < 2 {
		return ""
	}
	p := h.pen
	if !p.take() {
		return string(appendText(nil, b))
	}
	s := p.string(appendText(p.scratch[:0], b))
	p.put()
	return s
}
