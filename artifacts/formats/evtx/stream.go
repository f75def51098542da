package evtx

import (
	"io"
	"iter"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A Stream is an event log that is read once, from its start to its end.
type Stream struct {
	Header Header
	Damage []*wire.FormatError // of the header

	r     io.Reader
	opts  Options
	carve bool // see [CarveStream]
}

// NewStream reads the header of an event log. The records are those that [Open]
// gives, in the same order.
func NewStream(r io.Reader, opts *Options) (*Stream, error) {
	s := &Stream{r: r}
	if opts != nil {
		s.opts = *opts
	}
	var b [firstChunk]byte
	n, err := io.ReadFull(r, b[:])
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	s.Header, s.Damage, err = readHeader(b[:n])
	return s, err
}

// maxWaiting bounds the chunks that a stream keeps for recovery: whether one of
// their records is a copy of an allocated one is known only at the end. When
// they are more, those of the oldest are delivered early.
const maxWaiting = 1024

// Records iterates over the records as [File.Records] does. It can be called
// once.
func (s *Stream) Records() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		d, l := s.decoder(), s.leftovers()
		each := s.chunks
		if s.carve {
			each = s.carved
		}
		if each(d, l, yield) && l.rest(d, yield) {
			d.retire() // whoever stops may go on with the last record
		}
	}
}

func (s *Stream) decoder() *Decoder {
	d := NewDecoder()
	d.sums = s.Header.Flags&NoChecksums == 0
	d.recover, d.want = s.opts.Recover, s.opts.Want
	return d
}

// leftovers begins a recovery, if one is wanted.
func (s *Stream) leftovers() *leftovers {
	if !s.opts.Recover {
		return nil
	}
	l := newLeftovers(&s.opts)
	l.keep = true
	return l
}

// chunks delivers one chunk after the other. It reports whether to continue.
func (s *Stream) chunks(d *Decoder, l *leftovers, yield func(Record, error) bool) bool {
	for i := 0; ; i++ {
		n, err := io.ReadFull(s.r, d.base[:ChunkSize])
		if n > 0 {
			d.load(n, i, firstChunk+int64(i)*ChunkSize)
			if !d.deliver(l, yield) {
				return false
			}
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return true
		case err != nil:
			return yield(Record{}, err)
		}
		if l != nil && len(l.waiting) > maxWaiting && !l.next(d, yield) {
			return false
		}
	}
}
