package compound_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/corpus/compound"
)

var le = binary.LittleEndian

const (
	endOfChain = 0xFFFFFFFE
	freeSector = 0xFFFFFFFF
	fatSector  = 0xFFFFFFFD
)

// A file is read by the sections of [MS-CFB] alone.
type file struct {
	t    *testing.T
	b    []byte
	fat  []uint32
	mini []uint32
	dir  []byte
}

// A node is a directory entry ([MS-CFB] 2.6.1).
type node struct {
	name                      string
	kind                      byte
	left, right, child, start uint32
	size, modified            uint64
}

func read(t *testing.T, b []byte) *file {
	t.Helper()
	f := &file{t: t, b: b}
	if string(b[:8]) != "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" || le.Uint16(b[26:]) != 3 || le.Uint16(b[28:]) != 0xFFFE {
		t.Fatalf("header % x", b[:32])
	}
	if 1<<le.Uint16(b[30:]) != 512 || 1<<le.Uint16(b[32:]) != 64 || le.Uint32(b[56:]) != 4096 || len(b)%512 != 0 {
		t.Fatalf("sizes: sector 2^%d, mini 2^%d, cutoff %d, file %d", le.Uint16(b[30:]), le.Uint16(b[32:]), le.Uint32(b[56:]), len(b))
	}
	n := int(le.Uint32(b[44:]))
	for i := range 109 {
		sector := le.Uint32(b[76+4*i:])
		if (sector == freeSector) != (i >= n) {
			t.Fatalf("DIFAT %d is %#x with %d FAT sectors", i, sector, n)
		}
		if sector != freeSector {
			f.fat = append(f.fat, words(f.sector(sector))...)
		}
	}
	for i := range n {
		if s := le.Uint32(b[76+4*i:]); f.fat[s] != fatSector {
			t.Errorf("sector %d is of the FAT, which says %#x", s, f.fat[s])
		}
	}
	f.dir = f.chain(le.Uint32(b[48:]))
	if first := le.Uint32(b[60:]); first != endOfChain {
		table := f.chain(first)
		if want := int(le.Uint32(b[64:])) * 512; len(table) != want {
			t.Errorf("mini FAT of %d bytes, header says %d", len(table), want)
		}
		f.mini = words(table)
	}
	return f
}

func words(b []byte) (out []uint32) {
	for ; len(b) >= 4; b = b[4:] {
		out = append(out, le.Uint32(b))
	}
	return out
}

func (f *file) sector(n uint32) []byte {
	f.t.Helper()
	if int(n+2)*512 > len(f.b) {
		f.t.Fatalf("sector %d of a file of %d bytes", n, len(f.b))
	}
	return f.b[(n+1)*512:][:512]
}

func (f *file) chain(n uint32) (out []byte) {
	f.t.Helper()
	for steps := 0; n != endOfChain; n = f.fat[n] {
		if steps++; int(n) >= len(f.fat) || steps > len(f.fat) {
			f.t.Fatalf("the chain leads to %#x", n)
		}
		out = append(out, f.sector(n)...)
	}
	return out
}

func (f *file) node(id uint32) node {
	e := f.dir[id*128:][:128]
	n := node{
		kind: e[66], left: le.Uint32(e[68:]), right: le.Uint32(e[72:]), child: le.Uint32(e[76:]),
		start: le.Uint32(e[116:]), size: le.Uint64(e[120:]), modified: le.Uint64(e[108:]),
	}
	var u []uint16
	for i := 0; i+2 < int(le.Uint16(e[64:])); i += 2 {
		u = append(u, le.Uint16(e[i:]))
	}
	n.name = string(utf16.Decode(u))
	return n
}

// content returns the bytes of a stream.
func (f *file) content(n node) []byte {
	f.t.Helper()
	if n.size >= 4096 {
		return f.chain(n.start)[:n.size]
	}
	var out []byte
	all := f.chain(f.node(0).start)
	for s := n.start; s != endOfChain; s = f.mini[s] {
		if int(s) >= len(f.mini) {
			f.t.Fatalf("%s: the chain leads to mini sector %#x", n.name, s)
		}
		out = append(out, all[s*64:][:64]...)
	}
	return out[:n.size]
}

// list returns the children of a storage with their paths.
func (f *file) list(id uint32, path string, visit func(path string, n node)) {
	if id == freeSector {
		return
	}
	n := f.node(id)
	f.list(n.left, path, visit)
	visit(path+n.name, n)
	if n.kind == 1 {
		f.list(n.child, path+n.name+"/", visit)
	}
	f.list(n.right, path, visit)
}

func (f *file) tree() map[string]node {
	out := map[string]node{}
	f.list(f.node(0).child, "", func(path string, n node) { out[path] = n })
	return out
}

