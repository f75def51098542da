package wire

import "fmt"

// A FormatError is one place in evidence that breaks its format.
type FormatError struct {
	Format  string // short name of the format: "lnk", "ntfs"
	Offset  int64  // of the place; each format's package says from where it counts
	Struct  string // what the format's document calls it: "file record", "item list"
	Problem string // "runs past the end"
	Err     error  // the cause, or nil
}

func (e *FormatError) Error() string {
	s := fmt.Sprintf("%s: %s at offset %d: %s", e.Format, e.Struct, e.Offset, e.Problem)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns e.Err.
func (e *FormatError) Unwrap() error { return e.Err }

// Position returns e.Offset. The errors of all formats have this method, so
// that a caller finds the byte without knowing the format.
func (e *FormatError) Position() int64 { return e.Offset }

// A LimitError reports that reading on would need more than an option allows.
type LimitError struct {
	Format string
	Option string // the field of Options to raise
	Limit  int64
	Need   int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s: needs %d, more than Options.%s = %d", e.Format, e.Need, e.Option, e.Limit)
}
