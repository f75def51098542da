package events

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// An EvtxFile is one event log file: how far it reaches and whether it is
// whole, and what was read of its records.
type EvtxFile struct {
	artifacts.Origin
	Log          string    `json:"log"` // by the file's name: "Security", "Microsoft-Windows-PowerShell/Operational"
	Size         int64     `json:"file_size"`
	Records      uint64    `json:"number_of_records"`
	First        uint64    `json:"first_record,omitempty"` // record identifiers, which count on when a log is cleared
	Last         uint64    `json:"last_record,omitempty"`
	Next         uint64    `json:"next_record"` // as the header says
	Oldest       time.Time `json:"oldest,omitzero" event:"First Event Time"`
	Newest       time.Time `json:"newest,omitzero" event:"Last Event Time"`
	Chunks       int       `json:"chunks"`          // that hold records
	Unused       int       `json:"unused_chunks"`   // that were never written
	OldestChunk  int       `json:"oldest_chunk"`    // where in the file the first record lies, from 0
	Dirty        bool      `json:"dirty,omitempty"` // was open for writing: the header is behind
	Full         bool      `json:"full,omitempty"`  // Windows may write no more
	MissingCount uint64    `json:"missing,omitempty"`
	Missing      []string  `json:"missing_records,omitempty"` // identifiers between the first and the last that no record has
	Read         int       `json:"records_read"`              // whole, from the lists of the chunks
	Failed       int       `json:"records_failed,omitempty"`  // in the lists, and damaged
	HiddenCount  int       `json:"records_hidden,omitempty"`
	Recovered    int       `json:"records_recovered,omitempty"`
	Partial      int       `json:"records_partly_recovered,omitempty"`
	Unknown      int       `json:"records_not_in_catalogue,omitempty"` // of those read
	Unusual      []string  `json:"unusual,omitempty"`                  // sums that do not fit, headers that claim something else
}

var logFiles = artifacts.Part[EvtxFile](artifacts.Artifact{
	Name:     "evtxfiles",
	Title:    "Event log files",
	DataType: "windows:evtx:file",
	About: `Each event log file with its first and last record: number and time of writing, how far back the log
reaches, and whether numbers are missing; and how many records were read, recovered, hidden,
damaged, or are not in the catalogue of events. Proves the time span that the file covers. It does
not show the events: the other artifacts of this chapter do. Numbers continue when a log is cleared (event 1102 of Security is an ordinary
record with the next number). A log that starts above 1 although nothing in it was overwritten has
been emptied or replaced: it was cleared, its size was lowered, or Windows archived it. Missing
numbers and wrong checksums show a file that was changed by other means, is damaged, or was copied
while Windows wrote to it (dirty). The time of a record is that of its writing by the machine's
clock.`,
	Proves: artifacts.Present,
	Attack: []string{"T1070.001"},
	Refs: []string{
		"https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc",
		"https://learn.microsoft.com/previous-versions/windows/it-pro/windows-10/security/threat-protection/auditing/event-1102",
	},
})

// The file header: libevtx, "File header".
const (
	evtxNext      = 24  // u64, next record identifier
	evtxFlags     = 120 // u32: 1 dirty, 2 full, 4 without sums (seen in real files)
	evtxSum       = 124 // u32, CRC-32 of the first 120 bytes
	evtxHeader    = 128
	evtxChunkData = 4096 // where the first chunk begins
)

// A chunk: libevtx, "Chunk header".
const (
	evtxFirstNumber = 8   // u64, first record number
	evtxLastNumber  = 16  // u64
	evtxFirstID     = 24  // u64, first record identifier
	evtxLastID      = 32  // u64
	evtxFree        = 48  // u32, free space offset
	evtxRecordsSum  = 52  // u32, CRC-32 of the records
	evtxChunkSum    = 124 // u32, CRC-32 of the first 120 bytes and of bytes 128 to 512
	evtxRecords     = 512
	evtxChunkSize   = 65536
)

// A record: libevtx, "Event record".
const (
	evtxRecordSize = 4  // u32, with signature and its own copy at the end
	evtxRecordID   = 8  // u64
	evtxWritten    = 16 // FILETIME
	evtxRecordMin  = 28
)

