package ntfs

import (
	"cmp"
	"container/list"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// The index root, an index block and an index entry ("Index Root", "Index Record", "Index Entry", Linux-NTFS documentation).
const (
	rootBlockSize = 8  // u32
	rootNode      = 16 // node header
	blockVCN      = 16 // u64
	blockNode     = 24 // node header

	nodeEntries = 0 // u32, from the node header
	nodeEnd     = 4 // u32
	nodeHeader  = 16

	entryRef    = 0  // u64
	entryLen    = 8  // u16
	entryKeyLen = 10 // u16
	entryFlags  = 12 // u16: 1 has a child, 2 is the last
	entryKey    = 16

	entryHasChild = 1
	entryIsLast   = 2
)

// $FILE_NAME, as an attribute and as the key of a directory's index.
const (
	fnParent     = 0 // u64
	fnCreated    = 8
	fnModified   = 16
	fnChanged    = 24
	fnAccessed   = 32
	fnFlags      = 56 // u32
	fnReparse    = 60 // u32, the tag, when the file is a reparse point
	fnNameLen    = 64 // u8
	fnNamespace  = 65 // u8
	fnName       = 66
	fnIsReparse  = 0x400
	fnIsDir      = 0x10000000
	namespaceDOS = 2

	tagMountPoint = 0xA0000003
	tagSymlink    = 0xA000000C
)

// A dirEnt is one name in a directory.
type dirEnt struct {
	ref  ref
	name string
	dos  bool // the short name of an entry that has a long one too
	mode fs.FileMode
}

// A directory is a listing, sorted by name, with what was wrong with it.
type directory struct {
	entry  uint64
	ents   []dirEnt // without short names
	byFold []int32  // indexes of ents, in the order of the folded names
	short  []dirEnt // short names, in that order too
	exact  bool     // names have a case
	damage error
}

// readDir lists a directory by walking its index. Each block is visited once, whatever the links say. When the walk meets damage, the
// blocks that it did not reach are read as well, and then the MFT is asked for the files that name this directory as their parent: a
// broken node hides nothing.
func (v *Volume) readDir(f *inode) (*directory, error) {
	w := &indexWalk{v: v, f: f, d: &directory{entry: f.base.entry, exact: f.caseSensitive()}}
	if err := w.open(); err != nil {
		if _, ok := errors.AsType[*LimitError](err); ok {
			return nil, err
		}
		w.damagedBy(err)
	}
	if w.root != nil {
		todo := w.node(w.root[rootNode:], f.base.at, 0, nil)
		for len(todo) > 0 && w.limit == nil {
			vcn := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if b, at, ok := w.read(vcn); ok {
				todo = w.node(b[blockNode:], at, blockNode, todo)
			}
		}
	}
	if w.limit == nil {
		w.salvage()
		w.check()
	}
	if w.d.damage != nil && w.limit == nil {
		w.fromMFT()
	}
	if w.limit != nil {
		return nil, w.limit
	}
	slices.SortFunc(w.d.ents, func(a, b dirEnt) int { return strings.Compare(a.name, b.name) })
	w.d.ents = slices.CompactFunc(w.d.ents, func(a, b dirEnt) bool {
		if a.name == b.name && a.ref != b.ref {
			w.damaged(0, "directory", fmt.Sprintf("holds the name %q twice", a.name), nil)
		}
		return a.name == b.name
	})
	w.d.byFold = make([]int32, len(w.d.ents))
	for i := range w.d.ents {
		w.d.byFold[i] = int32(i)
	}
	slices.SortFunc(w.d.byFold, func(a, b int32) int {
		return cmp.Or(v.compare(w.d.ents[a].name, w.d.ents[b].name), cmp.Compare(a, b))
	})
	slices.SortStableFunc(w.d.short, func(a, b dirEnt) int { return v.compare(a.name, b.name) })
	return w.d, nil
}

// lookup prefers the name as it is spelled, then any case, then short names. In a
// case-sensitive directory only the spelling counts.
func (d *directory) lookup(v *Volume, name string) (dirEnt, bool) {
	if i, ok := slices.BinarySearchFunc(d.ents, name, func(e dirEnt, s string) int { return strings.Compare(e.name, s) }); ok {
		return d.ents[i], true
	}
	if d.exact {
		return dirEnt{}, false
	}
	if i, ok := slices.BinarySearchFunc(d.byFold, name, func(i int32, s string) int { return v.compare(d.ents[i].name, s) }); ok {
		return d.ents[d.byFold[i]], true
	}
	if i, ok := slices.BinarySearchFunc(d.short, name, func(e dirEnt, s string) int { return v.compare(e.name, s) }); ok {
		return d.short[i], true
	}
	return dirEnt{}, false
}

type indexWalk struct {
	v         *Volume
	f         *inode
	d         *directory
	root      []byte
	alloc     *stream
	step      int64 // bytes that a block number counts
	blockSize int64
	seen      []uint64
	limit     error
}

func (w *indexWalk) damaged(at int64, what, problem string, err error) {
	if w.d.damage == nil {
		w.d.damage = &FormatError{Offset: at, Struct: what, Problem: fmt.Sprintf("directory %d: %s", w.f.base.entry, problem), Err: err}
	}
}

// damagedBy notes an error that names its place itself.
func (w *indexWalk) damagedBy(err error) {
	if w.d.damage == nil {
		w.d.damage = err
	}
}

func (w *indexWalk) open() error {
	s, err := w.f.stream(typeIndexRoot, "$I30")
	if errors.Is(err, fs.ErrNotExist) { // the directory is there, and an answer of "not exist" would deny that
		err = errors.New("missing")
	}
	if err != nil {
		return &FormatError{Offset: w.f.base.at, Struct: "index root",
			Problem: fmt.Sprintf("directory %d: cannot be opened", w.f.base.entry), Err: err}
	}
	if s.resident == nil || len(s.resident) < rootNode+nodeHeader {
		return &FormatError{Offset: w.f.base.at, Struct: "index root", Problem: fmt.Sprintf("directory %d: too short", w.f.base.entry)}
	}
	w.root = s.resident
	size := int64(le.Uint32(w.root[rootBlockSize:]))
	if size < 512 || size > 2<<20 || size%512 != 0 {
		size = w.v.index
	}
	w.blockSize = size
	w.step = w.v.cluster
	if w.v.cluster > size {
		w.step = 512 // Linux-NTFS, "Index Record": blocks smaller than a cluster are counted in sectors
	}
	if w.alloc, err = w.f.stream(typeIndexAlloc, "$I30"); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			w.damaged(w.f.base.at, "index allocation", "cannot be opened", err)
		}
		w.alloc = nil
		return nil
	}
	blocks := w.alloc.size / size
	if blocks > int64(w.v.opts.MaxDirEntries) {
		return &LimitError{"MaxDirEntries", int64(w.v.opts.MaxDirEntries), blocks}
	}
	w.seen = make([]uint64, blocks/64+1)
	return nil
}

