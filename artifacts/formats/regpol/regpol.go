// Package regpol reads Registry.pol, the registry values that a group policy
// sets ([MS-GPREG] 2.2.1).
package regpol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

var le = binary.LittleEndian

// ErrNotPolicy is returned for files without the signature.
var ErrNotPolicy = errors.New("not a registry policy file: no signature")

const (
	magic   = "PReg"
	version = 1
	header  = 8
)

// An Entry is one value.
type Entry struct {
	Offset int64
	Key    string // below HKEY_LOCAL_MACHINE or HKEY_CURRENT_USER, by the file's folder
	Value  string // **del. and other names with two stars are commands for the policy engine
	Type   uint32
	Data   []byte
}

// Deletes reports whether the entry removes values instead of setting one.
func (e *Entry) Deletes() bool {
	v := strings.ToLower(e.Value)
	return strings.HasPrefix(v, "**del") || v == "**delvals." || strings.HasPrefix(v, "**deletekeys")
}

// Parse reads the entries: [key;value;type;size;data], the brackets and
// semicolons of 16 bits each. With an error come the entries in front of it.
func Parse(b []byte) ([]Entry, error) {
	if len(b) < header || string(b[:4]) != magic {
		return nil, ErrNotPolicy
	}
	if v := le.Uint32(b[4:]); v != version {
		return nil, &wire.FormatError{Format: "registry policy", Offset: 4, Struct: "header", Problem: fmt.Sprintf("version %d", v)}
	}
	var out []Entry
	r := wire.NewReader(b, header)
	for r.Left() > 0 {
		e := Entry{Offset: int64(r.Offset())}
		if !e.read(b, r) {
			return out, &wire.FormatError{Format: "registry policy", Offset: e.Offset, Struct: "entry",
				Problem: "not [key;value;type;size;data]"}
		}
		out = append(out, e)
	}
	return out, nil
}

func (e *Entry) read(b []byte, r *wire.Reader) bool {
	if r.Uint16() != '[' {
		return false
	}
	for _, to := range []*string{&e.Key, &e.Value} {
		rest := b[min(r.Offset(), len(b)):]
		n := wire.UTF16Len(rest)
		if n < 2 || rest[n-1] != 0 || rest[n-2] != 0 {
			return false
		}
		*to = wire.UTF16Escaped(rest[:n-2])
		r.Skip(n)
		if r.Uint16() != ';' {
			return false
		}
	}
	e.Type = r.Uint32()
	if r.Uint16() != ';' {
		return false
	}
	n := r.Uint32()
	if r.Uint16() != ';' || int64(n) > int64(r.Left()) {
		return false
	}
	e.Data = r.Take(int(n))
	return r.Uint16() == ']' && !r.Failed()
}
