package ntfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// manyFiles is a $MFT of several blocks: folders, extension records, deleted files.
func manyFiles() []byte {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: corpusDay})
	dir := v.Mkdir(ntfsmeta.Root, "a folder", corpusDay)
	for i := range 3400 {
		f := v.Create(dir, fmt.Sprintf("file number %d.exe", i), []byte("x"), corpusDay)
		switch {
		case i%100 == 0:
			dir = v.Mkdir(dir, fmt.Sprint("folder ", i), corpusDay)
		case i%97 == 0:
			for k := range 12 {
				v.Link(f, dir, fmt.Sprintf("hard link %d of %d", k, i), corpusDay)
			}
		case i%31 == 0:
			v.Delete(f, corpusDay)
		}
	}
	return v.MFT()
}

// recordLine is all that a reader sees of a record.
func recordLine(r *Record) string {
	var s strings.Builder
	s.WriteString(fmt.Sprint(r.Offset, r.Reference(), r.Flags, r.LSN, r.Base, r.Damage, r.Standard, r.Extensions, r.Reused))
	for i := range r.Names {
		s.WriteString(fmt.Sprint(" ", r.Names[i].Name(), r.Names[i].Times, r.Names[i].Record, r.Names[i].Offset))
	}
	for i := range r.Streams {
		s.WriteString(fmt.Sprintf(" %s %d %x", r.Streams[i].Name(), r.Streams[i].Size, r.Streams[i].Value))
	}
	for i := range r.SlackNames {
		s.WriteString(" slack " + r.SlackNames[i].Name())
	}
	return s.String()
}

// workers returns a start function that makes goroutines, and a function that waits
// for their ends.
func workers() (start func(func() bool) bool, wait func()) {
	var all sync.WaitGroup
	return func(f func() bool) bool {
		all.Go(func() {
			for f() {
			}
		})
		return true
	}, all.Wait
}

// TestAhead: the records and the error are the same, and in the same order, for any
// number of goroutines, also when none of them ever helps.
func TestAhead(t *testing.T) {
	whole := manyFiles()
	if len(whole) < 3*aheadBlock {
		t.Fatalf("%d bytes are not several blocks", len(whole))
	}
	noise := slices.Concat(make([]byte, recordsBlock), whole) // the first records are empty
	table, err := ReadTable(bytes.NewReader(whole), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	read := func(r io.Reader, n int, start func(func() bool) bool, opts RecordOptions) (lines []string, err error) {
		for line, e := range Ahead(r, &opts, n, start, recordLine) {
			if e != nil {
				err = e
				continue
			}
			lines = append(lines, line)
		}
		return lines, err
	}
	broken := errors.New("broken")
	for name, source := range map[string]func() io.Reader{
		"whole": func() io.Reader { return bytes.NewReader(whole) },
		"noise": func() io.Reader { return bytes.NewReader(noise) },
		"cut":   func() io.Reader { return bytes.NewReader(whole[:2*aheadBlock+1500]) },
		"broken": func() io.Reader {
			return io.MultiReader(bytes.NewReader(whole[:aheadBlock+1500]), iotest.ErrReader(broken))
		},
		"small": func() io.Reader { return bytes.NewReader(whole[:5000]) },
		"empty": func() io.Reader { return bytes.NewReader(nil) },
	} {
		opts := RecordOptions{Table: table, Slack: true}
		var want []string
		var wantErr error
		for r, err := range Records(source(), &opts) {
			if err != nil {
				wantErr = err
				continue
			}
			want = append(want, recordLine(r))
		}
		if hasErr := name == "cut" || name == "broken" || name == "small"; hasErr != (wantErr != nil) || len(want) == 0 && name != "empty" {
			t.Fatalf("%s: %d records, %v", name, len(want), wantErr)
		}
		if name == "broken" && !errors.Is(wantErr, broken) {
			t.Errorf("%s: %v", name, wantErr)
		}
		for _, n := range []int{1, 2, 3, 8} {
			if testcost.Race && n != 3 {
				continue
			}
			start, wait := workers()
			for _, start := range []func(func() bool) bool{start, func(func() bool) bool { return false }} {
				got, err := read(source(), n, start, opts)
				if !slices.Equal(got, want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
					t.Errorf("%s, %d goroutines: %d records, want %d; %v, want %v", name, n, len(got), len(want), err, wantErr)
				}
			}
			wait()
		}
	}
}

// TestAheadEnds stops early: no goroutine works on after the loop.
func TestAheadEnds(t *testing.T) {
	whole := manyFiles()
	for _, after := range []int{1, 700, 2000} {
		var mu sync.Mutex
		over, late, n := false, false, 0
		start, wait := workers()
		for range Ahead(bytes.NewReader(whole), nil, 4, start, func(*Record) int {
			mu.Lock()
			late = late || over
			mu.Unlock()
			return 0
		}) {
			if n++; n == after {
				break
			}
		}
		mu.Lock()
		over = true
		mu.Unlock()
		wait()
		if late || n != after {
			t.Errorf("after %d records: %d, and work went on: %t", after, n, late)
		}
	}
}
