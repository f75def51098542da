// Package cfb reads compound files ([MS-CFB]), the file systems in a file that
// jump lists, installers and old documents are made of. It only reads.
//
// Each sector belongs to one chain, each directory entry to one storage; a
// file that says otherwise is damaged, and whoever wrote it may have wanted a
// reader to loop or to run out of memory. No chain is followed for more sectors
// than the file has, and no stream is larger than the file. What a broken
// stream has before the break is returned with the error.
//
// Directory entries that were deleted, or that no storage leads to, are listed
// as well. Offsets count from the start of the file.
package cfb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

var le = binary.LittleEndian

// Magic is what a compound file begins with.
const Magic = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"

// ErrNotCompound is returned for files without the signature.
var ErrNotCompound = errors.New("not a compound file: no signature")

const ( // compound file header, [MS-CFB] 2.2
	headerSize   = 512
	hdrMajor     = 0x1A // u16, 3 or 4
	hdrShift     = 0x1E // u16, 9 or 12
	hdrMiniShift = 0x20 // u16, 6
	hdrFATs      = 0x2C // u32
	hdrDir       = 0x30 // u32
	hdrCutoff    = 0x38 // u32, 4,096
	hdrMiniFAT   = 0x3C // u32
	hdrDIFAT     = 0x44 // u32
	hdrFATList   = 0x4C // 109 u32
)

// Sector numbers with a meaning, 2.1. Those from maxSector on are no sectors.
const (
	maxSector  = 0xFFFFFFFA
	endOfChain = 0xFFFFFFFE
	freeSector = 0xFFFFFFFF
	noStream   = 0xFFFFFFFF
)

const ( // directory entry, 2.6.1
	entrySize   = 128
	entName     = 0  // 64 bytes of UTF-16
	entNameLen  = 64 // u16, bytes with the NUL
	entType     = 66 // u8
	entLeft     = 68 // u32
	entRight    = 72 // u32
	entChild    = 76 // u32
	entClass    = 80 // GUID
	entCreated  = 100
	entModified = 108
	entStart    = 116 // u32
	entLength   = 120 // u64; in version 3 only the low half counts
)

// maxEntries bounds the directory. Real ones have some hundred.
const maxEntries = 1 << 20

// A Kind is the kind of a directory entry.
type Kind uint8

// The kinds of entries, by their stored number.
const (
	None    Kind = 0 // deleted, or never used
	Storage Kind = 1
	Stream  Kind = 2
	Root    Kind = 5
)

// A State says how an entry was found.
type State string

// The states of an entry.
const (
	Live    State = ""
	Lost    State = "lost"    // in use, but no storage leads to it
	Deleted State = "deleted" // its type is cleared, but its name is still there
)

// An Entry is one directory entry.
type Entry struct {
	Name     string
	Path     string // from the root, with slashes; of an entry that is not live its name
	Kind     Kind
	State    State
	Class    string // GUID of a storage, or ""
	Size     int64  // as stored
	Created  time.Time
	Modified time.Time
	ID       int   // index in the directory
	Offset   int64 // of the entry

	start              uint32
	left, right, child uint32
}

// A File is an open compound file. It may be used by one goroutine at a time.
type File struct {
	Major   int // version, 3 or 4
	Entries []*Entry
	Damage  []*wire.FormatError

	r       io.ReaderAt
	size    int64
	shift   uint
	cutoff  int64
	fat     []uint32
	miniFAT []uint32
	mini    []uint32 // sectors of the mini stream
	all     []*Entry
}

const (
	miniShift = 6
	maxDamage = 100
)

// Open reads the tables and the directory of a compound file. The error is
// [ErrNotCompound], one of reading, or that of a header that cannot be used;
// anything else that is wrong is in the file's Damage.
func Open(r io.ReaderAt, size int64) (*File, error) {
	h := make([]byte, headerSize)
	n, err := r.ReadAt(h, 0)
	if n < len(Magic) || string(h[:len(Magic)]) != Magic {
		if err != nil && err != io.EOF {
			return nil, err
		}
		return nil, ErrNotCompound
	}
	if n < headerSize {
		if err != nil && err != io.EOF {
			return nil, err
		}
		return nil, &wire.FormatError{Format: "cfb", Offset: int64(n), Struct: "header", Problem: "ends inside of the header"}
	}
	f := &File{r: r, size: size, Major: int(le.Uint16(h[hdrMajor:])), shift: uint(le.Uint16(h[hdrShift:])),
		cutoff: int64(le.Uint32(h[hdrCutoff:]))}
	if f.shift != 9 && f.shift != 12 {
		return nil, &wire.FormatError{Format: "cfb", Offset: hdrShift, Struct: "header", Problem: fmt.Sprintf("sector shift %d", f.shift)}
	}
	if s := le.Uint16(h[hdrMiniShift:]); s != miniShift {
		f.bad(hdrMiniShift, "header", fmt.Sprintf("mini sector shift %d", s))
	}
	if f.cutoff != 4096 {
		f.bad(hdrCutoff, "header", fmt.Sprintf("mini stream cutoff %d", f.cutoff))
		f.cutoff = 4096
	}
	f.readFAT(h)
	f.miniFAT = f.readTable(le.Uint32(h[hdrMiniFAT:]), "mini FAT")
	f.readDirectory(le.Uint32(h[hdrDir:]))
	return f, nil
}

