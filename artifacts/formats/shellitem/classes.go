package shellitem

import "github.com/artifactdump/artifactdump/artifacts/formats/wire"

// Root folder shell item: sort index at 3, GUID at 4.
func (it *Item) root(b []byte) error {
	it.Kind = Root
	if len(b) < 20 {
		return bad(0, "root folder item", "%d bytes, want 20", len(b))
	}
	it.GUID = wire.ClassID(b[4:])
	if it.properties(b[20:]) {
		it.Kind = Properties // a search, for example
	}
	return nil
}

// Volume shell item: with flag 1 a name of 20 bytes at 3, else a GUID at 4.
func (it *Item) volume(b []byte) error {
	it.Kind = Volume
	if it.Class&1 == 0 {
		if len(b) < 20 {
			return bad(0, "volume item", "%d bytes, want 20", len(b))
		}
		it.GUID = wire.ClassID(b[4:])
		if n := len(b); n >= 56 && wire.ClassID(b[n-32:]) == delegateID {
			// Delegate shell item: the class id of the folder comes last.
			it.Kind, it.GUID = Delegate, wire.ClassID(b[n-16:])
			it.properties(b)
		}
		return nil
	}
	end := min(len(b), 23)
	it.Name = wire.Latin1Z(b[3:end])
	return nil
}

// delegateID marks delegate items.
const delegateID = "{5E591A74-DF96-48D3-8D67-1733BCEE28BA}"

// A fileLayout says where a file entry keeps its fields: the delegate of
// the folder "User's files" wraps one.
type fileLayout struct{ class, size, modified, attributes, name int }

var (
	fileEntry     = fileLayout{2, 4, 8, 12, 14}
	delegateEntry = fileLayout{12, 14, 18, 22, 24}
)

// file reads a file entry of any Windows.
func (it *Item) file(b []byte, l fileLayout) error {
	it.Kind = File
	if b[l.class]&1 != 0 {
		it.Kind = Directory
	}
	if len(b) < l.name+1 {
		if it.Class == 0x30 || it.Class == 0x31 {
			return bad(0, "file entry item", "%d bytes, want at least %d", len(b), l.name+1)
		}
		it.Kind = Unknown
		return nil
	}
	it.Size = le.Uint32(b[l.size:])
	it.Modified = wire.DOSTime(b[l.modified:])
	it.Attributes = le.Uint16(b[l.attributes:])
	wide := b[l.class]&4 != 0
	read := text8
	if wide {
		read = text16
	}
	var n int
	it.Short, n = read(b[l.name:])
	it.Name = it.Short
	second := l.name + n

	// The last two bytes are the offset of the first extension block; before
	// Windows XP there was none, but a second name.
	off := int(le.Uint16(b[len(b)-2:]))
	if !isBlock(b, off) {
		off = second + (second-l.name)&1
	}
	if isBlock(b, off) {
		return it.blocks(b, off)
	}
	if l == fileEntry && second < len(b) {
		// File entry, pre Windows XP: the primary name is the long one.
		if s, _ := read(b[second:]); s != "" && isShort(s) {
			it.Short = s
		}
	}
	return nil
}

// isShort reports whether a text may be an 8.3 name.
func isShort(s string) bool {
	if len(s) > 12 {
		return false
	}
	for _, r := range s {
		if r < 0x20 || r == '\\' || r == '/' {
			return false
		}
	}
	return true
}

// isBlock reports whether an extension block begins at off.
func isBlock(b []byte, off int) bool {
	return off >= 4 && off+8 <= len(b) && le.Uint32(b[off+4:])>>16 == 0xBEEF && le.Uint16(b[off:]) >= 8
}

// Extension block BEEF0004, from the block's start. What stands behind the
// reference moves with the version.
const (
	extVersion   = 2
	extCreated   = 8
	extAccessed  = 12
	extReference = 20 // version 7 and later: u48 entry, u16 sequence
	extMin       = 18
)