// read reads the index block that a child pointer names, unless it has been read already.
func (w *indexWalk) read(vcn int64) (b []byte, at int64, ok bool) {
	at = vcn * w.step
	if w.alloc == nil || vcn < 0 || vcn > 1<<52/w.step || at%w.blockSize != 0 || at > w.alloc.size-w.blockSize {
		w.damaged(at, "index node", fmt.Sprintf("names the block %d, which is not there", vcn), nil)
		return nil, at, false
	}
	i := at / w.blockSize
	if w.seen[i/64]>>(i%64)&1 != 0 {
		w.damaged(at, "index block", "is reached twice", nil)
		return nil, at, false
	}
	w.seen[i/64] |= 1 << (i % 64)
	b = make([]byte, w.blockSize)
	if err := readFull(w.alloc, b, at); err != nil {
		w.damaged(at, "index block", "cannot be read", err)
		return nil, at, false
	}
	if string(b[:4]) != "INDX" {
		w.damaged(at, "index block", fmt.Sprintf("signature %q", b[:4]), nil)
		return nil, at, false
	}
	if problem := fixup(b); problem != "" {
		w.damaged(at, "index block", problem, nil)
		return nil, at, false
	}
	return b, at, true
}

// node takes the names of one node and appends its children to todo. b begins at the node header, base bytes into what lies at at.
func (w *indexWalk) node(b []byte, at, base int64, todo []int64) []int64 {
	off, end := int64(le.Uint32(b[nodeEntries:])), min(int64(le.Uint32(b[nodeEnd:])), int64(len(b)))
	if off < nodeHeader {
		w.damaged(at+base, "index node", "entries begin inside its header", nil)
		return todo
	}
	var before []byte // the key of the entry before
	for {
		if off+entryKey > end {
			w.damaged(at+base+off, "index node", "ends without a last entry", nil)
			return todo
		}
		e := b[off:end]
		n := int64(le.Uint16(e[entryLen:]))
		if n < entryKey || n > int64(len(e)) {
			w.damaged(at+base+off, "index entry", fmt.Sprintf("length %d", n), nil)
			return todo
		}
		e = e[:n]
		flags := le.Uint16(e[entryFlags:])
		if flags&entryHasChild != 0 {
			if n < entryKey+8 {
				w.damaged(at+base+off, "index entry", "too short for its child", nil)
				return todo
			}
			todo = append(todo, int64(le.Uint64(e[n-8:])))
			e = e[:n-8]
		}
		if flags&entryIsLast != 0 {
			if off+n != end {
				w.damaged(at+base+off, "index node", "its last entry is not at its end", nil)
			}
			return todo
		}
		if k := int64(le.Uint16(e[entryKeyLen:])); int64(len(e)) != (entryKey+k+7)&^7 {
			w.damaged(at+base+off, "index entry", fmt.Sprintf("length %d with a key of %d bytes", n, k), nil)
		}
		if !w.inOrder(before, e[entryKey:]) {
			w.damaged(at+base+off, "index entry", "its name is out of order", nil)
		}
		before = e[entryKey:]
		w.add(e, at+base+off)
		if w.limit != nil {
			return nil
		}
		off += n
	}
}

