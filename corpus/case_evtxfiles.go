package corpus

import (
	"hash/crc32"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// A LogSpec is an event log file to write. Its records hold no events, but an empty fragment of binary XML: what a
// reader of the numbers and times needs.
type LogSpec struct {
	First   uint64           // the identifier of the first record
	Times   []time.Time      // one record each
	PerPart int              // records to a chunk; 0 means all in one
	Unused  int              // chunks behind the last that were never written
	Turn    int              // where in the file the first chunk stands, in a log that is written round
	Skip    map[int]bool     // records that are cut out, by their place in Times
	Dirty   bool             // as while Windows writes: the header knows the first chunk only
	Change  func(log []byte) // made to the finished file: sums do not fit any more
}

const (
	logHeader = 4096
	logChunk  = 65536
	logFirst  = 512
)

// Build writes the file. libevtx, "Windows XML Event Log (EVTX) format".
func (s LogSpec) Build() []byte {
	per := s.PerPart
	if per == 0 {
		per = max(1, len(s.Times))
	}
	var parts [][]byte
	for from := 0; from < len(s.Times); from += per {
		parts = append(parts, s.chunk(from, min(from+per, len(s.Times))))
	}
	if len(parts) == 0 {
		parts = append(parts, s.chunk(0, 0))
	}
	b := make([]byte, logHeader)
	copy(b, "ElfFile\x00")
	n := uint64(len(parts))
	for i := range parts {
		b = append(b, parts[(i+len(parts)-s.Turn)%len(parts)]...)
	}
	b = append(b, make([]byte, s.Unused*logChunk)...)
	le.PutUint64(b[8:], uint64(s.Turn))
	le.PutUint64(b[16:], (uint64(s.Turn)+n-1)%n)
	le.PutUint64(b[24:], s.First+uint64(len(s.Times)))
	if s.Dirty {
		le.PutUint64(b[16:], uint64(s.Turn))
		le.PutUint64(b[24:], s.First)
	}
	le.PutUint32(b[32:], 128)
	le.PutUint16(b[36:], 1)
	le.PutUint16(b[38:], 3)
	le.PutUint16(b[40:], logHeader)
	le.PutUint16(b[42:], uint16(len(parts)))
	le.PutUint32(b[124:], crc32.ChecksumIEEE(b[:120]))
	if s.Dirty {
		le.PutUint32(b[120:], 1)
	}
	if s.Change != nil {
		s.Change(b)
	}
	return b
}

func (s LogSpec) chunk(from, to int) []byte {
	c := make([]byte, logFirst, logChunk)
	copy(c, "ElfChnk\x00")
	last := logFirst
	for i := from; i < to; i++ {
		if s.Skip[i] {
			continue
		}
		const body = 8 // an empty fragment and the end of the document, filled up
		size := uint32(24 + body + 4)
		last = len(c)
		c = append(c, "**\x00\x00"...)
		c = le.AppendUint32(c, size)
		c = le.AppendUint64(c, s.First+uint64(i))
		c = le.AppendUint64(c, regf.FILETIME(s.Times[i]))
		c = append(c, 0x0F, 1, 1, 0, 0, 0, 0, 0)
		c = le.AppendUint32(c, size)
	}
	free := len(c)
	c = c[:logChunk]
	for _, at := range []int{8, 24} {
		le.PutUint64(c[at:], s.First+uint64(from))
		le.PutUint64(c[at+8:], s.First+uint64(to)-1)
	}
	le.PutUint32(c[40:], 128)
	le.PutUint32(c[44:], uint32(last))
	le.PutUint32(c[48:], uint32(free))
	le.PutUint32(c[52:], crc32.ChecksumIEEE(c[logFirst:free]))
	le.PutUint32(c[124:], crc32.Update(crc32.ChecksumIEEE(c[:120]), crc32.IEEETable, c[128:logFirst]))
	return c
}