// extNames maps a version to where the long name begins; the size of the
// localized name stands two bytes before what versions 8 and 9 put between.
func extNames(version uint16) (name, localized int) {
	switch {
	case version >= 9:
		return 46, 36
	case version == 8:
		return 42, 36
	case version == 7:
		return 38, 36
	}
	return 20, 18
}

// blocks walks the extension blocks.
func (it *Item) blocks(b []byte, off int) error {
	for off+8 <= len(b) {
		size := int(le.Uint16(b[off:]))
		if size < 8 {
			return nil // the end, or the offset of the first block
		}
		if size > len(b)-off {
			return bad(off, "extension block", "claims %d bytes, %d are left", size, len(b)-off)
		}
		sig := le.Uint32(b[off+4:])
		if sig>>16 != 0xBEEF {
			return nil
		}
		it.Blocks = append(it.Blocks, sig)
		x := b[off : off+size]
		switch sig {
		case 0xBEEF0004:
			if err := it.fileBlock(x); err != nil {
				return moved(err, off)
			}
		case 0xBEEF0003:
			if size >= 24 {
				it.GUID = wire.ClassID(x[8:])
			}
		}
		off += size
	}
	return nil
}

// fileBlock reads extension block BEEF0004.
func (it *Item) fileBlock(x []byte) error {
	v := le.Uint16(x[extVersion:])
	name, local := extNames(v)
	if len(x) < extMin {
		return bad(0, "extension block BEEF0004", "%d bytes, want at least %d", len(x), extMin)
	}
	it.Version = v
	it.Created, it.Accessed = wire.DOSTime(x[extCreated:]), wire.DOSTime(x[extAccessed:])
	if v < 3 {
		return nil
	}
	if len(x) < name {
		return bad(0, "extension block BEEF0004", "version %d has %d bytes, want at least %d", v, len(x), name)
	}
	if v >= 7 {
		ref := le.Uint64(x[extReference:])
		it.Entry, it.Sequence = ref&(1<<48-1), uint16(ref>>48)
	}
	s, n := wire.UTF16Z(x[name:]), wire.UTF16Len(x[name:])
	if s != "" {
		it.Name = s
	}
	if le.Uint16(x[local:]) > 0 && name+n < len(x) {
		if v >= 7 {
			it.Localized = wire.UTF16Z(x[name+n:])
		} else {
			it.Localized = wire.Latin1Z(x[name+n:])
		}
	}
	return nil
}

// delegate reads class 74: behind "CFSF" at 6 stands a file entry, then two
// class ids, then extension blocks.
func (it *Item) delegate(b []byte) error {
	if len(b) < delegateEntry.name+1 || string(b[6:10]) != "CFSF" {
		it.Kind = Delegate
		it.properties(b)
		return nil
	}
	return it.file(b, delegateEntry)
}

// network reads a network location: flags at 4, the name at 5, then perhaps a
// description and a comment.
func (it *Item) network(b []byte) error {
	it.Kind = Network
	if len(b) < 6 {
		return bad(0, "network location item", "%d bytes, want at least 6", len(b))
	}
	it.Name = wire.Latin1Z(b[5:])
	return nil
}

// uri reads an address. Of the texts in the data block before it the first is
// the host; the second and third (user and password) are left alone.
func (it *Item) uri(b []byte) error {
	it.Kind = URI
	if len(b) < 8 {
		return bad(0, "address item", "%d bytes, want at least 8", len(b))
	}
	read := text8
	if b[3]&0x80 != 0 {
		read = text16
	}
	data := int(le.Uint16(b[4:]))
	if 6+data > len(b) {
		return bad(4, "address item", "data of %d bytes run past the item of %d", data, len(b))
	}
	if at := 6 + data + 2; at < len(b) {
		it.Name, _ = read(b[at:])
	}
	if it.Name == "" && data >= 44 {
		if n := int(le.Uint32(b[42:])); n >= 0 && n <= 6+data-46 {
			it.Name, _ = read(b[46 : 46+n])
		}
	}
	return nil
}
