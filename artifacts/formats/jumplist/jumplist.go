// Package jumplist reads the jump lists of Windows 7 and later: what a user
// opened with one program, from which volume and host, and what the program
// itself put into its list.
//
// An automatic list (automaticDestinations-ms) is a compound file. Its stream
// DestList names the items; each item's shortcut is in a stream of its own,
// named by a number in hexadecimal. A stream without an item was removed from
// the list, and its shortcut is still there. A custom list
// (customDestinations-ms) is shortcuts in a row, in categories.
//
// The name of the file, 16 hexadecimal digits, is a hash of the program: see
// [AppID].
package jumplist

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/cfb"
	"github.com/artifactdump/artifactdump/artifacts/formats/lnk"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

var le = binary.LittleEndian

// ErrNotList is returned for files that begin like neither kind of list.
var ErrNotList = errors.New("not a jump list: neither a compound file with a DestList nor a custom list")

// Limits, for hostile files. Real lists have some dozen items and at most a
// few kilobytes for each.
const (
	maxFile    = 256 << 20
	maxLinks   = 4096
	maxEntries = 1 << 16
	maxDamage  = 100
)

// A Kind is the kind of a list.
type Kind string

// The kinds of lists.
const (
	Automatic Kind = "automatic"
	Custom    Kind = "custom"
)

// A List is a jump list.
type List struct {
	Kind    Kind
	Version uint32 // of the DestList: 1 Windows 7 to 8, 3 and 4 Windows 10 and 11; of a custom list 2
	Stored  uint32 // entries, as the header counts them
	Pinned  uint32 // entries that are pinned, as the header counts them
	Last    uint64 // the last number that was given to an entry
	Actions uint64 // how often the list was changed
	Size    int64  // of the DestList; 0 for a list without entries
	Entries []Entry
	Damage  []*wire.FormatError // offsets count from the start of the file
}

// An Entry is one item of a list.
type Entry struct {
	Offset  int64  // in the file, of the DestList's entry, else of the link
	Stream  string // name of the stream, or ""
	Deleted bool   // the stream is there, but no entry of the DestList names it

	// From the DestList of an automatic list.
	Listed      bool // there is such an entry
	Path        string
	Host        string
	Volume      string // GUID of the volume, of the link tracking service
	File        string // GUID of the file
	BirthVolume string
	BirthFile   string
	FileCreated time.Time // of the file's GUID, when it is of the kind that has a time
	MAC         string    // the network address in that GUID
	Number      uint32
	Score       float32 // grows by use and ages
	Opened      time.Time
	OpenedRaw   uint64 // the same as FILETIME
	Pin         int32  // position among the pinned items, or -1
	Count       uint32 // how often it was opened; version 3 and later

	// Of a custom list.
	Category string // name of the category; "tasks", "frequent" or "recent" for the known ones

	Link       *lnk.Link // nil when there is none
	LinkOffset int64     // in the file
	LinkSize   int64
}

func (l *List) bad(off int64, what, problem string, err error) {
	if len(l.Damage) < maxDamage {
		l.Damage = append(l.Damage, &wire.FormatError{Format: "jump list", Offset: off, Struct: what, Problem: problem, Err: err})
	}
}

// Parse reads a list of either kind. The error is [ErrNotList], one of
// reading, or the first of the list's Damage.
func Parse(r io.ReaderAt, size int64) (*List, error) {
	if size > maxFile {
		return nil, &wire.LimitError{Format: "jump list", Option: "maxFile", Limit: maxFile, Need: size}
	}
	head := make([]byte, min(size, 8))
	if n, err := r.ReadAt(head, 0); n < len(head) {
		return nil, err
	}
	var l *List
	var err error
	switch {
	case string(head) == cfb.Magic:
		l, err = automatic(r, size)
	case len(head) == 8 && le.Uint32(head) == customVersion:
		b := make([]byte, size)
		if n, err := r.ReadAt(b, 0); n < len(b) {
			return nil, err
		}
		l = custom(b)
	default:
		err = ErrNotList
	}
	if err == nil && len(l.Damage) > 0 {
		err = l.Damage[0]
	}
	return l, err
}

// link reads the shortcut of an entry.
func (l *List) link(e *Entry, b []byte, off int64) {
	e.LinkOffset, e.LinkSize = off, int64(len(b))
	k, err := lnk.Parse(b)
	e.Link = k
	if k != nil {
		for _, d := range k.Damage {
			l.bad(off+d.Offset, d.Struct, d.Problem, nil)
		}
	} else if err != nil {
		l.bad(off, "shortcut", err.Error(), nil)
	}
}

