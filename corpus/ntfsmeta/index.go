package ntfsmeta

// indexBlock is the size of an index block, and of a page of $LogFile.
const indexBlock = 4096

// Index returns the index of a folder as a collector stores it ($I30): one block
// with the names that are there, in the order of their entries, and in its slack
// those of files that were deleted.
func (v *Volume) Index(dir Ref) []byte {
	const header, first = 24, 64
	b := make([]byte, indexBlock)
	copy(b, "INDX")
	le.PutUint16(b[4:], 40)
	le.PutUint16(b[6:], indexBlock/512+1)
	le.PutUint64(b[8:], v.lsn)
	at := first
	add := func(e int, n *node, x name) {
		key := x.value(n)
		size := (16 + len(key) + 7) &^ 7
		le.PutUint64(b[at:], uint64(e)|uint64(n.seq)<<48)
		le.PutUint16(b[at+8:], uint16(size))
		le.PutUint16(b[at+10:], uint16(len(key)))
		copy(b[at+16:], key)
		at += size
	}
	each := func(used bool) {
		for e, n := range v.nodes {
			if n == nil || n.used != used || n.system {
				continue
			}
			for _, x := range n.names {
				if x.parent == dir {
					add(e, n, x)
				}
			}
		}
	}
	each(true)
	le.PutUint16(b[at+8:], 16)
	le.PutUint32(b[at+12:], 2) // the last one
	at += 16
	le.PutUint32(b[header:], first-header)
	le.PutUint32(b[header+4:], uint32(at-header))
	le.PutUint32(b[header+8:], indexBlock-header)
	each(false)
	protect(b, 1)
	return b
}

// LogFile returns a $LogFile of a volume in use: its two restart pages, and no
// log records.
func (v *Volume) LogFile() []byte {
	const area, client = 48, 64
	page := make([]byte, indexBlock)
	copy(page, "RSTR")
	le.PutUint16(page[4:], 30)
	le.PutUint16(page[6:], indexBlock/512+1)
	le.PutUint32(page[16:], indexBlock)
	le.PutUint32(page[20:], indexBlock)
	le.PutUint16(page[24:], area)
	le.PutUint16(page[28:], 2) // version 2.0
	a := page[area:]
	le.PutUint64(a, v.lsn)
	le.PutUint16(a[8:], 1)
	le.PutUint16(a[10:], 0xFFFF)
	le.PutUint32(a[16:], 41)
	le.PutUint16(a[20:], client+96)
	le.PutUint16(a[22:], client)
	le.PutUint64(a[24:], 2*indexBlock)
	le.PutUint16(a[36:], 48)
	le.PutUint16(a[38:], 72)
	c := a[client:]
	le.PutUint64(c, 1<<20)
	le.PutUint64(c[8:], v.lsn)
	le.PutUint32(c[16:], 0xFFFFFFFF)
	le.PutUint32(c[28:], 8)
	copy(c[32:], utf16le("NTFS"))
	protect(page, 1)
	return append(page, page...)
}
