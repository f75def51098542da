package logons

import "iter"

// A Series is a list of attempts or sessions. It is held packed, in a small part of
// the memory that its elements need: each is made when it is asked for. The zero
// value is empty.
type Series[T any] struct {
	n    int
	fill func(i int, to *T) bool // false after an error
}

// SeriesOf returns a series of values that exist.
func SeriesOf[T any](list ...*T) Series[T] {
	return Series[T]{len(list), func(i int, to *T) bool {
		*to = *list[i]
		return true
	}}
}

// Len is the number of elements.
func (s Series[T]) Len() int { return s.n }

// At returns an element. It belongs to the caller. After an error of the analysis
// ([Analysis.Err]) it is one of nobody.
func (s Series[T]) At(i int) *T {
	to := new(T)
	s.fill(i, to)
	return to
}

// All yields the elements in order, with their index. An element is valid until the
// next one. An error of the analysis ([Analysis.Err]) ends it.
func (s Series[T]) All() iter.Seq2[int, *T] {
	return func(yield func(int, *T) bool) {
		to := new(T)
		for i := range s.n {
			if !s.fill(i, to) || !yield(i, to) {
				return
			}
		}
	}
}

// What a series returns after an error.
var (
	lostHost    = &Host{ID: "h:?", Label: "?", Names: []string{"?"}}
	lostAccount = &Account{ID: "a:?", Name: `?\`, Unresolved: true}
	lostAttempt = Attempt{Host: lostHost, Account: lostAccount, Source: lostHost, Dest: lostHost, Type: -1, KeyLen: -1}
	lostSession = Session{Host: lostHost, Account: lostAccount, Source: lostHost, Type: -1}
)
