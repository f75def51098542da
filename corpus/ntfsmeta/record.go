package ntfsmeta

import "slices"

// Attribute types.
const (
	standardInformation = 0x10
	attributeList       = 0x20
	fileName            = 0x30
	data                = 0x80
	indexRoot           = 0x90
	reparsePoint        = 0xC0
	extended            = 0xE0
	endOfAttributes     = 0xFFFFFFFF
)

// first is where the attributes of a record begin: after the header of 48 bytes
// and the update sequence.
func (v *Volume) first() int { return (48 + 2*(v.spec.RecordSize/512+1) + 7) &^ 7 }

// store writes the record of an entry. What the record held before stays where
// the new attributes do not reach: that is its slack.
func (v *Volume) store(e int) {
	n := v.nodes[e]
	if n.base != 0 {
		v.storeExtension(e)
		return
	}
	attrs := v.attributes(n)
	for size(attrs)+v.first()+8 > v.spec.RecordSize {
		v.spillOver(e, n, &attrs)
	}
	v.write(e, n, attrs)
	for _, x := range n.spill {
		v.storeExtension(x)
	}
}

type attribute struct {
	typ uint32
	b   []byte
}

func size(attrs []attribute) (n int) {
	for _, a := range attrs {
		n += len(a.b)
	}
	return n
}

func (v *Volume) attributes(n *node) []attribute {
	si := make([]byte, 72)
	for i, t := range n.si {
		le.PutUint64(si[8*i:], t)
	}
	le.PutUint32(si[32:], n.attrs)
	le.PutUint32(si[40:], n.flags)
	le.PutUint32(si[52:], 261)
	le.PutUint64(si[64:], n.usn)
	out := []attribute{{standardInformation, resident(standardInformation, "", si)}}
	spilled := len(n.spill)
	for i, x := range n.names {
		if len(n.names)-i <= spilled {
			break
		}
		out = append(out, attribute{fileName, resident(fileName, "", x.value(n))})
	}
	if spilled > 0 {
		out = slices.Insert(out, 1, attribute{attributeList, resident(attributeList, "", v.list(n))})
	}
	switch {
	case n.dir:
		root := make([]byte, 48)
		le.PutUint32(root, fileName)
		le.PutUint32(root[4:], 1)
		le.PutUint32(root[8:], 4096)
		root[12] = 1
		le.PutUint32(root[16:], 16)
		le.PutUint32(root[20:], 32)
		le.PutUint32(root[24:], 32)
		le.PutUint16(root[32+8:], 16)
		le.PutUint16(root[32+12:], 2)
		out = append(out, attribute{indexRoot, resident(indexRoot, "$I30", root)})
	case n.data != nil:
		out = append(out, attribute{data, resident(data, "", n.data)})
	case n.size > 0:
		out = append(out, attribute{data, nonResident(data, "", n.size)})
	}
	for _, s := range n.streams {
		if s.data != nil {
			out = append(out, attribute{data, resident(data, s.name, s.data)})
		} else {
			out = append(out, attribute{data, nonResident(data, s.name, s.size)})
		}
	}
	if n.tag != 0 {
		out = append(out, attribute{reparsePoint, resident(reparsePoint, "", le.AppendUint32(nil, n.tag))})
	}
	if len(n.ea) > 0 {
		out = append(out, attribute{extended, resident(extended, "", n.ea)})
	}
	return out
}

// spillOver moves one more name into an extension record of its own.
func (v *Volume) spillOver(e int, n *node, attrs *[]attribute) {
	if len(n.names)-len(n.spill) < 2 {
		panic("ntfsmeta: the record is too small")
	}
	x, ext := v.take()
	ext.base = Ref(e) | Ref(n.seq)<<48
	ext.lsn = n.lsn
	n.spill = append(n.spill, x)
	*attrs = v.attributes(n)
}

// storeExtension writes an extension record: the name that its base has put
// there.
func (v *Volume) storeExtension(e int) {
	ext := v.nodes[e]
	base := v.nodes[ext.base.entry()]
	var attrs []attribute
	if k := slices.Index(base.spill, e); k >= 0 {
		x := base.names[len(base.names)-1-k]
		attrs = append(attrs, attribute{fileName, resident(fileName, "", x.value(base))})
	}
	v.write(e, ext, attrs)
}

func (v *Volume) list(n *node) []byte {
	var out []byte
	add := func(typ uint32, r Ref) {
		b := make([]byte, 32)
		le.PutUint32(b, typ)
		le.PutUint16(b[4:], 32)
		le.PutUint64(b[16:], uint64(r))
		out = append(out, b...)
	}
	for _, e := range n.spill {
		add(fileName, Ref(e)|Ref(v.nodes[e].seq)<<48)
	}
	return out
}

