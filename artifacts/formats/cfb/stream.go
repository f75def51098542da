package cfb

import (
	"fmt"
	"math"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// readDirectory reads all entries, then walks the tree of the root. (2.6)
func (f *File) readDirectory(start uint32) {
	sectors, err := f.chain(start, 1<<32)
	if err != nil {
		f.bad(hdrDir, "directory", err.Error())
	}
	for _, n := range sectors {
		b, err := f.sector(n)
		if err != nil {
			f.bad(f.at(n), "directory", err.Error())
		}
		for off := f.at(n); len(b) >= entrySize && len(f.all) < maxEntries; b, off = b[entrySize:], off+entrySize {
			f.all = append(f.all, f.entry(b[:entrySize], off))
		}
	}
	if len(f.all) == 0 || f.all[0].Kind != Root {
		f.bad(f.at(start)&(1<<62-1), "directory", "no root entry")
	} else if root := f.all[0]; root.start < maxSector {
		if f.mini, err = f.chain(root.start, 1<<32); err != nil {
			f.bad(root.Offset, "mini stream", err.Error())
		}
	}
	f.tree()
}

func (f *File) entry(b []byte, off int64) *Entry {
	size := le.Uint64(b[entLength:])
	if f.Major < 4 {
		size &= 1<<32 - 1
	}
	e := &Entry{
		Kind: Kind(b[entType]), Size: int64(min(size, math.MaxInt64)),
		Created: wire.TimeAt(b, entCreated), Modified: wire.TimeAt(b, entModified),
		ID: len(f.all), Offset: off, start: le.Uint32(b[entStart:]), left: le.Uint32(b[entLeft:]),
		right: le.Uint32(b[entRight:]), child: le.Uint32(b[entChild:]),
	}
	if n := int(le.Uint16(b[entNameLen:])); n >= 2 && n <= 64 {
		e.Name = wire.UTF16Trim(b[entName : entName+n])
	} else {
		e.Name = wire.UTF16Z(b[entName:entNameLen])
	}
	if c := wire.GUID(b[entClass:]); c != "00000000-0000-0000-0000-000000000000" {
		e.Class = c
	}
	return e
}

// tree lists the entries: those that the root leads to in the order of the
// tree, then those that nothing leads to, then the deleted ones. Each storage
// keeps its entries in a binary tree. (2.6.4)
func (f *File) tree() {
	seen := make([]bool, len(f.all))
	type step struct {
		id   uint32
		path string
		here bool // the left side is done
	}
	var stack []step
	push := func(id uint32, path string) {
		if id != noStream {
			stack = append(stack, step{id, path, false})
		}
	}
	if len(f.all) > 0 && f.all[0].Kind == Root {
		root := f.all[0]
		seen[0] = true
		f.Entries = append(f.Entries, root)
		push(root.child, "")
	}
	for len(stack) > 0 {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if int64(s.id) >= int64(len(f.all)) {
			f.bad(f.all[0].Offset, "directory", fmt.Sprintf("entry %d of %d", s.id, len(f.all)))
			continue
		}
		e := f.all[s.id]
		if !s.here {
			if seen[s.id] {
				f.bad(e.Offset, "directory entry", "reached twice")
				continue
			}
			seen[s.id] = true
			stack = append(stack, step{s.id, s.path, true})
			push(e.left, s.path)
			continue
		}
		if e.Kind != Storage && e.Kind != Stream {
			f.bad(e.Offset, "directory entry", fmt.Sprintf("type %d in a storage", e.Kind))
			continue
		}
		e.Path = s.path + e.Name
		f.Entries = append(f.Entries, e)
		push(e.right, s.path)
		if e.Kind == Storage {
			// The path of a hostile chain of storages must not grow for ever.
			if path := e.Path + "/"; len(path) < 4096 {
				push(e.child, path)
			}
		}
	}
	f.others(seen)
}

// others lists the entries that nothing leads to, then the deleted ones.
func (f *File) others(seen []bool) {
	for i, e := range f.all {
		if !seen[i] && (e.Kind == Storage || e.Kind == Stream) {
			e.State, e.Path = Lost, e.Name
			f.Entries = append(f.Entries, e)
		}
	}
	for i, e := range f.all {
		if !seen[i] && e.Kind == None && e.Name != "" {
			e.State, e.Path = Deleted, e.Name
			f.Entries = append(f.Entries, e)
		}
	}
}

// isMini reports whether a stream is in the mini stream.
func (f *File) isMini(e *Entry) bool { return e.Size < f.cutoff && e.Kind != Root }

// places returns the offsets of the stream's pieces in the file, and the size
// of a piece. Pieces that cannot be had are missing at the end.
func (f *File) places(e *Entry) (at []int64, piece int64, err error) {
	size := min(e.Size, f.size)
	if f.isMini(e) {
		piece = 1 << miniShift
		var numbers []uint32
		numbers, err = f.miniChain(e, (size+piece-1)/piece)
		for _, n := range numbers {
			off := int64(n) * piece
			if sector := off >> f.shift; sector < int64(len(f.mini)) {
				at = append(at, f.at(f.mini[sector])+off&(1<<f.shift-1))
				continue
			}
			return at, piece, &wire.FormatError{Format: "cfb", Offset: e.Offset, Struct: "mini stream",
				Problem: fmt.Sprintf("mini sector %#x is not in it", n)}
		}
		return at, piece, err
	}
	piece = 1 << f.shift
	var numbers []uint32
	if e.State == Deleted {
		numbers, err = freeRun(f.fat, e.start, (size+piece-1)/piece)
	} else {
		numbers, err = f.chain(e.start, (size+piece-1)/piece)
	}
	for _, n := range numbers {
		if int64(n) >= f.sectors() {
			break
		}
		at = append(at, f.at(n))
	}
	return at, piece, err
}

// miniChain is [File.chain] in the mini FAT.
func (f *File) miniChain(e *Entry, limit int64) (out []uint32, err error) {
	if e.State == Deleted {
		return freeRun(f.miniFAT, e.start, limit)
	}
	for n := e.start; n < maxSector && int64(len(out)) < limit; n = f.miniFAT[n] {
		if int64(n) >= int64(len(f.miniFAT)) {
			return out, &wire.FormatError{Format: "cfb", Offset: e.Offset, Struct: "mini chain",
				Problem: fmt.Sprintf("mini sector %#x is not in the mini FAT", n)}
		}
		out = append(out, n)
	}
	return out, nil
}

// freeRun returns the sectors of a deleted stream, of which the chain is gone:
// those that follow its first one, as long as they are free.
func freeRun(table []uint32, start uint32, limit int64) (out []uint32, err error) {
	for n := int64(start); int64(len(out)) < limit && n < int64(len(table)) && table[n] == freeSector; n++ {
		out = append(out, uint32(n))
	}
	if int64(len(out)) < limit {
		err = &wire.FormatError{Format: "cfb", Struct: "deleted stream", Problem: "its sectors are in use again"}
	}
	return out, err
}

// Read returns the content of a stream. With an error it is what could be read
// before the break. For a storage it is empty.
func (f *File) Read(e *Entry) ([]byte, error) {
	if e.Kind == Storage || e.Size == 0 {
		return nil, nil
	}
	at, piece, err := f.places(e)
	var out []byte
	for _, off := range at {
		b := make([]byte, max(0, min(piece, e.Size-int64(len(out)), f.size-off)))
		n, readErr := f.r.ReadAt(b, off)
		out = append(out, b[:n]...)
		if n < len(b) {
			return out, readErr
		}
		if int64(n) < piece {
			break
		}
	}
	if err == nil && int64(len(out)) < e.Size {
		err = &wire.FormatError{Format: "cfb", Offset: e.Offset, Struct: "stream", Problem: fmt.Sprintf("%d bytes, found %d", e.Size,
			len(out))}
	}
	return out, err
}

// Offset returns where in the file a byte of a stream is, or -1.
func (f *File) Offset(e *Entry, pos int64) int64 {
	if pos < 0 || pos >= e.Size || e.Kind == Storage {
		return -1
	}
	at, piece, _ := f.places(e)
	if i := pos / piece; i < int64(len(at)) {
		return at[i] + pos%piece
	}
	return -1
}
