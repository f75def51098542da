package jumplist

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/cfb"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

func float32FromBits(b uint32) float32 { return math.Float32frombits(b) }

// streams gives each entry its shortcut, then lists the shortcuts that no
// entry names.
func (l *List) streams(f *cfb.File) {
	entries := map[string]int{}
	for i, e := range l.Entries {
		if _, ok := entries[e.Stream]; !ok {
			entries[e.Stream] = i
		}
	}
	for _, s := range f.Entries {
		name := strings.ToLower(s.Name)
		number, err := strconv.ParseUint(name, 16, 32)
		if err != nil || s.Kind != cfb.Stream && s.State != cfb.Deleted {
			continue
		}
		b, err := f.Read(s)
		at := max(0, f.Offset(s, 0))
		if err != nil && s.State != cfb.Deleted {
			l.bad(s.Offset, "stream "+s.Name, "not whole", err)
		}
		if i, ok := entries[name]; ok && s.State == cfb.Live {
			if l.Entries[i].Link == nil {
				l.link(&l.Entries[i], b, at)
			}
			continue
		}
		// Of a deleted stream the sectors may be another's by now.
		if s.State == cfb.Deleted && (err != nil || !isLink(b)) || len(l.Entries) >= maxEntries {
			continue
		}
		e := Entry{Offset: at, Stream: name, Number: uint32(number), Deleted: true, Pin: -1}
		l.link(&e, b, at)
		l.Entries = append(l.Entries, e)
	}
}

// linkStart is how a shortcut begins: the size of its header and its class.
const linkStart = "\x4C\x00\x00\x00" + linkClass

const linkClass = "\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46"

func isLink(b []byte) bool { return bytes.HasPrefix(b, []byte(linkStart)) }

const (
	customVersion = 2
	customHeader  = 12
	customEnd     = 0xBABFFBAB // after each category
)

// Kinds of categories in a custom list.
const (
	categoryNamed = 0 // u16 characters, name, u32 entries
	categoryKnown = 1 // u32: 1 frequent, 2 recent
	categoryTasks = 2 // u32 entries
)

// custom reads a custom list. Each link is the class id of links, then a link
// that says itself where it ends.
func custom(b []byte) *List {
	l := &List{Kind: Custom, Version: le.Uint32(b), Stored: le.Uint32(b[4:])}
	if len(b) < customHeader {
		l.bad(int64(len(b)), "header", fmt.Sprintf("ends after %d bytes of %d", len(b), customHeader), nil)
	}
	r := wire.NewReader(b, customHeader)
	for n := uint32(0); n < l.Stored && r.Left() > 0; n++ {
		if !l.category(b, r) {
			l.search(b)
			return l
		}
	}
	// A list without links is 24 bytes, or only a header.
	return l
}

// category reads one category; false means that the walk has failed.
func (l *List) category(b []byte, r *wire.Reader) bool {
	at := int64(r.Offset())
	entries, name := uint32(0), ""
	switch kind := r.Uint32(); kind {
	case categoryNamed:
		name = wire.UTF16Escaped(r.Take(2 * int(r.Uint16())))
		entries = r.Uint32()
	case categoryKnown:
		switch which := r.Uint32(); which {
		case 1:
			name = "frequent"
		case 2:
			name = "recent"
		default:
			name = fmt.Sprintf("known category %d", which)
		}
	case categoryTasks:
		name, entries = "tasks", r.Uint32()
	default:
		l.bad(at, "category", fmt.Sprintf("kind %d", kind), nil)
		return false
	}
	for range entries {
		if r.Failed() || len(l.Entries) == maxLinks {
			break
		}
		at = int64(r.Offset())
		if string(r.Take(len(linkClass))) != linkClass {
			l.bad(min(at, int64(len(b))), "category", "no shortcut where one should be", nil)
			return false
		}
		start := r.Offset()
		e := Entry{Offset: int64(start), Category: name, Pin: -1}
		l.link(&e, b[start:], int64(start))
		if e.Link == nil {
			return false
		}
		l.Entries = append(l.Entries, e)
		l.Entries[len(l.Entries)-1].LinkSize = int64(e.Link.End)
		if len(e.Link.Damage) > 0 {
			return false // its end is not known
		}
		r.Skip(e.Link.End)
	}
	if len(l.Entries) == maxLinks {
		l.bad(at, "custom list", fmt.Sprintf("more than %d shortcuts", maxLinks), nil)
		return true
	}
	at = int64(r.Offset())
	if r.Uint32() != customEnd || r.Failed() {
		l.bad(min(at, int64(len(b))), "category", "no end mark", nil)
		return false
	}
	return true
}

// search takes every link that begins anywhere after the last good one.
func (l *List) search(b []byte) {
	from := 0
	left := int64(4 * len(b)) // damaged links may lie in each other
	if n := len(l.Entries); n > 0 {
		from = int(l.Entries[n-1].LinkOffset) + 4
	}
	for len(l.Entries) < maxLinks && left > 0 {
		i := bytes.Index(b[from:], []byte(linkClass+linkStart[:4]+linkClass))
		if i < 0 {
			return
		}
		start := from + i + len(linkClass)
		e := Entry{Offset: int64(start), Pin: -1}
		l.link(&e, b[start:], int64(start))
		if e.Link == nil {
			return
		}
		e.LinkSize = int64(e.Link.End)
		l.Entries = append(l.Entries, e)
		from = start + 4
		if len(e.Link.Damage) == 0 {
			from = start + e.Link.End
			continue
		}
		for _, d := range e.Link.Damage {
			left -= d.Offset
		}
	}
}
