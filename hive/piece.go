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

// A piece makes strings. Its builder is never written over: what was written before stays where it is. A goroutine takes
// the piece of the hive for as long as it makes a string; another that finds none there meanwhile does without.
type piece struct {
	b       strings.Builder
	scratch [pieceShare]byte // for what has to be decoded first
}

// A pen holds a piece, by itself: what writes to it does not disturb the fields of the hive.
type pen struct{ atomic.Pointer[piece] }

func newPen() *pen {
	p := new(pen)
	p.Store(new(piece))
	return p
}

// share returns b as a string.
func (h *Hive) share(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > pieceShare {
		return string(b)
	}
	p := h.pen.Swap(nil)
	if p == nil {
		return string(b)
	}
	s := p.cut(b)
	h.pen.Store(p)
	return s
}

// cut returns at most pieceShare bytes as a string.
func (p *piece) cut(b []byte) string {
	from := p.b.Len()
	if p.b.Cap()-from < len(b) {
		p.b.Reset() // leaves the old piece to its strings
		p.b.Grow(pieceSize)
		from = 0
	}
	p.b.Write(b)
	return p.b.String()[from:]
}

// decoded returns the string of a name that is not stored as it is read.
func (h *Hive) decoded(n name) string {
	var buf [256]byte
	return h.share(n.append(buf[:0]))
}

// text returns the string of little-endian UTF-16 up to the first NUL unit.
func (h *Hive) text(b []byte) string {
	if p := h.pen.Swap(nil); p != nil {
		t := appendText(p.scratch[:0], b)
		var s string
		if len(t) <= pieceShare {
			s = p.cut(t)
		} else {
			s = string(t)
		}
		h.pen.Store(p)
		return s
	}
	return string(appendText(nil, b))
}
