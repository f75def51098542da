package hive

import (
	"iter"
	"slices"
	"time"
)

// Key node; regf section 5. Offsets from the start of the cell's data.
const (
	nkFlags      = 2  // u16
	nkWritten    = 4  // u64 FILETIME
	nkAccess     = 12 // u8
	nkLayered    = 13 // u8
	nkParent     = 16 // u32 cell offset
	nkSubkeys    = 20 // u32 count
	nkVolatile   = 24 // u32 count, left-over
	nkSubkeyList = 28 // u32 cell offset
	nkValues     = 36 // u32 count
	nkValueList  = 40 // u32 cell offset
	nkSecurity   = 44 // u32 cell offset
	nkClass      = 48 // u32 cell offset
	nkMaxSubkey  = 52 // u16, bytes
	nkUserFlags  = 54 // low nibble user flags, high nibble virtualisation flags
	nkDebug      = 55 // u8
	nkMaxClass   = 56 // u32, bytes
	nkMaxValue   = 60 // u32, bytes
	nkMaxData    = 64 // u32, bytes
	nkNameLen    = 72 // u16, bytes
	nkClassLen   = 74 // u16, bytes
	nkName       = 76
)

// KeyFlags are the flags of a key node.
type KeyFlags uint16

// The flags whose meaning is known.
const (
	KeyVolatile      KeyFlags = 0x0001
	KeyMountPoint    KeyFlags = 0x0002
	KeyRoot          KeyFlags = 0x0004
	KeyNoDelete      KeyFlags = 0x0008
	KeyLink          KeyFlags = 0x0010 // symbolic link, see [Key.LinkTarget]
	KeyNarrowName    KeyFlags = 0x0020 // the name is stored with one byte per unit
	KeyPredefined    KeyFlags = 0x0040 // predefined handle: the key has no values
	KeyVirtualSource KeyFlags = 0x0080
	KeyVirtualTarget KeyFlags = 0x0100
	KeyVirtualStore  KeyFlags = 0x0200
)

// A Key is a key node: a hive and a place in it. The zero Key is no key; none of its methods may be called.
type Key struct {
	h     *Hive
	r     *keyRecord
	n     uint32 // position of the record in the image
	loose bool   // found outside of the tree: the cell around it cannot be relied on
}

// A keyRecord is the part of a key node that has a fixed size, in place: a field of it needs no bounds check.
type keyRecord [nkName]byte

// keyAt makes a key of a record that lies whole in the image.
func (h *Hive) keyAt(n uint32) Key { return Key{h: h, r: (*keyRecord)(h.data[n:]), n: n} }

// looseKeyAt is the same for a record outside of the tree.
func (h *Hive) looseKeyAt(n uint32) Key { return Key{h, (*keyRecord)(h.data[n:]), n, true} }

// key checks the key node in the cell at an offset.
func (h *Hive) key(off uint32) (Key, error) {
	if r := h.quickKey(off); r != nil {
		return Key{h: h, r: r, n: quickHead + off}, nil
	}
	return h.keySlow(off)
}

func (h *Hive) keySlow(off uint32) (Key, error) {
	pos, end, ok := h.cellAt(off)
	switch {
	case !ok:
		return Key{}, h.cellError(off, "key node")
	case pos+2 > end || string(h.data[pos:pos+2]) != "nk":
		return Key{}, bad(pos-h.cellHead, "key node", "no nk signature")
	case pos+nkName > end:
		return Key{}, bad(pos-h.cellHead, "key node", "the cell has %d bytes, a key node 76", end-pos)
	}
	return h.keyAt(uint32(pos)), nil
}

func (k Key) u16(field uint32) uint16 { return le.Uint16(k.r[field:]) }
func (k Key) u32(field uint32) uint32 { return le.Uint32(k.r[field:]) }

// offset returns the key's cell offset, as other records refer to it.
func (k Key) offset() uint32 { return k.n - uint32(k.h.cellHead) - baseSize }

func (k Key) parentOffset() uint32 { return k.u32(nkParent) }

// end returns where the key's cell ends. A loose record has no cell to rely on.
func (k Key) end() int {
	if k.loose {
		return len(k.h.data)
	}
	_, end, _ := k.h.cellAt(k.offset())
	return end
}

