package evtx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	corpus "github.com/artifactdump/artifactdump/corpus/evtx"
)

// line is a record, or an error, in one line of text.
func line(rec Record, err error) string {
	return fmt.Sprintf("%+v %s %v", rec.Event(), rec.AppendJSON(nil), err)
}

// lines reads a stream on n goroutines.
func lines(t testing.TB, r io.Reader, opts *Options, n int, start func(func() bool) bool) (list []string) {
	t.Helper()
	s, err := NewStream(r, opts)
	if err != nil {
		return []string{err.Error()}
	}
	for x := range Ahead(s, n, start, line) {
		list = append(list, x)
	}
	return list
}

// aheadLogs are logs with everything that chunks share: templates that recovery
// borrows, copies of allocated records, hidden records.
func aheadLogs() map[string][]byte {
	var w corpus.Writer
	records := w.Records(1, manyEvents(400)...)
	lost := corpus.Log{Records: records[250:], PerChunk: 20, Before: records[:250]}.Build()
	hidden := bytes.Clone(lost)
	corpus.Hide(hidden, 5)
	damaged := bytes.Clone(hidden)
	copy(damaged[4096+2*ChunkSize:], "no chunk")
	damaged[4096+4*ChunkSize+600] ^= 0xFF
	return map[string][]byte{
		"plain": corpus.Log{Records: records, PerChunk: 7}.Build(), "lost": lost, "hidden": hidden, "damaged": damaged,
		"cut": corpus.Cut(hidden, 70000), "bomb": bomb(40), "header": lost[:4096], "names": namesBomb(),
	}
}

// TestAhead finds the same records, byte for byte and in the same order, on any
// number of goroutines, be they there or not.
func TestAhead(t *testing.T) {
	check := func(name string, b []byte) {
		for _, opts := range []*Options{nil, {Recover: true}} {
			want := lines(t, bytes.NewReader(b), opts, 1, nil)
			var turn atomic.Int32
			for _, c := range []struct {
				name  string
				n     int
				start func(func() bool) bool
			}{
				{"two", 2, nil}, {"five", 5, nil},
				{"nobody", 4, func(func() bool) bool { return false }},
				{"at once", 3, func(f func() bool) bool { f(); return true }},
				{"at times", 3, func(f func() bool) bool { return turn.Add(1)%3 == 0 && f() }},
			} {
				if got := lines(t, bytes.NewReader(b), opts, c.n, c.start); !slices.Equal(want, got) {
					t.Errorf("%s, recovery %v, %s: -one goroutine +several\n%.2000s", name, opts != nil, c.name, cmp.Diff(want, got))
				}
			}
		}
	}
	for name, b := range aheadLogs() {
		check(name, b)
	}
	if os.Getenv("ARTIFACTDUMP_EVIDENCE") != "" && !testing.Short() {
		eachLog(t, check)
	}
}

// TestAheadEnds stops early, and loses no error of the reader.
func TestAheadEnds(t *testing.T) {
	b := aheadLogs()["hidden"]
	broken := errors.New("broken pipe")
	for _, cut := range []int{0, 5000, ChunkSize, 3*ChunkSize + 77} {
		r := func() io.Reader { return io.MultiReader(bytes.NewReader(b[:4096+cut]), iotest.ErrReader(broken)) }
		opts := &Options{Recover: true}
		want := lines(t, r(), opts, 1, nil)
		if diff := cmp.Diff(want, lines(t, r(), opts, 3, nil)); diff != "" || len(want) == 0 {
			t.Errorf("cut at %d: -one goroutine +several\n%s", cut, diff)
		}
	}
	for stop := range 40 {
		s, err := NewStream(bytes.NewReader(b), &Options{Recover: true})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		var running atomic.Int32
		for range Ahead(s, 4, nil, func(Record, error) int {
			running.Add(1)
			defer running.Add(-1)
			return 0
		}) {
			if n++; n > stop {
				break
			}
		}
		if running.Load() != 0 {
			t.Fatal("work is called after the iteration")
		}
	}
}

// TestAheadMemory reads no more of a stream than 2n chunks before the first of its
// records is taken, however long it is.
func TestAheadMemory(t *testing.T) {
	b := aheadLogs()["plain"]
	r := &counting{r: bytes.NewReader(b)}
	s, err := NewStream(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	taken := 0
	for chunk := range Ahead(s, 3, nil, func(rec Record, _ error) int { return rec.Chunk }) {
		taken++
		if most := int64(4096 + (chunk+6)*ChunkSize); r.n > most {
			t.Fatalf("%d bytes are read while chunk %d is yielded, want at most %d", r.n, chunk, most)
		}
	}
	if taken != 400 || len(b) < 50*ChunkSize {
		t.Errorf("%d records of %d bytes", taken, len(b))
	}
}

type counting struct {
	r io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// namesBomb is a log whose chunks need many long paths of names: what a decoder
// keeps of one chunk must not decide what it can read of the next.
func namesBomb() []byte {
	var records []corpus.Record
	for i := range 12 {
		var leaves []corpus.Content
		for j := range 100 {
			leaves = append(leaves, &corpus.Element{Name: fmt.Sprintf("n%d", 1000*i+j), Content: text("x")})
		}
		el := &corpus.Element{Name: "L", Content: leaves}
		for range 30 {
			el = &corpus.Element{Name: strings.Repeat("a", 250), Content: []corpus.Content{el}}
		}
		el = &corpus.Element{Name: "UserData", Content: []corpus.Content{el}}
		records = append(records, corpus.Record{ID: uint64(i + 1), Written: made, Root: []corpus.Node{
			&corpus.Element{Name: "Event", Content: []corpus.Content{el}},
		}})
	}
	return corpus.Log{Records: records, PerChunk: 3}.Build()
}

// TestNamesOfAChunk: the limit of names holds for each chunk by itself.
func TestNamesOfAChunk(t *testing.T) {
	var failed []uint64
	b := namesBomb()
	f, err := Open(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	for rec, err := range f.Records() {
		if err != nil {
			failed = append(failed, rec.ID)
		}
	}
	if want := []uint64{3, 6, 9, 12}; !slices.Equal(failed, want) {
		t.Errorf("records with too many names: %d, want %d", failed, want)
	}
}
