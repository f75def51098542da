// Package inspect lists what is in one file, row by row, with the offset of
// each row. It knows the format by its signature and needs nothing of the
// machine that the file came from. It serves readers who look at a single file
// and compare it with another parser; artifacts read whole machines.
package inspect

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A File is what is inspected.
type File struct {
	Path string // as it is named in rows
	io.ReaderAt
	Size int64

	// Beside opens the file that has this path plus a suffix: "-wal" names the
	// write-ahead log of a database. It may be nil.
	Beside func(suffix string) (File, error)
	// Sibling opens the file of a name in the same folder, as the parts of a
	// WMI repository. It may be nil.
	Sibling func(name string) (File, error)
}

// Options change what is listed. The zero value lists the live content.
type Options struct {
	Table     string // of a database: its name, "*" for all
	Recovered bool   // list deleted, hidden and carved rows, too
	MFT       *File  // the $MFT that gives a change journal its paths
}

// A Row is one line: a record, an entry, a row of a table.
type Row struct {
	Kind   string // of the file: "evtx"
	Offset int64  // in the file
	State  string // "" for live
	Damage string // what could not be read of it, or ""
	Fields []Field
}

// A Field is one named value of a row. The value is a text, a number, a
// boolean, a slice or map of these, or a json.RawMessage. A nil value is left
// out.
type Field struct {
	Name  string
	Value any
}

// Add appends a field.
func (r *Row) Add(name string, value any) { r.Fields = append(r.Fields, Field{name, value}) }

// ErrUnknown reports that a file has the signature of no known format.
var ErrUnknown = errors.New("unknown format")

// A format is one kind of file.
type format struct {
	kind string
	// known reports whether a file that begins with head is of the kind. size
	// is that of the whole file, name its base name in lower case.
	known func(head []byte, size int64, name string) bool
	// read yields the rows. It returns what could not be read, also when it
	// has yielded rows before, and stops when yield returns false.
	read func(f File, opts Options, yield func(Row) bool) error
}

// headSize is how much of a file its signature may need.
const headSize = 4096

// Kinds returns the names of the formats that can be read.
func Kinds() []string {
	var out []string
	for _, f := range formats() {
		out = append(out, f.kind)
	}
	slices.Sort(out)
	return out
}

// Detect returns the kind of a file by its first bytes, or [ErrUnknown].
func Detect(f File) (string, error) {
	head := make([]byte, min(headSize, max(0, f.Size)))
	n, err := f.ReadAt(head, 0)
	if n < len(head) && err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	name := strings.ToLower(f.Path[strings.LastIndexAny(f.Path, `/\`)+1:])
	for _, ft := range formats() {
		if ft.known(head[:n], f.Size, name) {
			return ft.kind, nil
		}
	}
	return "", ErrUnknown
}

// Read yields the rows of a file. An empty kind means that of [Detect]. The
// error names what could not be read; rows before and after it are yielded.
func Read(f File, kind string, opts Options, yield func(Row) bool) error {
	if kind == "" {
		var err error
		if kind, err = Detect(f); err != nil {
			return err
		}
	}
	for _, ft := range formats() {
		if ft.kind == kind {
			return ft.read(f, opts, yield)
		}
	}
	return fmt.Errorf("unknown kind %q; known: %s", kind, strings.Join(Kinds(), ", "))
}
