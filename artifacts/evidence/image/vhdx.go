package image

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Virtual Hard Disk version 2 ([MS-VHDX]). Two headers, of which the valid one with the higher number counts; two region tables; the
// metadata region, which says how large the disk and its blocks are; and the block allocation table, in which after each chunk of payload
// blocks stands one entry for a sector bitmap, which matters to differencing disks alone.
const (
	vhdxHeader1 = 64 << 10
	vhdxHeader2 = 128 << 10
	vhdxRegion1 = 192 << 10
	vhdxRegion2 = 256 << 10

	vhdxSequence  = 8  // u64, in the header
	vhdxLogGUID   = 48 // GUID
	vhdxLogLength = 68 // u32
	vhdxLogOffset = 72 // u64
	vhdxHeader    = 4 << 10

	vhdxRegionCount = 8 // u32
	vhdxRegionTable = 64 << 10
	vhdxMetaCount   = 10 // u16
	vhdxMetaTable   = 64 << 10
	vhdxItem        = 32 // both tables' entries: GUID, then where and how long

	vhdxHasParent = 2

	vhdxFullyPresent     = 6 // states of a payload block, [MS-VHDX] 2.5.1.1
	vhdxPartiallyPresent = 7
)

// The GUIDs of [MS-VHDX] 2.2.3.2 and 2.6.2, as they stand in the file.
var (
	vhdxBAT        = [16]byte{0x66, 0x77, 0xC2, 0x2D, 0x23, 0xF6, 0x00, 0x42, 0x9D, 0x64, 0x11, 0x5E, 0x9B, 0xFD, 0x4A, 0x08}
	vhdxMetadata   = [16]byte{0x06, 0xA2, 0x7C, 0x8B, 0x90, 0x47, 0x9A, 0x4B, 0xB8, 0xFE, 0x57, 0x5F, 0x05, 0x0F, 0x88, 0x6E}
	vhdxParameters = [16]byte{0x37, 0x67, 0xA1, 0xCA, 0x36, 0xFA, 0x43, 0x4D, 0xB3, 0xB6, 0x33, 0xF0, 0xAA, 0x44, 0xE7, 0x6B}
	vhdxDiskSize   = [16]byte{0x24, 0x42, 0xA5, 0x2F, 0x1B, 0xCD, 0x76, 0x48, 0xB2, 0x11, 0x5D, 0xBE, 0xD8, 0x3B, 0xF4, 0xB8}
	vhdxSectorSize = [16]byte{0x1D, 0xBF, 0x41, 0x81, 0x6F, 0xA9, 0x09, 0x47, 0xBA, 0x47, 0xF2, 0x33, 0xA8, 0xFA, 0xAB, 0x5F}
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// vhdxSum is the CRC-32C of a structure whose own checksum, at offset 4, counts as zero.
func vhdxSum(b []byte) bool {
	sum := crc32.Update(0, castagnoli, b[:4])
	sum = crc32.Update(sum, castagnoli, make([]byte, 4))
	return crc32.Update(sum, castagnoli, b[8:]) == le.Uint32(b[4:])
}

type vhdxDisk struct {
	r     io.ReaderAt // the file, with its log laid over it
	name  string
	size  int64
	block int64
	ratio int64 // payload blocks between two sector bitmap entries
	bat   int64
	batN  int64
}

func (d *Disk) openVHDX(f *diskFile) (io.ReaderAt, int64, error) {
	bad := func(at int64, what, problem string, err error) error {
		return &FormatError{File: d.name(), Offset: at, Struct: what, Problem: problem, Err: err}
	}
	v := &vhdxDisk{r: f, name: d.name()}
	header := vhdxNewest(f)
	if header == nil {
		return nil, 0, bad(vhdxHeader1, "VHDX header", "neither of the two is valid", nil)
	}
	if !bytes.Equal(header[vhdxLogGUID:vhdxLogGUID+16], make([]byte, 16)) {
		overlay, err := replayVHDX(f, header)
		if err != nil {
			d.Damage = append(d.Damage, bad(int64(le.Uint64(header[vhdxLogOffset:])), "VHDX log", "was not replayed", err))
		} else {
			v.r = overlay
		}
	}
	regions := map[[16]byte][2]int64{}
	for _, at := range []int64{vhdxRegion1, vhdxRegion2} {
		b := make([]byte, vhdxRegionTable)
		if readFull(v.r, b, at) != nil || string(b[:4]) != "regi" || !vhdxSum(b) {
			continue
		}
		for i := range min(int(le.Uint32(b[vhdxRegionCount:])), len(b)/vhdxItem-1) {
			e := b[16+vhdxItem*i:]
			regions[[16]byte(e)] = [2]int64{int64(le.Uint64(e[16:])), int64(le.Uint32(e[24:]))}
		}
		break
	}
	bat, okBAT := regions[vhdxBAT]
	meta, okMeta := regions[vhdxMetadata]
	if !okBAT || !okMeta {
		return nil, 0, bad(vhdxRegion1, "VHDX region table", "names no block allocation table or no metadata", nil)
	}
	if err := v.readMetadata(meta[0], meta[1]); err != nil {
		if errors.Is(err, ErrUnsupported) {
			return nil, 0, fmt.Errorf("%s: %w", d.name(), err)
		}
		return nil, 0, bad(meta[0], "VHDX metadata", "cannot be used", err)
	}
	v.bat, v.batN = bat[0], bat[1]/8
	if last := (v.size - 1) / v.block; v.bat < 0 || v.bat > f.size-bat[1] || last+last/v.ratio >= v.batN {
		return nil, 0, bad(v.bat, "VHDX block allocation table", fmt.Sprintf("%d entries are too few, or outside the file", v.batN), nil)
	}
	return v, v.size, nil
}

// vhdxNewest returns the header that counts, or nil.
func vhdxNewest(f io.ReaderAt) []byte {
	var best []byte
	for _, at := range []int64{vhdxHeader1, vhdxHeader2} {
		b := make([]byte, vhdxHeader)
		if readFull(f, b, at) != nil || string(b[:4]) != "head" || !vhdxSum(b) {
			continue
		}
		if best == nil || le.Uint64(b[vhdxSequence:]) > le.Uint64(best[vhdxSequence:]) {
			best = b
		}
	}
	return best
}

func (v *vhdxDisk) readMetadata(at, length int64) error {
	b := make([]byte, vhdxMetaTable)
	if at < 0 || length < vhdxMetaTable {
		return fmt.Errorf("a region of %d bytes", length)
	}
	if err := readFull(v.r, b, at); err != nil {
		return err
	}
	if string(b[:8]) != "metadata" {
		return errors.New("no signature")
	}
	items := map[[16]byte][]byte{}
	for i := range min(int(le.Uint16(b[vhdxMetaCount:])), len(b)/vhdxItem-1) {
		e := b[vhdxItem+vhdxItem*i:]
		off, n := int64(le.Uint32(e[16:])), int64(le.Uint32(e[20:]))
		if n < 4 || n > 16 || off > length-n {
			continue // longer ones are of no use here
		}
		item := make([]byte, 16)
		if err := readFull(v.r, item[:n], at+off); err != nil {
			return err
		}
		items[[16]byte(e)] = item
	}
	par, size, sector := items[vhdxParameters], items[vhdxDiskSize], items[vhdxSectorSize]
	if par == nil || size == nil || sector == nil {
		return errors.New("the block size, the disk's size or the sector size is missing")
	}
	if le.Uint32(par[4:])&vhdxHasParent != 0 {
		return fmt.Errorf("differencing VHDX, whose parent holds the rest: %w", ErrUnsupported)
	}
	v.block, v.size = int64(le.Uint32(par)), int64(le.Uint64(size))
	logical := int64(le.Uint32(sector))
	if v.block < 1<<20 || v.block > 256<<20 || v.block&(v.block-1) != 0 || v.size <= 0 || v.size > 64<<40 || logical != 512 &&
		logical != 4096 {
		return fmt.Errorf("%d bytes in blocks of %d and sectors of %d", v.size, v.block, logical)
	}
	v.ratio = (1 << 23) * logical / v.block
	return nil
}

// ReadAt implements io.ReaderAt.
func (v *vhdxDisk) ReadAt(p []byte, off int64) (int, error) {
	return readBlocks(p, off, v.size, v.block, func(p []byte, i, in int64) error {
		bad := func(problem string, err error) error {
			return &FormatError{File: v.name, Offset: v.bat, Struct: fmt.Sprintf("VHDX block %d", i), Problem: problem, Err: err}
		}
		var e [8]byte
		if err := readFull(v.r, e[:], v.bat+8*(i+i/v.ratio)); err != nil {
			return bad("its entry cannot be read", err)
		}
		entry := le.Uint64(e[:])
		switch entry & 7 {
		case vhdxFullyPresent:
			at := int64(entry>>20) << 20 // 44 bits of MiB
			if at < 0 {
				return bad("impossible offset", nil)
			}
			if err := readFull(v.r, p, at+in); err != nil {
				return bad("cannot be read", err)
			}
		case vhdxPartiallyPresent:
			return bad("is partly in a parent disk", ErrUnsupported)
		default: // not present, undefined, zero, unmapped: reads as zeros
			clear(p)
		}
		return nil
	})
}
