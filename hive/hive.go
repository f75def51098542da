package hive

import (
	"cmp"
	"fmt"
	"sync"
)

// maxImage bounds the bins of a hive: Windows maps at most 2 GiB. With the base block it fits an int of 32 bits.
const maxImage = 1<<31 - 2*baseSize

// Options change how a hive is opened. Nil and zero fields mean the default.
type Options struct {
	// Logs are the transaction logs found beside the hive, in any order; empty ones are ignored.
	Logs []Log
	// NoLogs opens the primary file as it is, dirty or not.
	NoLogs bool
	// Strict turns the first damage that is found on opening into a failure, warnings included.
	Strict bool
	// MaxSize bounds the image that a log may make a hive grow to. The default is the size of the primary
	// file plus 16 times that of the logs plus 1 MiB, and never more than 2 GiB.
	MaxSize int64
}

// A Log is one transaction log. The name serves the report only.
type Log struct {
	Name string
	Data []byte
}

// A Hive is an open hive. It does not change, and all its methods may be called by several goroutines at once.
type Hive struct {
	data     []byte // the image: base block, bins, tail; the caller's bytes when no log was applied
	bins     []byte // data[4096:4096+bins size], cut at the end of the file
	binStart []uint64
	quick    uint32 // size of the whole pages of the bins, where cells have the usual header
	places   uint32 // of eight bytes in the quick part, behind the first bin's header
	cellHead int    // bytes before a cell's data: 4, in format 1.1 8
	root     uint32
	header   Header // of the primary file as found
	minor    uint32
	layered  bool
	recovery Recovery
	damage   []*FormatError
	logs     []Log
	remnant  bool // an image put together from log entries, without a tree of its own
	liveOnce sync.Once
	liveMap  *liveMap
}

// Open opens a hive from the bytes of its primary file. The bytes are kept, never written to, and must not
// change while the hive is in use.
//
// The hive is returned as far as anything of it can be read; what is broken is in [Hive.Damage]. A hive without
// a root key is returned as well: its deleted records can still be searched.
func Open(primary []byte, opts *Options) (*Hive, error) {
	if opts == nil {
		opts = &Options{}
	}
	if len(primary) < 4 || string(primary[:4]) != "regf" {
		return nil, ErrNotHive
	}
	if len(primary) < 512 {
		return nil, bad(0, "base block", "the file has %d bytes, a base block 4096", len(primary))
	}
	h := &Hive{data: primary, header: parseHeader(primary)}
	if isLogBlock(primary) {
		return nil, ErrIsLog
	}
	if len(primary) < baseSize+binHeader {
		return nil, bad(0, "base block", "the file has %d bytes, a base block and the first bin's header 4128", len(primary))
	}
	if len(primary)-baseSize > maxImage {
		h.data = primary[:baseSize+maxImage]
		h.note(bad(maxImage, "file", "longer than 2 GiB; the rest is not read"))
	}
	h.replayLogs(opts)

	base := parseHeader(h.data)
	if base.Major != 1 || base.Minor == 0 && base.ChecksumOK() {
		return nil, bad(baseMajor, "base block", "format version %d.%d is not supported", base.Major, base.Minor)
	}
	h.minor = base.Minor
	if h.minor > 6 {
		h.note(warn(baseMinor, "base block", "unknown format version 1.%d, read as 1.6", h.minor))
		h.minor = 6
	}
	h.layered = h.minor >= 6 && base.Flags&2 != 0
	h.cellHead = 4
	if h.minor == 1 {
		h.cellHead = 8
	}
	if !base.ChecksumOK() {
		h.note(warn(baseSum, "base block", "checksum is %08X, want %08X", base.Checksum, base.ComputedChecksum))
	}
	if base.FileType != typePrimary && base.FileType != typeOldLog {
		h.note(warn(baseType, "base block", "file type is %d", base.FileType))
	}
	h.scanBins(base)
	h.findRoot(base.RootOffset)
	if opts.Strict {
		if len(h.damage) > 0 {
			return nil, h.damage[0]
		}
		for e := range h.Check() {
			return nil, e
		}
	}
	return h, nil
}

// maxDamage bounds what is noted on opening: a file of rubbish has a flaw in each of its bins.
const maxDamage = 1000

func (h *Hive) note(e *FormatError) {
	if len(h.damage) < maxDamage {
		h.damage = append(h.damage, e)
	}
}

// Damage returns what was found to be broken on opening: the base block, the bins, the root. What lies deeper is
// found by [Hive.Check].
func (h *Hive) Damage() []*FormatError { return h.damage }

// Header returns the base block of the primary file as it was found, before any log was applied.
func (h *Hive) Header() Header { return h.header }

// Bytes returns the image that is read: the primary file, or a copy of it with its logs applied. The caller must
// not change it.
func (h *Hive) Bytes() []byte { return h.data }

// findRoot takes the root from the base block, and searches it where that leads nowhere; regf section 15.
func (h *Hive) findRoot(off uint32) {
	_, err := h.key(off)
	if err == nil {
		h.root = off
		return
	}
	h.root = noOffset
	problem := bad(baseRoot, "base block", "root cell offset 0x%X leads to no key", off)
	h.note(problem)
	second := noOffset
	for c := range h.cells() {
		if c.free || c.size < h.cellHead+nkName {
			continue
		}
		k, err := h.key(c.off)
		if err != nil {
			continue
		}
		if k.Flags()&KeyRoot != 0 {
			h.root = c.off
			break
		}
		if _, err := h.key(k.parentOffset()); err != nil && second == noOffset {
			second = c.off
		}
	}
	h.root = cmp.Or(h.root+1, second+1) - 1 // noOffset+1 is zero
	if h.root == noOffset {
		problem.Problem += ", and no other root key was found"
		return
	}
	problem.Problem += fmt.Sprintf("; the key at offset 0x%X is taken as root", h.root)
}

// Root returns the root key.
func (h *Hive) Root() (Key, error) {
	if h.root == noOffset {
		return Key{}, bad(baseRoot, "base block", "the hive has no root key")
	}
	return h.key(h.root)
}
