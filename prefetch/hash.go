package prefetch

import (
	"fmt"
	"path"
	"strings"
)

// FileName returns the name that Windows gives to the file: the executable's name and the hash.
func (f *File) FileName() string { return fmt.Sprintf("%s-%08X.pf", f.Executable, f.Hash) }

// NameMatches reports whether name, with or without its folder, is the one that Windows gives to the file. A file that was renamed is
// not damaged, but its name is no evidence.
func (f *File) NameMatches(name string) bool {
	return strings.EqualFold(path.Base(strings.ReplaceAll(name, `\`, "/")), f.FileName())
}
