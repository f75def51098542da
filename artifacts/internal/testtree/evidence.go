package testtree

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"iter"
	"os"
	"path/filepath"
	"testing"
)

// Evidence is a path below the folder of real evidence. It skips a test where that is
// not there.
func Evidence(t testing.TB, elem ...string) string {
	t.Helper()
	for i, e := range elem {
		elem[i] = filepath.FromSlash(e)
	}
	return filepath.Join(append([]string{EvidenceDir(t)}, elem...)...)
}

// open opens a file that gzip packed.
func open(t testing.TB, path string) (*os.File, *gzip.Reader) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		f.Close()
		t.Fatal(err)
	}
	return f, z
}

// Unpack reads a file that gzip packed.
func Unpack(t testing.TB, path string) []byte {
	t.Helper()
	f, z := open(t, path)
	defer f.Close()
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Lines yields the lines of a file that gzip packed.
func Lines(t testing.TB, path string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		t.Helper()
		f, z := open(t, path)
		defer f.Close()
		in := bufio.NewReaderSize(z, 1<<20)
		for {
			line, err := in.ReadBytes('\n')
			if err != nil && err != io.EOF {
				t.Fatal(err)
			}
			if len(line) > 0 && !yield(line) || err != nil {
				return
			}
		}
	}
}

// An EventRow is an event in a truth table of event logs.
type EventRow struct {
	File                       string // of the rows that follow; such a row is not an event
	ID                         uint64
	Prov, EID, Chan, Comp, SID string
	Made, T                    int64 // when the event was made, and when it was logged, as FILETIME
	Data                       [][]string
}

// EventRows yields the events of a truth table, each with the file that it is of. Rows
// of damage have other types, and are passed over.
func EventRows(t testing.TB, path string) iter.Seq2[string, *EventRow] {
	return func(yield func(string, *EventRow) bool) {
		t.Helper()
		file := ""
		for line := range Lines(t, path) {
			r := new(EventRow)
			if json.Unmarshal(line, r) != nil {
				continue
			}
			if r.File != "" {
				file = r.File
			} else if !yield(file, r) {
				return
			}
		}
	}
}
