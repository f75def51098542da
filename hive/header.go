package hive

import (
	"encoding/binary"
	"fmt"
	"time"
)

var le = binary.LittleEndian

// The base block; regf section 2. Offsets from the start of the file.
const (
	baseSize = 4096 // in a primary file; a log holds only the first 512 bytes

	baseSeq1      = 4   // u32 primary sequence number
	baseSeq2      = 8   // u32 secondary sequence number
	baseWritten   = 12  // u64 FILETIME
	baseMajor     = 20  // u32
	baseMinor     = 24  // u32
	baseType      = 28  // u32
	baseFormat    = 32  // u32
	baseRoot      = 36  // u32 cell offset
	baseBins      = 40  // u32 size of the bins
	baseCluster   = 44  // u32
	baseName      = 48  // 32 UTF-16 units
	baseRmID      = 112 // GUID
	baseLogID     = 128 // GUID
	baseFlags     = 144 // u32
	baseTmID      = 148 // GUID
	baseRmtm      = 164 // "rmtm"
	baseReorg     = 168 // u64 FILETIME, or the old place of OfRg
	baseOfRg      = 176 // "OfRg", u32 1
	baseSum       = 508 // u32
	baseSerial    = 512 // u64 FILETIME, with OfRg only
	baseSumLength = 508
)

// File types of a base block.
const (
	typePrimary = 0
	typeOldLog  = 1 // also the .ALT file of Windows 2000 and before
	typeOldLog2 = 2
	typeNewLog  = 6
)

// A Header is the base block: the first 4096 bytes of a hive.
type Header struct {
	PrimarySequence   uint32 // raised when a write of the hive starts
	SecondarySequence uint32 // raised when it ends
	Written           time.Time
	Major, Minor      uint32
	FileType          uint32
	Format            uint32
	RootOffset        uint32 // of the root key's cell, from the first bin
	BinsSize          uint32
	Clustering        uint32
	FileName          string // end part of the path where Windows last loaded the hive
	Flags             uint32 // 1 transactions pending, 2 layered keys (before Windows 10: defragmented)

	HasRmtm           bool // the GUIDs are meaningful only with this mark
	RmID, LogID, TmID GUID
	Reorganized       time.Time // when Windows 8 or later last reorganised the hive
	Defragmented      bool      // that reorganisation moved the cells together
	AccessBitsCleared bool      // that reorganisation cleared the access bits
	OfflineRegistry   bool      // written by the offline registry library ("OfRg")
	Serialized        time.Time // when that library wrote it
	Checksum          uint32    // as stored
	ComputedChecksum  uint32
	Dirty             bool // checksum wrong or sequence numbers unequal: the logs are needed
}

// ChecksumOK reports whether the stored checksum is the right one.
func (h Header) ChecksumOK() bool { return h.Checksum == h.ComputedChecksum }

// A GUID prints in the usual form, with its first three fields little-endian.
type GUID [16]byte

func (g GUID) String() string {
	return fmt.Sprintf("{%08X-%04X-%04X-%X-%X}", le.Uint32(g[0:]), le.Uint16(g[4:]), le.Uint16(g[6:]), g[8:10], g[10:])
}

// checksum is the XOR of the first 127 words; 0 is stored as 1 and -1 as -2.
func checksum(b []byte) uint32 {
	var sum uint32
	for i := 0; i < baseSumLength; i += 4 {
		sum ^= le.Uint32(b[i:])
	}
	switch sum {
	case 0:
		return 1
	case 0xFFFFFFFF:
		return 0xFFFFFFFE
	}
	return sum
}

// parseHeader reads a base block of at least 512 bytes.
func parseHeader(b []byte) Header {
	h := Header{
		PrimarySequence:   le.Uint32(b[baseSeq1:]),
		SecondarySequence: le.Uint32(b[baseSeq2:]),
		Written:           filetime(le.Uint64(b[baseWritten:])),
		Major:             le.Uint32(b[baseMajor:]),
		Minor:             le.Uint32(b[baseMinor:]),
		FileType:          le.Uint32(b[baseType:]),
		Format:            le.Uint32(b[baseFormat:]),
		RootOffset:        le.Uint32(b[baseRoot:]),
		BinsSize:          le.Uint32(b[baseBins:]),
		Clustering:        le.Uint32(b[baseCluster:]),
		FileName:          DecodeText(b[baseName : baseName+64]).Text,
		Flags:             le.Uint32(b[baseFlags:]),
		HasRmtm:           string(b[baseRmtm:baseRmtm+4]) == "rmtm",
		Checksum:          le.Uint32(b[baseSum:]),
		ComputedChecksum:  checksum(b),
	}
	h.Dirty = !h.ChecksumOK() || h.PrimarySequence != h.SecondarySequence
	if h.HasRmtm {
		copy(h.RmID[:], b[baseRmID:])
		copy(h.LogID[:], b[baseLogID:])
		copy(h.TmID[:], b[baseTmID:])
	}
	oldPlace := ofRg(b[baseReorg:])
	h.OfflineRegistry = oldPlace || ofRg(b[baseOfRg:])
	if h.OfflineRegistry && len(b) >= baseSerial+8 {
		h.Serialized = filetime(le.Uint64(b[baseSerial:]))
	}
	if !oldPlace {
		// Exactly one of the two low bits says what kind of reorganisation it was; the bare
		// values 1 and 2 are orders for the next one.
		if t := le.Uint64(b[baseReorg:]); t > 2 && (t&3 == 1 || t&3 == 2) {
			h.Reorganized = filetime(t &^ 3)
			h.Defragmented, h.AccessBitsCleared = t&1 != 0, t&2 != 0
		}
	}
	return h
}

func ofRg(b []byte) bool { return string(b[:4]) == "OfRg" && le.Uint32(b[4:]) == 1 }

// maxFiletime is 9999-12-31T23:59:59.9999999Z, the last time that RFC 3339 can write.
const maxFiletime = 2650467743999999999

// filetime turns 100 ns since 1601 into a time; zero stays zero, and what lies behind the year 9999 is no time.
func filetime(t uint64) time.Time {
	if t == 0 || t > maxFiletime {
		return time.Time{}
	}
	const epoch = 11644473600 // seconds from 1601 to 1970
	return time.Unix(int64(t/1e7)-epoch, int64(t%1e7)*100).UTC()
}
