package ese

import (
	"errors"
	"io"
	"sync"
)

// Page header. Offsets in bytes.
const (
	pgChecksum = 0  // u32 XOR; old format: XOR of the page from offset 4
	pgNumber   = 4  // old format only: u32 page number; else ECC checksum
	pgNext     = 20 // u32 number of the next page of the level
	pgObject   = 24 // u32 object id of the tree ("father data page")
	pgTags     = 34 // u16, low 12 bits: number of tags
	pgFlags    = 36 // u32
	pgSums     = 40 // 16 KiB or more: u64 checksums of the second to fourth quarter

	pageHeader      = 40
	pageHeaderLarge = 80
)

// Page flags.
const (
	flagRoot      = 0x0001
	flagLeaf      = 0x0002
	flagParent    = 0x0004
	flagEmpty     = 0x0008
	flagSpace     = 0x0020
	flagIndex     = 0x0040
	flagLong      = 0x0080
	flagNewFormat = 0x2000 // of the checksum
)

// Tag flags.
const (
	tagDeleted = 2
	tagPrefix  = 4 // the key shares a prefix with the page's own
)

// A page is one page of the file. Its buffer is never written to again, so
// that rows may point into it.
type page struct {
	n      uint32
	b      []byte
	base   int64 // offset in the file
	head   int   // size of the page header
	tags   int
	flags  uint32
	next   uint32
	object uint32
	large  bool
}

// An entry is what one tag of a page points to.
type entry struct {
	prefix int    // bytes of the page's key prefix that begin the key
	key    []byte // rest of the key
	data   []byte
	off    int64 // of data, in the file
	flags  byte
}

// page reads page n, counted from 1.
func (db *DB) page(n uint32) (page, error) {
	base := (int64(n) + 1) * int64(db.PageSize)
	if n == 0 || n > db.pages {
		return page{}, db.note(bad(base, "page", "is outside of the file"))
	}
	b, state, err := db.cache.page(n)
	if err != nil {
		return page{}, err
	}
	switch state {
	case sumWrong:
		_ = db.note(bad(base, "page", "checksum does not match")) // read on
	case sumEmpty:
		return page{}, db.note(bad(base, "page", "is empty"))
	}
	p := page{n: n, b: b, base: base, head: pageHeader, large: db.large,
		tags: int(le.Uint16(b[pgTags:]) & 0x0FFF), flags: le.Uint32(b[pgFlags:]),
		next: le.Uint32(b[pgNext:]), object: le.Uint32(b[pgObject:])}
	if db.large {
		p.head = pageHeaderLarge
	}
	if p.head+4*p.tags > len(b) {
		return page{}, db.note(bad(base+pgTags, "page", "tags run past its start"))
	}
	return p, nil
}

// slot returns what tag i points to, its offset in the page, and the flags of
// pages below 16 KiB.
func (p *page) slot(i int) (b []byte, off int, flags byte, ok bool) {
	if i < 0 || i >= p.tags {
		return nil, 0, 0, false
	}
	v := le.Uint32(p.b[len(p.b)-4*(i+1):])
	size, at := int(v&0x7FFF), int(v>>16&0x7FFF)
	if !p.large {
		size, at, flags = int(v&0x1FFF), int(v>>16&0x1FFF), byte(v>>29)
	}
	off = p.head + at
	if off+size > len(p.b)-4*p.tags {
		return nil, off, 0, false
	}
	return p.b[off : off+size : off+size], off, flags, true
}

// entry reads tag i, 1 or later, into e. It returns the problem, or "".
func (p *page) entry(i int, e *entry) string {
	b, off, flags, ok := p.slot(i)
	if !ok {
		return "runs past the page"
	}
	if len(b) < 2 {
		return "has no key size"
	}
	if p.large {
		flags = b[1] >> 5
	}
	n := 0
	e.prefix = 0
	if flags&tagPrefix != 0 {
		e.prefix = int(le.Uint16(b) & 0x1FFF)
		n = 2
		if len(b) < 4 {
			return "has no key size"
		}
	}
	size := int(le.Uint16(b[n:]) & 0x1FFF)
	n += 2
	if n+size > len(b) {
		return "key runs past its end"
	}
	e.key, e.data, e.flags = b[n:n+size], b[n+size:], flags
	e.off = p.base + int64(off+n+size)
	return ""
}

