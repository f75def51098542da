package regf

import (
	"encoding/binary"
	"fmt"
	"testing"
	"unicode/utf16"
)

// A walker reads a hive in the plainest way and fails the test at whatever is not as it must be. It takes nothing
// from the code that writes: each number in it is read off the format description.
type walker struct {
	t    *testing.T
	b    []byte // from the first bin
	big  bool   // version has big data
	head int    // bytes before the data of a cell
	used map[uint32]bool
	refs map[uint32]int
	keys map[string]walked
	free []string // contents of free cells
}

type walked struct {
	off    uint32
	time   uint64
	flags  uint16
	class  string
	list   string
	leaves []string
	slack  []uint32 // offsets behind the live ones in the value list
	values map[string]walkedValue
	order  []string
}

type walkedValue struct {
	typ    uint32
	data   string
	inline bool
	spare  uint16
	flags  uint16
	slack  string
}

func w16(b []byte, i int) int    { return int(binary.LittleEndian.Uint16(b[i:])) }
func w32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) }
func w64(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i:]) }

// walk checks a whole primary file and returns what it holds.
func walk(t *testing.T, img []byte) *walker {
	t.Helper()
	if string(img[:4]) != "regf" || w32(img, 20) != 1 || w32(img, 28) != 0 || w32(img, 32) != 1 {
		t.Fatalf("base block begins % x", img[:40])
	}
	sum := uint32(0)
	for i := range 127 {
		sum ^= w32(img, 4*i)
	}
	if sum != w32(img, 508) {
		t.Fatalf("checksum is %#x, want %#x", w32(img, 508), sum)
	}
	n := int(w32(img, 40))
	head := 4
	if w32(img, 24) == 1 {
		head = 8
	}
	w := &walker{t: t, b: img[4096 : 4096+n], big: w32(img, 24) >= 4, head: head, used: map[uint32]bool{}, refs: map[uint32]int{}, keys: map[string]walked{}}
	cells := w.tile()
	w.key(w32(img, 36), NIL, "")
	w.ring()
	for off, alloc := range cells {
		if alloc && !w.used[off] {
			t.Errorf("cell %#x is allocated, but nothing refers to it", off)
		}
	}
	return w
}

// tile checks that bins and cells cover everything, and that free cells are joined.
func (w *walker) tile() map[uint32]bool {
	w.t.Helper()
	cells := map[uint32]bool{}
	for at := 0; at < len(w.b); {
		size := int(w32(w.b, at+8))
		if string(w.b[at:at+4]) != "hbin" || int(w32(w.b, at+4)) != at || size < 4096 || size%4096 != 0 || at+size > len(w.b) {
			w.t.Fatalf("bin at %#x: % x", at, w.b[at:at+16])
		}
		wasFree := false
		last := uint32(NIL)
		c := at + 32
		for c < at+size {
			n := int(int32(w32(w.b, c)))
			free := n > 0
			n = max(n, -n)
			if n < 8 || n%(2*w.head) != 0 || c+n > at+size {
				w.t.Fatalf("cell at %#x has size %d", c, n)
			}
			if w.head == 8 && w32(w.b, c+4) != last {
				w.t.Errorf("cell at %#x is behind %#x, want %#x", c, w32(w.b, c+4), last)
			}
			last = uint32(c)
			if free && wasFree {
				w.t.Errorf("free cell at %#x is not joined with the one before it", c)
			}
			if free {
				w.free = append(w.free, string(w.b[c+w.head:c+n]))
			}
			cells[uint32(c)] = !free
			wasFree = free
			c += n
		}
		at += size
	}
	return cells
}

func (w *walker) cell(off uint32, sig string, shared bool) []byte {
	w.t.Helper()
	if off%8 != 0 || off < 32 || int(off)+8 > len(w.b) {
		w.t.Fatalf("%s: offset %#x", sig, off)
	}
	n := -int(int32(w32(w.b, int(off))))
	if n < 8 {
		w.t.Fatalf("%s at %#x is not an allocated cell: %d", sig, off, n)
	}
	if w.used[off] && !shared {
		w.t.Errorf("%s at %#x is used twice", sig, off)
	}
	w.used[off] = true
	b := w.b[int(off)+w.head : int(off)+n]
	if string(b[:len(sig)]) != sig {
		w.t.Fatalf("no %s at %#x: % x", sig, off, b[:4])
	}
	return b
}

func text(b []byte, latin bool) string {
	var u []uint16
	if latin {
		for _, c := range b {
			u = append(u, uint16(c))
		}
	} else {
		for i := 0; i+1 < len(b); i += 2 {
			u = append(u, uint16(w16(b, i)))
		}
	}
	return string(utf16.Decode(u))
}

