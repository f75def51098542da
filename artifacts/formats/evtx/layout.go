package evtx

import "encoding/binary"

var le = binary.LittleEndian

// The file header: docs/formats/evtx.md, section 1. Offsets count from the
// start of the file.
const (
	fileFirstChunk = 8   // u64, number of the oldest chunk
	fileLastChunk  = 16  // u64, number of the newest chunk
	fileNextRecord = 24  // u64, next record identifier
	fileMinor      = 36  // u16
	fileMajor      = 38  // u16
	fileChunks     = 42  // u16, behind the truth in dirty files
	fileFlags      = 120 // u32
	fileSum        = 124 // u32, CRC-32 of bytes 0 to 119
	fileHeader     = 128
	firstChunk     = 4096 // where chunk 0 begins
)

// A chunk: section 2. Offsets count from the start of the chunk.
const (
	chunkFirstNumber = 8  // u64, first record number
	chunkLastNumber  = 16 // u64
	chunkFirstID     = 24 // u64, first record identifier
	chunkLastID      = 32 // u64
	chunkLastRecord  = 44 // u32, offset of the last record
	chunkFree        = 48 // u32, end of the last record
	chunkRecordsSum  = 52 // u32, CRC-32 of bytes 512 to the free space
	chunkFlags       = 120
	chunkSum         = 124 // u32, CRC-32 of bytes 0 to 119 and 128 to 511
	chunkStrings     = 128 // 64 u32, string table
	chunkTemplates   = 384 // 32 u32, template table
	chunkRecords     = 512
)

// ChunkSize is the size of a chunk: 64 KiB.
const ChunkSize = 65536

// A record: section 3. Offsets count from the start of the record.
const (
	recordSize    = 4  // u32
	recordID      = 8  // u64
	recordWritten = 16 // FILETIME
	recordData    = 24 // binary XML
	recordMin     = 28 // a record of this size is empty
)

// A name: section 4.3.
const (
	nameHash  = 4 // u16
	nameChars = 6 // u16
	nameText  = 8
)

// A template definition: section 5.
const (
	templateGUID   = 4
	templateLength = 20 // u32, size of the tokens
	templateTokens = 24
)

// Tokens of binary XML: section 4.1. Bit 6 means that more follows.
const (
	tokEnd          = 0x00
	tokOpen         = 0x01
	tokCloseStart   = 0x02
	tokCloseEmpty   = 0x03
	tokEndElement   = 0x04
	tokText         = 0x05
	tokAttribute    = 0x06
	tokCDATA        = 0x07
	tokCharRef      = 0x08
	tokEntityRef    = 0x09
	tokPITarget     = 0x0A
	tokPIData       = 0x0B
	tokTemplate     = 0x0C
	tokSubstitution = 0x0D
	tokOptional     = 0x0E
	tokFragment     = 0x0F
	tokMore         = 0x40
)

const noDependency = 0xFFFF

// Limits against hostile input: section 10.
const (
	maxDepth       = 64       // of elements
	maxNesting     = 16       // of fragments in values
	maxPairs       = 10000    // of a record
	maxRecordText  = 1 << 20  // bytes of a record's values
	maxChunkText   = 32 << 20 // of all records of a chunk
	maxMixed       = 1 << 16  // text of one element in several parts
	maxInterned    = 4 << 20  // bytes of names kept by a decoder; those of a chunk need at most half
	maxInternedKey = 1024     // longer texts are not kept
)

var (
	fileMagic   = []byte("ElfFile\x00")
	chunkMagic  = []byte("ElfChnk\x00")
	recordMagic = []byte("**\x00\x00")
)

const (
	maxName = 256     // UTF-16 units of a name; the longest seen has less than 100
	maxPath = 8192    // bytes of a path of names
	maxWork = 4 << 20 // steps of all records of a chunk
)
