package ntfs

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// The volumes of these tests are written here, byte by byte after the same documents, by code that shares nothing with the reader but
// the byte order. What real writers make is tested in package image, with their tools.

// A builder writes a volume of 512-byte sectors, clusters of 4 KiB, and file records of 1 KiB.
type builder struct {
	img     []byte
	next    int64 // the next free cluster
	records map[uint64][]byte
	mftAt   int64
	entries uint64
}

const (
	bCluster = 4096
	bRecord  = 1024
	bTime    = 0x01D7_1234_5678_9ABC
)

// newBuilder makes a volume of clusters clusters whose MFT has room for entries records.
func newBuilder(clusters int, entries uint64) *builder {
	b := &builder{img: make([]byte, clusters*bCluster), records: map[uint64][]byte{}, entries: entries, mftAt: 4}
	b.next = b.mftAt + int64(entries*bRecord+bCluster-1)/bCluster
	boot := b.img
	copy(boot[3:], "NTFS    ")
	le.PutUint16(boot[11:], 512)
	boot[13] = 8
	le.PutUint64(boot[40:], uint64(len(b.img)/512))
	le.PutUint64(boot[48:], uint64(b.mftAt))
	le.PutUint64(boot[56:], 2) // the copy of the first record
	record := -10              // 2^10 bytes
	boot[64] = byte(record)
	boot[68] = 1
	le.PutUint64(boot[72:], 0xFEEDFACE12345678)
	le.PutUint16(boot[510:], 0xAA55)
	upcase := make([]byte, 2<<16)
	for i := range 1 << 16 {
		c := uint16(i)
		if 'a' <= c && c <= 'z' || 0xE0 <= c && c <= 0xFE && c != 0xF7 {
			c -= 0x20
		}
		le.PutUint16(upcase[2*i:], c)
	}
	mft := b.nonResident(typeData, "", runsOf(run{0, b.mftAt, b.next - b.mftAt}), uint64(entries*bRecord), 0)
	b.file(entryMFT, 5, "$MFT", 0, mft)
	b.file(entryVolume, 5, "$Volume", 0, resident(typeVolumeName, "", utf16le("TEST")), resident(typeVolumeInfo, "", []byte{0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 0, 0}))
	b.file(entryUpCase, 5, "$UpCase", 0, b.data(upcase))
	return b
}

func utf16le(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = le.AppendUint16(out, u)
	}
	return out
}

// resident is an attribute whose value stands in the record.
func resident(typ uint32, name string, value []byte) []byte {
	n := utf16le(name)
	off := 24 + (len(n)+7)/8*8
	a := make([]byte, (off+len(value)+7)/8*8)
	le.PutUint32(a, typ)
	le.PutUint32(a[4:], uint32(len(a)))
	a[9] = byte(len(n) / 2)
	le.PutUint16(a[10:], 24)
	le.PutUint32(a[16:], uint32(len(value)))
	le.PutUint16(a[20:], uint16(off))
	copy(a[24:], n)
	copy(a[off:], value)
	return a
}

// nonResident is an attribute that mapping pairs describe; first is the cluster of the stream where this piece begins.
func (b *builder) nonResident(typ uint32, name string, pairs []byte, size, first uint64) []byte {
	n := utf16le(name)
	off := 64 + (len(n)+7)/8*8
	a := make([]byte, (off+len(pairs)+7)/8*8)
	le.PutUint32(a, typ)
	le.PutUint32(a[4:], uint32(len(a)))
	a[8], a[9] = 1, byte(len(n)/2)
	le.PutUint16(a[10:], 64)
	le.PutUint64(a[16:], first)
	le.PutUint16(a[32:], uint16(off))
	if first == 0 {
		le.PutUint64(a[48:], size)
		le.PutUint64(a[56:], size)
	}
	copy(a[64:], n)
	copy(a[off:], pairs)
	return a
}

