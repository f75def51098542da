package vss

import (
	"fmt"
	"io"
	"io/fs"
	"slices"
)

// A Snapshot is the volume as it was when a shadow copy was made. It may be used by several goroutines.
type Snapshot struct {
	size   int64
	v      *Volume
	stores []*store // its own, and each newer one
}

// Open reads the block lists that a shadow copy needs, its own and those of all newer ones, each
// once for all copies. The error says which of
// them is damaged.
func (s *Shadow) Open() (*Snapshot, error) {
	v := s.v
	v.mu.Lock()
	defer v.mu.Unlock()
	sn := &Snapshot{size: s.Size, v: v}
	for i := len(v.Shadows) - 1; i >= s.Number-1; i-- {
		of := &v.Shadows[i]
		err := errElsewhere
		if of.store != nil {
			err = of.store.load(i == len(v.Shadows)-1)
		}
		if err != nil && of.Number == s.Number {
			return nil, fmt.Errorf("shadow copy %d: %w", s.Number, err)
		}
		if err != nil {
			return nil, fmt.Errorf("shadow copy %d builds on %d: %w", s.Number, of.Number, err)
		}
		sn.stores = append(sn.stores, of.store)
	}
	slices.Reverse(sn.stores)
	return sn, nil
}

// Size returns the size of the volume at that time.
func (sn *Snapshot) Size() int64 { return sn.size }

// A segment is a stretch of a snapshot whose bytes lie together.
type segment struct {
	kind segmentKind
	at   int64 // in the volume; for lost ones the descriptor's place
	n    int64
}

type segmentKind uint8

const (
	stored segmentKind = iota // in the volume, at that place
	zeros                     // nowhere: the block was not in use
	lost                      // unknown: the descriptor is damaged
)

// locate says where the bytes at off are, for one block at most; "Reading snapshot data".
func (sn *Snapshot) locate(off int64) segment {
	n := min(BlockSize-off%BlockSize, sn.size-off)
	pos, followed := off, false
	for i, s := range sn.stores {
		in := pos % BlockSize
		n = min(n, BlockSize-in)
		block := uint32(pos / BlockSize)
		if i == 0 {
			if o, ok := s.overlay(block); ok {
				covered, run := o.run(in)
				n = min(n, run)
				switch {
				case covered && o.lost:
					return segment{lost, o.at, n}
				case covered:
					return segment{stored, o.at + in, n}
				}
			}
		}
		e, ok := s.find(block)
		switch {
		case !ok:
		case e.at&markLost != 0:
			return segment{lost, int64(e.at &^ markNone), n}
		case e.at&markForward != 0:
			pos, followed = int64(e.at&^markNone)+in, true
		default:
			return segment{stored, int64(e.at) + in, n}
		}
	}
	if !followed && len(sn.stores) == 1 && sn.stores[0].unused(uint32(pos/BlockSize)) {
		return segment{zeros, 0, n}
	}
	return segment{stored, pos, n}
}

// run says whether the byte at in belongs to the overlay, and for how many more bytes that holds.
func (o *overlay) run(in int64) (covered bool, n int64) {
	first := in / sector
	covered = o.bits>>first&1 != 0
	end := first + 1
	for end < BlockSize/sector && (o.bits>>end&1 != 0) == covered {
		end++
	}
	return covered, end*sector - in
}

// ReadAt implements io.ReaderAt.
func (sn *Snapshot) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case off < 0:
		return 0, fs.ErrInvalid
	case off >= sn.size:
		return 0, io.EOF
	}
	var eof error
	if rest := sn.size - off; int64(len(p)) > rest {
		p, eof = p[:rest], io.EOF
	}
	done := 0
	for done < len(p) {
		from := off + int64(done)
		want := int64(len(p) - done)
		seg := sn.locate(from)
		for seg.kind == stored && seg.n < want { // what lies together is read together
			next := sn.locate(from + seg.n)
			if next.kind != stored || next.at != seg.at+seg.n {
				break
			}
			seg.n += next.n
		}
		q := p[done:][:min(seg.n, want)]
		switch seg.kind {
		case zeros:
			clear(q)
		case lost:
			return done, &FormatError{seg.at, "block descriptor",
				fmt.Sprintf("damaged: the block at %d of the shadow copy is lost", from/BlockSize*BlockSize), nil}
		default:
			n, err := sn.v.r.ReadAt(q, seg.at)
			if n < len(q) {
				if err == nil || err == io.EOF {
					err = io.ErrUnexpectedEOF
				}
				return done + n, err
			}
		}
		done += len(q)
	}
	return done, eof
}
