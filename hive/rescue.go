package hive

import "fmt"

// A file whose base block is overwritten or cut off is a hive still, if bins lie in it where they say that they lie.
// Programs that encrypt only the first part of each file leave such hives behind.

// maxMissing bounds what may be missing in front of a file that begins with a bin: an image with this much and as
// much as the file has is made for it.
const maxMissing = 1 << 20

// rescue makes an image with a base block of a file that does not begin with one. It leaves the image nil where no
// bin is found. rebuilt says that nothing of the base block was left.
func (h *Hive) rescue(file []byte) (rebuilt bool) {
	missing := missingFront(file)
	if missing == 0 && !holdsBin(file) {
		return false
	}
	h.data = make([]byte, min(missing+len(file), baseSize+maxImage))
	copy(h.data[missing:], file)
	h.recovery.BaseBlockLost, h.recovery.Missing = true, int64(missing)
	block := h.data[:baseSize]
	letters := string(block[:4])
	copy(block, "regf")
	h.header = parseHeader(block)
	switch t := h.header.FileType; {
	case missing > 0:
		h.note(bad(0, "base block", "base block lost: the first %d bytes of the file are missing; offsets count from where they began",
			missing))
	case h.header.ChecksumOK() && (t == typePrimary || t == typeOldLog):
		h.note(bad(0, "base block", "base block lost: it begins with %q instead of regf; the rest of it is whole", letters))
		return false
	default:
		h.note(bad(0, "base block", "base block lost: no regf signature; the hive is read from its bins"))
	}
	// What stands in the rest is believed no more than the signature.
	clear(block[:sectorSize])
	copy(block, "regf")
	le.PutUint32(block[baseMajor:], 1)
	le.PutUint32(block[baseMinor:], 3)
	le.PutUint32(block[baseFormat:], 1)
	le.PutUint32(block[baseRoot:], usualRoot)
	le.PutUint32(block[baseCluster:], 1)
	h.header = parseHeader(block) // its checksum is wrong, as that of a base block which was half written
	return true
}

// missingFront returns how many bytes are missing in front of a file that begins with a bin.
func missingFront(file []byte) int {
	if len(file) < binHeader || string(file[:4]) != "hbin" {
		return 0
	}
	off := uint64(le.Uint32(file[binOffset:]))
	n := baseSize + off
	if off%pageSize != 0 || n > maxMissing+uint64(len(file)) || !isBin(file, int(off)) {
		return 0
	}
	return int(n)
}

// holdsBin reports whether a bin lies in the file where it says that it lies.
func holdsBin(file []byte) bool {
	for p := baseSize; p+binHeader <= len(file) && p < maxImage; p += pageSize {
		if isBin(file[p:], p-baseSize) {
			return true
		}
	}
	return false
}

// isBin reports whether b begins with the header of the bin at an offset.
func isBin(b []byte, off int) bool {
	n := le.Uint32(b[binSize:])
	return string(b[:4]) == "hbin" && le.Uint32(b[binOffset:]) == uint32(off) && n%pageSize == 0 && n != 0 &&
		uint64(off)+uint64(n) <= maxImage
}

// borrowBlock takes version, root and name from the base block of a log that is sound but has no entry to apply.
func (h *Hive) borrowBlock(opts *Options) {
	block := h.data[:sectorSize]
	if opts.NoLogs || h.recovery.HeaderRepaired {
		return
	}
	for i, l := range h.recovery.Logs {
		if l.Format == "" || !l.Header.ChecksumOK() {
			continue
		}
		log := opts.Logs[l.index].Data
		copy(block[baseMajor:baseType], log[baseMajor:])
		copy(block[baseFormat:baseBins], log[baseFormat:])
		copy(block[baseCluster:baseSum], log[baseCluster:])
		h.recovery.HeaderRepaired = true
		h.recovery.Logs[i].Reason += "; its copy of the base block was taken"
		return
	}
}

// guessVersion tells version 5 from version 3 by the lists of subkeys in use; regf section 6.
func (h *Hive) guessVersion() uint32 {
	for c := range h.cells() {
		if c.free {
			continue
		}
		if l, _ := h.list(c.off); l.kind == 'h' && l.end > l.pos {
			if k, err := h.key(le.Uint32(h.data[l.pos:])); err == nil && k.name().hash() == le.Uint32(h.data[l.pos+4:]) {
				return 5
			}
		}
	}
	return 3
}

// settle makes the rescued base block say what the image holds, so that the image can be opened again.
func (h *Hive) settle() {
	b := h.data[:sectorSize]
	le.PutUint32(b[baseMinor:], h.minor)
	if !h.recovery.Applied {
		le.PutUint32(b[baseBins:], uint32(len(h.bins)))
		h.recovery.NewBins = uint32(len(h.bins))
	}
	if h.root != noOffset {
		le.PutUint32(b[baseRoot:], h.root)
	}
	le.PutUint32(b[baseSum:], checksum(b))
	h.recovery.Header = parseHeader(h.data)
	if !h.recovery.Applied {
		from := "its bins"
		if h.recovery.HeaderRepaired {
			from = "its bins, with a log's copy of the base block"
		}
		h.recovery.Problem = fmt.Sprintf("base block lost: the hive is read from %s", from)
	}
}