var le = binary.LittleEndian

var (
	evtxFileMagic   = []byte("ElfFile\x00")
	evtxChunkMagic  = []byte("ElfChnk\x00")
	evtxRecordMagic = []byte("**\x00\x00")
)

// evtxShown bounds the lists of a record, evtxRuns the breaks in the numbers
// that are followed: the largest file that is read has 16,384 chunks.
const (
	evtxShown = 32
	evtxRuns  = 1 << 16
)

// A scan looks at a log while it is read: bytes that pass through it are those
// of the header and of one chunk after the other.
type scan struct {
	in   artifacts.Input
	r    io.Reader
	buf  []byte // of the header or of the chunk at hand
	want int    // its size
	at   int64  // where it begins
	n    int    // chunks so far
	d    *evtxDecoder
}

func newScan(in artifacts.Input) *scan {
	return &scan{in: in, r: in.Reader(), want: evtxChunkData}
}

// Read implements [io.Reader].
func (s *scan) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.add(p[:n])
	return n, err
}

func (s *scan) add(p []byte) {
	for len(p) > 0 {
		n := min(s.want-len(s.buf), len(p))
		switch {
		case n == s.want: // all of it, as logs are read
			s.look(p[:n])
		case s.buf == nil:
			s.buf = append(make([]byte, 0, evtxChunkSize), p[:n]...)
		default:
			if s.buf = append(s.buf, p[:n]...); len(s.buf) == s.want {
				s.look(s.buf)
			}
		}
		p = p[n:]
	}
}

// look takes in the header, or a chunk.
func (s *scan) look(b []byte) {
	switch {
	case s.d != nil:
		if !s.d.headless {
			s.d.chunk(s.n, s.at, b)
		}
		s.n++
	case len(b) >= evtxHeader && bytes.HasPrefix(b, evtxFileMagic):
		s.d = newEvtxDecoder(s.in, b)
	default:
		s.d = newEvtxDecoder(s.in, nil)
	}
	s.at += int64(s.want)
	s.buf, s.want = s.buf[:0], evtxChunkSize
}

// found takes in a record of a log without header, whose chunks lie anywhere.
func (s *scan) found(chunk int, at int64, id uint64, written time.Time) {
	if s.d == nil {
		s.d = newEvtxDecoder(s.in, nil)
	}
	if !s.d.headless {
		return
	}
	k := len(s.d.runs) - 1
	same := k >= 0 && s.d.runs[k].chunk == chunk
	if !same {
		s.d.f.Chunks++
	}
	s.d.record(chunk, at, id, written, same)
}

// end returns the record of the log, after all of it was read.
func (s *scan) end() (EvtxFile, []error) {
	if len(s.buf) > 0 || s.d == nil {
		s.look(s.buf)
	}
	s.d.join()
	return s.d.f, s.d.errs
}

// newEvtxDecoder begins a log. Of one without header b is nil.
func newEvtxDecoder(in artifacts.Input, b []byte) *evtxDecoder {
	if b == nil {
		return &evtxDecoder{in: in, headless: true, f: EvtxFile{Origin: in.AtOffset(0), Log: evtxLog(in.From.Path), Size: in.Size}}
	}
	flags := le.Uint32(b[evtxFlags:])
	d := &evtxDecoder{in: in, sums: flags&4 == 0, f: EvtxFile{
		Origin: in.AtOffset(0), Log: evtxLog(in.From.Path), Size: in.Size, Next: le.Uint64(b[evtxNext:]),
		Dirty: flags&1 != 0, Full: flags&2 != 0,
	}}
	if d.sums && crc32.ChecksumIEEE(b[:evtxFlags]) != le.Uint32(b[evtxSum:]) {
		d.unusual("the sum of the header does not fit")
	}
	return d
}

// evtxLog is the name of the log: %4 stands for a slash, which files cannot have.
func evtxLog(path string) string {
	base := winpath.Base(path)
	return strings.ReplaceAll(base[:len(base)-len(winpath.Ext(base))], "%4", "/")
}

