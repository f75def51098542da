// Package vss reads volume shadow copies: the states of an NTFS volume that Windows (Vista to 11,
// and the servers of that time) keeps on the
// volume itself. Each is an [io.ReaderAt] over which a file system can be opened.
//
// A store holds the blocks of 16 KiB that were about to change after its shadow copy was made, and
// so the difference to the state that the next
// newer store gives, or, for the newest, to the volume as it is now. A shadow copy is read block by
// block through its own store and all newer
// ones. Nothing is unpacked; of a store only its list of blocks is kept, in 16 bytes for each.
//
// It does not read the stores of other providers or of Windows Server 2003, stores on another volume, or parts of a store that are left in
// free space after its deletion. A store whose list of blocks is damaged is refused, and with it
// the older shadow copies, which build on it: a
// volume of which some blocks are silently those of another time would be no evidence.
//
// Offsets, names and rules follow the document "Volume Shadow Snapshot (VSS) format" of libvshadow, whose sections are cited.
package vss

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
	"unicode/utf16"
)

var le = binary.LittleEndian

// BlockSize is the unit in which changes are kept.
const BlockSize = 16 << 10

// ErrNotFound says that a volume has no header of shadow copies.
var ErrNotFound = errors.New("no volume shadow copies")

// A FormatError is one thing in the metadata of shadow copies that breaks the format, and where.
type FormatError struct {
	Offset  int64 // in the volume
	Struct  string
	Problem string
	Err     error // the cause, or nil
}

func (e *FormatError) Error() string {
	s := fmt.Sprintf("%s at %d: %s", e.Struct, e.Offset, e.Problem)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *FormatError) Unwrap() error { return e.Err }

// A LimitError says that reading on would take more than an option allows.
type LimitError struct {
	Option string // the field of Options to raise
	Limit  int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("needs more than Options.%s = %d", e.Option, e.Limit)
}

// Options bound what shadow copies may cost. Nil and zero fields mean the default.
type Options struct {
	MaxBlocks int // blocks that the lists of all stores of a volume name together; default 4 Mi: 64 GiB of saved data, 64 MiB of memory
}

// The header of the volume; "Volume header". It lies in sector 15, which belongs to $Boot.
const (
	headerAt      = 0x1E00
	headerSize    = 512
	headerVersion = 16 // u32: 1 for Vista and 7, 2 since Windows 8
	headerType    = 20 // u32: 1
	headerCatalog = 48 // u64, in the volume; 0 when there is none
)

// The header of each further block; "Catalog block header", "Store block header".
const (
	blockType    = 20 // u32
	blockCurrent = 32 // u64: where the block lies in the volume
	blockNext    = 40 // u64: where the next one lies; 0 in the last
	blockInfo    = 48 // u64: size of the store information, in a store's header
	blockHead    = 128
)

// Types of blocks; "Store block record types".
const (
	typeVolume  = 1
	typeCatalog = 2
	typeList    = 3
	typeStore   = 4
	typeBitmap  = 6
)

// An entry of the catalog; "Catalog entry". One of type 2 and one of type 3 make a shadow copy; they share the store's identifier.
const (
	entrySize = 128
	entryType = 0  // u64: 0 empty, 1 unused
	entryID   = 16 // GUID

	entryVolume  = 8  // type 2, u64: size of the volume
	entryCreated = 48 // FILETIME

	entryList     = 8  // type 3, u64: where the block list begins
	entryHeader   = 32 // u64: where the store's header lies
	entryBitmap   = 48 // u64
	entryPrevious = 72 // u64: the bitmap of the store before, or 0

	entryEmpty   = 0
	entryUnused  = 1
	entryShadow  = 2
	entryInStore = 3
)

// Bounds that no real catalog comes near: Windows keeps 512 shadow copies of a volume at most, and a catalog block has room for 63.
const (
	maxCatalog = 64
	maxShadows = 512
)

// identifier begins every block; "Overview": 3808876b-c176-4e48-b7ae-04046e6cc752.
var identifier = [16]byte{0x6B, 0x87, 0x08, 0x38, 0x76, 0xC1, 0x48, 0x4E, 0xB7, 0xAE, 0x04, 0x04, 0x6E, 0x6C, 0xC7, 0x52}

// A Volume is the catalog of a volume's shadow copies.
type Volume struct {
	Version uint32   // of the header
	Shadows []Shadow // by their time, the oldest first

	r      io.ReaderAt
	size   int64
	budget int64 // blocks that further lists may name
	max    int64

	mu     sync.Mutex         // guards the fields below, and loading, which goes from the newest store to the oldest
	seen   map[int64]struct{} // blocks of metadata that were taken; each serves once
	damage []error
}