func (k Key) name() name {
	start := int(k.n) + nkName
	end := start + int(k.u16(nkNameLen))
	if k.loose || !k.h.reaches(k.n, end) {
		end = min(end, k.end())
	}
	return name{k.h.data[start:max(start, end)], k.Flags()&KeyNarrowName != 0}
}

// Name returns the key's name. A lone surrogate becomes U+FFFD; [Key.RawName] and [Key.NameUnits] have the
// stored name.
func (k Key) Name() string { return k.h.string(k.name()) }

// AppendName appends the key's name in UTF-8 to dst.
func (k Key) AppendName(dst []byte) []byte { return k.name().append(dst) }

// NameUnits returns the name as the UTF-16 units that Windows sees.
func (k Key) NameUnits() []uint16 { return k.name().units() }

// RawName returns the bytes of the name as stored: one per unit with [KeyNarrowName], otherwise two.
func (k Key) RawName() []byte { return k.name().raw }

// Written returns when the key was last written: its values, its list of subkeys or the key itself. A time behind
// the year 9999 is the zero time; [Key.WrittenRaw] has it.
func (k Key) Written() time.Time { return filetime(k.WrittenRaw()) }

// WrittenRaw returns the same as FILETIME.
func (k Key) WrittenRaw() uint64 { return le.Uint64(k.r[nkWritten:]) }

// Flags returns the key's flags.
func (k Key) Flags() KeyFlags { return KeyFlags(k.u16(nkFlags)) }

// AccessBits tells on Windows 8 and later when the key was opened since the hive was last reorganised: 1 before
// the registry was initialised at boot, 2 after.
func (k Key) AccessBits() uint8 { return k.r[nkAccess] }

// Layered returns the byte that says how the key of a layered (container) hive relates to the layer below; it
// is zero in other hives. Bits 0 and 1: 0 merge, 1 tombstone, 2 supersede local, 3 supersede tree; bit 7: the
// class comes from below.
func (k Key) Layered() uint8 {
	if !k.h.layered {
		return 0
	}
	return k.r[nkLayered]
}

// UserFlags returns the WOW64 flags (low four bits) and the virtualisation control flags (high four bits).
func (k Key) UserFlags() uint8 { return k.r[nkUserFlags] }

// DebugBits returns which operations on the key break into a debugger.
func (k Key) DebugBits() uint8 { return k.r[nkDebug] }

// NumSubkeys returns the number of subkeys that the key claims; its list may differ.
func (k Key) NumSubkeys() uint32 { return k.u32(nkSubkeys) }

// NumValues returns the number of values that the key claims.
func (k Key) NumValues() uint32 {
	if k.Flags()&KeyPredefined != 0 {
		return 0
	}
	return k.u32(nkValues)
}

// Offset returns the position of the key's cell in the primary file. It is the record's own position minus the
// size of a cell header for a record that was found outside of the tree.
func (k Key) Offset() int64 { return int64(k.n) - int64(k.h.cellHead) }

// Hive returns the hive that the key belongs to.
func (k Key) Hive() *Hive { return k.h }

// isRoot reports whether a walk towards the root ends here.
func (k Key) isRoot() bool {
	return k.offset() == k.h.root || k.Flags()&KeyRoot != 0 && !k.loose
}

// Parent returns the key that this key names as its parent; [ErrNotExist] for the root.
func (k Key) Parent() (Key, error) {
	if k.isRoot() {
		return Key{}, ErrNotExist
	}
	if k.loose {
		return k.h.looseKey(k.parentOffset())
	}
	return k.h.key(k.parentOffset())
}

// maxDepth is the deepest tree that Windows makes.
const maxDepth = 512

// Path returns the key's path from the root, joined with backslashes and with one in front: `\` for the root. It
// follows the parents, if need be to the place of a root that is lost; where that chain is broken or closed to a ring,
// the path begins with `?`.
func (k Key) Path() string { return k.path(nil) }