// An evtxRun is a row of records whose identifiers follow each other.
type evtxRun struct {
	chunk          int
	at             int64 // of the first record in the file
	first, last    uint64
	oldest, newest time.Time
}

type evtxDecoder struct {
	in   artifacts.Input
	f    EvtxFile
	runs []evtxRun
	sums bool // the file has them

	headless bool // the file has no header: its records come by [scan.found]
	errs     []error
}

func (d *evtxDecoder) unusual(format string, args ...any) {
	switch {
	case len(d.f.Unusual) < evtxShown:
		d.f.Unusual = append(d.f.Unusual, fmt.Sprintf(format, args...))
	case len(d.f.Unusual) == evtxShown:
		d.f.Unusual = append(d.f.Unusual, "…")
	}
}

func (d *evtxDecoder) bad(at int64, format string, args ...any) {
	if len(d.errs) < evtxShown {
		d.errs = append(d.errs, d.in.Errorf(d.in.AtOffset(at), format, args...))
	}
}

// chunk walks the records of one chunk. What its header says of them is not
// needed, and behind the times in a file that was open.
func (d *evtxDecoder) chunk(n int, at int64, c []byte) {
	switch {
	case len(c) < evtxRecords:
		d.bad(at, "chunk %d is cut short: %d bytes", n, len(c))
		return
	case !bytes.HasPrefix(c, evtxChunkMagic):
		if le.Uint64(c) == 0 {
			d.f.Unused++ // Windows makes the file longer before it writes
		} else {
			d.bad(at, "chunk %d: no signature", n)
		}
		return
	case len(c) < evtxChunkSize:
		d.bad(at, "chunk %d is cut short: %d bytes", n, len(c))
	}
	free := int(min(le.Uint32(c[evtxFree:]), uint32(len(c))))
	pos, last := evtxRecords, uint64(0)
	runs := len(d.runs)
	first, listed := uint64(0), uint64(0)
	for pos+evtxRecordMin <= len(c) && bytes.HasPrefix(c[pos:], evtxRecordMagic) {
		size := int64(le.Uint32(c[pos+evtxRecordSize:]))
		if size < evtxRecordMin || size > int64(len(c)-pos) || le.Uint32(c[pos+int(size)-4:]) != uint32(size) {
			if pos < free {
				d.bad(at+int64(pos), "chunk %d: a record claims %d bytes, and does not end so", n, size)
			}
			break
		}
		id, written := le.Uint64(c[pos+evtxRecordID:]), wire.TimeAt(c, pos+evtxWritten)
		if pos >= free && id != last+1 {
			break // of an older state of the chunk
		}
		d.record(n, at+int64(pos), id, written, len(d.runs) > runs)
		if pos, last = pos+int(size), id; pos <= free {
			if listed++; listed == 1 {
				first = id
			}
			if pos == free && !d.f.Dirty && (le.Uint64(c[evtxFirstID:]) != first || le.Uint64(c[evtxLastID:]) != id ||
				le.Uint64(c[evtxLastNumber:])-le.Uint64(c[evtxFirstNumber:])+1 != listed) {
				d.unusual("chunk %d: header %d to %d, records %d to %d (%d)", n, le.Uint64(c[evtxFirstID:]), le.Uint64(c[evtxLastID:]),
					first, id, listed)
			}
		}
	}
	if len(d.runs) > runs {
		d.f.Chunks++
	}
	if d.sums && !d.f.Dirty && len(c) == evtxChunkSize {
		head := crc32.Update(crc32.ChecksumIEEE(c[:120]), crc32.IEEETable, c[128:evtxRecords])
		if head != le.Uint32(c[evtxChunkSum:]) {
			d.unusual("chunk %d: the sum of its header does not fit", n)
		}
		if free >= evtxRecords && crc32.ChecksumIEEE(c[evtxRecords:free]) != le.Uint32(c[evtxRecordsSum:]) {
			d.unusual("chunk %d: the sum of its records does not fit", n)
		}
	}
}