func (f *File) bad(off int64, what, problem string) {
	if len(f.Damage) < maxDamage {
		f.Damage = append(f.Damage, &wire.FormatError{Format: "cfb", Offset: off, Struct: what, Problem: problem})
	}
}

// sectors returns how many sectors the file has, a last one that is cut short
// included.
func (f *File) sectors() int64 {
	return max(0, f.size-1) >> f.shift
}

// at returns where a sector begins. The header has the room of one.
func (f *File) at(sector uint32) int64 { return (int64(sector) + 1) << f.shift }

// sector reads one sector, shorter when the file ends in it.
func (f *File) sector(n uint32) ([]byte, error) {
	if n >= maxSector || int64(n) >= f.sectors() {
		return nil, &wire.FormatError{Format: "cfb", Offset: min(f.at(n), f.size), Struct: "sector",
			Problem: fmt.Sprintf("%#x is not in the file", n)}
	}
	b := make([]byte, min(1<<f.shift, f.size-f.at(n)))
	if got, err := f.r.ReadAt(b, f.at(n)); got < len(b) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return b[:got], err
	}
	return b, nil
}

// readFAT reads the sectors of the FAT: the first 109 are named in the header,
// the others in a chain of sectors of their own. (2.5)
func (f *File) readFAT(h []byte) {
	want := int64(le.Uint32(h[hdrFATs:]))
	list := h[hdrFATList:]
	next := le.Uint32(h[hdrDIFAT:])
	fats := int64(0)
	for steps := int64(0); ; steps++ {
		for ; len(list) >= 4 && fats < want; list = list[4:] {
			n := le.Uint32(list)
			if n == freeSector {
				continue
			}
			b, err := f.sector(n)
			if err != nil {
				f.bad(min(f.at(n), f.size), "FAT", err.Error())
				b = nil
			}
			fats++
			if fats > f.sectors() {
				return
			}
			for ; len(b) >= 4; b = b[4:] {
				f.fat = append(f.fat, le.Uint32(b))
			}
			// A sector that does not read leaves its place empty.
			for err != nil && len(f.fat)%(1<<(f.shift-2)) != 0 {
				f.fat = append(f.fat, endOfChain)
			}
		}
		if next >= maxSector || fats >= want || steps > f.sectors() {
			break
		}
		b, err := f.sector(next)
		if err != nil || len(b) < 1<<f.shift {
			f.bad(min(f.at(next), f.size), "DIFAT", "sector does not read")
			break
		}
		list, next = b[:len(b)-4], le.Uint32(b[len(b)-4:])
	}
	if fats < want {
		f.bad(hdrFATs, "header", fmt.Sprintf("%d FAT sectors, found %d", want, fats))
	}
}

// chain returns the sectors of a chain, at most limit. The error says why it
// is shorter than it should be.
func (f *File) chain(start uint32, limit int64) ([]uint32, error) {
	limit = min(limit, f.sectors())
	var out []uint32
	for n := start; n < maxSector; {
		if int64(len(out)) == limit {
			return out, nil
		}
		if int64(n) >= f.sectors() {
			return out, f.broken(n, "leads out of the file")
		}
		out = append(out, n)
		if int64(n) >= int64(len(f.fat)) {
			return out, f.broken(n, "is not in the FAT")
		}
		if n = f.fat[n]; n == freeSector {
			return out, f.broken(out[len(out)-1], "is followed by a free sector")
		}
	}
	return out, nil
}

func (f *File) broken(sector uint32, problem string) error {
	return &wire.FormatError{Format: "cfb", Offset: min(f.at(sector), f.size), Struct: "chain", Problem: fmt.Sprintf("sector %#x %s",
		sector, problem)}
}

// readTable reads a chain of sectors with numbers.
func (f *File) readTable(start uint32, what string) []uint32 {
	if start >= maxSector {
		return nil
	}
	sectors, err := f.chain(start, 1<<32)
	if err != nil {
		f.bad(hdrMiniFAT, what, err.Error())
	}
	var out []uint32
	for _, n := range sectors {
		b, err := f.sector(n)
		if err != nil {
			f.bad(f.at(n), what, err.Error())
		}
		for ; len(b) >= 4; b = b[4:] {
			out = append(out, le.Uint32(b))
		}
	}
	return out
}

// Find returns the live stream or storage with a path, compared without
// regard to case as the format does, or nil.
func (f *File) Find(path string) *Entry {
	for _, e := range f.Entries {
		if e.State == Live && strings.EqualFold(e.Path, path) {
			return e
		}
	}
	return nil
}
