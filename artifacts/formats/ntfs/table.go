package ntfs

import (
	"io"
	"slices"
	"strings"
)

// A PathState is how far a path is confirmed.
type PathState uint8

const (
	// PathWhole: each folder up to the root is in use and has the sequence
	// number that its child names.
	PathWhole PathState = iota
	// PathDeleted: each link is confirmed, but a folder has been deleted.
	PathDeleted
	// PathOrphan: a folder is unknown. The path begins with \$Orphan and its
	// reference; the names after it are confirmed.
	PathOrphan
)

// String returns "whole", "deleted", "orphan" or "partial".
func (s PathState) String() string {
	switch s {
	case PathWhole:
		return "whole"
	case PathDeleted:
		return "deleted"
	}
	if s == PathPartial {
		return "partial"
	}
	return "orphan"
}

// TableOptions bound the memory of a [Table]. Zero fields mean the default.
type TableOptions struct {
	MaxNames      int64 // bytes of the names of folders; default 1 GiB
	MaxExtensions int64 // bytes of extension records; default 32 MiB
}

// maxJoined is how many extension records of one base are kept. The largest
// list of attributes that Windows writes, 256 KiB, names fewer.
const maxJoined = 1024

const (
	pageEntries = 4096
	dirPage     = 4096
	arenaBlock  = 1 << 20
	maxEntries  = 1 << 32
	maxDepth    = 255
)

// A Table knows the folders of a volume and the extension records of its
// files. It is made by a first pass over $MFT ([ReadTable]) and answers in the
// second: paths, and what belongs to a base record. It needs 8 bytes for each
// entry, and 16 and its name for each folder. A finished table is safe for use
// by several goroutines.
type Table struct {
	opts  TableOptions
	pages []*[pageEntries]entryInfo
	dirs  [][]dirInfo
	nDirs uint32
	arena [][]byte

	// stale holds folders whose base record has been reused: all that is left
	// of them is a name in an extension record.
	stale map[Reference]uint32
	ext   map[uint64][]extension
	bytes int64 // of ext

	// Dropped counts folders and extension records beyond the limits. When it
	// is not 0, some paths are orphans although $MFT knows their folders.
	Dropped int
}

// An entryInfo is what is known of each entry.
type entryInfo struct {
	dir uint32 // index into dirs plus one; 0 for a file
	seq uint16 // effective
	use uint16
}

const (
	useSeen  = 1 << iota // there is a base record
	useInUse             // and it is in use
)

type dirInfo struct {
	parent Reference
	name   uint32 // offset in the arena
	len    uint16
	rank   uint8 // of the name's namespace

	shortLen uint8  // of the short name beside it; 0 for none
	short    uint32 // offset in the arena
	exact    bool   // names in it have a case
}

// An extension is what an extension record adds to its base.
type extension struct {
	entry uint64
	seq   uint16 // of the base
	inUse bool
	attrs []byte
}

// NewTable returns an empty table.
func NewTable(opts *TableOptions) *Table {
	t := &Table{stale: map[Reference]uint32{}, ext: map[uint64][]extension{}}
	if opts != nil {
		t.opts = *opts
	}
	if t.opts.MaxNames <= 0 || t.opts.MaxNames > 1<<30 {
		t.opts.MaxNames = 1 << 30
	}
	if t.opts.MaxExtensions <= 0 {
		t.opts.MaxExtensions = 32 << 20
	}
	return t
}

// ReadTable makes the table of a $MFT. When reading fails, the table holds what
// was read before.
func ReadTable(r io.Reader, opts *RecordOptions, limits *TableOptions) (*Table, error) {
	t := NewTable(limits)
	o := RecordOptions{}
	if opts != nil {
		o.RecordSize = opts.RecordSize
	}
	for rec, err := range Records(r, &o) {
		if err != nil {
			t.Finish()
			return t, err
		}
		t.Add(rec)
	}
	t.Finish()
	return t, nil
}

// Add takes a record into the table. After the last one, [Table.Finish] must be
// called.
func (t *Table) Add(r *Record) {
	if r.Damage&Baad != 0 || r.Entry >= maxEntries {
		return
	}
	if !r.IsBase() {
		t.extend(r)
		return
	}
	e := t.entry(r.Entry)
	e.seq, e.use = effective(r.Sequence, r.InUse()), useSeen
	if r.InUse() {
		e.use |= useInUse
	}
	if !r.Directory() {
		return
	}
	if best := r.BestName(); best != nil {
		e.dir = t.addDir(best)
		t.addShort(e.dir, best, r.shortName())
	} else {
		e.dir = t.addDir(&Name{})
	}
	if e.dir != 0 && r.HasStandard && r.Standard.Flags&siCaseSensitive != 0 {
		t.dir(e.dir).exact = true
	}
}

