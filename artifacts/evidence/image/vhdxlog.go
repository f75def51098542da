package image

import (
	"errors"
	"fmt"
	"io"
)

// The log of a VHDX that was not closed ([MS-VHDX] 2.3). It is a ring of entries, each of one or more 4 KiB sectors; those of the newest
// complete sequence must be applied before the file is read. They are laid over the file in memory: evidence is not written to.
const (
	logSector = 4096

	logEntryLength = 8  // u32
	logTail        = 12 // u32
	logSequence    = 16 // u64
	logDescCount   = 24 // u32
	logGUID        = 32 // GUID
	logHeader      = 64

	logDesc       = 32
	logDescTrail  = 4  // u32, of a data descriptor: the last four bytes
	logDescLead   = 8  // u64: the first eight bytes; of a zero descriptor the length
	logDescOffset = 16 // u64
	logDescSeq    = 24 // u64

	logDataHigh = 4    // u32, in a data sector
	logDataLow  = 4092 // u32

	maxLog = 256 << 20
)

type logEntry struct {
	at, length, tail int64
	seq              uint64
}

// An overlay is a file with sectors that stand in for its own.
type overlay struct {
	r       io.ReaderAt
	sectors map[int64][]byte // by number; nil is zeros
}

func (o *overlay) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		at := off + int64(done)
		i, in := at/logSector, at%logSector
		piece := p[done:min(len(p), done+int(logSector-in))]
		if b, ok := o.sectors[i]; !ok {
			if err := readFull(o.r, piece, at); err != nil {
				return done, err
			}
		} else if b == nil {
			clear(piece)
		} else {
			copy(piece, b[in:])
		}
		done += len(piece)
	}
	return done, nil
}

// replayVHDX finds the active sequence and lays it over the file.
func replayVHDX(f *diskFile, header []byte) (io.ReaderAt, error) {
	at, length := int64(le.Uint64(header[vhdxLogOffset:])), int64(le.Uint32(header[vhdxLogLength:]))
	if at < 1<<20 || length <= 0 || length%logSector != 0 || length > maxLog || at > f.size-length {
		return nil, fmt.Errorf("%d bytes at %d", length, at)
	}
	ring := make([]byte, length)
	if err := readFull(f, ring, at); err != nil {
		return nil, err
	}
	guid := [16]byte(header[vhdxLogGUID:])
	seq := activeSequence(ring, guid)
	if len(seq) == 0 {
		return nil, errors.New("no complete sequence of entries")
	}
	o := &overlay{r: f, sectors: map[int64][]byte{}}
	for _, e := range seq {
		if err := o.apply(ringBytes(ring, e.at, e.length)); err != nil {
			return nil, fmt.Errorf("entry at %d: %w", at+e.at, err)
		}
	}
	return o, nil
}

// activeSequence returns the entries of the sequence with the highest number whose first entry is where its last one says the tail is
// ([MS-VHDX] 2.3.2).
func activeSequence(ring []byte, guid [16]byte) []logEntry {
	var best []logEntry
	n := int64(len(ring))
	budget := 16 * n // bytes to check: entries of a hostile ring may overlap as they like
	for start := int64(0); start < n; {
		var seq []logEntry
		at, total := start, int64(0)
		for {
			if budget < 0 {
				return best
			}
			e, ok := readLogEntry(ring, at, guid)
			budget -= logSector + e.length
			if !ok || len(seq) > 0 && e.seq != seq[len(seq)-1].seq+1 || total+e.length > n {
				break
			}
			seq = append(seq, e)
			total += e.length
			at = (at + e.length) % n
		}
		// The head is the last entry whose tail lies in this run; what stands before the tail is history.
		for len(seq) > 0 {
			head := seq[len(seq)-1]
			first := -1
			for i, e := range seq {
				if e.at == head.tail {
					first = i
				}
			}
			if first >= 0 {
				if len(best) == 0 || head.seq > best[len(best)-1].seq {
					best = append([]logEntry(nil), seq[first:]...)
				}
				break
			}
			seq = seq[:len(seq)-1]
		}
		start += max(logSector, total)
	}
	return best
}

// ringBytes copies n bytes that may run over the ring's end.
func ringBytes(ring []byte, at, n int64) []byte {
	b := make([]byte, 0, n)
	b = append(b, ring[at:min(at+n, int64(len(ring)))]...)
	return append(b, ring[:n-int64(len(b))]...)
}

func readLogEntry(ring []byte, at int64, guid [16]byte) (logEntry, bool) {
	h := ring[at:]
	if len(h) < logHeader || string(h[:4]) != "loge" || [16]byte(h[logGUID:]) != guid {
		return logEntry{}, false
	}
	e := logEntry{at: at, length: int64(le.Uint32(h[logEntryLength:])), tail: int64(le.Uint32(h[logTail:])),
		seq: le.Uint64(h[logSequence:])}
	if e.length == 0 || e.length%logSector != 0 || e.length > int64(len(ring)) || e.seq == 0 {
		return e, false
	}
	b := ringBytes(ring, at, e.length)
	return e, vhdxSum(b)
}

// apply lays one entry over the file: descriptors first, rounded up to a sector, then a sector of data for each data descriptor.
func (o *overlay) apply(b []byte) error {
	count := int64(le.Uint32(b[logDescCount:]))
	data := (logHeader + count*logDesc + logSector - 1) / logSector * logSector
	if data > int64(len(b)) {
		return fmt.Errorf("%d descriptors do not fit", count)
	}
	seq := le.Uint64(b[logSequence:])
	for i := range count {
		d := b[logHeader+i*logDesc:][:logDesc]
		off := int64(le.Uint64(d[logDescOffset:]))
		if off < 0 || off%logSector != 0 || off > 1<<50 || le.Uint64(d[logDescSeq:]) != seq {
			return fmt.Errorf("descriptor %d is broken", i)
		}
		switch string(d[:4]) {
		case "zero":
			n := int64(le.Uint64(d[logDescLead:]))
			if n < 0 || n%logSector != 0 || n > maxLog || len(o.sectors) > maxLog/logSector {
				return fmt.Errorf("descriptor %d clears %d bytes", i, n)
			}
			for k := range n / logSector {
				o.sectors[off/logSector+k] = nil
			}
		case "desc":
			if data+logSector > int64(len(b)) {
				return fmt.Errorf("the data of descriptor %d is missing", i)
			}
			s := b[data : data+logSector]
			data += logSector
			if string(s[:4]) != "data" || uint64(le.Uint32(s[logDataHigh:]))<<32|uint64(le.Uint32(s[logDataLow:])) != seq {
				return fmt.Errorf("the data of descriptor %d is torn", i)
			}
			sector := make([]byte, logSector)
			copy(sector, d[logDescLead:logDescLead+8])
			copy(sector[8:], s[8:logDataLow])
			copy(sector[logDataLow:], d[logDescTrail:logDescTrail+4])
			o.sectors[off/logSector] = sector
		default:
			return fmt.Errorf("descriptor %d has the signature %q", i, d[:4])
		}
	}
	return nil
}
