package evtx

import (
	"io"
	"iter"
	"sync"
)

// Ahead iterates over the records of a stream as [Stream.Records] does, and
// yields what work makes of each, in the same order. Up to n goroutines decode a
// chunk each, and work is called on them; what it is given is valid until it
// returns. It may be called twice for a record.
//
// The other goroutines are those of start. It calls the function that it is given
// on a goroutine, again as long as the function returns true and the goroutine may
// go on, and returns; or it returns false when there is no goroutine. The function
// waits for nothing. With a start of nil n-1 goroutines are made. What nobody else
// has decoded when its turn comes, the caller's goroutine decodes.
//
// Memory holds 2n chunks and what work made of them. A log that is read by
// [CarveStream] is decoded by the caller's goroutine.
func Ahead[T any](s *Stream, n int, start func(func() bool) bool, work func(Record, error) T) iter.Seq[T] {
	return func(yield func(T) bool) {
		if n < 2 || s.carve {
			for rec, err := range s.Records() {
				if !yield(work(rec, err)) {
					return
				}
			}
			return
		}
		if start == nil {
			wait, begin := goroutines(n - 1)
			defer wait()
			start = begin
		}
		a := &ahead[T]{s: s, l: s.leftovers(), work: work, yield: yield, room: 2 * n}
		defer a.stop()
		a.run(start)
	}
}

// goroutines returns a start function for [Ahead] that makes up to n goroutines,
// and a function that waits for their ends.
func goroutines(n int) (wait func(), start func(func() bool) bool) {
	var all sync.WaitGroup
	room := make(chan struct{}, n)
	return all.Wait, func(f func() bool) bool {
		select {
		case room <- struct{}{}:
		default:
			return false
		}
		all.Go(func() {
			defer func() { <-room }()
			for f() {
			}
		})
		return true
	}
}

// ahead is one iteration of [Ahead].
type ahead[T any] struct {
	s     *Stream
	l     *leftovers
	work  func(Record, error) T
	yield func(T) bool
	room  int

	line []*aheadChunk[T] // that were read, in the order of the file
	free []*aheadChunk[T]
	own  *Decoder // for chunks that recovery reads again

	mu    sync.Mutex
	open  []*aheadChunk[T] // of line, those that nobody decodes yet
	words []*vocabulary    // that no decoder uses; the last was used last
}

// An aheadChunk has a decoder of its own, which holds what the chunk leaves for
// recovery, and works with one of the shared vocabularies: as many are in use as
// chunks are decoded at once.
type aheadChunk[T any] struct {
	d    *Decoder
	n    int // bytes
	i    int // index in the file
	last bool
	made []T
	done chan struct{} // has a value once the chunk is decoded
}

func (a *ahead[T]) run(start func(func() bool) bool) {
	var err error
	for i := 0; err == nil; i++ {
		if len(a.line) == a.room && !a.deliver() {
			return
		}
		if err = a.fill(i); err == nil {
			start(a.help)
		}
	}
	for len(a.line) > 0 {
		if !a.deliver() {
			return
		}
	}
	if err != io.EOF && err != io.ErrUnexpectedEOF && !a.yield(a.work(Record{}, err)) {
		return
	}
	if a.l != nil {
		a.l.rest(a.decoder(), a.each)
	}
}

// fill reads chunk i.
func (a *ahead[T]) fill(i int) error {
	var c *aheadChunk[T]
	if k := len(a.free) - 1; k >= 0 {
		c, a.free = a.free[k], a.free[:k]
	} else {
		c = &aheadChunk[T]{d: a.s.decoder(), made: make([]T, 0, 128), done: make(chan struct{}, 1)}
		own := c.d.vocabulary
		a.giveBack(&own)
	}
	n, err := io.ReadFull(a.s.r, c.d.base[:ChunkSize])
	if n == 0 {
		return err
	}
	c.last, c.n, c.i = err != nil, n, i
	c.d.postpone = a.l != nil
	a.line = append(a.line, c)
	a.mu.Lock()
	a.open = append(a.open, c)
	a.mu.Unlock()
	return err
}

// help decodes a chunk that nobody decodes yet. It returns false if there is none.
func (a *ahead[T]) help() bool {
	a.mu.Lock()
	if len(a.open) == 0 {
		a.mu.Unlock()
		return false
	}
	c := a.open[0]
	a.open = a.open[1:]
	a.mu.Unlock()
	a.decode(c)
	return true
}

func (a *ahead[T]) decode(c *aheadChunk[T]) {
	words := a.lease()
	c.load(words)
	c.d.read(nil, func(rec Record, err error) bool {
		c.made = append(c.made, a.work(rec, err))
		return true
	})
	*words = c.d.vocabulary
	a.giveBack(words)
	c.done <- struct{}{}
}

func (c *aheadChunk[T]) load(words *vocabulary) {
	c.d.vocabulary = *words
	c.d.load(c.n, c.i, firstChunk+int64(c.i)*ChunkSize)
}

// lease returns a vocabulary that nobody uses. There is one for each decoder.
func (a *ahead[T]) lease() *vocabulary {
	a.mu.Lock()
	defer a.mu.Unlock()
	k := len(a.words) - 1
	v := a.words[k]
	a.words = a.words[:k]
	return v
}

func (a *ahead[T]) giveBack(v *vocabulary) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.words = append(a.words, v)
}

// deliver yields what is in the first chunk of the line. It reports whether to
// continue.
func (a *ahead[T]) deliver() bool {
	c := a.line[0]
	a.line = append(a.line[:0], a.line[1:]...)
	a.mu.Lock()
	mine := len(a.open) > 0 && a.open[0] == c
	if mine {
		a.open = a.open[1:]
	}
	a.mu.Unlock()
	if mine {
		a.decode(c)
	}
	a.await(c)
	if !a.pass(c) {
		return false
	}
	c.made = c.made[:0] // what it holds is overwritten, or goes with the log
	a.free = append(a.free, c)
	return c.last || a.l == nil || len(a.l.waiting) <= maxWaiting || a.l.next(a.decoder(), a.each)
}

// await returns once a chunk is decoded, and decodes others in the meantime.
func (a *ahead[T]) await(c *aheadChunk[T]) {
	for {
		select {
		case <-c.done:
			return
		default:
		}
		if !a.help() {
			<-c.done
			return
		}
	}
}

// pass yields what was made of a chunk. One that hides records is decoded again,
// now that what the chunks before it hold is known.
func (a *ahead[T]) pass(c *aheadChunk[T]) bool {
	d := c.d
	if d.postpone && d.hides {
		d.postpone = false
		words := a.lease()
		c.load(words)
		defer func() {
			*words = d.vocabulary
			a.giveBack(words)
		}()
		return d.deliver(a.l, a.each)
	}
	for i := range c.made {
		if !a.yield(c.made[i]) {
			return false
		}
	}
	if a.l != nil {
		a.l.settle(d)
	}
	return true
}

func (a *ahead[T]) each(rec Record, err error) bool { return a.yield(a.work(rec, err)) }

func (a *ahead[T]) decoder() *Decoder {
	if a.own == nil {
		a.own = a.s.decoder()
	}
	return a.own
}

// stop waits for the chunks that are being decoded, and gives the buffers back.
func (a *ahead[T]) stop() {
	a.mu.Lock()
	begun := a.line[:len(a.line)-len(a.open)]
	a.open = nil
	a.mu.Unlock()
	for _, c := range begun {
		<-c.done
	}
	for _, c := range append(a.line, a.free...) {
		c.d.retire()
	}
	if a.own != nil {
		a.own.retire()
	}
}