// runsOf writes mapping pairs with numbers of eight bytes.
func runsOf(runs ...run) []byte {
	var out []byte
	var last int64
	for _, r := range runs {
		if r.lcn < 0 {
			out = le.AppendUint64(append(out, 0x08), uint64(r.n))
			continue
		}
		out = le.AppendUint64(append(out, 0x88), uint64(r.n))
		out = le.AppendUint64(out, uint64(r.lcn-last))
		last = r.lcn
	}
	return append(out, 0)
}

// put stores bytes in new clusters.
func (b *builder) put(data []byte) run {
	r := run{0, b.next, int64(len(data)+bCluster-1) / bCluster}
	copy(b.img[r.lcn*bCluster:], data)
	b.next += r.n
	return r
}

// data is a $DATA attribute, in clusters of its own.
func (b *builder) data(data []byte) []byte {
	return b.nonResident(typeData, "", runsOf(b.put(data)), uint64(len(data)), 0)
}

func fileName(parent uint64, name string, flags uint32, namespace byte) []byte {
	n := utf16le(name)
	v := make([]byte, 66+len(n))
	le.PutUint64(v, parent|1<<48)
	for i := range 4 {
		le.PutUint64(v[8+8*i:], bTime+uint64(i))
	}
	le.PutUint32(v[56:], flags)
	if flags&fnIsReparse != 0 {
		le.PutUint32(v[60:], tagMountPoint)
	}
	v[64], v[65] = byte(len(n)/2), namespace
	copy(v[66:], n)
	return v
}

// file writes a record with $STANDARD_INFORMATION, $FILE_NAME and the attributes that are given.
func (b *builder) file(entry, parent uint64, name string, flags uint32, attrs ...[]byte) {
	si := make([]byte, 72)
	for i := range 4 {
		le.PutUint64(si[8*i:], bTime+100+uint64(i))
	}
	le.PutUint32(si[32:], 0x20)
	all := append([][]byte{resident(typeStandardInfo, "", si), resident(typeFileName, "", fileName(parent, name, flags, 3))}, attrs...)
	recFlags := uint16(flagInUse)
	if flags&fnIsDir != 0 {
		recFlags |= flagDir
	}
	b.record(entry, recFlags, 0, all...)
}

// record writes a file record.
func (b *builder) record(entry uint64, flags uint16, base uint64, attrs ...[]byte) {
	r := make([]byte, bRecord)
	copy(r, "FILE")
	le.PutUint16(r[4:], 48)
	le.PutUint16(r[6:], 3)
	le.PutUint16(r[16:], 1)
	le.PutUint16(r[20:], 56)
	le.PutUint16(r[22:], flags)
	le.PutUint64(r[32:], base)
	body := slices.Concat(attrs...)
	if 56+len(body)+8 > bRecord {
		panic(fmt.Sprintf("entry %d: %d bytes of attributes", entry, len(body)))
	}
	copy(r[56:], body)
	le.PutUint32(r[56+len(body):], typeEnd)
	le.PutUint32(r[24:], uint32(56+len(body)+8))
	b.records[entry] = r
}

// An ent is a name in a directory.
type ent struct {
	entry uint64
	name  string
	flags uint32
	space byte
}

func indexEntry(dir uint64, e ent, child int64) []byte {
	key := fileName(dir, e.name, e.flags, e.space)
	v := make([]byte, 16+(len(key)+7)/8*8)
	le.PutUint64(v, e.entry|1<<48)
	le.PutUint16(v[10:], uint16(len(key)))
	copy(v[16:], key)
	return closeEntry(v, 0, child)
}

func closeEntry(v []byte, flags uint16, child int64) []byte {
	if child >= 0 {
		flags |= entryHasChild
		v = le.AppendUint64(v, uint64(child))
	}
	le.PutUint16(v[8:], uint16(len(v)))
	le.PutUint16(v[12:], flags)
	return v
}

// node writes a node header and entries; child is the one below the last entry.
func nodeOf(entries [][]byte, child int64, gap int) []byte {
	body := slices.Concat(entries...)
	body = append(body, closeEntry(make([]byte, 16), entryIsLast, child)...)
	v := make([]byte, 16+gap)
	le.PutUint32(v, uint32(16+gap))
	le.PutUint32(v[4:], uint32(16+gap+len(body)))
	return append(v, body...)
}

