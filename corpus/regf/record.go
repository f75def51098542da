package regf

import (
	"bytes"
	"slices"
)

// Key node, regf "Key node"; from the start of the cell's data.
const (
	nkFlags     = 2
	nkWritten   = 4
	nkAccess    = 12
	nkLayered   = 13
	nkParent    = 16
	nkSubkeys   = 20
	nkVolatile  = 24
	nkList      = 28
	nkVolList   = 32
	nkValues    = 36
	nkValueList = 40
	nkSecurity  = 44
	nkClass     = 48
	nkMaxName   = 52
	nkVirtual   = 54
	nkDebug     = 55
	nkMaxClass  = 56
	nkMaxValue  = 60
	nkMaxData   = 64
	nkNameLen   = 72
	nkClassLen  = 74
	nkName      = 76
	keyRoot     = 0x04 | 0x08
	keyLink     = 0x10
	keyLatin    = 0x20
)

// Value record, regf "vk".
const (
	vkNameLen      = 2
	vkSize         = 4
	vkData         = 8
	vkType         = 12
	vkFlags        = 16
	vkSpare        = 18
	vkName         = 20
	valueLatin     = 1
	valueTombstone = 2
	inline         = 0x80000000
	segment        = 16344 // bytes of big data in one segment
)

// Sizes of lists. In real hives an lh has up to 968 keys, the leaves of an ri have 505 to 507 after a full one was
// divided, and versions below 5 have li leaves there; the largest lf seen has 338, its limit here is a choice.
const (
	fullHint = 511  // keys in an lf
	fullLeaf = 1012 // keys in an li or lh
	halfLeaf = fullLeaf / 2
)

// write fills the record of a key.
func (l *Live) write(n *node) {
	k := n.spec
	if k.Written.After(n.end) {
		n.end = k.Written
	}
	stored, latin := l.encode(n.name, k.Wide)
	flags := k.Flags
	if latin {
		flags |= keyLatin
	}
	parent := uint32(0)
	if n.parent == nil {
		flags |= keyRoot
	} else {
		parent = n.parent.off
		n.parent.grown(2*len(n.name), 2*len(units(k.Class)), 0, 0)
	}
	for _, v := range n.vals {
		n.grown(0, 0, 2*len(v.name), len(v.spec.Data))
	}
	for _, s := range n.subs {
		n.grown(2*len(s.name), 2*len(units(s.spec.Class)), 0, 0)
	}
	b := l.st.data(n.off)
	clear(b[:nkName])
	copy(b, "nk")
	le.PutUint16(b[nkFlags:], flags)
	le.PutUint64(b[nkWritten:], FILETIME(n.end))
	b[nkAccess], b[nkLayered] = k.Access, k.Layered
	le.PutUint32(b[nkParent:], parent)
	le.PutUint32(b[nkSubkeys:], uint32(len(n.subs)))
	le.PutUint32(b[nkVolatile:], k.Volatile)
	le.PutUint32(b[nkList:], top(n.lists))
	le.PutUint32(b[nkVolList:], NIL)
	le.PutUint32(b[nkValues:], uint32(len(n.vals)))
	le.PutUint32(b[nkValueList:], n.vlist)
	le.PutUint32(b[nkSecurity:], NIL)
	if n.sec != nil {
		le.PutUint32(b[nkSecurity:], n.sec.off)
	}
	le.PutUint32(b[nkClass:], n.class)
	le.PutUint16(b[nkMaxName:], uint16(n.max[0]))
	b[nkVirtual], b[nkDebug] = k.Virtual, k.Debug
	le.PutUint32(b[nkMaxClass:], uint32(n.max[1]))
	le.PutUint32(b[nkMaxValue:], uint32(n.max[2]))
	le.PutUint32(b[nkMaxData:], uint32(n.max[3]))
	le.PutUint16(b[nkNameLen:], uint16(len(stored)))
	le.PutUint16(b[nkClassLen:], uint16(2*len(units(k.Class))))
	copy(b[nkName:], stored)
}

// grown raises the four "longest" fields of a key.
func (n *node) grown(sizes ...int) {
	for i, s := range sizes {
		n.max[i] = max(n.max[i], s)
	}
}

func top(lists []uint32) uint32 {
	if len(lists) == 0 {
		return NIL
	}
	return lists[len(lists)-1]
}

func (l *Live) classify(n *node, class string) {
	if class == "" {
		l.st.free(n.class)
		n.class = NIL
		return
	}
	n.class = l.st.put(n.class, UTF16(class))
}

// createValue writes a value and its data.
func (l *Live) createValue(v Value) *item {
	it := &item{spec: v, name: v.units()}
	stored, _ := l.encode(it.name, v.Wide)
	it.off = l.st.alloc(vkName + len(stored))
	l.storeData(it)
	l.writeValue(it)
	return it
}

// changeValue overwrites a value; shorter data leaves the rest of the older in its cell.
func (l *Live) changeValue(it *item, v Value) {
	same := it.spec.Cell == v.Cell && bytes.Equal(it.spec.Data, v.Data) && bytes.Equal(it.spec.Slack, v.Slack)
	it.spec, it.name = v, v.units()
	stored, _ := l.encode(it.name, v.Wide)
	if vkName+len(stored) > l.st.room(it.off) {
		panic("regf: a value's name grew, which Windows cannot do: use another name")
	}
	if !same {
		l.storeData(it)
	}
	l.writeValue(it)
}

