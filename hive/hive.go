package hive

import (
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
	root     uint32 // noOffset where there is none
	lostRoot uint32 // where the root was when it cannot be read, noOffset when it can
	header   Header // of the primary file as found
	minor    uint32
	layered  bool
	recovery Recovery
	damage   []*FormatError
	logs     []Log
	remnant  bool // an image put together from log entries, without a tree of its own
	liveOnce sync.Once
	liveMap  *liveMap
	pen      *pen
	lists    lists
}

// Open opens a hive from the bytes of its primary file. The bytes are kept, never written to, and must not
// change while the hive is in use.
//
// A file whose base block is lost (overwritten, encrypted, or cut off) is opened by its bins, with what the logs have
// of the base block; [Recovery] and [Hive.Damage] say so. Keys that no root leads to are found by [Hive.Unreachable].
//
// The hive is returned as far as anything of it can be read; what is broken is in [Hive.Damage]. A hive without
// a root key is returned as well: its deleted records can still be searched.
func Open(primary []byte, opts *Options) (*Hive, error) {
	if opts == nil {
		opts = &Options{}
	}
	h := &Hive{data: primary, pen: newPen()}
	rebuilt, err := h.takeFile(primary)
	if err != nil {
		return nil, err
	}
	if len(primary)-baseSize > maxImage {
		h.data = h.data[:baseSize+maxImage]
		h.note(bad(maxImage, "file", "longer than 2 GiB; the rest is not read"))
	}
	h.replayLogs(opts, rebuilt)
	if rebuilt {
		h.borrowBlock(opts)
	}
	if err := h.openImage(rebuilt); err != nil {
		return nil, err
	}
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

// takeFile looks at the base block of the primary file. Where there is none the image becomes another than the file.
func (h *Hive) takeFile(primary []byte) (rebuilt bool, err error) {
	signed := len(primary) >= 4 && string(primary[:4]) == "regf"
	if signed && len(primary) < 512 {
		return false, bad(0, "base block", "the file has %d bytes, a base block 4096", len(primary))
	}
	if signed {
		h.header = parseHeader(primary)
		if isLogBlock(primary) {
			return false, ErrIsLog
		}
	}
	if signed && len(primary) < baseSize+binHeader {
		return false, bad(0, "base block", "the file has %d bytes, a base block and the first bin's header 4128", len(primary))
	}
	if !signed || h.header.Major != 1 && !h.header.ChecksumOK() {
		if rebuilt = h.rescue(primary); !h.recovery.BaseBlockLost && !signed {
			return false, ErrNotHive
		}
	}
	return rebuilt, nil
}

// openImage finds the bins and the root of the image. rebuilt says that nothing of its base block is the hive's own.
func (h *Hive) openImage(rebuilt bool) error {
	base := parseHeader(h.data)
	if base.Major != 1 || base.Minor == 0 && base.ChecksumOK() {
		return bad(baseMajor, "base block", "format version %d.%d is not supported", base.Major, base.Minor)
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
	if !base.ChecksumOK() && !rebuilt {
		h.note(warn(baseSum, "base block", "checksum is %08X, want %08X", base.Checksum, base.ComputedChecksum))
	}
	if base.FileType != typePrimary && base.FileType != typeOldLog {
		h.note(warn(baseType, "base block", "file type is %d", base.FileType))
	}
	h.scanBins(base)
	if rebuilt && !h.recovery.HeaderRepaired {
		h.minor = h.guessVersion()
	}
	h.findRoot(base.RootOffset, base.ChecksumOK() || rebuilt)
	if rebuilt {
		h.settle()
	}
	return nil
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

// Header returns the base block of the primary file as it was found, before any log was applied. Where it is lost the
// header is that of an empty one with a wrong checksum.
func (h *Hive) Header() Header { return h.header }

// Bytes returns the image that is read: the primary file, or a copy of it with its logs applied or a lost base block
// rebuilt. The caller must not change it.
func (h *Hive) Bytes() []byte { return h.data }

// findRoot takes the root from the base block, and searches it where that leads nowhere; regf section 15.
func (h *Hive) findRoot(off uint32, trusted bool) {
	h.lostRoot = noOffset
	if _, err := h.key(off); err == nil {
		h.root = off
		return
	}
	h.root = noOffset
	problem := bad(baseRoot, "base block", "root cell offset 0x%X leads to no key", off)
	h.note(problem)
	second, orphans := noOffset, 0
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
		if _, err := h.key(k.parentOffset()); err != nil {
			second = c.off
			orphans++
		}
	}
	if h.root == noOffset && orphans == 1 {
		h.root = second // several are children of keys that are lost: none of them is the root
	}
	if h.root == noOffset {
		problem.Problem += ", and no other root key was found"
		if h.lostRoot = usualRoot; trusted && off%8 == 0 && off >= binHeader && int64(off) < int64(len(h.bins)) {
			h.lostRoot = off
		}
		return
	}
	problem.Problem += fmt.Sprintf("; the key at offset 0x%X is taken as root", h.root)
}

// usualRoot is the place of the root key in practice: the first cell of the first bin.
const usualRoot = binHeader

// Root returns the root key.
func (h *Hive) Root() (Key, error) {
	if h.root == noOffset {
		return Key{}, bad(baseRoot, "base block", "the hive has no root key")
	}
	return h.key(h.root)
}
