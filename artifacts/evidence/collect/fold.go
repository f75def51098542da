package collect

import (
	"io/fs"
	"strings"
	"unicode"
)

// Fold brings a name to the form in which Windows compares it: simple upper case for each UTF-16 unit. Letters outside the basic plane
// stay, and so do the few that Unicode, but not NTFS, folds into ASCII (dotless i, long s).
func Fold(name string) string {
	ascii := true
	for i := range len(name) {
		if name[i] >= 0x80 {
			ascii = false
			break
		}
	}
	if ascii {
		return strings.ToUpper(name)
	}
	return strings.Map(func(r rune) rune {
		if r > 0xFFFF {
			return r
		}
		if u := unicode.ToUpper(r); u <= 0xFFFF && (u >= 0x80 || r < 0x80) {
			return u
		}
		return r
	}, name)
}

// entry finds a directory entry without regard to case; an exact match goes before any other.
func entry(list []fs.DirEntry, name string) (fs.DirEntry, bool) {
	var found fs.DirEntry
	want := Fold(name)
	for _, e := range list {
		switch {
		case e.Name() == name:
			return e, true
		case found == nil && Fold(e.Name()) == want:
			found = e
		}
	}
	return found, found != nil
}

// hasDir reports whether one of the named directories is in list, and which.
func hasDir(list []fs.DirEntry, names ...string) (string, bool) {
	for _, name := range names {
		if e, ok := entry(list, name); ok && e.IsDir() {
			return e.Name(), true
		}
	}
	return "", false
}