// A Shadow is one shadow copy that the catalog lists.
type Shadow struct {
	Number  int // from 1, the oldest
	ID      string
	Created time.Time
	Size    int64 // of the volume at that time

	// From the store's header, empty when that is damaged.
	CopyID  string // the identifier that vssadmin shows
	SetID   string
	Machine string // on which the copy was made

	v     *Volume
	store *store // nil when the volume does not hold it
}

// Open reads the catalog of a volume of size bytes, which begins where r begins. It reads no store.
// The error is ErrNotFound where there is no
// header.
func Open(r io.ReaderAt, size int64, opts *Options) (*Volume, error) {
	v := &Volume{r: r, size: size, max: 4 << 20, seen: map[int64]struct{}{}}
	if opts != nil && opts.MaxBlocks > 0 {
		v.max = int64(opts.MaxBlocks)
	}
	v.budget = v.max
	h := make([]byte, headerSize)
	if size < headerAt+headerSize || readFull(r, h, headerAt) != nil || [16]byte(h) != identifier ||
		le.Uint32(h[headerType:]) != typeVolume {
		return nil, ErrNotFound
	}
	if size>>14 > 1<<32 {
		return nil, &FormatError{Offset: headerAt, Struct: "volume header",
			Problem: fmt.Sprintf("a volume of %d bytes; Windows makes shadow copies up to 64 TiB", size)}
	}
	v.Version = le.Uint32(h[headerVersion:])
	v.readCatalog(int64(le.Uint64(h[headerCatalog:])))
	return v, nil
}

// A place is a catalog entry and its offset in the volume.
type place struct {
	off   int64
	entry []byte
}

// id is the shadow copy that the entry belongs to.
func (p place) id() [16]byte { return [16]byte(p.entry[entryID:]) }

// readCatalog gathers the entries of all blocks. The two entries of a shadow copy may lie far from
// each other, and copies in any order; "Catalog entry".
func (v *Volume) readCatalog(at int64) {
	shadows, stores := v.catalogEntries(at)
	known := map[[16]byte]bool{}
	for _, p := range shadows {
		id := p.id()
		if known[id] {
			v.damaged(p.off, "catalog entry", "a second shadow copy "+guid(id[:])+", left aside", nil)
			continue
		}
		known[id] = true
		s := Shadow{ID: guid(id[:]), Created: filetime(le.Uint64(p.entry[entryCreated:])), Size: int64(le.Uint64(p.entry[entryVolume:])),
			v: v}
		if s.Size <= 0 || s.Size > v.size { // "Catalog volume size out of bounds" is a known damage
			v.damaged(p.off, "catalog entry", fmt.Sprintf("a volume of %d bytes, taken as %d", uint64(s.Size), v.size), nil)
			s.Size = v.size
		}
		if e, ok := stores[id]; ok {
			s.store = newStore(v, e.off, e.entry)
		}
		v.Shadows = append(v.Shadows, s)
	}
	for id, p := range stores {
		if !known[id] {
			v.damaged(p.off, "catalog entry", "a store "+guid(id[:])+" without a shadow copy", nil)
		}
	}
	slices.SortStableFunc(v.damage, func(a, b error) int { return cmp.Compare(offset(a), offset(b)) }) // the map has no order
	slices.SortStableFunc(v.Shadows, func(a, b Shadow) int { return a.Created.Compare(b.Created) })
	if n := len(v.Shadows) - maxShadows; n > 0 {
		v.damaged(headerAt, "catalog", fmt.Sprintf("%d shadow copies; the %d oldest are left aside", len(v.Shadows), n), nil)
		v.Shadows = v.Shadows[n:]
	}
	for i := range v.Shadows {
		s := &v.Shadows[i]
		s.Number = i + 1
		if s.store != nil {
			v.readInfo(s)
		}
	}
}

