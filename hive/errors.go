package hive

import (
	"errors"
	"fmt"
	"io/fs"
)

var (
	// ErrNotHive says that the bytes do not begin with the signature of a hive.
	ErrNotHive = errors.New("hive: not a registry hive")
	// ErrIsLog says that the bytes are a transaction log, which cannot be opened without its hive.
	ErrIsLog = errors.New("hive: a transaction log, not a hive")
	// ErrNotExist says that a key or a value is not there. It wraps [fs.ErrNotExist].
	ErrNotExist = fmt.Errorf("hive: no such key or value: %w", fs.ErrNotExist)
)

// A FormatError is one thing in a hive that breaks the format, and where.
type FormatError struct {
	Offset  int64  // from the start of the primary file
	Struct  string // what the format calls it: "key node", "subkey list"
	Problem string // "name runs past the cell"
	Path    string // key that the place belongs to, where it is known
	Warning bool   // nothing is lost by it: the data is whole, though the format is broken
}

func (e *FormatError) Error() string {
	if e.Path != "" {
		return fmt.Sprintf("hive: %s at offset %d (%s): %s", e.Struct, e.Offset, e.Path, e.Problem)
	}
	return fmt.Sprintf("hive: %s at offset %d: %s", e.Struct, e.Offset, e.Problem)
}

// Position returns e.Offset. The errors of all formats have this method.
func (e *FormatError) Position() int64 { return e.Offset }

// bad reports a problem at a position of the image.
func bad(pos int, structure, format string, args ...any) *FormatError {
	return &FormatError{Offset: int64(pos), Struct: structure, Problem: fmt.Sprintf(format, args...)}
}

// warn is bad for what loses nothing.
func warn(pos int, structure, format string, args ...any) *FormatError {
	e := bad(pos, structure, format, args...)
	e.Warning = true
	return e
}
