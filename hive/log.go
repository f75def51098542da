package hive

import "fmt"

// New-format log entry; regf section 12. Offsets from the start of the entry.
const (
	entrySize  = 4  // u32, multiple of 512
	entryFlags = 8  // u32, bit 0 goes to the base block
	entrySeq   = 12 // u32
	entryBins  = 16 // u32 size of the bins after this entry
	entryPages = 20 // u32 count
	entryHash1 = 24 // u64, of everything from 40 on
	entryHash2 = 32 // u64, of the first 32 bytes
	entryRefs  = 40 // per page: u32 offset from the first bin, u32 length

	sectorSize = 512 // logs are made of these, whatever the disk's
)

// A logEntry is one checked entry of a new-format log.
type logEntry struct {
	at    int // in the log
	size  int
	seq   uint32
	flags uint32
	bins  uint32
	pages []logPage
}

// A logPage is a run of bytes in a log that belongs into the bins.
type logPage struct {
	off, length int // in the bins
	at          int // in the log
}

// parseEntry checks the entry at a position of a log: signature, sizes, both hashes, and that each page lies
// within the bins and within the entry. The problem says what is wrong.
func parseEntry(log []byte, at int) (e logEntry, problem string) {
	b := log[at:]
	if len(b) < entryRefs || string(b[:4]) != "HvLE" {
		return e, "no HvLE signature"
	}
	size := le.Uint32(b[entrySize:])
	if size < entryRefs || size%sectorSize != 0 {
		return e, fmt.Sprintf("entry size 0x%X", size)
	}
	if uint64(size) > uint64(len(b)) {
		return e, fmt.Sprintf("entry of %d bytes, the log has %d left", size, len(b))
	}
	b = b[:size]
	e = logEntry{at: at, size: int(size), seq: le.Uint32(b[entrySeq:]), flags: le.Uint32(b[entryFlags:]), bins: le.Uint32(b[entryBins:])}
	if got := marvin32(logSeed, b[:entryHash2]); got != le.Uint64(b[entryHash2:]) {
		return e, "the hash of the entry's head is wrong"
	}
	if got := marvin32(logSeed, b[entryRefs:]); got != le.Uint64(b[entryHash1:]) {
		return e, "the hash of the entry's pages is wrong"
	}
	n := le.Uint32(b[entryPages:])
	if n == 0 || n > (size-entryRefs)/8 {
		return e, fmt.Sprintf("%d pages in an entry of %d bytes", n, size)
	}
	if e.bins%pageSize != 0 || e.bins == 0 || e.bins > maxImage {
		return e, fmt.Sprintf("size of the bins 0x%X", e.bins)
	}
	pos := entryRefs + 8*int(n)
	e.pages = make([]logPage, 0, n)
	for i := range int(n) {
		off, length := le.Uint32(b[entryRefs+8*i:]), le.Uint32(b[entryRefs+8*i+4:])
		switch {
		case off%sectorSize != 0 || length%sectorSize != 0 || length == 0:
			return e, fmt.Sprintf("page of 0x%X bytes at offset 0x%X", length, off)
		case uint64(off)+uint64(length) > uint64(e.bins):
			return e, fmt.Sprintf("page at offset 0x%X runs past the bins", off)
		case uint64(length) > uint64(len(b)-pos):
			return e, "a page runs past the entry"
		}
		e.pages = append(e.pages, logPage{int(off), int(length), at + pos})
		pos += int(length)
	}
	return e, ""
}

// Old-format log; regf section 11: the base block's first sector, "DIRT", a bitmap with one bit for each 512
// bytes of the bins, and the sectors whose bits are set.
const (
	dirtSignature = 512
	dirtBitmap    = 516
)

// parseDirt reads the pages of an old log whose base block is sound.
func parseDirt(log []byte, bins uint32) (pages []logPage, problem string) {
	if len(log) < dirtBitmap || string(log[dirtSignature:dirtBitmap]) != "DIRT" {
		return nil, "no DIRT signature"
	}
	if bins%pageSize != 0 || bins == 0 || bins > maxImage {
		return nil, fmt.Sprintf("size of the bins 0x%X", bins)
	}
	n := int(bins) / pageSize // bytes of the bitmap
	if dirtBitmap+n > len(log) {
		return nil, "the bitmap runs past the log"
	}
	at := (dirtBitmap + n + sectorSize - 1) &^ (sectorSize - 1)
	for i, bits := range log[dirtBitmap : dirtBitmap+n] {
		for bit := range 8 {
			if bits>>bit&1 == 0 {
				continue
			}
			off := (i*8 + bit) * sectorSize
			if at+sectorSize > len(log) {
				return nil, fmt.Sprintf("the page for offset 0x%X runs past the log", off)
			}
			if k := len(pages) - 1; k >= 0 && pages[k].off+pages[k].length == off {
				pages[k].length += sectorSize
			} else {
				pages = append(pages, logPage{off, sectorSize, at})
			}
			at += sectorSize
		}
	}
	if len(pages) == 0 {
		return nil, "no page is marked dirty"
	}
	return pages, ""
}

// before orders sequence numbers, which wrap around.
func before(a, b uint32) bool { return a != b && b-a < 1<<31 }