// prefix returns the key prefix that the entries of the page share. The first
// tag of a root page is something else.
func (p *page) prefix() []byte {
	if p.tags == 0 || p.flags&flagRoot != 0 {
		return nil
	}
	b, _, _, ok := p.slot(0)
	if !ok {
		return nil
	}
	return b
}

// Results of the checksum.
const (
	sumUnknown = iota
	sumRight
	sumWrong
	sumEmpty
)

// checkPage compares the checksums of page n. Three forms are known: of the
// old format one u32 over the page; of the new one (flag 0x2000) the XOR of the
// page from offset 8 that starts with its number, beside an ECC that is not
// read here; from 16 KiB on the same for each quarter.
func checkPage(b []byte, n uint32) uint8 {
	flags := le.Uint32(b[pgFlags:])
	if flags == 0 && le.Uint32(b[pgObject:]) == 0 && le.Uint16(b[pgTags:]) == 0 && xor32(b, 0) == 0 {
		return sumEmpty
	}
	ok := true
	switch q := len(b) / 4; {
	case flags&flagNewFormat == 0:
		ok = xor32(b[8:], magic)^le.Uint32(b[pgNumber:]) == le.Uint32(b)
	case len(b) < 16<<10:
		ok = xor32(b[8:], n) == le.Uint32(b)
	default:
		ok = xor32(b[8:q], n) == le.Uint32(b)
		for i := 1; i < 4 && ok; i++ {
			ok = xor32(b[i*q:(i+1)*q], n) == le.Uint32(b[pgSums+8*(i-1):])
		}
	}
	if ok {
		return sumRight
	}
	return sumWrong
}

// blockSize is how much the cache reads at a time: neighbouring pages of the
// file often belong to one tree.
const blockSize = 64 << 10

// A cache keeps blocks of the file. A block has one slot that it may be in, so
// that the memory is bounded and a look-up needs no list.
type cache struct {
	r        io.ReaderAt
	size     int64
	pageSize int
	mu       sync.Mutex
	slot     []block
}

type block struct {
	n   int64 // number of the block plus 1; 0: nothing is here
	b   []byte
	sum [blockSize / 4096]uint8
}

func (c *cache) init(r io.ReaderAt, size int64, pageSize int) {
	c.r, c.size, c.pageSize = r, size, pageSize
	c.slot = make([]block, min(cacheBytes/blockSize, int(min(size/blockSize, 1<<20))+1))
}

var errShort = errors.New("ese: file is shorter than its size")

// page returns page n and the result of its checksum.
func (c *cache) page(n uint32) ([]byte, uint8, error) {
	off := (int64(n) + 1) * int64(c.pageSize)
	num := off / blockSize
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.slot[num%int64(len(c.slot))]
	if s.n != num+1 {
		b := make([]byte, min(blockSize, c.size-num*blockSize))
		if got, _ := c.r.ReadAt(b, num*blockSize); got < len(b) {
			return c.single(n, off) // a bad sector costs its page, not the block
		}
		*s = block{n: num + 1, b: b}
	}
	at := int(off % blockSize)
	if at+c.pageSize > len(s.b) {
		return nil, 0, errShort
	}
	b := s.b[at : at+c.pageSize : at+c.pageSize]
	sum := &s.sum[at/c.pageSize]
	if *sum == sumUnknown {
		*sum = checkPage(b, n)
	}
	return b, *sum, nil
}

// single reads one page, which the cache does not keep.
func (c *cache) single(n uint32, off int64) ([]byte, uint8, error) {
	b := make([]byte, c.pageSize)
	if got, err := c.r.ReadAt(b, off); got < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			err = errShort
		}
		return nil, 0, err
	}
	return b, checkPage(b, n), nil
}
