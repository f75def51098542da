package hive

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// big returns a hive with that many keys, two values each.
func big(keys int) []byte {
	spec := regf.New("ROOT", time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	fan := 100
	for i := range keys / fan {
		k := spec.Root.Add(fmt.Sprintf("branch %06d", i))
		for j := range fan - 1 {
			k.Add(fmt.Sprintf("leaf %06d", j)).Set("name", regf.String("a text of usual length")).Set("n", regf.DWord(uint32(j)))
		}
	}
	return spec.Build()
}

// TestAllocations walks two hives of different size: what a walk allocates must not depend on the number of keys.
func TestAllocations(t *testing.T) {
	if testcost.Race {
		t.Skip("the race detector makes pools forget")
	}
	count := func(keys int) float64 {
		h, err := Open(big(keys), nil)
		if err != nil {
			t.Fatal(err)
		}
		return testing.AllocsPerRun(3, func() {
			var buf []byte
			for k, err := range h.Keys() {
				if err != nil {
					t.Fatal(err)
				}
				buf = k.AppendName(buf[:0])
				_ = k.Written()
				for v, err := range k.Values() {
					if err != nil {
						t.Fatal(err)
					}
					buf = v.AppendName(buf[:0])
					if b, err := v.Bytes(); err != nil || len(b) == 0 {
						t.Fatal(err)
					}
				}
				for s, err := range k.Subkeys() {
					if err != nil || s.NumValues() > 2 {
						t.Fatal(err)
					}
				}
			}
		})
	}
	small, large := count(1000), count(20000)
	if large > small || large > 8 {
		t.Errorf("a walk of 1000 keys takes %v allocations, of 20000 keys %v", small, large)
	}
}

// shared is a hive in which many keys claim the same list: values where values is true, subkeys otherwise. What a
// naive reader does grows with the square of its size.
func shared(keys int, values bool) []byte {
	spec := regf.New("ROOT", time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	many := spec.Root.Sub("many")
	for i := range keys {
		k := many.Add(fmt.Sprintf("%05d", i))
		if i == 0 {
			for j := range keys {
				k.Set(fmt.Sprintf("%05d", j), regf.DWord(uint32(j)))
			}
		}
	}
	l := spec.Live()
	b := l.Image()
	first := b[baseSize+int(l.Key(`many\00000`))+4:]
	for i := range keys {
		k := b[baseSize+int(l.Key(fmt.Sprintf(`many\%05d`, i)))+4:]
		if values {
			copy(k[nkValues:nkValues+8], first[nkValues:nkValues+8])
			continue
		}
		le.PutUint32(k[nkSubkeys:], uint32(keys))
		le.PutUint32(k[nkSubkeyList:], l.List("many"))
	}
	return b
}

// TestSharedLists wants work that is bounded by the size of a hive whose keys all claim the same list.
func TestSharedLists(t *testing.T) {
	for _, values := range []bool{true, false} {
		b := shared(testcost.Rounds(3000), values)
		h, err := Open(b, nil)
		if err != nil {
			t.Fatal(err)
		}
		steps := 0
		for range h.Keys() {
			steps++
		}
		if steps > len(b)/4+1 {
			t.Errorf("values %v: %d steps for %d bytes", values, steps, len(b))
		}
		reports := 0
		for range h.Check() {
			reports++
		}
		if reports == 0 || reports > len(b) {
			t.Errorf("values %v: %d reports", values, reports)
		}
		if err := Dump(io.Discard, h, nil); values && err == nil {
			t.Error("Dump of overlapping records: no error")
		}
		for range h.Deleted() {
		}
	}
}

// TestDeepTree wants a tree of 3000 levels read down to level 512 and no further, without recursion.
func TestDeepTree(t *testing.T) {
	for _, d := range regf.Damages() {
		if d.Name != "deepTree" {
			continue
		}
		h, err := Open(d.Build().Primary, nil)
		if err != nil {
			t.Fatal(err)
		}
		deep, errs := 0, 0
		w := h.walk(h.root)
		for {
			_, depth, _, err, ok := w.next()
			if !ok {
				break
			}
			deep = max(deep, depth)
			if err != nil {
				errs++
			}
		}
		if deep < maxDepth || deep > maxDepth+1 || errs != 1 {
			t.Errorf("depth %d, %d errors", deep, errs)
		}
		return
	}
	t.Fatal("no deepTree in the corpus")
}

func BenchmarkGrowth(b *testing.B) {
	for _, keys := range []int{5000, 50000, 500000} {
		data := big(keys)
		b.Run(fmt.Sprintf("case=%dkeys/impl=walk", keys), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				h, err := Open(data, nil)
				if err != nil {
					b.Fatal(err)
				}
				if n, _, _, _ := walkSum(h); n < keys-1 {
					b.Fatal(n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(keys), "ns/key")
		})
	}
}

func BenchmarkLookup(b *testing.B) {
	h, err := Open(big(50000), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("case=deep/impl=ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			k, err := h.Key(`BRANCH 000321\Leaf 000055`)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := k.Value("N"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestCutWithinPage cuts a hive at every length of its last pages: a cell that runs past the end of the file without
// leaving its page must end with the file, too.
func TestCutWithinPage(t *testing.T) {
	whole := big(1000)
	for n := len(whole) - pageSize; n < len(whole); n += 5 {
		h, err := Open(whole[:n:n], nil)
		if err != nil {
			continue
		}
		for off := uint32(len(h.bins)-pageSize) &^ 7; int(off) < len(h.bins); off += 8 {
			if _, end, ok := h.cellAt(off); ok && end > baseSize+len(h.bins) {
				t.Fatalf("cut to %d bytes, the cell at 0x%X ends at %d", n, off, end)
			}
			if l, err := h.list(off); err == nil && int(l.end) > n {
				t.Fatalf("cut to %d bytes, the list at 0x%X ends at %d", n, off, l.end)
			}
		}
	}
}