// TestRoundTrip writes streams of each size that matters, in two storages, and
// reads them back by the document.
func TestRoundTrip(t *testing.T) {
	content := map[string][]byte{}
	fill := func(name string, n int) compound.Stream {
		b := bytes.Repeat([]byte(name+"·"), n/len(name)+1)[:n]
		return compound.Stream{Name: name[strings.LastIndex(name, "/")+1:], Data: b}
	}
	var root, sub []compound.Stream
	for _, n := range []int{0, 1, 63, 64, 65, 4095, 4096, 4097, 200000} {
		name := fmt.Sprintf("s%d", n)
		root = append(root, fill(name, n))
		content[name] = root[len(root)-1].Data
		sub = append(sub, fill("sub/"+name, n))
		content["sub/"+name] = sub[len(sub)-1].Data
	}
	when := time.Date(2026, 3, 1, 12, 0, 0, 700, time.UTC)
	root = append(root, compound.Stream{Name: "sub", Children: sub, Modified: when})
	f := read(t, compound.Build(root...))
	tree := f.tree()
	if got, want := len(tree), len(content)+1; got != want {
		t.Errorf("%d entries, want %d", got, want)
	}
	for path, want := range content {
		n, ok := tree[path]
		if !ok || n.kind != 2 || n.size != uint64(len(want)) {
			t.Errorf("%s: %+v", path, n)
			continue
		}
		if got := f.content(n); !bytes.Equal(got, want) {
			t.Errorf("%s: other bytes", path)
		}
	}
	// 2026-03-01 12:00 is 134,168,400,000,000,000 steps of 100 ns after 1601.
	days := int64(when.Sub(time.Date(1601+250, 1, 1, 0, 0, 0, 0, time.UTC)) / time.Second)
	before := int64(time.Date(1851, 1, 1, 0, 0, 0, 0, time.UTC).Unix() - time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC).Unix())
	if got, want := tree["sub"].modified, uint64(days+before)*1e7+7; got != want {
		t.Errorf("storage modified %d, want %d", got, want)
	}
}

// TestNoSectorTwice holds every sector to one owner, also when the FAT itself
// needs several.
func TestNoSectorTwice(t *testing.T) {
	for _, size := range []int{5000, 60000, 65000, 130000, 1 << 20} {
		f := read(t, compound.Build(compound.Stream{Name: "big", Data: make([]byte, size)}, compound.Stream{Name: "small", Data: []byte("x")}))
		owners := make([]int, len(f.fat))
		for _, first := range []uint32{le.Uint32(f.b[48:]), le.Uint32(f.b[60:]), f.node(0).start, f.tree()["big"].start} {
			for n := first; n != endOfChain; n = f.fat[n] {
				owners[n]++
			}
		}
		for n, next := range f.fat {
			want := 1
			if next == fatSector || next == freeSector {
				want = 0
			}
			if owners[n] != want {
				t.Errorf("%d bytes: sector %d has %d owners (%#x)", size, n, owners[n], next)
			}
			if next != freeSector && (n+2)*512 > len(f.b) {
				t.Errorf("%d bytes: sector %d lies behind the end", size, n)
			}
		}
	}
}

// TestDeleted holds a deleted stream to what a deletion leaves: an entry of no
// kind that no tree leads to, free sectors, and the bytes.
func TestDeleted(t *testing.T) {
	small, large := []byte("the small secret"), bytes.Repeat([]byte("large secret "), 500)
	f := read(t, compound.Build(
		compound.Stream{Name: "keep", Data: []byte("kept")},
		compound.Stream{Name: "small", Data: small, Deleted: true},
		compound.Stream{Name: "large", Data: large, Deleted: true},
		compound.Stream{Name: "last", Data: []byte("also kept")},
	))
	tree := f.tree()
	if len(tree) != 2 || string(f.content(tree["keep"])) != "kept" || string(f.content(tree["last"])) != "also kept" {
		t.Errorf("living streams: %v", tree)
	}
	left := map[string]node{}
	for id := uint32(1); id < uint32(len(f.dir)/128); id++ {
		if n := f.node(id); n.kind == 0 && n.name != "" {
			left[n.name] = n
		}
	}
	n := left["small"]
	if n.size != uint64(len(small)) || f.mini[n.start] != freeSector || !bytes.HasPrefix(f.chain(f.node(0).start)[n.start*64:], small) {
		t.Errorf("small: %+v", n)
	}
	n = left["large"]
	if n.size != uint64(len(large)) || f.fat[n.start] != freeSector || !bytes.HasPrefix(f.b[(n.start+1)*512:], large) {
		t.Errorf("large: %+v", n)
	}
}

// TestEmpty is a file without streams: a root, and nothing else.
func TestEmpty(t *testing.T) {
	f := read(t, compound.Build())
	if root := f.node(0); root.kind != 5 || root.name != "Root Entry" || root.child != freeSector || root.start != endOfChain {
		t.Errorf("root %+v", root)
	}
}

// TestWideName has a name beyond the basic plane.
func TestWideName(t *testing.T) {
	const name = "鳥🐦"
	f := read(t, compound.Build(compound.Stream{Name: name, Data: []byte("a")}))
	if _, ok := f.tree()[name]; !ok {
		t.Errorf("tree %v", f.tree())
	}
}

func ExampleBuild() {
	b := compound.Build(compound.Stream{Name: "DestList", Data: []byte("x")})
	fmt.Printf("% X\n", b[:8])
	// Output: D0 CF 11 E0 A1 B1 1A E1
}
