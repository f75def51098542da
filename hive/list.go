package hive

import "errors"

// Subkey lists; regf section 6. All start with a signature of two letters and a u16 count.
const (
	listCount = 2 // u16
	listFirst = 4
	leafWide  = 8 // element of lf and lh: u32 key offset, 4 bytes of name or hash
	leafSlim  = 4 // element of li and ri: u32 offset
)

// errEnd is the end of a list of subkeys.
var errEnd = errors.New("end of list")

// A list is one subkey list cell, checked: elements of stride bytes from pos to end in the image.
type list struct {
	pos, end uint32
	stride   uint8
	kind     uint8 // second letter of the signature: i, f, h; 'r' for an index of lists
}

// list reads the subkey list in the cell at an offset. An error beside elements says that there should be more.
func (h *Hive) list(off uint32) (list, *FormatError) {
	pos, end, ok := h.cellAt(off)
	if !ok {
		return list{}, h.cellError(off, "subkey list")
	}
	if pos+listFirst > end {
		return list{}, bad(pos-h.cellHead, "subkey list", "the cell has %d bytes", end-pos)
	}
	l := list{pos: uint32(pos + listFirst)}
	switch le.Uint16(h.data[pos:]) {
	case 'l' | 'h'<<8:
		l.kind, l.stride = 'h', leafWide
	case 'l' | 'f'<<8:
		l.kind, l.stride = 'f', leafWide
	case 'l' | 'i'<<8:
		l.kind, l.stride = 'i', leafSlim
	case 'r' | 'i'<<8:
		l.kind, l.stride = 'r', leafSlim
	default:
		return list{}, bad(pos-h.cellHead, "subkey list", "unknown signature %q", h.data[pos:pos+2])
	}
	count := uint32(le.Uint16(h.data[pos+listCount:]))
	l.end = l.pos + count*uint32(l.stride)
	if l.end > uint32(end) {
		fit := (uint32(end) - l.pos) / uint32(l.stride)
		l.end = l.pos + fit*uint32(l.stride)
		return l, bad(pos-h.cellHead, "subkey list", "%d elements, its cell holds %d", count, fit)
	}
	return l, nil
}

// A listCursor goes through the elements of a key's subkey list, which is one list or an index of lists.
type listCursor struct {
	h     *Hive
	leaf  list
	index list   // what is left of an index
	first uint32 // where the index begins, to recognise a list that was met before
	left  int32  // elements that may still come: each takes four bytes of the bins at least

	pending *FormatError
}

// subkeys starts a cursor at the key's list.
func (c *listCursor) subkeys(k Key) {
	*c = listCursor{h: k.h, left: int32(len(k.h.bins) / leafSlim)}
	if k.NumSubkeys() == 0 {
		return
	}
	off := k.u32(nkSubkeyList)
	if k.loose && k.h.live().covered(off, leafWide) {
		c.pending = bad(int(k.Offset()), "subkey list", "its place was used again")
		return
	}
	c.leaf, c.pending = k.h.list(off)
	if c.leaf.kind == 'r' {
		c.index, c.first, c.leaf = c.leaf, c.leaf.pos, list{}
	}
}

// next returns the offset of the next subkey. errEnd ends the list; another error stands for what is missing
// there, and the list continues.
func (c *listCursor) next() (uint32, error) {
	if c.leaf.pos < c.leaf.end && c.left > 0 {
		off := le.Uint32(c.h.data[c.leaf.pos:])
		c.leaf.pos += uint32(c.leaf.stride)
		c.left--
		return off, nil
	}
	return c.nextSlow()
}

// nextSlow is next at the end of a leaf.
func (c *listCursor) nextSlow() (uint32, error) {
	for {
		switch {
		case c.leaf.pos < c.leaf.end && c.left > 0:
			return c.next()
		case c.leaf.pos < c.leaf.end:
			at := int(c.leaf.pos)
			*c = listCursor{h: c.h}
			return 0, bad(at, "subkey list", "its lists overlap: more elements than the hive has room for")
		case c.pending != nil:
			err := c.pending
			c.pending = nil
			return 0, err
		case c.index.pos >= c.index.end:
			return 0, errEnd
		}
		c.nextLeaf()
	}
}

// nextLeaf goes to the next list of an index; where that cannot be read, it leaves the error pending.
func (c *listCursor) nextLeaf() {
	off := le.Uint32(c.h.data[c.index.pos:])
	// A bounded look back: what escapes it is stopped by the number of elements.
	for i := max(c.first, c.index.pos-min(c.index.pos, 4096)); i < c.index.pos; i += leafSlim {
		if le.Uint32(c.h.data[i:]) == off {
			c.index.pos += leafSlim
			c.pending = bad(int(c.index.pos)-leafSlim, "subkey list", "the index names a list twice")
			return
		}
	}
	c.index.pos += leafSlim
	l, err := c.h.list(off)
	if l.kind == 'r' {
		c.pending = bad(baseSize+int(off), "subkey list", "an index inside an index")
		return
	}
	c.leaf, c.pending = l, err
}
