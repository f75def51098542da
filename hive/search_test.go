package hive

import (
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// plainSubkey is Subkey without what is remembered of lists.
func plainSubkey(k Key, name string) (Key, error) {
	left := math.MaxInt
	if found, ok := k.lookup(upperUnits(nil, name), &left); ok {
		return found, nil
	}
	for _, err := range k.Subkeys() {
		if err != nil {
			return Key{}, fmt.Errorf("%w (%w)", ErrNotExist, err)
		}
	}
	return Key{}, ErrNotExist
}

// compareSubkeys asks each key for its children and for names that it has not, in both ways.
func compareSubkeys(t *testing.T, h *Hive) (searched int) {
	t.Helper()
	asked := 0
	for k, err := range h.Keys() {
		if err != nil || k.NumSubkeys() == 0 || asked > 20000 {
			continue
		}
		sound := k.soundList()
		var names []string
		for s, err := range k.Subkeys() {
			if n := k.NumSubkeys(); err == nil && (n < 1000 || len(names) < 200) {
				names = append(names, s.Name())
			}
		}
		for _, n := range slices.Clone(names) {
			names = append(names, strings.ToUpper(n), n+"x", strings.TrimRight(n, n[max(0, len(n)-1):]), "\u00ff"+n)
		}
		for _, n := range append(names, "", "!", "zzzz", "\uffff") {
			asked++
			want, werr := plainSubkey(k, n)
			got, err := k.Subkey(n)
			if got != want || fmt.Sprint(err) != fmt.Sprint(werr) {
				t.Fatalf("%s: Subkey(%q) = %v, %v, want %v, %v", k.Path(), n, got.n, err, want.n, werr)
			}
			if sound { // a list of any length
				if got, err := k.search(upperUnits(nil, n)); got != want || err != werr {
					t.Fatalf("%s: search(%q) = %v, %v, want %v, %v", k.Path(), n, got.n, err, want.n, werr)
				}
				searched++
			}
		}
	}
	return searched
}

// fan returns a hive with a key Fan of n children, in leaves of so many.
func fan(n, leaf int) *regf.Live {
	h := regf.New("ROOT", regf.Sound().Written)
	f := h.Root.Add("Fan")
	f.Leaf = leaf
	for i := range n {
		f.Add(fmt.Sprintf("{%08X-child}", uint32(i)*2654435761))
	}
	return h.Live()
}

// TestSubkeySame wants the same answers and errors as from going through the lists, in sound hives and in damaged ones.
func TestSubkeySame(t *testing.T) {
	for _, d := range regf.Damages() {
		f := d.Build()
		if h, err := Open(f.Primary, &Options{Logs: []Log{{"1", f.Log1}, {"2", f.Log2}}}); err == nil {
			compareSubkeys(t, h)
		}
	}
	for _, leaf := range []int{0, 7} {
		l := fan(300, leaf)
		image := l.Image()
		if n := compareSubkeys(t, openBytes(t, image)); n < 300 {
			t.Errorf("%d names searched for", n)
		}
		at := func(i int) int { // of the i-th child's cell
			off := l.Key(fmt.Sprintf(`Fan\{%08X-child}`, uint32(i)*2654435761))
			return baseSize + int(off) + 4
		}
		for name, damage := range map[string]func(b []byte){
			"order":     func(b []byte) { b[at(200)+nkName+1] = 'Z' },
			"twice":     func(b []byte) { copy(b[at(17)+nkName:], b[at(18)+nkName:at(18)+nkName+16]) },
			"signature": func(b []byte) { b[at(99)] = 'x' },
			"list":      func(b []byte) { b[baseSize+int(l.List("Fan"))+4] = 'x' },
			"hash":      func(b []byte) { b[at(40)+nkName+9] ^= 0x20; b[at(40)+nkName+10] = 'I' },
		} {
			b := slices.Clone(image)
			damage(b)
			h := openBytes(t, b)
			t.Run(fmt.Sprint(name, leaf), func(t *testing.T) { compareSubkeys(t, h) })
		}
	}
}

func TestSubkeySameEvidence(t *testing.T) {
	for _, name := range testcost.Sample(evidenceHives(t, ".truth.tsv.gz"), 7) {
		h := openEvidence(t, filepath.ToSlash(name))
		compareSubkeys(t, h)
		if damaged, err := Open(zeroBins(h, 5, 9), nil); err == nil && len(damaged.Bytes()) < 2<<20 {
			compareSubkeys(t, damaged)
		}
	}
}

// TestSubkeyConcurrent asks one hive from several goroutines at once.
func TestSubkeyConcurrent(t *testing.T) {
	h := openBytes(t, fan(500, 0).Image())
	k, err := h.Key("Fan")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 500 {
				i = (i*7 + g) % 500
				name := fmt.Sprintf("{%08X-child}", uint32(i)*2654435761)
				if s, err := k.Subkey(name); err != nil || s.Name() != name {
					t.Errorf("Subkey(%s) = %v", name, err)
				}
				if _, err := k.Subkey(name + "x"); err != ErrNotExist {
					t.Errorf("Subkey(%sx) = %v", name, err)
				}
			}
		})
	}
	wg.Wait()
}

// fanNames returns some names of children, and as many that are none.
func fanNames(n int) (names, others []string) {
	for i := range 64 {
		name := fmt.Sprintf("{%08X-child}", uint32(i*n/64)*2654435761)
		names, others = append(names, name), append(others, name+"x")
	}
	return names, others
}

// BenchmarkSubkey asks keys of some sizes for their children, and for names that they have not.
func BenchmarkSubkey(b *testing.B) {
	for _, n := range []int{500, 8000, 20000} {
		h, err := Open(fan(n, 0).Image(), nil)
		if err != nil {
			b.Fatal(err)
		}
		k, err := h.Key("Fan")
		if err != nil {
			b.Fatal(err)
		}
		names, others := fanNames(n)
		for _, c := range []struct {
			name string
			list []string
		}{{"hit", names}, {"miss", others}} {
			b.Run(fmt.Sprintf("case=%s/children=%d", c.name, n), func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					k.Subkey(c.list[i%len(c.list)])
				}
			})
		}
	}
}

// TestSubkeyGrowth holds the time for names that are missed, and in keys of many children.
func TestSubkeyGrowth(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	cost := func(n int, miss bool) time.Duration {
		h := openBytes(t, fan(n, 0).Image())
		k, err := h.Key("Fan")
		if err != nil {
			t.Fatal(err)
		}
		list, others := fanNames(n)
		if miss {
			list = others
		}
		best := time.Duration(math.MaxInt64)
		for range 30 {
			start := time.Now()
			for range 4 {
				for _, name := range list {
					k.Subkey(name)
				}
			}
			best = min(best, time.Since(start))
			runtime.Gosched()
		}
		return best
	}
	few, many := cost(500, false), cost(20000, false)
	hit, miss := cost(8000, false), cost(8000, true)
	t.Logf("a lookup among 20,000 children takes %.1f of one among 500; a miss among 8,000 %.1f of a hit",
		float64(many)/float64(few), float64(miss)/float64(hit))
	if many > 4*few {
		t.Errorf("a lookup among 20,000 children takes %v, among 500 %v", many/256, few/256)
	}
	if miss > 12*hit {
		t.Errorf("a miss among 8,000 children takes %v, a hit %v", miss/256, hit/256)
	}
}