func (t *Table) entry(n uint64) *entryInfo {
	for n/pageEntries >= uint64(len(t.pages)) {
		t.pages = append(t.pages, nil)
	}
	p := t.pages[n/pageEntries]
	if p == nil {
		p = new([pageEntries]entryInfo)
		t.pages[n/pageEntries] = p
	}
	return &p[n%pageEntries]
}

// look returns what is known of an entry, or nil.
func (t *Table) look(n uint64) *entryInfo {
	if n/pageEntries >= uint64(len(t.pages)) {
		return nil
	}
	p := t.pages[n/pageEntries]
	if p == nil {
		return nil
	}
	return &p[n%pageEntries]
}

// rankOf orders the names of a folder: none, a short one, a long one.
func rankOf(n *Name) uint8 {
	switch {
	case len(n.units) == 0:
		return 0
	case n.DOS():
		return 1
	}
	return 2
}

// addDir returns the index plus one of a new folder, or 0 when there is no room.
func (t *Table) addDir(n *Name) uint32 {
	off, ok := t.store(n)
	if !ok {
		t.Dropped++
		return 0
	}
	if int(t.nDirs)/dirPage >= len(t.dirs) {
		t.dirs = append(t.dirs, make([]dirInfo, 0, dirPage))
	}
	d := dirInfo{parent: n.Parent, name: off, len: uint16(t.lastLen(off)), rank: rankOf(n)}
	page := int(t.nDirs) / dirPage
	t.dirs[page] = append(t.dirs[page], d)
	t.nDirs++
	return t.nDirs
}

// addShort notes the short name of a folder. Without room for it the folder has
// none.
func (t *Table) addShort(dir uint32, best, short *Name) {
	if dir == 0 || short == nil || short == best {
		return
	}
	if off, ok := t.store(short); ok {
		if n := t.lastLen(off); n <= 255 {
			d := t.dir(dir)
			d.short, d.shortLen = off, uint8(n)
		}
	}
}

func (t *Table) dir(i uint32) *dirInfo { return &t.dirs[(i-1)/dirPage][(i-1)%dirPage] }

// store puts a name into the arena and returns where. A name never crosses a
// block, so that the arena grows without being copied.
func (t *Table) store(n *Name) (uint32, bool) {
	need := len(n.units)/2*3 + 4 // what UTF-8 may need
	last := len(t.arena) - 1
	if last < 0 || cap(t.arena[last])-len(t.arena[last]) < need {
		if int64(len(t.arena)+1)*arenaBlock > t.opts.MaxNames {
			return 0, false
		}
		t.arena = append(t.arena, make([]byte, 0, arenaBlock))
		last++
	}
	at := len(t.arena[last])
	t.arena[last] = n.AppendName(t.arena[last])
	return uint32(last*arenaBlock + at), true
}

func (t *Table) lastLen(off uint32) int {
	return len(t.arena[off/arenaBlock]) - int(off%arenaBlock)
}

func (t *Table) nameOf(d *dirInfo) []byte {
	b := t.arena[d.name/arenaBlock]
	return b[d.name%arenaBlock:][:d.len]
}

// Finish gives folders the names that are in their extension records, and
// finds the folders whose base record has been reused.
func (t *Table) Finish() {
	var r Record
	for base, list := range t.ext {
		e := t.look(base)
		for i := range list {
			x := &list[i]
			r.reset(x.entry, 0)
			r.attributes(x.attrs, 0, x.entry, 0)
			best := r.BestName()
			if best == nil {
				continue
			}
			if e != nil && e.use&useSeen != 0 && e.seq == x.seq {
				if e.dir != 0 && t.dir(e.dir).rank < rankOf(best) {
					t.rename(e.dir, best)
				}
				continue
			}
			if best.Flags&fnIsDir != 0 || r.HasIndex {
				ref := NewReference(base, x.seq)
				if old := t.stale[ref]; old == 0 || t.dir(old).rank < rankOf(best) {
					t.stale[ref] = t.addDir(best)
				}
			}
		}
	}
}

