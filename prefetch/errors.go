package prefetch

import (
	"errors"
	"fmt"
)

// ErrNotPrefetch is wrapped by the error for bytes that are no prefetch file at all.
var ErrNotPrefetch = errors.New("not a prefetch file")

// A Kind says what sort of problem a [FormatError] is.
type Kind uint8

const (
	_ Kind = iota

	// These four are no prefetch file: the error wraps ErrNotPrefetch.

	TooShort    // less than 8 bytes
	AllZero     // nothing but zeros, as after a crash
	NotPrefetch // neither a MAM nor an SCCA signature
	NotSCCA     // a MAM container with something else in it, as the Superfetch databases are

	// The container.

	UnsupportedCompression  // a method other than LZXPRESS Huffman
	UnknownFlags            // bits of the container's fourth byte that have no known meaning
	DeclaredSizeImplausible // the uncompressed size cannot be true
	DecompressCorrupt       // the compressed data break the format
	DecompressTruncated     // the compressed data end early
	ChecksumMismatch        // the container's checksum is not that of its bytes

	// The file.

	UnknownVersion    // read by the layout that it resembles, or only the header
	UnknownVariant    // a known version with an unknown size of its file information
	HeaderMissing     // the file begins with its file information
	SizeMismatch      // the header's file size is wrong, though nothing is missing
	Truncated         // the file is shorter than its header says
	TrailingData      // bytes after the end
	SectionTruncated  // a section runs past the end; what fits was read
	BadName           // a name lies outside of its section, or is not what it should be
	UnpairedSurrogate // an unpaired surrogate; Raw holds the bytes
	OddStrings        // half a character at the end of a text
	BadChain          // the trace chains do not hold together
	BadTime           // a time before 1980 or after 9999
	Inconsistent      // two places of the file contradict each other
	MoreDamage        // more problems than are listed
)

var kindNames = [...]string{
	TooShort:                "TooShort",
	AllZero:                 "AllZero",
	NotPrefetch:             "NotPrefetch",
	NotSCCA:                 "NotSCCA",
	UnsupportedCompression:  "UnsupportedCompression",
	UnknownFlags:            "UnknownFlags",
	DeclaredSizeImplausible: "DeclaredSizeImplausible",
	DecompressCorrupt:       "DecompressCorrupt",
	DecompressTruncated:     "DecompressTruncated",
	ChecksumMismatch:        "ChecksumMismatch",
	UnknownVersion:          "UnknownVersion",
	UnknownVariant:          "UnknownVariant",
	HeaderMissing:           "HeaderMissing",
	SizeMismatch:            "SizeMismatch",
	Truncated:               "Truncated",
	TrailingData:            "TrailingData",
	SectionTruncated:        "SectionTruncated",
	BadName:                 "BadName",
	UnpairedSurrogate:       "UnpairedSurrogate",
	OddStrings:              "OddStrings",
	BadChain:                "BadChain",
	BadTime:                 "BadTime",
	Inconsistent:            "Inconsistent",
	MoreDamage:              "MoreDamage",
}

// String returns the kind's name, such as "SectionTruncated".
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// MarshalText returns the kind's name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// containerStruct is the Struct of problems whose offset counts in the file as given, not in the uncompressed data.
const containerStruct = "MAM container"

// A FormatError is one thing in a file that breaks the format, and where.
type FormatError struct {
	Kind    Kind
	Offset  int64  // from the start of the uncompressed file; of the file as given if Struct is "MAM container"
	Struct  string // the format document's name for it: "file metrics entry"
	Problem string // "name runs past the filename strings"
	Raw     []byte // with UnpairedSurrogate: the text as stored, UTF-16LE
	Err     error  // what lies beneath, or nil
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("prefetch: %s at offset %d: %s", e.Struct, e.Offset, e.Problem)
}

// Position returns e.Offset. The errors of all formats have this method.
func (e *FormatError) Position() int64 { return e.Offset }

// Unwrap returns e.Err.
func (e *FormatError) Unwrap() error { return e.Err }

// A LimitError is a file that needs more than an option allows. What lies below the limit was read.
type LimitError struct {
	Option string // the field of Options to raise
	Limit  int64
	Need   int64 // what the file says it needs
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("prefetch: the file declares %d bytes, more than the limit of %d; raise Options.%s to read it whole", e.Need,
		e.Limit, e.Option)
}

// maxDamage bounds File.Damage. A hostile file could have a problem in each of a million entries.
const maxDamage = 200

// damage notes a problem that the parse survives.
func (p *parser) damage(kind Kind, off int, structure, format string, args ...any) {
	if structure != containerStruct {
		off = min(off, len(p.b)) // what is claimed may lie behind the end
	}
	if !p.room(off) {
		return
	}
	p.f.Damage = append(p.f.Damage, &FormatError{Kind: kind, Offset: int64(off), Struct: structure, Problem: fmt.Sprintf(format, args...)})
}

// room reports whether another problem may be listed, and counts those that may not.
func (p *parser) room(off int) bool {
	if len(p.f.Damage) < maxDamage {
		return true
	}
	if p.more == 0 {
		p.firstX = int64(off)
	}
	p.more++
	return false
}

// summarize says how many problems are not listed.
func (p *parser) summarize() {
	if p.more > 0 {
		p.f.Damage = append(p.f.Damage, &FormatError{Kind: MoreDamage, Offset: p.firstX, Struct: "file",
			Problem: fmt.Sprintf("%d more problems, the first of them here", p.more)})
	}
}

// fatal is a problem that leaves nothing to read.
func fatal(kind Kind, off int, structure, format string, args ...any) *FormatError {
	e := &FormatError{Kind: kind, Offset: int64(off), Struct: structure, Problem: fmt.Sprintf(format, args...)}
	if kind <= NotSCCA {
		e.Err = ErrNotPrefetch
	}
	return e
}
