// Package destinations writes jump lists: the automatic ones, which are
// compound files, and the custom ones. There is no document from Microsoft;
// the layout is that of lists from Windows 7 to 11.
package destinations

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/corpus/compound"
)

var le = binary.LittleEndian

// An Item is an entry of an automatic list.
type Item struct {
	Number  uint32
	Path    string
	Host    string
	Volume  [16]byte
	File    [16]byte
	Score   float32
	Opened  time.Time
	Pin     int32 // -1 for one that is not pinned
	Count   uint32
	Link    []byte
	Removed bool // the shortcut is left, the entry is gone
}

// Automatic returns an automatic list. Version 1 is that of Windows 7, 3 and 4
// that of Windows 10.
func Automatic(version uint32, items ...Item) []byte {
	var dest []byte
	var streams []compound.Stream
	count, pinned, last := uint32(0), uint32(0), uint64(0)
	for _, it := range items {
		streams = append(streams, compound.Stream{Name: fmt.Sprintf("%x", it.Number), Data: it.Link})
		last = max(last, uint64(it.Number))
		if it.Removed {
			continue
		}
		count++
		if it.Pin >= 0 {
			pinned++
		}
		dest = append(dest, it.entry(version)...)
	}
	if count > 0 {
		h := make([]byte, 32)
		le.PutUint32(h, version)
		le.PutUint32(h[4:], count)
		le.PutUint32(h[8:], pinned)
		le.PutUint64(h[16:], last)
		le.PutUint64(h[24:], uint64(count)+3)
		dest = append(h, dest...)
	}
	return compound.Build(append(streams, compound.Stream{Name: "DestList", Data: dest})...)
}

func (it Item) entry(version uint32) []byte {
	b := make([]byte, 112)
	copy(b[8:], it.Volume[:])
	copy(b[24:], it.File[:])
	copy(b[40:], it.Volume[:])
	copy(b[56:], it.File[:])
	copy(b[72:88], it.Host)
	le.PutUint32(b[88:], it.Number)
	le.PutUint32(b[96:], math.Float32bits(it.Score))
	le.PutUint64(b[100:], uint64(it.Opened.UnixNano()/100)+116444736000000000)
	le.PutUint32(b[108:], uint32(it.Pin))
	if version >= 3 {
		b = append(b, 0xFF, 0xFF, 0xFF, 0xFF)
		b = le.AppendUint32(b, it.Count)
		b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	}
	b = text(b, it.Path)
	if version >= 3 {
		b = append(b, 0, 0, 0, 0)
	}
	return b
}

func text(b []byte, s string) []byte {
	u := utf16.Encode([]rune(s))
	b = le.AppendUint16(b, uint16(len(u)))
	for _, c := range u {
		b = le.AppendUint16(b, c)
	}
	return b
}

// A Category is a part of a custom list. The one without a name is that of the
// tasks.
type Category struct {
	Name  string
	Links [][]byte
}

// Custom returns a custom list.
func Custom(categories ...Category) []byte {
	b := le.AppendUint32(le.AppendUint32(le.AppendUint32(nil, 2), uint32(len(categories))), 0)
	for _, c := range categories {
		if c.Name == "" {
			b = le.AppendUint32(b, 2)
		} else {
			b = text(le.AppendUint32(b, 0), c.Name)
		}
		b = le.AppendUint32(b, uint32(len(c.Links)))
		for _, l := range c.Links {
			b = append(b, "\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46"...)
			b = append(b, l...)
		}
		b = le.AppendUint32(b, 0xBABFFBAB)
	}
	return b
}
