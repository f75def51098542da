package logons

import (
	"cmp"
	"slices"
)

// pageLen is how many elements one page holds.
const pageLen = 1 << 8

// A paged is a list of numbers that grows without being copied. Its pages are in
// memory as far as the scratch has room, else in the temporary file.
type paged[T any] struct {
	s     *scratch
	form  *form[T]
	pages []page[T]
	n     int
	spare []T // memory of a page that was evicted
}

// A form is how elements are written to the file, each in size bytes.
type form[T any] struct {
	size int
	put  func(b []byte, from *T)
	get  func(b []byte, to *T)
}

type page[T any] struct {
	list  []T // nil while the page is only in the file
	first T   // of the list, once it was evicted
	place int64
	sum   uint64
	dirty bool // the file does not have it so
	used  bool // since it was asked to go
}

func newPaged[T any](s *scratch, f *form[T]) *paged[T] { return &paged[T]{s: s, form: f} }

// bytes is what a page needs, in the file and about as much in memory.
func (l *paged[T]) bytes() int { return pageLen * l.form.size }

func (l *paged[T]) add(v T) {
	k := l.n / pageLen
	if k == len(l.pages) {
		l.s.room(l.bytes())
		var list []T // of the first page it grows: most lists are short
		if k > 0 {
			list = l.memory()
		}
		l.pages = append(l.pages, page[T]{list: list})
		l.hold(k)
	}
	p := l.at(k)
	p.list, p.dirty = append(p.list, v), true
	l.n++
}

func (l *paged[T]) get(i int) T { return l.at(i / pageLen).list[i%pageLen] }

func (l *paged[T]) set(i int, v T) {
	p := l.at(i / pageLen)
	p.list[i%pageLen], p.dirty = v, true
}

// at returns a page in memory. It stays there until the next call.
func (l *paged[T]) at(k int) *page[T] {
	p := &l.pages[k]
	if p.place > 0 && p.list == nil {
		l.load(k)
	}
	p.used = true
	return p
}

func (l *paged[T]) hold(k int) {
	l.s.held += l.bytes()
	l.s.ring = append(l.s.ring, holder{l, k})
}

// memory returns an empty page.
func (l *paged[T]) memory() []T {
	list := l.spare
	l.spare = nil
	if list == nil {
		list = make([]T, 0, pageLen)
	}
	return list
}

// load reads a page back.
func (l *paged[T]) load(k int) {
	l.s.room(l.bytes())
	p, n := &l.pages[k], min(pageLen, l.n-k*pageLen)
	b := l.s.fetch(p.place, n*l.form.size, p.sum)
	list := l.memory()[:n]
	for i := range list {
		l.form.get(b[i*l.form.size:], &list[i])
	}
	p.list, p.dirty = list, false
	l.hold(k)
}

func (l *paged[T]) evict(k int) bool {
	if k >= len(l.pages) || l.pages[k].list == nil {
		return true // it was dropped
	}
	p := &l.pages[k]
	if p.used {
		p.used = false
		return false
	}
	if p.dirty {
		b := l.s.buffer(len(p.list) * l.form.size)
		for i := range p.list {
			l.form.put(b[i*l.form.size:], &p.list[i])
		}
		p.place = l.s.write(p.place, l.bytes(), b)
		p.sum, p.first = l.s.sum(b), p.list[0]
	}
	if cap(p.list) == pageLen {
		l.spare = p.list[:0]
	}
	p.list = nil
	l.s.held -= l.bytes()
	return true
}

// forget drops a page that nobody needs any more.
func (l *paged[T]) forget(k int) {
	p := &l.pages[k]
	if p.list != nil {
		p.list = nil
		l.s.held -= l.bytes()
	}
	l.s.release(p.place, l.bytes())
	p.place = 0
}

// drop forgets all elements.
func (l *paged[T]) drop() {
	for k := range l.pages {
		l.forget(k)
	}
	l.pages, l.n, l.spare = nil, 0, nil
}

// search returns the number of elements before the first that does not come before
// what is sought. It needs one page in memory.
func (l *paged[T]) search(before func(v T) bool) int {
	k, _ := slices.BinarySearchFunc(l.pages, true, func(p page[T], _ bool) int {
		first := p.first
		if p.list != nil {
			first = p.list[0]
		}
		if before(first) {
			return -1
		}
		return 1
	})
	if k == 0 {
		return 0
	}
	from, to := (k-1)*pageLen+1, min(k*pageLen, l.n)
	for from < to {
		if i := int(uint(from+to) / 2); before(l.get(i)) {
			from = i + 1
		} else {
			to = i
		}
	}
	return from
}

