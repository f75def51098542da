package ntfs

import (
	"errors"
	"slices"
	"unicode"
	"unicode/utf8"
)

// An UpCase is the table $UpCase of a volume, by which Windows compares names without
// case. A nil one compares as the table of Windows does in general: by the simple upper
// case of each character, but no letter beyond ASCII is equal to one of ASCII.
type UpCase struct {
	table [1 << 16]uint16
	odd   bool // letters of ASCII are not those of everybody
}

// ParseUpCase reads a table, which is 131,072 bytes long.
func ParseUpCase(b []byte) (*UpCase, error) {
	u := new(UpCase)
	if len(b) != 2*len(u.table) {
		return nil, errors.New("$UpCase is not 131,072 bytes long")
	}
	for i := range u.table {
		u.table[i] = le.Uint16(b[2*i:])
	}
	u.check()
	return u, nil
}

// check finds out whether the table folds ASCII as all tables of Windows do.
func (u *UpCase) check() {
	for c := range rune(utf8.RuneSelf) {
		u.odd = u.odd || rune(u.table[c]) != unicode.ToUpper(c)
	}
}

// UpCase returns the table of the volume, or nil when it cannot be read.
func (v *Volume) UpCase() *UpCase {
	if !v.folds {
		return nil
	}
	u := new(UpCase)
	copy(u.table[:], v.upcase)
	u.check()
	return u
}

func (u *UpCase) upper(r rune) rune {
	switch {
	case r > 0xFFFF:
		return r
	case u != nil:
		return rune(u.table[r])
	}
	if up := unicode.ToUpper(r); r < utf8.RuneSelf || up >= utf8.RuneSelf && up <= 0xFFFF {
		return up
	}
	return r
}

// Fold returns a text that is the same for two names exactly when the volume takes them
// for one. Letters of ASCII are in lower case.
func (u *UpCase) Fold(name string) string {
	if (u == nil || !u.odd) && folded(name) {
		return name
	}
	var room [192]byte
	return string(u.AppendFold(room[:0], name))
}

// folded reports whether a name is all of ASCII and has no capitals.
func folded(s string) bool {
	for i := range len(s) {
		if lowerASCII[s[i]] != s[i] {
			return false
		}
	}
	return true
}

// lowerASCII gives letters of ASCII in lower case, and 0 for all that is not ASCII.
var lowerASCII = func() (t [256]byte) {
	for c := range byte(utf8.RuneSelf) {
		t[c] = byte(unicode.ToLower(rune(c)))
	}
	return t
}()

// AppendFold appends what [UpCase.Fold] returns to b.
func (u *UpCase) AppendFold(b []byte, name string) []byte { return appendFold(u, b, name) }

// AppendFoldBytes is AppendFold of bytes.
func (u *UpCase) AppendFoldBytes(b, name []byte) []byte { return appendFold(u, b, name) }

func appendFold[T string | []byte](u *UpCase, b []byte, name T) []byte {
	i := 0
	if u == nil || !u.odd {
		b = slices.Grow(b, len(name))
		out := b[len(b):cap(b)]
		for ; i < len(name) && i < len(out); i++ {
			c := lowerASCII[name[i]]
			if c == 0 && name[i] != 0 {
				break
			}
			out[i] = c
		}
		b = b[:len(b)+i]
	}
	for i < len(name) {
		c := name[i]
		if c < utf8.RuneSelf && (u == nil || u.table[c] < utf8.RuneSelf) {
			if u != nil {
				c = byte(u.table[c])
			}
			b = append(b, lowerASCII[c])
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(string(name[i:min(i+utf8.UTFMax, len(name))]))
		if r == utf8.RuneError && n == 1 { // half of a surrogate pair
			b = append(b, c)
			i++
			continue
		}
		i += n
		if r = u.upper(r); 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		if r >= 0xD800 && r < 0xE000 { // of a table that makes no sense
			b = append(b, 0xE0|byte(r>>12), 0x80|byte(r>>6&0x3F), 0x80|byte(r&0x3F))
			continue
		}
		b = utf8.AppendRune(b, r)
	}
	return b
}

// siCaseSensitive is the flag of a directory whose names have a case.
const siCaseSensitive = 1

// caseSensitive reports whether the names of a directory have a case.
func (f *inode) caseSensitive() bool {
	for i := range f.base.attrs {
		if a := &f.base.attrs[i]; a.typ == typeStandardInfo && len(a.value) >= 44 {
			return le.Uint32(a.value[40:])&siCaseSensitive != 0
		}
	}
	return false
}

// Is reports whether a name of a file is the one that a path leads to. The path has no
// drive. Names are compared by the table of the volume, and exactly in directories that
// are case-sensitive.
func (t *Table) Is(n *Name, path string, u *UpCase) bool {
	name, parent := n.Name(), n.Parent
	for range maxDepth {
		i := len(path) - 1
		for i >= 0 && path[i] != '\\' {
			i--
		}
		d, _, known := t.find(parent)
		if i < 0 || path[i+1:] != name && (known && d.exact || u.Fold(path[i+1:]) != u.Fold(name)) {
			return false
		}
		path = path[:i]
		if t.isRoot(parent) || !known {
			return path == ""
		}
		name, parent = string(t.nameOf(d)), d.parent
	}
	return false
}
