package ntfs

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// aheadBlock is how much of a $MFT one goroutine parses at a time. A block of 1 MiB
// does not fit the second cache of a processor and needs more time by the clock.
const aheadBlock = recordsBlock

// Ahead iterates over the records of a $MFT as [Records] does, and yields what work
// makes of each, in the same order, whatever the number of goroutines: n at most.
// Each parses a block of 128 KiB, and work is called on them. The record that work is
// given stays valid until the loop has done with what was made of it. An error comes
// last, with the zero value.
//
// The other goroutines are those of start. It calls the function that it is given
// on a goroutine, again as long as the function returns true and the goroutine may
// go on, and returns; or it returns false when there is no goroutine. The function
// waits for nothing. What nobody else has parsed when its turn comes, the caller's
// goroutine parses. Memory holds 2n blocks and what work made of them.
func Ahead[T any](r io.Reader, opts *RecordOptions, n int, start func(func() bool) bool, work func(*Record) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if n < 2 || start == nil {
			for rec, err := range Records(r, opts) {
				var made T
				if err == nil {
					made = work(rec)
				}
				if !yield(made, err) {
					return
				}
			}
			return
		}
		a := &ahead[T]{r: r, work: work, yield: yield, room: 2 * n}
		if opts != nil {
			a.opts = *opts
		}
		defer a.stop()
		a.run(start)
	}
}

// ahead is one iteration of [Ahead].
type ahead[T any] struct {
	r     io.Reader
	opts  RecordOptions
	work  func(*Record) T
	yield func(T, error) bool
	room  int
	at    int64 // of the next block

	line []*recordBlock[T] // that were read, in the order of the file
	free []*recordBlock[T]

	mu   sync.Mutex
	open []*recordBlock[T] // of line, those that nobody parses yet
}

// A recordBlock is some records that one goroutine parses.
type recordBlock[T any] struct {
	buf  []byte
	n    int // bytes of whole records
	at   int64
	recs []Record // the first ones belong to made
	made []T
	done chan struct{} // has a value once the block is parsed
}

func (a *ahead[T]) run(start func(func() bool) bool) {
	var err error
	for err == nil {
		if len(a.line) == a.room && !a.deliver() {
			return
		}
		if err = a.fill(); err == nil || len(a.line) > 1 {
			start(a.help)
		}
	}
	for len(a.line) > 0 {
		if !a.deliver() {
			return
		}
	}
	if !errors.Is(err, io.EOF) {
		var none T
		a.yield(none, err)
	}
}

// fill reads a block. The error is [io.EOF] at the end of a whole file.
func (a *ahead[T]) fill() error {
	var b *recordBlock[T]
	if k := len(a.free) - 1; k >= 0 {
		b, a.free = a.free[k], a.free[:k]
	} else {
		b = &recordBlock[T]{buf: make([]byte, aheadBlock), done: make(chan struct{}, 1)}
	}
	n, err := io.ReadFull(a.r, b.buf)
	if a.opts.RecordSize == 0 {
		a.opts.RecordSize = RecordSize(b.buf[:min(n, recordsBlock)]) // as much as Records asks
	}
	size := a.opts.RecordSize
	if !validSize(size) {
		return badSize(size)
	}
	b.at, b.n = a.at, n/size*size
	a.at += int64(b.n)
	if b.n > 0 {
		a.line = append(a.line, b)
		a.mu.Lock()
		a.open = append(a.open, b)
		a.mu.Unlock()
	}
	return endOfRecords(err, a.at, n-b.n)
}

// endOfRecords turns the error of reading into that of a $MFT: nil when there is
// more, [io.EOF] at the end. left bytes follow the last whole record, which ends at
// an offset.
func endOfRecords(err error, at int64, left int) error {
	switch {
	case err == nil:
		return nil
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return &wire.FormatError{Format: "mft", Offset: at + int64(left), Struct: "file record", Problem: "cannot be read", Err: err}
	case left > 0:
		return &wire.FormatError{
			Format: "mft", Offset: at, Struct: "file record", Problem: fmt.Sprintf("the file ends %d bytes into it", left),
		}
	}
	return io.EOF
}

// help parses a block that nobody parses yet. It returns false if there is none.
func (a *ahead[T]) help() bool {
	a.mu.Lock()
	if len(a.open) == 0 {
		a.mu.Unlock()
		return false
	}
	b := a.open[0]
	a.open = a.open[1:]
	a.mu.Unlock()
	a.parse(b)
	return true
}

func (a *ahead[T]) parse(b *recordBlock[T]) {
	b.made = b.made[:0]
	size, k := a.opts.RecordSize, 0
	if want := b.n / size; len(b.recs) < want {
		b.recs = append(b.recs, make([]Record, want-len(b.recs))...)
	}
	for off := 0; off < b.n; off += size {
		rec, at := &b.recs[k], b.at+int64(off)
		if !rec.read(b.buf[off:off+size:off+size], at, &a.opts) {
			continue
		}
		b.made = append(b.made, a.work(rec))
		k++
	}
	b.done <- struct{}{}
}

// deliver yields what is in the first block of the line. It reports whether to
// continue.
func (a *ahead[T]) deliver() bool {
	b := a.line[0]
	a.line = append(a.line[:0], a.line[1:]...)
	a.mu.Lock()
	mine := len(a.open) > 0 && a.open[0] == b
	if mine {
		a.open = a.open[1:]
	}
	a.mu.Unlock()
	if mine {
		a.parse(b)
	}
	a.await(b)
	for _, made := range b.made {
		if !a.yield(made, nil) {
			return false
		}
	}
	a.free = append(a.free, b)
	return true
}

// await returns once a block is parsed, and parses others in the meantime.
func (a *ahead[T]) await(b *recordBlock[T]) {
	for {
		select {
		case <-b.done:
			return
		default:
		}
		if !a.help() {
			<-b.done
			return
		}
	}
}

// stop waits for the blocks that are being parsed.
func (a *ahead[T]) stop() {
	a.mu.Lock()
	begun := a.line[:len(a.line)-len(a.open)]
	a.open = nil
	a.mu.Unlock()
	for _, b := range begun {
		<-b.done
	}
}