// path is Path; room bounds the bytes of many paths, and where it is used up the path is cut to its last name.
func (k Key) path(room *int) string {
	if k.isRoot() {
		return `\`
	}
	var buf [16]Key
	chain := append(buf[:0], k)
	head := "?"
	for range maxDepth {
		if off := k.parentOffset(); off == k.h.lostRoot && off != noOffset {
			head = ""
			break
		}
		p, err := k.Parent()
		if err != nil || p.n == k.n {
			break
		}
		if k = p; k.isRoot() {
			head = ""
			break
		}
		chain = append(chain, k)
	}
	return joinPath(head, chain, room)
}

// joinPath joins the names of keys, the last of the path first, behind a head.
func joinPath(head string, chain []Key, room *int) string {
	n := len(head)
	for _, k := range chain {
		n += 1 + len(k.RawName())
	}
	if room != nil {
		if *room -= n; *room < 0 {
			head, chain = "?", chain[:1]
			n = 2 + len(chain[0].RawName())
		}
	}
	b := make([]byte, 0, n)
	b = append(b, head...)
	for _, k := range slices.Backward(chain) {
		b = k.AppendName(append(b, '\\'))
	}
	return string(b)
}

// ClassName returns the key's class, a text without a meaning of its own; empty when there is none.
func (k Key) ClassName() (string, error) {
	n := int(k.u16(nkClassLen))
	if n == 0 {
		return "", nil
	}
	off := k.u32(nkClass)
	pos, end, ok := k.h.cellAt(off)
	if !ok {
		return "", k.h.cellError(off, "class name")
	}
	if end = max(pos, end); pos+n > end {
		return utf16String(k.h.data[pos:end]), bad(pos-k.h.cellHead, "class name", "%d bytes long, its cell has %d", n, end-pos)
	}
	return utf16String(k.h.data[pos : pos+n]), nil
}

// Subkeys iterates over the key's subkeys in stored order. An error stands for the subkey, or the list, that
// cannot be read; the others follow.
func (k Key) Subkeys() iter.Seq2[Key, error] {
	return func(yield func(Key, error) bool) { k.eachSubkey(yield) }
}

func (k Key) eachSubkey(yield func(Key, error) bool) {
	var c listCursor
	c.subkeys(k)
	for {
		off, err := c.next()
		if err != nil {
			if err == errEnd || !yield(Key{}, err) {
				return
			}
			continue
		}
		if !yield(k.child(off)) {
			return
		}
	}
}

// child returns the subkey at an offset that the key's list names.
func (k Key) child(off uint32) (Key, error) {
	if k.loose {
		return k.looseChild(off)
	}
	return k.h.key(off)
}

// Values iterates over the key's values in stored order. An error stands for the value that cannot be read.
func (k Key) Values() iter.Seq2[Value, error] {
	return func(yield func(Value, error) bool) { k.eachValue(yield) }
}

func (k Key) eachValue(yield func(Value, error) bool) {
	h := k.h
	if k.loose || k.Flags()&KeyPredefined != 0 {
		k.eachValueSlow(yield)
		return
	}
	count := k.u32(nkValues)
	if count == 0 {
		return
	}
	var list []byte
	if count <= pageSize/4 {
		list = h.holds(k.u32(nkValueList), 4*count)
	}
	if list == nil {
		k.eachValueSlow(yield)
		return
	}
	for i := 0; i+4 <= len(list); i += 4 {
		off := le.Uint32(list[i : i+4 : i+4])
		if r := h.quickValue(off); r != nil {
			if !yield(Value{h: h, r: r, n: quickHead + off}, nil) {
				return
			}
		} else if !yield(h.valueSlow(off)) {
			return
		}
	}
}

func (k Key) eachValueSlow(yield func(Value, error) bool) {
	list, err := k.valueList()
	for ; len(list) >= 4; list = list[4:] {
		if !yield(k.value(le.Uint32(list))) {
			return
		}
	}
	if err != nil {
		yield(Value{}, err)
	}
}

// valueList returns the offsets of the key's values. An error beside them says that there should be more.
func (k Key) valueList() ([]byte, error) {
	count := k.NumValues()
	if count == 0 {
		return nil, nil
	}
	if k.loose {
		return k.looseValueList(count)
	}
	off := k.u32(nkValueList)
	pos, end, ok := k.h.cellAt(off)
	if !ok || end < pos {
		return nil, k.h.cellError(off, "value list")
	}
	if n := uint32(end-pos) / 4; count > n {
		return k.h.data[pos : pos+int(n)*4], bad(pos-k.h.cellHead, "value list", "%d values, its cell holds %d", count, n)
	}
	return k.h.data[pos : pos+int(count)*4], nil
}

func (k Key) value(off uint32) (Value, error) {
	if k.loose {
		return k.h.looseValue(off)
	}
	return k.h.value(off)
}
