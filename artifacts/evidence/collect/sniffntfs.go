package collect

import (
	"bytes"
	"encoding/binary"
)

// Metadata of an NTFS volume as loose files. The offsets are those of package
// ntfs, which this package does not import.
const (
	recordFixup     = 4  // u16, of the update sequence of FILE, INDX and RSTR
	recordSectors   = 6  // u16, its count: one more than there are sectors
	recordFirst     = 20 // u16, of the first attribute
	recordAllocated = 28 // u32
	usnMajor        = 4  // u16: 2, 3 or 4
	usnMinor        = 6  // u16: 0
	usnRecord       = 60 // bytes, the smallest
)

// usnTimes are the offsets of the FILETIME in records of version 2 and 3, and
// usnNames those of the name's offset.
var (
	usnTimes = map[uint16]int{2: 32, 3: 48}
	usnNames = map[uint16]int{2: 58, 3: 74}
)

// sniffNTFS knows the file table, the journal without its hole, the log and the
// index of a folder. A journal with its hole begins with zeros and is known by
// its name only.
func sniffNTFS(head []byte) Signature {
	if len(head) < usnRecord {
		return ""
	}
	u16 := func(at int) int { return int(binary.LittleEndian.Uint16(head[at:])) }
	fixup, sectors := u16(recordFixup), u16(recordSectors)
	plausible := fixup >= 40 && fixup <= 72 && fixup%2 == 0 && sectors >= 2
	switch {
	case bytes.HasPrefix(head, []byte("FILE")) || bytes.HasPrefix(head, []byte("BAAD")):
		size := binary.LittleEndian.Uint32(head[recordAllocated:])
		if plausible && u16(recordFirst) >= fixup && size >= 512 && size <= 64<<10 && size&(size-1) == 0 {
			return MFTFile
		}
	case bytes.HasPrefix(head, []byte("INDX")):
		if plausible {
			return IndexFile
		}
	case bytes.HasPrefix(head, []byte("RSTR")):
		return LogFile
	case isUSN(head):
		return JournalFile
	}
	return ""
}

// isUSN reports whether bytes begin with a record of the change journal.
func isUSN(head []byte) bool {
	size := binary.LittleEndian.Uint32(head)
	major, minor := binary.LittleEndian.Uint16(head[usnMajor:]), binary.LittleEndian.Uint16(head[usnMinor:])
	at, ok := usnTimes[major]
	if !ok || minor != 0 || size < usnRecord || size > 4096 || size%8 != 0 || len(head) < usnNames[major]+2 {
		return false
	}
	when := binary.LittleEndian.Uint64(head[at:])
	name := uint32(binary.LittleEndian.Uint16(head[usnNames[major]:]))
	const from, to = 122_000_000_000_000_000, 160_000_000_000_000_000 // 1987 to 2108
	return when > from && when < to && name >= usnRecord && name < size
}
