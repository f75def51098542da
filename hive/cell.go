package hive

import (
	"iter"
	"math/bits"
)

// Hive bin and cell; regf sections 3 and 4.
const (
	binHeader = 32
	binOffset = 4 // u32, own offset from the first bin
	binSize   = 8 // u32, multiple of 4096
	pageSize  = 4096

	noOffset = ^uint32(0)

	quickHead = baseSize + 4 // from the offset of a cell in the quick part to the position of its data
)

// scanBins finds where bins begin. Bins touch each other; behind an invalid header the next page that is a bin's
// first by its own account is taken. Cells in the gap can still be reached by their offset.
func (h *Hive) scanBins(base Header) {
	size := int(min(base.BinsSize, maxImage))
	avail := len(h.data) - baseSize
	trusted := base.ChecksumOK()
	switch {
	case !trusted:
		size = avail &^ (pageSize - 1)
	case base.BinsSize%pageSize != 0:
		h.note(warn(baseBins, "base block", "size of the bins is 0x%X, not a multiple of 4096", base.BinsSize))
	}
	if size > avail {
		h.note(bad(len(h.data), "hive bins", "the file ends here; %d of %d bytes of the bins are missing", size-avail, size))
		size = avail
	}
	h.bins = h.data[baseSize : baseSize+size]
	if h.cellHead == 4 {
		h.quick = uint32(size) &^ (pageSize - 1)
	}
	h.binStart = make([]uint64, (size/pageSize+64)/64)
	for p := 0; p+binHeader <= size; {
		n, problem := h.bin(p)
		if problem == "" {
			h.binStart[p/pageSize/64] |= 1 << (p / pageSize % 64)
			if n == pageSize {
				p += pageSize // said apart, so that the processor need not wait for the size to look at the next bin
			} else {
				p += n
			}
			continue
		}
		// With a bad checksum the size of the bins is not known: what follows the last good bin may be the
		// tail, so that only a gap between bins is damage.
		from := p
		for p += pageSize; p+binHeader <= size; p += pageSize {
			if _, s := h.bin(p); s == "" {
				break
			}
		}
		if p+binHeader <= size {
			h.note(bad(baseSize+from, "hive bin", "%s; the next bin is at %d", problem, baseSize+p))
		} else if trusted {
			h.note(bad(baseSize+from, "hive bin", "%s; no bin follows", problem))
		} else {
			h.bins = h.bins[:from]
			h.quick = min(h.quick, uint32(from))
			if from == 0 {
				h.note(bad(baseSize, "hive bin", "%s; no bin was found", problem))
			}
		}
	}
	h.places = (max(h.quick, binHeader) - binHeader) / 8
}

// bin checks the header at an offset and returns the bin's size, or says what is wrong with it. A bin that the
// end of the file cuts is valid.
func (h *Hive) bin(p int) (size int, problem string) {
	b := h.bins[p:min(p+binHeader, len(h.bins))]
	switch {
	case string(b[:4]) != "hbin":
		return 0, "no hbin signature"
	case le.Uint32(b[binOffset:]) != uint32(p):
		return 0, "its own offset is another"
	}
	n := le.Uint32(b[binSize:])
	if n%pageSize != 0 || n == 0 || uint64(p)+uint64(n) > maxImage {
		return 0, "its size is not a multiple of 4096"
	}
	return int(n), ""
}

// cellAt returns where the data of the cell at an offset begins and ends in the image. A cell that runs past
// its bin or the file is cut there. It says false for an offset that can be no cell's.
func (h *Hive) cellAt(off uint32) (pos, end int, ok bool) {
	o := int(off)
	if off&7 != 0 || off < binHeader || uint64(off)+8 > uint64(len(h.bins)) {
		return 0, 0, false
	}
	size := int64(int32(le.Uint32(h.bins[o:])))
	if size < 0 {
		size = -size
	}
	if size < 8 {
		return 0, 0, false
	}
	if int64(o&(pageSize-1))+size > pageSize || int64(o)+size > int64(len(h.bins)) {
		size = int64(h.cut(o, size))
	}
	return baseSize + o + h.cellHead, baseSize + o + int(size), true
}

// inQuick reports in one comparison whether a cell may begin at an offset in the quick part: behind the first bin's
// header, before its end, and aligned. What is not a multiple of eight becomes a very large number.
func (h *Hive) inQuick(off uint32) bool { return bits.RotateLeft32(off-binHeader, -3) < h.places }