// inOrder reports whether two keys of one node follow each other as the index sorts them: by the upper case of their names.
func (w *indexWalk) inOrder(a, b []byte) bool {
	nameOf := func(key []byte) ([]byte, bool) {
		if len(key) < fnName || fnName+2*int(key[fnNameLen]) > len(key) {
			return nil, false
		}
		return key[fnName : fnName+2*int(key[fnNameLen])], true
	}
	an, ok := nameOf(a)
	bn, ok2 := nameOf(b)
	if !ok || !ok2 || !w.v.folds {
		return true
	}
	for i := 0; i < min(len(an), len(bn)); i += 2 {
		if c := cmp.Compare(w.v.upcase[le.Uint16(an[i:])], w.v.upcase[le.Uint16(bn[i:])]); c != 0 {
			return c < 0
		}
	}
	return len(an) <= len(bn)
}

// add takes one index entry into the listing.
func (w *indexWalk) add(e []byte, at int64) {
	key := e[entryKey:]
	if n := int(le.Uint16(e[entryKeyLen:])); n < len(key) {
		key = key[:n]
	}
	if len(key) < fnName || fnName+2*int(key[fnNameLen]) > len(key) {
		w.damaged(at, "index entry", "too short for its name", nil)
		return
	}
	ent := dirEnt{ref: ref(le.Uint64(e[entryRef:])), dos: key[fnNamespace] == namespaceDOS}
	if p := ref(le.Uint64(key[fnParent:])); p.entry() != w.f.base.entry {
		w.damaged(at, "index entry", fmt.Sprintf("belongs to directory %d", p.entry()), nil)
		return
	}
	ent.name = PathName(utf16Name(key[fnName : fnName+2*int(key[fnNameLen])]))
	flags, tag := le.Uint32(key[fnFlags:]), le.Uint32(key[fnReparse:])
	ent.mode = entMode(flags, tag)
	switch {
	case ent.name == "." || ent.name == ".." || ent.name == "" || ent.ref.entry() == RootEntry:
		return // the root holds itself, as "."
	case len(w.d.ents)+len(w.d.short) >= 2*w.v.opts.MaxDirEntries || len(w.d.ents) >= w.v.opts.MaxDirEntries:
		w.limit = &LimitError{"MaxDirEntries", int64(w.v.opts.MaxDirEntries), int64(len(w.d.ents)) + 1}
		return
	}
	if ent.dos {
		w.d.short = append(w.d.short, ent)
		return
	}
	w.d.ents = append(w.d.ents, ent)
}