// catalogEntries follows the blocks of the catalog and returns the entries of
// shadow copies, as they lie, and those of their stores.
func (v *Volume) catalogEntries(at int64) (shadows []place, stores map[[16]byte]place) {
	stores = map[[16]byte]place{}
	b := make([]byte, BlockSize)
	for n := 0; at != 0; n++ {
		if n == maxCatalog {
			v.damaged(at, "catalog block", fmt.Sprintf("more than %d blocks", maxCatalog), nil)
			break
		}
		if err := v.block(b, at, typeCatalog, "catalog block"); err != nil {
			v.damage = append(v.damage, err)
			break
		}
		for off := int64(blockHead); off+entrySize <= BlockSize; off += entrySize {
			e := place{at + off, slices.Clone(b[off:][:entrySize])}
			switch typ := le.Uint64(e.entry[entryType:]); typ {
			case entryEmpty, entryUnused:
			case entryShadow:
				shadows = append(shadows, e)
			case entryInStore:
				id := e.id()
				if _, dup := stores[id]; dup {
					v.damaged(e.off, "catalog entry", "a second store "+guid(id[:])+", left aside", nil)
					continue
				}
				stores[id] = e
			default:
				v.damaged(e.off, "catalog entry", fmt.Sprintf("type %d", typ), nil)
			}
		}
		at = int64(le.Uint64(b[blockNext:]))
	}
	return shadows, stores
}

// Damage returns what was wrong with the metadata that was read so far, and survived.
func (v *Volume) Damage() []error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.damage)
}

func (v *Volume) damaged(at int64, what, problem string, err error) {
	v.damage = append(v.damage, &FormatError{at, what, problem, err})
}

func offset(err error) int64 {
	if fe, ok := errors.AsType[*FormatError](err); ok {
		return fe.Offset
	}
	return 0
}

// block reads one block of metadata of the type that is due. Each serves once: so no chain runs in
// a circle, and no two stores share a list.
func (v *Volume) block(b []byte, at int64, typ uint32, what string) error {
	bad := func(problem string, err error) error { return &FormatError{at, what, problem, err} }
	if at < 0 || at > v.size-int64(len(b)) {
		return bad("lies outside the volume", nil)
	}
	if _, dup := v.seen[at]; dup {
		return bad("serves a second time: its chain runs in a circle, or into another one", nil)
	}
	v.seen[at] = struct{}{}
	if err := readFull(v.r, b, at); err != nil {
		return bad("cannot be read", err)
	}
	switch {
	case [16]byte(b) != identifier:
		return bad("no identifier", nil)
	case le.Uint32(b[blockType:]) != typ:
		return bad(fmt.Sprintf("type %d, want %d", le.Uint32(b[blockType:]), typ), nil)
	case int64(le.Uint64(b[blockCurrent:])) != at:
		v.damaged(at, what, fmt.Sprintf("says that it lies at %d", le.Uint64(b[blockCurrent:])), nil)
	}
	return nil
}

// Store information, behind the header of a store; "Store information".
const (
	infoCopyID  = 16 // GUID
	infoSetID   = 32 // GUID
	infoMachine = 64 // u16 bytes, then the text
)

// readInfo reads what a store's header says of the shadow copy. Nothing but its names depends on it.
func (v *Volume) readInfo(s *Shadow) {
	b := make([]byte, BlockSize)
	if err := v.block(b, s.store.header, typeStore, "store header"); err != nil {
		v.damage = append(v.damage, err)
		return
	}
	n := le.Uint64(b[blockInfo:])
	if n < infoMachine+2 || n > BlockSize-blockHead {
		v.damaged(s.store.header, "store header", fmt.Sprintf("store information of %d bytes", n), nil)
		return
	}
	info := b[blockHead:][:n]
	s.CopyID, s.SetID = guid(info[infoCopyID:]), guid(info[infoSetID:])
	name := info[infoMachine+2:]
	if n := int(le.Uint16(info[infoMachine:])); n <= len(name) {
		s.Machine = utf16Text(name[:n])
	} else {
		v.damaged(s.store.header, "store information", "the machine's name runs past its end", nil)
	}
}

// readFull reads all of p; an early end is io.ErrUnexpectedEOF.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// guid writes a GUID as Windows does.
func guid(b []byte) string {
	return fmt.Sprintf("%08X-%04X-%04X-%X-%X", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:16])
}

func utf16Text(b []byte) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = le.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}

// filetime turns 100 ns since 1601 into a time; 0 is the zero time, and so is what lies behind the year 9999.
func filetime(ft uint64) time.Time {
	const epoch = 11644473600        // seconds from 1601 to 1970
	const last = 2650467743999999999 // the end of the year 9999, the last time that RFC 3339 can write
	if ft == 0 || ft > last {
		return time.Time{}
	}
	return time.Unix(int64(ft/1e7)-epoch, int64(ft%1e7)*100).UTC()
}
