package image

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Virtual Hard Disk (Microsoft, "Virtual Hard Disk Image Format Specification" 1.0). All numbers are big-endian. A fixed disk is the
// disk's bytes with a footer of 512 bytes behind them. A dynamic disk has blocks, each behind a bitmap of its sectors, and a table
// that says at which sector of the file a block stands, or that it is all zeros.
const (
	vhdData     = 16 // u64: the dynamic header's offset
	vhdSize     = 48 // u64: the disk's current size
	vhdType     = 60 // u32
	vhdChecksum = 64 // u32: the complement of the sum of all other bytes
	vhdFooter   = 512

	vhdTable      = 16 // u64, in the dynamic header
	vhdEntries    = 28 // u32
	vhdBlockSize  = 32 // u32
	vhdHeaderSum  = 36 // u32
	vhdHeaderSize = 1024

	vhdFixed        = 2
	vhdDynamic      = 3
	vhdDifferencing = 4
	vhdHole         = 0xFFFFFFFF
)

// readVHDFooter looks for the footer: in the last 512 bytes, in the last 511 (as early versions wrote it), and, for the copy that dynamic
// disks have, in the first.
func readVHDFooter(f *diskFile) (foot []byte, ok bool, err error) {
	for _, at := range []int64{f.size - vhdFooter, f.size - vhdFooter + 1, 0} {
		b := make([]byte, vhdFooter)
		if at < 0 {
			continue
		}
		if n, _ := f.ReadAt(b, at); n < vhdFooter-1 || string(b[:8]) != "conectix" {
			continue
		}
		if vhdSum(b, vhdChecksum) != be.Uint32(b[vhdChecksum:]) {
			err = &FormatError{File: baseName(f.Name()), Offset: at, Struct: "VHD footer", Problem: "its checksum is wrong"}
			continue
		}
		return b, true, nil
	}
	return nil, false, err
}

var be = binary.BigEndian

// vhdSum is the checksum of a footer or header, whose own field stands at skip.
func vhdSum(b []byte, skip int) uint32 {
	var sum uint32
	for i, c := range b {
		if i < skip || i >= skip+4 {
			sum += uint32(c)
		}
	}
	return ^sum
}

func (d *Disk) openVHD(f *diskFile, foot []byte) (io.ReaderAt, int64, error) {
	bad := func(at int64, what, problem string) error {
		return &FormatError{File: d.name(), Offset: at, Struct: what, Problem: problem}
	}
	size := int64(be.Uint64(foot[vhdSize:]))
	if size <= 0 || size > 1<<50 {
		return nil, 0, bad(vhdSize, "VHD footer", fmt.Sprintf("a disk of %d bytes", size))
	}
	switch typ := be.Uint32(foot[vhdType:]); typ {
	case vhdFixed:
		if have := f.size - vhdFooter; size > have {
			d.Damage = append(d.Damage, bad(have, "VHD", fmt.Sprintf("ends here; its footer claims %d bytes", size)))
			size = have
		}
		return f, size, nil
	case vhdDynamic:
	case vhdDifferencing:
		return nil, 0, fmt.Errorf("%s: differencing VHD, whose parent holds the rest: %w", d.name(), ErrUnsupported)
	default:
		return nil, 0, bad(vhdType, "VHD footer", fmt.Sprintf("disk type %d", typ))
	}
	at := int64(be.Uint64(foot[vhdData:]))
	h := make([]byte, vhdHeaderSize)
	if at < 0 || at > f.size-vhdHeaderSize {
		return nil, 0, bad(vhdData, "VHD footer", "the dynamic header lies outside the file")
	}
	if _, err := f.ReadAt(h, at); err != nil {
		return nil, 0, err
	}
	if string(h[:8]) != "cxsparse" || vhdSum(h, vhdHeaderSum) != be.Uint32(h[vhdHeaderSum:]) {
		return nil, 0, bad(at, "VHD dynamic header", "no signature, or its checksum is wrong")
	}
	v := &vhdDisk{f: f, name: d.name(), size: size, table: int64(be.Uint64(h[vhdTable:])), entries: int64(be.Uint32(h[vhdEntries:])),
		block: int64(be.Uint32(h[vhdBlockSize:]))}
	if v.block < 512 || v.block&(v.block-1) != 0 || v.block > 1<<30 {
		return nil, 0, bad(at+vhdBlockSize, "VHD dynamic header", fmt.Sprintf("blocks of %d bytes", v.block))
	}
	if v.table < 0 || v.table > f.size-4*v.entries {
		return nil, 0, bad(at+vhdTable, "VHD dynamic header", "the block allocation table lies outside the file")
	}
	if (size-1)/v.block >= v.entries {
		return nil, 0, bad(at+vhdEntries, "VHD dynamic header", fmt.Sprintf("%d blocks are too few for %d bytes", v.entries, size))
	}
	v.bitmap = (v.block/512/8 + 511) / 512 * 512
	return v, size, nil
}

type vhdDisk struct {
	f                                   *diskFile
	name                                string
	size, table, entries, block, bitmap int64
}

// ReadAt implements io.ReaderAt.
func (v *vhdDisk) ReadAt(p []byte, off int64) (int, error) {
	return readBlocks(p, off, v.size, v.block, func(p []byte, i, in int64) error {
		var e [4]byte
		if err := readFull(v.f, e[:], v.table+4*i); err != nil {
			return err
		}
		sector := be.Uint32(e[:])
		if sector == vhdHole {
			clear(p)
			return nil
		}
		at := int64(sector)*512 + v.bitmap + in
		if err := readFull(v.f, p, at); err != nil {
			return &FormatError{File: v.name, Offset: at, Struct: fmt.Sprintf("VHD block %d", i), Problem: "cannot be read", Err: err}
		}
		return nil
	})
}

// readBlocks cuts a read into pieces that each lie in one block; read fills p from offset in of block i.
func readBlocks(p []byte, off, size, block int64, read func(p []byte, i, in int64) error) (int, error) {
	done := 0
	for done < len(p) {
		at := off + int64(done)
		if at >= size {
			return done, io.EOF
		}
		i, in := at/block, at%block
		n := min(int64(len(p)-done), block-in, size-at)
		if err := read(p[done:done+int(n)], i, in); err != nil {
			return done, err
		}
		done += int(n)
	}
	return done, nil
}

// readFull reads all of p; an early end is io.ErrUnexpectedEOF.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	return noEOF(err)
}
