package ntfs

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"math/bits"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// RecordOptions change what [Records] reads. The zero value reads a loose $MFT.
type RecordOptions struct {
	// RecordSize is that of the boot sector. Without it the first readable
	// record decides.
	RecordSize int
	// Table joins extension records to their base, which needs a first pass:
	// [ReadTable].
	Table *Table
	// Slack asks for what lies after the used part of each record.
	Slack bool
}

const (
	minRecord    = 512
	maxRecord    = 64 << 10
	recordsBlock = 128 << 10 // fits the second cache of a processor
)

// Records reads a $MFT from its beginning. It yields each position that holds a
// record, in use or not, base record or extension. The record is reused for the
// next one. An error comes last, with a nil record: the source failed, or it
// ends within a record.
func Records(r io.Reader, opts *RecordOptions) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		var o RecordOptions
		if opts != nil {
			o = *opts
		}
		s := recordStream{r: r, opts: o}
		if err := s.run(yield); err != nil {
			yield(nil, err)
		}
	}
}

// RecordsOf reads the records of some entries of a $MFT, which must be sorted. The
// size of the records must be in the options. An entry that holds no record is left
// out. The record is reused for the next one; an error comes last, with a nil record.
func RecordsOf(r io.ReaderAt, entries []uint64, opts RecordOptions) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		size := int64(opts.RecordSize)
		if !validSize(opts.RecordSize) {
			yield(nil, badSize(opts.RecordSize))
			return
		}
		var rec Record
		buf := make([]byte, max(sparseBlock, size))
		from, end := int64(0), int64(0)
		for _, e := range entries {
			if e > math.MaxInt64/maxRecord-1 {
				return
			}
			at := int64(e) * size
			if at < from || at+size > end {
				n, err := r.ReadAt(buf, at)
				if err != nil && !errors.Is(err, io.EOF) && int64(n) < size {
					yield(nil, &wire.FormatError{Format: "mft", Offset: at, Struct: "file record", Problem: "cannot be read", Err: err})
					return
				}
				from, end = at, at+int64(n)
			}
			if at+size > end {
				continue // beyond the end
			}
			if rec.read(buf[at-from:at-from+size:at-from+size], at, &opts) && !yield(&rec, nil) {
				return
			}
		}
	}
}

// sparseBlock is how much is read at once where few records are wanted.
const sparseBlock = 16 << 10

func validSize(size int) bool {
	return size >= minRecord && size <= maxRecord && bits.OnesCount(uint(size)) == 1
}

func badSize(size int) error {
	return &wire.FormatError{Format: "mft", Struct: "file record", Problem: fmt.Sprintf("records of %d bytes", size)}
}

type recordStream struct {
	r    io.Reader
	opts RecordOptions
	rec  Record
	at   int64
}

func (s *recordStream) run(yield func(*Record, error) bool) error {
	buf := make([]byte, recordsBlock)
	size := s.opts.RecordSize
	for {
		n, err := io.ReadFull(s.r, buf)
		if size == 0 {
			size = RecordSize(buf[:n])
		}
		if !validSize(size) {
			return badSize(size)
		}
		whole := n / size * size
		for off := 0; off < whole; off += size {
			if s.rec.read(buf[off:off+size:off+size], s.at+int64(off), &s.opts) && !yield(&s.rec, nil) {
				return nil
			}
		}
		s.at += int64(whole)
		if err = endOfRecords(err, s.at, n-whole); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// read takes the record that b holds, which lies at an offset. It reports false
// when there is none.
func (r *Record) read(b []byte, at int64, opts *RecordOptions) bool {
	r.reset(uint64(at)/uint64(len(b)), at)
	if !r.parse(b, opts.Slack) {
		return false
	}
	if opts.Table != nil {
		opts.Table.join(r)
	}
	return true
}

// RecordSize returns the size of the file records in the beginning of a $MFT:
// what the first readable record has allocated, or 1,024. A loose file has no
// other hint. Taking records of 4,096 bytes for 1,024 finds each of them four
// entries too far on.
func RecordSize(head []byte) int {
	for off := 0; off+recHeader <= len(head); off += minRecord {
		if size, ok := IsRecord(head[off:]); ok {
			return size
		}
	}
	return 1024
}

// IsRecord reports whether b begins with a file record, and how much that
// record has allocated.
func IsRecord(b []byte) (size int, ok bool) {
	if len(b) < recHeader || string(b[:4]) != "FILE" {
		return 0, false
	}
	n := le.Uint32(b[recAllocated:])
	if n < minRecord || n > maxRecord || bits.OnesCount32(n) != 1 {
		return 0, false
	}
	count, attrs := le.Uint16(b[recFixupCount:]), le.Uint16(b[recAttrs:])
	return int(n), uint32(count) == n/512+1 && attrs >= recHeader && uint32(attrs) < n && le.Uint32(b[recUsed:]) <= n
}