func (w *walker) key(off, parent uint32, path string) {
	w.t.Helper()
	b := w.cell(off, "nk", false)
	k := walked{off: off, flags: uint16(w16(b, 2)), time: w64(b, 4), values: map[string]walkedValue{}}
	if path == "" != (k.flags&4 != 0) {
		w.t.Errorf("%q has flags %#x", path, k.flags)
	}
	if path != "" && w32(b, 16) != parent {
		w.t.Errorf("%q: parent %#x, want %#x", path, w32(b, 16), parent)
	}
	if s := w32(b, 44); s != NIL {
		w.refs[s]++
	}
	if n := w16(b, 74); n > 0 {
		k.class = text(w.cell(w32(b, 48), "", false)[:n], false)
	}
	if n := int(w32(b, 36)); n > 0 {
		list := w.cell(w32(b, 40), "", false)
		for i := 0; i+4 <= len(list); i += 4 {
			if i < 4*n {
				w.value(&k, w32(list, i))
			} else {
				k.slack = append(k.slack, w32(list, i))
			}
		}
	} else if w32(b, 40) != NIL {
		w.t.Errorf("%q has no values and a list", path)
	}
	n := int(w32(b, 20))
	var subs []uint32
	if n > 0 {
		subs = w.list(&k, w32(b, 28), 0)
	} else if w32(b, 28) != NIL {
		w.t.Errorf("%q has no subkeys and a list", path)
	}
	if len(subs) != n {
		w.t.Errorf("%q counts %d subkeys and lists %d", path, n, len(subs))
	}
	w.keys[path] = k
	for _, s := range subs {
		sub := w.b[int(s)+w.head:]
		name := text(sub[76:76+w16(sub, 72)], sub[2]&0x20 != 0)
		w.key(s, off, path+`\`+name)
	}
}

func (w *walker) list(k *walked, off uint32, depth int) (subs []uint32) {
	w.t.Helper()
	b := w.cell(off, "", false)
	sig, n := string(b[:2]), w16(b, 2)
	if depth == 0 {
		k.list = sig
	} else {
		k.leaves = append(k.leaves, fmt.Sprint(sig, n))
	}
	for i := range n {
		switch sig {
		case "ri":
			if depth > 0 {
				w.t.Fatalf("ri below ri at %#x", off)
			}
			subs = append(subs, w.list(k, w32(b, 4+4*i), 1)...)
		case "li":
			subs = append(subs, w32(b, 4+4*i))
		case "lf", "lh":
			s := w32(b, 4+8*i)
			sub := w.b[int(s)+w.head:]
			name := sub[76 : 76+w16(sub, 72)]
			if sig == "lf" && sub[2]&0x20 != 0 {
				var h [4]byte
				copy(h[:], name)
				if got := w32(b, 8+8*i); got != w32(h[:], 0) {
					w.t.Errorf("hint of %q is %#x", name, got)
				}
			}
			if sig == "lh" && sub[2]&0x20 != 0 {
				h := uint32(0)
				for _, c := range name {
					if c >= 'a' && c <= 'z' {
						c -= 32
					}
					if c >= 0x80 {
						h = w32(b, 8+8*i) // this plain rule knows ASCII only
						break
					}
					h = h*37 + uint32(c)
				}
				if got := w32(b, 8+8*i); got != h {
					w.t.Errorf("hash of %q is %#x, want %#x", name, got, h)
				}
			}
			subs = append(subs, s)
		default:
			w.t.Fatalf("list at %#x has signature %q", off, sig)
		}
	}
	return subs
}

func (w *walker) value(k *walked, off uint32) {
	w.t.Helper()
	b := w.cell(off, "vk", false)
	v := walkedValue{typ: w32(b, 12), flags: uint16(w16(b, 16)), spare: uint16(w16(b, 18))}
	name := text(b[20:20+w16(b, 2)], v.flags&1 != 0)
	size := w32(b, 4)
	switch {
	case size>>31 != 0:
		v.inline = true
		v.data = string(b[8 : 8+size&0x7FFFFFFF])
	case size == 0:
		if w32(b, 8) != NIL {
			w.t.Errorf("empty value %q has data at %#x", name, w32(b, 8))
		}
	case size > 16344 && w.big:
		db := w.cell(w32(b, 8), "db", false)
		list := w.cell(w32(db, 4), "", false)
		for i := range w16(db, 2) {
			part := w.cell(w32(list, 4*i), "", false)
			v.data += string(part[:min(16344, int(size)-len(v.data))])
		}
	default:
		c := w.cell(w32(b, 8), "", false)
		v.data, v.slack = string(c[:size]), string(c[size:])
	}
	if len(v.data) != int(size&0x7FFFFFFF) {
		w.t.Errorf("value %q has %d bytes of %d", name, len(v.data), size)
	}
	k.values[name] = v
	k.order = append(k.order, name)
}

// ring checks that the security records form one ring and count their keys.
func (w *walker) ring() {
	w.t.Helper()
	for start := range w.refs {
		seen := 0
		for off := start; ; {
			b := w.cell(off, "sk", true)
			if int(w32(b, 12)) != w.refs[off] {
				w.t.Errorf("sk %#x counts %d keys, want %d", off, w32(b, 12), w.refs[off])
			}
			next := w32(b, 4)
			if back := w32(w.cell(next, "sk", true), 8); back != off {
				w.t.Errorf("sk %#x: the next one points back to %#x", off, back)
			}
			seen++
			if off = next; off == start {
				break
			}
			if seen > len(w.refs) {
				w.t.Fatal("the ring of sk records does not close")
			}
		}
		if seen != len(w.refs) {
			w.t.Errorf("the ring has %d sk records, keys use %d", seen, len(w.refs))
		}
		return
	}
}
