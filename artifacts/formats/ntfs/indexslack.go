package ntfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// An IndexEntry is a name in a folder's index: of a file that is there, or, in
// the slack of a block, of one that was. Its times follow those of
// $STANDARD_INFORMATION, so the slack keeps the times of before a forgery.
type IndexEntry struct {
	Name
	File   Reference // 0 when the slack has lost it
	Offset int64     // of the entry, in what was read
	Block  int64     // number of the index block; -1 for the index root
	Slack  bool
	Damage string // of the block; its entries may be wrong
}

const (
	indexBlockSize = 4096
	// maxSlackEntries is how many entries are believed in one block.
	maxSlackEntries = 4096
	maxIndexBlock   = 64 << 10
)

// IndexOptions change what [IndexEntries] yields.
type IndexOptions struct {
	BlockSize int       // default: what the first block has allocated, or 4,096
	Parent    Reference // of the folder; 0 takes that of the live entries
	NoSlack   bool      // skip what lies after the used part of a block
}

// IndexEntries reads the stream $INDEX_ALLOCATION of a folder, as collectors
// store it under the name $I30. The entry is reused. A nil entry comes with the
// error of a source that failed.
func IndexEntries(r io.Reader, opts *IndexOptions) iter.Seq2[*IndexEntry, error] {
	return func(yield func(*IndexEntry, error) bool) {
		var o IndexOptions
		if opts != nil {
			o = *opts
		}
		x := indexReader{opts: o, yield: yield, parent: o.Parent}
		if err := x.run(r); err != nil {
			yield(nil, err)
		}
	}
}

type indexReader struct {
	opts   IndexOptions
	parent Reference
	e      IndexEntry
	yield  func(*IndexEntry, error) bool
	done   bool
}

func (x *indexReader) run(r io.Reader) error {
	size := x.opts.BlockSize
	head := make([]byte, indexBlockSize)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	head = head[:n]
	if size == 0 {
		size = IndexBlockSize(head)
	}
	if size < 512 || size > maxIndexBlock || size%512 != 0 {
		return &wire.FormatError{Format: "i30", Struct: "index block", Problem: fmt.Sprintf("blocks of %d bytes", size)}
	}
	all := io.MultiReader(bytes.NewReader(head), r)
	b := make([]byte, size)
	for block := int64(0); !x.done; block++ {
		n, err := io.ReadFull(all, b)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			x.block(b[:n], block, block*int64(size))
			if x.done {
				return nil
			}
			return &wire.FormatError{
				Format: "i30", Offset: block * int64(size), Struct: "index block",
				Problem: fmt.Sprintf("the file ends %d bytes into it", n),
			}
		case err != nil:
			return &wire.FormatError{Format: "i30", Offset: block * int64(size), Struct: "index block", Problem: "cannot be read", Err: err}
		}
		x.block(b, block, block*int64(size))
	}
	return nil
}

// IndexBlockSize returns the size of the index blocks of a stream by its first
// block: its update sequence covers each 512 bytes once.
func IndexBlockSize(head []byte) int {
	if len(head) < blockNode+nodeHeader || string(head[:4]) != "INDX" {
		return indexBlockSize
	}
	if n := int(le.Uint16(head[recFixupCount:])); n >= 2 && n <= maxIndexBlock/512+1 {
		return (n - 1) * 512
	}
	return indexBlockSize
}

// block reads one block.
func (x *indexReader) block(b []byte, block, at int64) {
	x.e.Damage = ""
	end := 0
	switch {
	case len(b) < blockNode+nodeHeader || string(b[:4]) != "INDX":
		// A block that was never used, or lost its header: all of it is slack.
		if len(bytes.Trim(b, "\x00")) == 0 {
			return
		}
		if len(b) >= 4 && string(b[:4]) != "\x00\x00\x00\x00" {
			x.e.Damage = fmt.Sprintf("signature %q", b[:4])
		}
	default:
		if d := putBack(b); d != 0 {
			x.e.Damage = d.String()
		}
		end = x.node(b, blockNode, block, at)
	}
	x.slack(b, end, block, at)
}

// node yields the live entries of a node whose header is at off and returns
// where its used part ends.
func (x *indexReader) node(b []byte, off int, block, at int64) int {
	first, used := int64(le.Uint32(b[off+nodeEntries:])), int64(le.Uint32(b[off+nodeEnd:]))
	pos, end := int64(off)+first, min(int64(off)+used, int64(len(b)))
	if first < nodeHeader || pos > end {
		x.e.Damage = "entries outside the block"
		return off + nodeHeader
	}
	for !x.done && pos+entryKey <= end {
		n := int64(le.Uint16(b[pos+entryLen:]))
		if n < entryKey || pos+n > end {
			x.e.Damage = "entry runs past the block"
			return int(pos)
		}
		e := b[pos : pos+n]
		if le.Uint16(e[entryFlags:])&entryIsLast != 0 {
			return int(end)
		}
		if n >= entryKey+fnName && x.e.Name.parse(e[entryKey:]) {
			if x.parent == 0 {
				x.parent = x.e.Parent
			}
			x.emit(Reference(le.Uint64(e)), at+pos, block, false)
		} else {
			x.e.Damage = "entry too short for its name"
		}
		pos += n
	}
	return int(end)
}

