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

// A list is one subkey list cell, checked: elements of stride bytes.
type list struct {
	elems  []byte
	stride int
	kind   byte // second letter of the signature: i, f, h; 'r' for an index of lists
}

// list reads the subkey list in the cell at an offset. An error beside elements says that there should be more.
func (h *Hive) list(off uint32) (list, error) {
	pos, end, ok := h.cellAt(off)
	if !ok {
		return list{}, h.cellError(off, "subkey list")
	}
	if pos+listFirst > end {
		return list{}, bad(pos-h.cellHead, "subkey list", "the cell has %d bytes", end-pos)
	}
	l := list{kind: h.data[pos+1], stride: leafWide}
	switch {
	case h.data[pos] == 'l' && (l.kind == 'f' || l.kind == 'h'):
	case h.data[pos] == 'l' && l.kind == 'i':
		l.stride = leafSlim
	case h.data[pos] == 'r' && l.kind == 'i':
		l.kind, l.stride = 'r', leafSlim
	default:
		return list{}, bad(pos-h.cellHead, "subkey list", "unknown signature %q", h.data[pos:pos+2])
	}
	count := int(le.Uint16(h.data[pos+listCount:]))
	pos += listFirst
	if fit := (end - pos) / l.stride; count > fit {
		l.elems = h.data[pos : pos+fit*l.stride]
		return l, bad(pos-listFirst-h.cellHead, "subkey list", "%d elements, its cell holds %d", count, fit)
	}
	l.elems = h.data[pos : pos+count*l.stride]
	return l, nil
}

// A listCursor goes through the elements of a key's subkey list, which is one list or an index of lists.
type listCursor struct {
	h       *Hive
	leaf    list
	index   []byte // what is left of an index
	all     []byte // the whole index, to recognise a list that was met before
	pending error
	left    int // elements that may still come: each takes four bytes of the bins at least
}

// subkeys starts at the key's list.
func (k Key) subkeys() listCursor {
	c := listCursor{h: k.h, left: len(k.h.bins) / leafSlim}
	if k.NumSubkeys() == 0 {
		return c
	}
	l, err := k.h.list(k.u32(nkSubkeyList))
	c.pending = err
	if l.kind == 'r' {
		c.index, c.all = l.elems, l.elems
	} else {
		c.leaf = l
	}
	return c
}

// next returns the offset of the next subkey. errEnd ends the list; another error stands for what is missing
// there, and the list goes on.
func (c *listCursor) next() (uint32, error) {
	for {
		if len(c.leaf.elems) >= 4 {
			off := le.Uint32(c.leaf.elems)
			c.leaf.elems = c.leaf.elems[c.leaf.stride:]
			if c.left--; c.left < 0 {
				*c = listCursor{h: c.h}
				return 0, bad(baseSize+int(min(off, maxImage)), "subkey list", "its lists overlap: more elements than the hive has room for")
			}
			return off, nil
		}
		if err := c.pending; err != nil {
			c.pending = nil
			return 0, err
		}
		if !c.nextLeaf() && c.pending == nil {
			return 0, errEnd
		}
	}
}

// nextLeaf goes to the next list of an index, and says false at its end or when that list cannot be read.
func (c *listCursor) nextLeaf() bool {
	if len(c.index) < 4 {
		return false
	}
	off := le.Uint32(c.index)
	at := len(c.all) - len(c.index)
	c.index = c.index[4:]
	// A bounded look back: what escapes it is stopped by the number of elements.
	for i := max(0, at-4096); i < at; i += 4 {
		if le.Uint32(c.all[i:]) == off {
			c.pending = bad(baseSize+int(min(off, maxImage)), "subkey list", "the index names this list twice")
			return false
		}
	}
	l, err := c.h.list(off)
	if l.kind == 'r' {
		c.pending = bad(baseSize+int(off), "subkey list", "an index inside an index")
		return false
	}
	c.leaf, c.pending = l, err
	return true
}
