package regf

import (
	"bytes"
)

// File types of the base block.
const (
	typePrimary = 0
	typeOldLog  = 1
	typeNTLog   = 2
	typeNewLog  = 6
)

// Entry of a new log, regf "New log".
const (
	entrySize   = 4
	entryFlags  = 8
	entryNumber = 12
	entryBins   = 16
	entryCount  = 20
	entryHash1  = 24
	entryHash2  = 32
	entryPages  = 40
)

const sector = 512

// A Page is a run of changed bytes of the bins.
type Page struct {
	Offset uint32 // relative to the first bin
	Data   []byte
}

// An Entry is one change of a hive, as one entry of a log keeps it.
type Entry struct {
	Number   uint32
	Flags    uint32 // bit 0: transactions pending
	BinsSize uint32 // of the hive, after the change
	Pages    []Page
}

// Bins returns the bins of a primary file.
func Bins(image []byte) []byte { return image[page : page+int(le.Uint32(image[bbBins:]))] }

// Diff returns the pages that lead from one image to the next, neighbours joined. An entry without any page is
// not valid, so that equal images give their first page.
func Diff(before, after []byte) Entry {
	a, b := Bins(before), Bins(after)
	e := Entry{BinsSize: uint32(len(b))}
	for at := 0; at < len(b); at += page {
		if at+page <= len(a) && bytes.Equal(a[at:at+page], b[at:at+page]) {
			continue
		}
		if n := len(e.Pages); n > 0 && int(e.Pages[n-1].Offset)+len(e.Pages[n-1].Data) == at {
			e.Pages[n-1].Data = b[e.Pages[n-1].Offset : at+page]
			continue
		}
		e.Pages = append(e.Pages, Page{uint32(at), b[at : at+page]})
	}
	if len(e.Pages) == 0 {
		e.Pages = []Page{{0, b[:page]}}
	}
	return e
}

// Apply writes the pages of an entry over bins, which grow or shrink to the size that the entry names.
func (e Entry) Apply(bins []byte) []byte {
	out := make([]byte, e.BinsSize)
	copy(out, bins)
	for _, p := range e.Pages {
		copy(out[p.Offset:], p.Data)
	}
	return out
}

// NewLog returns a log of the format since Windows 8.1. It begins with the base block of an image, which gets the
// number and the size of bins of the first entry, as seen in real logs.
func NewLog(image []byte, entries ...Entry) []byte {
	log := logBase(image, typeNewLog, entries[0].Number)
	le.PutUint32(log[bbBins:], entries[0].BinsSize)
	Checksum(log)
	for _, e := range entries {
		log = AppendEntry(log, e)
	}
	return log
}

func logBase(image []byte, typ, number uint32) []byte {
	b := bytes.Clone(image[:sector])
	le.PutUint32(b[bbType:], typ)
	le.PutUint32(b[bbPrimary:], number)
	le.PutUint32(b[bbSecondary:], number)
	Checksum(b)
	return b
}

// AppendEntry appends an entry to a new log, padded so that it ends at a page of the log, as all real ones do.
func AppendEntry(log []byte, e Entry) []byte {
	size := entryPages + 8*len(e.Pages)
	for _, p := range e.Pages {
		size += len(p.Data)
	}
	size = (len(log)+size+page-1)&^(page-1) - len(log)
	b := make([]byte, entryPages, size)
	copy(b, "HvLE")
	le.PutUint32(b[entrySize:], uint32(size))
	le.PutUint32(b[entryFlags:], e.Flags)
	le.PutUint32(b[entryNumber:], e.Number)
	le.PutUint32(b[entryBins:], e.BinsSize)
	le.PutUint32(b[entryCount:], uint32(len(e.Pages)))
	for _, p := range e.Pages {
		b = le.AppendUint32(b, p.Offset)
		b = le.AppendUint32(b, uint32(len(p.Data)))
	}
	for _, p := range e.Pages {
		b = append(b, p.Data...)
	}
	return append(log, Seal(b[:size])...)
}

// Seal writes both hashes of an entry, to make one that was changed valid again. It returns the entry.
func Seal(entry []byte) []byte {
	le.PutUint64(entry[entryHash1:], Marvin32(logSeed, entry[entryPages:]))
	le.PutUint64(entry[entryHash2:], Marvin32(logSeed, entry[:entryHash2]))
	return entry
}

// OldLog returns a log of the format before Windows 8.1: a bitmap of 512-byte blocks, and the blocks of the later
// image whose bits are set. Since Windows XP whole pages are set.
func OldLog(before, after []byte, number uint32) []byte {
	return oldLog(before, after, number, typeOldLog, page)
}

func oldLog(before, after []byte, number, typ uint32, unit int) []byte {
	a, b := Bins(before), Bins(after)
	bitmap := make([]byte, len(b)/sector/8)
	var blocks []byte
	for at := 0; at < len(b); at += unit {
		if at+unit <= len(a) && bytes.Equal(a[at:at+unit], b[at:at+unit]) {
			continue
		}
		for i := at / sector; i < (at+unit)/sector; i++ {
			bitmap[i/8] |= 1 << (i % 8)
		}
		blocks = append(blocks, b[at:at+unit]...)
	}
	log := logBase(after, typ, number)
	log = append(log, "DIRT"...)
	log = append(log, bitmap...)
	log = append(log, make([]byte, -len(log)&(sector-1))...)
	return append(log, blocks...)
}

// Numbered returns the entry with another number.
func (e Entry) Numbered(n uint32) Entry {
	e.Number = n
	return e
}
