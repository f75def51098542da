// Package compound writes compound files of version 3, by [MS-CFB].
package compound

import (
	"encoding/binary"
	"time"
	"unicode/utf16"
)

var le = binary.LittleEndian

// A Stream is a stream of the root, or a storage when it has Children.
type Stream struct {
	Name     string
	Data     []byte
	Children []Stream
	Modified time.Time // of a storage
	Deleted  bool      // its entry is cleared but for name, start and size
}

const (
	sector = 512
	mini   = 64
	cutoff = 4096
	end    = 0xFFFFFFFE
	free   = 0xFFFFFFFF
	isFAT  = 0xFFFFFFFD
)

type builder struct {
	sectors [][]byte
	fat     []uint32
	mini    []byte
	miniFAT []uint32
	dir     []byte
}

// Build returns the file.
func Build(streams ...Stream) []byte {
	b := &builder{dir: make([]byte, 128)}
	b.entry(0, "Root Entry", 5)
	child := b.tree(streams)
	le.PutUint32(b.dir[76:], child)
	first := b.put(b.mini, false)
	le.PutUint32(b.dir[116:], first)
	le.PutUint32(b.dir[120:], uint32(len(b.mini)))
	dir := b.put(b.dir, false)
	var table []byte
	for _, n := range b.miniFAT {
		table = le.AppendUint32(table, n)
	}
	for len(table)%sector != 0 {
		table = le.AppendUint32(table, free)
	}
	miniFAT := b.put(table, false)
	// The FAT lists its own sectors, too.
	fats := 1
	for len(b.fat)+fats > fats*sector/4 {
		fats++
	}
	own := len(b.sectors)
	for range fats {
		b.fat = append(b.fat, isFAT)
	}
	table = nil
	for _, n := range b.fat {
		table = le.AppendUint32(table, n)
	}
	for len(table) < fats*sector {
		table = le.AppendUint32(table, free)
	}
	h := make([]byte, sector)
	copy(h, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")
	le.PutUint16(h[0x18:], 0x3E)
	le.PutUint16(h[0x1A:], 3)
	le.PutUint16(h[0x1C:], 0xFFFE)
	le.PutUint16(h[0x1E:], 9)
	le.PutUint16(h[0x20:], 6)
	le.PutUint32(h[0x2C:], uint32(fats))
	le.PutUint32(h[0x30:], dir)
	le.PutUint32(h[0x38:], cutoff)
	le.PutUint32(h[0x3C:], miniFAT)
	le.PutUint32(h[0x40:], uint32((len(b.miniFAT)*4+sector-1)/sector))
	le.PutUint32(h[0x44:], end)
	for i := range 109 {
		n := uint32(free)
		if i < fats {
			n = uint32(own + i)
		}
		le.PutUint32(h[0x4C+4*i:], n)
	}
	out := h
	for _, s := range b.sectors {
		out = append(out, s...)
	}
	return append(out, table...)
}

// put writes data to sectors and returns the first. The chain of a deleted
// stream is free.
func (b *builder) put(data []byte, deleted bool) uint32 {
	if len(data) == 0 {
		return end
	}
	first := len(b.sectors)
	for len(data) > 0 {
		s := make([]byte, sector)
		data = data[copy(s, data):]
		b.sectors = append(b.sectors, s)
		next := uint32(len(b.sectors))
		if len(data) == 0 {
			next = end
		}
		if deleted {
			next = free
		}
		b.fat = append(b.fat, next)
	}
	return uint32(first)
}

// tree writes the entries of a storage as a list to the right, which a tree
// may be, and returns the first.
func (b *builder) tree(streams []Stream) uint32 {
	first, last := uint32(free), -1
	for _, s := range streams {
		id := len(b.dir) / 128
		b.dir = append(b.dir, make([]byte, 128)...)
		kind := byte(2)
		switch {
		case s.Deleted:
			kind = 0
		case s.Children != nil:
			kind = 1
		}
		b.entry(id, s.Name, kind)
		if kind == 1 {
			child := b.tree(s.Children)
			le.PutUint32(b.dir[id*128+76:], child)
			if !s.Modified.IsZero() {
				le.PutUint64(b.dir[id*128+108:], uint64(s.Modified.UnixNano()/100)+116444736000000000)
			}
		}
		b.data(id, s)
		if kind == 0 {
			continue
		}
		if last < 0 {
			first = uint32(id)
		} else {
			le.PutUint32(b.dir[last*128+72:], uint32(id))
		}
		last = id
	}
	return first
}

func (b *builder) data(id int, s Stream) {
	e := b.dir[id*128:]
	le.PutUint32(e[120:], uint32(len(s.Data)))
	if len(s.Data) >= cutoff {
		le.PutUint32(e[116:], b.put(s.Data, s.Deleted))
		return
	}
	le.PutUint32(e[116:], end)
	if len(s.Data) == 0 {
		return
	}
	le.PutUint32(e[116:], uint32(len(b.miniFAT)))
	for data := s.Data; len(data) > 0; {
		piece := make([]byte, mini)
		data = data[copy(piece, data):]
		b.mini = append(b.mini, piece...)
		next := uint32(len(b.miniFAT) + 1)
		if len(data) == 0 {
			next = end
		}
		if s.Deleted {
			next = free
		}
		b.miniFAT = append(b.miniFAT, next)
	}
}

func (b *builder) entry(id int, name string, kind byte) {
	e := b.dir[id*128:]
	u := utf16.Encode([]rune(name))
	for i, c := range u {
		le.PutUint16(e[2*i:], c)
	}
	le.PutUint16(e[64:], uint16(2*len(u)+2))
	e[66], e[67] = kind, 1
	for _, off := range []int{68, 72, 76} {
		le.PutUint32(e[off:], free)
	}
}