// salvage reads the blocks that a damaged index no longer leads to, if the bitmap says that they are in use. That one is in use and not
// reached is damage of its own: a flag or a pointer above it is wrong.
func (w *indexWalk) salvage() {
	if w.alloc == nil {
		return
	}
	s, err := w.f.stream(typeBitmap, "$I30")
	if err != nil {
		return
	}
	used := make([]byte, min(s.size, int64(len(w.seen))*8))
	if readFull(s, used, 0) != nil {
		return
	}
	for i := range w.alloc.size / w.blockSize {
		if i/8 >= int64(len(used)) || w.limit != nil {
			return
		}
		if used[i/8]>>(i%8)&1 == 0 || w.seen[i/64]>>(i%64)&1 != 0 {
			continue
		}
		w.damaged(i*w.blockSize, "index block", "is in use, and no node leads to it", nil)
		if b, at, ok := w.read(i * w.blockSize / w.step); ok {
			w.node(b[blockNode:], at, blockNode, nil)
		}
	}
}

// entMode says what kind of file an entry is. Of the many reparse points only those that lead elsewhere are links.
func entMode(flags, tag uint32) fs.FileMode {
	switch {
	case flags&fnIsReparse != 0 && (tag == tagMountPoint || tag == tagSymlink):
		return fs.ModeSymlink | 0o777
	case flags&fnIsDir != 0:
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// PathName makes a name fit for a path: the slash, which only other systems put into a name, becomes U+FFFD, as a lone surrogate has
// already. Such a file is listed, and found under the name that is listed.
func PathName(s string) string {
	if strings.ContainsAny(s, "/\x00") || !utf8.ValidString(s) {
		return strings.NewReplacer("/", "\uFFFD", "\x00", "\uFFFD").Replace(strings.ToValidUTF8(s, "\uFFFD"))
	}
	return s
}

// upper is a character as the volume compares it: by its own table, and not at all beyond the basic plane.
func (v *Volume) upper(r rune) rune {
	if r < int32(len(v.upcase)) { // the table is not there yet while the MFT is opened
		return rune(v.upcase[r])
	}
	return r
}

// compare orders names without regard to case.
func (v *Volume) compare(a, b string) int {
	for a != "" && b != "" {
		ra, na := utf8.DecodeRuneInString(a)
		rb, nb := utf8.DecodeRuneInString(b)
		if ra != rb {
			if c := cmp.Compare(v.upper(ra), v.upper(rb)); c != 0 {
				return c
			}
		}
		a, b = a[na:], b[nb:]
	}
	return cmp.Compare(len(a), len(b))
}

func (v *Volume) sameName(a, b string) bool { return a == b || v.compare(a, b) == 0 }

// A dirCache keeps the listings that were read last, up to a number of entries.
type dirCache struct {
	mu    sync.Mutex
	max   int
	n     int
	order list.List // of *directory, the last used in front
	byNum map[uint64]*list.Element
}

func (c *dirCache) get(entry uint64) *directory {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byNum[entry]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*directory)
}

func (c *dirCache) put(d *directory) {
	size := 1 + len(d.ents) + len(d.short)
	c.mu.Lock()
	defer c.mu.Unlock()
	if size > c.max || c.byNum[d.entry] != nil {
		return
	}
	for c.n+size > c.max {
		last := c.order.Back()
		old := c.order.Remove(last).(*directory)
		delete(c.byNum, old.entry)
		c.n -= 1 + len(old.ents) + len(old.short)
	}
	if c.byNum == nil {
		c.byNum = map[uint64]*list.Element{}
	}
	c.byNum[d.entry] = c.order.PushFront(d)
	c.n += size
}

// A FileName is one of a file's $FILE_NAME attributes. Windows sets its times when the name is made or moved, and not when the file is
// written, and no ordinary call changes them.
type FileName struct {
	Name                                 string
	Namespace                            uint8 // 0 POSIX, 1 Win32, 2 DOS, 3 Win32 and DOS
	Parent                               uint64
	ParentSequence                       uint16
	Created, Modified, Changed, Accessed time.Time
}

func parseFileName(b []byte) (FileName, bool) {
	if len(b) < fnName || fnName+2*int(b[fnNameLen]) > len(b) {
		return FileName{}, false
	}
	parent := ref(le.Uint64(b[fnParent:]))
	return FileName{
		Name:      utf16Name(b[fnName : fnName+2*int(b[fnNameLen])]),
		Namespace: b[fnNamespace], Parent: parent.entry(), ParentSequence: parent.sequence(),
		Created: filetime(b[fnCreated:]), Modified: filetime(b[fnModified:]),
		Changed: filetime(b[fnChanged:]), Accessed: filetime(b[fnAccessed:]),
	}, true
}