func (x name) value(n *node) []byte {
	text := utf16le(x.text)
	b := make([]byte, 66+len(text))
	le.PutUint64(b, uint64(x.parent))
	for i, t := range x.times {
		le.PutUint64(b[8+8*i:], t)
	}
	flags := n.attrs
	if n.dir {
		flags |= 0x10000000
	}
	le.PutUint32(b[56:], flags)
	b[64], b[65] = byte(len(text)/2), x.space
	copy(b[66:], text)
	return b
}

func resident(typ uint32, name string, value []byte) []byte {
	text := utf16le(name)
	off := (24 + len(text) + 7) &^ 7
	b := make([]byte, (off+len(value)+7)&^7)
	le.PutUint32(b, typ)
	le.PutUint32(b[4:], uint32(len(b)))
	b[9] = byte(len(text) / 2)
	le.PutUint16(b[10:], 24)
	le.PutUint32(b[16:], uint32(len(value)))
	le.PutUint16(b[20:], uint16(off))
	copy(b[24:], text)
	copy(b[off:], value)
	return b
}

// nonResident is an attribute of one run, from cluster 1,000 on: the volume's
// clusters themselves are not written.
func nonResident(typ uint32, name string, size uint64) []byte {
	text := utf16le(name)
	off := (64 + len(text) + 7) &^ 7
	clusters := (size + 4095) / 4096
	b := make([]byte, off+16)
	le.PutUint32(b, typ)
	le.PutUint32(b[4:], uint32(len(b)))
	b[8], b[9] = 1, byte(len(text)/2)
	le.PutUint16(b[10:], 64)
	le.PutUint64(b[24:], clusters-1)
	le.PutUint16(b[32:], uint16(off))
	le.PutUint64(b[40:], clusters*4096)
	le.PutUint64(b[48:], size)
	le.PutUint64(b[56:], size)
	copy(b[64:], text)
	b[off] = 0x24 // two bytes of place, four of length
	le.PutUint32(b[off+1:], uint32(clusters))
	le.PutUint16(b[off+5:], 1000)
	return b
}

// write lays the header and the attributes over what the entry held.
func (v *Volume) write(e int, n *node, attrs []attribute) {
	b := v.raw[e]
	if b == nil {
		b = make([]byte, v.spec.RecordSize)
		v.raw[e] = b
	}
	first := v.first()
	clear(b[:first])
	copy(b, "FILE")
	le.PutUint16(b[4:], 48)
	le.PutUint16(b[6:], uint16(v.spec.RecordSize/512+1))
	le.PutUint64(b[8:], n.lsn)
	le.PutUint16(b[16:], n.seq)
	le.PutUint16(b[18:], uint16(len(n.names)))
	le.PutUint16(b[20:], uint16(first))
	flags := uint16(0)
	if n.used {
		flags |= 1
	}
	if n.dir {
		flags |= 2
	}
	le.PutUint16(b[22:], flags)
	le.PutUint32(b[28:], uint32(v.spec.RecordSize))
	le.PutUint64(b[32:], uint64(n.base))
	le.PutUint16(b[40:], uint16(len(attrs)))
	le.PutUint32(b[44:], uint32(e))
	off := first
	for i, a := range attrs {
		le.PutUint16(a.b[14:], uint16(i))
		off += copy(b[off:], a.b)
	}
	le.PutUint32(b[off:], endOfAttributes)
	le.PutUint32(b[off+4:], 0)
	le.PutUint32(b[24:], uint32(off+8))
}

// MFT returns the $MFT: each record with its update sequence in place.
func (v *Volume) MFT() []byte {
	out := make([]byte, 0, len(v.nodes)*v.spec.RecordSize)
	for e, n := range v.nodes {
		if n == nil {
			out = append(out, make([]byte, v.spec.RecordSize)...)
			continue
		}
		if v.raw[e] == nil {
			v.store(e)
		}
		b := slices.Clone(v.raw[e])
		protect(b, uint16(e%0xFFFE+1))
		out = append(out, b...)
	}
	return out
}

// protect puts a check value at the end of each 512 bytes and what was there
// into the update sequence.
func protect(b []byte, check uint16) {
	at := int(le.Uint16(b[4:]))
	le.PutUint16(b[at:], check)
	for i := 1; i < int(le.Uint16(b[6:])); i++ {
		end := 512*i - 2
		copy(b[at+2*i:], b[end:end+2])
		le.PutUint16(b[end:], check)
	}
}