func (x *indexReader) emit(file Reference, at, block int64, slack bool) {
	x.e.File, x.e.Offset, x.e.Block, x.e.Slack = file, at, block, slack
	x.done = x.done || !x.yield(&x.e, nil)
}

// slack yields what looks like an entry from off on. The key begins at a
// multiple of eight bytes; its header, with the reference of the file, is in
// front of it unless another entry has been written over it.
func (x *indexReader) slack(b []byte, off int, block, at int64) {
	if x.opts.NoSlack {
		return
	}
	found := 0
	pos := (off + 7) &^ 7
	for !x.done && pos+fnName < len(b) && found < maxSlackEntries {
		if le.Uint64(b[pos:]) == 0 || !x.e.Name.parse(b[pos:]) || !x.e.plausible() || x.parent != 0 &&
			x.e.Parent.Entry() != x.parent.Entry() {
			pos += 8
			continue
		}
		file, start := Reference(0), int64(pos)
		if h := pos - entryKey; h >= off {
			key := int(le.Uint16(b[h+entryKeyLen:]))
			if n := int(le.Uint16(b[h+entryLen:])); key == fnName+len(x.e.units) && n >= entryKey+key {
				file, start = Reference(le.Uint64(b[h:])), int64(h)
			}
		}
		found++
		x.emit(file, at+start, block, true)
		pos += (fnName + len(x.e.units) + 7) &^ 7
	}
}

// IndexEntries reads the index of the folder that a reference names, root and
// blocks, with the slack of both. The folder may have been deleted, as long as
// its clusters are free.
func (v *Volume) IndexEntries(dir Reference) iter.Seq2[*IndexEntry, error] {
	return func(yield func(*IndexEntry, error) bool) {
		base, err := v.readRecord(dir.Entry())
		if base == nil {
			yield(nil, err)
			return
		}
		inUse := base.flags&flagInUse != 0
		if effective(base.seq, inUse) != dir.Sequence() {
			yield(nil, errGone(dir))
			return
		}
		f, err := v.inode(dir.Entry())
		if !inUse {
			f, err = v.deletedInode(base)
		}
		if f == nil {
			yield(nil, err)
			return
		}
		x := indexReader{yield: yield, parent: dir, opts: IndexOptions{BlockSize: int(v.index)}}
		if root, err := f.stream(typeIndexRoot, "$I30"); err == nil {
			x.root(root.resident, base.at)
		}
		s, err := f.stream(typeIndexAlloc, "$I30")
		if err != nil || x.done {
			return
		}
		if !inUse {
			if err := v.checkWhole(s); err != nil {
				yield(nil, err)
				return
			}
		}
		if err := x.run(io.NewSectionReader(s, 0, s.size)); err != nil && !x.done {
			yield(nil, err)
		}
	}
}

// root reads the root of an index, which gives the size of its blocks.
func (x *indexReader) root(resident []byte, at int64) {
	if len(resident) < rootNode+nodeHeader {
		return
	}
	b := slices.Clone(resident)
	if size := le.Uint32(b[rootBlockSize:]); size >= 512 && size <= maxIndexBlock && size%512 == 0 {
		x.opts.BlockSize = int(size)
	}
	x.slack(b, x.node(b, rootNode, -1, at), -1, at)
}

// The names that the two parts of a folder's index have as streams of it.
const (
	RootStream       = ":$I30:$INDEX_ROOT"
	AllocationStream = ":$I30:$INDEX_ALLOCATION"
)

// FolderEntries reads the index of a folder from its two parts, as [Volume.Index] returns them and [Volume.IndexEntries] reads them.
func FolderEntries(dir Reference, root, blocks []byte) iter.Seq2[*IndexEntry, error] {
	return func(yield func(*IndexEntry, error) bool) {
		x := indexReader{yield: yield, parent: dir, opts: IndexOptions{BlockSize: 4096}}
		x.root(root, 0)
		if x.done || len(blocks) == 0 {
			return
		}
		if err := x.run(bytes.NewReader(blocks)); err != nil && !x.done {
			yield(nil, err)
		}
	}
}

// Index returns the two parts of the index of a folder that is in use. blocks is nil for a small one, whose root holds all of it.
func (v *Volume) Index(dir Reference) (root []byte, blocks *io.SectionReader, err error) {
	f, err := v.inode(dir.Entry())
	if f == nil {
		return nil, nil, err
	}
	if f.base.seq != dir.Sequence() {
		return nil, nil, errGone(dir)
	}
	r, err := f.stream(typeIndexRoot, "$I30")
	if err != nil {
		return nil, nil, err
	}
	s, err := f.stream(typeIndexAlloc, "$I30")
	if err != nil {
		return slices.Clone(r.resident), nil, nil // a small folder has none
	}
	return slices.Clone(r.resident), io.NewSectionReader(s, 0, s.size), nil
}
