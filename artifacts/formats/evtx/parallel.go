package evtx

import (
	"iter"
	"sync"
)

// Parallel calls work for each chunk of a file on n goroutines, each with its
// own decoder, and yields what it returns in the order of the chunks. At most
// 3n results wait to be taken.
func Parallel[T any](f *File, n int, work func(d *Decoder, chunk int) T) iter.Seq[T] {
	if n < 2 {
		return func(yield func(T) bool) {
			d := NewDecoder()
			for i := range f.Chunks() {
				if !yield(work(d, i)) {
					return
				}
			}
		}
	}
	type job struct {
		chunk  int
		result chan<- T
	}
	return func(yield func(T) bool) {
		jobs, results, done := make(chan job), make(chan chan T, 2*n), make(chan struct{})
		var workers sync.WaitGroup
		for range n {
			workers.Go(func() {
				d := NewDecoder()
				for j := range jobs {
					j.result <- work(d, j.chunk)
				}
			})
		}
		workers.Go(func() {
			defer close(results)
			defer close(jobs)
			for i := range f.Chunks() {
				result := make(chan T, 1)
				select {
				case results <- result:
				case <-done:
					return
				}
				jobs <- job{i, result}
			}
		})
		defer workers.Wait()
		defer close(done)
		for result := range results {
			if !yield(<-result) {
				return
			}
		}
	}
}