func (l *Live) freeValue(n *node, it *item) {
	l.remains = append(l.remains, Remain{Path: n.path(), Value: it.spec.Name, Offset: it.off, Data: top(it.cells)})
	for _, c := range it.cells {
		l.st.free(c)
	}
	l.st.free(it.off)
}

// storeData puts the data where its size and the version demand: inline, one cell, or segments.
func (l *Live) storeData(it *item) {
	v := &it.spec
	old := it.cells
	it.cells = nil
	switch big := l.version() >= 4 && len(v.Data) > segment; {
	case len(v.Data) <= 4 && !v.Cell, len(v.Data) == 0 && len(v.Slack) == 0:
		for _, c := range old {
			l.st.free(c)
		}
	case !big:
		cell := uint32(NIL)
		if len(old) == 1 {
			cell = old[0]
		} else {
			for _, c := range old {
				l.st.free(c)
			}
		}
		if len(v.Slack) > 0 {
			cell = l.st.put(cell, slices.Concat(v.Data, v.Slack))
		}
		it.cells = []uint32{l.st.put(cell, v.Data)}
	default:
		for _, c := range old {
			l.st.free(c)
		}
		var list []byte
		for part := range slices.Chunk(v.Data, segment) {
			c := l.st.alloc(max(len(part), 1))
			copy(l.st.data(c), part)
			it.cells = append(it.cells, c)
			list = le.AppendUint32(list, c)
		}
		segments := len(it.cells)
		at := l.st.put(NIL, list)
		db := append([]byte("db"), byte(segments), byte(segments>>8))
		it.cells = append(it.cells, at, l.st.put(NIL, le.AppendUint32(db, at)))
	}
}

func (l *Live) writeValue(it *item) {
	v := &it.spec
	stored, latin := l.encode(it.name, v.Wide)
	flags := v.Flags
	if latin && len(stored) > 0 {
		flags |= valueLatin
	}
	b := l.st.data(it.off)
	copy(b, "vk")
	le.PutUint16(b[vkNameLen:], uint16(len(stored)))
	le.PutUint32(b[vkSize:], uint32(len(v.Data)))
	le.PutUint32(b[vkData:], NIL)
	switch {
	case len(it.cells) > 0:
		le.PutUint32(b[vkData:], top(it.cells))
	case !v.Cell:
		le.PutUint32(b[vkSize:], uint32(len(v.Data))|inline)
		clear(b[vkData : vkData+4])
		copy(b[vkData:], v.Data)
	}
	le.PutUint32(b[vkType:], v.Type)
	le.PutUint16(b[vkFlags:], flags)
	le.PutUint16(b[vkSpare:], v.Spare)
	copy(b[vkName:], stored)
}

// listValues writes the value list over itself when it fits, so that its slack keeps older offsets.
func (l *Live) listValues(n *node) {
	if len(n.vals) == 0 {
		l.st.free(n.vlist)
		n.vlist = NIL
		return
	}
	b := make([]byte, 0, 4*len(n.vals))
	for _, v := range n.vals {
		b = le.AppendUint32(b, v.off)
	}
	n.vlist = l.st.put(n.vlist, b)
}

// listSubkeys sorts the subkeys and writes their list, over itself when it is a single leaf and fits.
func (l *Live) listSubkeys(n *node) {
	slices.SortStableFunc(n.subs, func(a, b *node) int { return compareUnits(a.name, b.name) })
	k := n.spec
	kind, leaf := k.List, k.Leaf
	if kind == ListAuto {
		switch v := l.version(); {
		case v >= 5:
			kind = ListLH
		case v >= 3 && len(n.subs) <= fullHint:
			kind = ListLF
		default:
			kind = ListLI
		}
	}
	if leaf == 0 && len(n.subs) > fullLeaf {
		leaf = halfLeaf
	}
	if leaf == 0 && len(n.lists) == 1 && len(n.subs) > 0 {
		n.lists[0] = l.st.put(n.lists[0], listRecord(kind, n.subs))
		return
	}
	for _, c := range n.lists {
		l.st.free(c)
	}
	n.lists = nil
	if len(n.subs) == 0 {
		return
	}
	if leaf == 0 {
		n.lists = append(n.lists, l.st.put(NIL, listRecord(kind, n.subs)))
		return
	}
	for part := range slices.Chunk(n.subs, leaf) {
		n.lists = append(n.lists, l.st.put(NIL, listRecord(kind, part)))
	}
	ri := append([]byte("ri"), byte(len(n.lists)), byte(len(n.lists)>>8))
	for _, c := range n.lists {
		ri = le.AppendUint32(ri, c)
	}
	n.lists = append(n.lists, l.st.put(NIL, ri))
}

func listRecord(kind ListKind, subs []*node) []byte {
	b := make([]byte, 0, 4+8*len(subs))
	b = append(b, [...]string{ListLI: "li", ListLF: "lf", ListLH: "lh"}[kind]...)
	b = le.AppendUint16(b, uint16(len(subs)))
	for _, s := range subs {
		b = le.AppendUint32(b, s.off)
		switch kind {
		case ListLF:
			h := hint(s.name)
			b = append(b, h[:]...)
		case ListLH:
			b = le.AppendUint32(b, hashUnits(s.name))
		}
	}
	return b
}
