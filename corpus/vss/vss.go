// Package vss writes volume shadow copies: given a volume as it is now and as it was at some
// earlier times, it lays a catalog and a store for each
// of those times over it, as Windows keeps them. It takes any bytes for a volume; what file system is in it plays no part.
//
// It follows the document "Volume Shadow Snapshot (VSS) format" of libvshadow, and uses what that
// knows: saved blocks, forwarders, also such as were
// taken up by a later descriptor, overlays in two pieces, descriptors that are not used, both
// bitmaps, and a catalog in which nothing lies in order.
package vss

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf16"
)

var le = binary.LittleEndian

const block = 16 << 10

// A Spec says what to write.
type Spec struct {
	Now    []byte
	Stores []Store // the oldest first
	Area   []int64 // places of 16 KiB in Now, in use by nobody else at any of the times, into which catalog and stores go

	// Scatter lays the two catalog entries of each shadow copy far from each other, as the document
	// says they may, with others between them, and the
	// newest copy first. libvshadow itself finds only those that follow each other.
	Scatter bool
}

// A Store is an earlier state.
type Store struct {
	Volume  []byte // as large as Now
	Created time.Time
	ID      [16]byte
	Machine string

	Forward  bool // a block that is found elsewhere in the next state is not saved, but a forwarder leads there
	Overlay  bool // a block that differs in some sectors is laid over the rest
	Previous bool // it has the bitmap of the store before
	Scraps   bool // descriptors that say nothing, or nothing true, and are marked so
}

// A Layout reports where the pieces lie, so that a test can break them.
type Layout struct {
	Catalog []int64
	Stores  []Pieces // in the order of the Spec
}

// Pieces are the places of a store's blocks of each type, and what its descriptors are.
type Pieces struct {
	Header, List, Ranges, Bitmap, Previous []int64

	Saved, Forwarded, TakenUp, Overlaid int
}

const areaMark = "artifactdump corpus: room for shadow copies, block "

// AreaFile is the content of a file that Area finds again: write it into an empty volume, before the states part ways.
func AreaFile(blocks int) []byte {
	b := make([]byte, blocks*block)
	for i := range blocks {
		copy(b[i*block:], fmt.Sprintf("%s%08d of %08d\n", areaMark, i, blocks))
	}
	return b
}

// Area finds the blocks that AreaFile has put on a volume, wherever the file system laid them. Only those count whose 16 KiB lie together.
func Area(volume []byte) []int64 {
	var at []int64
	for off := 0; off+block <= len(volume); off += 512 {
		if bytes.HasPrefix(volume[off:], []byte(areaMark)) && len(bytes.Trim(volume[off+len(areaMark)+21:off+block], "\x00")) == 0 {
			at = append(at, int64(off))
		}
	}
	return at
}

type writer struct {
	img  []byte
	area []int64
	used map[int64]bool // blocks of the volume that the area touches
}

var errRoom = errors.New("corpus/vss: the area is too small")

// take reserves n places.
func (w *writer) take(n int) ([]int64, error) {
	if n > len(w.area) {
		return nil, errRoom
	}
	at := w.area[:n:n]
	w.area = w.area[n:]
	return at, nil
}

// Build returns the volume with its shadow copies. Of an earlier state the blocks of the area are not kept: nobody used them.
func (s *Spec) Build() ([]byte, Layout, error) {
	w := &writer{img: bytes.Clone(s.Now), area: slices.Clone(s.Area), used: map[int64]bool{}}
	lay := Layout{Stores: make([]Pieces, len(s.Stores))}
	for _, at := range s.Area {
		w.used[at/block], w.used[(at+block-1)/block] = true, true
	}
	var err error
	if lay.Catalog, err = w.take(2); err != nil {
		return nil, lay, err
	}
	h := w.img[0x1E00:][:512]
	clear(h)
	head(h, 1, 0x1E00, 0, 0)
	le.PutUint64(h[32:], 0x1E00)
	le.PutUint64(h[48:], uint64(lay.Catalog[0]))
	for i, at := range lay.Catalog {
		next := int64(0)
		if i+1 < len(lay.Catalog) {
			next = lay.Catalog[i+1]
		}
		b := w.img[at:][:block]
		clear(b)
		head(b, 2, at, int64(i)*block, next)
	}
	// below is what the stores laid so far make of the volume, for the next older one.
	below := bytes.Clone(s.Now)
	for i := len(s.Stores) - 1; i >= 0; i-- {
		st := &s.Stores[i]
		if len(st.Volume) != len(s.Now) {
			return nil, lay, errors.New("corpus/vss: the states differ in size")
		}
		if err := w.store(st, &lay.Stores[i], below, i == len(s.Stores)-1); err != nil {
			return nil, lay, err
		}
		n := len(s.Stores) - 1 - i
		if 2*n+1 >= 125-2*n { // the third entry would fall on another's
			return nil, lay, errors.New("corpus/vss: the catalog is too small")
		}
		two, unused, three := w.entry(lay.Catalog, 2*n), w.entry(lay.Catalog, 2*n+1), w.entry(lay.Catalog, 125-2*n)
		if !s.Scatter {
			three, unused = unused, three
		}
		le.PutUint64(two, 2)
		le.PutUint64(two[8:], uint64(len(s.Now)))
		copy(two[16:], st.ID[:])
		le.PutUint64(two[32:], uint64(i+1))
		le.PutUint64(two[40:], 0x440)
		le.PutUint64(two[48:], filetime(st.Created))
		le.PutUint64(unused, 1)
		p := &lay.Stores[i]
		le.PutUint64(three, 3)
		le.PutUint64(three[8:], uint64(p.List[0]))
		copy(three[16:], st.ID[:])
		le.PutUint64(three[32:], uint64(p.Header[0]))
		le.PutUint64(three[40:], uint64(p.Ranges[0]))
		le.PutUint64(three[48:], uint64(p.Bitmap[0]))
		if len(p.Previous) > 0 {
			le.PutUint64(three[72:], uint64(p.Previous[0]))
		}
	}
	return w.img, lay, nil
}

