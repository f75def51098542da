package evtx

import (
	"iter"
	"sync"
)

// Parallel calls work for each chunk of a file on n goroutines, the caller's among
// them, each with its own decoder, and yields what it returns in the order of the
// chunks. At most 3n results wait to be taken.
func Parallel[T any](f *File, n int, work func(d *Decoder, chunk int) T) iter.Seq[T] {
	return func(yield func(T) bool) {
		p := &parallel[T]{chunks: f.Chunks(), line: make([]done[T], 3*max(n, 1)), work: work}
		p.moved.L = &p.mu
		var others sync.WaitGroup
		defer others.Wait()
		defer p.stop()
		for range min(n, p.chunks) - 1 {
			others.Go(p.help)
		}
		d := NewDecoder()
		for range p.chunks {
			if !yield(p.take(d)) {
				return
			}
		}
	}
}

// parallel is one iteration of [Parallel].
type parallel[T any] struct {
	chunks int
	work   func(*Decoder, int) T

	mu    sync.Mutex
	moved sync.Cond // head or next has moved, or a chunk is done
	head  int       // the chunk whose result is yielded next
	next  int       // the first that nobody works at
	line  []done[T] // of the chunks from head on, by their numbers
}

type done[T any] struct {
	result T
	ready  bool
}

// free reports whether there is a chunk to work at, and room for its result.
func (p *parallel[T]) free() bool { return p.next < p.chunks && p.next-p.head < len(p.line) }

// one works at the next chunk. p.mu is held, but not meanwhile.
func (p *parallel[T]) one(d *Decoder) {
	i := p.next
	p.next++
	p.mu.Unlock()
	result := p.work(d, i)
	p.mu.Lock()
	p.line[i%len(p.line)] = done[T]{result, true}
	if i == p.head {
		p.moved.Broadcast()
	}
}

// help works at chunks until all are taken.
func (p *parallel[T]) help() {
	d := NewDecoder()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.next < p.chunks {
		if p.free() {
			p.one(d)
		} else {
			p.moved.Wait()
		}
	}
}

// take returns the result of the first chunk of the line. As long as it is not there,
// it works at others.
func (p *parallel[T]) take(d *Decoder) T {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := &p.line[p.head%len(p.line)]
	for !at.ready {
		if p.free() {
			p.one(d)
		} else {
			p.moved.Wait()
		}
	}
	result := at.result
	*at = done[T]{}
	p.head++
	p.moved.Broadcast()
	return result
}

// stop takes all chunks that nobody works at.
func (p *parallel[T]) stop() {
	p.mu.Lock()
	p.next = p.chunks
	p.mu.Unlock()
	p.moved.Broadcast()
}
