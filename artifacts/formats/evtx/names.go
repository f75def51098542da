package evtx

// Texts are names, paths of names, and the values of the few fields that repeat
// in every record. A decoder keeps each once and gives it a number.

// intern returns the number of a text in UTF-8. How much the names of a chunk may
// need does not depend on the chunks that the decoder read before: several
// decoders find the same as one.
func (d *Decoder) intern(text []byte) (uint32, error) {
	id, ok := d.ids[string(text)]
	if ok && d.uses[id] == d.turn {
		return id, nil
	}
	if d.used += len(text) + internCost; d.used > maxInterned/2 {
		return 0, d.bad(0, "name", "is one of too many in a chunk")
	}
	if !ok {
		id = d.keep(text)
	}
	d.uses[id] = d.turn
	return id, nil
}

// keep gives a text a number.
func (d *Decoder) keep(text []byte) uint32 {
	d.interned += len(text) + internCost
	id, s := uint32(len(d.texts)), string(text)
	d.texts, d.uses = append(d.texts, s), append(d.uses, 0)
	d.ids[s] = id
	return id
}

// internCost is what a text costs beside its bytes.
const internCost = 48

// intern16 returns the number of a text in UTF-16.
func (d *Decoder) intern16(text []byte) (uint32, error) {
	d.key = appendUTF16(d.key[:0], text)
	return d.intern(d.key)
}

// join returns the number of a text, a separator and another text.
func (d *Decoder) join(a uint32, sep byte, b uint32) (uint32, error) {
	if len(d.texts[a])+len(d.texts[b]) > maxPath {
		return 0, d.bad(0, "name", "is too long")
	}
	d.key = append(append(append(d.key[:0], d.texts[a]...), sep), d.texts[b]...)
	return d.intern(d.key)
}

// nameAt reads the name whose offset stands at pos, and returns where reading
// continues: after the name if it lies there (section 4.3). While recovery runs, a
// name that was overwritten is "", and d.lost says so.
func (d *Decoder) nameAt(pos, end int) (uint32, int, error) {
	if pos+4 > end {
		return 0, pos, d.bad(int64(pos), "name", "runs past its end")
	}
	off := int64(le.Uint32(d.base[pos:]))
	inline := off == int64(pos+4)
	limit := int64(d.n)
	if inline {
		limit = int64(end)
	}
	id, size, err := d.nameOf(off, limit, pos)
	if err != nil {
		if d.salvage && !inline {
			d.lost = err
			return d.empty, pos + 4, nil
		}
		return 0, pos, err
	}
	if inline {
		return id, pos + 4 + nameText + size + 2, nil
	}
	return id, pos + 4, nil
}

// nameOf reads the name at off, which is used at pos. It returns the size of its
// text.
func (d *Decoder) nameOf(off, limit int64, pos int) (uint32, int, error) {
	if off < chunkRecords || off+nameText > limit {
		return 0, 0, d.bad(int64(pos), "name", "lies outside of the chunk")
	}
	b := d.base[off:]
	size := 2 * int(le.Uint16(b[nameChars:]))
	if off+nameText+int64(size)+2 > limit {
		return 0, 0, d.bad(int64(pos), "name", "runs past the chunk")
	}
	if k, ok := d.names[uint32(off)]; ok {
		d.badNames = d.badNames || k.bad
		return k.id, size, nil
	}
	if size > 2*maxName {
		return 0, 0, d.bad(int64(pos), "name", "is too long")
	}
	text := b[nameText : nameText+size]
	id, err := d.intern16(text)
	if err != nil {
		return 0, 0, err
	}
	k := name{id, hashName(text) != le.Uint16(b[nameHash:])}
	d.names[uint32(off)] = k
	d.badNames = d.badNames || k.bad
	return id, size, nil
}

// A name is an entry of the string table as it was decoded.
type name struct {
	id  uint32
	bad bool // its hash does not fit
}

// hashName is the hash of a name: section 4.3.
func hashName(text []byte) uint16 {
	h := uint32(0)
	for i := 0; i+1 < len(text); i += 2 {
		h = h*65599 + uint32(le.Uint16(text[i:]))
	}
	return uint16(h)
}