// entry is the n-th entry of the catalog.
func (w *writer) entry(catalog []int64, n int) []byte {
	return w.img[catalog[n/63]+128+int64(n%63)*128:][:128]
}

// head writes the first fields of a block.
func head(b []byte, typ uint32, at, relative, next int64) {
	copy(b, "\x6B\x87\x08\x38\x76\xC1\x48\x4E\xB7\xAE\x04\x04\x6E\x6C\xC7\x52")
	le.PutUint32(b[16:], 1)
	le.PutUint32(b[20:], typ)
	if typ == 1 {
		le.PutUint64(b[24:], uint64(at))
		return
	}
	le.PutUint64(b[24:], uint64(relative))
	le.PutUint64(b[32:], uint64(at))
	le.PutUint64(b[40:], uint64(next))
}

// A desc is a block descriptor.
type desc struct {
	original, relative, offset int64
	flags, bits                uint32
}

// store lays one store, and turns below into what older ones see through it.
func (w *writer) store(s *Store, p *Pieces, below []byte, newest bool) error {
	list, err := w.describe(s, p, below)
	if err != nil {
		return err
	}
	lay := func(typ uint32, size int, of [][]byte) ([]int64, error) {
		per := (block - 128) / size
		places, err := w.take(max(1, (len(of)+per-1)/per))
		for i, at := range places {
			next := int64(0)
			if i+1 < len(places) {
				next = places[i+1]
			}
			b := w.img[at:][:block]
			clear(b)
			head(b, typ, at, int64(i+1)*block, next)
			for j := range min(per, len(of)-i*per) {
				copy(b[128+j*size:][:size], of[i*per+j])
			}
		}
		return places, err
	}
	var descs [][]byte
	for _, d := range list {
		b := make([]byte, 32)
		le.PutUint64(b, uint64(d.original))
		le.PutUint64(b[8:], uint64(d.relative))
		le.PutUint64(b[16:], uint64(d.offset))
		le.PutUint32(b[24:], d.flags)
		le.PutUint32(b[28:], d.bits)
		descs = append(descs, b)
	}
	if p.List, err = lay(3, 32, descs); err != nil {
		return err
	}
	info := make([]byte, 64)
	copy(info[16:], s.ID[:])
	info[16] ^= 0xFF // the shadow copy has a name of its own, and so has the set
	copy(info[32:], s.ID[:])
	info[32] ^= 0x55
	le.PutUint32(info[48:], 0xD)
	le.PutUint32(info[56:], 0x1D)
	for range 2 { // operating machine, service machine
		u := utf16.Encode([]rune(s.Machine))
		info = le.AppendUint16(info, uint16(2*len(u)))
		for _, c := range u {
			info = le.AppendUint16(info, c)
		}
	}
	if p.Header, err = lay(4, block-128, [][]byte{info}); err != nil {
		return err
	}
	le.PutUint64(w.img[p.Header[0]+48:], uint64(len(info)))
	r := make([]byte, 24)
	le.PutUint64(r, uint64(p.Header[0]))
	le.PutUint64(r[16:], block)
	if p.Ranges, err = lay(5, 24, [][]byte{r}); err != nil {
		return err
	}
	// Nothing is known to have been unused but the area, in whole blocks.
	bits := make([]byte, (len(below)/block+7)/8)
	for b := range w.used {
		if int(b/8) < len(bits) {
			bits[b/8] |= 1 << (b % 8)
		}
	}
	if p.Bitmap, err = lay(6, 1, split(bits)); err != nil {
		return err
	}
	if s.Previous {
		if p.Previous, err = lay(6, 1, split(bits)); err != nil {
			return err
		}
	}
	return nil
}

func split(b []byte) [][]byte {
	out := make([][]byte, len(b))
	for i := range b {
		out[i] = b[i : i+1]
	}
	return out
}

