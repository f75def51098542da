package hive

import (
	"errors"
	"io"
	"time"
)

// A Root is what the first bytes of a hive and its root key say.
type Root struct {
	Header  Header
	Name    string
	Written time.Time
	Flags   KeyFlags
	Subkeys uint32 // as the root counts them
	Offset  int64  // of the root's cell
}

// ReadRoot reads the base block and the root key of a primary file of that size, and nothing else of it: enough to see
// that a hive which nobody reads is one. Its errors are those of [Open] and [Hive.Root]; beside one about the root comes
// the header. Logs are not considered: [Header.Dirty] reports whether they are needed.
func ReadRoot(r io.ReaderAt, size int64) (Root, error) {
	var root Root
	base := make([]byte, min(max(size, 0), baseSize))
	if err := readAt(r, base, 0); err != nil {
		return root, err
	}
	switch {
	case len(base) < 4 || string(base[:4]) != "regf":
		return root, ErrNotHive
	case len(base) < sectorSize:
		return root, bad(0, "base block", "the file has %d bytes, a base block 4096", len(base))
	}
	root.Header = parseHeader(base)
	if isLogBlock(base) {
		return root, ErrIsLog
	}
	h := root.Header
	if h.Major != 1 || h.Minor == 0 && h.ChecksumOK() {
		return root, bad(baseMajor, "base block", "format version %d.%d is not supported", h.Major, h.Minor)
	}
	at, head := baseSize+int64(h.RootOffset), int64(4)
	if h.Minor == 1 {
		head = 8
	}
	root.Offset = at
	cell := make([]byte, min(max(size-at, 0), pageSize)) // more than a root with a name of 255 units takes
	if h.RootOffset%8 != 0 || h.RootOffset < binHeader || int64(len(cell)) < head+nkName {
		return root, bad(baseRoot, "base block", "root cell offset 0x%X leads to no key", h.RootOffset)
	}
	if err := readAt(r, cell, at); err != nil {
		return root, err
	}
	used := int64(int32(le.Uint32(cell)))
	nk := cell[head:max(head, min(max(used, -used), int64(len(cell))))]
	if len(nk) < nkName || string(nk[:2]) != "nk" {
		return root, bad(baseRoot, "base block", "root cell offset 0x%X leads to no key", h.RootOffset)
	}
	root.Flags = KeyFlags(le.Uint16(nk[nkFlags:]))
	root.Written = filetime(le.Uint64(nk[nkWritten:]))
	root.Subkeys = le.Uint32(nk[nkSubkeys:])
	end := min(nkName+int(le.Uint16(nk[nkNameLen:])), len(nk))
	root.Name = string(name{nk[nkName:end], root.Flags&KeyNarrowName != 0}.append(nil))
	return root, nil
}

// readAt fills b from an offset of a file, which must have so many bytes.
func readAt(r io.ReaderAt, b []byte, at int64) error {
	n, err := r.ReadAt(b, at)
	if n == len(b) || errors.Is(err, io.EOF) && n == 0 && len(b) == 0 {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