// sort puts the elements into order; equal ones stay as they came.
func (l *paged[T]) sort(compare func(x, y *T) int) {
	if l.sorted(compare) {
		return
	}
	if !l.s.spilled() {
		l.sortMemory(compare)
		return
	}
	l.merge(l.runs(compare), compare)
}

func (l *paged[T]) sorted(compare func(x, y *T) int) bool {
	var v [2]T
	for i := range l.n {
		v[i%2] = l.get(i)
		if i > 0 && compare(&v[(i+1)%2], &v[i%2]) > 0 {
			return false
		}
	}
	return true
}

// sortMemory sorts a list whose pages are all in memory.
func (l *paged[T]) sortMemory(compare func(x, y *T) int) {
	at := func(i int) *T { return &l.pages[i/pageLen].list[i%pageLen] }
	order := make([]uint32, l.n)
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(i, j uint32) int { return cmp.Or(compare(at(int(i)), at(int(j))), cmp.Compare(i, j)) })
	for i := range order { // each round moves one cycle into its places
		first, to := *at(i), i
		for from := int(order[to]); from != i; from = int(order[to]) {
			*at(to) = *at(from)
			order[to] = uint32(to)
			to = from
		}
		*at(to) = first
		order[to] = uint32(to)
	}
	for k := range l.pages {
		l.pages[k].dirty = true
	}
}

// runs sorts the list in runs, each of as many pages as fit into half of the budget. It
// returns the number of pages in a run.
func (l *paged[T]) runs(compare func(x, y *T) int) int {
	n := max(1, l.s.budget/2/l.bytes())
	l.s.room(n * l.bytes())
	l.s.held += n * l.bytes()
	defer func() { l.s.held -= n * l.bytes() }()
	list, order := make([]T, 0, n*pageLen), make([]uint32, 0, n*pageLen)
	for from := 0; from < l.n; from += n * pageLen {
		list, order = list[:0], order[:0]
		for i := from; i < min(from+n*pageLen, l.n); i++ {
			order = append(order, uint32(len(list)))
			list = append(list, l.get(i))
		}
		slices.SortFunc(order, func(i, j uint32) int { return cmp.Or(compare(&list[i], &list[j]), cmp.Compare(i, j)) })
		for i, o := range order {
			l.set(from+i, list[o])
		}
	}
	return n
}

// A runHead is the next element of a run.
type runHead[T any] struct {
	v       T
	i, stop int
}

// merge makes one of the sorted runs, of some pages each. It drops each page that it
// has gone through.
func (l *paged[T]) merge(pages int, compare func(x, y *T) int) {
	var heads []*runHead[T] // a heap; of equal elements the earlier run comes first
	less := func(i, j int) bool {
		x, y := heads[i], heads[j]
		return cmp.Or(compare(&x.v, &y.v), cmp.Compare(x.i, y.i)) < 0
	}
	down := func(i int) {
		for {
			k := 2*i + 1
			if k >= len(heads) {
				return
			}
			if k+1 < len(heads) && less(k+1, k) {
				k++
			}
			if !less(k, i) {
				return
			}
			heads[i], heads[k] = heads[k], heads[i]
			i = k
		}
	}
	for from := 0; from < l.n; from += pages * pageLen {
		heads = append(heads, &runHead[T]{l.get(from), from, min(from+pages*pageLen, l.n)})
	}
	for i := len(heads)/2 - 1; i >= 0; i-- {
		down(i)
	}
	out := newPaged(l.s, l.form)
	for len(heads) > 0 {
		h := heads[0]
		out.add(h.v)
		h.i++
		if h.i%pageLen == 0 || h.i == h.stop {
			l.forget((h.i - 1) / pageLen)
		}
		if h.i < h.stop {
			h.v = l.get(h.i)
		} else {
			heads[0] = heads[len(heads)-1]
			heads = heads[:len(heads)-1]
		}
		down(0)
	}
	l.pages, l.spare = out.pages, out.spare
	for i := range l.s.ring {
		if l.s.ring[i].of == pager(out) {
			l.s.ring[i].of = l
		}
	}
}