// record adds a record to the run that it continues, or begins one.
func (d *evtxDecoder) record(chunk int, at int64, id uint64, written time.Time, sameChunk bool) {
	d.f.Records++
	if k := len(d.runs) - 1; sameChunk && d.runs[k].last+1 == id {
		r := &d.runs[k]
		r.last = id
		if !written.IsZero() {
			r.newest = written
			if r.oldest.IsZero() {
				r.oldest = written
			}
		}
		return
	}
	if len(d.runs) == evtxRuns {
		d.bad(at, "the numbers break more than %d times; from here on records are only counted", evtxRuns)
		return
	}
	d.runs = append(d.runs, evtxRun{chunk, at, id, id, written, written})
}

// join puts the chunks into the order of their records - a log that is full is
// written round and round - and looks for what is missing in between.
func (d *evtxDecoder) join() {
	f := &d.f
	if len(d.runs) == 0 {
		return
	}
	slices.SortStableFunc(d.runs, func(a, b evtxRun) int { return cmp.Compare(a.first, b.first) })
	head := d.runs[0]
	f.First, f.Last, f.OldestChunk, f.Oldest, f.Newest = head.first, head.last, head.chunk, head.oldest, head.newest
	f.Origin = d.in.AtOffset(head.at)
	for _, r := range d.runs[1:] {
		switch gap := r.first - f.Last - 1; {
		case r.first <= f.Last:
			d.bad(r.at, "chunk %d: record %d is there twice", r.chunk, r.first)
		case gap > 0:
			f.MissingCount += gap
			f.Missing = appendShown(f.Missing, fmt.Sprintf("%d to %d", f.Last+1, r.first-1))
		}
		if r.last > f.Last {
			f.Last = r.last
			if !r.newest.IsZero() {
				f.Newest = r.newest
			}
		}
	}
	if f.Next != f.Last+1 && !f.Dirty && !d.headless {
		d.unusual("the header says that the next record is %d, the last one is %d", f.Next, f.Last)
	}
}

func appendShown(list []string, s string) []string {
	switch {
	case len(list) < evtxShown:
		return append(list, s)
	case len(list) == evtxShown:
		return append(list, "…")
	}
	return list
}

// Overwritten reports whether the log may have lost its beginning in the
// ordinary way: written to its full size and round again. Without that, the
// first record of a log has the number 1.
func (f EvtxFile) Overwritten() bool {
	// Windows takes no maximum below 1,028 KiB: 16 chunks.
	const smallest = evtxChunkData + 16*evtxChunkSize
	return f.OldestChunk > 0 || f.Unused == 0 && f.Size >= smallest
}

// Tags marks what a reader should look at.
func (f EvtxFile) Tags() []string {
	var tags []string
	if f.First > 1 && !f.Overwritten() {
		tags = append(tags, "begins-late")
	}
	if f.MissingCount > 0 {
		tags = append(tags, "records-missing")
	}
	if f.HiddenCount > 0 {
		tags = append(tags, "records-hidden")
	}
	return tags
}

// unusualTold is how much of what is unusual a summary has.
const unusualTold = 8

// Summary tells the span of numbers.
func (f EvtxFile) Summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s]", f.Log)
	if f.Records == 0 {
		fmt.Fprintf(&b, " no records, the next is %d", f.Next)
	} else {
		fmt.Fprintf(&b, " %d records, %d to %d", f.Records, f.First, f.Last)
	}
	if f.First > 1 && !f.Overwritten() {
		b.WriteString(", though nothing was overwritten")
	}
	if f.MissingCount > 0 {
		fmt.Fprintf(&b, "; %d missing: %s", f.MissingCount, strings.Join(f.Missing, ", "))
	}
	for _, n := range []struct {
		count int
		what  string
	}{{f.HiddenCount, "hidden"}, {f.Recovered, "recovered"}, {f.Partial, "recovered in part"}, {f.Failed, "damaged"}} {
		if n.count > 0 {
			fmt.Fprintf(&b, "; %d %s", n.count, n.what)
		}
	}
	for i, u := range f.Unusual {
		if i == unusualTold {
			fmt.Fprintf(&b, "; %d more", len(f.Unusual)-i)
			break
		}
		b.WriteString("; " + u)
	}
	if f.Dirty {
		b.WriteString(" (dirty)")
	}
	return b.String()
}
