package logons

import (
	"cmp"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"testing"
)

// pairForm writes pairs of numbers.
var pairForm = &form[[2]int]{
	size: 16,
	put: func(b []byte, v *[2]int) {
		binary.LittleEndian.PutUint64(b, uint64(v[0]))
		binary.LittleEndian.PutUint64(b[8:], uint64(v[1]))
	},
	get: func(b []byte, v *[2]int) {
		*v = [2]int{int(binary.LittleEndian.Uint64(b)), int(binary.LittleEndian.Uint64(b[8:]))}
	},
}

// TestPaged sorts lists in memory and on disk; equal elements stay as they came. Each
// is searched, changed and read at random, too.
func TestPaged(t *testing.T) {
	for _, pages := range []int{0, 1, 2, 5, 100} { // that memory holds, 0 for all
		for _, n := range []int{0, 1, 5, pageLen, 3*pageLen + 7, 23 * pageLen} {
			s := newScratch(t.TempDir(), pages*pageLen*pairForm.size)
			p, other := newPaged(s, pairForm), newPaged(s, indexForm)
			var want [][2]int
			for i := range n {
				v := [2]int{i * 7919 % 101, i}
				p.add(v)
				other.add(uint32(i))
				want = append(want, v)
			}
			compare := func(x, y *[2]int) int { return cmp.Compare(x[0], y[0]) }
			slices.SortStableFunc(want, func(x, y [2]int) int { return compare(&x, &y) })
			p.sort(compare)
			for i := range n {
				if k := i * 7919 % n; p.get(k) != want[k] || other.get(k) != uint32(k) {
					t.Fatalf("%d elements, %d pages: %v at %d, want %v", n, pages, p.get(k), k, want[k])
				}
			}
			for x := range 102 {
				k, _ := slices.BinarySearchFunc(want, x, func(v [2]int, x int) int { return cmp.Compare(v[0], x) })
				if got := p.search(func(v [2]int) bool { return v[0] < x }); got != k {
					t.Fatalf("%d elements, %d pages: %d elements before %d, want %d", n, pages, got, x, k)
				}
			}
			for i := range n {
				k := i * 7919 % n
				v := p.get(k)
				v[1]++
				p.set(k, v)
			}
			for i := range want {
				if v := p.get(i); v[1] != want[i][1]+1 {
					t.Fatalf("%d elements, %d pages: %v at %d after a change of %v", n, pages, v, i, want[i])
				}
			}
			if spilled, want := s.spilled(), pages > 0 && n > pages*pageLen; spilled != want && n > 2*pages*pageLen {
				t.Errorf("%d elements, %d pages: spilled is %v", n, pages, spilled)
			}
			if limit := max(pages, 1) * pageLen * (pairForm.size + indexForm.size); pages > 0 && s.held > limit {
				t.Errorf("%d elements, %d pages: %d bytes in memory, want at most %d", n, pages, s.held, limit)
			}
			if err := s.close(); err != nil {
				t.Error(err)
			}
			if left, _ := os.ReadDir(s.dir); len(left) > 0 {
				t.Errorf("%v is left", left)
			}
		}
	}
}

// TestDropped: the places of pages that are dropped serve again.
func TestDropped(t *testing.T) {
	s := newScratch(t.TempDir(), 2*pageLen*pairForm.size)
	defer s.close()
	var most int64
	for round := range 5 {
		p := newPaged(s, pairForm)
		for i := range 20 * pageLen {
			p.add([2]int{-i, round})
		}
		p.sort(func(x, y *[2]int) int { return cmp.Compare(x[0], y[0]) })
		if v := p.get(0); v != [2]int{1 - 20*pageLen, round} {
			t.Fatal(v)
		}
		p.drop()
		if most == 0 {
			most = s.end
		}
	}
	if s.end != most || s.held != 0 {
		t.Errorf("the file grew from %d to %d bytes; %d bytes in memory", most, s.end, s.held)
	}
}

// TestPageErrors: a file that was shortened or changed, and a folder in which none can
// be made, are errors.
func TestPageErrors(t *testing.T) {
	for name, harm := range map[string]func(*scratch) error{
		"changed": func(s *scratch) error {
			_, err := s.file.WriteAt([]byte{0xff}, 100)
			return err
		},
		"shortened": func(s *scratch) error { return s.file.Truncate(10) },
		"closed":    func(s *scratch) error { return s.file.Close() },
	} {
		s := newScratch(t.TempDir(), pageLen*pairForm.size)
		p := newPaged(s, pairForm)
		for i := range 10 * pageLen {
			p.add([2]int{i, i})
		}
		if err := harm(s); err != nil {
			t.Fatal(err)
		}
		if ok := s.read(func() { t.Error(name, p.get(0)) }); ok || !errors.Is(s.failed(), errSpill) && !errors.Is(s.failed(), os.ErrClosed) {
			t.Errorf("%s: %v", name, s.failed())
		}
		if s.read(func() { t.Error("read after an error") }) {
			t.Error(name)
		}
		s.close()
	}
	s := newScratch(t.TempDir()+"/none", 1)
	p := newPaged(s, pairForm)
	if s.guard(func() {
		for i := range 10 * pageLen {
			p.add([2]int{i, i})
		}
	}) || !errors.Is(s.close(), os.ErrNotExist) {
		t.Error("no error where the file cannot be made")
	}
}
