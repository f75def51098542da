package image

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
)

// QCOW2, version 2 and 3 (QEMU, docs/interop/qcow2.txt). All numbers are big-endian. The disk is cut into clusters; a table of two levels
// says where each stands in the file, or that it is zeros, or where it stands deflated.
const (
	qcowVersion  = 4  // u32
	qcowBacking  = 8  // u64: where the name of a file stands that holds the rest, or 0
	qcowBits     = 20 // u32: log2 of a cluster
	qcowSize     = 24 // u64
	qcowCrypt    = 32 // u32
	qcowL1Size   = 36 // u32, entries
	qcowL1       = 40 // u64
	qcowFeatures = 72 // u64, version 3: what a reader must know
	qcowHeader   = 104

	qcowDirty = 1 // features that change nothing for a reader
	qcowWrong = 2

	qcowOffset     = 1<<56 - 512 // bits 9 to 55 of an entry
	qcowZero       = 1
	qcowCompressed = 1 << 62
)

type qcowDisk struct {
	f             *diskFile
	name          string
	size, cluster int64
	bits          uint
	l1, l1Size    int64
}

func (d *Disk) openQCOW2(f *diskFile) (*qcowDisk, error) {
	bad := func(at int64, problem string) error {
		return &FormatError{File: d.name(), Offset: at, Struct: "QCOW2 header", Problem: problem}
	}
	h := make([]byte, qcowHeader)
	if err := readFull(f, h, 0); err != nil {
		return nil, bad(0, "is cut off")
	}
	q := &qcowDisk{f: f, name: d.name(), size: int64(be.Uint64(h[qcowSize:])), bits: uint(be.Uint32(h[qcowBits:])),
		l1: int64(be.Uint64(h[qcowL1:])), l1Size: int64(be.Uint32(h[qcowL1Size:]))}
	version := be.Uint32(h[qcowVersion:])
	features := be.Uint64(h[qcowFeatures:])
	if version == 2 {
		features = 0
	}
	switch {
	case version != 2 && version != 3:
		return nil, fmt.Errorf("%s: QCOW2 version %d: %w", d.name(), version, ErrUnsupported)
	case be.Uint64(h[qcowBacking:]) != 0:
		return nil, fmt.Errorf("%s: QCOW2 with a backing file, which holds the rest: %w", d.name(), ErrUnsupported)
	case be.Uint32(h[qcowCrypt:]) != 0:
		return nil, fmt.Errorf("%s: encrypted QCOW2: %w", d.name(), ErrUnsupported)
	case features&^(qcowDirty|qcowWrong) != 0:
		return nil, fmt.Errorf("%s: QCOW2 with features %#x (an external data file, another compression or extended tables): %w",
			d.name(), features, ErrUnsupported)
	case q.bits < 9 || q.bits > 21:
		return nil, bad(qcowBits, fmt.Sprintf("clusters of 2^%d bytes", q.bits))
	case q.size <= 0 || q.size > 1<<50:
		return nil, bad(qcowSize, fmt.Sprintf("a disk of %d bytes", q.size))
	}
	q.cluster = 1 << q.bits
	if last := (q.size - 1) >> (2*q.bits - 3); last >= q.l1Size || q.l1 < 0 || q.l1 > f.size-8*q.l1Size {
		return nil, bad(qcowL1, fmt.Sprintf("a first table of %d entries, too few or outside the file", q.l1Size))
	}
	if features&qcowWrong != 0 {
		d.Damage = append(d.Damage, bad(qcowFeatures, "is marked as corrupt by its writer"))
	}
	return q, nil
}

// ReadAt implements io.ReaderAt.
func (q *qcowDisk) ReadAt(p []byte, off int64) (int, error) {
	return readBlocks(p, off, q.size, q.cluster, func(p []byte, i, in int64) error {
		bad := func(at int64, problem string, err error) error {
			return &FormatError{File: q.name, Offset: at, Struct: fmt.Sprintf("QCOW2 cluster %d", i), Problem: problem, Err: err}
		}
		var e [8]byte
		at := q.l1 + i>>(q.bits-3)*8
		if err := readFull(q.f, e[:], at); err != nil {
			return bad(at, "the first table cannot be read", err)
		}
		l2 := int64(be.Uint64(e[:]) & qcowOffset)
		if l2 == 0 {
			clear(p)
			return nil
		}
		at = l2 + i&(q.cluster/8-1)*8
		if err := readFull(q.f, e[:], at); err != nil {
			return bad(at, "the second table cannot be read", err)
		}
		entry := be.Uint64(e[:])
		var err error
		if entry&qcowCompressed != 0 {
			// The lower bits are the offset in bytes, those above it the number of sectors behind the first.
			split := 62 - (q.bits - 8)
			at = int64(entry & (1<<split - 1))
			n := int64(entry>>split&(1<<(q.bits-8)-1)+1)*512 - at&511
			z := flate.NewReader(io.NewSectionReader(q.f, at, n))
			if _, err = io.CopyN(io.Discard, z, in); err == nil {
				_, err = io.ReadFull(z, p)
			}
		} else {
			at = int64(entry & qcowOffset)
			if at == 0 || entry&qcowZero != 0 {
				clear(p)
				return nil
			}
			err = readFull(q.f, p, at+in)
		}
		if err != nil {
			return bad(at, "cannot be read", noEOF(err))
		}
		return nil
	})
}