func (t *Table) rename(dir uint32, n *Name) {
	off, ok := t.store(n)
	if !ok {
		t.Dropped++
		return
	}
	d := t.dir(dir)
	d.parent, d.name, d.len, d.rank = n.Parent, off, uint16(t.lastLen(off)), rankOf(n)
}

// Sequence returns the sequence number that references to the file in an entry
// have, and whether that file exists. known is false when $MFT holds no base
// record there.
func (t *Table) Sequence(entry uint64) (seq uint16, inUse, known bool) {
	e := t.look(entry)
	if e == nil || e.use&useSeen == 0 {
		return 0, false, false
	}
	return e.seq, e.use&useInUse != 0, true
}

// find returns the folder that a reference names. A folder of another sequence
// number is another folder.
func (t *Table) find(ref Reference) (d *dirInfo, inUse, ok bool) {
	if e := t.look(ref.Entry()); e != nil && e.dir != 0 && e.seq == ref.Sequence() {
		return t.dir(e.dir), e.use&useInUse != 0, true
	}
	if len(t.stale) > 0 {
		if i := t.stale[ref]; i != 0 {
			return t.dir(i), false, true
		}
	}
	return nil, false, false
}

// isRoot reports whether a reference is the root folder's. The root is the one
// record whose use never changes; NTFS gives it sequence number 5.
func (t *Table) isRoot(ref Reference) bool {
	if ref.Entry() != RootEntry {
		return false
	}
	e := t.look(RootEntry)
	return e == nil || e.use&useSeen == 0 && ref.Sequence() == RootEntry || e.seq == ref.Sequence()
}

// AppendPath appends the path of a file with a name in a folder: no drive
// letter, backslashes between the names.
func (t *Table) AppendPath(dst []byte, n *Name) ([]byte, PathState) {
	dst, state := t.AppendFolder(dst, n.Parent)
	if len(dst) == 0 || dst[len(dst)-1] != '\\' {
		dst = append(dst, '\\')
	}
	return n.AppendName(dst), state
}

// AppendFolder appends the path of a folder. The root is "\". Each link from a
// folder to its parent must agree in entry and sequence number; where one does
// not, the path begins with \$Orphan and the reference that was not found.
func (t *Table) AppendFolder(dst []byte, ref Reference) ([]byte, PathState) {
	var chain [maxDepth]*dirInfo
	state, n := PathWhole, 0
	for !t.isRoot(ref) {
		d, inUse, ok := t.find(ref)
		if !ok || n == maxDepth || d.rank == 0 {
			state = PathOrphan
			dst = append(dst, `\$Orphan\(`...)
			dst = append(ref.Append(dst), ')')
			break
		}
		if !inUse {
			state = PathDeleted
		}
		chain[n] = d
		n++
		ref = d.parent
	}
	if n == 0 && state != PathOrphan {
		return append(dst, '\\'), state
	}
	for n--; n >= 0; n-- {
		dst = append(dst, '\\')
		dst = append(dst, t.nameOf(chain[n])...)
	}
	return dst, state
}

// ShortPath returns the path of a record in which each name that has a short one
// beside it is the short one. It is "" where none has, and where a folder of the
// path is not known.
func (t *Table) ShortPath(r *Record) string {
	best := r.BestName()
	if best == nil {
		return ""
	}
	name, found := best.Name(), false
	if short := r.shortName(); short != nil && short != best {
		name, found = short.Name(), true
	}
	names := []string{name}
	for ref := best.Parent; !t.isRoot(ref); {
		d, _, ok := t.find(ref)
		if !ok || len(names) > maxDepth || d.rank == 0 {
			return ""
		}
		if d.shortLen > 0 {
			block := t.arena[d.short/arenaBlock]
			at := d.short % arenaBlock
			name, found = string(block[at:at+uint32(d.shortLen)]), true
		} else {
			name = string(t.nameOf(d))
		}
		names = append(names, name)
		ref = d.parent
	}
	if !found {
		return ""
	}
	slices.Reverse(names)
	return `\` + strings.Join(names, `\`)
}

// Path returns the path of a record by its best name. ok is false when it has
// no name.
func (t *Table) Path(r *Record) (path string, state PathState, ok bool) {
	n := r.BestName()
	if n == nil {
		return "", PathOrphan, false
	}
	b, state := t.AppendPath(nil, n)
	return string(b), state, true
}