func indexRoot(node []byte) []byte {
	v := make([]byte, 16)
	le.PutUint32(v, typeFileName)
	le.PutUint32(v[4:], 1)
	le.PutUint32(v[8:], 4096)
	v[12] = 1
	return resident(typeIndexRoot, "$I30", append(v, node...))
}

// block writes an index block of 4 KiB.
func block(vcn int64, node []byte) []byte {
	v := make([]byte, 4096)
	copy(v, "INDX")
	le.PutUint16(v[4:], 40)
	le.PutUint16(v[6:], 9)
	le.PutUint64(v[16:], uint64(vcn))
	copy(v[24:], node)
	protect(v, 40, 9)
	return v
}

// protect does what fixup undoes.
func protect(v []byte, off, n int) {
	le.PutUint16(v[off:], 0x0BAD)
	for i := 1; i < n; i++ {
		copy(v[off+2*i:], v[512*i-2:512*i])
		le.PutUint16(v[512*i-2:], 0x0BAD)
	}
}

// dir writes a directory whose names fit into its record, or else into a tree of two levels. ents must be in order.
func (b *builder) dir(entry, parent uint64, name string, ents ...ent) {
	slices.SortFunc(ents, func(a, b ent) int { return strings.Compare(strings.ToUpper(a.name), strings.ToUpper(b.name)) })
	var all [][]byte
	size := 0
	for _, e := range ents {
		v := indexEntry(entry, e, -1)
		all = append(all, v)
		size += len(v)
	}
	if size < 500 {
		b.file(entry, parent, name, fnIsDir, indexRoot(nodeOf(all, -1, 0)))
		return
	}
	var blocks []byte
	var top [][]byte
	vcn := int64(0)
	for i := 0; i < len(all); {
		var leaf [][]byte
		n := 0
		for ; i < len(all) && n+len(all[i]) < 3800; i++ {
			leaf = append(leaf, all[i])
			n += len(all[i])
		}
		blocks = append(blocks, block(vcn, nodeOf(leaf, -1, 24))...)
		if i < len(all) {
			top = append(top, indexEntry(entry, ents[i], vcn))
			i++
		} else {
			top = append(top, nil) // the last child hangs on the last entry
		}
		vcn++
	}
	last := vcn - 1
	if top[len(top)-1] != nil {
		blocks = append(blocks, block(vcn, nodeOf(nil, -1, 24))...)
		last = vcn
		vcn++
	} else {
		top = top[:len(top)-1]
	}
	bitmap := make([]byte, (vcn+63)/64*8)
	for i := range vcn {
		bitmap[i/8] |= 1 << (i % 8)
	}
	root := indexRoot(nodeOf(top, last, 0))
	if len(root) > 500 { // a level more: the entries of the top go into a block of their own
		blocks = append(blocks, block(vcn, nodeOf(top, last, 24))...)
		bitmap[vcn/8] |= 1 << (vcn % 8)
		root = indexRoot(nodeOf(nil, vcn, 0))
	}
	b.file(entry, parent, name, fnIsDir, root,
		b.nonResident(typeIndexAlloc, "$I30", runsOf(b.put(blocks)), uint64(len(blocks)), 0), resident(typeBitmap, "$I30", bitmap))
}

// bytes finishes the volume.
func (b *builder) bytes() []byte {
	for entry, r := range b.records {
		r = slices.Clone(r)
		protect(r, 48, 3)
		copy(b.img[b.mftAt*bCluster+int64(entry)*bRecord:], r)
	}
	copy(b.img[2*bCluster:], b.img[b.mftAt*bCluster:][:bRecord])
	copy(b.img[len(b.img)-512:], b.img[:512])
	return b.img
}

// names makes n names in the order of an index.
func names(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("FILE%06d.%s", i, strings.Repeat("x", i%7))
	}
	return out
}