// contents tells where each content lies in the state below, for forwarders.
func (w *writer) contents(s *Store, below []byte) map[[block]byte]int64 {
	where := map[[block]byte]int64{}
	if !s.Forward {
		return where
	}
	for b := int64(1); b < int64(len(below)/block); b++ { // block 0 has got the header
		c := [block]byte(below[b*block:])
		if _, ok := where[c]; !ok && !w.used[b] && c != ([block]byte{}) {
			where[c] = b
		}
	}
	return where
}

// sectors returns a bit for each sector of a block that differs, and their number.
func sectors(then, now []byte) (differ uint32, n int) {
	for i := 0; i < len(now); i += 512 {
		if !bytes.Equal(then[i:min(len(then), i+512)], now[i:min(len(now), i+512)]) {
			differ |= 1 << (i / 512)
			n++
		}
	}
	return differ, n
}

// describe makes the descriptors of a store, saves what has to be saved, and brings below to the state that older stores build on.
func (w *writer) describe(s *Store, p *Pieces, below []byte) ([]desc, error) {
	where := w.contents(s, below)
	save := func(data []byte) (int64, error) {
		at, err := w.take(1)
		if err != nil {
			return 0, err
		}
		copy(w.img[at[0]:][:block], data)
		return at[0], nil
	}
	older := bytes.Clone(below)
	var list, forwards, overlays []desc
	scrap := func(b int64) {
		if s.Scraps && b%3 == 0 {
			list = append(list, desc{original: b * block, offset: 0, flags: 4}, desc{}, desc{original: 1 << 60, flags: 4 | 2})
		}
	}
	lands := map[int64]bool{} // blocks to which a forwarder leads
	for b := int64(0); b*block < int64(len(below)); b++ {
		then, now := s.Volume[b*block:min(int64(len(below)), (b+1)*block)], below[b*block:min(int64(len(below)), (b+1)*block)]
		if w.used[b] || bytes.Equal(then, now) {
			continue
		}
		scrap(b)
		differ, n := sectors(then, now)
		if s.Overlay && n < 16 && b%2 == 0 {
			at, err := save(then)
			if err != nil {
				return nil, err
			}
			p.Overlaid++
			if b%4 == 0 { // over a copy of the rest, which is what older ones see
				under, err := save(now)
				if err != nil {
					return nil, err
				}
				list = append(list, desc{original: b * block, relative: under, offset: under})
			}
			low := differ & (differ - 1) // all but the lowest
			overlays = append(overlays, desc{original: b * block, offset: at, flags: 2, bits: differ &^ low})
			if low != 0 {
				overlays = append(overlays, desc{original: b * block, relative: 1, offset: at, flags: 2, bits: low})
			}
			continue // older ones do not see it
		}
		copy(older[b*block:], then)
		if len(then) == block {
			if to, ok := where[[block]byte(then)]; ok && to != b && !lands[to] {
				lands[to] = true
				p.Forwarded++
				forwards = append(forwards, desc{original: b * block, relative: to * block, flags: 1})
				continue
			}
		}
		at, err := save(then)
		if err != nil {
			return nil, err
		}
		p.Saved++
		list = append(list, desc{original: b * block, relative: at, offset: at})
	}
	list = append(list, overlays...)
	list, err := w.forwarders(p, list, forwards, below)
	copy(below, older)
	return list, err
}

// forwarders appends the forwarders in an order that keeps their sense: a descriptor of the block
// to which one leads must stand before it, for behind
// it that descriptor would be about the data that have moved there. Where that cannot be, the data
// are saved. Every third is taken up: its data were
// saved after all, by a descriptor that names the block to which they had moved.
func (w *writer) forwarders(p *Pieces, list, forwards []desc, below []byte) ([]desc, error) {
	for i := 0; len(forwards) > 0; i++ {
		pick := slices.IndexFunc(forwards, func(d desc) bool {
			return !slices.ContainsFunc(forwards, func(o desc) bool { return o.original == d.relative })
		})
		d := forwards[max(pick, 0)]
		forwards = slices.Delete(forwards, max(pick, 0), max(pick, 0)+1)
		if pick >= 0 && i%3 != 2 {
			list = append(list, d)
			continue
		}
		at, err := w.take(1)
		if err != nil {
			return nil, err
		}
		copy(w.img[at[0]:][:block], below[d.relative:][:block])
		p.Forwarded--
		if pick < 0 { // a circle
			p.Saved++
			// Behind a forwarder that leads here it would be taken for that one's: it goes in front.
			list = slices.Insert(list, 0, desc{original: d.original, relative: at[0], offset: at[0]})
			continue
		}
		p.TakenUp++
		list = append(list, d, desc{original: d.relative, relative: at[0], offset: at[0]})
	}
	return list, nil
}

func filetime(t time.Time) uint64 {
	return uint64(t.Unix()+11644473600)*1e7 + uint64(t.Nanosecond()/100)
}