const ( // DestList header
	dstVersion = 0  // u32
	dstCount   = 4  // u32
	dstPinned  = 8  // u32
	dstLast    = 16 // u64
	dstActions = 24 // u64
	dstHeader  = 32
)

const ( // DestList entry; all offsets are those of every version, until the path
	entVolume = 8
	entFile   = 24
	entBirth  = 40
	entOwn    = 56
	entHost   = 72  // 16 bytes of 8-bit text
	entNumber = 88  // u32
	entScore  = 96  // f32
	entOpened = 100 // FILETIME
	entPin    = 108 // i32
	entPath1  = 112 // version 1: u16 characters, then the path
	entCount  = 116 // u32, version 3 and later
	entPath3  = 128 // version 3 and later
)

// automatic reads a compound file.
func automatic(r io.ReaderAt, size int64) (*List, error) {
	f, err := cfb.Open(r, size)
	if err != nil {
		return nil, err
	}
	l := &List{Kind: Automatic, Damage: f.Damage}
	dest := f.Find("DestList")
	if dest == nil {
		if len(f.Damage) == 0 {
			return nil, ErrNotList
		}
		l.bad(0, "DestList", "no such stream", nil)
	} else {
		b, err := f.Read(dest)
		if err != nil {
			l.bad(dest.Offset, "DestList", "not whole", err)
		}
		l.Size = int64(len(b))
		l.destList(b, func(pos int) int64 { return f.Offset(dest, int64(pos)) })
	}
	l.streams(f)
	return l, nil
}

// destList reads the entries. at gives the place of a byte in the file.
func (l *List) destList(b []byte, at func(int) int64) {
	if len(b) == 0 {
		return // a list without entries has nothing, not even a header
	}
	if len(b) < dstHeader {
		l.bad(at(0), "DestList header", fmt.Sprintf("%d bytes, want %d", len(b), dstHeader), nil)
		return
	}
	l.Version, l.Stored, l.Pinned = le.Uint32(b[dstVersion:]), le.Uint32(b[dstCount:]), le.Uint32(b[dstPinned:])
	l.Last, l.Actions = le.Uint64(b[dstLast:]), le.Uint64(b[dstActions:])
	path := entPath3
	if l.Version < 2 {
		path = entPath1
	}
	for off := dstHeader; uint32(len(l.Entries)) < l.Stored && len(l.Entries) < maxEntries; {
		rest := b[off:]
		if len(rest) < path+2 {
			l.bad(max(0, at(min(off, len(b)-1))), "DestList", fmt.Sprintf("%d entries, found %d", l.Stored, len(l.Entries)), nil)
			return
		}
		n := path + 2 + 2*int(le.Uint16(rest[path:]))
		if n > len(rest) {
			l.bad(at(off), "DestList entry", "the path runs past the end", nil)
			return
		}
		e := Entry{Offset: at(off), Listed: true, Path: wire.UTF16Escaped(rest[path+2 : n])}
		e.read(rest)
		if path == entPath3 {
			e.Count = le.Uint32(rest[entCount:])
			// A property store, of 0 bytes in all that were seen.
			if len(rest)-n >= 4 {
				k := le.Uint32(rest[n:])
				if n += 4; int64(k) > int64(len(rest)-n) {
					l.bad(at(off), "DestList entry", "the property store runs past the end", nil)
					k = uint32(len(rest) - n)
				}
				n += int(k)
			}
		}
		l.Entries = append(l.Entries, e)
		off += n
	}
}

// read reads the fields that all versions have.
func (e *Entry) read(b []byte) {
	e.Volume, e.File = wire.GUID(b[entVolume:]), wire.GUID(b[entFile:])
	e.BirthVolume, e.BirthFile = wire.GUID(b[entBirth:]), wire.GUID(b[entOwn:])
	e.FileCreated, e.MAC = lnk.TimeBased(b[entFile:])
	e.Host = wire.Latin1Z(b[entHost:entNumber])
	e.Number = le.Uint32(b[entNumber:])
	e.Stream = fmt.Sprintf("%x", e.Number)
	e.Score = float32FromBits(le.Uint32(b[entScore:]))
	e.OpenedRaw = le.Uint64(b[entOpened:])
	e.Opened = wire.Time(e.OpenedRaw)
	e.Pin = int32(le.Uint32(b[entPin:]))
}
