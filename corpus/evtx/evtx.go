// Package evtx writes event logs (.evtx) as Windows does: chunks with their
// tables and checksums, records of binary XML with templates, forwarded records
// without, and logs as they are found on machines that were running or were
// tampered with.
//
// The containers follow the documentation of libevtx, "Windows XML Event Log
// (EVTX) format", binary XML follows [MS-EVEN6] 2.2.12 and 2.2.13.
package evtx

import (
	"hash/crc32"
	"time"
)

const (
	headerSize    = 4096
	chunkSize     = 65536
	recordsStart  = 512
	stringTable   = 128
	templateTable = 384
)

// A Record is one record as it is stored.
type Record struct {
	ID      uint64
	Number  uint64 // in the file; 0 means as ID
	Written time.Time
	Root    []Node // one instance or element
}

// A Log is a file to write.
type Log struct {
	Records  []Record
	PerChunk int // records in a chunk at most; 0 means as many as fit
	Minor    uint16
	Turn     int  // the place of the first chunk in a log that was written round
	Unused   int  // chunks at the end that were never written
	Dirty    bool // the header knows the first chunk only
	NoSums   bool // flag 4: no checksums

	// Before holds records that were in the chunks earlier. What the later ones
	// do not reach of them stays behind the free space.
	Before []Record
}

// Build writes the file.
func (l Log) Build() []byte {
	chunks := pack(l.Records, l.PerChunk, l.NoSums)
	if old := pack(l.Before, l.PerChunk, l.NoSums); len(old) > 0 {
		for i, c := range chunks {
			if i < len(old) {
				overlay(c, old[i])
			}
		}
	}
	n := len(chunks)
	b := make([]byte, headerSize)
	copy(b, "ElfFile\x00")
	next := uint64(1)
	if len(l.Records) > 0 {
		next = l.Records[len(l.Records)-1].ID + 1
	}
	le.PutUint64(b[8:], uint64(l.Turn))
	le.PutUint64(b[16:], uint64((l.Turn+n-1)%max(n, 1)))
	le.PutUint64(b[24:], next)
	le.PutUint32(b[32:], 128)
	le.PutUint16(b[36:], max(l.Minor, 1))
	le.PutUint16(b[38:], 3)
	le.PutUint16(b[40:], headerSize)
	le.PutUint16(b[42:], uint16(n))
	if l.Dirty {
		le.PutUint64(b[16:], uint64(l.Turn))
		le.PutUint64(b[24:], 1)
		le.PutUint16(b[42:], 1)
		b[120] |= 1
	}
	if l.NoSums {
		b[120] |= 4
	} else {
		le.PutUint32(b[124:], crc32.ChecksumIEEE(b[:120]))
	}
	for i := range chunks {
		b = append(b, chunks[(i+n-l.Turn)%n]...)
	}
	return append(b, make([]byte, l.Unused*chunkSize)...)
}

// overlay keeps of an earlier chunk what a new one does not reach.
func overlay(c, old []byte) {
	free := le.Uint32(c[48:])
	copy(c[free:], old[free:])
}

// A chunk is one that is being written.
type chunk struct {
	b         []byte
	names     map[string]uint32
	templates map[*Template]uint32

	// What a record that does not fit has changed.
	newNames     []string
	newTemplates []*Template
	undo         []place
}

type place struct{ at, was uint32 }

func newChunk() *chunk {
	c := &chunk{b: make([]byte, recordsStart, chunkSize), names: make(map[string]uint32), templates: make(map[*Template]uint32)}
	copy(c.b, "ElfChnk\x00")
	return c
}

// pack writes records into chunks.
func pack(records []Record, per int, noSums bool) [][]byte {
	var chunks [][]byte
	for len(records) > 0 {
		c := newChunk()
		n, last := 0, 0
		for n < len(records) && (per == 0 || n < per) {
			at := len(c.b)
			if !c.record(records[n]) {
				break
			}
			n, last = n+1, at
		}
		if n == 0 {
			panic("corpus: a record is larger than a chunk")
		}
		chunks = append(chunks, c.finish(records[:n], last, noSums))
		records = records[n:]
	}
	return chunks
}

// record appends a record, or returns false when it does not fit.
func (c *chunk) record(r Record) bool {
	c.newNames, c.newTemplates, c.undo = nil, nil, nil
	start := len(c.b)
	c.byte('*', '*', 0, 0)
	c.u32(0)
	c.u64(r.ID)
	c.u64(fileTime(r.Written))
	c.fragment(r.Root, true)
	for (len(c.b)-start+4)%8 != 0 {
		c.byte(0)
	}
	size := uint32(len(c.b) - start + 4)
	c.u32(size)
	le.PutUint32(c.b[start+4:], size)
	if len(c.b) <= chunkSize {
		return true
	}
	for i := len(c.undo) - 1; i >= 0; i-- {
		le.PutUint32(c.b[c.undo[i].at:], c.undo[i].was)
	}
	for _, n := range c.newNames {
		delete(c.names, n)
	}
	for _, t := range c.newTemplates {
		delete(c.templates, t)
	}
	c.b = c.b[:start]
	return false
}

// finish fills the header.
func (c *chunk) finish(records []Record, last int, noSums bool) []byte {
	first, end := records[0], records[len(records)-1]
	number := func(r Record) uint64 {
		if r.Number == 0 {
			return r.ID
		}
		return r.Number
	}
	b, free := c.b, len(c.b)
	b = append(b, make([]byte, chunkSize-len(b))...)
	le.PutUint64(b[8:], number(first))
	le.PutUint64(b[16:], number(end))
	le.PutUint64(b[24:], first.ID)
	le.PutUint64(b[32:], end.ID)
	le.PutUint32(b[40:], 128)
	le.PutUint32(b[44:], uint32(last))
	le.PutUint32(b[48:], uint32(free))
	b[120] = 1
	if noSums {
		b[120] = 5
		return b
	}
	SumChunk(b)
	return b
}

// SumChunk computes the checksums of a chunk anew.
func SumChunk(b []byte) {
	free := le.Uint32(b[48:])
	le.PutUint32(b[52:], crc32.ChecksumIEEE(b[recordsStart:free]))
	le.PutUint32(b[124:], crc32.Update(crc32.ChecksumIEEE(b[:120]), crc32.IEEETable, b[128:recordsStart]))
}