// quickKey returns the record of a key in an allocated cell, or nil where a longer look is needed: at cells that
// are free, cross a page, or are no such record. It is for speed only, as are quickValue and holds; cellAt says the
// same of what they accept. The full slice expressions spare the compiler's care for empty slices.
func (h *Hive) quickKey(off uint32) *keyRecord {
	if !h.inQuick(off) || off%pageSize > pageSize-4-nkName {
		return nil
	}
	o := int(off)
	c := (*[4 + nkName]byte)(h.bins[o : o+4+nkName : o+4+nkName])
	if int32(le.Uint32(c[:])) > -4-nkName || le.Uint16(c[4:]) != 'n'|'k'<<8 {
		return nil
	}
	return (*keyRecord)(c[4:])
}

// quickValue is quickKey for the record of a value.
func (h *Hive) quickValue(off uint32) *valueRecord {
	if !h.inQuick(off) || off%pageSize > pageSize-4-vkName {
		return nil
	}
	o := int(off)
	c := (*[4 + vkName]byte)(h.bins[o : o+4+vkName : o+4+vkName])
	if int32(le.Uint32(c[:])) > -4-vkName || le.Uint16(c[4:]) != 'v'|'k'<<8 {
		return nil
	}
	return (*valueRecord)(c[4:])
}

// holds returns the first bytes of the data in an allocated cell that surely has so many, or nil where cellAt must
// be asked: data that crosses a page, big data among it.
func (h *Hive) holds(off, size uint32) []byte {
	if !h.inQuick(off) || size > pageSize-4-off%pageSize {
		return nil
	}
	o := int(off)
	if int32(le.Uint32(h.bins[o:o+4:o+4])) > -4-int32(size) {
		return nil
	}
	end := o + 4 + int(size)
	return h.bins[o+4 : end : end]
}

// reaches quickly reports whether the cell of the record at n surely holds everything up to end; cellAt knows where
// this says no.
func (h *Hive) reaches(n uint32, end int) bool {
	from := int(n) - 4
	return end <= baseSize+int(h.quick) && from/pageSize == (end-1)/pageSize && end-from <= int(-int32(le.Uint32(h.data[from:])))
}

// cut shortens a cell that leaves its first page to where the next bin begins.
func (h *Hive) cut(o int, size int64) int {
	n := int(min(size, int64(len(h.bins)-o)))
	first, last := o/pageSize+1, (o+n-1)/pageSize
	for p := first; p <= last; {
		word := h.binStart[p/64] >> (p % 64)
		if word != 0 {
			p += bits.TrailingZeros64(word)
			if p <= last {
				return p*pageSize - o
			}
			break
		}
		p += 64 - p%64
	}
	return n
}

// cellError says why cellAt refused.
func (h *Hive) cellError(off uint32, structure string) *FormatError {
	pos := baseSize + int(min(off, maxImage))
	switch {
	case off == noOffset:
		return bad(baseSize+len(h.bins), structure, "there is no offset to it")
	case uint64(off)+8 > uint64(len(h.bins)):
		return bad(baseSize+len(h.bins), structure, "offset 0x%X is behind the end of the bins", off)
	case off < binHeader || off%8 != 0:
		return bad(pos, structure, "offset 0x%X can be no cell's", off)
	}
	return bad(pos, structure, "cell size is %d", int32(le.Uint32(h.bins[off:])))
}

// allocated reports whether the cell is in use. An offset that cellAt accepts.
func (h *Hive) allocated(off uint32) bool { return int32(le.Uint32(h.bins[off:])) < 0 }

// A cell is one entry in the enumeration of a bin.
type cell struct {
	off  uint32
	size int // with its header
	free bool
}

// cells enumerates the cells of all valid bins. Where a size is impossible the rest of the bin is left out.
func (h *Hive) cells() iter.Seq[cell] {
	return func(yield func(cell) bool) {
		h.eachCell(yield, nil)
	}
}

// eachCell is cells with a report of the bins that cannot be enumerated to their end.
func (h *Hive) eachCell(yield func(cell) bool, broken func(off, end int)) {
	for w, word := range h.binStart {
		for ; word != 0; word &= word - 1 {
			p := (w*64 + bits.TrailingZeros64(word)) * pageSize
			if p+binHeader > len(h.bins) {
				return
			}
			n, _ := h.bin(p)
			end := min(p+n, len(h.bins))
			end = p + h.cut(p, int64(end-p))
			for o := p + binHeader; o < end; {
				if o+4 > end {
					break
				}
				n := int(int32(le.Uint32(h.bins[o : o+4 : o+4])))
				size := max(n, -n) // the least number is its own negative, on machines of 32 bits
				if size < 8 || size%8 != 0 || size > end-o {
					if broken != nil {
						broken(o, end)
					}
					break
				}
				if !yield(cell{uint32(o), size, n > 0}) {
					return
				}
				o += size
			}
		}
	}
}
